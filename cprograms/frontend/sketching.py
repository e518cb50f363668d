"""Reading a sketch: a C program of which some functions are undefined, and are learned, and some constants, and are
chosen or fitted.

It is read as a numeric program that has what is undefined as arguments more. The text is rewritten, every word at its
place, before it is read as any other: an undefined constant becomes a global that is state, a learned function becomes
a look-up of what it gives (for each picture that the entry gets, or for all whole numbers that it may be given), and a
picture, which only learned functions read, becomes the number of a picture.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Literal, Unpack

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend.flags import Reading
from cprograms.frontend.given import Paths, sources
from cprograms.frontend.loading import NumericFile
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.places import Places
from cprograms.frontend.pragmas import MOST_VALUES, Undefined, read_pragmas
from cprograms.frontend.preprocess import Preprocessed, preprocess
from cprograms.frontend.scope import FileScope
from cprograms.frontend.signature import Shape
from cprograms.frontend.source import Source
from cprograms.program import Argument, Parameter, Program
from cprograms.types import Array, CType, Pointer, Scalar, Struct

MOST_ARGUMENTS = 4096
"""Of a sketch: what is given, chosen, fitted and learned."""
DEFAULT_MODULUS = 2
_PREFIX = "surrogate_"
_CELL = "surrogate_cell"
_NO_PRAGMA_FUNCTION = "#pragma surrogate learn({0}, values(10)) makes it a network; or give the file that defines it"
_NO_PRAGMA_CONSTANT = "#pragma surrogate choose({0}, low, high) makes it a choice; or give the file that defines it"


@dataclass(frozen=True)
class Learned:
    """An undefined function that is learned.

    `takes` pictures of `size` numbers, or `size` whole numbers. It gives one of `values` whole numbers, or, where that
    is 0, a floating number. The program's argument arrays `cells` hold what it gives: `count` of them, one a picture
    that the entry gets, or one for each tuple of whole numbers. `module` is the name of a registered torch module, ""
    for a network with `hidden` layers. `place` is where the sketch says so, for diagnostics.
    """

    name: str
    type: Scalar
    takes: Literal["picture", "numbers"]
    size: int
    values: int
    hidden: tuple[int, ...]
    module: str
    place: Diagnostic = field(compare=False)
    count: int = 0

    def fault(self, message: str, hint: str = "") -> ProgramError:
        """What is wrong with it, at its place."""
        return ProgramError([replace(self.place, message=message, hint=hint)])

    @property
    def cells(self) -> str:
        return _PREFIX + self.name


@dataclass(frozen=True)
class Choice:
    """An undefined constant, or array of them, of which each element is chosen among low … high."""

    name: str
    type: Scalar
    shape: tuple[int, ...]
    low: int
    high: int


@dataclass(frozen=True)
class Fitted:
    """An undefined floating constant, or array of them, that is fitted."""

    name: str
    type: Scalar
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Pictures:
    """A parameter of the entry that holds pictures: an array of shape [*shape, size]; `first` is the number of the
    first among all pictures of that size."""

    name: str
    shape: tuple[int, ...]
    size: int
    first: int


@dataclass(frozen=True)
class Sketch:
    """A sketch as a numeric program.

    `program` has as arguments what the entry is given but for pictures, and then, as state, all that is undefined.
    `text` is the sketch itself, preprocessed. Whole numbers of the data are in 0 … modulus - 1.
    """

    program: Program
    text: str
    modulus: int
    learned: tuple[Learned, ...]
    choices: tuple[Choice, ...]
    constants: tuple[Fitted, ...]
    pictures: tuple[Pictures, ...]

    def places(self, name: str) -> list[int]:
        """The numbers of the arguments that a parameter or something undefined is, in C's order of its elements."""
        found = next(p for p in self.program.parameters if p.name == name)
        return [k for k in found.arguments if k is not None]

    @property
    def given(self) -> tuple[Parameter, ...]:
        """The entry's parameters that are no pictures, and what is state: all that examples give numbers of."""
        undefined: list[Pictures | Choice | Fitted] = [*self.pictures, *self.choices, *self.constants]
        named = {u.name for u in undefined} | {f.cells for f in self.learned}
        return tuple(
            p for p in self.program.parameters if p.name not in named and any(k is not None for k in p.arguments)
        )


