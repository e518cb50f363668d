"""The analysis: every node of a graph once, children first, as an abstract number."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from cprograms.graph import Graph, Node
from cprograms.lowering.bounds import Bounds
from cprograms.moments.algebra import LARGEST, Algebra
from cprograms.moments.basis import MOST_TERMS, Basis, basis, of_exponents, series_basis
from cprograms.moments.formal import FormalAlgebra
from cprograms.moments.loops import Loops
from cprograms.moments.operators import operate, wrapped
from cprograms.moments.support import support
from cprograms.moments.values import Value, reduced, uniform

SYMBOLS, LOOP_SYMBOLS = 256, 64
"""Noises: at most one an operator, and of loops some more."""
_EXACT = frozenset("const arg add sub neg".split())


@dataclass(frozen=True, eq=False)
class Expansion:
    """A result: its mean and deviation, and the polynomials of the arguments [B] that explain `share` of its variance.

    It is not `settled` where the graph has loops, whose further passes are guessed, or code that is not followed.

    `arguments` [A] are those that its graph reads. The polynomials are Legendre's of (argument - middle) / reach, both
    float64 [A]: that is within ±1. A whole number's reach is its deviation's, √3 times it, as of others.
    """

    mean: float
    std: float
    share: float
    settled: bool
    coefficients: np.ndarray
    basis: Basis
    arguments: tuple[int, ...]
    middle: np.ndarray
    reach: np.ndarray

    def __call__(self, x: np.ndarray) -> np.ndarray:
        """The polynomials at inputs [n, arguments of the signature] -> [n]."""
        unit = np.clip((x[:, list(self.arguments)] - self.middle) / self.reach, -1, 1)
        return np.asarray(self.basis.values(unit) @ self.coefficients)


def expand(graph: Graph, domain: np.ndarray) -> list[Expansion]:
    """What the text says of each result over a domain float64 [arguments, 2]. No value of the program is computed.

    The analysis is an estimate, not a bound: what it takes for large may be small where conditions rule it out.
    """
    with np.errstate(all="ignore"):
        return _Analysis(graph, domain, basis(len(graph.arguments)), Algebra).results()


def series(graph: Graph, domain: np.ndarray, taps: int = 0) -> list[Expansion]:
    """Longer expansions of a graph's only result; the last `taps` of the arguments are exact values of inner nodes.

    They are of a general basis, and where that is cut short, of one that has what the graph brings together.

    These count as independent of the arguments and of one another, which they are not: the polynomials are right all
    the same where they are exact, but what is said of their moments is not.
    """
    told = sum(k >= len(domain) - taps for k in graph.arguments)
    general, whole = series_basis(len(graph.arguments) - told, told)
    bases = [general] if whole else [general, of_exponents(support(graph, told, MOST_TERMS))]
    with np.errstate(all="ignore"):
        return [_Analysis(graph, domain, longer, FormalAlgebra, told).results()[0] for longer in bases]


class _Analysis:
    def __init__(self, graph: Graph, domain: np.ndarray, basis: Basis, algebra: type[Algebra], taps: int = 0) -> None:
        self._graph, self._domain = graph, domain
        self._arguments = graph.arguments
        self._middle, self._reach = np.zeros(len(self._arguments)), np.ones(len(self._arguments))
        noisy = sum(n.op not in _EXACT for n in graph.nodes)
        self._basis, self._taps = basis, taps
        self._algebra = algebra(self._basis, min(SYMBOLS, noisy) + (0 if graph.exact else LOOP_SYMBOLS))
        self._bounds = Bounds(graph, domain)
        self._values: list[Value | None] = [None] * len(graph.nodes)
        self._loops = Loops(graph, self._values, self._value, self._algebra)

    def results(self) -> list[Expansion]:
        for i in range(len(self._graph.nodes)):
            if self._values[i] is None:
                self._values[i] = self._value(i)
        return [self._expansion(root) for root in self._graph.roots]

    def _expansion(self, root: int) -> Expansion:
        found = wrapped(self._algebra, self._at(root), self._graph.nodes[root].type)
        coefficients = found.c[: self._basis.size]
        explained = float(coefficients[1:] @ coefficients[1:])
        share = explained / found.variance if found.variance > 0 else 1.0
        return Expansion(
            found.mean,
            found.std,
            share,
            self._graph.exact,
            coefficients,
            self._basis,
            tuple(self._arguments),
            self._middle,
            self._reach,
        )

    def _at(self, node: int) -> Value:
        found = self._values[node]
        assert found is not None
        return found

    def _value(self, i: int) -> Value:
        node = self._graph.nodes[i]
        return self._held(self._raw(i, node), i, node)

    def _raw(self, i: int, node: Node) -> Value:
        if node.op == "const":
            return self._algebra.constant(float(node.value))
        if node.op == "arg":
            return self._argument(node)
        if node.op == "loop":
            return self._loops.value(i)
        x = [self._at(c) for c in node.children]
        if node.op in ("carry", "opaque"):
            return self._mixture(x)
        types = [self._graph.nodes[c].type for c in node.children]
        if node.op == "lookup":
            table = self._graph.tables[int(node.value)].astype(np.float64)
            return self._algebra.function(x[0], lambda u: table[np.clip(u, 0, len(table) - 1).astype(int)], whole=True)
        return operate(self._algebra, node.op, node.type, types, x)

    def _argument(self, node: Node) -> Value:
        low, high = (float(end) for end in self._domain[int(node.value)])
        whole = node.type.is_integer
        if whole:
            least, greatest = node.type.limits
            low, high = float(math.ceil(max(low, least))), float(math.floor(min(high, greatest)))
        # Of n whole numbers the variance is (n² − 1) / 12.
        width = math.sqrt(max((high - low + 1) ** 2 - 1, 0)) if whole else high / 2 - low / 2
        std = width / math.sqrt(12 if whole else 3)
        place = self._arguments.index(int(node.value))
        self._middle[place], self._reach[place] = low / 2 + high / 2, math.sqrt(3) * std or 1.0
        found = self._algebra.argument(place, uniform(low, high, whole), (low, high), std)
        found.told = whole and (low, high) == (0, 1) and place >= len(self._arguments) - self._taps
        return found

    def _mixture(self, x: list[Value]) -> Value:
        """One of several numbers, nobody knows which."""
        if not x:
            return self._algebra.constant(0.0)
        strata = reduced(np.concatenate([v.strata for v in x]))
        c = np.mean([v.c for v in x], axis=0)
        c[0] = strata.mean()
        return self._algebra.finished(c, 0.0, float(strata.var()), strata, (-math.inf, math.inf))

    def _held(self, value: Value, i: int, node: Node) -> Value:
        """Within the interval that holds of the node."""
        if not math.isfinite(value.variance) or abs(value.mean) > LARGEST:
            value.c = np.clip(np.nan_to_num(value.c, posinf=LARGEST, neginf=-LARGEST), -LARGEST, LARGEST)
            value.rest = 0.0
        bound = self._bounds.of(i)
        low, high = value.interval
        if bound is not None and not (node.type.is_integer and bound == node.type.limits):
            low, high = max(low, float(bound[0])), min(high, float(bound[1]))
        return self._algebra.held(value, (low, high) if low <= high else (high, low))
