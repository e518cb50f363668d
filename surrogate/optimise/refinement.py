"""Rows of the program: the surrogate's optima confirmed, its errors learnt, and the search repeated until it ends.

Each row is where the corrected surrogate is best. Where that gained nothing, it is where the model may hope for most:
about the best row so far, and then anywhere, so that an optimum which the surrogate hides is found as well. Where the
surrogate is right there is nothing to hope for, and no row is spent. Integers have neighbours, which are tried at last.

Shapes: n points, d free arguments, A arguments, R results, C conditions.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch

from cprograms.program import Program
from surrogate.optimise.model import PENALTY, REFUSED, Model
from surrogate.optimise.problem import GAIN, Points
from surrogate.optimise.search import APART, distinct, on_grid, polished

PATIENCE = 5
"""Attempts in succession that gain nothing, beside one for each free argument, after which the search ends."""
_HOPES = 0.0, 1.0, 2.0
"""Deviations that the model hopes for: anywhere, about the best row, anywhere."""
_POLISHED, _NEARBY, _SAMPLED = 3, 64, 1024
"""For each row: points that are polished, points about the best row that are looked at, and points of the sample."""
_RADIUS, _LEAST_RADIUS = 0.2, 1e-4
_LEAST_MARGIN, _MOST_MARGIN = 1e-9, 1e-2
"""How far inside the conditions a row is sought, in units of their ranges: by as much as the last one missed them."""
_NEIGHBOURS = 3
"""The last attempts are neighbours in integers."""
_LESS = 0.9
"""A point is worth a row where it is believed to violate by less than this share of what the best row does."""
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
    still, patience = 0, PATIENCE + len(truth.model.problem.free)
    while truth.left and still < patience:
        before = truth.best.rank if truth.rows else (math.inf, math.inf)
        u = chooser.next(still, patience)
        if u is None and truth.model.exact:
            return True
        if u is None:
            chooser.relax()
            still += 1
            continue
        row = truth.run(u)
        gained = _gained(before, row.rank, truth.model.problem.gain)
        chooser.adapt(row, gained)
        still = 0 if gained else still + 1
    return still >= patience


def _gained(before: tuple[float, float], after: tuple[float, float], least: float) -> bool:
    """Whether a row is better than all before it, by more than nothing."""
    if after[0] < before[0]:
        return after[0] < before[0] - GAIN or after[0] == 0
    return after[0] == before[0] and after[1] < before[1] - least


class _Chooser:
    """Which row is run next."""

    def __init__(self, truth: Truth, optima: Points, sampled: Points, rng: np.random.Generator):
        self.truth, self.optima, self.sampled, self.rng = truth, optima, sampled[:_SAMPLED], rng
        self.radius, self.margin = _RADIUS, _LEAST_MARGIN

    def next(self, still: int, patience: int) -> Points | None:
        """A point [d] that was not run yet, after so many attempts without a gain; None where nothing promises one."""
        if not self.truth.rows:
            return self._first()
        if not self.truth.best.finite:
            return self._elsewhere()
        if still >= patience - _NEIGHBOURS and self.truth.model.problem.whole.any() and not self.truth.model.exact:
            return self._neighbour()
        kind = still % len(_HOPES)
        return self._near(_HOPES[kind]) if kind == 1 else self._anywhere(_HOPES[kind])

    def relax(self) -> None:
        """After an attempt that promised nothing: nearer to the conditions' bounds."""
        self.margin = max(self.margin / 4, _LEAST_MARGIN)

    def adapt(self, row: Row, gained: bool) -> None:
        """After a row: nearer to the best one where nothing was gained, further inside what was violated."""
        self.radius = min(2 * self.radius, _RADIUS) if gained else max(self.radius / 2, _LEAST_RADIUS)
        missed = row.violation if row.violation < math.inf else 0.0
        self.margin = float(
            np.clip(max(2 * self.margin, missed) if missed else self.margin / 4, _LEAST_MARGIN, _MOST_MARGIN)
        )

    def _first(self) -> Points:
        """The surrogate's optimum; any point where it has none."""
        if not len(self.optima):
            return np.asarray(self.sampled[0])
        model = self.truth.model
        tried = np.stack([polished(model, u, 0.0, self.margin) for u in self.optima[:_POLISHED]])
        return np.asarray(tried[int(np.argmin(model.scores(tried, 0.0, self.margin)))])

    def _anywhere(self, hope: float) -> Points | None:
        pool = np.concatenate([self.optima, self.sampled, self._about()])
        return self._chosen(pool, hope, None)

    def _near(self, hope: float) -> Points | None:
        best = self.truth.best.u
        box = np.clip(best - self.radius, 0, 1), np.clip(best + self.radius, 0, 1)
        return self._chosen(self._about(), hope, box)

    def _neighbour(self) -> Points | None:
        """Of the best row's neighbours in an integer, the best by the model that was not run yet, promising or not."""
        model, best = self.truth.model, self.truth.best.u
        low, high = model.problem.box
        moves = np.diag(1 / (high - low))[model.problem.whole]
        around = on_grid(model.problem, np.clip(best + np.concatenate([moves, -moves]), 0, 1))
        fresh = [u for u in around if not self.truth.knows(u)]
        return fresh[int(np.argmin(model.scores(np.stack(fresh))))] if fresh else None

    def _about(self) -> Points:
        """Points about the best row, and that itself."""
        best = self.truth.best.u
        moved = best + self.rng.uniform(-self.radius, self.radius, (_NEARBY, len(best)))
        return np.concatenate([best[None], on_grid(self.truth.model.problem, np.clip(moved, 0, 1))])

    def _chosen(self, pool: Points, hope: float, box: tuple[Points, Points] | None) -> Points | None:
        """The best point of a pool, polished, that was not run yet, if it promises to be better than all that were."""
        model = self.truth.model
        scores = model.scores(pool, hope, self.margin)
        order = np.argsort(scores, kind="stable")[: 16 * _POLISHED]
        seeds = distinct(pool[order], scores[order], _POLISHED, APART if box is None else APART * self.radius)
        tried = [self._kept(polished(model, u, hope, self.margin, box)) for u in seeds]
        fresh = [u for u in (*tried, *pool[order]) if not self.truth.knows(u)]
        if not fresh:
            return None
        best = fresh[int(np.argmin(model.scores(np.stack(fresh), hope, self.margin)))]
        return best if self._promises(best, hope) else None

    def _promises(self, u: Points, hope: float) -> bool:
        """Whether a point is believed to be better than the best row: to hold what that violates, or to gain."""
        model, best = self.truth.model, self.truth.best
        score = float(model.scores(u[None], hope)[0])
        if best.violation > 0:
            violation = model.beliefs(torch.from_numpy(u[None]), hope).gaps.clamp(min=0).sum().item()
            return score < REFUSED and violation < _LESS * best.violation
        return score < best.score - model.problem.gain / 10

    def _kept(self, u: Points) -> Points:
        """The point that the arguments' types make of a point."""
        return np.asarray(on_grid(self.truth.model.problem, u[None])[0])

    def _elsewhere(self) -> Points | None:
        """Where no row had results: the point furthest from all that were run."""
        far = np.stack([np.abs(self.sampled - row.u).max(1) for row in self.truth.rows]).min(0)
        return np.asarray(self.sampled[int(np.argmax(far))]) if far.max() > SAME else None
