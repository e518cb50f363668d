"""Tables of reports, in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence


def table_lines(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: int = 0) -> Iterator[str]:
    """A table line by line; so many last columns, the `numbers`, stand to the right."""
    yield _line(header)
    yield "|" + "---|" * (len(header) - numbers) + "--:|" * numbers
    yield from map(_line, rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