def read_sketch(
    path: Paths | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    self_contained: bool = False,
    limit: float | None = None,
    **reading: Unpack[Reading],
) -> Sketch:
    """Read a sketch; `path`, `source`, `entry`, `self_contained`, `limit` and `reading` are as in `cprograms.load`.

    Raises ProgramError with every fault of it, and UsageError for a file that cannot be read or several of them.
    """
    given = sources(path, source, self_contained, **reading)
    if len(given) > 1:
        raise UsageError("a sketch is one file; include the others")
    with spending(given[0].name, limit):
        return _Reader(given[0]).sketch(entry)


class _SketchFile(NumericFile):
    """The rewritten text; what is undefined is state, whether the entry reads it or not."""

    NEEDS = "a sketch takes numbers and pictures, and gives numbers"

    def __init__(self, source: Source, expanded: Preprocessed, state: Sequence[str], learned: set[str]) -> None:
        super().__init__(source, expanded=expanded, shape=Shape(state=tuple(state), most=MOST_ARGUMENTS))
        self.functions = {name: chunk for name, chunk in self.functions.items() if name not in learned}

    def _fits(self, entry: str) -> None:
        """What is never read is told by the sketch."""

    def diagnostics(self, name: str) -> list[Diagnostic]:
        return [_hinted(d) for d in super().diagnostics(name)]


def _hinted(found: Diagnostic) -> Diagnostic:
    """The diagnostic of what is undefined and has no pragma, with what to do."""
    for words, hint in (
        ("is called but not defined in this file", _NO_PRAGMA_FUNCTION),
        ("is defined outside this file", _NO_PRAGMA_CONSTANT),
    ):
        if found.message.endswith(words):
            return replace(found, hint=hint.format(found.message.split("'")[1]))
    return found


@dataclass
class _Item:
    """A declaration of something undefined: its chunk, its node, and the pragma that says what it is."""

    chunk: Chunk
    node: c_ast.Decl
    said: Undefined | None


