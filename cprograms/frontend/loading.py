"""Reading a C file: preprocess, cut, check, trim, describe."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Unpack

from pycparser import c_ast

from cprograms import options
from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError, did_you_mean
from cprograms.frontend.file import MAX_DIAGNOSTICS, File
from cprograms.frontend.flags import Reading
from cprograms.frontend.given import Paths, sources
from cprograms.frontend.pragmas import Range
from cprograms.frontend.preprocess import Preprocessed
from cprograms.frontend.scope import Entity
from cprograms.frontend.signature import Shape, Signature, signature_of, with_pragmas, with_ranges
from cprograms.frontend.source import Source, read
from cprograms.frontend.subset import Subset
from cprograms.frontend.trim import trim
from cprograms.frontend.untyped import Pointed, untyped, with_types
from cprograms.lowering.accesses import Accesses, Given
from cprograms.lowering.unit import TranslationUnit
from cprograms.lowering.watching import Access
from cprograms.program import Program
from cprograms.standard import ERRNO, prototype
from cprograms.trees import walk

_BEFORE = "put it before the function that has this argument"


class NumericReading(Reading, total=False):
    """The keywords of everything that reads numeric programs.

    `sizes` are the extents of arrays by name, `fixed` the numbers that arguments always have, which are then no inputs
    of the program; `state` makes the globals that it may change arguments and results: all of them, or those named.
    """

    sizes: Mapping[str, int] | None
    fixed: Mapping[str, float] | None
    state: bool | Sequence[str]


def _taken(reading: NumericReading) -> tuple[Shape, Reading]:
    """What the keywords say of the entry's parameters, and the others. Raises UsageError for what makes no sense."""
    rest: Any = dict(reading)
    sizes = options.numbers("sizes", rest.pop("sizes", None), '{"w": 9}')
    fixed = options.numbers("fixed", rest.pop("fixed", None), '{"n": 9}')
    state = rest.pop("state", False)
    if not isinstance(state, bool):
        state = options.texts("state", state, '["count"]')
    names = ("",) if state is True else tuple(state or ())
    for name, size in sizes.items():
        options.whole(f"the size of '{name}'", size, 1)
    return Shape({name: int(size) for name, size in sizes.items()}, fixed, names), rest


def load(
    path: Paths | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    self_contained: bool = False,
    limit: float | None = None,
    **reading: Unpack[NumericReading],
) -> Program:
    """Read a numeric C program from `path` ("-" is standard input), from several files, or from `source`.

    The entry is `entry`, else the one that a pragma names, else the function that nothing else of the file uses, and of
    several (`main` does not count) the last one that is not static. Functions that the entry does not need may be
    anything, and so may calls that only some rows reach: where a row comes to what is not defined, or ends the program,
    it is NaN. `ranges` gives low and high by argument name (or by a result's name) and overrides the pragmas.

    Of several files the first holds the entry, unless `entry` names a function of another. What one declares and does
    not define may be defined by another. `reading` says how the files are preprocessed: see `Reading`. An include that
    is not found is passed over where nothing of it seems to be needed.

    A program that is not trusted may be kept from reading other files: where it is to be `self_contained` it includes
    nothing, with `sandboxed_includes` nothing but the C library's headers and what lies in the file's folder (none, for
    a text) and in `include_dirs`, once symbolic links are followed. `limit` is the processor time in seconds that it
    may take, 20 by default, its lowering included where both run within `cprograms.budget.shared`.

    Raises ProgramError with every fault of the entry and of what it needs, or where the program takes too much time or
    memory; and UsageError for a file that cannot be read, an unknown entry or argument, or a range or limit that makes
    no sense.
    """
    shape, rest = _taken(reading)
    given = sources(path, source, self_contained, **rest)
    with spending(given[0].name, limit):
        file = NumericFile(*given, shape=shape)
        chosen = file.entry(entry)
        program = file.program(chosen, ranges or {})
        return replace(program, warnings=file.warnings(chosen))


def load_expanded(text: str, name: str = "<source>") -> Program:
    """As `load(source=text)`, for text that a program was printed as: the compiler is not asked, as all is expanded.

    `name` is what its places are in.
    """
    source = replace(read(None, text), name=name)
    with spending(source.name):
        file = NumericFile(source, expanded=Preprocessed(f'# 1 "{source.name}"\n{text}'))
        return file.program(file.entry(None), {})


