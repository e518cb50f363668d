"""What is believed of the program: the surrogate, and how far it is off between the rows that were run.

The residual of each result is a Gaussian process (Rasmussen and Williams, 2006, chapter 2) over the unit cube: a
constant, and a Matérn kernel of smoothness 5/2 with one length for all results. The surrogate's measured error is what
is known of its deviation before any row is run.

Shapes: n points, m rows that were run, d free arguments, A arguments, R results, C conditions.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from surrogate.optimise.problem import Points, Problem

LENGTHS = (0.05, 0.1, 0.2, 0.4, 0.8)
"""Of the kernel, in units of the cube's diagonal."""
_UNKNOWN_LENGTH = 0.2
"""While there are too few rows to tell: twice as many as arguments do."""
_CONSTANT = 1.0
"""The variance of what a result errs by everywhere, in units of that of what varies."""
_EXACT = 1e-12
"""The share of a result that is rounding."""
_NUGGET = 1e-9
"""Rows that nearly coincide make the kernel's matrix singular."""
REFUSED = 1e6
"""What a point costs where the nearest row that was run had no finite results."""
PENALTY = 1e3
"""What a violation costs, in units of its range, when points are ranked."""


@dataclass(frozen=True)
class Beliefs:
    """What is believed at n points: the aim [n] and the conditions' gaps [n, C], in units of their ranges."""

    aim: Tensor
    gaps: Tensor

    @property
    def scores(self) -> Tensor:
        """To rank points by, [n]: infinite where nothing is known."""
        found = self.aim + PENALTY * self.gaps.clamp(min=0).sum(1)
        return torch.where(found.isfinite(), found, math.inf)


