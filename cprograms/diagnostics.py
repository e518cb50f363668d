"""Diagnostics in the form of a C compiler's, and the two errors that users meet."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Diagnostic:
    """One fault at one place. `line` and `column` count from 1; 0 means that the place is the whole file."""

    message: str
    file: str
    line: int = 0
    column: int = 0
    source_line: str = ""
    hint: str = ""
    severity: str = "error"

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])
        lines = [f"{place}: {self.severity}: {self.message}"]
        if self.source_line:
            # Tabs before the caret are kept, so that it lines up whatever the tab width.
            indent = "".join(c if c == "\t" else " " for c in self.source_line[: max(self.column - 1, 0)])
            lines += [f"  {self.source_line}", f"  {indent}^"]
        if self.hint:
            lines.append(f"  hint: {self.hint}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, str | int]:
        return asdict(self)


class ProgramError(Exception):
    """The program was rejected; `diagnostics` names every fault that was found. Exit code 1."""

    def __init__(self, diagnostics: Iterable[Diagnostic]):
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(str(d) for d in self.diagnostics))


class UsageError(Exception):
    """What was asked for makes no sense (unknown argument, empty range, missing file). Exit code 2."""
