"""A graph as polynomials by their greatest terms: every node once, children first; a loop as often as it repeats.

A condition that is a tap makes `c ? a : b` the polynomial b + c (a − b). One that is none is a step, and is fitted as
another function of one number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cprograms.graph import Graph, Node
from cprograms.moments.loops import loops_of
from cprograms.moments.operators import computed, reread
from cprograms.moments.sparse import MOST_WORK, OF_LOOPS, Sparse, SparseAlgebra, TooMuch
from cprograms.types import Scalar

MOST_PASSES = 256
"""Of a loop."""
LARGEST, WHOLE = 1e100, 2.0**53
"""Beyond the second not every whole number is a double."""


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
    most = MOST_WORK if graph.exact else OF_LOOPS
    algebra = SparseAlgebra(points, flags, np.arange(len(flags)) >= len(flags) - taps, most)
    try:
        with np.errstate(all="ignore"):
            found = _Reading(graph, algebra, middle, reach).result()
    except TooMuch:
        return None
    return Polynomial(found.exponents, found.coefficients, algebra.exact)


class _Reading:
    """What each node is, as far as it is known. Its methods raise TooMuch."""

    def __init__(self, graph: Graph, algebra: SparseAlgebra, middle: np.ndarray, reach: np.ndarray) -> None:
        self._graph, self._algebra, self._middle, self._reach = graph, algebra, middle, reach
        self._values: list[Sparse | None] = [None] * len(graph.nodes)
        self._loops = loops_of(graph)
        self._left: dict[int, dict[int, Sparse]] = {}

    def result(self) -> Sparse:
        root = self._graph.roots[0]
        for i in self._graph.needed([root]):
            self._read(i)
        found, type = self._known(root), self._graph.nodes[root].type
        if type.is_integer:
            _hold(self._algebra, found, type)
        return found

    def _known(self, i: int) -> Sparse:
        found = self._values[i]
        if found is None:
            raise TooMuch
        return found

    def _read(self, i: int) -> None:
        """A carried variable and what depends on it are left open: their loop says what they are."""
        node = self._graph.nodes[i]
        if self._values[i] is not None or node.op == "carry":
            return
        if node.op == "loop" or all(self._values[c] is not None for c in node.children):
            self._values[i] = self._of_node(i, node)

    def _of_node(self, i: int, node: Node) -> Sparse:
        algebra = self._algebra
        if node.op == "const":
            return algebra.constant(float(node.value))
        if node.op == "arg":
            k = int(node.value)
            reach = float(self._reach[k])  # infinite of an argument of one value
            return algebra.input(k, float(self._middle[k]), reach if math.isfinite(reach) else 0.0)
        if node.op == "loop":
            return self._after_loop(i)
        if node.op == "opaque":
            raise TooMuch
        x = [self._known(c) for c in node.children]
        types = [self._graph.nodes[c].type for c in node.children]
        if node.op == "lookup":
            table = self._graph.tables[int(node.value)].astype(np.float64)
            return algebra.function(
                x[0], lambda u: table[np.clip(np.rint(u), 0, len(table) - 1).astype(int)], whole=True
            )
        return _operate(algebra, node.op, node.type, types, x)

    def _after_loop(self, i: int) -> Sparse:
        condition, _, carry = self._graph.nodes[i].children
        if condition not in self._left:
            self._left[condition] = self._run(condition)
        return self._left[condition][carry]

    def _run(self, condition: int) -> dict[int, Sparse]:
        """What each carried variable is after a loop."""
        graph, loop = self._graph, self._loops[condition]
        for k in graph.needed([condition, *loop.after.values(), *loop.after]):
            if k not in loop.body:
                self._read(k)
        state = {c: self._known(graph.nodes[c].children[0]) for c in (*loop.after, *loop.counters)}
        trips, step = self._trips(condition, state)
        for _ in range(trips):
            for carry, value in state.items():
                self._values[carry] = value
            for inner in loop.inner:
                self._left.pop(inner, None)
            for k in loop.body:
                self._values[k] = None
            for k in loop.body:
                self._read(k)
            stepped = self._algebra.constant(step)
            state = {
                c: self._known(loop.after[c]) if c in loop.after else self._algebra.sum(value, stepped)
                for c, value in state.items()
            }
        return state

    def _trips(self, condition: int, state: dict[int, Sparse]) -> tuple[int, float]:
        """How often a loop repeats that compares a counter with a constant, and what it steps by."""
        n, loop = self._graph.nodes[condition], self._loops[condition]
        if n.op not in ("lt", "le"):
            raise TooMuch
        (left, right), steps = n.children, (1.0, -1.0)
        for counter, limit, step in zip((left, right), (right, left), steps, strict=True):
            if counter not in loop.counters or limit in loop.body:
                continue
            first, last = state[counter], self._known(limit)
            if not (first.exponents.any() or last.exponents.any()):
                passes = math.ceil(step * float(last.coefficients.sum() - first.coefficients.sum())) + (n.op == "le")
                if passes <= MOST_PASSES:
                    return max(passes, 0), step
        raise TooMuch


# --- operators ---


def _operate(algebra: SparseAlgebra, op: str, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    for value, own in zip(x, types, strict=True):
        if own.kind == "uint" and op in _AS_HELD:
            _hold(algebra, value, own)
    rule = _RULES.get(op)
    if rule is not None and (op not in _FLOATING or not type.is_integer):
        return rule(algebra, type, types, x)
    return _computed(algebra, op, type, types, x)


def _hold(algebra: SparseAlgebra, x: Sparse, type: Scalar) -> None:
    """What a type does not hold would be cut, which is no polynomial."""
    if algebra.exact:
        low, high = type.limits
        values = algebra.at_points(x)
        algebra.exact = bool(values.min() > low - 0.5 and values.max() < high + 0.5)


def _computed(algebra: SparseAlgebra, op: str, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    """As C computes it: a function of what varies, one number or two."""
    varying = [k for k, value in enumerate(x) if value.exponents.any()]
    fixed = [float(value.coefficients.sum()) for value in x]
    if type.is_integer and max(map(abs, fixed)) > WHOLE:
        algebra.exact = False

    def at(*values: np.ndarray) -> np.ndarray:
        given = [np.full_like(values[0], c) for c in fixed]
        for k, own in zip(varying or (0,), values, strict=True):
            given[k] = np.rint(own) if types[k].is_integer else own
        return _finite(computed(op, type, given))

    if len(varying) == 2:
        return algebra.of_two(x[0], x[1], at)
    place = varying[0] if varying else 0
    return algebra.function(x[place], at, whole=types[place].is_integer)


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) < LARGEST, values, np.nan)


Rule = Callable[[SparseAlgebra, Scalar, Sequence[Scalar], Sequence[Sparse]], Sparse]
"""Of the node's type, and its children's types and values."""


def _divided(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    return algebra.product(x[0], algebra.function(x[1], lambda u: _finite(1 / u)))


def _chosen(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    return algebra.sum(x[2], algebra.product(_truth(algebra, x[0]), algebra.sum(x[1], x[2], 1.0, -1.0)))


def _truth(algebra: SparseAlgebra, x: Sparse) -> Sparse:
    """The flag of a number that is not zero; a number that is never far from 0 or 1 is one."""
    values = algebra.at_points(x)
    if values.min() > -0.5 and values.max() < 1.5:
        return x
    return algebra.function(x, lambda u: (np.abs(u) > 0.5).astype(float))


def _cast(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    if type.code == "bool":
        return _truth(algebra, x[0])
    if type.is_integer and not types[0].is_integer:
        return _computed(algebra, "cast", type, types, x)
    if type.is_integer:
        _hold(algebra, x[0], type)
    return x[0]


def _compared(of_difference: Callable[[np.ndarray, float], np.ndarray]) -> Rule:
    """A comparison: of x - y, and half of what whole numbers differ by."""

    def rule(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
        whole = types[0].is_integer
        difference = algebra.sum(x[0], x[1], 1.0, -1.0)
        return algebra.function(difference, lambda d: of_difference(d, 0.5 * whole).astype(float), whole)

    return rule


def _extremum(sign: float) -> Rule:
    """Half the sum of two numbers, and half their distance more or less."""

    def rule(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
        distance = algebra.function(algebra.sum(x[0], x[1], 1.0, -1.0), np.abs)
        return algebra.sum(algebra.sum(x[0], x[1], 0.5, 0.5), distance, 1.0, sign / 2)

    return rule


def _power(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    if not all(value.exponents.any() for value in x):
        return _computed(algebra, "pow", type, types, x)
    logarithm = algebra.function(x[0], lambda u: _finite(np.log(u)))
    return algebra.function(algebra.product(logarithm, x[1]), np.exp)


def _hypotenuse(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    squares = algebra.sum(algebra.product(x[0], x[0]), algebra.product(x[1], x[1]))
    return algebra.function(squares, lambda u: np.sqrt(np.maximum(u, 0)))


def _reread(algebra: SparseAlgebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Sparse]) -> Sparse:
    source = types[0]
    return algebra.function(x[0], lambda u: _finite(reread(u, type, source)), whole=source.is_integer)


_RULES: dict[str, Rule] = {
    "add": lambda algebra, type, types, x: algebra.sum(x[0], x[1]),
    "sub": lambda algebra, type, types, x: algebra.sum(x[0], x[1], 1.0, -1.0),
    "neg": lambda algebra, type, types, x: algebra.scaled(x[0], -1.0),
    "mul": lambda algebra, type, types, x: algebra.product(x[0], x[1]),
    "div": _divided,
    "sel": _chosen,
    "cast": _cast,
    "bitcast": _reread,
    "lt": _compared(lambda d, half: d < -half),
    "le": _compared(lambda d, half: d <= half),
    "eq": _compared(lambda d, half: np.abs(d) <= half),
    "ne": _compared(lambda d, half: np.abs(d) > half),
    "pow": _power,
    "hypot": _hypotenuse,
    **{op: _extremum(-1) for op in ("min", "fmin")},
    **{op: _extremum(1) for op in ("max", "fmax")},
}
_FLOATING = frozenset(["div"])
"""Whose rule is not that of whole numbers."""
_AS_HELD = frozenset("lt le div mod shr min max cast".split())
"""For which an unsigned number must be what its type holds."""
