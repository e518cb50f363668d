"""A C file of which one function is wanted: what is found out about each, the choice of the entry, the diagnostics."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

from pycparser import c_ast

from cprograms import options
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError, did_you_mean
from cprograms.frontend.parse import Chunk, Unit
from cprograms.frontend.places import Places
from cprograms.frontend.pragmas import Pragmas, read_pragmas
from cprograms.frontend.preprocess import Preprocessed, preprocess
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.source import Source, escape

MAX_DIAGNOSTICS = 50
MAX_CANDIDATES = 2000
"""Functions, from the end of the file, that are looked at for one that is eligible."""


class File(ABC):
    """A preprocessed C file, and what is found out about its functions. What makes one eligible, a subclass says."""

    ELIGIBLE: ClassVar[str]
    """What an eligible function is: "numeric"."""
    NEEDS: ClassVar[str]
    """A hint that says what an eligible function takes and returns."""

    def __init__(
        self,
        source: Source,
        include_dirs: Sequence[str] = (),
        defines: Sequence[str] = (),
        expanded: Preprocessed | None = None,
    ):
        """`expanded` is the preprocessed text where that is known."""
        self._source = source
        expanded = expanded or preprocess(source, include_dirs, defines)
        self._errors = expanded.errors
        self._unit = Unit(expanded.text)
        self._expanded: Preprocessed = expanded
        self._scope = FileScope(self._unit)
        self.functions: dict[str, Chunk] = {n: c for n, c in self._unit.functions.items() if not c.included}

    @abstractmethod
    def faults(self, name: str) -> list[Unsupported]:
        """Why a function, as an entry, and what it needs are not eligible."""

    @abstractmethod
    def needs(self, name: str) -> Iterable[str]:
        """The names at file scope that a function, or a constant, uses itself."""

    @abstractmethod
    def needed(self, name: str) -> dict[str, Entity | None]:
        """What a function needs of the file, itself included; None for a function of the C library."""

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
            if options.text("entry", wanted) not in self._unit.functions:
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
        in_functions = {e for chunk in self._unit.chunks if chunk.function for e in self._errors_in(chunk)}
        if in_functions != set(self._errors):
            raise ProgramError(self._errors[:MAX_DIAGNOSTICS])
        if not names:
            raise ProgramError([Diagnostic("this file defines no function", self._source.name, hint=self.NEEDS)])
        return self._last_eligible(names)

    def unused_pragmas(self, entry: str) -> list[Unsupported]:
        """The pragmas that say nothing of the entry, though they may be meant to."""
        found = list(self._pragmas.misspelt)
        named, node = self._pragmas.entry, self._pragmas.entry_node
        if named is not None and node is not None and named not in self._unit.functions:
            message = f"the file defines no function '{named}'"
            found.append(Unsupported(node, message, _choices(named, list(self.functions))))
        return found

    def warnings(self, entry: str) -> tuple[Diagnostic, ...]:
        """The same as diagnostics."""
        found = self._places.diagnostics(self.unused_pragmas(entry))
        return tuple(replace(d, severity="warning") for d in found[:MAX_DIAGNOSTICS])

    def users(self, entry: str, wanted: str | None) -> tuple[str, ...]:
        """The functions that need an entry which was not named, perhaps those that were meant."""
        if wanted is not None or self._pragmas.entry is not None:
            return ()
        users: dict[str, list[str]] = {}
        found = set(self.functions)
        stack = list(self.functions)
        while stack:
            name = stack.pop()
            for other in self.needs(name):
                users.setdefault(other, []).append(name)
                if other not in found:
                    found.add(other)
                    stack.append(other)
        using, stack = {entry}, [entry]
        while stack:
            fresh = [name for name in users.get(stack.pop(), []) if name not in using]
            using.update(fresh)
            stack += fresh
        return tuple(name for name in self.functions if name in using and name not in (entry, "main"))

    def _last_eligible(self, names: list[str]) -> str:
        broken = {name for name, chunk in self.functions.items() if self._errors_in(chunk)}
        faults: dict[str, int] = {}
        for name in reversed(names[-MAX_CANDIDATES:]):
            if name in broken:
                raise ProgramError(self._errors[:MAX_DIAGNOSTICS])  # perhaps the one that was meant
            faults[name] = len(self.faults(name)) + len(self._errors_of(name))
            if not faults[name]:
                return name
        nearest = min(faults, key=faults.__getitem__)
        best = self.diagnostics(nearest)
        if len(names) > 1:
            message = f"none of the {len(names)} functions is {self.ELIGIBLE}; the nearest is '{nearest}'"
            best = [Diagnostic(message, self._source.name, hint=self.NEEDS), *best]
        raise ProgramError(best[:MAX_DIAGNOSTICS])

    def _errors_in(self, chunk: Chunk) -> list[Diagnostic]:
        return [e for e in self._errors if chunk.covers(escape(e.file), e.line)]

    def _errors_of(self, name: str) -> list[Diagnostic]:
        """What the compiler says of a function and of what it needs."""
        if not self._errors:
            return []
        needed = [entity.chunk for entity in self.needed(name).values() if entity is not None]
        return list(dict.fromkeys(e for chunk in needed for e in self._errors_in(chunk)))

    def diagnostics(self, name: str) -> list[Diagnostic]:
        """The faults of a function, as an entry, and of what it needs: all of them, or the first few hundred."""
        errors = self._errors_of(name)
        # What the compiler rejects is told in its words alone: the parser stumbles over the same thing.
        told = {(e.file, e.line) for e in errors}
        found = self._places.diagnostics(self.faults(name)[: 4 * MAX_DIAGNOSTICS])
        return [*errors, *(d for d in found if (d.file, d.line) not in told)]


def _choices(wanted: str, names: list[str]) -> str:
    if not names:
        return "it defines no function at all"
    return f"{did_you_mean(wanted, names)}it defines {', '.join(names)}"
