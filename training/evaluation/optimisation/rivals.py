"""SciPy's methods on the C program itself, each stopped at its first row of the wanted quality.

Points are of the unit cube, [d] each.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import numpy.typing as npt
import torch
from scipy.optimize import NonlinearConstraint, differential_evolution, minimize

from cprograms import sampling
from cprograms.program import Program
from surrogate.optimise.problem import Problem

Points = npt.NDArray[np.float64]

QUALITY = 1e-3
"""How near the best known value a row must be, and how far it may violate conditions, in units of their ranges."""
MOST = 3000
"""Rows that a method may run."""
_SCALED_ROWS = 4096
WEIGHT, _TRAPPED = 10.0, 1e6
"""What a violation costs, and a row without results, for methods that know no conditions."""


class Measure:
    """Rows of a program by what a problem asks: the aim [n] and the violations [n], in units of their ranges."""

    def __init__(self, program: Program, problem: Problem, seed: int):
        self.program, self.problem = program, problem
        x = sampling.sample(program, _SCALED_ROWS, seed)
        for argument, value in problem.fixed.items():
            x[:, argument] = value
        rows = torch.from_numpy(x), torch.from_numpy(program.run(x))
        self.matched = _widths(problem.matched(*rows).numpy())
        self.aim_range = float(_widths(problem.aim(*rows, torch.from_numpy(self.matched)).numpy()[:, None])[0])
        self.gap_ranges = _widths(problem.gaps(*rows, torch.from_numpy(self.matched)).numpy())

    def of(self, x: Points) -> tuple[Points, Points]:
        """The aims [n] and the gaps [n, C] of inputs [n, arguments]; NaN where the program gave nothing."""
        rows = torch.from_numpy(x), torch.from_numpy(self.program.run(x))
        ranges = torch.from_numpy(self.matched)
        aim, gaps = (f(*rows, ranges).numpy() for f in (self.problem.aim, self.problem.gaps))
        return aim / self.aim_range, gaps / self.gap_ranges

    def hits(self, x: Points, best: float) -> npt.NDArray[np.bool_]:
        """Which of these inputs are of the wanted quality, [n]."""
        aim, gaps = self.of(x)
        return np.asarray((aim <= best + QUALITY) & (gaps <= QUALITY).all(1))


def _widths(values: Points) -> Points:
    """Between the 5th and the 95th percentile of each column, of what is finite; 1 where that is nothing."""
    known = [column[np.isfinite(column)] for column in values.T]
    found = [float(np.ptp(np.quantile(column, (0.05, 0.95)))) if len(column) else 0.0 for column in known]
    return np.array([width or 1.0 for width in found])


class Enough(Exception):
    """A method found what was wanted, or spent its rows."""


class Counted:
    """A program that counts its rows, and ends the method that runs it."""

    def __init__(self, measure: Measure, best: float):
        self.measure, self.best = measure, best
        self.rows, self.hit = 0, False

    def values(self, u: Points) -> tuple[float, Points]:
        """The aim and the gaps [C] of a point."""
        if self.rows >= MOST:
            raise Enough
        self.rows += 1
        aim, gaps = self.measure.of(self.measure.problem.values(np.asarray(u, dtype=np.float64)[None]))
        if aim[0] <= self.best + QUALITY and (gaps[0] <= QUALITY).all():
            self.hit = True
            raise Enough
        return float(np.nan_to_num(aim[0], nan=_TRAPPED)), np.nan_to_num(gaps[0], nan=_TRAPPED)

    def penalised(self, u: Points) -> float:
        aim, gaps = self.values(u)
        return aim + WEIGHT * float(gaps.clip(min=0).sum())


def evolution(counted: Counted, seed: int) -> None:
    """Differential evolution (Storn and Price, 1997) as SciPy has it, its polish included, until it hits."""
    bounds = [(0.0, 1.0)] * len(counted.measure.problem.free)
    for again in range(MOST):
        differential_evolution(counted.penalised, bounds, rng=np.random.default_rng([seed, again]))


def simplex(counted: Counted, seed: int) -> None:
    """Nelder and Mead's simplex (1965) from random points, one after the other, until it hits."""
    d, rng = len(counted.measure.problem.free), np.random.default_rng(seed)
    settings = {"xatol": 1e-4, "fatol": 1e-5}
    while True:
        minimize(counted.penalised, rng.random(d), method="Nelder-Mead", bounds=[(0, 1)] * d, options=settings)


def cobyqa(counted: Counted, seed: int) -> None:
    """COBYQA (Ragonneau and Zhang, 2024), which knows conditions, from random points, until it hits."""
    d, rng = len(counted.measure.problem.free), np.random.default_rng(seed)
    known: dict[bytes, tuple[float, Points]] = {}

    def both(u: Points) -> tuple[float, Points]:
        # SciPy asks for the objective and the conditions of a point apart; a row gives both.
        key = np.asarray(u).tobytes()
        if key not in known:
            known[key] = counted.values(u)
        return known[key]

    conditions = NonlinearConstraint(lambda u: both(u)[1], -np.inf, 0)
    held = conditions if len(counted.measure.gap_ranges) else ()
    while True:
        minimize(lambda u: both(u)[0], rng.random(d), method="COBYQA", bounds=[(0, 1)] * d, constraints=held)


RIVALS: dict[str, Callable[[Counted, int], None]] = {
    "differential evolution": evolution,
    "Nelder–Mead": simplex,
    "COBYQA": cobyqa,
}


def rows_of(rival: Callable[[Counted, int], None], measure: Measure, best: float, seed: int) -> int | None:
    """How many rows a method ran until it hit; None where it did not."""
    counted = Counted(measure, best)
    with suppress(Enough):
        rival(counted, seed)
    return counted.rows if counted.hit else None


def best_known(measure: Measure, seed: int) -> float:
    """The least aim of a row that holds all conditions, by a long evolution of whole generations and a simplex."""
    found = [np.inf]

    def generation(u: Points) -> Points:
        aim, gaps = measure.of(measure.problem.values(u.T))
        found[0] = min(found[0], float(np.min(aim[(gaps <= 0).all(1)], initial=np.inf)))
        over = np.nan_to_num(gaps, nan=_TRAPPED).clip(min=0).sum(1)
        return np.asarray(np.nan_to_num(aim, nan=_TRAPPED) + 100 * WEIGHT * over)

    d = len(measure.problem.free)
    ended = differential_evolution(
        generation, [(0, 1)] * d, rng=seed, vectorized=True, updating="deferred", polish=False, popsize=30,
        maxiter=300, tol=1e-10,
    )  # fmt: skip
    settings = {"xatol": 1e-9, "fatol": 1e-9, "maxfev": 2000}
    minimize(
        lambda u: float(generation(u[:, None])[0]), ended.x, method="Nelder-Mead", bounds=[(0, 1)] * d, options=settings
    )
    return found[0]
