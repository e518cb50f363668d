"""Reading a sketch: a C program of which some functions are undefined, and are learned, and some constants, and are
chosen or fitted.

It is read as a numeric program that has what is undefined as arguments more. The text is rewritten, every word at its
place, before it is read as any other: an undefined constant becomes a global that is state, a learned function becomes
a look-up of what it gives (for each picture that the entry gets, or for all whole numbers that it may be given), and a
picture, which only learned functions read, becomes the number of a picture.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Unpack

from pycparser import c_ast
from pycparser.c_generator import CGenerator

from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend.flags import Reading
from cprograms.frontend.given import Paths, sources
from cprograms.frontend.loading import NumericFile
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.preprocess import Preprocessed
from cprograms.frontend.signature import Shape
from cprograms.frontend.source import Source
from cprograms.frontend.undefined import MOST_ARGUMENTS, Choice, Fitted, Item, Learned, UndefinedReader
from cprograms.program import Argument, Parameter, Program
from cprograms.types import Array, CType, Pointer, Struct

_CELL = "surrogate_cell"
_NO_PRAGMA_FUNCTION = "#pragma surrogate learn({0}, values(10)) makes it a network; or give the file that defines it"
_NO_PRAGMA_CONSTANT = "#pragma surrogate choose({0}, low, high) makes it a choice; or give the file that defines it"


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
        return _Maker(UndefinedReader(given[0])).sketch(entry)


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


class _Maker:
    """Makes the numeric program of what is undefined."""

    def __init__(self, found: UndefinedReader) -> None:
        self._found = found

    def sketch(self, entry: str | None) -> Sketch:
        learned = self._counted(entry)
        file = self._file(learned)
        chosen = file.entry(entry)
        return self._made(replace(file.program(chosen, {}), warnings=file.warnings(chosen)), learned)

    # The rewritten text

    def _file(self, learned: Sequence[Learned]) -> _SketchFile:
        found = self._found
        state = [*(c.name for c in found.choices), *(c.name for c in found.constants), *(f.cells for f in learned)]
        expanded = replace(found.expanded, text=self._rewritten(learned))
        return _SketchFile(found.source, expanded, state, {f.name for f in learned})

    def _rewritten(self, learned: Sequence[Learned]) -> str:
        """The text with all that is undefined defined, words at their columns, lines at their lines."""
        text, functions = self._found.expanded.text, {f.name: f for f in learned}
        by_chunk: dict[int, list[Item]] = {}
        for item in self._found.items:
            by_chunk.setdefault(item.chunk.index, []).append(item)
        pieces, position = [], 0
        sizes = _sizes(learned)
        for chunk in self._found.unit.chunks:
            if chunk.included:
                continue
            own = text[chunk.start : chunk.end]
            items = by_chunk.get(chunk.index, [])
            names = {item.node.name for item in items}
            if names & functions.keys():
                new = _definition(functions[names.pop()], sizes, self._found.modulus) + "\n" * own.count("\n")
            elif items and self._found.is_state(items):
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

    def _counted(self, entry: str | None) -> list[Learned]:
        """The learned functions with as many cells as they need for this entry."""
        learned, modulus = self._found.learned, self._found.modulus
        file = self._file([replace(f, count=1) for f in learned])
        name = _named(file, entry, self._found.pragmas.entry)
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
                item = next(i for i in self._found.items if i.node.name == f.name)
                hint = f"it must take one, as in `const float picture[{f.size}]` or `const float grid[4][{f.size}]`"
                fault = Unsupported(item.node, f"'{chunk.function}' takes no picture that '{f.name}' could read", hint)
                raise ProgramError(self._found.places.diagnostics([fault]))
        return [replace(f, count=counts[f.name]) for f in learned]

    def _made(self, program: Program, learned: Sequence[Learned]) -> Sketch:
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
        self._never_read(program.entry, read, learned)
        program = _renumbered(program, parameters, self._domains(program, learned))
        text = self._own_text()
        if program.entry != self._found.pragmas.entry:
            text = f"#pragma surrogate entry({program.entry})\n{text}"
        found = self._found
        kept = tuple(c for c in found.constants if c.name in read)
        return Sketch(program, text, found.modulus, tuple(learned), tuple(found.choices), kept, tuple(pictures))

    def _own_text(self) -> str:
        """The sketch without line markers, and of what it includes with nothing but what it names."""
        chunks = self._found.unit.chunks
        own = [c for c in chunks if not c.included]
        used = {name for c in own for name in c.names}
        kept: set[int] = {c.index for c in own}
        found = True
        while found:
            more = [c for c in chunks if c.index not in kept and used & (c.declares | c.enumerators | c.tags)]
            kept |= {c.index for c in more}
            used |= {name for c in more for name in c.names}
            found = bool(more)
        text, pieces, position = self._found.expanded.text, [], 0
        for chunk in chunks:
            pieces.append(
                text[position : chunk.start] if chunk.index in kept else _pragmas_in(text[position : chunk.start])
            )
            pieces.append(text[chunk.start : chunk.end] if chunk.index in kept else "")
            position = chunk.end
        whole = "".join([*pieces, text[position:]])
        whole = re.sub(r"^[ \t]*#(?!\s*pragma\s+surrogate\b).*\n?", "", whole, flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", whole).strip("\n") + "\n"

    def _never_read(self, entry: str, read: set[str], learned: Sequence[Learned]) -> None:
        """Raises ProgramError for what is undefined and never asked for."""
        faults = []
        for item in self._found.items:
            name = item.node.name
            unread = [c for c in self._found.choices if c.name == name and name not in read]
            uncalled = [f for f in learned if f.name == name and f.cells not in read]
            if unread:
                faults.append(Unsupported(item.node, f"'{name}' is never read by '{entry}': it cannot be chosen"))
            if uncalled:
                faults.append(Unsupported(item.node, f"'{name}' is never called by '{entry}': it cannot be learned"))
        if faults:
            raise ProgramError(self._found.places.diagnostics(faults))
        if not (learned or self._found.choices or self._found.constants):
            at = c_ast.EmptyStatement(coord=next(c.coord for c in self._found.unit.chunks if c.function == entry))
            hint = "declare an `extern` function or constant, with a #pragma surrogate learn or choose"
            fault = Unsupported(at, f"nothing of '{entry}' is undefined: there is nothing to learn", hint)
            raise ProgramError(self._found.places.diagnostics([fault]))

    def _domains(self, program: Program, learned: Sequence[Learned]) -> dict[int, tuple[int, int]]:
        """The ranges of the arguments that are whole numbers, by their numbers."""
        known = {c.name: (c.low, c.high) for c in self._found.choices}
        known |= {f.cells: (0, f.values - 1) for f in learned if f.values}
        found: dict[int, tuple[int, int]] = {}
        for p in program.parameters:
            for k in p.arguments:
                if k is None:
                    continue
                a = program.arguments[k]
                if p.passing == "global" and p.name in known:
                    found[k] = known[p.name]
                elif a.type.is_integer and a.origin == "default":
                    found[k] = (0, min(self._found.modulus - 1, int(a.type.limits[1])))
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
