"""Rows of the program: the surrogate's optima confirmed, its errors learnt, and the search repeated until it ends.

Each row is where the corrected surrogate is best. First anywhere; where that gained nothing, about the best row so
far, and then anywhere by what the model may hope for, so that an optimum which the surrogate hides is found as well.

Shapes: n points, d free arguments, A arguments, R results, C conditions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from cprograms.program import Program
from surrogate.optimise.model import PENALTY, Model
from surrogate.optimise.problem import GAIN, Points
from surrogate.optimise.search import APART, distinct, on_grid, polished

PATIENCE = 5
"""Rows in succession that gain nothing, after which the search ends."""
_HOPE = 2.0
"""Deviations that the model hopes for where it explores."""
_POLISHED, _NEARBY, _SAMPLED = 3, 64, 1024
"""For each row: points that are polished, points about the best row that are looked at, and points of the sample."""
_RADIUS, _LEAST_RADIUS = 0.2, 1e-4
_MARGIN, _LEAST_MARGIN, _MOST_MARGIN = 1e-5, 1e-7, 1e-2
"""How far inside the conditions a row is sought, in units of their ranges: more where the last one missed them."""
SAME = 1e-9
"""Points nearer than that are one."""


@dataclass(frozen=True)
class Row:
    """A row of the program: arguments [A], results [R], the aim and the gaps [C] in units of their ranges.

    One without finite results, or where the aim or a condition is no number, is never an optimum.
    """

    u: Points
    x: Points
    y: Points
    aim: float
    gaps: Points

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.y).all() and math.isfinite(self.aim) and np.isfinite(self.gaps).all())

    @property
    def violation(self) -> float:
        """The sum of what is violated, 0 where all conditions hold."""
        return float(self.gaps.clip(min=0).sum()) if self.finite else math.inf

    @property
    def score(self) -> float:
        """As a model ranks points."""
        return self.aim + PENALTY * self.violation if self.finite else math.inf

    @property
    def rank(self) -> tuple[float, float]:
        """Less is better."""
        return self.violation, self.aim if self.finite else math.inf


class Truth:
    """The C program, of which at most so many rows are run, and those that were."""

    def __init__(self, program: Program, model: Model, most: int):
        self.program, self.model, self.most = program, model, most
        self.rows: list[Row] = []

    @property
    def left(self) -> int:
        return self.most - len(self.rows)

    @property
    def best(self) -> Row:
        return min(self.rows, key=lambda row: row.rank)

    def knows(self, u: Points) -> bool:
        return any(np.abs(row.u - u).max() <= SAME for row in self.rows)

    def run(self, u: Points) -> Row:
        """Run the program at a point [d], and learn from it."""
        problem, model = self.model.problem, self.model
        x = problem.values(u[None])
        y = self.program.run(x)
        point, result = torch.from_numpy(x), torch.from_numpy(y)
        aim = float(problem.aim(point, result, model.match_ranges)[0]) / model.aim_range
        gaps = (problem.gaps(point, result, model.match_ranges)[0] / model.gap_ranges).numpy()
        row = Row(problem.points(x)[0], x[0], y[0], aim, gaps)
        self.rows.append(row)
        known = [r.y if r.finite else np.full_like(r.y, np.nan) for r in self.rows]
        model.learn(np.stack([r.u for r in self.rows]), np.stack(known))
        return row


def refine(truth: Truth, optima: Points, sampled: Points, seed: int) -> bool:
    """Run rows of the program until none gains anything, or all are spent; returns whether it ended by itself.

    `optima` [n, d] are the surrogate's, the best first, `sampled` further points of the cube.
    """
    chooser = _Chooser(truth, optima, sampled, np.random.default_rng(seed))
    still = 0
    while truth.left and still < PATIENCE:
        before = truth.best.rank if truth.rows else (math.inf, math.inf)
        u = chooser.next(still)
        if u is None:
            chooser.adapt(None, gained=False)
            still += 1
            continue
        row = truth.run(u)
        gained = _gained(before, row.rank, truth.model.problem.gain)
        chooser.adapt(row, gained)
        still = 0 if gained else still + 1
    return still >= PATIENCE


def _gained(before: tuple[float, float], after: tuple[float, float], least: float) -> bool:
    """Whether a row is better than all before it, by more than nothing."""
    if after[0] < before[0]:
        return after[0] < before[0] - GAIN or after[0] == 0
    return after[0] == before[0] and after[1] < before[1] - least


class _Chooser:
    """Which row is run next."""

    def __init__(self, truth: Truth, optima: Points, sampled: Points, rng: np.random.Generator):
        self.truth, self.optima, self.sampled, self.rng = truth, optima, sampled[:_SAMPLED], rng
        self.radius, self.margin = _RADIUS, _MARGIN

    def next(self, still: int) -> Points | None:
        """A point [d] that was not run yet, or None where the model knows no better one."""
        if not self.truth.rows:
            return self._first()
        if still % 2 == 1:
            return self._near()
        return self._anywhere(0.0 if still == 0 else _HOPE)

    def adapt(self, row: Row | None, gained: bool) -> None:
        """After a row, or none: nearer to the best one where nothing was gained, further inside what was violated."""
        self.radius = min(2 * self.radius, _RADIUS) if gained else max(self.radius / 2, _LEAST_RADIUS)
        missed = row is not None and 0 < row.violation < math.inf
        self.margin = float(np.clip(self.margin * (8 if missed else 0.5), _LEAST_MARGIN, _MOST_MARGIN))

    def _first(self) -> Points:
        """The surrogate's optimum; any point where it has none."""
        if not len(self.optima):
            return np.asarray(self.sampled[0])
        tried = np.stack([polished(self.truth.model, u) for u in self.optima[:_POLISHED]])
        return np.asarray(tried[int(np.argmin(self.truth.model.scores(tried)))])

    def _anywhere(self, hope: float) -> Points | None:
        pool = np.concatenate([self.optima, self.sampled, self._about()])
        return self._chosen(pool, hope, None)

    def _near(self) -> Points | None:
        best = self.truth.best.u
        box = np.clip(best - self.radius, 0, 1), np.clip(best + self.radius, 0, 1)
        return self._chosen(self._about(), 0.0, box)

    def _about(self) -> Points:
        """Points about the best row, and that itself."""
        best = self.truth.best.u
        moved = best + self.rng.uniform(-self.radius, self.radius, (_NEARBY, len(best)))
        return np.concatenate([best[None], on_grid(self.truth.model.problem, np.clip(moved, 0, 1))])

    def _chosen(self, pool: Points, hope: float, box: tuple[Points, Points] | None) -> Points | None:
        """The best of the polished points, if it was not run yet and is believed to be better than all that were."""
        model = self.truth.model
        scores = model.scores(pool, hope, self.margin)
        order = np.argsort(scores, kind="stable")[: 16 * _POLISHED]
        seeds = distinct(pool[order], scores[order], _POLISHED, APART if box is None else APART * self.radius)
        if not len(seeds):
            return self._unknown(pool)
        tried = np.stack([self._kept(polished(model, u, hope, self.margin, box)) for u in seeds])
        fresh = tried[[not self.truth.knows(u) for u in tried]]
        if not len(fresh):
            return None
        believed = model.scores(fresh, hope, self.margin)
        best = int(np.argmin(believed))
        return np.asarray(fresh[best]) if believed[best] < self.truth.best.score - model.problem.gain / 10 else None

    def _kept(self, u: Points) -> Points:
        """The point that the arguments' types make of a point."""
        return np.asarray(on_grid(self.truth.model.problem, u[None])[0])

    def _unknown(self, pool: Points) -> Points | None:
        """Where the model has no number anywhere: the point furthest from all that was run."""
        far = np.stack([np.abs(pool - row.u).max(1) for row in self.truth.rows]).min(0)
        return np.asarray(pool[int(np.argmax(far))]) if far.max() > SAME else None
