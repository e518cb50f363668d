"""Minimising a smooth function of few numbers within a box: BFGS with backtracking (Nocedal & Wright 2006, §6.1)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

ENOUGH, GAIN = 1e-4, 1e-4
"""The share of the promised gain that a step must make, and the gain after which the search ends."""
FARTHEST = 2.0
"""How far a number may move in a step: in a logarithm, a factor of seven."""


def minimise(
    loss: Callable[[Array], tuple[float, Array]], start: Array, low: Array, high: Array, evaluations: int
) -> tuple[Array, float]:
    """The best point of so many evaluations, and its loss. `loss` gives the gradient too, or an infinity."""
    x = np.clip(start, low, high)
    value, gradient = loss(x)
    inverse, size, still = np.eye(len(x)), 1.0, 0
    evaluations -= 1
    while evaluations > 0 and np.isfinite(value) and still < 2:
        free = ~(((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0)))
        step = np.where(free, -inverse @ np.where(free, gradient, 0), 0)
        if step @ gradient >= 0:
            inverse, step = np.eye(len(x)), np.where(free, -gradient, 0)
        reach = np.abs(step).max(initial=0)
        if reach < 1e-6:
            break
        size = min(1.0, FARTHEST / reach)
        while evaluations > 0:
            tried = np.clip(x + size * step, low, high)
            found, slope = loss(tried)
            evaluations -= 1
            if found <= value + ENOUGH * (gradient @ (tried - x)):
                break
            size *= 0.3
        if not found < value:
            break
        inverse = _updated(inverse, tried - x, slope - gradient)
        still = still + 1 if value - found < GAIN else 0
        x, value, gradient = tried, found, slope
    return x, value


def _updated(inverse: Array, step: Array, change: Array) -> Array:
    """The BFGS estimate of the inverse Hessian after a step and the change of the gradient that it made."""
    curvature = float(step @ change)
    if curvature <= 1e-10 * np.linalg.norm(step) * np.linalg.norm(change):
        return inverse
    if np.array_equal(inverse, np.eye(len(step))):
        inverse = inverse * curvature / float(change @ change)
    left = np.eye(len(step)) - np.outer(step, change) / curvature
    updated: Array = left @ inverse @ left.T + np.outer(step, step) / curvature
    return updated
