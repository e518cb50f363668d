"""What is known of a node's values over the domain, and the strata that its distribution is held by."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

STRATA, COARSE = 32, 16
"""Equal parts of a distribution; where two numbers meet, each has the coarser ones."""
_GOLDEN = (math.sqrt(5) - 1) / 2
_LEVELS = (np.arange(STRATA) + 0.5) / STRATA

Interval = tuple[float, float]
ANYTHING: Interval = (-math.inf, math.inf)


@dataclass(eq=False)
class Value:
    """An abstract number.

    `c` [L] are its mean, its coefficients in the polynomials of the arguments, and those in noises: symbols of mean 0
    and deviation 1 that are independent of all else. `rest` is the variance that has no symbol. `shape` [S] are its
    strata, in deviations from the mean. It lies within `interval`, as far as is known.

    Where it depends on one condition alone, `test` holds the number that the condition compares with zero, and the mean
    of this value in each of that number's strata. A product knows its `factors`. A flag that is `told` is exactly its
    polynomial: it is a tap, or one's contrary.
    """

    c: np.ndarray
    rest: float = 0.0
    shape: np.ndarray = field(default_factory=lambda: np.zeros(STRATA))
    interval: Interval = ANYTHING
    test: tuple[Value, np.ndarray] | None = None
    factors: tuple[Value, Value] | None = None
    told: bool = False

    @property
    def mean(self) -> float:
        return float(self.c[0])

    @property
    def variance(self) -> float:
        return float(self.c[1:] @ self.c[1:]) + self.rest

    @property
    def std(self) -> float:
        return math.sqrt(self.variance)

    @property
    def strata(self) -> np.ndarray:
        """[S], within the interval."""
        return np.clip(self.mean + self.std * self.shape, *self.interval)

    def covariance(self, other: Value) -> float:
        return float(self.c[1:] @ other.c[1:])

    def correlation(self, other: Value) -> float:
        width = self.std * other.std
        return min(max(self.covariance(other) / width, -1.0), 1.0) if width > 0 else 0.0

    def moved(self, step: float) -> Value:
        c = self.c.copy()
        c[0] += step
        return Value(c, self.rest, self.shape, (self.interval[0] + step, self.interval[1] + step))


def uniform(low: float, high: float, whole: bool) -> np.ndarray:
    """The strata of a number that is uniform between two ends, or of a whole one."""
    return low + np.floor(_LEVELS * (high - low + 1)) if whole else low + (high - low) * _LEVELS


def standard(strata: np.ndarray) -> np.ndarray:
    """In deviations from their mean."""
    z = strata - strata.mean()
    scale = float(np.abs(z).max())
    if not 0 < scale < math.inf:
        return np.zeros_like(z)
    z = z / scale
    return np.asarray(z / math.sqrt(float((z * z).mean())))


def reduced(values: np.ndarray) -> np.ndarray:
    """The strata of a sample, a multiple of them or not."""
    values = np.sort(values, axis=None)
    if len(values) % STRATA:
        values = values[np.arange(len(values) * STRATA) // STRATA]
    return np.asarray(values.reshape(STRATA, -1).mean(1))


def mixture(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The strata of values with weights."""
    order = np.argsort(values, kind="stable")
    edges = np.cumsum(weights[order])
    return np.asarray(values[order][np.minimum(np.searchsorted(edges / edges[-1], _LEVELS), len(values) - 1)])


def below(strata: np.ndarray, end: float) -> np.ndarray:
    """The share of each stratum that is below an end; a stratum reaches half way to its neighbours."""
    between = (strata[1:] + strata[:-1]) / 2
    first, last = 2 * strata[0] - between[0], 2 * strata[-1] - between[-1]
    edges = np.concatenate([[first], between, [last]])
    width = np.diff(edges)
    share = np.clip((end - edges[:-1]) / np.where(width > 0, width, 1), 0, 1)
    return np.asarray(np.where(width > 0, share, strata < end))


def spread_out(strata: np.ndarray) -> np.ndarray:
    """A point somewhere in each stratum, no two at one place: what repeats itself does not meet them in step."""
    edges = np.concatenate([strata[:1], (strata[1:] + strata[:-1]) / 2, strata[-1:]])
    places = np.arange(1, len(strata) + 1) * _GOLDEN % 1
    return np.asarray(edges[:-1] + places * np.diff(edges))


def near_zero(strata: np.ndarray) -> np.ndarray:
    """The share of each stratum of a whole number that is zero."""
    return np.asarray(below(strata, 0.5) - below(strata, -0.5))
