"""Several files as one unit: what a linker does, on declarations.

A function or an object with external linkage is one thing for all files. What files have by themselves (types, enum
constants, what is static) is one thing where it is spelled alike and counts on the same things; where it differs, all
but one get other names. So a header that several files include is there once, and two static functions of one name stay
two.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from pycparser import c_ast

from cprograms.budget import tick
from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.cplusplus import is_named_so
from cprograms.frontend.occurrences import Key, named_in, renamed
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.source import unescape
from cprograms.frontend.subset import is_constant, qualifiers
from cprograms.trees import walk
from cprograms.types import Array, Bits, Pointer, Scalar, Struct, Union

_SPACE = re.compile(r"\s+")
_ARITHMETIC = re.compile(r"typedef ((?:(?:unsigned|signed|char|short|int|long|float|double) )+)(\w+) ?;")
_ENTRY = re.compile(r"surrogate\s+entry\b")
_LINKED = ("function", "prototype", "object", "extern")
_DEFINED = ("function", "object")


def linked(texts: Sequence[str], names: Sequence[str]) -> Unit:
    """The unit of a file's expanded text, or of those of several files, whose names are `names`."""
    return Unit(texts[0]) if len(texts) == 1 else _Linked(texts, names)


def conflicts(unit: Unit) -> list[Unsupported]:
    """The functions and objects that more than one file defines."""
    return list(unit.defined_twice()) if isinstance(unit, _Linked) else []


def mismatches(scope: FileScope, needed: dict[str, Entity | None]) -> Iterator[Unsupported]:
    """What is needed and has another type in a file that declares it than in the file that defines it."""
    unit = scope.unit
    if not isinstance(unit, _Linked):
        return
    for name, entity in needed.items():
        if entity is None or entity.kind not in _DEFINED:
            continue
        shape = _shape_of(entity, scope)
        for other in scope.declared(name):
            if unit.are_apart(other, entity) and not _agree(_shape_of(other, scope), shape):
                message = f"'{name}' is declared with another type here than where it is defined"
                yield Unsupported(_place(other), message, f"its definition is at {_shown(entity)}")


@dataclass
class _File:
    """A file while it is linked: its unit, the chunks that declare each name, and which of its meanings a name has."""

    unit: Unit
    scope: FileScope
    stem: str
    chunks: dict[Key, list[Chunk]]
    is_cplusplus: bool
    meanings: dict[Key, int] = field(default_factory=dict)

    def spells_alike(self, other: _File, key: Key) -> bool:
        """Whether a name is declared in the same words in another file, besides where it only seems to be declared."""
        if {_plain(c) for c in self.chunks[key]} == {_plain(c) for c in other.chunks[key]}:
            return True
        own, others = ({_plain(e.chunk) for e in file.entities(key)} for file in (self, other))
        return bool(own) and own == others

    def entities(self, key: Key) -> list[Entity]:
        """What declares an ordinary identifier."""
        return self.scope.declared(key[1]) if key[0] == "name" else []

    def is_external(self, key: Key) -> bool:
        """Whether a name is that of a function or an object with external linkage."""
        found = self.entities(key)
        if self.is_cplusplus and all(map(self._is_constant, found)):
            return False
        return bool(found) and all(map(_has_linkage, found)) and not all(map(_is_inline, found))

    def _is_constant(self, entity: Entity) -> bool:
        """Whether a declaration is one that a C++ file has by itself, though nothing says `static`: of a constant."""
        node = entity.node
        if not isinstance(node, c_ast.Decl) or isinstance(node.type, c_ast.FuncDecl) or "extern" in node.storage:
            return False
        return {"const", "volatile"} & qualifiers(node, self.scope.declarations_of(entity.chunk)) == {"const"}

    def has_state(self, key: Key) -> bool:
        """Whether a name is that of something static that can change: each file has its own, however it is spelled."""
        if not any("static" in chunk.names and not chunk.is_typedef for chunk in self.chunks[key]):
            return False
        nodes = [e.node for e in self.entities(key) if e.kind in _DEFINED and e.node is not None]
        objects = (n for n in walk(*nodes) if isinstance(n, c_ast.Decl) and "static" in n.storage)
        known = [self.scope.declarations_of(chunk) for chunk in self.chunks[key]]
        return any(not isinstance(n.type, c_ast.FuncDecl) and not is_constant(n, known[0]) for n in objects)

    def uses(self, chunk: Chunk, among: set[Key]) -> set[Key]:
        """Which names at file scope, of some, a chunk declares or uses; perhaps too many where it does not parse."""
        words = {key for key in among if key[1] in chunk.names} if among else among
        return words & named_in(self.unit, chunk) if words else words

    def means_the_same(self, other: _File, keys: set[Key]) -> bool:
        return all(self.meanings.get(key, 0) == other.meanings.get(key, 0) for key in keys)


