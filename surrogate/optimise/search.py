"""The best points of a model: many starts at once, by gradients; the best of them to the last digit.

Shapes: n points, d free arguments.
"""

from __future__ import annotations

import itertools
import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import minimize
from torch import Tensor

from cprograms.sobol import sobol
from surrogate.optimise.model import Model
from surrogate.optimise.problem import Points, Problem

SCREENED = 64
"""Points that are looked at for each start."""
MOST_SCREENED = 16_384
_STEPS, _FIRST_STEP, _LAST_STEP = 90, 0.05, 1e-3
"""Of Adam (Kingma and Ba, 2015), in units of the cube; the steps shrink evenly on a logarithmic scale."""
_KEPT = 0.9, 0.999
"""Of the means of the gradient and of its square, at each step."""
_ROUND, _WEIGHT = 15, 10.0
"""The multipliers of the conditions change after each so many steps; the weight of their squares."""
ENUMERATED = 4096
"""Domains of so few integers are looked at as a whole."""
_CORNERS = 6
"""Integers that are rounded both ways; the others go to the nearest one."""
_NEIGHBOURS = 20
"""Steps from neighbour to neighbour."""
_HOLDS, _FAR = 1e-9, 1e6
"""A condition that is believed to hold, to rounding; what SciPy is told where the model has no number."""
APART = 0.05
"""Points nearer than that, in each argument, are the same optimum."""


def sample(problem: Problem, starts: int, seed: int) -> Points:
    """Points that cover the cube: [n, d], every point of a small domain of integers."""
    low, high = problem.box
    sizes = high - low + 1
    if problem.whole.all() and np.prod(sizes) <= ENUMERATED:
        axes = [np.linspace(0, 1, int(size)) for size in sizes]
        return np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, len(low))
    count = min(max(SCREENED * starts, 1024), MOST_SCREENED)
    return on_grid(problem, sobol(count, len(low), np.random.default_rng(seed)))


def on_grid(problem: Problem, u: Points) -> Points:
    """Points [n, d] with those coordinates rounded that are integers."""
    return problem.points(problem.values(u))


