"""Which polynomials a graph's result may need: those of the arguments that its operators bring together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import product

import numpy as np

from cprograms.graph import Graph, Node

MOST_DEGREE = 6
"""Of a polynomial."""
MOST_FACTORS = 50
"""Polynomials of each operand that a product multiplies, those of low degree."""

Monomial = tuple[int, ...]
"""The places of its arguments, in order, one as often as its degree in it."""
_LINEAR = frozenset("add sub neg cast bitcast carry loop opaque".split())


def support(graph: Graph, taps: int, most: int) -> np.ndarray:
    """Exponents int [B, arguments that are read] of at most so many polynomials, with each all smaller ones.

    The last `taps` of the arguments that are read have no powers. Low degrees come first.
    """
    arguments = graph.arguments
    flags = frozenset(range(len(arguments) - taps, len(arguments)))
    known: list[list[Monomial]] = []
    for node in graph.nodes:
        known.append(_of_node(node, [known[c] for c in node.children], arguments, flags, most))
    single = [(k,) for k in range(len(arguments))]
    found = _lowest(_closed([(), *single, *known[graph.roots[0]]]), most)
    exponents = np.zeros((len(found), len(arguments)), dtype=int)
    for row, monomial in zip(exponents, found, strict=True):
        np.add.at(row, list(monomial), 1)
    return exponents


def _of_node(
    node: Node, children: Sequence[list[Monomial]], arguments: Sequence[int], flags: frozenset[int], most: int
) -> list[Monomial]:
    if node.op == "arg":
        return [(), (arguments.index(int(node.value)),)]
    if not children:
        return [()]
    if node.op in _LINEAR:
        return _lowest([m for own in children for m in own], most)
    if node.op == "mul":
        return _products(children[0], children[1], flags, most)
    if node.op == "sel":
        return _lowest([*children[2], *_products(children[0], [*children[1], *children[2]], flags, most)], most)
    together = _lowest([m for own in children for m in own], most)
    return _products(together, together, flags, most)


def _products(a: list[Monomial], b: list[Monomial], flags: frozenset[int], most: int) -> list[Monomial]:
    """All products of low-degree factors, and the factors themselves."""
    a, b = (_lowest(own, MOST_FACTORS) for own in (a, b))
    found = [_times(x, y, flags) for x, y in product(a, b)]
    return _lowest([*a, *b, *(m for m in found if len(m) <= MOST_DEGREE)], most)


def _times(x: Monomial, y: Monomial, flags: frozenset[int]) -> Monomial:
    if not flags.isdisjoint(x) and not flags.isdisjoint(y):
        y = tuple(k for k in y if k not in flags or k not in x)
    return tuple(sorted(x + y))


def _closed(monomials: Iterable[Monomial]) -> set[Monomial]:
    """With all that divide them."""
    found: set[Monomial] = set()
    stack = list(monomials)
    while stack:
        monomial = stack.pop()
        if monomial not in found:
            found.add(monomial)
            stack.extend(monomial[:k] + monomial[k + 1 :] for k in range(len(monomial)))
    return found


def _lowest(monomials: Iterable[Monomial], most: int) -> list[Monomial]:
    """Each once, of the lowest degrees."""
    return sorted(set(monomials), key=lambda m: (len(m), m))[:most]
