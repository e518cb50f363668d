"""The words of errors: on the terminal, in cards and in `repr`."""

from __future__ import annotations

import math
from collections.abc import Sequence

from cprograms.names import counted, enough
from cprograms.program import Signature
from surrogate.numeric.check import Report
from surrogate.numeric.checking.bounds import Bound
from surrogate.numeric.checking.errors import BAD_NMSE, ResultError, WorstRow
from surrogate.numeric.checking.gradients import GradientError, Gradients
from surrogate.numeric.checking.regions import EXACT, Region
from surrogate.numeric.checking.speed import Speed
from surrogate.numeric.rows import MOST_FAULTS

SMALLEST = 1e-5
"""A share below it is told as being below it."""
MOST_ARGUMENTS, WORST_ARGUMENTS = 16, 8
"""Arguments whose derivatives are told; of more, so many of the worst."""
ALIKE = 4
"""Arguments in which the error is the same that are counted instead."""


def error_line(error: ResultError) -> str:
    """The figures of an error; of a result that is flat what they mean, as the nMSE then says nothing."""
    if error.says_nothing:
        return (
            f"constant to rounding, {error.mean:.7g} ± {number(error.std)};"
            f" greatest error {number(error.max_error)} (nMSE {number(error.nmse)} says nothing here)"
        )
    return f"nMSE {number(error.nmse)}, R² {number(error.r2)}, greatest error {number(error.max_error)}"


def exact(error: ResultError) -> bool:
    """Whether the error comes from rounding alone."""
    return error.max_error <= EXACT * max(abs(error.mean), error.std)


def headline(report: Report) -> str:
    """The error of the result, or of the worst one: a bound on it is one on each."""
    if len(report.results) == 1:
        return error_line(report.results[0])
    return f"{report.worst.name} errs most of {len(report.results)} results: {error_line(report.worst)}"


def measured_lines(report: Report | None) -> list[str]:
    """What a surrogate's `repr` says of its error."""
    if report is None:
        return ["error: not measured; check() measures it"]
    lines = [f"error: {headline(report)} on {report.rows:,} fresh rows"]
    lines += [line] if (line := trapped_line(report)) else []
    if report.bounds and len(report.results) == 1:
        lines.append(f"error bars: {bars_words(report.bounds[0])}")
    if report.gradients is not None:
        lines.append(f"gradient: {worst_gradient(report.gradients, len(report.results) > 1)}")
    if len(report.results) > 1:
        lines += [f"{r.name}: {error_line(r)}" for r in report.results]
    return lines


def spread_line(r: ResultError) -> str:
    """How the error is distributed."""
    relative = ""
    if not math.isnan(r.relative):
        relative = f"; relative to the result {percent(r.relative)}, at most {percent(r.max_relative)}"
    return f"half of the rows err by at most {short(r.median)}, 99 % by at most {short(r.p99)}{relative}"


def worst_line(row: WorstRow, signature: Signature) -> str:
    """The row of the greatest error."""
    k = [r.name for r in signature.results].index(row.result)
    inputs = [f"{a.name} = {number(v, a.digits)}" for a, v in zip(signature.arguments, row.inputs, strict=True)]
    of = "" if len(signature.results) == 1 else f"{row.result} is "
    said, true = row.prediction[k], row.truth[k]
    values = f"{number(said)} instead of {number(true)}"
    if number(said) == number(true):
        values = f"{number(true)}, off by {short(abs(said - true))},"
    return f"{of}{values} at {enough(inputs, len(inputs))}"


def region_line(region: Region, several: bool) -> str:
    """Where most of the error is."""
    of = f" of {region.result}" if several else ""
    share = f"{percent(region.share)} of the squared error{of}"
    return f"{region_words(region)}: {share} on {percent(region.rows)} of the rows"


def region_words(region: Region) -> str:
    """What of the domain a region is."""
    if region.argument:
        return f"{region.argument} in {interval(region.low, region.high)}"
    place = f" ({region.file}:{region.line})" if region.line else ""
    return f"{region.condition if region.holds else f'not ({region.condition})'}{place}"


def range_lines(report: Report) -> list[str]:
    """Which results leave the range that a pragma declares of them."""
    lines, several = [], len(report.results) > 1
    for r in report.results:
        of = f"{r.name}: " if several else ""
        if r.program_outside:
            lines.append(f"{of}the program itself leaves its declared range on {counted(r.program_outside, 'row')}")
        elif r.outside:
            lines.append(f"{of}leaves its declared range on {counted(r.outside, 'row')}, by at most {short(r.excess)}")
    return lines