class _Meanings:
    """What each name means in files: its meanings are numbered, and each belongs to the first file that has it."""

    def __init__(self, files: Sequence[_File]):
        self.files = files
        self.owners: dict[Key, list[_File]] = defaultdict(list)
        for file in files:
            for key in file.chunks:
                file.meanings[key] = self._meaning(key, file)
            while apart := self._apart(file):
                for key in apart:
                    file.meanings[key] = self._new(key, file)

    @property
    def split(self) -> set[Key]:
        """The names with several meanings."""
        return {key for key, owners in self.owners.items() if len(owners) > 1}

    def _new(self, key: Key, file: _File) -> int:
        self.owners[key].append(file)
        return len(self.owners[key]) - 1

    def _meaning(self, key: Key, file: _File) -> int:
        for number, owner in enumerate(self.owners[key]):
            if file.spells_alike(owner, key):
                if not file.has_state(key):
                    return number
            elif owner.is_external(key) and file.is_external(key):
                return number
            elif key[0] == "name" and not owner.entities(key):  # it only seemed to be declared there
                self.owners[key][number] = file
                return number
        return self._new(key, file)

    def _apart(self, file: _File) -> list[Key]:
        """The names that count on other things than in the file that their meaning belongs to."""
        tick()
        split, found = self.split, []
        for key, chunks in file.chunks.items():
            owner = self.owners[key][file.meanings[key]]
            used = {other for chunk in chunks for other in file.uses(chunk, split)}
            if owner is not file and not file.means_the_same(owner, used) and not file.is_external(key):
                found.append(key)
        return found

    def new_names(self) -> list[dict[Key, str]]:
        """For each file, the names that it has to give up, and what it has in their place."""
        taken = {name for file in self.files for chunk in file.unit.chunks for name in chunk.names}
        found: list[dict[Key, str]] = [{} for _ in self.files]
        for key in self.split:
            owners = self.owners[key]
            # What is external may be of the C library, whose names are known.
            kept = next((n for n, owner in enumerate(owners) if owner.is_external(key)), 0)
            for number, owner in enumerate(owners):
                if number == kept:
                    continue
                name = made = f"{key[1]}_in_{owner.stem}"
                count = 1
                while made in taken:
                    made, count = f"{name}_{count}", count + 1
                taken.add(made)
                for file, names in zip(self.files, found, strict=True):
                    if file.meanings.get(key) == number:
                        names[key] = made
        return found


