"""Polynomial arithmetic: what is a polynomial of the basis stays exactly it, whatever that makes of the moments.

The moments' algebra corrects coefficients by what distributions and intervals say. That is right for a deviation, and
wrong for a polynomial that is to be evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cprograms.moments.algebra import LARGEST, Algebra, product_interval
from cprograms.moments.values import Interval, Value, reduced, standard


class FormalAlgebra(Algebra):
    """As the moments' algebra, but no coefficient is changed once it is known."""

    formal = True

    def held(self, x: Value, interval: Interval) -> Value:
        x.interval = interval
        return x

    def product(self, x: Value, y: Value) -> Value:
        if x.variance == 0 or y.variance == 0:
            return self.scaled(y, x.mean) if x.variance == 0 else self.scaled(x, y.mean)
        u, v = self.pair(x, y)
        c = self.galerkin(x.c, y.c)
        return self.finished(c, 0.0, float((u * v).var()), reduced(u * v), product_interval(x, y, u * v))

    def powers(self, x: Value, strata: np.ndarray, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """As `Algebra.powers`, but as polynomials of the number itself, whose mean stays in the coefficients."""
        middle, width = float(strata.mean()), float(strata.std())
        if not 0 < width < np.inf or x.variance <= 0:
            return
        c = x.c / width
        c[0] -= middle / width
        for at, coefficients, _ in self.recurrence((strata - middle) / width, c, most, centred=False):
            yield at, coefficients

    def finished(self, c: np.ndarray, rest: float, variance: float, strata: np.ndarray, interval: Interval) -> Value:
        """What coefficients lack of the variance has no symbol; where they have more, it is theirs."""
        c = np.nan_to_num(c, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
        known = float(c[1:] @ c[1:]) + rest
        return Value(c, rest + max(float(np.nan_to_num(variance)) - known, 0.0), standard(strata), interval)
