"""What a page draws of a numeric program: which arguments and results, and the rows that its pictures take.

Shapes: A arguments, R results, of which r are shown; c settings of the sliders, n points of a slice or a map.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import numpy.typing as npt

from cprograms.announcements import announced
from cprograms.program import Argument
from cprograms.sampling import in_range, sample
from cprograms.sandbox import Status, run_with_status
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.check import Report
from surrogate.numeric.rows import fresh_seed, run_rows

MOST_SLICED, MOST_MAPPED, MOST_RESULTS = 8, 5, 4
"""Arguments and results that are drawn."""
EFFECT_RUNS, EFFECT_ROWS = 4096, (64, 512)
"""For the effects: runs of the program, and rows that they start from, at least and at most."""
SECONDS = 20.0
"""For the pictures: of slow programs they take fewer rows."""
MOST_ROWS, MOST_NUMBERS = 150_000, 200_000
"""Of all slices, and of all maps: rows, and rows times results that are shown."""
CHUNK, TIMED = 4096, 500
"""Rows that are run at a time, and those whose time is taken."""

Values = npt.NDArray[np.float64]
Told = Callable[[int, int], None]
"""Is told how many rows are done, of how many."""


@dataclass(frozen=True)
class Layout:
    """Points along an axis, settings of a slider, and whether the sliders move together; else one at a time."""

    points: int
    stops: int
    joint: bool


SLICES = tuple(
    Layout(*row)
    for row in (
        (201, 33, True), (101, 17, True), (101, 9, True), (101, 5, True), (41, 5, True), (61, 3, True), (41, 3, True),
        (101, 9, False), (61, 5, False), (41, 3, False), (21, 1, False), (11, 1, False),
    )
)  # fmt: skip
MAPS = tuple(
    Layout(*row)
    for row in (
        (65, 17, True), (41, 17, True), (33, 17, True), (33, 9, True), (25, 5, True), (21, 5, True), (21, 3, True),
        (25, 5, False), (21, 5, False), (15, 3, False), (9, 1, False), (5, 1, False),
    )
)  # fmt: skip
THROUGH = tuple(Layout(points, 1, False) for points in (101, 41, 21, 11))
"""From the finest to the coarsest: the first is taken that is not too many rows."""


@dataclass(frozen=True)
class Panel:
    """A slice along one argument or a map over two, `axes`, at all settings of the sliders of the others.

    `points` are the values along each axis. `settings` [c] are the positions of the others' sliders, in their order;
    the first has all of them in the middle. `truth` is NaN where the program has no finite result; it and `surrogate`
    are [c, n, r], a map's points row by row, its second argument from row to row.
    """

    axes: tuple[int, ...]
    points: tuple[Values, ...]
    settings: tuple[tuple[int, ...], ...]
    truth: Values
    surrogate: Values


@dataclass(frozen=True)
class Views:
    """All slices, or all maps: `stops` are the values that each argument's slider has, `middle` which is the middle."""

    arguments: tuple[int, ...]
    layout: Layout
    stops: tuple[Values, ...]
    middle: tuple[int, ...]
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Through:
    """The slices of one result through the row [A] on which it errs most, without sliders."""

    row: Values
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Study:
    """What is drawn of an artifact.

    `x` [n, A], `truth` and `surrogate` [n, R] are the rows of its report that have finite results. `effects` [A] say
    how much each argument matters (see `total_effects`). `executed` rows were run for the pictures, of which
    `unfinished` were not run to their end, as they or those before them took too long.
    """

    report: Report
    x: Values
    truth: Values
    surrogate: Values
    effects: Values
    results: tuple[int, ...]
    slices: Views
    maps: Views | None
    through: tuple[Through, ...]
    executed: int
    unfinished: int


