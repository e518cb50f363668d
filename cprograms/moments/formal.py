"""Polynomial arithmetic: what is a polynomial of the basis stays exactly it, whatever that makes of the moments.

The moments' algebra corrects coefficients by what distributions and intervals say. That is right for a deviation, and
wrong for a polynomial that is to be evaluated.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cprograms.moments.algebra import LARGEST, SOUND, Algebra, product_interval
from cprograms.moments.values import STRATA, Interval, Value, reduced, standard


class FormalAlgebra(Algebra):
    """As the moments' algebra, but no coefficient is changed once it is known."""

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
        """As `Algebra.powers`, but they are polynomials of the number itself: the recurrence of both is the same."""
        middle, width = float(strata.mean()), float(strata.std())
        if not 0 < width < np.inf or x.variance <= 0:
            return
        z, c = (strata - middle) / width, x.c / width
        c[0] -= middle / width
        (before, at), (old, new), slope = (np.ones(STRATA), z), (self.zeros(1.0), c), 1.0
        for _ in range(most):
            size = float(np.sqrt(new[1:] @ new[1:]))
            if not SOUND[0] < size < SOUND[1]:
                return
            yield at, new
            middle = float((z * at * at).mean())
            following = (z - middle) * at - slope * before
            norm = float(np.sqrt((following * following).mean()))
            if norm < 1e-6:
                return
            before, at, old, new, slope = (
                at,
                following / norm,
                new,
                (self.galerkin(c, new) - middle * new - slope * old) / norm,
                norm,
            )

    def finished(self, c: np.ndarray, rest: float, variance: float, strata: np.ndarray, interval: Interval) -> Value:
        """What coefficients lack of the variance has no symbol; where they have more, it is theirs."""
        c = np.nan_to_num(c, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
        known = float(c[1:] @ c[1:]) + rest
        return Value(c, rest + max(float(np.nan_to_num(variance)) - known, 0.0), standard(strata), interval)
