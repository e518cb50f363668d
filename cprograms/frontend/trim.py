"""Keep of a unit what one entry needs: types, constants, prototypes of library functions, helpers, the entry."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from copy import copy

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.scope import Entity
from cprograms.standard import prototype
from cprograms.trees import walk

_Place = tuple[int, int]


def trim(unit: Unit, entry: str, needed: dict[str, Entity | None]) -> c_ast.FileAST:
    """The unit of a program whose functions and objects are `needed` (None: of the C library).

    Functions that are not defined keep their prototypes.
    """
    entities = [entity for _, entity in sorted(needed.items()) if entity is not None and entity.node is not None]
    undefined = [_undefined(entity.node) for entity in entities if entity.kind == "prototype"]
    kept: dict[_Place, c_ast.Node] = {}
    for entity in entities:
        if entity.kind != "prototype":
            kept[entity.chunk.index, unit.parse(entity.chunk).index(entity.node)] = entity.node
    _add_types(unit, kept, undefined)
    ordered = [node for _, node in sorted(kept.items(), key=lambda item: item[0])]
    library = [prototype(name) for name, entity in sorted(needed.items()) if entity is None]
    functions = [_linked(n, entry) for n in ordered if isinstance(n, c_ast.FuncDef)]
    objects = [n for n in ordered if isinstance(n, c_ast.Decl) and n.name is not None]
    types = [n for n in ordered if isinstance(n, c_ast.Typedef) or getattr(n, "name", "") is None]
    forward = [copy(f.decl) for f in _called_early(objects, functions)]
    return c_ast.FileAST([*library, *types, *undefined, *forward, *objects, *functions])


def _undefined(node: c_ast.Decl) -> c_ast.Decl:
    """The prototype of a function that is defined elsewhere."""
    made = copy(node)
    made.storage, made.funcspec = [], [word for word in node.funcspec if word != "inline"]
    return made


def _add_types(unit: Unit, kept: dict[_Place, c_ast.Node], others: Iterable[c_ast.Node]) -> None:
    """Add the typedefs, structs and enums that the kept nodes and others name, and those that these name."""
    stack = [*kept.values(), *others]
    seen: set[tuple[str, str]] = set()
    while stack:
        for use in _uses(stack.pop()):
            if use in seen:
                continue
            seen.add(use)
            for place, node in _definitions(unit, *use):
                if place not in kept:
                    kept[place] = node
                    stack.append(node)


def _uses(node: c_ast.Node) -> Iterator[tuple[str, str]]:
    """What a node may use of types: ("name", typedef or enum constant) and ("tag", struct, union or enum)."""
    for part in walk(node):
        if isinstance(part, c_ast.IdentifierType) and len(part.names) == 1:
            yield "name", part.names[0]
        elif isinstance(part, c_ast.ID):
            yield "name", part.name
        elif isinstance(part, c_ast.Struct | c_ast.Union | c_ast.Enum) and part.name:
            yield "tag", part.name


def _definitions(unit: Unit, space: str, name: str) -> Iterator[tuple[_Place, c_ast.Node]]:
    for chunk in unit.tagged(name) if space == "tag" else unit.named(name):
        for position, node in enumerate(_parsed(unit, chunk)):
            if isinstance(node, c_ast.FuncDef) or (isinstance(node, c_ast.Decl) and node.name is not None):
                continue
            if space == "tag":
                wanted = name in _tags_of(node)
            else:
                wanted = name in _enumerators_of(node) or (isinstance(node, c_ast.Typedef) and node.name == name)
            if wanted:
                yield (chunk.index, position), node


def _parsed(unit: Unit, chunk: Chunk) -> list[c_ast.Node]:
    try:
        return unit.parse(chunk)
    except Unsupported:
        return []


def _tags_of(node: c_ast.Node) -> set[str]:
    return {n.name for n in _types_in(node) if n.name and getattr(n, "decls", getattr(n, "values", None)) is not None}


def _enumerators_of(node: c_ast.Node) -> set[str]:
    enums = [n.values for n in _types_in(node) if isinstance(n, c_ast.Enum) and n.values is not None]
    return {e.name for values in enums for e in values.enumerators}


def _types_in(node: c_ast.Node) -> Iterator[c_ast.Struct | c_ast.Union | c_ast.Enum]:
    return (n for n in walk(node) if isinstance(n, c_ast.Struct | c_ast.Union | c_ast.Enum))


def _linked(node: c_ast.FuncDef, entry: str) -> c_ast.FuncDef:
    """A copy whose linkage is plain: the entry external, every helper static, none inline."""
    function = copy(node)
    function.decl = copy(node.decl)
    function.decl.storage = [] if node.decl.name == entry else ["static"]
    function.decl.funcspec = []
    return function


def _called_early(objects: Iterable[c_ast.Node], functions: Iterable[c_ast.FuncDef]) -> list[c_ast.FuncDef]:
    """The functions that an object or an earlier one names, and that therefore need a prototype."""
    named = {name for node in objects for space, name in _uses(node) if space == "name"}
    early = []
    for function in functions:
        if function.decl.name in named:
            early.append(function)
        named |= {name for space, name in _uses(function.body) if space == "name"}
    return early
