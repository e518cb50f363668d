"""Fitting a program's constants to rows: damped Gauss–Newton steps (Levenberg, Marquardt) in float64.

Shapes: n rows, A arguments, R results, p constants that are fitted; a residual a row and result, n R of them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
import torch
from scipy.linalg import qr
from scipy.special import stdtrit
from torch import Tensor, nn

from cprograms.diagnostics import UsageError
from cprograms.screen import on_screen

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
STEPS = 100
TOLERANCE = 1e-12
_KEPT = 4
"""Residuals that are not computed again."""
_STEEPEST = 1e100
"""Derivatives beyond it would overflow when they are squared."""
_TELLS_NOTHING = 1e-10
"""Of a constant's derivative, relative to the greatest: below it the rows say nothing of it that others do not say."""
_NOISE = 1e-30
"""Mean square of residuals that are rounding: what fits them is chance."""
_DAMPINGS = 1e-3, 1e-15, 1e12
"""At first, at least, and where no step helps any more."""


class Fittable(Protocol):
    """A torch.nn.Module of inputs [n, A] whose parameters `constants` may also be given as one number a row."""

    constants: nn.ParameterList

    @property
    def labels(self) -> tuple[str, ...]:
        """What the constants are called."""

    def predict(self, x: Array) -> Array:
        """[n, A] -> [n, R], without gradients."""


@dataclass(frozen=True)
class Constant:
    """A fitted constant: `label` says where it stands, `before` and `value` what it was and is.

    `error` is its standard error and `low` … `high` its 95 % confidence interval, by the residuals' variance and
    Student's t with as many degrees of freedom as residuals are left over; NaN where there are none. One that the rows
    say nothing of, or nothing that others do not say, is not `identified` and was left.
    """

    label: str
    before: float
    value: float
    error: float
    low: float
    high: float
    identified: bool


