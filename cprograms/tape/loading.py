"""Reading a tape program: preprocess, choose the entry, check, and give its tree."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Unpack

from pycparser import c_ast

from cprograms.budget import spending
from cprograms.declarations import Unsupported
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.frontend.file import MAX_CANDIDATES, MAX_DIAGNOSTICS, File
from cprograms.frontend.flags import Reading
from cprograms.frontend.given import Paths, sources
from cprograms.frontend.preprocess import Preprocessed
from cprograms.frontend.scope import Entity
from cprograms.frontend.source import Source, read
from cprograms.tape.program import TapeProgram
from cprograms.tape.subset import NEEDS, TapeSubset

# The compiler does not know the two functions that need no definition.
_MIN_OR_MAX = re.compile(r"call to undeclared function '(min|max)'.*")


def load_tape(
    path: Paths | None = None,
    *,
    source: str | bytes | None = None,
    entry: str | None = None,
    self_contained: bool = False,
    bits: bool = False,
    recursion: bool = False,
    limit: float | None = None,
    **reading: Unpack[Reading],
) -> TapeProgram:
    """Read a tape program, `void f(int *mem)`, from `path` ("-" is standard input) or from `source`.

    The entry is `entry`, else the one that a pragma names, else the last function of the file that takes the tape
    alone. Functions that the entry does not need may be anything. `bits` allows the operators & | ^ << and >>, and
    `recursion` functions that call themselves, which only interpreters execute.

    Several files, and the last three, are as in `cprograms.load`.

    Raises ProgramError with every fault of the entry and of what it needs, or where the program takes too much time or
    memory; and UsageError for a file that cannot be read, an unknown entry or a limit that makes no sense.
    """
    given = sources(path, source, self_contained, **reading)
    with spending(given[0].name, limit):
        file = TapeFile(*given, bits=bits, recursion=recursion)
        return file.program(file.entry(entry))


def load_expanded_tape(text: str, entry: str | None = None, bits: bool = False) -> TapeProgram:
    """As `load_tape(source=text)`, for text that a program was printed as: the compiler is not asked."""
    source = read(None, text)
    with spending(source.name):
        file = TapeFile(source, expanded=Preprocessed(f'# 1 "{source.name}"\n{text}'), bits=bits)
        return file.program(file.entry(entry))


class TapeFile(File):
    """A C file of which one function is to be a tape program."""

    ELIGIBLE = "a tape program"
    NEEDS = NEEDS

    def __init__(
        self, *sources: Source, expanded: Preprocessed | None = None, bits: bool = False, recursion: bool = False
    ):
        super().__init__(*sources, expanded=expanded)
        self._errors = tuple(e for e in self._errors if not _MIN_OR_MAX.fullmatch(e.message))
        self._subset = TapeSubset(self._scope, bits, recursion)

    def needs(self, name: str) -> Iterable[str]:
        return self._subset.check(name).needs

    def needed(self, name: str) -> dict[str, Entity | None]:
        return self._subset.needed(name)

    def faults(self, name: str) -> list[Unsupported]:
        return self._subset.faults(name)

    def _chosen(self, names: list[str]) -> str:
        """The last function that takes the tape alone: where its body is at fault, a helper was not meant instead."""
        for name in reversed(names[-MAX_CANDIDATES:]):
            if self._subset.takes_tape(name):
                return name
            if self._errors_in(self.functions[name]):
                raise self._refusal()
        return super()._chosen(names)

    def program(self, entry: str) -> TapeProgram:
        """The program with this entry. Raises ProgramError with all of its faults."""
        found: list[Diagnostic] = self.diagnostics(entry)
        if found:
            raise ProgramError(found[:MAX_DIAGNOSTICS])
        definitions = [self._subset.check(name) for name in self.needed(entry)]
        functions = [d for d in definitions if d.function is not None]
        if entry not in [d.function.decl.name for d in definitions if d.function is not None]:
            message = f"'{entry}' is declared as something else, too"
            raise ProgramError(
                [self._places.diagnostic(Unsupported(c_ast.EmptyStatement(self.functions[entry].coord), message))]
            )
        # The entry's own arrays lie outermost.
        offsets: dict[c_ast.Decl, int] = {}
        cells = 0
        for array in [a for d in reversed(functions) for a in d.arrays]:
            cells += int(array.type.dim.value)
            offsets[array] = cells
        unit = c_ast.FileAST([d.function for d in functions])
        return TapeProgram(self._source.name, self._source.text, entry, unit, offsets, self._places)
