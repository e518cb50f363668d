"""A polynomial through values and derivatives, by weighted least squares, its degree by the leave-one-row-out error.

Shapes: n rows, Z inputs, N terms, D derivatives, E = n + D equations.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from surrogate.mlp.parts.kernel import Slopes
from surrogate.mlp.parts.polynomial import DEGREES, Fit, basis, total_degree

DAMPINGS = (1e-20, 1e-7, 1e-4, 1e-2)
"""Ridge terms beside an equation's mean square, the first of them for what is exact."""
MOST_SHARE = 0.8
"""Terms, as a share of the equations: with more, what is left out is not told from rounding."""
STEP = 2.0**-200
"""A power of two, which rounds nothing."""


def fit_hermite(
    z: Tensor, y: Tensor, slopes: Slopes | None, weight: float, inputs: list[int], flags: set[int], most_terms: int
) -> Fit:
    """The polynomial of some inputs that errs least where a row's value and derivatives are left out.

    Rows z [n, Z], y [n] and derivatives, whose equations are weighted, in float64. The square of a flag is no new term.
    """
    equations = len(y) + (len(slopes.rows) if slopes else 0)
    exponents = total_degree(z.shape[1], inputs, flags, min(most_terms, int(MOST_SHARE * equations)))
    terms, targets, rows = terms_at(z, exponents), y, torch.arange(len(y))
    if slopes is not None:
        along = weight * slopes_at(z[slopes.rows], slopes.tangents, exponents)
        terms, targets = torch.cat([terms, along]), torch.cat([y, weight * slopes.values])
        rows = torch.cat([rows, slopes.rows])
    residuals = (y - y.mean()) * (len(y) / (len(y) - 1))
    best = Fit(exponents[:1], np.array([float(y.mean())]), float(residuals.square().mean()))
    totals = exponents.sum(1)
    sizes = sorted({int((totals <= degree).sum()) for degree in DEGREES})
    sizes = [size for size in sizes if size <= MOST_SHARE * equations]
    for size, coefficients, found in _solutions(terms, targets, rows, len(y), sizes):
        error = float(found.square().mean())
        if error < best.error:
            best = Fit(exponents[:size], coefficients.numpy(), error)
    return best


def terms_at(z: Tensor, exponents: npt.NDArray[np.int64]) -> Tensor:
    """The products of Chebyshev polynomials: [n, Z] -> [n, N]."""
    return basis(exponents).terms(z)


def slopes_at(z: Tensor, tangents: Tensor, exponents: npt.NDArray[np.int64]) -> Tensor:
    """Their derivatives along a tangent a row: [D, Z], [D, Z] -> [D, N].

    By an imaginary step so small that its square is nothing (Squire & Trapp 1998, "Using complex variables to estimate
    derivatives of real functions"): exact but for rounding.
    """
    return basis(exponents).terms(torch.complex(z, STEP * tangents)).imag / STEP


def _solutions(
    terms: Tensor, targets: Tensor, rows: Tensor, count: int, sizes: list[int]
) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Ridge regressions of the first terms [E, N], for some sizes and every damping: size, coefficients, residuals.

    The rows √λ I make a ridge of least squares, and the first columns of one orthogonal factor are those of every size.
    What a row's equations I err by where they are left out is (1 − H_II)⁻¹ e_I, H the hat matrix and e the residual.
    """
    unit = terms.square().sum(0).mean()
    blocks = _blocks(rows, count)
    for damping in DAMPINGS:
        ridge = (damping * unit).sqrt() * torch.eye(terms.shape[1], dtype=terms.dtype)
        q, r = torch.linalg.qr(torch.cat([terms, ridge]))
        q = q[: len(terms)]
        right = q.T @ targets
        for size in sizes:
            if size > terms.shape[1]:
                break
            residual = targets - q[:, :size] @ right[:size]
            found = _left_out(q[:, :size], residual, blocks)
            yield size, torch.linalg.solve_triangular(r[:size, :size], right[:size, None], upper=True)[:, 0], found


def _blocks(rows: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """The equations of each row, the value's first, and which of these places are in use: [count, widest] both."""
    sizes = torch.bincount(rows, minlength=count)
    within = torch.arange(int(sizes.max())) < sizes[:, None]
    places = torch.zeros(within.shape, dtype=torch.long)
    places[within] = torch.argsort(rows, stable=True)
    return places, within


def _left_out(q: Tensor, residual: Tensor, blocks: tuple[Tensor, Tensor]) -> Tensor:
    """What the values [n] differ by, each row left out."""
    places, within = blocks
    own = q[places] * within[..., None]  # [count, widest, size]
    gap = torch.eye(places.shape[1], dtype=q.dtype) - own @ own.mT
    found, failed = torch.linalg.solve_ex(gap, torch.where(within, residual[places], 0)[..., None])
    return torch.where(failed != 0, torch.inf, found[:, 0, 0]).nan_to_num(torch.inf)
