"""A C file of which one function is wanted: what is found out about each, the choice of the entry, the diagnostics."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from typing import ClassVar

from pycparser import c_ast

from cprograms import options
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError, did_you_mean
from cprograms.frontend import cplusplus
from cprograms.frontend.linking import conflicts, linked, mismatches
from cprograms.frontend.missing import Missing, explained, passed_over
from cprograms.frontend.occurrences import named_in
from cprograms.frontend.parse import Chunk
from cprograms.frontend.places import Places
from cprograms.frontend.pragmas import Pragmas, read_pragmas
from cprograms.frontend.preprocess import Preprocessed, preprocess
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.source import Source, escape

MAX_DIAGNOSTICS = 50
MAX_CANDIDATES = 2000
"""Functions, from the end of the file, that are looked at for one that is eligible."""
MAX_NAMED = 8
"""Functions that a hint names."""
_NAMED = re.compile(r"'\w+'")
_DEFINITION = r"^\w[\w \t*]*\b({})\s*\([^;{{}}]*\)[^;{{}}()]*\{{"


class File(ABC):
    """A preprocessed C file, and what is found out about its functions. What makes one eligible, a subclass says."""

    ELIGIBLE: ClassVar[str]
    """What an eligible function is: "numeric"."""
    NEEDS: ClassVar[str]
    """A hint that says what an eligible function takes and returns."""

    def __init__(self, *sources: Source, expanded: Preprocessed | None = None):
        """A function of the first is wanted. `expanded` is the preprocessed text where that is known.

        Raises ProgramError where the files do not fit together.
        """
        self._sources, self._source = sources, sources[0]
        self._expanded = [expanded] if expanded is not None else [preprocess(source) for source in sources]
        self._errors = tuple(error for one in self._expanded for error in one.errors)
        self._unit = linked([one.text for one in self._expanded], [source.name for source in sources])
        if found := conflicts(self._unit):
            raise ProgramError(self._places.diagnostics(found)[:MAX_DIAGNOSTICS])
        self._scope = FileScope(self._unit)
        self.functions: dict[str, Chunk] = self._unit.own_functions

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
        return Places(self._sources, "\n".join(one.text for one in self._expanded))

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
                    raise self._refusal()  # a missing brace hides what follows it
                names = [*names, *(n for n, c in self._unit.functions.items() if not c.included and n not in names)]
                instead = self._left_out(wanted) or _choices(wanted, names)
                raise UsageError(f"{self._source.name} defines no function '{wanted}'; {instead}")
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
        if in_functions != set(self._errors) and not self._missing:
            raise self._refusal()
        if not names:
            raise ProgramError([Diagnostic("this file defines no function", self._source.name, hint=self.NEEDS)])
        return self._chosen(names)

    def _left_out(self, wanted: str) -> str:
        """Where a function is defined that the preprocessor leaves out; nothing where there is none."""
        for source in self._sources:
            if found := re.search(_DEFINITION.format(re.escape(wanted)), source.text, re.MULTILINE):
                line = source.text.count("\n", 0, found.start(1)) + 1
                return f"that of {source.name}:{line} is left out by an #if: -D NAME defines what it asks for"
        return ""

    def notes(self, entry: str) -> list[Unsupported]:
        """What the user should know of the program with this entry: the pragmas that say nothing of it, though they may
        be meant to.
        """
        found = list(self._pragmas.misspelt)
        named, node = self._pragmas.entry, self._pragmas.entry_node
        if named is not None and node is not None and named not in self._unit.functions:
            message = f"the file defines no function '{named}'"
            found.append(Unsupported(node, message, _choices(named, list(self.functions))))
        return found

    def warnings(self, entry: str) -> tuple[Diagnostic, ...]:
        """The notes as diagnostics, and the includes that were passed over."""
        found = self._places.diagnostics(self.notes(entry))
        notes = (replace(d, severity="warning") for d in found[:MAX_DIAGNOSTICS])
        files = zip(self._sources, self._expanded, strict=True)
        return (*(w for source, one in files for w in passed_over(source, one.missing, one.errors)), *notes)

    def _users(self, names: Iterable[str]) -> dict[str, list[str]]:
        """What needs a function or an object, of these functions and objects and of all that they need."""
        users: dict[str, list[str]] = {}
        found = set(names)
        stack = list(found)
        while stack:
            name = stack.pop()
            for other in self._names_used(name):
                users.setdefault(other, []).append(name)
                if other not in found:
                    found.add(other)
                    stack.append(other)
        return users

    def _names_used(self, name: str) -> Iterable[str]:
        """What a function or an object needs; all that it names of the file's functions, where it does not parse."""
        entity = self._scope.lookup(name)
        if entity is not None and entity.kind == "broken":
            return (entity.chunk.names & self.functions.keys()) - {name}
        return self.needs(name)

    def _chosen(self, names: list[str]) -> str:
        """The entry that nobody named: the function that nothing else of the file uses; of several the last one that is
        not static. Raises ProgramError where that is not eligible.
        """
        candidates = [name for name in names if name != "main"] or names
        users = self._users([*candidates, *self._tables()])
        free = [name for name in candidates if not set(users.get(name, ())) - {name}] or candidates
        chosen = next((name for name in reversed(free) if not _is_static(self.functions[name])), free[-1])
        if found := self.diagnostics(chosen):
            others = [
                n for n in names[-MAX_CANDIDATES:] if n != chosen and not self.faults(n) and not self._errors_of(n)
            ]
            raise ProgramError([*self._instead(chosen, free, others), *found][:MAX_DIAGNOSTICS])
        return chosen

    def _tables(self) -> list[str]:
        """The file's objects that name functions."""
        chunks = [c for c in self._unit.chunks if not (c.function or c.included or c.is_typedef)]
        names = [name for c in chunks if c.names & self.functions.keys() for name in sorted(c.declares)]
        return [n for n in names if (entity := self._scope.lookup(n)) is not None and entity.kind == "object"]

    def _instead(self, chosen: str, free: list[str], others: list[str]) -> list[Diagnostic]:
        """Says which function was taken for the entry, and which others are eligible; nothing where it was plain."""
        if not others and free == [chosen]:
            return []
        hint = self.NEEDS
        if others:
            named = ", ".join(others[:MAX_NAMED]) + (" …" if len(others) > MAX_NAMED else "")
            hint = f"--entry names another one: {named}"
        message = f"'{chosen}' is taken for the entry, and it is not {self.ELIGIBLE}"
        return [Diagnostic(message, self._source.name, hint=hint)]

    @cached_property
    def _missing(self) -> list[Missing]:
        return [header for one in self._expanded for header in one.missing]

    def _refusal(self) -> ProgramError:
        """All that the compiler says."""
        return ProgramError(self._told(self._errors)[:MAX_DIAGNOSTICS])

    def _told(self, errors: Sequence[Diagnostic]) -> list[Diagnostic]:
        """What the compiler says, in words that help: of includes that are missing, of C++."""
        for source, one in zip(self._sources, self._expanded, strict=True):
            own = [error for error in errors if error in one.errors]
            if foreign := cplusplus.verdict(source.name, own, [header.name for header in one.missing]):
                return [foreign]
        return explained(errors, self._missing, self._kept_out) if errors and self._missing else list(errors)

    @cached_property
    def _kept_out(self) -> dict[str, list[Diagnostic]]:
        """What the compiler says of each function."""
        return {name: self._errors_in(chunk) for name, chunk in self.functions.items()}

    def _errors_in(self, chunk: Chunk) -> list[Diagnostic]:
        return [e for e in self._errors if chunk.covers(escape(e.file), e.line)]

    def _errors_of(self, name: str) -> list[Diagnostic]:
        """What the compiler says of a function and of what it needs."""
        if not self._errors:
            return []
        needed = [entity.chunk for entity in self.needed(name).values() if entity is not None]
        if self._missing:  # else an error outside of functions ends it before
            needed = self._with_types(needed)
        return _once(e for chunk in dict.fromkeys(needed) for e in self._errors_in(chunk))

    def _with_types(self, chunks: Iterable[Chunk]) -> list[Chunk]:
        """Declarations, and those of the types and enum constants that they name."""
        found: dict[int, Chunk] = {}
        stack = list(chunks)
        while stack:
            chunk = stack.pop()
            if chunk.index in found:
                continue
            found[chunk.index] = chunk
            for space, name in named_in(self._unit, chunk):
                named = self._unit.tagged(name) if space == "tag" else self._unit.named(name)
                stack += [c for c in named if space == "tag" or c.is_typedef or name in c.enumerators]
        return list(found.values())

    def diagnostics(self, name: str) -> list[Diagnostic]:
        """The faults of a function, as an entry, and of what it needs: all of them, or the first few hundred."""
        errors = self._errors_of(name)
        told = self._told(errors)
        if any(error.message == cplusplus.NOT_READ for error in told):
            return told
        # What the compiler rejects is told in its words alone: the parser stumbles over the same thing.
        places = {(e.file, e.line) for e in errors}
        faults = [*mismatches(self._scope, self.needed(name)), *self.faults(name)]
        found = self._places.diagnostics(faults[: 4 * MAX_DIAGNOSTICS])
        return [*told, *(d for d in found if (d.file, d.line) not in places)]


def _once(errors: Iterable[Diagnostic]) -> list[Diagnostic]:
    """What is told of a thing by its name is told once."""
    found: dict[object, Diagnostic] = {}
    for error in errors:
        found.setdefault(error.message if _NAMED.search(error.message) else error, error)
    return list(found.values())


def _is_static(chunk: Chunk) -> bool:
    return "static" in chunk.text.partition("(")[0].split()


def _choices(wanted: str, names: list[str]) -> str:
    if not names:
        return "it defines no function at all"
    return f"{did_you_mean(wanted, names)}it defines {', '.join(names)}"
