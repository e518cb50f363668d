"""A polynomial as a part of a surrogate: Chebyshev polynomials of bounded total degree, by least squares.

Where a program is smooth, or piecewise so and its gates are given, a polynomial is more exact than a small network by
many digits, and is found in one solution.

Shapes: n rows, Z inputs (the scaled arguments, then taps), N terms, R results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import lru_cache
from itertools import combinations_with_replacement
from math import comb
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from surrogate.mlp.parts.products import Whole, steps

Array = npt.NDArray[np.float64]

DEGREES = (*range(1, 11), 12, 15, 18, 22, 27)
DAMPINGS = (1e-13, 1e-8, 1e-4)
"""Ridge terms, in units of the Gram matrix's mean diagonal."""
EXACT = 1e-20
"""A mean squared error of standardised results below this is rounding."""


class Chebyshev(nn.Module):
    """Σ_k c_k Π_j T_{e_kj}(z_j), float64: [n, Z] -> [n, R].

    `exponents` is int64 [N, Z], `coefficients` [R, N]. The other buffers are those of `steps`.
    Inside, rows are innermost.
    """

    exponents: Tensor
    inputs: Tensor
    left: Tensor
    right: Tensor
    place: Tensor

    def __init__(self, exponents: Tensor, coefficients: Tensor):
        super().__init__()
        self.register_buffer("exponents", exponents)
        self.coefficients = nn.Parameter(coefficients)
        # Numbers, not tensors: what traces the module must not ask the values of a tensor.
        self.degree = int(exponents.sum(1).max()) if len(exponents) else 0
        """The greatest total degree of a term."""
        self.steps = steps(exponents.numpy(), len(coefficients))
        left, right, place = self.steps.grid
        self._powers = self._held("power", [level.ravel() for level in self.steps.powers])
        self._products = self._held("product", self._within_levels())
        for name, rows in (("inputs", self.steps.inputs), ("left", left), ("right", right), ("place", place)):
            self.register_buffer(name, torch.from_numpy(rows), persistent=False)

    def _held(self, name: str, levels: list[Whole]) -> list[str]:
        """Hold levels of steps as buffers; returns their names."""
        names = [f"{name}_{k}" for k in range(len(levels))]
        for own, rows in zip(names, levels, strict=True):
            self.register_buffer(own, torch.from_numpy(rows), persistent=False)
        return names

    def _within_levels(self) -> list[Whole]:
        """The products of each level, their first factors counted from the first row of the level before."""
        sizes = [level.shape[1] for level in self.steps.products]
        first = [0, *(self.steps.count - np.cumsum(sizes[::-1])[::-1])][: len(sizes)]
        return [level - np.array([[start], [0]]) for level, start in zip(self.steps.products, first, strict=True)]

    def forward(self, z: Tensor) -> Tensor:
        rows = self._rows(z)
        left, right = rows.index_select(0, self.left), rows.index_select(0, self.right)  # [L, n], [B, n]
        R, B, L = len(self.coefficients), len(right), len(left)
        matrix = self.coefficients.new_zeros(R, B * L)
        matrix = matrix.scatter_add(1, self.place.expand(R, -1), self.coefficients)
        sums = (matrix.view(R * B, L) @ left).view(R, B, z.shape[0])
        return (sums * right).sum(1).T

    def terms(self, z: Tensor) -> Tensor:
        """The products, [n, Z] -> [n, N]."""
        rows, L = self._rows(z), len(self.left)
        left, right = self.left[self.place % L], self.right[self.place // L]  # [N] each
        return (rows.index_select(0, left) * rows.index_select(0, right)).T

    def _rows(self, z: Tensor) -> Tensor:
        """Those of `steps`: [n, Z] -> [rows, n]."""
        known = torch.cat([z.new_ones(1, z.shape[0]), z.T.index_select(0, self.inputs)])
        for name in self._powers:
            a, b, less = known.index_select(0, self.get_buffer(name)).chunk(3)
            known = torch.cat([known, torch.addcmul(-less, a, b, value=2)])
        found, last = [known], known
        for name in self._products:
            before, factor = self.get_buffer(name)
            last = last.index_select(0, before) * known.index_select(0, factor)
            found.append(last)
        return torch.cat(found)


def basis(exponents: npt.NDArray[np.int64]) -> Chebyshev:
    """The terms of exponents [N, Z], without coefficients yet. One that was asked for lately is given again."""
    return _basis(exponents.astype(np.int64).tobytes(), exponents.shape)


@lru_cache(maxsize=16)
def _basis(content: bytes, shape: tuple[int, ...]) -> Chebyshev:
    exponents = torch.from_numpy(np.frombuffer(content, dtype=np.int64).reshape(shape).copy())
    return Chebyshev(exponents, torch.zeros(1, shape[0], dtype=torch.float64))


class Fit(NamedTuple):
    """The polynomial of one result, and its mean squared error on rows that did not shape it."""

    exponents: npt.NDArray[np.int64]  # [N, Z]
    coefficients: Array  # [N]
    error: float


def fit_polynomials(
    z: Array, y: Array, fresh: tuple[Array, Array], inputs: Collection[int], flags: Collection[int], most_terms: int
) -> list[Fit]:
    """The best polynomial of some inputs for each result of z [n, Z], y [n, R], as the `fresh` rows say.

    The square of a flag, ±1, is no new term. Degrees grow until there are more than `most_terms` terms.
    """
    exponents = total_degree(z.shape[1], sorted(inputs), set(flags), most_terms)
    own = basis(exponents)
    targets, held_targets = torch.from_numpy(y), torch.from_numpy(fresh[1])
    with torch.no_grad():
        terms, held = (own.terms(torch.from_numpy(rows)) for rows in (z, fresh[0]))
    gram, right = terms.T @ terms, terms.T @ targets  # [N, N], [N, R]
    best = [Fit(exponents[:0], np.zeros(0), np.inf)] * y.shape[1]
    for size in _sizes(exponents):
        for coefficients in _solutions(gram[:size, :size], right[:size]):
            errors = (held[:, :size] @ coefficients - held_targets).square().mean(0)
            for k, error in enumerate(errors.tolist()):
                if error < best[k].error and best[k].error > EXACT:
                    best[k] = Fit(exponents[:size], coefficients[:, k].numpy(), error)
        if all(fit.error < EXACT for fit in best):
            break
    return best


def refitted(fit: Fit, z: Array, y: Array) -> Iterator[Fit]:
    """A polynomial's terms fitted to rows z [n, Z], y [n], from its coefficients on, for each damping."""
    with torch.no_grad():
        terms = basis(fit.exponents).terms(torch.from_numpy(z))
    left = torch.from_numpy(y) - terms @ torch.from_numpy(fit.coefficients)
    for change in _solutions(terms.T @ terms, terms.T @ left[:, None]):
        yield fit._replace(coefficients=fit.coefficients + change[:, 0].numpy())


def _solutions(gram: Tensor, right: Tensor) -> Iterator[Tensor]:
    """Ridge regression for each damping: [N, R] each."""
    unit = gram.diagonal().mean()
    for damping in DAMPINGS:
        factor, failed = torch.linalg.cholesky_ex(gram + damping * unit * torch.eye(len(gram), dtype=gram.dtype))
        if not failed:
            yield torch.cholesky_solve(right, factor)


def total_degree(width: int, inputs: list[int], flags: set[int], most: int) -> npt.NDArray[np.int64]:
    """Exponents [N, width] of growing total degree, at most `most` but at least those of degree 1."""
    free = len([j for j in inputs if j not in flags])
    degree = 1
    while degree < DEGREES[-1] and 0 < _count(free, len(inputs) - free, degree + 1) <= most:
        if _count(free, len(inputs) - free, degree + 1) == _count(free, len(inputs) - free, degree):
            break
        degree += 1
    rows = [
        np.bincount(np.array(chosen, dtype=np.int64), minlength=width)
        for total in range(degree + 1)
        for chosen in combinations_with_replacement(inputs, total)
        if all(chosen.count(j) < 2 for j in flags)
    ]
    return np.array(rows, dtype=np.int64)


def _count(free: int, flags: int, degree: int) -> int:
    """Products of at most `degree` factors, each flag once at most."""
    return sum(comb(flags, k) * comb(free + degree - k, free) for k in range(min(flags, degree) + 1))


def _sizes(exponents: npt.NDArray[np.int64]) -> list[int]:
    """How many terms there are up to each degree that is tried."""
    totals = exponents.sum(1)
    return [int((totals <= degree).sum()) for degree in DEGREES if degree <= totals[-1]]


def joined(fits: list[Fit | None]) -> Chebyshev | None:
    """The polynomials of all results as one module; None stands for a result without one."""
    if not any(fits):
        return None
    exponents = np.unique(np.concatenate([fit.exponents for fit in fits if fit is not None]), axis=0)
    place = {tuple(row): k for k, row in enumerate(exponents.tolist())}
    coefficients = np.zeros((len(fits), len(exponents)))
    for r, fit in enumerate(fits):
        if fit is not None:
            coefficients[r, [place[tuple(row)] for row in fit.exponents.tolist()]] = fit.coefficients
    return Chebyshev(torch.from_numpy(exponents), torch.from_numpy(coefficients))
