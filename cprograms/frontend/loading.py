"""Reading a C file: preprocess, cut, check, trim, describe."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

from pycparser import c_ast

from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.frontend.file import MAX_DIAGNOSTICS, File
from cprograms.frontend.pragmas import Range
from cprograms.frontend.preprocess import Preprocessed, confined
from cprograms.frontend.scope import Entity
from cprograms.frontend.signature import Signature, signature_of, with_pragmas, with_ranges
from cprograms.frontend.source import Source, read
from cprograms.frontend.subset import Subset
from cprograms.frontend.trim import trim
from cprograms.program import Program

_BEFORE = "put it before the function that has this argument"


def load(
    path: str | os.PathLike[str] | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
    self_contained: bool = False,
    sandboxed_includes: bool = False,
    limit: float | None = None,
) -> Program:
    """Read a numeric C program from `path` ("-" is standard input) or from `source`.

    The entry is `entry`, else the one that a pragma names, else the last function of the file that is numeric (but none
    before a function that does not compile: that may be the one meant). Functions that the entry does not need may be
    anything. `ranges` gives low and high by argument name (or by a result's name) and overrides the pragmas. `defines`
    are `NAME` or `NAME=value`.

    A program that is not trusted may be kept from reading other files: where it is to be `self_contained` it includes
    nothing, with `sandboxed_includes` nothing but the C library's headers and what lies in the file's folder (none, for
    a text) and in `include_dirs`, once symbolic links are followed. `limit` is the processor time in seconds that it
    may take, 20 by default, its lowering included where both run within `cprograms.budget.shared`.

    Raises ProgramError with every fault of the entry and of what it needs, or where the program takes too much time or
    memory; and UsageError for a file that cannot be read, an unknown entry or argument, or a range or limit that makes
    no sense.
    """
    text = confined(read(path, source), include_dirs, self_contained, sandboxed_includes)
    with spending(text.name, limit):
        file = NumericFile(text, include_dirs, defines)
        chosen = file.entry(entry)
        program = file.program(chosen, ranges or {})
        return replace(program, users=file.users(chosen, entry), warnings=file.warnings(chosen))


def load_expanded(text: str) -> Program:
    """As `load(source=text)`, for text that a program was printed as: the compiler is not asked, as all is expanded."""
    source = read(None, text)
    with spending(source.name):
        file = NumericFile(source, expanded=Preprocessed(f'# 1 "{source.name}"\n{text}', ()))
        return file.program(file.entry(None), {})


def function_names(
    path: str,
    *,
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
    sandboxed_includes: bool = False,
    limit: float | None = None,
) -> tuple[str, ...]:
    """The functions that a file defines itself; raises as `load` does where it cannot be read."""
    text = confined(read(path, None), include_dirs, False, sandboxed_includes)
    with spending(text.name, limit):
        return tuple(NumericFile(text, include_dirs, defines).functions)


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
    path: str | os.PathLike[str] | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
    self_contained: bool = False,
    sandboxed_includes: bool = False,
    limit: float | None = None,
) -> Description:
    """What `load` finds, and what it says of every function of the file.

    Raises UsageError as `load` does, and ProgramError only where the file cannot be preprocessed, or takes too much
    time or memory.
    """
    text = confined(read(path, source), include_dirs, self_contained, sandboxed_includes)
    with spending(text.name, limit):
        file = NumericFile(text, include_dirs, defines)
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
    NEEDS = "a numeric function takes 1 to 16 numbers and returns a number or a struct of at most 4"

    def __init__(
        self,
        source: Source,
        include_dirs: Sequence[str] = (),
        defines: Sequence[str] = (),
        expanded: Preprocessed | None = None,
    ):
        super().__init__(source, include_dirs, defines, expanded)
        self._subset = Subset(self._scope)

    def needs(self, name: str) -> Iterable[str]:
        return self._subset.check(name).needs

    def needed(self, name: str) -> dict[str, Entity | None]:
        return self._subset.needed(name)

    def faults(self, name: str) -> list[Unsupported]:
        return [*self._signature(name).faults, *self._subset.faults(name)]

    def _signature(self, name: str) -> Signature:
        return with_pragmas(self._plain_signature(name), (r for r in self._pragmas.ranges if self._owner(r) == name))

    def _plain_signature(self, name: str) -> Signature:
        entity = self._scope.lookup(name)
        if entity is None or entity.kind == "broken":
            return Signature((), (), ())  # told by the subset check
        if not isinstance(entity.node, c_ast.FuncDef):
            at = c_ast.EmptyStatement(coord=entity.chunk.coord)
            return Signature((), (), (Unsupported(at, f"'{name}' is declared as something else than a function"),))
        return signature_of(entity.node, self._scope.declarations_of(entity.chunk))

    def _owner(self, given: Range) -> str | None:
        """The next function that has an argument or a result of the range's name; where none has, the next function."""
        names = [c.function for c in self._unit.chunks if c.function and c.start > given.offset]
        having = (n for n in names if given.name in self._plain_signature(n).names)
        return next(having, names[0] if names else None)

    def unused_pragmas(self, entry: str) -> list[Unsupported]:
        found = (self._unused(given, entry) for given in self._pragmas.ranges)
        return [*super().unused_pragmas(entry), *(fault for fault in found if fault is not None)]

    def _unused(self, given: Range, entry: str) -> Unsupported | None:
        """Why a range says nothing of the entry, where it is not plainly about another function that stands alone."""
        owner = self._owner(given)
        if owner is None:
            return Unsupported(given.node, "this range binds to nothing: no function follows it", _BEFORE)
        if owner == entry:
            return None
        names = self._plain_signature(owner).names
        if given.name not in names:
            close = get_close_matches(given.name, names, n=1)
            guess = f"did you mean '{close[0]}'? " if close else ""
            message = f"this range binds to nothing: '{owner}' has no argument '{given.name}'"
            return Unsupported(given.node, message, guess + _BEFORE)
        meant = next((a for a in self._signature(entry).arguments if a.name == given.name), None)
        helper = owner in self._subset.needed(entry)
        if not (helper if meant is None else meant.origin == "default"):
            return None
        which = f"a helper of '{entry}'" if helper else f"which is not the entry, '{entry}'"
        hint = f"put it between '{owner}' and '{entry}'" if meant else f"a domain is that of arguments of '{entry}'"
        return Unsupported(given.node, f"this range binds to '{owner}', {which}: it says nothing", hint)

    def program(self, entry: str, ranges: Mapping[str, tuple[float, float]]) -> Program:
        """The program with this entry. Raises ProgramError with all of its faults, and UsageError for a bad range."""
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
            unit=trim(self._unit, entry, self._subset.needed(entry)),
        )
