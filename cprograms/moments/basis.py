"""Orthonormal polynomials of the arguments, and the products of numbers that are expanded in them.

An argument counts as uniform over its range, so these are Legendre's. Shapes: A arguments, B polynomials, n points.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np
from numpy.polynomial import legendre

DEGREES = {0: 0, 1: 10, 2: 6, 3: 4, 4: 3, 5: 3}
"""The total degree by the number of arguments; of more it is 2."""
MIXED = 8
"""Of more arguments there are no polynomials of two of them: what such a product adds gets a noise of its own."""


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
        """Whether it has polynomials of several arguments."""
        return int(self.exponents.shape[1]) <= MIXED

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
    degree = DEGREES.get(arguments, 2)
    found = sorted(_exponents(arguments, degree), key=lambda e: (sum(e), *(-d for d in e)))
    exponents = np.array(found, dtype=int).reshape(len(found), arguments)
    linear = np.array([found.index(tuple(row)) for row in np.eye(arguments, dtype=int).tolist()], dtype=int)
    places, triples = _all(exponents, degree) if arguments <= MIXED else _apart(exponents, degree)
    left, right, into = places
    return Basis(exponents, linear, left, right, into, triples)


def _exponents(arguments: int, degree: int) -> Iterator[tuple[int, ...]]:
    if arguments > MIXED:
        yield (0,) * arguments
        for d, k in product(range(1, degree + 1), range(arguments)):
            yield tuple(d * (j == k) for j in range(arguments))
    elif arguments == 0:
        yield ()
    else:
        for first in range(degree + 1):
            yield from ((first, *rest) for rest in _exponents(arguments - 1, degree - first))


def _triples(degree: int) -> np.ndarray:
    """The mean of the product of three polynomials of one argument: [degree + 1] thrice."""
    x, weight = legendre.leggauss(3 * degree // 2 + 2)
    p = legendre.legvander(x, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)
    found: np.ndarray = np.einsum("mi,mj,mk,m->ijk", p, p, p, weight / 2)
    found[np.abs(found) < 1e-12] = 0
    return found


def _all(exponents: np.ndarray, degree: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    single = _triples(degree)
    found = np.ones((len(exponents),) * 3)
    for e in exponents.T:
        found *= single[e[:, None, None], e[None, :, None], e[None, None, :]]
    places = np.nonzero(found)
    return places, found[places]


def _apart(exponents: np.ndarray, degree: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The same, of polynomials of one argument each."""
    single, arguments = _triples(degree), exponents.shape[1]
    found = {(0, 0, 0): 1.0}
    for k, (a, b, c) in product(range(arguments), np.argwhere(single)):
        place = tuple(0 if d == 0 else 1 + (int(d) - 1) * arguments + k for d in (a, b, c))
        found[place] = float(single[a, b, c])  # type: ignore[index]
    return tuple(np.array(list(found)).T), np.array(list(found.values()))