def found(model: Model, sampled: Points, starts: int) -> Points:
    """The optima of a model from the best and the first of sampled points: [n, d], the best first, all distinct."""
    scores = model.scores(sampled)
    best = np.argsort(scores, kind="stable")[: (starts + 1) // 2]
    u = np.concatenate([sampled[best], sampled[: starts // 2]])
    u = np.concatenate([on_grid(model.problem, descended(model, u)), u])
    return distinct(u, model.scores(u), most=starts)


def distinct(u: Points, scores: Points, most: int, apart: float = APART) -> Points:
    """The best of points [n, d] by their scores [n], without those too near a better one and those of none."""
    kept: list[int] = []
    for k in np.argsort(scores, kind="stable"):
        if len(kept) == most or not math.isfinite(scores[k]):
            break
        if all(np.abs(u[k] - u[other]).max() > apart for other in kept):
            kept.append(int(k))
    return u[kept]


def descended(model: Model, u: Points) -> Points:
    """Points [n, d] after steps of Adam on the augmented Lagrangian (Hestenes, 1969) of each, inside the cube."""
    points = torch.from_numpy(u).clone().requires_grad_()
    # torch.optim takes as long to import as all of these steps.
    mean, square = torch.zeros_like(points), torch.zeros_like(points)
    multipliers: Tensor | None = None
    for step in range(_STEPS):
        beliefs = model.beliefs(points)
        multipliers = torch.zeros_like(beliefs.gaps) if multipliers is None else multipliers
        if step % _ROUND == _ROUND - 1:
            multipliers = (multipliers + _WEIGHT * beliefs.gaps.detach().nan_to_num()).clamp(min=0)
        held = (multipliers / _WEIGHT + beliefs.gaps).clamp(min=0).square().sum(1)
        loss = (beliefs.aim + _WEIGHT / 2 * held).nan_to_num(posinf=0, neginf=0).sum()
        slope = torch.autograd.grad(loss, points)[0].nan_to_num(posinf=0, neginf=0)
        mean, square = _KEPT[0] * mean + (1 - _KEPT[0]) * slope, _KEPT[1] * square + (1 - _KEPT[1]) * slope**2
        first, second = (m / (1 - kept ** (step + 1)) for m, kept in zip((mean, square), _KEPT, strict=True))
        rate = _FIRST_STEP * (_LAST_STEP / _FIRST_STEP) ** (step / _STEPS)
        with torch.no_grad():
            points -= rate * first / (second.sqrt() + 1e-12)
            points.clamp_(0, 1)
    return np.asarray(points.detach().numpy())


Box = tuple[Points, Points]
"""The ends [d] of what a point may be."""


def polished(model: Model, u: Points, hope: float = 0.0, margin: float = 0.0, box: Box | None = None) -> Points:
    """The optimum near a point [d], to the last digit; integers are rounded, and their neighbours tried."""
    low, high = (np.zeros(len(u)), np.ones(len(u))) if box is None else box
    whole = model.problem.whole
    candidates = [u, _solved(model, u, hope, margin, low, high)]
    if whole.any():
        candidates = [_rounded(model, point, hope, margin) for point in candidates]
    best = _best_of(model, np.stack(candidates), hope, margin)
    if whole.any() and not whole.all():
        still = np.where(whole, best, low), np.where(whole, best, high)
        best = _best_of(model, np.stack([best, _solved(model, best, hope, margin, *still)]), hope, margin)
    return best


def _solved(model: Model, u: Points, hope: float, margin: float, low: Points, high: Points) -> Points:
    """By sequential quadratic programming (Kraft, 1988); where conditions do not hold then, the least violation."""
    free = np.flatnonzero(high > low)
    if not len(free):
        return u
    local = _Local(model, np.clip(u, low, high), free, hope, margin)
    ends = list(zip(low[free], high[free], strict=True))
    conditions = len(local.at(local.start).gaps)
    held = [{"type": "ineq", "fun": local.room, "jac": local.room_slopes}] if conditions else []
    point = local.placed(_minimised(local.aim, local.start, "SLSQP", ends, held))
    if conditions and not (local.at(point[free]).gaps <= _HOLDS).all():
        nearest = local.placed(_minimised(local.violation, local.start, "L-BFGS-B", ends))
        point = _best_of(model, np.stack([point, nearest]), hope, margin)
    return point


def _minimised(
    value: Callable[[Points], tuple[float, Points]],
    start: Points,
    method: str,
    ends: list[tuple[float, float]],
    held: Sequence[dict[str, Any]] = (),
) -> Points:
    """The last point of one of SciPy's methods; the start where it ends at none."""
    exact = {"SLSQP": {"maxiter": 40, "ftol": 1e-10}, "L-BFGS-B": {"maxiter": 40, "ftol": 1e-14, "gtol": 1e-9}}
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a step that left the bounds by rounding
        found = minimize(value, start, jac=True, method=method, bounds=ends, constraints=held, options=exact[method]).x
    low, high = np.array(ends).T
    return np.clip(found, low, high) if np.isfinite(found).all() else start


class _Values(NamedTuple):
    """At one point of f coordinates: what is to be least, and each condition's gap, and the slopes of both."""

    aim: float
    slope: Points  # [f]
    gaps: Points  # [C]
    slopes: Points  # [C, f]


class _Local:
    """A model about a point [d], as functions of some of its coordinates `free` [f], for SciPy."""

    def __init__(self, model: Model, point: Points, free: npt.NDArray[np.intp], hope: float, margin: float):
        self.model, self.point, self.free = model, point, free
        self.hope, self.margin = hope, margin
        self.start: Points = point[free]
        self._last: tuple[bytes, _Values] | None = None

    def placed(self, v: Points) -> Points:
        """Coordinates [f] as a point [d]."""
        point = self.point.copy()
        point[self.free] = v
        return point

    def at(self, v: Points) -> _Values:
        """What the model believes, computed once a point; numbers only, whatever the model says."""
        key = v.tobytes()
        if self._last is None or self._last[0] != key:
            u = torch.from_numpy(self.placed(v)[None]).requires_grad_()
            beliefs = self.model.beliefs(u, self.hope, self.margin)
            values = [beliefs.aim[0], *beliefs.gaps[0].unbind()]
            slopes = [torch.autograd.grad(value, u, retain_graph=True)[0][0].numpy() for value in values]
            numbers = np.nan_to_num([value.item() for value in values], nan=_FAR, posinf=_FAR, neginf=-_FAR)
            turned = np.nan_to_num(np.stack(slopes)[:, self.free], nan=0, posinf=0, neginf=0)
            self._last = key, _Values(float(numbers[0]), turned[0], numbers[1:], turned[1:])
        return self._last[1]

    def aim(self, v: Points) -> tuple[float, Points]:
        values = self.at(v)
        return values.aim, values.slope.copy()  # SciPy overwrites what it is given

    def room(self, v: Points) -> Points:
        return -self.at(v).gaps

    def room_slopes(self, v: Points) -> Points:
        return -self.at(v).slopes

    def violation(self, v: Points) -> tuple[float, Points]:
        """The sum of the squares of what is violated."""
        values = self.at(v)
        over = values.gaps.clip(min=0)
        return float((over**2).sum()), 2 * over @ values.slopes


def _rounded(model: Model, u: Points, hope: float, margin: float) -> Points:
    """The best point of integers about a point [d]: rounded both ways, then from neighbour to neighbour."""
    problem = model.problem
    low, high = problem.box
    whole = np.flatnonzero(problem.whole)
    step = 1 / (high - low)
    exact = u[whole] / step[whole]
    doubtful = np.argsort(-np.abs(exact - np.rint(exact)), kind="stable")[:_CORNERS]
    corners = []
    for ways in itertools.product((0, 1), repeat=len(doubtful)):
        values = np.rint(exact)
        values[doubtful] = np.floor(exact[doubtful]) + ways
        corners.append(values)
    points = np.tile(u, (len(corners), 1))
    points[:, whole] = np.clip(np.stack(corners) * step[whole], 0, 1)
    best = _best_of(model, points, hope, margin)
    for _ in range(_NEIGHBOURS):
        around = np.tile(best, (1 + 2 * len(whole), 1))
        for k, place in enumerate(whole):
            around[1 + 2 * k : 3 + 2 * k, place] += np.array([-step[place], step[place]])
        moved = _best_of(model, on_grid(problem, np.clip(around, 0, 1)), hope, margin)
        if np.abs(moved - best).max() < step.min() / 2:
            break
        best = moved
    return best


def _best_of(model: Model, u: Points, hope: float, margin: float) -> Points:
    return np.asarray(u[int(np.argmin(model.scores(u, hope, margin)))])
