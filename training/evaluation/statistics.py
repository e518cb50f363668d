"""What the protocol's errors come to: ratios with intervals, win rates, training times, rows saved.

A program may have several results, which are not independent: intervals are over programs. Shapes: U results of
programs, S seeds, C checkpoints.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from training.arrays import Array, Integers
from training.errors import bounded

RESAMPLES = 2000
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Estimate:
    """A figure with its bootstrap interval."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def resamples(programs: Integers, seed: int = 0, count: int = RESAMPLES) -> Array:
    """How often each result counts in each bootstrap sample of programs: [count, U], by `programs` [U]."""
    _, place = np.unique(programs, return_inverse=True)
    number = int(place.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(number, np.full(number, 1 / number), count)
    return drawn[:, place].astype(float)


def estimate(statistic: Callable[[Array], Array], programs: Integers) -> Estimate:
    """A statistic and its percentile bootstrap interval (Efron 1979) over programs [U].

    `statistic` maps weights of the results [n, U] to values [n].
    """
    value = float(statistic(np.ones((1, len(programs))))[0])
    values = statistic(resamples(programs))
    low, high = np.quantile(values, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    return Estimate(value, float(low), float(high))


def mean_log(errors: Array) -> Array:
    """[S, U] -> [U]: logarithms of the seeds' geometric means; errors are bounded as in `geometric_mean`."""
    means: Array = np.log(bounded(errors)).mean(0)
    return means


def geometric(logs: Array, programs: Integers) -> Estimate:
    """The geometric mean of values whose logarithms [U] are given."""
    return estimate(lambda weights: np.exp(weights @ logs / weights.sum(1)), programs)


def ratio(baseline: Array, errors: Array, programs: Integers) -> Estimate:
    """How many times smaller the errors [S, U] are than the baseline's, as a geometric mean over programs."""
    return geometric(mean_log(baseline) - mean_log(errors), programs)


def win_rate(baseline: Array, errors: Array) -> float:
    """The share of results and seeds whose error is smaller than the baseline's; a tie is half a win."""
    a, b = bounded(baseline), bounded(errors)
    return float(((b < a) + 0.5 * (b == a)).mean())


def steps_to(traces: Array, targets: Array, checkpoints: Sequence[int]) -> Array:
    """The step [S, U] of the first checkpoint whose error in traces [S, C, U] is at most the target [S, U].

    At least 1, so that ratios exist; infinite where none is.
    """
    reached = bounded(traces) <= targets[:, None]
    steps = np.maximum(np.array(checkpoints, dtype=float), 1)
    return np.where(reached.any(1), steps[reached.argmax(1)], np.inf)


def steps_ratio(baseline: Array, traces: Array, checkpoints: Sequence[int]) -> tuple[Array, Array]:
    """As `training_time`, a result: mean logarithms of the ratio [U], and which seeds and results reach it [S, U]."""
    targets = bounded(baseline)[:, -1]
    base, own = steps_to(baseline, targets, checkpoints), steps_to(traces, targets, checkpoints)
    return np.log(base / np.minimum(own, checkpoints[-1])).mean(0), np.isfinite(own)


def training_time(
    baseline: Array, traces: Array, checkpoints: Sequence[int], programs: Integers
) -> tuple[Estimate, float]:
    """How many times fewer epochs it takes to the error that the baseline ends with, and the share that reaches it.

    Both traces [S, C, U] are of one optimiser, so that epochs are in the ratio of steps. What never reaches the target
    counts as if it did with the last step of the budget.
    """
    logs, reached = steps_ratio(baseline, traces, checkpoints)
    return geometric(logs, programs), float(reached.mean())


def rows_needed(sizes: Sequence[int], curve: Array, errors: Array) -> Array:
    """The rows at which an error curve falls to some errors [n], by interpolating logarithms of both.

    `curve` [n, sizes] are mean logarithms of errors, and is made falling first: more rows are never worse. What lies
    outside the curve gets its first or last size: a bound.
    """
    falling = np.minimum.accumulate(curve, axis=1)
    logs = np.log(np.asarray(sizes, dtype=float))
    needed = [np.interp(-e, -c, logs) for e, c in zip(errors, falling, strict=True)]
    return np.exp(needed)


def rows_saved(sizes: Sequence[int], baseline: Sequence[Array], errors: Array, programs: Integers) -> Estimate:
    """How many rows the baseline needs for the geometric mean error that `errors` [S, U] come to.

    `baseline` are its errors [S, U] at each of the sizes.
    """
    curve, own = np.stack([mean_log(e) for e in baseline], axis=1), mean_log(errors)  # [U, sizes], [U]

    def needed(weights: Array) -> Array:
        total = weights.sum(1)
        return rows_needed(sizes, weights @ curve / total[:, None], weights @ own / total)

    return estimate(needed, programs)
