"""What a page says of a measured error: the tables of `surrogate.numeric.check.Report`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape

from cprograms.names import counted, listed
from surrogate.numeric.check import Report
from surrogate.numeric.checking.errors import BAD_NMSE, ResultError
from surrogate.numeric.checking.gradients import Gradients
from surrogate.numeric.checking.regions import Region
from surrogate.numeric.checking.speed import Speed
from surrogate.numeric.words import (
    bad_results,
    beside,
    error_line,
    fault_words,
    nanoseconds,
    number,
    percent,
    range_ends,
    region_words,
)
from surrogate.report.page import code, folded_away, paragraph, table

MOST_ROWS, MOST_REGIONS = 12, 4
"""Of a table, and of what is said of where the error is: the others are there for those who ask."""


def error_section(report: Report) -> str:
    """All that was measured, the worst first."""
    parts = [_results(report), _regions(report), *_outside(report)]
    parts += [_bounds(report)] if report.bounds else []
    parts += [_gradients(report.gradients)] if report.gradients else []
    parts += [_speed(report.speed)] if report.speed else []
    return "".join(parts)


def figure(v: float) -> str:
    """A number of a table; what is not known is a dash."""
    return "–" if math.isnan(v) else number(v).replace("-", "−")


def _results(report: Report) -> str:
    bars = {b.name: b for b in report.bounds}
    rows = sorted(report.results, key=lambda r: -r.rank)
    header = ["result", "nMSE", "R²", "median error", "99 % err at most", "greatest error"]
    header += ["90 % bar", "99 % bar"] if bars else []
    relative = any(not math.isnan(r.relative) for r in rows)
    header += ["median, relative"] if relative else []
    cells = []
    for r in rows:
        ends = [figure(bars[r.name].p90), figure(bars[r.name].p99)] if bars else []
        share = [_share(r.relative)] if relative else []
        cells.append([code(r.name), *map(figure, (r.nmse, r.r2, r.median, r.p99, r.max_error)), *ends, *share])
    return (
        paragraph(f"On {report.rows:,} fresh rows of the domain, drawn with seed {report.seed}{_left_out(report)}.")
        + _warning(report)
        + "".join(paragraph(f"{code(r.name)} is {escape(error_line(r))}.") for r in rows if r.says_nothing)
        + _long_table(
            header, cells, f"{counted(len(cells) - MOST_ROWS, 'result that errs', 'results that err')} less", 1
        )
        + paragraph(
            "nMSE is the mean squared error over the variance of the truth: 1 is a constant's. Errors are absolute, in"
            " C units.",
            "note",
        )
    )


def _left_out(report: Report) -> str:
    if not report.trapped:
        return ""
    why = f" ({escape(fault_words(report))})" if report.faults else ""
    return f"; {report.trapped:,} of them had no finite result and do not count{why}"


def _warning(report: Report) -> str:
    bad = bad_results(report)
    if not bad:
        return ""
    of = f" of {escape(listed([r.name for r in bad]))}" if len(report.results) > 1 else ""
    return paragraph(f"<b>This is a bad surrogate{of}</b>: its nMSE is above {BAD_NMSE}.", "warning")


def _share(v: float) -> str:
    return "–" if math.isnan(v) else percent(v)


def _long_table(header: Sequence[str], rows: Sequence[Sequence[str]], rest: str, words: int) -> str:
    """The first rows, and the others for those who ask."""
    first, others = rows[:MOST_ROWS], rows[MOST_ROWS:]
    return table(header, first, words) + (folded_away(rest, table(header, others, words)) if others else "")


def _regions(report: Report) -> str:
    """Where the error is: of the results that err most, and of the others for those who ask."""
    order = {r.name: -r.rank for r in report.results}
    said = [_region(region) for region in sorted(report.regions, key=lambda region: order[region.result])]
    first, others = said[:MOST_REGIONS], "".join(said[MOST_REGIONS:])
    return "".join(first) + (folded_away("where the others err", others) if others else "")


def _region(region: Region) -> str:
    return paragraph(
        f"{percent(region.share)} of the squared error of {code(region.result)} is on {percent(region.rows)} of the"
        f" rows: where {code(region_words(region))}."
    )


def _outside(report: Report) -> Iterator[str]:
    for r in report.results:
        if r.outside:
            yield paragraph(_declared(r, report.rows - report.trapped))


def _declared(r: ResultError, rows: int) -> str:
    program = f"; so does the program, on {r.program_outside:,}" if r.program_outside else ""
    return (
        f"The surrogate leaves the declared range of {code(r.name)} on {r.outside:,} of {rows:,} rows, by at most"
        f" {figure(r.excess)}{program}."
    )


def _bounds(report: Report) -> str:
    said = paragraph(
        "The bars are split-conformal: of new inputs drawn uniformly from the domain, at least 90 % (99 %) err by at"
        " most so much.",
        "note",
    )
    parts = []
    for b in report.bounds:
        if b.argument:
            rows = [
                (" to ".join(range_ends(low, high)).replace("-", "−"), figure(p90), figure(p99))
                for low, high, (p90, p99) in zip(b.edges, b.edges[1:], b.slices, strict=False)
            ]
            title = f"The bars of {code(b.name)} by {code(b.argument)}"
            parts.append(f"<h3>{title}</h3>{table((escape(b.argument), '90 % bar', '99 % bar'), rows)}")
    return said + (folded_away("the bars by where the input is", "".join(parts)) if parts else "")


def _gradients(found: Gradients) -> str:
    source = "the program's graph" if found.source == "graph" else "differences of the program's results"
    worst = sorted(found.arguments, key=lambda a: -a.relative)
    rows = [
        (
            *(code(a.argument), code(a.result)),
            *map(figure, (a.rms_error, a.rms_true, a.max_error)),
            "–" if a.none else _share(a.relative),
        )
        for a in worst
    ]
    jumps = f"; {found.jumps:,} are left out, as the program jumps or bends there" if found.jumps else ""
    header = ("argument", "result", "error (rms)", "truth (rms)", "greatest error", "relative")
    return (
        "<h3>Its derivatives</h3>"
        + paragraph(f"Beside those of {source}, on {found.rows:,} rows{jumps}.")
        + _long_table(header, rows, f"{counted(len(rows) - MOST_ROWS, 'argument')} in which they err less", 2)
    )


def _speed(speed: Speed) -> str:
    rows = [
        ("the C program, in the sandbox", nanoseconds(speed.program)),
        (f"the surrogate, {speed.batch:,} rows a call", nanoseconds(speed.batched)),
        ("the surrogate, one row a call", nanoseconds(speed.alone)),
    ]
    verdict = f"In batches the surrogate is {beside(speed.program, speed.batched)} than the C program."
    return "<h3>Its speed</h3>" + paragraph(verdict) + table(("an evaluation", "takes"), rows)