def gradient_line(gradients: Gradients, several: bool) -> str:
    """How far the derivatives are off, in each argument or in those where they are worst."""
    shown = list(gradients.arguments)
    if len(shown) > MOST_ARGUMENTS:
        shown = sorted(shown, key=lambda g: -g.relative)[:WORST_ARGUMENTS]
    parts = [gradient_words(g, several) for g in shown if not g.none]
    alike = {percent(g.relative) for g in shown if not g.none}
    if len(parts) >= ALIKE and len(alike) == 1:
        parts = [f"{alike.pop()} in each of {len(parts)} arguments"]
    if (others := len(gradients.arguments) - len(shown)) > 0:
        parts.append(f"less in {others} others")
    jumps = f", {gradients.jumps:,} at jumps left out" if gradients.jumps else ""
    none = [g.argument for g in shown if g.none]
    said = f"0 in {enough(none, len(none))} but for rounding, as the program's"
    if not parts:
        return f"{said} ({gradients.rows:,} rows{jumps})"
    errs = f"errs by {', '.join(parts)} (of its size; root mean squares of {gradients.rows:,} rows{jumps})"
    return f"{errs}; {said}" if none else errs


def worst_gradient(gradients: Gradients, several: bool) -> str:
    """The error of the derivatives in the argument in which they are worst."""
    worst = gradients.worst
    return "0, as the program's" if worst.none else f"errs by {gradient_words(worst, several)} at worst"


def gradient_words(g: GradientError, several: bool = False) -> str:
    """The error of the derivatives in an argument."""
    of = f" of {g.result}" if several else ""
    if math.isinf(g.relative):
        return f"{short(g.rms_error)} in {g.argument}{of}, where the program has none"
    return f"{percent(g.relative)} in {g.argument}{of}"


def bars_lines(bounds: Sequence[Bound]) -> list[str]:
    """The error bars, a line for each result."""
    return [f"{f'{b.name}: ' if len(bounds) > 1 else ''}{bars_words(b)}" for b in bounds]


def bars_words(bound: Bound) -> str:
    """The bars of a result."""
    if math.isinf(bound.p90):
        return "none: too few rows"
    p99 = "none for 99 %: too few rows" if math.isinf(bound.p99) else f"±{short(bound.p99)} for 99 %"
    return f"±{short(bound.p90)} for 90 % of inputs, {p99}{_sliced(bound)}"


def _sliced(bound: Bound) -> str:
    if not bound.argument:
        return ""
    bars = [p90 for p90, _ in bound.slices]
    places = (bars.index(min(bars)), bars.index(max(bars)))
    if short(min(bars)) == short(max(bars)):  # other rows chose the argument than measured its slices
        return ""
    parts = [f"±{short(bars[k])} in {interval(*bound.edges[k : k + 2])}" for k in places]
    return f"; by {bound.argument}, 90 % from {' to '.join(parts)}"


def speed_line(speed: Speed) -> str:
    """How long evaluations take, and which is faster."""
    alone, batched = (beside(speed.program, own) for own in (speed.alone, speed.batched))
    return (
        f"C program {nanoseconds(speed.program)} in the sandbox; surrogate {nanoseconds(speed.alone)} alone"
        f" ({alone}), {nanoseconds(speed.batched)} in batches of {speed.batch:,} ({batched})"
    )


def nanoseconds(v: float) -> str:
    """A time in two or three digits and the unit that it needs."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("µs", 1e3)):
        if v >= size:
            return f"{v / size:.3g} {unit}"
    return f"{v:.3g} ns"


def beside(program: float, own: float) -> str:
    if 0.95 < program / own < 1.05:
        return "as fast"
    times, word = (program / own, "faster") if program >= own else (own / program, "slower")
    return f"{times:.2g} × {word}" if times < 100 else f"{round(times, -len(str(int(times))) + 2):,.0f} × {word}"


def short(v: float) -> str:
    """A figure in three digits."""
    return number(v) if math.isinf(v) else f"{v:.3g}"


def interval(low: float, high: float) -> str:
    """A range in words."""
    return f"[{', '.join(range_ends(low, high))}]"


def range_ends(low: float, high: float) -> tuple[str, str]:
    """A range's ends in as many digits as tell them apart, four at least."""
    digits = next((d for d in range(4, 17) if float(f"{high:.{d}g}") - float(f"{low:.{d}g}") > 0.9 * (high - low)), 17)
    return f"{low:.{digits}g}", f"{high:.{digits}g}"


def percent(v: float) -> str:
    """A share or a relative error, in two digits."""
    if not math.isfinite(v):
        return f"{number(v)} %"
    if 0 < v < SMALLEST:
        return f"<{100 * SMALLEST:g} %"
    return f"{100 * v:.2g} %" if v < 0.995 else f"{100 * v:,.0f} %"


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


def number(v: float, digits: int = 4) -> str:
    """A figure to read. Four digits are enough for an error; of more none is hidden by an exponent."""
    if math.isinf(v):
        return "∞" if v > 0 else "−∞"
    return f"{v:.4g}" if digits <= 4 else f"{float(f'{v:.{digits}g}'):.15g}"


def bad_results(report: Report) -> list[ResultError]:
    """The results whose surrogate is bad; an undefined error is a bad one."""
    return [r for r in report.results if not (r.nmse <= BAD_NMSE or r.flat)]
