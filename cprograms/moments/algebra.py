"""Arithmetic on abstract numbers: sums, products and functions of them, with what they have in common.

Sums are exact. A product is projected on the polynomials (Xiu and Karniadakis 2002, "The Wiener–Askey polynomial chaos
for stochastic differential equations", section 4), and what they leave out becomes a noise, as in affine arithmetic
(Stolfi and de Figueiredo 1997). A function of one number is applied to its strata, fitted there by polynomials of the
number, and these are expanded by products.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from cprograms.moments.basis import Basis
from cprograms.moments.values import ANYTHING, COARSE, STRATA, Interval, Value, reduced, standard, uniform

POWERS = 6
"""The degree of the polynomials of one number that stand for a function of it."""
SOUND = 0.3, 1.5
"""A polynomial of a number is expanded as far as its deviation, which is one, comes out between these."""
POLYNOMIAL = 0.99
"""The share of a variance beyond which a number counts as its polynomial."""
LARGEST = 1e100
LINKED = 1 - 1e-9
"""Numbers of that correlation are linear in one another."""

Function = Callable[[np.ndarray], np.ndarray]


class Algebra:
    """`symbols` noises at most have a place; further ones count as independent of all, even of themselves.

    A `formal` one takes a polynomial for what it is, whatever that makes of the moments.
    """

    formal = False

    def __init__(self, basis: Basis, symbols: int) -> None:
        self.basis = basis
        only = basis.exponents.shape[1] == 1
        self._levels = basis.values(uniform(-1.0, 1.0, whole=False)[:, None]) if only else None  # [S, B]
        self._length = basis.size + symbols
        self._next = basis.size

    def constant(self, number: float) -> Value:
        return Value(self.zeros(number), interval=(number, number))

    def zeros(self, mean: float = 0.0) -> np.ndarray:
        c = np.zeros(self._length)
        c[0] = mean
        return c

    def argument(self, place: int, strata: np.ndarray, interval: Interval, std: float) -> Value:
        c = self.zeros(interval[0] / 2 + interval[1] / 2)
        c[self.basis.linear[place]] = std
        return Value(c, shape=standard(strata), interval=interval)

    def independent(self, strata: np.ndarray, interval: Interval) -> Value:
        """A number of these strata that has nothing in common with any other."""
        return Value(self.zeros(float(strata.mean())), float(strata.var()), standard(strata), interval)

    # --- sums ---

    def scaled(self, x: Value, factor: float) -> Value:
        shape = x.shape if factor >= 0 else -x.shape[::-1]
        return Value(x.c * factor, x.rest * factor * factor, shape, _times(x.interval, factor))

    def sum(self, x: Value, y: Value, a: float = 1.0, b: float = 1.0) -> Value:
        """a x + b y."""
        (low, high), (least, most) = _times(x.interval, a), _times(y.interval, b)
        found = Value(a * x.c + b * y.c, a * a * x.rest + b * b * y.rest, interval=(low + least, high + most))
        if x.variance == 0 or y.variance == 0:
            one, factor = (x, a) if y.variance == 0 else (y, b)
            found.shape = one.shape if factor >= 0 else -one.shape[::-1]
            found.told = one.told
        else:
            found.shape = self.joint_shape(x, y, lambda u, v: a * u + b * v)
            self._reshape(found)
        return found

    def _reshape(self, x: Value) -> None:
        """A polynomial of one argument alone says its strata by itself."""
        if self._levels is not None:
            known = float(x.c[1 : self.basis.size] @ x.c[1 : self.basis.size])
            if known > POLYNOMIAL * x.variance:
                x.shape = standard(np.sort(self._levels @ x.c[: self.basis.size]))

    def difference(self, x: Value, y: Value) -> Value:
        return self.sum(x, y, 1.0, -1.0)

    # --- products ---

    def galerkin(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The coefficients [L] of a product, as far as polynomials and noises say: of two noises the mean is known."""
        size, found = self.basis.size, self.zeros()
        found[:size] = self.basis.product(a, b)
        found[size:] = a[0] * b[size:] + b[0] * a[size:]
        found[0] += a[size:] @ b[size:]
        return found

    def product(self, x: Value, y: Value) -> Value:
        if x.variance == 0 or y.variance == 0:
            return self.scaled(y, x.mean) if x.variance == 0 else self.scaled(x, y.mean)
        regrouped = self._regrouped(x, y) or self._regrouped(y, x)
        if regrouped is not None:
            return regrouped
        c, linked = self.galerkin(x.c, y.c), x.correlation(y)
        if abs(linked) > LINKED:
            return self._parabola(x, y, c, math.copysign(y.std / x.std, linked))
        u, v = self.pair(x, y)
        values = u * v
        low, high = float(values.min()), float(values.max())
        c[0] = min(max(c[0], low), high)
        known = float(c[1:] @ c[1:])
        alone = x.rest * y.mean * y.mean + y.rest * x.mean * x.mean
        missed = min(self._left_out(x, y) + alone, max(float(values.var()) - known, 0))
        found = self.finished(c, 0.0, known + max(alone, missed), reduced(values), product_interval(x, y, values))
        found.factors = x, y
        self._reshape(found)
        return found

    def _parabola(self, x: Value, y: Value, c: np.ndarray, slope: float) -> Value:
        """x y, where y has a slope in x: its strata tell all, and so do its ends and its vertex."""
        values = x.strata * np.clip(y.mean + slope * (x.strata - x.mean), *y.interval)
        c[0] = values.mean()
        interval = product_interval(x, y, values)
        if all(map(math.isfinite, x.interval)):
            places = np.clip(np.array([*x.interval, (x.mean - y.mean / slope) / 2]), *x.interval)
            found = places * (y.mean + slope * (places - x.mean))
            interval = min(float(found.min()), interval[1]), max(float(found.max()), interval[0])
        return self.finished(c, 0.0, float(values.var()), np.sort(values), interval)

    def _regrouped(self, x: Value, y: Value) -> Value | None:
        """(a b) y as (a y) b where y falls as a rises, in a line: it keeps r x (1 - x) small."""
        for a, b in (x.factors, x.factors[::-1]) if x.factors is not None else ():
            if a.correlation(y) < -LINKED:
                return self.product(self.product(a, y), b)
        return None

    def _left_out(self, x: Value, y: Value) -> float:
        """About how much variance of a product is in polynomials beyond the basis and in products with noises."""
        size = self.basis.size
        a, b = self.basis.energies(x.c[:size])[1:], self.basis.energies(y.c[:size])[1:]
        p, q = float(a.sum()), float(b.sum())
        r, s = max(x.variance - p, 0), max(y.variance - q, 0)
        degree = len(a)
        beyond = sum(float(a[d] * b[degree - 1 - d :].sum()) for d in range(degree)) if self.basis.mixed else p * q
        shared = float(x.c[size:] @ y.c[size:])
        return 2 * beyond + p * s + q * r + r * s + shared * shared

    # --- functions ---

    def function(self, x: Value, f: Function, whole: bool = False) -> Value:
        """f(x), of a whole number where `whole`; where f gives no number it is left out."""
        strata = np.rint(x.strata) if whole else x.strata
        values = np.asarray(f(strata), dtype=np.float64)
        sound = np.isfinite(values)
        if not sound.any():
            return self.constant(0.0)
        values = np.clip(np.where(sound, values, values[sound].mean()), -LARGEST, LARGEST)
        left = variance = float(values.var())
        if variance == 0 or x.variance == 0:
            return self.constant(float(values.mean()))
        c = self.zeros(float(values.mean()))
        for at, coefficients in self.powers(x, strata, POWERS):
            share = float((values * at).mean())
            c += share * coefficients
            left -= share * share
            if left < 1e-6 * variance:
                break
        return self.finished(c, 0.0, variance, np.sort(values), _range(f, x.interval, values))

    def powers(self, x: Value, strata: np.ndarray, most: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Polynomials of a number that are orthonormal on its strata, of degree 1 on: values [S], coefficients [L]."""
        z = standard(strata)
        if not z.any() or x.variance <= 0:
            return
        c = x.c / x.std
        c[0] = 0
        for at, coefficients, width in self.recurrence(z, c, most, centred=True):
            yield at, coefficients / max(width, 1)

    def recurrence(
        self, z: np.ndarray, c: np.ndarray, most: int, *, centred: bool
    ) -> Iterator[tuple[np.ndarray, np.ndarray, float]]:
        """Orthonormal polynomials of a standard number, given by its strata z [S] and coefficients c [L], while sound:
        values [S], coefficients [L], and their deviation. Both follow the same recurrence of three terms; `centred`
        ones have the mean that the strata say, zero."""
        (before, at), (old, new), slope = (np.ones(STRATA), z), (self.zeros(1.0), c), 1.0
        for _ in range(most):
            width = math.sqrt(float(new[1:] @ new[1:]))
            if not SOUND[0] < width < SOUND[1]:
                return
            yield at, new, width
            middle = float((z * at * at).mean())
            following = (z - middle) * at - slope * before
            norm = math.sqrt(float((following * following).mean()))
            if norm < 1e-6:
                return
            coefficients = (self.galerkin(c, new) - middle * new - slope * old) / norm
            if centred:
                coefficients[0] = 0
            before, at, old, new, slope = at, following / norm, new, coefficients, norm

    def grid(self, x: Value, y: Value, f: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Value:
        """A function of two numbers that is neither a sum nor a product: what is linear in them, and noise."""
        u, v = self.pair(x, y)
        values = np.asarray(f(u, v), dtype=np.float64)
        sound = np.isfinite(values)
        if not sound.any():
            return self.constant(0.0)
        values = np.clip(np.where(sound, values, values[sound].mean()), -LARGEST, LARGEST)
        c, varying = self.zeros(float(values.mean())), [(n, w) for n, w in ((x, u), (y, v)) if n.variance > 0]
        if varying and values.var() > 0:
            columns = np.stack([(w - w.mean()).ravel() / n.std for n, w in varying], axis=1)
            slopes = np.linalg.lstsq(columns, values.ravel() - values.mean(), rcond=1e-6)[0]
            for slope, (n, _) in zip(slopes, varying, strict=True):
                c[1:] += slope / n.std * n.c[1:]
        return self.finished(c, 0.0, float(values.var()), reduced(values), ANYTHING)

    # --- distributions ---

    def pair(self, x: Value, y: Value) -> tuple[np.ndarray, np.ndarray]:
        """Values [n, n] of two numbers, as often large together as their correlation says, each within its strata."""
        linked = x.correlation(y)
        u, v = (n.strata.reshape(COARSE, -1).mean(1) for n in (x, y))
        first = np.broadcast_to(u[:, None], (COARSE, COARSE))
        if abs(linked) < 0.02:
            return first, np.broadcast_to(v, (COARSE, COARSE))
        a, b = (n.shape.reshape(COARSE, -1).mean(1) for n in (x, y))
        size = linked * a[:, None] + math.sqrt(1 - linked**2) * b
        second = np.empty(COARSE**2)
        second[np.argsort(size, axis=None, kind="stable")] = np.repeat(y.strata, COARSE**2 // STRATA)
        return first, second.reshape(COARSE, COARSE)

    def joint_shape(self, x: Value, y: Value, f: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> np.ndarray:
        return standard(reduced(f(*self.pair(x, y))))

    def held(self, x: Value, interval: Interval) -> Value:
        """A value that lies within an interval: no number between a and b deviates more than √((b − m)(m − a)) around
        its mean m (Bhatia and Davis 2000)."""
        x.interval = interval
        if not (math.isfinite(interval[0]) and math.isfinite(interval[1])):
            return x
        if not interval[0] < x.mean < interval[1]:
            strata = x.strata
            x = self.finished(x.c, x.rest, float(strata.var()), strata, interval)
            x.c[0] = strata.mean()
        mean = x.mean
        most = (interval[1] - mean) * (mean - interval[0])
        if x.variance <= most:
            return x
        factor = math.sqrt(max(most, 0.0) / x.variance)
        c = x.c * factor
        c[0] = mean
        return Value(c, x.rest * factor**2, x.shape, interval, x.test)

    def finished(self, c: np.ndarray, rest: float, variance: float, strata: np.ndarray, interval: Interval) -> Value:
        """A value of this variance: what coefficients lack of it becomes a noise; where they have more, they shrink."""
        c = np.nan_to_num(c, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
        known = float(c[1:] @ c[1:]) + rest
        variance = max(variance, 0.0) if math.isfinite(variance) else known
        if known > variance:
            factor = math.sqrt(variance / known)
            c[1:] *= factor
            rest *= factor**2
        elif variance - known > 1e-9 * variance:
            if self._next < self._length:
                c[self._next] = math.sqrt(variance - known)
                self._next += 1
            else:
                rest += variance - known
        return Value(c, rest, standard(strata), interval)


def _times(interval: Interval, factor: float) -> Interval:
    if factor == 0:
        return 0.0, 0.0
    low, high = sorted((interval[0] * factor, interval[1] * factor))
    return low, high


def product_interval(x: Value, y: Value, values: np.ndarray) -> Interval:
    """What a product lies between; its sign is that of its values."""
    ends = [0.0 if math.isnan(a * b) else a * b for a in x.interval for b in y.interval]
    low, high = min(ends), max(ends)
    return max(low, 0.0) if values.min() >= 0 else low, min(high, 0.0) if values.max() <= 0 else high


def _range(f: Function, interval: Interval, values: np.ndarray) -> Interval:
    """What f(x) lies between: its strata and what it is at the ends, and at zero, or else its sign."""
    low, high = float(values.min()), float(values.max())
    if not all(map(math.isfinite, interval)):
        return 0.0 if low >= 0 else -math.inf, 0.0 if high <= 0 else math.inf
    places = np.full(STRATA, interval[0])
    places[1], places[2] = interval[1], np.clip(0.0, *interval)
    ends = np.asarray(f(places), dtype=np.float64)[:3]
    ends = ends[np.isfinite(ends)]
    return min([low, *ends.tolist()]), max([high, *ends.tolist()])