def function_names(path: Paths, *, limit: float | None = None, **reading: Unpack[Reading]) -> tuple[str, ...]:
    """The functions that a file (of several the first) defines itself; raises as `load` does."""
    given = sources(path, None, **reading)
    with spending(given[0].name, limit):
        return tuple(NumericFile(*given).functions)


@dataclass(frozen=True)
class CandidateEntry:
    """A function of the file: its place, and why it is not numeric (no diagnostics: it is)."""

    name: str
    line: int
    diagnostics: tuple[Diagnostic, ...]

    @property
    def eligible(self) -> bool:
        return not self.diagnostics

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "line": self.line,
            "eligible": self.eligible,
            "diagnostics": [d.as_dict() for d in self.diagnostics],
        }


@dataclass(frozen=True)
class Description:
    """What a file holds: its program, or the diagnostics that say why there is none, and each of its functions.

    `candidates` leaves out the functions of included files.
    """

    program: Program | None
    diagnostics: tuple[Diagnostic, ...]
    candidates: tuple[CandidateEntry, ...]


def describe(
    path: Paths | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    self_contained: bool = False,
    limit: float | None = None,
    **reading: Unpack[NumericReading],
) -> Description:
    """What `load` finds, and what it says of every function of the file.

    Raises UsageError as `load` does, and ProgramError only where the file cannot be preprocessed, or takes too much
    time or memory.
    """
    shape, rest = _taken(reading)
    given = sources(path, source, self_contained, **rest)
    with spending(given[0].name, limit):
        file = NumericFile(*given, shape=shape)
        candidates = tuple(
            CandidateEntry(name, chunk.coord.line, tuple(file.diagnostics(name)))
            for name, chunk in file.functions.items()
        )
        try:
            chosen = file.entry(entry)
            program = replace(file.program(chosen, ranges or {}), warnings=file.warnings(chosen))
            return Description(program, (), candidates)
        except ProgramError as error:
            return Description(None, error.diagnostics, candidates)


