"""Diagnostics in the form of a C compiler's, and the two errors that users meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from difflib import get_close_matches

from cprograms.columns import display_column, quoted

LONGEST_LINE = 500
"""Characters of a source line beyond which JSON does without it."""


@dataclass(frozen=True)
class Diagnostic:
    """One fault at one place. `line` and `column` count from 1; 0 means that the place is the whole file, or line.

    `column` counts characters of `source_line`. What is printed counts columns of a terminal, as gcc does.
    """

    message: str
    file: str
    line: int = 0
    column: int = 0
    source_line: str = ""
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        return "\n".join([f"{self.place}: {self.severity}: {self.message}", *self.quoted(), *self.hints()])

    @property
    def place(self) -> str:
        """`file:line:column`, as far as they are known."""
        column = display_column(self.source_line, self.column) if self.column else 0
        return ":".join([self.file, *(str(n) for n in (self.line, column) if n)])

    def quoted(self, most: int | None = None) -> list[str]:
        """The source line and its caret, two spaces before each, in at most so many columns; [] without a line."""
        if not self.source_line.strip():
            return []
        return [f"  {line}" for line in quoted(self.source_line, self.column, None if most is None else most - 2)]

    def hints(self) -> list[str]:
        return [f"  hint: {self.hint}"] if self.hint else []

    def as_dict(self) -> dict[str, str | int]:
        """For JSON."""
        line = self.source_line if len(self.source_line) <= LONGEST_LINE else ""
        return asdict(self) | {"source_line": line}


class ProgramError(Exception):
    """The program was rejected; `diagnostics` names every fault that was found. Exit code 1."""

    def __init__(self, diagnostics: Iterable[Diagnostic]):
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class UsageError(Exception):
    """What was asked for makes no sense (unknown argument, empty range, missing file). Exit code 2."""


def nearest(wanted: str, names: Iterable[str]) -> str | None:
    """Which of the names is close to what was asked for but missing, if any."""
    by_folded = {name.casefold(): name for name in names}
    close = get_close_matches(wanted.casefold(), by_folded, n=1)
    return by_folded[close[0]] if close and by_folded[close[0]] != wanted else None


def did_you_mean(wanted: str, names: Iterable[str]) -> str:
    """The guess "did you mean 'NAME'? " where one of the names is close to what was asked for, or ""."""
    found = nearest(wanted, names)
    return "" if found is None else f"did you mean '{found}'? "