def study(artifact: NumericArtifact, rows: int, seed: int, told: Told = lambda done, of: None) -> Study:
    """Check an artifact on fresh rows, and run what its page draws.

    Raises as `NumericArtifact.check`.
    """
    measure = _Measure(artifact, told)
    with announced(f"checking {artifact.entry}"):
        report = artifact.check(rows, seed, timed=True)
        x, (y, _) = run_rows(artifact.program, rows, fresh_seed(seed))
        kept = np.isfinite(y).all(1)
        x, y, surrogate = x[kept], y[kept], artifact.outputs(x[kept])
        results = shown_results(report)
        effects = total_effects(artifact, measure.truth)[:, results].max(1)
        most = min(measure.most_rows(x), MOST_ROWS, MOST_NUMBERS // len(results))
    order = np.argsort(-effects, kind="stable")
    sliced, mapped = (tuple(sorted(order[:count].tolist())) for count in (MOST_SLICED, MOST_MAPPED))
    plans = [_plan(artifact.arguments, sliced, 1, SLICES, most)]
    if len(mapped) > 1:
        plans.append(_plan(artifact.arguments, mapped, 2, MAPS, most))
    plain = _plan(artifact.arguments, sliced, 1, THROUGH, most // 10 // len(results))
    worst = [_worst_row(x, y[:, k], surrogate[:, k]) for k in results]
    measure.begin(sum(plan.rows for plan in plans) + len(worst) * plain.rows)
    middle = np.array([in_range(a, np.array([0.5]))[0] for a in artifact.arguments])
    views = [_measured(plan, middle, measure, results) for plan in plans]
    through = [Through(row, _measured(plain, row, measure, [k]).panels) for row, k in zip(worst, results, strict=True)]
    return Study(
        *(report, x, y, surrogate, effects, results, views[0], views[1] if views[1:] else None, tuple(through)),
        *(measure.done, measure.unfinished),
    )


def _worst_row(x: Values, truth: Values, surrogate: Values) -> Values:
    """The row [A] of the greatest error; one without a prediction is the worst."""
    error = np.abs(surrogate / 2 - truth / 2)
    row: Values = x[int(np.argmax(np.nan_to_num(error, nan=np.inf)))]
    return row


def _seconds_a_row(work: Callable[[Values], object], x: Values) -> float:
    """How long a row takes. What is quick is done again: a busy machine must not make a page coarse."""
    x, least = x[:TIMED], math.inf
    for _ in range(5):
        started = time.perf_counter()
        work(x)
        least = min(least, time.perf_counter() - started)
        if least > SECONDS / 40:
            break
    return least / len(x)


def shown_results(report: Report) -> tuple[int, ...]:
    """The results of the greatest error, in their order."""
    worst = sorted(range(len(report.results)), key=lambda k: -report.results[k].rank)
    return tuple(sorted(worst[:MOST_RESULTS]))


class _Measure:
    """Runs the program and its surrogate, and counts the rows."""

    def __init__(self, artifact: NumericArtifact, told: Told):
        self.artifact, self.told = artifact, told
        self.done = self.unfinished = self.total = 0

    def most_rows(self, x: Values) -> int:
        """Rows that half of SECONDS is enough for, as rows such as x show."""
        seconds = sum(_seconds_a_row(work, x) for work in (self.truth, self.artifact.outputs))
        return max(1, int(SECONDS / 2 / max(seconds, 1e-9)))

    def begin(self, total: int) -> None:
        """From here on rows count: so many are to come."""
        self.done, self.unfinished, self.total = 0, 0, total

    def truth(self, x: Values) -> Values:
        """What the program gives: [n, A] -> [n, R], NaN where that is no finite number."""
        y, status = run_with_status(self.artifact.program, x)
        self.unfinished += int(np.isin(status, (Status.FUEL, Status.SKIPPED)).sum())
        return np.where(np.isfinite(y), y, np.nan)

    def both(self, x: Values, results: Sequence[int]) -> tuple[Values, Values]:
        """[n, r] of the program and of its surrogate."""
        found = []
        for start in range(0, len(x), CHUNK):
            part = x[start : start + CHUNK]
            found.append((self.truth(part)[:, results], self.artifact.outputs(part)[:, results]))
            self.done += len(part)
            self.told(self.done, self.total)
        truth, surrogate = (np.concatenate(parts) for parts in zip(*found, strict=True))
        return truth, np.where(np.isfinite(surrogate), surrogate, np.nan)


def total_effects(artifact: NumericArtifact, truth: Callable[[Values], Values]) -> Values:
    """How much each argument matters to each result, [A, R]: the share of the variance that is gone once all others
    are known. Estimated as Jansen (1999) does, on a few rows where one argument at a time is drawn anew; 0 where the
    program gives nothing to compare.
    """
    program = artifact.program
    A = len(program.arguments)
    n = min(max(EFFECT_RUNS // (1 + A), EFFECT_ROWS[0]), EFFECT_ROWS[1])
    first, other = sample(program, n, 0), sample(program, n, 1)
    moved = np.repeat(first[None], A, 0)
    moved[range(A), :, range(A)] = other.T
    y = truth(np.concatenate([first[None], moved]).reshape(-1, A)).reshape(1 + A, n, -1)
    unit = np.nanmax(np.abs(y), axis=(0, 1), initial=5e-324, where=np.isfinite(y))
    y = y / np.maximum(unit, 5e-324)  # squares of large doubles overflow
    known = np.isfinite(y)
    pairs = known[1:] & known[:1]
    change = np.where(pairs, (np.where(known[1:], y[1:], 0) - np.where(known[:1], y[:1], 0)) ** 2, 0).sum(1)
    mean = np.where(known, y, 0).sum((0, 1)) / np.maximum(known.sum((0, 1)), 1)
    spread = np.where(known, (np.where(known, y, 0) - mean) ** 2, 0).sum((0, 1)) / np.maximum(known.sum((0, 1)), 1)
    scale = 2 * spread * np.maximum(pairs.sum(1), 1)
    found: Values = np.divide(change, scale, out=np.zeros_like(change), where=scale > 0)
    return found


# --- Which rows ---


@dataclass(frozen=True)
class _Plan:
    """The sliders, and of each panel its axes and the points along them."""

    arguments: tuple[int, ...]
    layout: Layout
    stops: tuple[Values, ...]
    middle: tuple[int, ...]
    panels: tuple[tuple[tuple[int, ...], tuple[Values, ...]], ...]

    def others(self, axes: tuple[int, ...]) -> list[int]:
        """The places of the arguments that have a slider beside a panel."""
        return [place for place, k in enumerate(self.arguments) if k not in axes]

    def settings(self, axes: tuple[int, ...]) -> list[tuple[int, ...]]:
        """All that the sliders of a panel can be set to."""
        others = self.others(axes)
        centre = tuple(self.middle[place] for place in others)
        return settings([len(self.stops[place]) for place in others], centre, self.layout.joint)

    @property
    def rows(self) -> int:
        return sum(math.prod(map(len, points)) * self._count(axes) for axes, points in self.panels)

    def _count(self, axes: tuple[int, ...]) -> int:
        sizes = [len(self.stops[place]) for place in self.others(axes)]
        return math.prod(sizes) if self.layout.joint else 1 + sum(sizes) - len(sizes)


def _plan(
    arguments: Sequence[Argument], shown: tuple[int, ...], dimensions: int, layouts: Sequence[Layout], most: int
) -> _Plan:
    """The finest layout of at most so many rows; the coarsest where none is."""
    for layout in layouts:
        stops, middle = zip(*(slider(arguments[k], layout.stops) for k in shown), strict=True)
        points = {k: slider(arguments[k], layout.points)[0] for k in shown}
        panels = tuple((axes, tuple(points[k] for k in axes)) for axes in combinations(shown, dimensions))
        plan = _Plan(shown, layout, stops, middle, panels)
        if plan.rows <= most:
            break
    return plan


def slider(argument: Argument, count: int) -> tuple[Values, int]:
    """At most `count` + 1 values from one end of an argument's range to the other, and the place of its middle."""
    centre = in_range(argument, np.array([0.5]))
    ends = in_range(argument, np.linspace(0, 1, count)) if count > 1 else centre
    values = np.unique(np.concatenate([ends, centre]))
    return values, int(np.searchsorted(values, centre[0]))


def settings(sizes: Sequence[int], centre: tuple[int, ...], joint: bool) -> list[tuple[int, ...]]:
    """Positions of sliders that have so many each, the centre first: all of them, or those that differ from it in one
    slider."""
    if joint:
        return [centre, *(found for found in product(*map(range, sizes)) if found != centre)]
    moved = [
        (*centre[:k], position, *centre[k + 1 :])
        for k, size in enumerate(sizes)
        for position in range(size)
        if position != centre[k]
    ]
    return [centre, *moved]


def _measured(plan: _Plan, base: Values, measure: _Measure, results: Sequence[int]) -> Views:
    """Run what is planned; arguments that have no slider are as in the row `base` [A]."""
    panels = []
    for axes, points in plan.panels:
        positions = plan.settings(axes)
        x = _rows_of(plan, base, axes, points, positions)
        truth, surrogate = measure.both(x.reshape(-1, len(base)), results)
        shape = (len(positions), -1, len(results))
        panels.append(Panel(axes, points, tuple(positions), truth.reshape(shape), surrogate.reshape(shape)))
    return Views(plan.arguments, plan.layout, plan.stops, plan.middle, tuple(panels))


def _rows_of(
    plan: _Plan,
    base: Values,
    axes: tuple[int, ...],
    points: tuple[Values, ...],
    positions: Sequence[tuple[int, ...]],
) -> Values:
    """[c, n, A]."""
    x = np.tile(base, (len(positions), math.prod(map(len, points)), 1))
    for which, place in enumerate(plan.others(axes) if plan.layout.stops > 1 else ()):
        moved = plan.stops[place][[position[which] for position in positions]]
        x[:, :, plan.arguments[place]] = moved[:, None]
    grid = np.meshgrid(*points[::-1], indexing="ij")[::-1]  # the last argument from row to row
    for k, along in zip(axes, grid, strict=True):
        x[:, :, k] = along.ravel()
    return x