class Model:
    """The surrogate's beliefs, corrected by what was seen.

    `module` is a differentiable one of [n, A] -> [n, R], `errors` float64 [R] its root mean squared errors as far as
    they are known, and `sample` points of the cube [n, d] by which ranges are measured.
    """

    def __init__(self, problem: Problem, module: nn.Module, errors: Points, sample: Points):
        # Rounding to single precision is noise to those who seek the last digit.
        self.problem, self.module = problem, copy.deepcopy(module).double()
        self.errors = torch.from_numpy(errors)
        self.correction: Correction | None = None
        self.refused = torch.zeros(0, len(problem.free), dtype=torch.float64)
        self.seen = self.refused
        with torch.no_grad():
            x, y = self._surrogate(torch.from_numpy(sample))
            self.match_ranges = _ranges(problem.matched(x, y))
            aim = problem.aim(x, y, self.match_ranges)
            self.aim_range = float(_ranges(aim[:, None]))
            self.flat = bool((aim == aim[0]).all())
            self.gap_ranges = _ranges(problem.gaps(x, y, self.match_ranges))

    def _surrogate(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Arguments [n, A] and results [n, R] of points, which have a gradient, if only 0, where points have one."""
        x = self.problem.inputs(u)
        y: Tensor = self.module(x)
        return x, y + 0 * u.sum(1, keepdim=True)

    def results(self, u: Tensor) -> tuple[Tensor, Tensor]:
        """Arguments and results of points, corrected."""
        x, y = self._surrogate(u)
        return x, y if self.correction is None else y + self.correction.mean(u)

    def beliefs(self, u: Tensor, hope: float = 0.0, margin: float = 0.0) -> Beliefs:
        """At points [n, d]: so many deviations better than is likely, and by a margin further inside conditions."""
        x, y = self.results(u)
        if hope:
            y = y if y.requires_grad else y.requires_grad_()
        aim = self.problem.aim(x, y, self.match_ranges)
        gaps = self.problem.gaps(x, y, self.match_ranges)
        if hope:
            doubt = self._doubt(u)
            aim = aim - hope * _spread(aim, y, doubt)
            columns = [gap - hope * _spread(gap, y, doubt) for gap in gaps.unbind(1)]
            gaps = torch.stack(columns, 1) if columns else gaps
        return Beliefs(aim / self.aim_range, gaps / self.gap_ranges + margin)

    def _doubt(self, u: Tensor) -> Tensor:
        """The deviation of each result, [n, R]."""
        if self.correction is None:
            return self.errors.expand(len(u), -1)
        return self.correction.deviation(u)

    def scores(self, u: Points, hope: float = 0.0, margin: float = 0.0) -> Points:
        """To rank points [n, d] by, [n]; those near a row without results come last."""
        points = torch.from_numpy(np.ascontiguousarray(u))
        found = self.beliefs(points, hope, margin).scores.detach()
        if len(self.refused) and len(points):
            near = torch.cdist(points, self.refused).amin(1)
            other = torch.cdist(points, self.seen).amin(1) if len(self.seen) else near + 1
            found = found + REFUSED * (near < other)
        return np.asarray(found.numpy())

    @property
    def exact(self) -> bool:
        """Whether the surrogate was right, to rounding, wherever the program was run, also where it was measured."""
        return self.correction is not None and self.correction.exact

    def learn(self, rows: Points, results: Points) -> None:
        """Rows of the program: points [m, d] and results [m, R], NaN where there are none."""
        points, y = torch.from_numpy(rows), torch.from_numpy(results)
        finite = y.isfinite().all(1)
        self.refused, self.seen = points[~finite], points[finite]
        with torch.no_grad():
            predicted = self._surrogate(self.seen)[1]
        residuals = y[finite] - predicted
        known = residuals.isfinite().all(1)
        if known.any():
            self.correction = Correction(self.seen[known], residuals[known], self.errors)
            off = torch.maximum(residuals[known].abs(), self.errors)
            self.correction.exact = bool((off <= _EXACT * predicted[known].abs()).all())


class Correction:
    """Residuals [m, R] at points [m, d], as Gaussian processes that deviate by `errors` [R] before they are seen."""

    def __init__(self, points: Tensor, residuals: Tensor, errors: Tensor):
        self.points, self.exact = points, False
        lengths = LENGTHS if len(points) > 2 * points.shape[1] else (_UNKNOWN_LENGTH,)
        fits = [_Fit(points, residuals, errors, length * points.shape[1] ** 0.5) for length in lengths]
        self.fit = max(fits, key=lambda fit: fit.likelihood)

    def mean(self, u: Tensor) -> Tensor:
        """What is to be added to the surrogate at points [n, d]: [n, R]."""
        return covariance(u, self.points, self.fit.length) @ self.fit.weights

    def deviation(self, u: Tensor) -> Tensor:
        """How far that may be off: [n, R]."""
        k = covariance(u, self.points, self.fit.length)  # [n, m]
        explained = torch.linalg.solve_triangular(self.fit.root, k.mT, upper=False).square().sum(0)
        # The root of 0 has no derivative.
        share: Tensor = (1 + _CONSTANT - explained).clamp(min=1e-12).sqrt()
        return share[:, None] * self.fit.amplitude


class _Fit:
    """The processes of one length, and the likelihood of what was seen."""

    def __init__(self, points: Tensor, residuals: Tensor, errors: Tensor, length: float):
        m = len(points)
        kernel = covariance(points, points, length) + _NUGGET * torch.eye(m, dtype=torch.float64)
        self.length, self.root = length, torch.linalg.cholesky(kernel)
        self.weights = torch.cholesky_solve(residuals, self.root)  # [m, R]
        # The measured error counts as much as one row.
        variance = (errors**2 + (residuals * self.weights).sum(0)) / (m + 1)
        self.amplitude = variance.sqrt()
        wide = variance[variance > 0]
        spread = len(wide) * 2 * self.root.diagonal().log().sum()
        self.likelihood = -float(m * wide.log().sum() + spread) if len(wide) else 0.0


def covariance(u: Tensor, v: Tensor, length: float) -> Tensor:
    """That of the residuals at points [n, d] and at others [m, d], in units of the kernel's variance: [n, m]."""
    # The derivative of a distance that is 0 is not defined; that of its square is.
    r = (u[:, None] - v[None]).square().sum(2).clamp(min=1e-24).sqrt() * (5**0.5 / length)
    return _CONSTANT + (1 + r + r * r / 3) * (-r).exp()


def _spread(value: Tensor, y: Tensor, doubt: Tensor) -> Tensor:
    """The deviation [n] of a value [n] of results [n, R] that deviate by `doubt`, to first order."""
    if not value.requires_grad:
        return torch.zeros_like(value)
    (slope,) = torch.autograd.grad(value.sum(), y, create_graph=True, allow_unused=True)
    if slope is None:
        return torch.zeros_like(value)
    return ((slope * doubt) ** 2).sum(1).clamp(min=1e-300).sqrt()


def _ranges(values: Tensor) -> Tensor:
    """How far each column of values [n, C] varies, its extremes aside, [C]; 1 where it does not."""
    found: Sequence[float] = [_range(column[column.isfinite()]) for column in values.unbind(1)]
    return torch.tensor(found, dtype=torch.float64)


def _range(values: Tensor) -> float:
    if not len(values):
        return 1.0
    low, high = values.quantile(0.05), values.quantile(0.95)
    widths = (float(high - low), float(values.max() - values.min()))
    return next((width for width in widths if 0 < width < math.inf), 1.0)
