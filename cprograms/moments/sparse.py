"""Polynomials of many inputs by their greatest terms: no basis is fixed beforehand.

A number is a sum of products of Chebyshev polynomials of scaled inputs. Sums and products are exact but for the least
terms, which are left out where there are too many. A function of one number is expanded in Chebyshev polynomials of it
(Trefethen 2013, "Approximation Theory and Approximation Practice", chapter 3), and these by products (Clenshaw 1955).
Where a number lies is said by its own polynomial at points of the domain.

Shapes: Z inputs, N terms, n points.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.polynomial import chebyshev

from cprograms.graph import Graph, Node
from cprograms.moments.loops import loops_of
from cprograms.moments.operators import computed
from cprograms.types import Scalar

MOST_TERMS = 600
"""Of a number."""
MOST_DEGREE = 40
"""Of a term in one input."""
MOST_FLAG, MOST_TAP = 1, 3
"""That of a tap which is ±1, and of another."""
MOST_PAIRS = 40_000
"""Of terms that a product multiplies."""
MOST_WORK = 3_000_000
"""Terms before like ones are added, in all."""
MOST_PASSES = 256
"""Of a loop."""
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

_AS_HELD = frozenset("lt le div mod shr min max cast".split())
"""Operators for which an unsigned number must be what its type holds."""

Function = Callable[[np.ndarray], np.ndarray]


class Sparse(NamedTuple):
    """Terms: exponents uint8 [N, Z], each once, and coefficients [N]."""

    exponents: np.ndarray
    coefficients: np.ndarray


class TooMuch(Exception):
    """More terms would have to be multiplied than is worth the time, or what is no polynomial at all."""


class Polynomial(NamedTuple):
    """Exponents uint8 [N, Z] in scaled inputs, coefficients [N], and whether that is all of a result."""

    exponents: np.ndarray
    coefficients: np.ndarray
    exact: bool


def sparse_series(
    graph: Graph, points: np.ndarray, flags: np.ndarray, taps: int, middle: np.ndarray, reach: np.ndarray
) -> Polynomial | None:
    """A graph's only result as a polynomial of its arguments, the last `taps` of which are exact values of inner nodes.

    Argument k is `middle[k] + reach[k] z_k`, `points` [n, Z] are some such z, and `flags` bool [Z] says which are ±1.
    None where that is too much work, or there is a loop whose passes are not counted.
    """
    algebra = SparseAlgebra(points, flags, np.arange(len(flags)) >= len(flags) - taps)
    try:
        with np.errstate(all="ignore"):
            found = _Reading(graph, algebra, middle, reach).result()
    except TooMuch:
        return None
    return Polynomial(found.exponents, found.coefficients, algebra.exact)


class SparseAlgebra:
    """`points` [n, Z] are scaled inputs, `flags` bool [Z] those that are ±1, `taps` bool [Z] those of low degree."""

    def __init__(self, points: np.ndarray, flags: np.ndarray, taps: np.ndarray) -> None:
        self._width = points.shape[1]
        self._flags = flags
        self._most = np.where(flags, MOST_FLAG, np.where(taps, MOST_TAP, MOST_DEGREE))
        self._powers = np.moveaxis(chebyshev.chebvander(points, MOST_DEGREE), 2, 0)  # [degrees, n, Z]
        self._hash = np.random.default_rng(0).integers(1, 2**63, self._width, dtype=np.uint64) | np.uint64(1)
        self._work = 0
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
        most = MOST_PAIRS if self._work < MOST_WORK / 4 else MOST_PAIRS // 8
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

    def function(self, x: Sparse, f: Function) -> Sparse:
        """f(x), of the degree that errs least at the points; those where f is no number are left out."""
        values = self.at_points(x)
        low, high = float(values.min()), float(values.max())
        width = high - low
        if not np.isfinite(width) or width <= 1e-13 * max(abs(low), abs(high)):
            return self.constant(_number(float(f(np.array([low / 2 + high / 2]))[0])))
        expansion = _Expansion(f, values, low - WIDER * width, high + WIDER * width)
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
            self.exact = False
            exponents, c = exponents[within], c[within]
        keys = exponents.astype(np.uint64) @ self._hash
        _, first, place = np.unique(keys, return_index=True, return_inverse=True)
        c = np.bincount(place.reshape(-1), weights=c, minlength=len(first))
        kept = np.flatnonzero(np.abs(c) > SMALL * np.abs(c).max(initial=0.0))
        found = Sparse(exponents[first[kept]], c[kept])
        # The fewer, the more work is done.
        most = MOST_TERMS if self._work < MOST_WORK / 4 else MOST_TERMS // 4 if self._work < MOST_WORK / 2 else 40
        return self._greatest(found, most) if len(kept) else self.constant(0.0)

    def _greatest(self, x: Sparse, most: int) -> Sparse:
        if len(x.coefficients) <= most:
            return x
        self.exact = False
        kept = np.sort(np.argpartition(-np.abs(x.coefficients), most)[:most])
        return Sparse(x.exponents[kept], x.coefficients[kept])

    def _worked(self, rows: int) -> None:
        self._work += rows
        if self._work > MOST_WORK:
            raise TooMuch


def _number(value: float) -> float:
    return value if np.isfinite(value) else 0.0


class _Expansion:
    """f in Chebyshev polynomials of a number that has these values [n] at points, and lies between two ends."""

    def __init__(self, f: Function, values: np.ndarray, low: float, high: float) -> None:
        self._f, self._values, self._wanted = f, values, f(values)
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
        z = _nodes()
        rows = np.concatenate([2 * (self._values - low) / (high - low) - 1, z])
        wanted = np.concatenate([self._wanted, self._f((z + 1) / 2 * (high - low) + low)])
        weight = np.concatenate([np.ones(len(self._values)), np.full(NODES, AMONG)])
        sound = np.isfinite(wanted)
        columns = chebyshev.chebvander(rows[sound], min(degree, int(sound.sum()) // 2)) * weight[sound, None]
        return np.asarray(np.linalg.lstsq(columns, wanted[sound] * weight[sound], rcond=1e-11)[0])

    def _interpolated(self) -> np.ndarray | None:
        """The coefficients, where a few say all of it."""
        low, high = self.ends
        z = _nodes()
        at = self._f((z + 1) / 2 * (high - low) + low)
        if not np.isfinite(at).all():
            return None
        c = chebyshev.chebvander(z, NODES - 1).T @ at * 2 / NODES
        c[0] /= 2
        long = np.flatnonzero(np.abs(c) > CONVERGED * np.abs(c).max())
        last = int(long[-1]) if len(long) else 0
        return c[: last + 1] if last <= POWERS else None


def _nodes() -> np.ndarray:
    return np.asarray(np.cos(np.pi * (np.arange(NODES) + 0.5) / NODES))


class _Reading:
    """What a graph of one result is as a polynomial of its arguments, the last of which may be taps.

    Argument k is `middle[k] + reach[k] z_k`.
    """

    def __init__(self, graph: Graph, algebra: SparseAlgebra, middle: np.ndarray, reach: np.ndarray) -> None:
        self._graph, self._algebra, self._middle, self._reach = graph, algebra, middle, reach
        self._values: list[Sparse | None] = [None] * len(graph.nodes)
        self._loops = loops_of(graph)
        self._left: dict[int, dict[int, Sparse]] = {}

    def result(self) -> Sparse:
        """Raises TooMuch."""
        root = self._graph.roots[0]
        for i in self._graph.needed([root]):
            self._value(i)
        found, type = self._known(root), self._graph.nodes[root].type
        if type.is_integer:
            _hold(self._algebra, found, type)
        return found

    def _known(self, i: int) -> Sparse:
        found = self._values[i]
        if found is None:
            raise TooMuch
        return found

    def _value(self, i: int) -> None:
        if self._values[i] is None:
            node = self._graph.nodes[i]
            if node.op == "carry":
                return  # what it is, its loop says
            if any(self._values[c] is None for c in node.children) and node.op != "loop":
                return
            self._values[i] = self._of_node(i, node)

    def _of_node(self, i: int, node: Node) -> Sparse:
        algebra = self._algebra
        if node.op == "const":
            return algebra.constant(float(node.value))
        if node.op == "arg":
            k = int(node.value)
            reach = float(self._reach[k])
            return algebra.input(k, float(self._middle[k]), reach if np.isfinite(reach) else 0.0)
        if node.op == "loop":
            return self._after_loop(i)
        if node.op == "opaque":
            raise TooMuch
        x = [self._known(c) for c in node.children]
        types = [self._graph.nodes[c].type for c in node.children]
        if node.op == "lookup":
            table = self._graph.tables[int(node.value)].astype(np.float64)
            return algebra.function(x[0], lambda u: table[np.clip(np.rint(u), 0, len(table) - 1).astype(int)])
        return _operated(algebra, node.op, node.type, types, x)

    def _after_loop(self, i: int) -> Sparse:
        condition, _, carry = self._graph.nodes[i].children
        if condition not in self._left:
            self._left[condition] = self._run(condition)
        return self._left[condition][carry]

    def _run(self, condition: int) -> dict[int, Sparse]:
        """The carried variables after a loop of a known number of passes. Raises TooMuch for others."""
        graph, loop = self._graph, self._loops[condition]
        for k in graph.needed([condition, *loop.after.values(), *loop.after]):
            if k not in loop.body and not self._inside(k):
                self._value(k)
        state = {c: self._known(graph.nodes[c].children[0]) for c in (*loop.after, *loop.counters)}
        trips, step = self._trips(condition, state)
        for _ in range(trips):
            for carry, value in state.items():
                self._values[carry] = value
            for k in loop.body:
                self._values[k] = None
            for inner in loop.inner:
                self._left.pop(inner, None)
            for k in loop.body:
                self._value(k)
            state = {
                c: self._known(loop.after[c]) if c in loop.after else self._algebra.sum(v, self._algebra.constant(step))
                for c, v in state.items()
            }
        return state

    def _inside(self, k: int) -> bool:
        return self._graph.nodes[k].op == "carry"

    def _trips(self, condition: int, state: dict[int, Sparse]) -> tuple[int, float]:
        n = self._graph.nodes[condition]
        if n.op not in ("lt", "le"):
            raise TooMuch
        (left, right), steps = n.children, (1.0, -1.0)
        for counter, limit, step in zip((left, right), (right, left), steps, strict=True):
            if counter in state and limit not in self._loops[condition].body:
                first, last = state[counter], self._known(limit)
                if first.exponents.any() or last.exponents.any() or counter not in self._loops[condition].counters:
                    continue
                trips = step * float(last.coefficients.sum() - first.coefficients.sum()) + (n.op == "le")
                if trips <= MOST_PASSES:
                    return max(int(np.ceil(trips)), 0), step
        raise TooMuch


def _operated(algebra: SparseAlgebra, op: str, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    whole = type.is_integer
    if op == "add":
        return algebra.sum(x[0], x[1])
    if op == "sub":
        return algebra.sum(x[0], x[1], 1.0, -1.0)
    if op == "neg":
        return algebra.scaled(x[0], -1.0)
    if op == "mul":
        return algebra.product(x[0], x[1])
    if op == "sel":
        return algebra.sum(x[2], algebra.product(_truth(algebra, x[0]), algebra.sum(x[1], x[2], 1.0, -1.0)))
    for value, own in zip(x, types, strict=True):
        if own.kind == "uint" and op in _AS_HELD:
            _hold(algebra, value, own)
    if op == "cast" and type.code != "bool" and (not whole or types[0].is_integer):
        if whole:
            _hold(algebra, x[0], type)
        return x[0]
    varying = [bool(v.exponents.any()) for v in x]
    if len(x) == 1 or sum(varying) < 2:
        place = varying.index(True) if True in varying else 0
        fixed = [float(v.coefficients.sum()) for v in x]

        def of_one(u: np.ndarray) -> np.ndarray:
            return _finite(computed(op, type, [u if k == place else np.full_like(u, c) for k, c in enumerate(fixed)]))

        if op in ("lt", "le", "eq", "ne"):
            return _compared(algebra, op, types[0].is_integer, x)
        if op == "div" and not whole and place == 0 and fixed[1]:
            return algebra.scaled(x[0], 1 / fixed[1])
        return algebra.function(x[place], of_one)
    if op in ("lt", "le", "eq", "ne"):
        return _compared(algebra, op, types[0].is_integer, x)
    if op == "div" and not whole:
        return algebra.product(x[0], algebra.function(x[1], lambda u: _finite(1 / u)))
    if op in ("min", "max", "fmin", "fmax"):
        apart = algebra.function(algebra.sum(x[0], x[1], 1.0, -1.0), np.abs)
        return algebra.sum(algebra.sum(x[0], x[1], 0.5, 0.5), apart, 1.0, 0.5 if "max" in op else -0.5)
    if op == "pow":
        logarithm = algebra.function(x[0], lambda u: _finite(np.log(u)))
        return algebra.function(algebra.product(logarithm, x[1]), np.exp)
    if op == "hypot":
        return algebra.function(
            algebra.sum(algebra.product(x[0], x[0]), algebra.product(x[1], x[1])), lambda u: np.sqrt(np.maximum(u, 0))
        )
    return algebra.of_two(x[0], x[1], lambda u, v: _finite(computed(op, type, [u, v])))


def _hold(algebra: SparseAlgebra, x: Sparse, type: Scalar) -> None:
    """What a type does not hold would be cut, which is no polynomial."""
    low, high = type.limits
    values = algebra.at_points(x)
    if algebra.exact and (values.min() < low - 0.5 or values.max() > high + 0.5):
        algebra.exact = False


def _truth(algebra: SparseAlgebra, x: Sparse) -> Sparse:
    return x if _is_flag(algebra, x) else algebra.function(x, lambda u: (np.abs(u) > 0.5).astype(float))


def _is_flag(algebra: SparseAlgebra, x: Sparse) -> bool:
    values = algebra.at_points(x)
    return bool((values > -0.5).all() and (values < 1.5).all())


def _compared(algebra: SparseAlgebra, op: str, whole: bool, x: Sequence[Sparse]) -> Sparse:
    half = 0.5 if whole else 0.0
    steps: dict[str, Function] = {
        "lt": lambda d: (d < -half).astype(float),
        "le": lambda d: (d <= half).astype(float),
        "eq": lambda d: (np.abs(d) <= half).astype(float),
        "ne": lambda d: (np.abs(d) > half).astype(float),
    }
    return algebra.function(algebra.sum(x[0], x[1], 1.0, -1.0), steps[op])


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values) & (np.abs(values) < 1e100), values, np.nan)