class NumericFile(File):
    """A C file of which one function is to be a numeric program."""

    ELIGIBLE = "numeric"
    NEEDS = "a numeric function takes 1 to 64 numbers and gives 1 to 64: alone, in arrays, in structs, through pointers"

    def __init__(self, *sources: Source, expanded: Preprocessed | None = None, shape: Shape | None = None):
        super().__init__(*sources, expanded=expanded)
        self._shape = shape or Shape()
        said = (s.name for s in self._pragmas.settings if s.kind == "state")
        self._subset = Subset(self._scope, {*said, *self._shape.state})
        self._owners: dict[Range, str | None] = {}
        self._signatures: dict[str, Signature] = {}
        self._followed = TranslationUnit(c_ast.FileAST([]), self._scope.declarations)
        self._accesses = Accesses(self._followed)
        self._declared: set[str] = set()
        self._units: dict[str, c_ast.FileAST] = {}

    def needs(self, name: str) -> Iterable[str]:
        return self._subset.check(name).needs

    def needed(self, name: str) -> dict[str, Entity | None]:
        return self._subset.needed(name)

    def faults(self, name: str) -> list[Unsupported]:
        return [*self._signature(name).faults, *self._subset.faults(name)]

    def _signature(self, name: str) -> Signature:
        return with_pragmas(self._plain_signature(name), self._ranges_of(name))

    def _plain_signature(self, name: str) -> Signature:
        if name not in self._signatures:
            self._signatures[name] = self._found_signature(name)
        return self._signatures[name]

    def _found_signature(self, name: str) -> Signature:
        entity = self._scope.lookup(name)
        if entity is None or entity.kind == "broken":
            return Signature((), (), ())  # told by the subset check
        if not isinstance(entity.node, c_ast.FuncDef):
            at = c_ast.EmptyStatement(coord=entity.chunk.coord)
            return Signature((), (), (Unsupported(at, f"'{name}' is declared as something else than a function"),))
        needed = self._subset.faults(name)  # it is prepared by being checked
        shape = self._shape_of(name)
        state = self._state(name, shape)
        follow = None if needed else lambda given: self._found_accesses(name, given, state)
        declarations = self._scope.declarations_of(entity.chunk)
        return signature_of(entity.node, declarations, shape, state, follow, self._untyped(name))

    def _untyped(self, name: str) -> dict[str, Pointed]:
        """What those of a function's parameters point to that are `void *`."""
        entity = self._scope.lookup(name)
        assert entity is not None
        return untyped(entity.node, self._scope.declarations_of(entity.chunk), self._node)

    def _node(self, name: str) -> c_ast.Node | None:
        """What defines or declares a function of the file."""
        entity = self._scope.lookup(name)
        return entity.node if entity is not None else None

    def _found_accesses(self, name: str, given: list[Given], state: Collection[str]) -> dict[str, Access] | None:
        needed = self._subset.needed(name)
        for other, entity in needed.items():
            if other not in self._declared:
                self._declared.add(other)
                self._declare(other, entity)
        return self._accesses.of(name, given, self._subset.live(name, state), state, self._subset.touches)

    def _declare(self, name: str, entity: Entity | None) -> None:
        """Let what is followed know of a function or an object; None for one of the C library."""
        if entity is not None:
            self._scope.declarations_of(entity.chunk)
        node = prototype(name) if entity is None else entity.node
        if node is not None:
            self._followed.declare(node)

    def _shape_of(self, name: str) -> Shape:
        """What pragmas before a function and the user say of its parameters."""
        own = [s for s in self._pragmas.settings if self._follows(s.offset) == name]
        sizes = {s.name: int(s.value) for s in own if s.kind == "size"}
        fixed = {s.name: s.value for s in own if s.kind == "fix"}
        state = tuple(s.name for s in own if s.kind == "state")
        names = self._parameter_names(name)
        sizes |= {n: size for n, size in self._shape.sizes.items() if n in names}
        fixed |= {n: number for n, number in self._shape.fixed.items() if n in names}
        return Shape(sizes, fixed, (*state, *self._shape.state), self._shape.most)

    def _parameter_names(self, name: str) -> list[str]:
        entity = self._scope.lookup(name)
        node = entity.node if entity is not None else None
        arguments = node.decl.type.args if isinstance(node, c_ast.FuncDef) else None
        return [p.name for p in arguments.params if getattr(p, "name", None)] if arguments is not None else []

    def _fits(self, entry: str) -> None:
        """Raises UsageError where what the user says is of no argument of the entry, and of no global of the file."""
        names = self._parameter_names(entry)
        for what, settings in (("size", self._shape.sizes), ("fix", self._shape.fixed)):
            if unknown := next((n for n in settings if n not in names), None):
                guess = did_you_mean(unknown, names)
                raise UsageError(f"--{what}: '{entry}' has no argument '{unknown}'; {guess}it has {', '.join(names)}")
        lifted = self._scope.lifted
        known = {shown for n in self._subset.mutable(entry) for shown in (n, lifted[n][0] if n in lifted else n)}
        if unknown := next((n for n in self._shape.state if n and n not in known), None):
            guess = did_you_mean(unknown, known)
            raise UsageError(f"--state: '{entry}' changes nothing that is called '{unknown}'; {guess}".rstrip("; "))

    def _follows(self, offset: int) -> str | None:
        """The first function behind a place in the text."""
        return next((c.function for c in self._unit.following(offset) if c.function), None)

    def _state(self, name: str, shape: Shape) -> dict[str, tuple[str, c_ast.Decl]]:
        """The globals that are to be arguments and results, by their names in C: what the user calls them, and where
        they are declared."""
        if not shape.state:
            return {}
        lifted = self._scope.lifted
        found = {n: (lifted[n][0] if n in lifted else n, d) for n, d in self._subset.mutable(name).items()}
        found.pop(ERRNO, None)
        if "" in shape.state:
            return found
        return {n: (shown, node) for n, (shown, node) in found.items() if {n, shown} & {*shape.state}}

    def _ranges_of(self, name: str) -> list[Range]:
        """The ranges that bind to a function as the entry: those that stand before it, and of those that stand before
        another one all that are of its arguments and fit them, where it has no range of that argument itself.
        """
        signature = self._plain_signature(name)
        own = [r for r in self._pragmas.ranges if r.name in signature.names and self._owner(r) == name]
        named = {r.name for r in own}
        others = [r for r in self._pragmas.ranges if r.name not in named and _is_of_an_argument(r, signature)]
        return [*(r for r in others if not with_pragmas(replace(signature, faults=()), [r]).faults), *own]

    def _owner(self, given: Range) -> str | None:
        """The next function that has an argument or a result of the range's name; where none has, the next function."""
        if given not in self._owners:
            names = [c.function for c in self._unit.following(given.offset) if c.function]
            having = (n for n in names if given.name in self._plain_signature(n).names)
            self._owners[given] = next(having, names[0] if names else None)
        return self._owners[given]

    def notes(self, entry: str) -> list[Unsupported]:
        found = (self._unused(given, entry) for given in self._pragmas.ranges)
        own = [*self._restarts(entry), *self._long_doubles(entry)]
        return [*super().notes(entry), *(fault for fault in found if fault is not None), *own]

    def _long_doubles(self, entry: str) -> Iterator[Unsupported]:
        """The first place of what the entry needs that has the type `long double`, which the sandbox does not have."""
        unit = self._trimmed(entry)
        found = [node for node in walk(unit) if _is_long_double(node)]
        place = next((node for node in found if node.coord and node.coord.file), None)
        if found:
            place = place or next(n for n in unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == entry).decl
            yield Unsupported(place, "long double is computed as double, which is less exact and overflows sooner")

    def _trimmed(self, entry: str) -> c_ast.FileAST:
        """What the program with this entry consists of."""
        if entry not in self._units:
            unit = trim(self._unit, entry, self._subset.needed(entry))
            self._units[entry] = with_types(unit, entry, self._untyped(entry))
        return self._units[entry]

    def _restarts(self, entry: str) -> Iterator[Unsupported]:
        """The objects that may change, and begin with the same value in every row."""
        names, state = self._scope.lifted, self._state(entry, self._shape_of(entry))
        for name, node in self._subset.mutable(entry).items():
            if name == ERRNO or name in state:
                continue
            shown = names[name][0] if name in names else name
            if self._subset.changes(entry, name):
                message = f"'{shown}' starts from its initial value in every row"
                yield Unsupported(node, message, "--state makes it an argument and a result")
            else:
                message = f"'{shown}' keeps its initial value: what changes it is not part of '{entry}'"
                yield Unsupported(node, message, "--state makes it an argument")

    def _unused(self, given: Range, entry: str) -> Unsupported | None:
        """Why a range says nothing of the entry, where it is not plainly about another function that stands alone."""
        if given in self._ranges_of(entry):
            return None
        owner, signature = self._owner(given), self._plain_signature(entry)
        if owner is None or given.name not in (names := self._plain_signature(owner).names):
            why = "no function follows it" if owner is None else f"'{owner}' has no argument '{given.name}'"
            guess = did_you_mean(given.name, signature.names if owner is None else names | signature.names)
            return Unsupported(given.node, f"this range binds to nothing: {why}", guess + _BEFORE)
        if _is_of_an_argument(given, signature) or owner not in self._subset.needed(entry):
            return None
        message = f"this range binds to '{owner}', a helper of '{entry}': it says nothing"
        return Unsupported(given.node, message, f"a domain is that of arguments of '{entry}'")

    def program(self, entry: str, ranges: Mapping[str, tuple[float, float]]) -> Program:
        """The program with this entry. Raises ProgramError with all of its faults, and UsageError for a bad range."""
        self._fits(entry)
        found = self.diagnostics(entry)
        if found:
            raise ProgramError(found[:MAX_DIAGNOSTICS])
        signature = with_ranges(self._signature(entry), ranges)
        return Program(
            path=self._source.name,
            source=self._source.text,
            entry=entry,
            arguments=signature.arguments,
            results=signature.results,
            unit=self._trimmed(entry),
            parameters=signature.parameters,
            returned=signature.returned,
            restored=tuple(self._subset.mutable(entry)),
            wraps=self._source.flags.wraps or self._pragmas.wraps,
        )


def _is_long_double(node: c_ast.Node) -> bool:
    if isinstance(node, c_ast.Constant):
        return bool(node.type == "long double")
    return isinstance(node, c_ast.IdentifierType) and {"long", "double"} <= {*node.names}


def _is_of_an_argument(given: Range, signature: Signature) -> bool:
    """Whether a range names an argument, or an array or struct that arguments are of."""
    names = (a.name for a in signature.arguments)
    return any(n == given.name or n.startswith((f"{given.name}.", f"{given.name}[")) for n in names)