class _Reader:
    def __init__(self, source: Source) -> None:
        self._source = source
        self._expanded = preprocess(source)
        self._unit = Unit(self._expanded.text)
        self._scope = FileScope(self._unit)
        self._pragmas = read_pragmas(self._unit)
        self._places = Places((source,), self._expanded.text)
        self._faults: list[Unsupported] = list(self._pragmas.faults)
        said: dict[str, Undefined] = {}
        for one in self._pragmas.undefined:
            if one.name in said and replace(one, offset=0, node=said[one.name].node) != replace(
                said[one.name], offset=0
            ):
                self._fault(one.node, f"two pragmas conflict: '{one.name}' was given another meaning before")
            said[one.name] = one
        self._said = said
        self._items = list(self._undefined())

    def _fault(self, node: c_ast.Node, message: str, hint: str = "") -> None:
        self._faults.append(Unsupported(node, message, hint))

    def sketch(self, entry: str | None) -> Sketch:
        self._unmatched()
        choices = [c for item in self._items if (c := self._choice(item)) is not None]
        constants = [k for item in self._items if (k := self._constant(item)) is not None]
        modulus = self._modulus(choices)
        learned = [f for item in self._items if (f := self._function(item)) is not None]
        for function in learned:
            if function.takes == "numbers" and modulus**function.size > MOST_ARGUMENTS:
                node = next(i.node for i in self._items if i.node.name == function.name)
                self._fault(node, f"'{function.name}' may be given more than {MOST_ARGUMENTS} tuples of numbers")
        if self._faults:
            raise ProgramError(self._places.diagnostics(self._faults))
        state = [*(c.name for c in choices), *(c.name for c in constants), *(f.cells for f in learned)]
        counted = self._counted(learned, modulus, state, entry)
        file = self._file(counted, modulus, state)
        chosen = file.entry(entry)
        program = file.program(chosen, {})
        program = replace(program, warnings=file.warnings(chosen))
        return self._made(program, modulus, counted, choices, constants)

    def _undefined(self) -> Iterator[_Item]:
        """The declarations of the file that may be of something undefined."""
        for chunk in self._unit.chunks:
            if chunk.included or chunk.function or chunk.is_typedef:
                continue
            try:
                nodes = self._unit.parse(chunk)
            except Unsupported:
                continue
            for node in nodes:
                if not isinstance(node, c_ast.Decl) or not node.name or node.name in self._unit.functions:
                    continue
                is_function = isinstance(node.type, c_ast.FuncDecl)
                if is_function or ("extern" in node.storage and node.init is None):
                    yield _Item(chunk, node, self._said.get(node.name))

    def _unmatched(self) -> None:
        """Pragmas of what is not there, or is something else."""
        names = {item.node.name for item in self._items}
        for name, said in self._said.items():
            if said.kind != "modulus" and name not in names:
                what = "function" if said.kind == "learn" else "constant"
                shown = (
                    f"extern int {name}(const float picture[784]);"
                    if what == "function"
                    else f"extern const int {name};"
                )
                self._fault(said.node, f"the file declares no undefined {what} '{name}'", f"write `{shown}`")

    def _type(self, item: _Item) -> tuple[Scalar, tuple[int, ...]] | None:
        """The scalar and the extents of an undefined object."""
        try:
            found: CType = self._scope.declarations_of(item.chunk).type_of(item.node)
        except Unsupported as fault:
            self._faults.append(fault)
            return None
        shape = []
        while isinstance(found, Array):
            shape.append(found.length)
            found = found.element
        if not isinstance(found, Scalar):
            self._fault(item.node, f"'{item.node.name}' is undefined and no number", "only numbers can be learned")
            return None
        return found, tuple(shape)

    def _choice(self, item: _Item) -> Choice | None:
        if isinstance(item.node.type, c_ast.FuncDecl) or item.said is None:
            return None
        name, said = item.node.name, item.said
        if said.kind != "choose":
            self._fault(said.node, f"'{name}' is a constant, not a function", f"write `choose({name}, low, high)`")
            return None
        typed = self._type(item)
        if typed is None:
            return None
        if "const" not in _qualifiers(item.node):
            self._fault(item.node, f"'{name}' is chosen once: it must be const", f"extern const int {name}")
        if not typed[0].is_integer:
            self._fault(said.node, f"'{name}' is no whole number: it is fitted, not chosen", "leave the pragma out")
            return None
        low, high = typed[0].limits
        if said.low < low or said.high > high or said.high - said.low >= MOST_VALUES:
            self._fault(said.node, f"'{name}' is {typed[0].name}, and cannot be chosen from {said.low} to {said.high}")
        return Choice(name, *typed, said.low, said.high)

    def _constant(self, item: _Item) -> Fitted | None:
        if isinstance(item.node.type, c_ast.FuncDecl) or item.said is not None or "const" not in _qualifiers(item.node):
            return None
        typed = self._type(item)
        if typed is None or typed[0].is_integer:
            return None  # told by the reading where it is used
        return Fitted(item.node.name, *typed)

    def _modulus(self, choices: Sequence[Choice]) -> int:
        values = [s.high for s in self._said.values() if s.kind == "learn"]
        said = next((s for s in self._said.values() if s.kind == "modulus"), None)
        if said is None:
            return max([DEFAULT_MODULUS, *values, *(c.high + 1 for c in choices)])
        if max(values, default=0) > said.high:
            at = next(s for s in self._said.values() if s.kind == "learn" and s.high > said.high)
            self._fault(at.node, f"'{at.name}' has {at.high} values, and the modulus is {said.high}")
        return said.high

    def _function(self, item: _Item) -> Learned | None:
        if not isinstance(item.node.type, c_ast.FuncDecl) or item.said is None:
            return None
        name, said = item.node.name, item.said
        if said.kind != "learn":
            self._fault(said.node, f"'{name}' is a function, not a constant", f"write `learn({name}, values(10))`")
            return None
        if len([n for n in self._unit.parse(item.chunk) if isinstance(n, c_ast.Decl) and n.name]) > 1:
            self._fault(item.node, f"'{name}' must be declared alone")
            return None
        declarations = self._scope.declarations_of(item.chunk)
        try:
            result = declarations.type_of(item.node.type.type)
            params = item.node.type.args.params if item.node.type.args else []
            taken = [declarations.parameter(p) for p in params]
        except Unsupported as fault:
            self._fault(item.node, f"'{name}' cannot be learned: {fault.message}")
            return None
        if not isinstance(result, Scalar):
            self._fault(item.node, f"'{name}' must give a number to be learned")
            return None
        if result.is_integer != (said.high > 0):
            what = "whole numbers: say of how many values" if result.is_integer else "a floating number, not values"
            self._fault(
                said.node, f"'{name}' gives {what}", f"write `learn({name}, values(10))`" if result.is_integer else ""
            )
            return None
        if all(isinstance(t, Scalar) and t.is_integer for t, _ in taken) and taken:
            return self._learned(said, result, "numbers", len(taken))
        if len(taken) == 1 and isinstance(taken[0][0], Pointer):
            target, extent = taken[0][0].target, taken[0][1]
            if isinstance(target, Scalar) and not target.is_integer and extent:
                return self._learned(said, result, "picture", extent)
        hint = f"declare it as in `extern int {name}(const float picture[784]);` or `extern int {name}(int, int);`"
        self._fault(item.node, f"'{name}' must take one array of numbers of known extent, or whole numbers", hint)
        return None

    def _learned(self, said: Undefined, result: Scalar, takes: Literal["picture", "numbers"], size: int) -> Learned:
        (place,) = self._places.diagnostics([Unsupported(said.node, "")])
        return Learned(said.name, result, takes, size, said.high, said.hidden, said.module, place)

    # The rewritten text

    def _file(self, learned: Sequence[Learned], modulus: int, state: Sequence[str]) -> _SketchFile:
        expanded = replace(self._expanded, text=self._rewritten(learned, modulus))
        return _SketchFile(self._source, expanded, state, {f.name for f in learned})

    def _rewritten(self, learned: Sequence[Learned], modulus: int) -> str:
        """The text with all that is undefined defined, words at their columns, lines at their lines."""
        text, functions = self._expanded.text, {f.name: f for f in learned}
        by_chunk: dict[int, list[_Item]] = {}
        for item in self._items:
            by_chunk.setdefault(item.chunk.index, []).append(item)
        pieces, position = [], 0
        sizes = _sizes(learned)
        for chunk in self._unit.chunks:
            if chunk.included:
                continue
            own = text[chunk.start : chunk.end]
            items = by_chunk.get(chunk.index, [])
            names = {item.node.name for item in items}
            if names & functions.keys():
                new = _definition(functions[names.pop()], sizes, modulus) + "\n" * own.count("\n")
            elif items and not any(isinstance(i.node.type, c_ast.FuncDecl) for i in items) and self._is_state(items):
                new = re.sub(r"\b(extern|const)\b", lambda m: " " * len(m[0]), own)
            else:
                new = _with_pictures(own, sizes, chunk)
            pieces += [text[position : chunk.start], new]
            position = chunk.end
        rewritten = "".join([*pieces, text[position:]])
        types = " ".join(
            f"typedef struct {_CELL}{k} {{ int cell; }} {_alias(k, base)};" for k, (_, base) in enumerate(sizes)
        )
        marker, _, rest = rewritten.partition("\n")
        return f"{marker}\n{types}\n{marker}\n{rest}" if types else rewritten

    def _is_state(self, items: Sequence[_Item]) -> bool:
        """Whether all that a declaration declares is chosen or fitted."""
        return all(i.said is not None or self._is_floating(i) for i in items)

    def _is_floating(self, item: _Item) -> bool:
        typed = self._type(item)
        return typed is not None and not typed[0].is_integer

    def _counted(
        self, learned: Sequence[Learned], modulus: int, state: Sequence[str], entry: str | None
    ) -> list[Learned]:
        """The learned functions with as many cells as they need for this entry."""
        file = self._file([replace(f, count=1) for f in learned], modulus, state)
        name = _named(file, entry, self._pragmas.entry)
        chunk = file.functions[name]
        try:
            pictures = _pictures_of(file, chunk, _sizes(learned))
        except Unsupported:
            raise ProgramError(file.diagnostics(name)) from None
        totals: dict[int, int] = {}
        for _, shape, size in pictures:
            totals[size] = totals.get(size, 0) + prod(shape)
        counts = {f.name: modulus**f.size if f.takes == "numbers" else totals.get(f.size, 0) for f in learned}
        for f in learned:
            if not counts[f.name]:
                item = next(i for i in self._items if i.node.name == f.name)
                hint = f"it must take one, as in `const float picture[{f.size}]` or `const float grid[4][{f.size}]`"
                fault = Unsupported(item.node, f"'{chunk.function}' takes no picture that '{f.name}' could read", hint)
                raise ProgramError(self._places.diagnostics([fault]))
        return [replace(f, count=counts[f.name]) for f in learned]

    def _made(
        self,
        program: Program,
        modulus: int,
        learned: Sequence[Learned],
        choices: Sequence[Choice],
        constants: Sequence[Fitted],
    ) -> Sketch:
        sizes = _sizes(learned)
        parameters, pictures, first = [], [], dict.fromkeys((size for size, _ in sizes), 0)
        for p in program.parameters:
            drawn = _picture_shape(p.type, sizes) if p.passing != "global" else None
            if drawn is None:
                parameters.append(p)
                continue
            shape, size = drawn
            handles = tuple(range(first[size], first[size] + prod(shape)))
            pictures.append(Pictures(p.name, shape, size, first[size]))
            first[size] += prod(shape)
            parameters.append(replace(p, arguments=(None,) * len(handles), fixed=handles))
        read = {p.name for p in parameters if any(k is not None for k in p.arguments)}
        self._never_read(program.entry, read, learned, choices, constants)
        program = _renumbered(program, parameters, self._domains(program, modulus, learned, choices))
        text = self._own_text()
        if program.entry != self._pragmas.entry:
            text = f"#pragma surrogate entry({program.entry})\n{text}"
        kept = [c for c in constants if c.name in read]
        return Sketch(program, text, modulus, tuple(learned), tuple(choices), tuple(kept), tuple(pictures))

    def _own_text(self) -> str:
        """The sketch without line markers, and of what it includes with nothing but what it names."""
        own = [c for c in self._unit.chunks if not c.included]
        used = {name for c in own for name in c.names}
        kept: set[int] = {c.index for c in own}
        found = True
        while found:
            more = [
                c for c in self._unit.chunks if c.index not in kept and used & (c.declares | c.enumerators | c.tags)
            ]
            kept |= {c.index for c in more}
            used |= {name for c in more for name in c.names}
            found = bool(more)
        text, pieces, position = self._expanded.text, [], 0
        for chunk in self._unit.chunks:
            pieces.append(
                text[position : chunk.start] if chunk.index in kept else _pragmas_in(text[position : chunk.start])
            )
            pieces.append(text[chunk.start : chunk.end] if chunk.index in kept else "")
            position = chunk.end
        whole = "".join([*pieces, text[position:]])
        whole = re.sub(r"^[ \t]*#(?!\s*pragma\s+surrogate\b).*\n?", "", whole, flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", whole).strip("\n") + "\n"

    def _never_read(
        self,
        entry: str,
        read: set[str],
        learned: Sequence[Learned],
        choices: Sequence[Choice],
        constants: Sequence[Fitted],
    ) -> None:
        """Raises ProgramError for what is undefined and never asked for."""
        faults = []
        for item in self._items:
            name = item.node.name
            unread = [c for c in choices if c.name == name and name not in read]
            uncalled = [f for f in learned if f.name == name and f.cells not in read]
            if unread:
                faults.append(Unsupported(item.node, f"'{name}' is never read by '{entry}': it cannot be chosen"))
            if uncalled:
                faults.append(Unsupported(item.node, f"'{name}' is never called by '{entry}': it cannot be learned"))
        if faults:
            raise ProgramError(self._places.diagnostics(faults))
        if not (learned or choices or constants):
            at = c_ast.EmptyStatement(coord=next(c.coord for c in self._unit.chunks if c.function == entry))
            hint = "declare an `extern` function or constant, with a #pragma surrogate learn or choose"
            fault = Unsupported(at, f"nothing of '{entry}' is undefined: there is nothing to learn", hint)
            raise ProgramError(self._places.diagnostics([fault]))

    @staticmethod
    def _domains(
        program: Program, modulus: int, learned: Sequence[Learned], choices: Sequence[Choice]
    ) -> dict[int, tuple[int, int]]:
        """The ranges of the arguments that are whole numbers, by their numbers."""
        known = {c.name: (c.low, c.high) for c in choices} | {f.cells: (0, f.values - 1) for f in learned if f.values}
        found: dict[int, tuple[int, int]] = {}
        for p in program.parameters:
            for k in p.arguments:
                if k is None:
                    continue
                a = program.arguments[k]
                if p.passing == "global" and p.name in known:
                    found[k] = known[p.name]
                elif a.type.is_integer and a.origin == "default":
                    found[k] = (0, min(modulus - 1, int(a.type.limits[1])))
        return found


def _pragmas_in(text: str) -> str:
    return "".join(f"{line}\n" for line in text.split("\n") if re.match(r"\s*#\s*pragma\s+surrogate\b", line))


def _named(file: NumericFile, entry: str | None, said: str | None) -> str:
    """The entry, as far as it can be told before the file is read: as NumericFile chooses it, where it is eligible."""
    if entry is not None or said in file.functions:
        return file.entry(entry or said)
    names = [n for n in file.functions if n != "main"] or list(file.functions)
    if not names:
        return file.entry(None)
    users = {n for n, chunk in file.functions.items() for other in names if other != n and other in chunk.names}
    used = {other for n in users for other in file.functions[n].names if other != n}
    free = [n for n in names if n not in used] or names
    return free[-1]


def _qualifiers(node: c_ast.Decl) -> set[str]:
    inner: c_ast.Node = node
    found: set[str] = set(node.quals)
    while isinstance(inner, c_ast.Decl | c_ast.ArrayDecl | c_ast.TypeDecl):
        found |= set(getattr(inner, "quals", None) or ())
        inner = inner.type
    return found


def _sizes(learned: Sequence[Learned]) -> list[tuple[int, str]]:
    """The sizes of pictures, each for float and for double."""
    sizes = dict.fromkeys(f.size for f in learned if f.takes == "picture")
    return [(size, base) for size in sizes for base in ("float", "double")]


def _alias(k: int, base: str) -> str:
    """A name of the base type's length, so that columns stay."""
    return f"_cel{k}" if base == "float" else f"_cell{k}"[: len(base)]


def _definition(function: Learned, sizes: Sequence[tuple[int, str]], modulus: int) -> str:
    """A learned function as a look-up, in one line of C."""
    result = function.type.name
    head = f"{result} {function.cells}[{function.count}]; static {result} {function.name}"
    if function.takes == "numbers":
        given = ", ".join(f"int a{k}" for k in range(function.size))
        place = "a0"
        for k in range(1, function.size):
            place = f"({place}) * {modulus} + a{k}"
        return f"{head}({given}) {{ return {function.cells}[{place}]; }}"
    alias = _alias(sizes.index((function.size, "float")), "float")
    return f"{head}(const {alias} *p) {{ return {function.cells}[p->cell]; }}"


def _with_pictures(own: str, sizes: Sequence[tuple[int, str]], chunk: Chunk) -> str:
    """A function's or a type's text with pictures as their numbers, every word at its column."""
    for k, (size, base) in enumerate(sizes):
        alias = _alias(k, base)
        array = rf"\b{base}\b(\s+\w+\s*(?:\[[^\][]*\]\s*)*)\[(\s*)({size})(\s*)\]"
        cut = own.index("{") if chunk.function and "{" in own else len(own) if chunk.is_typedef else 0
        head = re.sub(array, rf"{alias}\g<1>[\g<2>{'1'.rjust(len(str(size)))}\g<4>]", own[:cut])
        own = re.sub(rf"\bconst(\s+){base}\b(?=\s*\*)", rf"const\g<1>{alias}", head + own[cut:])
    return own


def _picture_shape(type: CType, sizes: Sequence[tuple[int, str]]) -> tuple[tuple[int, ...], int] | None:
    """The extents of an array of pictures, the size of each; None for a type that is no such array."""
    shape = []
    while isinstance(type, Array):
        shape.append(type.length)
        type = type.element
    if not isinstance(type, Struct) or not type.name.startswith(_CELL) or not shape:
        return None
    return tuple(shape[:-1]), sizes[int(type.name.removeprefix(_CELL))][0]


def _pictures_of(
    file: NumericFile, chunk: Chunk, sizes: Sequence[tuple[int, str]]
) -> list[tuple[str, tuple[int, ...], int]]:
    """The parameters of a function that are pictures. Raises Unsupported where it does not parse."""
    declarations = file._scope.declarations_of(chunk)
    functions = [n for n in file._unit.parse(chunk) if isinstance(n, c_ast.FuncDef)]
    found = []
    for p in functions[0].decl.type.args.params if functions and functions[0].decl.type.args else []:
        try:
            type, extent = declarations.parameter(p)
        except Unsupported:
            continue
        if isinstance(type, Pointer) and isinstance(type.target, Array | Struct):
            drawn = _picture_shape(Array(type.target, extent or 1), sizes)
            if drawn is not None:
                found.append((p.name, *drawn))
    return found


def _renumbered(program: Program, parameters: Sequence[Parameter], domains: Mapping[int, tuple[int, int]]) -> Program:
    """The program with the arguments that its parameters still have, in their order, with these domains."""
    kept = [k for p in parameters for k in p.arguments if k is not None]
    number = {k: place for place, k in enumerate(kept)}
    arguments: list[Argument] = []
    for k in kept:
        low, high = domains.get(k, (program.arguments[k].low, program.arguments[k].high))
        arguments.append(replace(program.arguments[k], low=low, high=high))
    moved = [replace(p, arguments=tuple(None if k is None else number[k] for k in p.arguments)) for p in parameters]
    return replace(program, arguments=tuple(arguments), parameters=tuple(moved))


def filled(sketch: Sketch, values: Mapping[str, int | float], comments: Mapping[str, str]) -> str:
    """The sketch as C with every choice and constant filled in: `values` by the names of elements, as "op[2]".

    Learned functions stay undefined, with a comment each.
    """
    unit = Unit(sketch.text)
    undefined: list[Choice | Fitted] = [*sketch.choices, *sketch.constants]
    defined = {c.name: c.shape for c in undefined}
    pieces, position = [], 0
    for chunk in unit.chunks:
        nodes = [] if chunk.function or chunk.is_typedef else _declared(unit, chunk)
        names = {n.name for n in nodes}
        if names & comments.keys():
            pieces += [sketch.text[position : chunk.start], "".join(f"/* {comments[n]} */\n" for n in names)]
            position = chunk.start
        elif names & defined.keys():
            written = [_given_value(n, defined[n.name], values) for n in nodes if n.name in defined]
            pieces += [sketch.text[position : chunk.start], "\n".join(written)]
            position = chunk.end
    text = "".join([*pieces, sketch.text[position:]])
    said = "|".join(map(re.escape, defined))
    text = re.sub(rf"^[ \t]*#\s*pragma\s+surrogate\s+(?:choose|range)\s*\(\s*(?:{said})\s*,.*\n", "", text, flags=re.M)
    return re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"


def _declared(unit: Unit, chunk: Chunk) -> list[c_ast.Decl]:
    try:
        return [n for n in unit.parse(chunk) if isinstance(n, c_ast.Decl) and n.name]
    except Unsupported:
        return []


def _given_value(node: c_ast.Decl, shape: Sequence[int], values: Mapping[str, int | float]) -> str:
    """The definition of a constant that was undefined."""
    node.storage = ["static"]
    node.init = _initialiser(node.name, shape, values)
    return f"{CGenerator().visit(node)};"


def _initialiser(name: str, shape: Sequence[int], values: Mapping[str, int | float]) -> c_ast.Node:
    if not shape:
        value = values.get(name, 0)
        return c_ast.Constant("int" if isinstance(value, int) else "double", repr(value))
    return c_ast.InitList([_initialiser(f"{name}[{k}]", shape[1:], values) for k in range(shape[0])])
