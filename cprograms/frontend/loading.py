"""Reading a C file: preprocess, cut, check, trim, describe."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.places import Places
from cprograms.frontend.pragmas import Pragmas, Range, read_pragmas
from cprograms.frontend.preprocess import Preprocessed, preprocess
from cprograms.frontend.scope import FileScope
from cprograms.frontend.signature import Signature, signature_of, with_pragmas, with_ranges
from cprograms.frontend.source import Source, escape, read
from cprograms.frontend.subset import Subset
from cprograms.frontend.trim import trim
from cprograms.program import Program

MAX_DIAGNOSTICS = 50
MAX_CANDIDATES = 2000
"""Functions, from the end of the file, that are looked at for one that is numeric."""
_NEEDS = "a numeric function takes 1 to 16 numbers and returns a number or a struct of at most 4"


def load(
    path: str | os.PathLike[str] | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
) -> Program:
    """Read a numeric C program from `path` ("-" is standard input) or from `source`.

    The entry is `entry`, else the one that a pragma names, else the last function of the file that is numeric (but none
    before a function that does not compile: that may be the one meant). Functions that the entry does not need may be
    anything. `ranges` gives low and high by argument name (or by a result's name) and overrides the pragmas. `defines`
    are `NAME` or `NAME=value`.

    Raises ProgramError with every fault of the entry and of what it needs, and UsageError for a file that cannot be
    read, an unknown entry or argument, or a range that makes no sense.
    """
    file = File(read(path, source), include_dirs, defines)
    return file.program(file.entry(entry), ranges or {})


@dataclass(frozen=True)
class Candidate:
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
    candidates: tuple[Candidate, ...]


def describe(
    path: str | os.PathLike[str] | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
) -> Description:
    """What `load` finds, and what it says of every function of the file.

    Raises UsageError as `load` does, and ProgramError only where the file cannot be preprocessed.
    """
    file = File(read(path, source), include_dirs, defines)
    candidates = tuple(
        Candidate(name, chunk.coord.line, tuple(file.diagnostics(name))) for name, chunk in file.functions.items()
    )
    try:
        return Description(file.program(file.entry(entry), ranges or {}), (), candidates)
    except ProgramError as error:
        return Description(None, error.diagnostics, candidates)


class File:
    """A preprocessed C file, and what is found out about its functions."""

    def __init__(self, source: Source, include_dirs: Sequence[str] = (), defines: Sequence[str] = ()):
        self._source = source
        expanded = preprocess(source, include_dirs, defines)
        self._errors = expanded.errors
        self._unit = Unit(expanded.text)
        self._expanded: Preprocessed = expanded
        self._scope = FileScope(self._unit)
        self._subset = Subset(self._scope)
        self.functions: dict[str, Chunk] = {n: c for n, c in self._unit.functions.items() if not c.included}

    @cached_property
    def _places(self) -> Places:
        return Places(self._source, self._expanded.text)

    @cached_property
    def _pragmas(self) -> Pragmas:
        return read_pragmas(self._unit)

    def entry(self, wanted: str | None) -> str:
        """The entry's name. Raises UsageError where `wanted` is none, ProgramError where there is none to choose."""
        if self._pragmas.faults:
            raise ProgramError(self._places.diagnostics(self._pragmas.faults))
        names = list(self.functions)
        if wanted is not None:
            if wanted not in self._unit.functions:
                if self._errors:
                    raise ProgramError(self._errors[:MAX_DIAGNOSTICS])  # a missing brace hides what follows it
                raise UsageError(f"{self._source.name} defines no function '{wanted}'; {_choices(wanted, names)}")
            return wanted
        if self._pragmas.entry is not None:
            if self._pragmas.entry not in self._unit.functions:
                message = f"the file defines no function '{self._pragmas.entry}'"
                node = self._pragmas.entry_node or c_ast.EmptyStatement()
                raise ProgramError(
                    [self._places.diagnostic(Unsupported(node, message, _choices(self._pragmas.entry, names)))]
                )
            return self._pragmas.entry
        return self._last_eligible(names)

    def _last_eligible(self, names: list[str]) -> str:
        broken = {name for name, chunk in self.functions.items() if self._errors_in(chunk)}
        in_functions = {e for chunk in self._unit.chunks if chunk.function for e in self._errors_in(chunk)}
        if in_functions != set(self._errors):
            raise ProgramError(self._errors[:MAX_DIAGNOSTICS])
        if not names:
            raise ProgramError([Diagnostic("this file defines no function", self._source.name, hint=_NEEDS)])
        faults: dict[str, int] = {}
        for name in reversed(names[-MAX_CANDIDATES:]):
            if name in broken:
                raise ProgramError(self._errors[:MAX_DIAGNOSTICS])  # perhaps the one that was meant
            faults[name] = len(self._faults(name)) + len(self._errors_of(name))
            if not faults[name]:
                return name
        nearest = min(faults, key=faults.__getitem__)
        best = self.diagnostics(nearest)
        if len(names) > 1:
            message = f"none of the {len(names)} functions is numeric; the nearest is '{nearest}'"
            best = [Diagnostic(message, self._source.name, hint=_NEEDS), *best]
        raise ProgramError(best[:MAX_DIAGNOSTICS])

    def _errors_in(self, chunk: Chunk) -> list[Diagnostic]:
        return [e for e in self._errors if chunk.covers(escape(e.file), e.line)]

    def _errors_of(self, name: str) -> list[Diagnostic]:
        """What the compiler says of a function and of what it needs."""
        if not self._errors:
            return []
        needed = [entity.chunk for entity in self._subset.needed(name).values() if entity is not None]
        return list(dict.fromkeys(e for chunk in needed for e in self._errors_in(chunk)))

    def _faults(self, name: str) -> list[Unsupported]:
        """Where a function, as an entry, and what it needs leave the numeric subset."""
        return [*self._signature(name).faults, *self._subset.faults(name)]

    def diagnostics(self, name: str) -> list[Diagnostic]:
        """The faults of a function, as an entry, and of what it needs: all of them, or the first few hundred."""
        errors = self._errors_of(name)
        # What the compiler rejects is told in its words alone: the parser stumbles over the same thing.
        told = {(e.file, e.line) for e in errors}
        found = self._places.diagnostics(self._faults(name)[: 4 * MAX_DIAGNOSTICS])
        return [*errors, *(d for d in found if (d.file, d.line) not in told)]

    def _signature(self, name: str) -> Signature:
        return with_pragmas(self._plain_signature(name), (r for r in self._pragmas.ranges if self._owner(r) == name))

    def _plain_signature(self, name: str) -> Signature:
        entity = self._scope.lookup(name)
        if entity is None or not isinstance(entity.node, c_ast.FuncDef):
            return Signature((), (), ())
        return signature_of(entity.node, self._scope.declarations_of(entity.chunk))

    def _owner(self, given: Range) -> str | None:
        """The next function that has an argument or a result of the range's name; where none has, the next function."""
        names = [c.function for c in self._unit.chunks if c.function and c.start > given.offset]
        having = (n for n in names if given.name in self._plain_signature(n).names)
        return next(having, names[0] if names else None)

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


def _choices(wanted: str, names: list[str]) -> str:
    if not names:
        return "it defines no function at all"
    close = get_close_matches(wanted, names, n=1)
    return (f"did you mean '{close[0]}'? " if close else "") + f"it defines {', '.join(names)}"
