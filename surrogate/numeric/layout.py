"""A measured error as lines for the terminal: the results, then a line for each other kind of figure."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

from cprograms.columns import width
from cprograms.program import Signature
from surrogate.numeric.check import Report
from surrogate.numeric.checking.errors import ResultError
from surrogate.numeric.words import (
    bars_lines,
    error_line,
    exact,
    fault_words,
    gradient_line,
    headline,
    percent,
    range_lines,
    region_line,
    short,
    speed_line,
    spread_line,
    worst_line,
)
from surrogate.terminal.console import columns, painted

MOST_RESULTS, WORST = 16, 8
"""Results that are reported one by one; of more, so many of the greatest error."""
FEW = 4
"""Lines that other figures of several results take; one where not all results are told."""
LABEL, INDENT = 10, 2
"""Columns of a label with the spaces after it, and of what is before it."""
NAME = 8
"""Columns that names have at least, on narrow terminals: there the figures of the lowest rank are left out."""
MARKS = {True: ("✓", "passed"), False: ("✗", "failed")}
"""What stands before a result, and its colour."""


class _Figure(NamedTuple):
    header: str
    text: Callable[[ResultError], str]
    rank: int


_FIGURES = (
    _Figure("nMSE", lambda r: short(r.nmse), 6),
    _Figure("R²", lambda r: f"{r.r2:.4f}" if abs(r.r2) < 10 else short(r.r2), 3),
    _Figure("median", lambda r: short(r.median), 2),
    _Figure("99 %", lambda r: short(r.p99), 4),
    _Figure("greatest", lambda r: short(r.max_error), 5),
    _Figure("relative", lambda r: "" if math.isnan(r.relative) else percent(r.relative), 1),
)


def report_lines(measured: Report, signature: Signature, max_nmse: float | None = None) -> list[str]:
    """A measured error: of each result, then where it is, what follows from it, and why rows were left out.

    With `max_nmse` each result is marked: whether its nMSE is at most that.
    """
    several, shown = len(measured.results) > 1, _shown(measured)
    names, first = [r.name for r in _worst_first(measured)], _first(measured, max_nmse)
    rounding = exact(measured.worst)
    regions = sorted(measured.regions, key=lambda r: names.index(r.result))
    bars = sorted(measured.bounds, key=lambda b: names.index(b.name))
    parts = [
        ("error", [first, *(_more(measured, shown, max_nmse) if several else _spread(shown[0]))]),
        ("worst", [worst_line(measured.worst_row, signature)] if measured.worst_row and not rounding else []),
        ("where", _few([region_line(r, several) for r in regions], measured)),
        ("range", _few(range_lines(measured), measured)),
        ("gradient", [gradient_line(measured.gradients, several)] if measured.gradients else []),
        ("bounds", _few(bars_lines(bars), measured)),
        ("speed", [speed_line(measured.speed)] if measured.speed else []),
        ("left out", [fault_words(measured)] if measured.faults else []),
    ]
    return [f"{'' if k else label:{LABEL}}{line}" for label, lines in parts for k, line in enumerate(lines)]


def _few(lines: list[str], measured: Report) -> list[str]:
    """The first lines, where there are more than can be read at a glance."""
    most = FEW if len(measured.results) <= MOST_RESULTS else 1
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], f"{lines[most - 1]} (and {len(lines) - most} more: --json)"]


def _first(measured: Report, max_nmse: float | None) -> str:
    """The error in a line; the mark of several results is in their table."""
    mark = f"{_mark(measured.results[0], max_nmse)} " if len(measured.results) == 1 and max_nmse is not None else ""
    trapped = f" ({measured.trapped:,} without finite results left out)" if measured.trapped else ""
    return f"{mark}{headline(measured)} on {measured.rows:,} fresh rows{trapped}"


def _spread(r: ResultError) -> list[str]:
    """How the error of the only result is distributed, where that is known and is more than rounding."""
    return [] if math.isnan(r.median) or exact(r) else [spread_line(r)]


def _shown(measured: Report) -> list[ResultError]:
    """All results in order, or of many the worst."""
    if len(measured.results) <= MOST_RESULTS:
        return list(measured.results)
    return _worst_first(measured)[:WORST]


def _worst_first(measured: Report) -> list[ResultError]:
    return sorted(measured.results, key=lambda r: r.rank, reverse=True)


def _more(measured: Report, shown: Sequence[ResultError], max_nmse: float | None) -> list[str]:
    """The table of several results, and what it does not say."""
    lines = table(shown, max_nmse, columns(sys.stdout))
    if (others := len(measured.results) - len(shown)) > 0:
        lines.append(f"and {others} others that err less")
    return [*lines, *(f"{r.name}: {error_line(r)}" for r in shown if r.says_nothing)]


def table(shown: Sequence[ResultError], max_nmse: float | None, most: int | None) -> list[str]:
    """A line a result under the figures' names, in at most so many columns of a terminal, the label's included."""
    figures = [f for f in _FIGURES if any(f.text(r) for r in shown)]
    marks = ["", *("" if max_nmse is None else f"{_mark(r, max_nmse)} " for r in shown)]
    room = None if most is None else most - INDENT - LABEL - (0 if max_nmse is None else 2)
    while room is not None and len(figures) > 1 and room - _width(figures, shown) < NAME:
        figures.remove(min(figures, key=lambda f: f.rank))
    name = max(width(r.name) for r in shown)
    name = name if room is None else max(NAME, min(name, room - _width(figures, shown)))
    rows = [["result", *(f.header for f in figures)]]
    rows += [[_cut(r.name, name), *(f.text(r) for f in figures)] for r in shown]
    widths = [max(map(width, cells)) for cells in zip(*rows, strict=True)]
    lead = "" if max_nmse is None else "  "
    return [
        (mark or lead) + "  ".join(c + " " * (w - width(c)) for c, w in zip(cells, widths, strict=True)).rstrip()
        for mark, cells in zip(marks, rows, strict=True)
    ]


def _width(figures: Sequence[_Figure], shown: Sequence[ResultError]) -> int:
    """Of the columns of figures, the spaces before each included."""
    return sum(2 + max(width(f.header), *(width(f.text(r)) for r in shown)) for f in figures)


def _cut(name: str, most: int) -> str:
    """A name without its middle where it is too long."""
    if width(name) <= most:
        return name
    end = (most - 1) // 2
    return f"{name[: most - 1 - end]}…{name[len(name) - end :]}"


def _mark(r: ResultError, max_nmse: float) -> str:
    """Whether a result passes; an undefined error passes no bound."""
    mark, colour = MARKS[r.rank <= max_nmse]
    return painted(mark, colour, sys.stdout)
