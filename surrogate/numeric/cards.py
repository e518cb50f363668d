"""What the cards of compiled numeric programs say, whatever the target."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cprograms.inputs import expected
from cprograms.names import listed
from cprograms.program import MOST_LINES, Argument, Signature, bound, domain_groups
from surrogate.numeric.check import Report
from surrogate.numeric.checking.errors import BAD_NMSE, ResultError
from surrogate.numeric.words import (
    bad_results,
    bars_lines,
    error_line,
    exact,
    fault_words,
    gradient_line,
    number,
    percent,
    range_lines,
    region_line,
    short,
    speed_line,
    worst_line,
)

MOST_EXAMPLE = 12
"""Numbers of a row that a card shows."""
HEADER = ("---", "library_name: surrogate-compiler", "license: other", "license_name: that-of-the-program")
"""How every card begins, but for its tags: as the hub of models reads it."""
LICENSE = (
    "## License",
    "",
    "It reproduces what `program.c` does, and is under the license of that program. surrogate-compiler, which made it,"
    " is under Apache-2.0 and claims nothing in what it makes.",
    "",
)


def domain_table(signature: Signature) -> list[str]:
    """The arguments of a card: their types and ranges, those of an array together, and at most a screen of them."""
    groups = domain_groups(signature.arguments)
    rows = [f"| `{name}` | `{a.type.name}` | {bound(a.low)} to {bound(a.high)} |" for name, a in groups]
    if len(rows) > MOST_LINES:
        rows = [*rows[: MOST_LINES - 1], f"| … {len(signature.arguments)} in all | | |"]
    return ["| argument | type | domain |", "|---|---|---|", *rows]


def example_inputs(arguments: Sequence[Argument]) -> str:
    """What a card gives `predict`: a row, or where that is long what rows are."""
    if len(arguments) <= MOST_EXAMPLE:
        return f"[[{', '.join(bound(a.low) for a in arguments)}]]"
    return "rows"


def example_note(arguments: Sequence[Argument]) -> str:
    """What to say of rows that are too long to show; empty where they are not."""
    if len(arguments) <= MOST_EXAMPLE:
        return ""
    names = [a.name for a in arguments]
    return f"  # of shape [..., {len(names)}], or by name: {expected(names)}"


def error_section(report: Report | None, signature: Signature, stale: bool = False) -> list[str]:
    """The measured error. `stale` says that one was measured, but of other weights."""
    lines = ["## Measured error", ""]
    if report is None and stale:
        return [*lines, "Not measured for these weights. `surrogate check` measures it.", ""]
    if report is None:
        return [*lines, "Not measured: -O0 never runs the program. `surrogate check` measures it.", ""]
    lines += [
        f"On {report.rows:,} fresh rows, uniform over the domain"
        + (f", of which {report.trapped:,} had no finite result and do not count" if report.trapped else "")
        + (f" ({fault_words(report)})" if report.faults else "")
        + ". nMSE is the mean squared error over the variance of the true outputs; other errors are absolute, in the"
        " units of the result, but for the relative one, which is the median.",
        "",
        "| result | nMSE | R² | median | 99 % | greatest absolute error | relative |",
        "|---|---|---|---|---|---|---|",
        *map(_row, report.results),
    ]
    lines += [f"\n`{r.name}` is {error_line(r)}." for r in report.results if r.says_nothing]
    if bad := bad_results(report):
        of = f" of {listed([r.name for r in bad], '`')}" if len(report.results) > 1 else ""
        lines += ["", f"**This is a bad surrogate{of}**: its nMSE is above {BAD_NMSE}."]
    more = _more(report, signature)
    return [*lines, "", *more, *([""] if more else [])]


def _row(r: ResultError) -> str:
    spread = ("" if math.isnan(v) else short(v) for v in (r.median, r.p99))
    relative = "" if math.isnan(r.relative) else percent(r.relative)
    cells = (f"`{r.name}`", number(r.nmse), number(r.r2), *spread, number(r.max_error), relative)
    return f"| {' | '.join(cells)} |"


def _more(report: Report, signature: Signature) -> list[str]:
    """What else was measured, as a list."""
    several, row = len(report.results) > 1, report.worst_row
    parts = [
        ("Worst row", [worst_line(row, signature)] if row and not exact(report.worst) else []),
        ("Where the error is", [region_line(r, several) for r in report.regions]),
        ("Declared range", range_lines(report)),
        ("Gradient", [gradient_line(report.gradients, several)] if report.gradients else []),
        ("Error bars, for inputs drawn uniformly from the domain", bars_lines(report.bounds)),
        ("Speed, where it was measured", [speed_line(report.speed)] if report.speed else []),
    ]
    return [f"- {label}: {'; '.join(lines)}." for label, lines in parts if lines]


def reproduction(command: str, note: str = "") -> list[str]:
    """How to make it again from what is in the directory."""
    return ["## Reproduce", "", "```sh", command, "```", "", *([note, ""] if note else [])]
