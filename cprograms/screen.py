"""What objects show of themselves in an interactive session: a screen at most."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

COLUMNS, LINES = 100, 12


def on_screen(paragraphs: Sequence[str]) -> str:
    """A title and what belongs to it, indented; wrapped, and cut where it is too long."""
    lines: list[str] = []
    for i, paragraph in enumerate(paragraphs):
        indent = "  " if i else ""
        lines += textwrap.wrap(paragraph, COLUMNS, initial_indent=indent, subsequent_indent=f"{indent}    ")
    if len(lines) > LINES:
        lines = [*lines[: LINES - 1], "  …"]
    return "\n".join(lines)