@dataclass(frozen=True, repr=False)
class Fit:
    """What a fit gave: nMSE on its rows, `before` and `after`, the mean of the results'."""

    rows: int
    steps: int
    before: float
    after: float
    constants: tuple[Constant, ...]

    def __repr__(self) -> str:
        """As a call, and a line a constant."""
        head = f"Fit(rows={self.rows}, steps={self.steps}, before={self.before:.4g}, after={self.after:.4g})"
        return on_screen([head, *map(constant_line, self.constants)])

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which has no NaN."""
        constants = [
            {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in vars(c).items()}
            for c in self.constants
        ]
        return vars(self) | {"constants": constants}


def constant_line(c: Constant) -> str:
    """A constant in words, as in "line 2: 0.7152: 0.7 -> 0.7152 ± 2e-05 (0.71516 to 0.71524)"."""
    if not c.identified:
        return f"{c.label}: left at {c.value:.7g}, as the rows do not tell it from the others"
    if math.isnan(c.error):
        return f"{c.label}: {c.before:.7g} -> {c.value:.7g}"
    return f"{c.label}: {c.before:.7g} -> {c.value:.7g} ± {c.error:.2g} (95 %: {c.low:.7g} to {c.high:.7g})"


def fit_constants(module: Fittable, x: Array, y: Array, steps: int = STEPS, tolerance: float = TOLERANCE) -> Fit:
    """Fit the constants of a module, in place, to rows [n, A] and results [n, R].

    The sum of squares of all results is made small, each over its deviation. Rows without finite numbers do not count,
    nor do those for which the module has none. A constant is searched in units of its magnitude, until a step makes the
    sum smaller by less than `tolerance` of it.

    Raises UsageError where the program has no constants, or fewer than two rows count.
    """
    if not len(module.constants):
        raise UsageError("the program has no constants that can be fitted")
    x, y = (np.asarray(v, dtype=np.float64) for v in (x, y))
    kept = np.isfinite(x).all(1) & np.isfinite(y).all(1) & np.isfinite(module.predict(x)).all(1)
    if kept.sum() < 2:
        raise UsageError(f"a fit needs at least 2 rows with finite results, not {kept.sum()}")
    problem = _Problem(module, x[kept], y[kept])
    start = problem.values()
    used, found, taken = _search(problem, start, steps, tolerance)
    problem.hold(found)
    return Fit(
        int(kept.sum()), taken, problem.nmse(start), problem.nmse(found), _constants(problem, start, found, used)
    )


class _Problem:
    """Residuals and their derivatives in the constants."""

    def __init__(self, module: Fittable, x: Array, y: Array) -> None:
        self.module, self.x, self.y = module, torch.from_numpy(x), y
        deviation = y.std(0)
        self.scale = np.where(deviation > 0, deviation, np.maximum(np.abs(y).max(0), 1e-300))  # [R]
        self._known: dict[bytes, Array] = {}

    def values(self) -> Array:
        return np.array([c.item() for c in (c.detach() for c in self.module.constants)])

    def hold(self, values: Array) -> None:
        with torch.no_grad():
            for constant, value in zip(self.module.constants, values, strict=True):
                constant.fill_(float(value))

    def residuals(self, values: Array) -> Array:
        """[n R]; the latest ones are kept."""
        key = values.tobytes()
        if key not in self._known:
            with torch.no_grad():
                given = _named(torch.from_numpy(values))
                y: Tensor = torch.func.functional_call(cast(nn.Module, self.module), given, self.x)
            if len(self._known) == _KEPT:
                del self._known[next(iter(self._known))]
            self._known[key] = np.asarray(((y.numpy() - self.y) / self.scale).ravel())
        return self._known[key]

    def nmse(self, values: Array) -> float:
        return float(np.mean(self.residuals(values) ** 2))

    def jacobian(self, values: Array) -> Array:
        """[n R, p]: each row has constants of its own, so that one backward pass a result gives all derivatives."""
        n, R = self.y.shape
        own = [torch.full((n,), float(v), dtype=torch.float64, requires_grad=True) for v in values]
        y: Tensor = torch.func.functional_call(cast(nn.Module, self.module), _named(own), self.x)  # [n, R]
        found = np.zeros((n, R, len(own)))
        for k in range(R):
            if not y.requires_grad:
                continue
            gradients = torch.autograd.grad(y[:, k].sum(), own, retain_graph=k + 1 < R, allow_unused=True)
            for j, gradient in enumerate(gradients):
                if gradient is not None:
                    found[:, k, j] = gradient.numpy() / self.scale[k]
        found = np.nan_to_num(found, nan=0.0, posinf=0.0, neginf=0.0)
        return np.clip(found, -_STEEPEST, _STEEPEST).reshape(n * R, len(own))


def _named(constants: Sequence[Tensor] | Tensor) -> dict[str, Tensor]:
    return {f"constants.{k}": c for k, c in enumerate(constants)}


def _identified(jacobian: Array) -> Mask:
    """The constants, bool [p], that the rows tell from each other, by a QR decomposition with pivots."""
    _, upper, order = qr(jacobian, mode="economic", pivoting=True)
    size = np.abs(np.diagonal(upper))
    told = np.zeros(jacobian.shape[1], dtype=bool)
    told[order[: len(size)]] = size > _TELLS_NOTHING * max(size.max(initial=0), 1e-300)
    return told


def _search(problem: _Problem, start: Array, steps: int, tolerance: float) -> tuple[Mask, Array, int]:
    """Which constants were searched, bool [p], what was found, [p], and after how many steps."""
    unit = np.abs(start)  # structural constants, 0 among them, are not learnable
    values, (damping, least, most) = start, _DAMPINGS
    residuals = problem.residuals(values)
    used, taken = np.zeros(len(start), dtype=bool), 0
    while taken < steps and residuals @ residuals > _NOISE * len(residuals):
        jacobian = problem.jacobian(values) * unit
        used = _identified(jacobian)
        better = None
        while better is None and damping < most:
            better = _step(problem, values, unit, jacobian[:, used], used, residuals, damping)
            damping = max(damping / 10, least) if better is not None else damping * 10
        if better is None:
            break
        taken += 1
        before, (values, residuals) = residuals, better
        if residuals @ residuals > (1 - tolerance) * (before @ before) or not (residuals @ residuals):
            break
    return used, values, taken


def _step(
    problem: _Problem, values: Array, unit: Array, jacobian: Array, used: Mask, residuals: Array, damping: float
) -> tuple[Array, Array] | None:
    """Better values and their residuals, or None where this damping gives none."""
    diagonal = np.sqrt(damping) * np.linalg.norm(jacobian, axis=0)
    system = np.vstack([jacobian, np.diag(diagonal)])
    wanted = np.concatenate([-residuals, np.zeros(len(diagonal))])
    step = np.zeros(len(values))
    step[used] = np.linalg.lstsq(system, wanted, rcond=None)[0]
    found = values + step * unit
    after = problem.residuals(found)
    with np.errstate(over="ignore", invalid="ignore"):
        better = after @ after < residuals @ residuals
    return (found, after) if better else None


def _constants(problem: _Problem, start: Array, found: Array, searched: Mask) -> tuple[Constant, ...]:
    unit = np.abs(start)
    residuals, jacobian = problem.residuals(found), problem.jacobian(found) * unit
    used = searched & _identified(jacobian)
    free = len(residuals) - int(used.sum())
    errors = np.full(len(start), math.nan)
    if free > 0 and used.any():
        variance = residuals @ residuals / free
        errors[used] = (
            np.sqrt(variance * np.diagonal(np.linalg.pinv(jacobian[:, used].T @ jacobian[:, used]))) * unit[used]
        )
    reach = errors * (float(stdtrit(free, 0.975)) if free > 0 else math.nan)
    labels = problem.module.labels
    return tuple(
        Constant(label, float(a), float(b), float(e), float(b - r), float(b + r), bool(u))
        for label, a, b, e, r, u in zip(labels, start, found, errors, reach, used, strict=True)
    )
