"""The words of errors: on the terminal, in cards and in `repr`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cprograms.inputs import expected
from cprograms.names import listed
from cprograms.program import MOST_LINES, Argument, Signature, bound, domain_groups
from surrogate.numeric.check import Report
from surrogate.numeric.checking.errors import ResultError
from surrogate.numeric.rows import MOST_FAULTS

BAD_NMSE = 0.1
"""Above this nMSE a surrogate is called bad; 1 is the error of a constant."""
MOST_EXAMPLE = 12
"""Numbers of a row that a card shows."""


def error_line(error: Report | ResultError) -> str:
    """The figures of an error; of a result that is flat what they mean, as the nMSE then says nothing."""
    if isinstance(error, ResultError) and error.flat and error.nmse > BAD_NMSE:
        return (
            f"constant to rounding, {error.mean:.7g} ± {number(error.std)};"
            f" greatest error {number(error.max_error)} (nMSE {number(error.nmse)} says nothing here)"
        )
    return f"nMSE {number(error.nmse)}, R² {number(error.r2)}, greatest error {number(error.max_error)}"


def trapped_line(report: Report) -> str | None:
    """What a surrogate cannot say of its inputs: that the program has no finite result for some of them, if so."""
    if not report.trapped:
        return None
    return (
        f"the program gave no finite result on {report.trapped:,} of {report.rows:,} rows of its domain"
        f" ({100 * report.trapped_share:.2g}% of it), and the surrogate does not know which inputs those are"
        + (f": {fault_words(report)}" if report.faults else "")
    )


def fault_words(report: Report) -> str:
    """Why rows had no finite result: the most frequent reasons."""
    more = ["other reasons"] if len(report.faults) > MOST_FAULTS else []
    return "; ".join([*map(str, report.faults[:MOST_FAULTS]), *more])


def number(v: float) -> str:
    """An error to read: four digits are enough."""
    if math.isinf(v):
        return "∞" if v > 0 else "−∞"
    return f"{v:.4g}"


def bad_results(report: Report) -> list[ResultError]:
    """The results whose surrogate is bad; an undefined error is a bad one."""
    return [r for r in report.results if not (r.nmse <= BAD_NMSE or r.flat)]


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


def error_table(report: Report | None, stale: bool) -> list[str]:
    if report is None and stale:
        return ["Not measured for these weights. `surrogate check` measures it."]
    if report is None:
        return ["Not measured: -O0 never runs the program. `surrogate check` measures it."]
    lines = [
        f"On {report.rows:,} fresh rows, uniform over the domain"
        + (f", of which {report.trapped:,} had no finite result and do not count" if report.trapped else "")
        + (f" ({fault_words(report)})" if report.faults else "")
        + ". nMSE is the mean squared error over the variance of the true outputs.",
        "",
        "| result | nMSE | R² | greatest absolute error |",
        "|---|---|---|---|",
        *(f"| `{r.name}` | {number(r.nmse)} | {number(r.r2)} | {number(r.max_error)} |" for r in report.results),
    ]
    lines += [f"\n`{r.name}` is {error_line(r)}." for r in report.results if r.flat and r.nmse > BAD_NMSE]
    if bad := bad_results(report):
        of = f" of {listed([r.name for r in bad], '`')}" if len(report.results) > 1 else ""
        lines += ["", f"**This is a bad surrogate{of}**: its nMSE is above {BAD_NMSE}."]
    return lines
