"""What the names at file scope stand for, looked up when they are met."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.extensions import rewrite_extensions
from cprograms.frontend.parse import Chunk, Unit
from cprograms.standard import ERRNO
from cprograms.trees import walk

EntityKind = Literal["function", "prototype", "object", "extern", "enumerator", "type", "broken"]
_RANK: dict[EntityKind, int] = {
    "function": 0,
    "object": 1,
    "enumerator": 2,
    "type": 3,
    "prototype": 4,
    "extern": 5,
    "broken": 6,
}


@dataclass(frozen=True, eq=False)
class Entity:
    """What a name stands for. `node` declares it, and is None for a name whose declaration does not parse (`fault`)."""

    kind: EntityKind
    name: str
    chunk: Chunk
    node: c_ast.Node | None = None
    fault: Unsupported | None = None


class FileScope:
    """The ordinary identifiers and the types of a unit."""

    def __init__(self, unit: Unit):
        self.unit = unit
        self.declarations = Declarations()
        self.lifted: dict[str, tuple[str, Chunk]] = {}
        """Static locals, which are objects at file scope once their function is checked: their own names, and where."""
        self._lifted_from: dict[int, list[str]] = defaultdict(list)
        self._declared: set[int] = set()
        self._entities: dict[str, Entity | None] = {}
        self._mentions: dict[str, list[Chunk]] | None = None

    def lookup(self, name: str) -> Entity | None:
        """The definition of a name where there is one, otherwise a declaration, or None."""
        if name not in self._entities:
            self._entities[name] = min(self.declared(name), key=_rank, default=None)
        return self._entities[name]

    def declared(self, name: str) -> list[Entity]:
        """All definitions and declarations of a name."""
        return [e for chunk in self.unit.named(name) for e in self._declared_in(chunk, name)]

    def mentions(self, name: str) -> list[Chunk]:
        """What may do something to an object at file scope: the functions and objects whose text names it."""
        if name in self.lifted:
            return [self.lifted[name][1]]
        if self._mentions is None:
            self._mentions = {}
            for chunk in self.unit.chunks:
                if not chunk.is_typedef:
                    for other in chunk.names:
                        self._mentions.setdefault(other, []).append(chunk)
        return self._mentions.get(name, [])

    def add_static(self, function: str, name: str, node: c_ast.Decl, own_name: str) -> None:
        """Take a static local of a function for an object at file scope, just before the function."""
        entity = self.lookup(function)
        assert entity is not None
        nodes = self.unit.parse(entity.chunk)
        nodes.insert(nodes.index(entity.node), node)
        self._entities[name] = Entity("object", name, entity.chunk, node)
        self.lifted[name] = own_name, entity.chunk
        self._lifted_from[entity.chunk.index].append(name)
        try:
            self.declarations.declare(node)
        except Unsupported:
            return  # told where it is used

    def lifted_from(self, chunk: Chunk) -> list[str]:
        """The static locals of a function."""
        return self._lifted_from.get(chunk.index, [])

    def forget(self, name: str) -> None:
        """Look a name up anew: a function of that name was added to the unit."""
        self._entities.pop(name, None)

    def type_of(self, name: str) -> c_ast.Node | None:
        """The type node of an object or a function."""
        entity = self.lookup(name)
        if entity is None or entity.node is None or entity.kind not in ("function", "prototype", "object", "extern"):
            return None
        self.declarations_of(entity.chunk)
        return entity.node.decl.type if isinstance(entity.node, c_ast.FuncDef) else entity.node.type

    def _declared_in(self, chunk: Chunk, name: str) -> list[Entity]:
        try:
            nodes = self.unit.parse(chunk)
        except Unsupported as fault:
            return [Entity("broken", name, chunk, None, fault)]
        found = []
        for node in nodes:
            if name == ERRNO and isinstance(node, c_ast.Decl):
                node.storage = []  # no file defines it
            kind = _kind(node, name)
            if kind is not None:
                found.append(Entity(kind, name, chunk, node))
        if not found and chunk.function == name:
            place = c_ast.EmptyStatement(coord=chunk.coord)
            found.append(
                Entity("broken", name, chunk, None, Unsupported(place, f"'{name}' is not defined as a function"))
            )
        if not found and name in chunk.enumerators and name in self.declarations_of(chunk).constants:
            found.append(Entity("enumerator", name, chunk, nodes[0] if nodes else None))
        return found

    def declarations_of(self, chunk: Chunk) -> Declarations:
        """The types and constants at file scope, those among them that a chunk names, directly or not."""
        wanted: dict[int, Chunk] = {}
        stack = [chunk]
        while stack:
            current = stack.pop()
            if current.index in wanted or (current.index in self._declared and current is not chunk):
                continue
            wanted[current.index] = current
            for name in current.names:
                stack += self.unit.tagged(name)
                stack += [c for c in self.unit.named(name) if c.is_typedef or name in c.enumerators]
        # In the order of the file, for an enumerator may count on an earlier one.
        for index in sorted(wanted.keys() - self._declared):
            self._declare(wanted[index])
        return self.declarations

    def _declare(self, chunk: Chunk) -> None:
        self._declared.add(chunk.index)
        try:
            nodes = self.unit.parse(chunk)
        except Unsupported:
            return  # reported where the name is used
        for node in nodes:
            if isinstance(node, c_ast.FuncDef):
                continue
            try:
                if any(isinstance(n, c_ast.GenericSelection) for n in walk(node)):
                    rewrite_extensions(node, self.declarations.copy(), self.type_of)
                self.declarations.declare(node)
            except Unsupported:
                continue  # an enum that cannot be evaluated leaves its constants undefined


def _rank(entity: Entity) -> tuple[int, bool, bool]:
    """What stands for a name is what defines it, with its value where that is given; also where it does not parse."""
    broken = entity.kind == "broken"
    kind = "function" if broken and entity.chunk.function == entity.name else entity.kind
    return _RANK[kind], getattr(entity.node, "init", None) is None, broken


def _kind(node: c_ast.Node, name: str) -> EntityKind | None:
    if isinstance(node, c_ast.FuncDef):
        return "function" if node.decl.name == name else None
    if getattr(node, "name", None) != name:
        return None
    if isinstance(node, c_ast.Typedef):
        return "type"
    if not isinstance(node, c_ast.Decl):
        return None
    if isinstance(node.type, c_ast.FuncDecl):
        return "prototype"
    return "extern" if "extern" in node.storage and node.init is None else "object"
