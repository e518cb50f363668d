"""Polynomials of many inputs by their greatest terms: no basis is fixed beforehand.

A number is a sum of products of Chebyshev polynomials of scaled inputs. Sums and products are exact but for the least
terms, which are left out where there are too many. A function of one number is expanded in Chebyshev polynomials of it
(Trefethen 2013, "Approximation Theory and Approximation Practice", chapter 3), and these by products (Clenshaw 1955).
Where a number lies is said by its own polynomial at points of the domain.

Shapes: Z inputs, N terms, n points.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

MOST_TERMS = 600
"""Of a number."""
SHARES = (0.25, MOST_TERMS), (0.5, MOST_TERMS // 4), (1.0, 40)
"""The terms of a number where so much of the work is done."""
MOST_DEGREE = 40
"""Of a term in one input."""
MOST_FLAG, MOST_TAP = 1, 3
"""That of a tap which is ±1, and of another."""
MOST_PAIRS = 40_000
"""Of terms that a product multiplies."""
MOST_WORK, OF_LOOPS = 1_500_000, 4_000_000
"""Terms before like ones are added, in all; of a graph with loops."""
SMALL = 1e-15
"""A coefficient that is so much smaller than the greatest is left out."""
POWERS, NODES = 16, 65
"""The degree of a function, and where it is tried."""
CONVERGED = 1e-13
"""What the first coefficients that are left out may be, of the greatest."""
TOGETHER = 4
"""The degree of a function of two numbers."""
FEW = 12
"""A number of so few terms is tried in the highest degree alone."""
DIVERGED, EXACT = 10.0, 1e-20
"""A higher degree is not tried where one errs so many times more; or is so small a share of the variance."""
WIDER = 0.01
"""How far a number may lie beyond what it is at the points."""
AMONG = 0.05
"""The weight of a node, beside points, where a function is no short sum."""

Function = Callable[[np.ndarray], np.ndarray]


class Sparse(NamedTuple):
    """Terms: exponents uint8 [N, Z], each once, and coefficients [N]."""

    exponents: np.ndarray
    coefficients: np.ndarray


class TooMuch(Exception):
    """More terms would have to be multiplied than is worth the time, or what is no polynomial at all."""


class SparseAlgebra:
    """`points` [n, Z] are scaled inputs, `flags` bool [Z] those that are ±1, `taps` bool [Z] those of low degree.

    Of more than `most` work there is TooMuch.
    """

    def __init__(self, points: np.ndarray, flags: np.ndarray, taps: np.ndarray, most: int = MOST_WORK) -> None:
        self._width = points.shape[1]
        self._flags = flags
        self._most = np.where(flags, MOST_FLAG, np.where(taps, MOST_TAP, MOST_DEGREE))
        self._powers = np.moveaxis(chebyshev.chebvander(points, MOST_DEGREE), 2, 0)  # [degrees, n, Z]
        self._hash = np.random.default_rng(0).integers(1, 2**63, self._width, dtype=np.uint64) | np.uint64(1)
        self._work, self._most_work = 0, most
        self.exact = True
        """Whether nothing was left out so far."""

    def constant(self, value: float) -> Sparse:
        return Sparse(np.zeros((1, self._width), dtype=np.uint8), np.array([float(value)]))

    def input(self, place: int, middle: float, reach: float) -> Sparse:
        """middle + reach z of an input z."""
        exponents = np.zeros((2, self._width), dtype=np.uint8)
        exponents[1, place] = 1
        return self._gathered(exponents, np.array([middle, reach]))

    def at_points(self, x: Sparse) -> np.ndarray:
        """[n]"""
        found = np.zeros(self._powers.shape[1])
        degrees = x.exponents.sum(1)
        if not degrees.any():
            return np.asarray(found + x.coefficients.sum())
        terms = np.ones((self._powers.shape[1], len(x.exponents)))
        for d in np.flatnonzero(x.exponents.any(0)):
            own = np.flatnonzero(x.exponents[:, d])
            terms[:, own] *= self._powers[x.exponents[own, d], :, d].T
        return np.asarray(terms @ x.coefficients)

    def scaled(self, x: Sparse, factor: float) -> Sparse:
        return x._replace(coefficients=x.coefficients * factor)

    def sum(self, x: Sparse, y: Sparse, a: float = 1.0, b: float = 1.0) -> Sparse:
        """a x + b y."""
        return self._gathered(
            np.concatenate([x.exponents, y.exponents]), np.concatenate([a * x.coefficients, b * y.coefficients])
        )

    def product(self, x: Sparse, y: Sparse) -> Sparse:
        """By T_i T_j = (T_{i+j} + T_{|i−j|}) / 2; the square of ±1 is 1."""
        if len(x.exponents) < len(y.exponents):
            x, y = y, x
        if len(y.exponents) == 1 and not y.exponents.any():
            return self.scaled(x, float(y.coefficients[0]))
        most = MOST_PAIRS if self._work < self._most_work / 4 else MOST_PAIRS // 8
        if len(x.exponents) * len(y.exponents) > most:
            y = self._greatest(y, max(most // len(x.exponents), 16))
        first = np.repeat(x.exponents, len(y.exponents), axis=0)
        second = np.tile(y.exponents, (len(x.exponents), 1))
        c = np.outer(x.coefficients, y.coefficients).ravel()
        kept = np.abs(c) > SMALL * np.abs(c).max(initial=0.0)
        first, second, c = first[kept], second[kept], c[kept]
        for d in np.flatnonzero(x.exponents.any(0) & y.exponents.any(0)):
            if self._flags[d]:
                first[:, d] ^= second[:, d]
                second[:, d] = 0
                continue
            both = np.flatnonzero((first[:, d] > 0) & (second[:, d] > 0))
            if not len(both):
                continue
            c[both] /= 2
            more, other = first[both], second[both]
            more[:, d] = np.abs(more[:, d].astype(np.int16) - other[:, d]).astype(np.uint8)
            other[:, d] = 0
            first, second, c = np.concatenate([first, more]), np.concatenate([second, other]), np.append(c, c[both])
            self._worked(len(c))
        return self._gathered(first + second, c)

    def function(self, x: Sparse, f: Function, whole: bool = False) -> Sparse:
        """f(x), of the degree that errs least at the points; those where f is no number are left out.

        Of a whole number nothing is asked between the points: f may be anything there.
        """
        values = self.at_points(x)
        low, high = float(values.min()), float(values.max())
        width = high - low
        if not np.isfinite(width) or width <= 1e-13 * max(abs(low), abs(high)):
            return self.constant(_number(float(f(np.array([low / 2 + high / 2]))[0])))
        expansion = _Expansion(f, values, low - WIDER * width, high + WIDER * width, whole)
        best, least = self.constant(expansion.mean), expansion.variance
        degrees = expansion.degrees if len(x.exponents) > FEW else expansion.degrees[-1:]
        for degree in degrees:
            found = self._composed(x, expansion, degree)
            error = expansion.error(self.at_points(found))
            if error < least:
                best, least = found, error
            elif error > DIVERGED * least:
                break
            if least <= EXACT * expansion.variance:
                return best
        self.exact = self.exact and expansion.variance == 0
        return best

    def _composed(self, x: Sparse, expansion: _Expansion, degree: int) -> Sparse:
        """An expansion of a degree in Chebyshev polynomials of a number."""
        low, high = expansion.ends
        unit = self.sum(x, self.constant(1.0), 2 / (high - low), -(low + high) / (high - low))
        coefficients = expansion.coefficients(degree)
        after, at = self.constant(0.0), self.constant(0.0)
        for c in coefficients[:0:-1]:
            after, at = at, self.sum(self.sum(self.product(unit, at), after, 2.0, -1.0), self.constant(c))
        return self.sum(self.sum(self.product(unit, at), after, 1.0, -1.0), self.constant(coefficients[0]))

    def of_two(self, x: Sparse, y: Sparse, f: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Sparse:
        """A function of two numbers that is neither sum nor product: what is a polynomial of them."""
        self.exact = False
        values = f(self.at_points(x), self.at_points(y))
        sound = np.isfinite(values)
        if not sound.any():
            return self.constant(0.0)
        first, second = (self._powers_of(number) for number in (x, y))
        of_both = [(i, j) for i in range(TOGETHER + 1) for j in range(TOGETHER + 1 - i)]
        columns = np.stack([first[i][1] * second[j][1] for i, j in of_both], axis=1)
        slopes = np.linalg.lstsq(columns[sound], values[sound], rcond=1e-9)[0]
        found = self.constant(0.0)
        for slope, (i, j) in zip(slopes.tolist(), of_both, strict=True):
            found = self.sum(found, self.product(first[i][0], second[j][0]), 1.0, slope)
        return found

    def _powers_of(self, x: Sparse) -> list[tuple[Sparse, np.ndarray]]:
        """Of the standardised number, and their values [n]."""
        at = self.at_points(x)
        mean, width = float(at.mean()), float(at.std()) or 1.0
        x, at = self.sum(x, self.constant(1.0), 1 / width, -mean / width), (at - mean) / width
        found = [(self.constant(1.0), np.ones_like(at))]
        for _ in range(TOGETHER):
            found.append((self.product(found[-1][0], x), found[-1][1] * at))
        return found

    def _gathered(self, exponents: np.ndarray, c: np.ndarray) -> Sparse:
        """Like terms together, the greatest of those within the degrees that may be."""
        self._worked(len(c))
        within = (exponents <= self._most).all(1) & np.isfinite(c)
        if not within.all():
            self.exact = self.exact and not (np.abs(c[~within]) > CONVERGED * np.abs(c).max()).any()
            exponents, c = exponents[within], c[within]
        keys = exponents.astype(np.uint64) @ self._hash
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        c = np.bincount(place.reshape(-1), weights=c, minlength=len(first))
        kept = np.flatnonzero(np.abs(c) > SMALL * np.abs(c).max(initial=0.0))
        found = Sparse(exponents[first[kept]], c[kept])
        return self._greatest(found, self._most_terms) if len(kept) else self.constant(0.0)

    @property
    def _most_terms(self) -> int:
        """The fewer, the more work is done."""
        return next(most for share, most in SHARES if self._work <= share * self._most_work)

    def _greatest(self, x: Sparse, most: int) -> Sparse:
        if len(x.coefficients) <= most:
            return x
        self.exact = False
        kept = np.sort(np.argpartition(-np.abs(x.coefficients), most)[:most])
        return Sparse(x.exponents[kept], x.coefficients[kept])

    def _worked(self, rows: int) -> None:
        self._work += rows
        if self._work > self._most_work:
            raise TooMuch


def _number(value: float) -> float:
    return value if np.isfinite(value) else 0.0


class _Expansion:
    """f in Chebyshev polynomials of a number that has these values [n] at points, and lies between two ends."""

    def __init__(self, f: Function, values: np.ndarray, low: float, high: float, whole: bool) -> None:
        self._f, self._values, self._wanted = f, values, f(values)
        self._nodes = np.zeros(0) if whole else np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES)
        self._sound = np.isfinite(self._wanted)
        known = self._wanted[self._sound]
        self.mean = float(known.mean()) if len(known) else 0.0
        self.variance = float(known.var()) if len(known) else 0.0
        self.ends = low, high
        self._short = self._interpolated()

    @property
    def degrees(self) -> list[int]:
        """That are worth a trial."""
        if self.variance == 0:
            return []
        most = POWERS if self._short is None else len(self._short) - 1
        return [*(d for d in (1, 2, 4, 8) if d < most), most]

    def error(self, found: np.ndarray) -> float:
        return float(((found - self._wanted)[self._sound] ** 2).mean())

    def coefficients(self, degree: int) -> np.ndarray:
        if self._short is not None and degree >= len(self._short) - 1:
            return self._short
        low, high = self.ends
        z = self._nodes
        rows = np.concatenate([2 * (self._values - low) / (high - low) - 1, z])
        wanted = np.concatenate([self._wanted, self._f((z + 1) / 2 * (high - low) + low)])
        weight = np.concatenate([np.ones(len(self._values)), np.full(len(z), AMONG)])
        sound = np.isfinite(wanted)
        columns = chebyshev.chebvander(rows[sound], min(degree, int(sound.sum()) // 2)) * weight[sound, None]
        return np.asarray(np.linalg.lstsq(columns, wanted[sound] * weight[sound], rcond=1e-11)[0])

    def _interpolated(self) -> np.ndarray | None:
        """The coefficients, where a few say all of it."""
        low, high = self.ends
        z = self._nodes
        at = self._f((z + 1) / 2 * (high - low) + low)
        if not (len(z) and np.isfinite(at).all()):
            return None
        c = chebyshev.chebvander(z, NODES - 1).T @ at * 2 / NODES
        c[0] /= 2
        long = np.flatnonzero(np.abs(c) > CONVERGED * np.abs(c).max())
        last = int(long[-1]) if len(long) else 0
        return c[: last + 1] if last <= POWERS else None