class _Linked(Unit):
    """The unit of several files; the first file's chunks come last, so that what its objects count on precedes them."""

    def __init__(self, texts: Sequence[str], names: Sequence[str]):
        index = offset = 0
        files: list[_File] = []
        for text, name in [*zip(texts[1:], names[1:], strict=True), (texts[0], names[0])]:
            unit = Unit(text, index, offset)
            index, offset = index + len(unit.chunks), offset + len(text) + 1
            files.append(_File(unit, FileScope(unit), _stem(name), _chunks(unit), is_named_so(name)))
        self._first = files[-1]
        meanings = _Meanings([self._first, *files[:-1]])
        self._split = meanings.split
        new_names = dict(zip(map(id, meanings.files), meanings.new_names(), strict=True))
        self._origin: dict[int, tuple[_File, Chunk, dict[Key, str]]] = {}
        seen: dict[str, list[tuple[_File, Chunk]]] = defaultdict(list)
        for file in files:
            for chunk in file.unit.chunks:
                known = seen[_plain(chunk)]
                if not any(self._says_the_same(file, chunk, *other) for other in known):
                    known.append((file, chunk))
                    self._origin[chunk.index] = file, chunk, new_names[id(file)]
        chunks = [_with_names(chunk, names) for _, chunk, names in self._origin.values()]
        self._take(chunks, [p for f in files for p in f.unit.pragmas if f is self._first or not _ENTRY.match(p.text)])
        self._files = meanings.files

    @property
    def own_functions(self) -> dict[str, Chunk]:
        own = super().own_functions.items()
        return {name: chunk for name, chunk in own if self._origin[chunk.index][0] is self._first}

    def following(self, offset: int) -> list[Chunk]:
        later = super().following(offset)
        return [c for c in later if self._origin[c.index][0] is self._origin[later[0].index][0]]

    def _parse(self, chunk: Chunk) -> list[c_ast.Node]:
        file, original, names = self._origin[chunk.index]
        nodes = file.unit.parse(original)
        try:
            nodes = renamed(nodes, names) if file.uses(original, {*names}) else nodes
        except RecursionError:
            place = c_ast.EmptyStatement(coord=chunk.coord)
            raise Unsupported(place, "the code is nested too deeply") from None
        self._enter_tags(chunk, nodes)
        return nodes

    def _says_the_same(self, file: _File, chunk: Chunk, other: _File, twin: Chunk) -> bool:
        """Whether two chunks of the same text are one thing. Definitions of what is external are two, and one too many,
        but where both come from one place, which is a header.
        """
        keys = {key for key in _declared(chunk) if key in file.meanings}
        if file is other or not file.means_the_same(other, keys | file.uses(chunk, self._split)):
            return False
        if (chunk.coord.file, chunk.coord.line) == (twin.coord.file, twin.coord.line):
            return True
        return not any(e.chunk is chunk and e.kind in _DEFINED for key in keys for e in _external(file, key))

    def are_apart(self, one: Entity, other: Entity) -> bool:
        """Whether two entities come from different files."""
        return self._origin[one.chunk.index][0] is not self._origin[other.chunk.index][0]

    def defined_twice(self) -> Iterator[Unsupported]:
        """The functions and objects with external linkage that several files define, `main` left out."""
        for name, chunks in self._by_name.items():
            owners = {id(self._origin[c.index][0]) for c in chunks if c.index in self._origin}
            if name == "main" or len(owners) < 2:
                continue
            definitions: dict[int, Entity] = {}
            for file in (f for f in self._files if id(f) in owners):
                for entity in _external(file, ("name", name)):
                    if entity.kind in _DEFINED and entity.chunk.index in self._origin:
                        definitions.setdefault(id(file), entity)
            found = list(definitions.values())
            for other in found[1:]:
                hint = f"the other definition is at {_shown(found[0])}; leave out one of the files"
                yield Unsupported(_place(other), f"'{name}' is defined in two files", hint)


def _external(file: _File, key: Key) -> list[Entity]:
    """What declares something external in a file."""
    return file.entities(key) if file.is_external(key) else []


def _declared(chunk: Chunk) -> Iterator[Key]:
    yield from (("name", name) for name in chunk.declares | chunk.enumerators)
    yield from (("tag", tag) for tag in chunk.tags)


