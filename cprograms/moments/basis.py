"""Orthonormal polynomials of the arguments, and the products of numbers that are expanded in them.

An argument counts as uniform over its range, so these are Legendre's. What is known beside the arguments, exact values
of inner nodes, counts as further arguments, the last ones: *taps*. Of those no polynomial has a power.

Shapes: A arguments, taps among them, B polynomials, n points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, product
from math import comb

import numpy as np
from numpy.polynomial import legendre

DEGREES = {0: 0, 1: 10, 2: 6, 3: 4, 4: 3, 5: 3}
"""The total degree by the number of arguments; of more it is 2."""
MIXED = 8
"""Of more arguments there are no polynomials of two of them: what such a product adds gets a noise of its own."""
MOST_TERMS = 600
"""Of a series."""
SERIES_DEGREES = {0: 0, 1: 12, 2: 8, 3: 5, 4: 4, 5: 3, 6: 3}
"""The total degree of a series: at most so much, else as much as `MOST_TERMS` allow."""
TOGETHER = 3
"""So many taps at most are in one polynomial."""


@dataclass(frozen=True, eq=False)
class Basis:
    """B polynomials of A arguments; the first is 1.

    `exponents` int [B, A] are the degrees in each argument, `linear` [A] the places of the arguments themselves.
    `triples` [T] are the means of products of three polynomials, those that are not zero, at the places `left`, `right`
    and `into` [T].
    """

    exponents: np.ndarray
    linear: np.ndarray
    left: np.ndarray
    right: np.ndarray
    into: np.ndarray
    triples: np.ndarray

    @property
    def size(self) -> int:
        return len(self.exponents)

    @property
    def degree(self) -> int:
        return int(self.exponents.sum(1).max())

    @property
    def mixed(self) -> bool:
        """Whether it has polynomials of several arguments, if there are several."""
        return self.exponents.shape[1] < 2 or bool((self.exponents.astype(bool).sum(1) > 1).any())

    def product(self, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        """The coefficients [B] of the product of two numbers, as far as the basis goes: a Galerkin projection."""
        weights = self.triples * a[self.left] * b[self.right]
        return np.bincount(self.into, weights=weights, minlength=self.size)

    def energies(self, a: np.ndarray) -> np.ndarray:
        """The variance in each total degree: [degree + 1], that of the first is the squared mean."""
        return np.bincount(self.exponents.sum(1), weights=a**2, minlength=self.degree + 1)

    def values(self, unit: np.ndarray) -> np.ndarray:
        """The polynomials [n, B] at points [n, A] of [-1, 1]."""
        found = np.ones((len(unit), self.size))
        for d in range(unit.shape[1]):
            own = legendre.legvander(unit[:, d], self.degree) * np.sqrt(2 * np.arange(self.degree + 1) + 1)
            found *= own[:, self.exponents[:, d]]
        return found


@cache
def basis(arguments: int) -> Basis:
    """That of the moments: small, so that every node of a graph is quickly expanded."""
    degree = DEGREES.get(arguments, 2)
    if arguments <= MIXED:
        return of_exponents(_sorted(list(_exponents(arguments, degree))))
    return of_exponents(_sorted([(0,) * arguments, *_powers(arguments, degree)]))


@cache
def series_basis(arguments: int, taps: int) -> tuple[Basis, bool]:
    """That of a series: of more terms, products of the arguments' polynomials and of at most `TOGETHER` taps.

    Of at most `MOST_TERMS` there is the highest degree in the arguments, then as many taps in a term as can be. With it
    comes whether it is all that a series may have.
    """
    degree = SERIES_DEGREES.get(arguments, 2)
    for polynomials in _richest_first(arguments):
        for together in range(min(TOGETHER, taps), min(1, taps) - 1, -1):
            if len(polynomials) * sum(comb(taps, k) for k in range(together + 1)) <= MOST_TERMS:
                whole = len(polynomials) == comb(arguments + degree, degree) and together == min(TOGETHER, taps)
                return of_exponents(_with_taps(polynomials, taps, together)), whole
    return of_exponents(_sorted([(0,) * (arguments + taps), *_powers(arguments + taps, 1)])), False


def _richest_first(arguments: int) -> Iterator[list[tuple[int, ...]]]:
    """Exponents of the arguments that a series may have; first those of all degrees in total."""
    for degree in range(SERIES_DEGREES.get(arguments, 2), 1, -1):
        if comb(arguments + degree, degree) <= MOST_TERMS:
            yield list(_exponents(arguments, degree))
    for degree in (2, 1):
        yield [(0,) * arguments, *_powers(arguments, degree)]


def _with_taps(polynomials: list[tuple[int, ...]], taps: int, together: int) -> np.ndarray:
    chosen = [c for d in range(together + 1) for c in combinations(range(taps), d)]
    found = [(*e, *(int(k in c) for k in range(taps))) for e in polynomials for c in chosen]
    return _sorted(found)


def _sorted(exponents: list[tuple[int, ...]]) -> np.ndarray:
    """By total degree: int [B, A]."""
    found = sorted(exponents, key=lambda e: (sum(e), *(-d for d in e)))
    return np.array(found, dtype=int).reshape(len(found), len(found[0]))


def _exponents(arguments: int, degree: int) -> Iterator[tuple[int, ...]]:
    """Of all polynomials of at most this total degree."""
    if arguments == 0:
        yield ()
    else:
        for first in range(degree + 1):
            yield from ((first, *rest) for rest in _exponents(arguments - 1, degree - first))


def _powers(arguments: int, degree: int) -> Iterator[tuple[int, ...]]:
    """Of polynomials of one argument each."""
    for d, k in product(range(1, degree + 1), range(arguments)):
        yield tuple(d * (j == k) for j in range(arguments))


def _triples(degree: int) -> np.ndarray:
    """The mean of the product of three polynomials of one argument: [degree + 1] thrice."""
    x, weight = legendre.leggauss(3 * degree // 2 + 2)
    p = legendre.legvander(x, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)
    found: np.ndarray = np.einsum("mi,mj,mk,m->ijk", p, p, p, weight / 2)
    found[np.abs(found) < 1e-12] = 0
    return found


def of_exponents(exponents: np.ndarray) -> Basis:
    """The basis of exponents int [B, A], which hold with each row all smaller ones.

    Triples grow by an argument at a time, as long as all three are beginnings of polynomials of the basis.
    """
    size, arguments = exponents.shape
    single = _triples(int(exponents.max(initial=0)))
    own = np.zeros(size, dtype=int)  # which beginning each polynomial has
    places, means = np.zeros((3, 1), dtype=int), np.ones(1)
    for d in range(arguments):
        longer = np.unique(exponents[:, : d + 1], axis=0, return_inverse=True)[1].reshape(-1)
        following = np.full((own.max() + 1, len(single)), -1)
        following[own, exponents[:, d]] = longer
        most = exponents[:, d].max() + 1
        degrees = np.stack(np.nonzero(single[:most, :most, :most]))  # [3, S]
        grown = following[places[:, :, None], degrees[:, None, :]].reshape(3, -1)  # [3, triples S]
        kept = (grown >= 0).all(0)
        places, means, own = grown[:, kept], np.outer(means, single[tuple(degrees)]).ravel()[kept], longer
    left, right, into = np.argsort(own)[places]
    linear = np.array([np.flatnonzero((exponents == row).all(1))[0] for row in np.eye(arguments, dtype=int)], dtype=int)
    return Basis(exponents, linear, left, right, into, means)