def _chunks(unit: Unit) -> dict[Key, list[Chunk]]:
    found: dict[Key, list[Chunk]] = defaultdict(list)
    for chunk in unit.chunks:
        for key in _declared(chunk):
            found[key].append(chunk)
    return dict(found)


def _with_names(chunk: Chunk, names: dict[Key, str]) -> Chunk:
    """A chunk whose names at file scope may be others; those that it only mentions are there under both."""
    new = {key: name for key, name in names.items() if key[1] in chunk.names}
    if not new:
        return chunk
    return replace(
        chunk,
        names=chunk.names | {*new.values()},
        declares=frozenset(new.get(("name", name), name) for name in chunk.declares),
        enumerators=frozenset(new.get(("name", name), name) for name in chunk.enumerators),
        tags=frozenset(new.get(("tag", tag), tag) for tag in chunk.tags),
        function=new.get(("name", chunk.function), chunk.function) if chunk.function else None,
    )


def _plain(chunk: Chunk) -> str:
    """A chunk's text however its lines are broken, and the words of an arithmetic type ordered."""
    text = _SPACE.sub(" ", chunk.text)
    if found := _ARITHMETIC.fullmatch(text):
        words = sorted(found[1].split())
        return f"typedef {' '.join(w for w in words if w != 'int' or len(words) == 1)} {found[2]};"
    return text


def _stem(name: str) -> str:
    return re.sub(r"\W+", "_", PurePath(name).stem).strip("_")


def _has_linkage(entity: Entity) -> bool:
    """Whether a declaration is of something external; its text says so where it does not parse."""
    if entity.kind == "broken":
        return not entity.chunk.is_typedef and "static" not in entity.chunk.text.partition("(")[0].split()
    declared: Any = getattr(entity.node, "decl", entity.node)
    return entity.kind in _LINKED and "static" not in declared.storage


def _is_inline(entity: Entity) -> bool:
    """Whether a declaration is one of those that leave the function's external definition to another file."""
    declared: Any = getattr(entity.node, "decl", entity.node)
    return "inline" in (getattr(declared, "funcspec", None) or ()) and "extern" not in declared.storage


def _place(entity: Entity) -> c_ast.Node:
    return c_ast.EmptyStatement(coord=entity.node.coord if entity.node is not None else entity.chunk.coord)


def _shown(entity: Entity) -> str:
    coord = _place(entity).coord
    return f"{unescape(coord.file)}:{coord.line}"


# Types as far as two files have to agree about them: None for what is not understood.


def _shape_of(entity: Entity, scope: FileScope) -> Any:
    known = scope.declarations_of(entity.chunk)
    node = entity.node.decl if isinstance(entity.node, c_ast.FuncDef) else entity.node
    if not isinstance(node, c_ast.Decl):
        return None
    if not isinstance(node.type, c_ast.FuncDecl):
        return _shape(node.type, known)
    given = node.type.args.params if node.type.args is not None else None
    parameters = None if given is None else tuple(_shape(p, known) for p in given)
    return "function", _shape(node.type.type, known), parameters


def _shape(node: c_ast.Node, known: Declarations) -> Any:
    if isinstance(node, c_ast.ArrayDecl) and node.dim is None:
        return "array", _shape(node.type, known), None
    try:
        return _plain_shape(known.parameter(node)[0] if isinstance(node, c_ast.Decl) else known.type_of(node))
    except (Unsupported, RecursionError):
        return None


def _plain_shape(type: Any) -> Any:
    if isinstance(type, Scalar | Bits):
        return type
    if isinstance(type, Array):
        return "array", _plain_shape(type.element), type.length
    if isinstance(type, Struct | Union):
        return "fields", tuple(_plain_shape(inner) for _, inner in type.fields)
    if isinstance(type, Pointer):
        return "pointer", type.target if isinstance(type.target, Scalar) else None
    return None


def _agree(one: Any, other: Any) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_agree, one, other))
    return one is None or other is None or one == other
