"""Levenberg–Marquardt on rows that grow where the residual is large: for programs whose rows cost nothing.

A step on few rows is cheap, one on many is exact. So the first steps read few rows; then more are added, half of them
where a tower errs most, half at random.

Shapes: B towers, n rows to choose from, K rows in use, Z inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from surrogate.mlp.fitting.finetune import Descent
from surrogate.mlp.parts.towers import Towers, outputs

STEP_SECONDS, ROW_PAIR_SECONDS = 2.7e-4, 1.5e-8
"""What a step of one tower on K rows costs one core, measured: the first, and the second times K². It only plans."""
SHARES = ((256, 0.2), (512, 0.2), (768, 0.3), (1000, 0.3))
"""Rows, and the share of the time that is spent on so many."""


def planned(seconds: float, towers: int, shares: Sequence[tuple[int, float]] = SHARES) -> list[tuple[int, int]]:
    """Rows and steps that take about so long: a plan depends on no clock, so that the same seed gives the same.

    Where there are so many towers that there is no time for a step on so many rows, it goes to fewer rows, on which one
    step is made at least.
    """
    plan: list[tuple[int, int]] = []
    time = 0.0
    for rows, share in reversed(shares):
        time += share * seconds / towers
        steps = int(time / (STEP_SECONDS + ROW_PAIR_SECONDS * rows**2))
        if steps:
            plan.insert(0, (rows, steps))
            time = 0.0
    return plan or [(shares[0][0], 1)]


class Growth:
    """Towers at work on rows z [n, Z], y [B, n]; `columns` [B, Z+1] as `Descent` has them."""

    def __init__(self, towers: Towers, z: Tensor, y: Tensor, columns: Tensor | None, seed: int):
        self.towers, self.z, self.y, self.columns = towers, z, y, columns
        self.generator = torch.Generator().manual_seed(seed)
        self.used = torch.zeros(y.shape, dtype=torch.bool)  # [B, n]
        self.damping = torch.ones_like(y[:, 0])

    def run(self, plan: Sequence[tuple[int, int]]) -> None:
        """Make the steps of a plan."""
        for rows, steps in plan:
            self.grow(min(rows, self.y.shape[1]))
            descent = self._descent()
            for _ in range(steps):
                descent.step()
            self.towers, self.damping = descent.towers, descent.damping.clamp(max=1)

    def grow(self, rows: int) -> None:
        """Use so many rows a tower; those in use stay."""
        more = rows - int(self.used[0].sum())
        if more <= 0:
            return
        if self.used.any():
            missing = (outputs(self.towers, self.z.expand(len(self.y), -1, -1)) - self.y).abs().nan_to_num()
            self._take(missing, more // 2)
            more -= more // 2
        self._take(torch.rand(1, self.y.shape[1], generator=self.generator).repeat(len(self.y), 1), more)

    def keep(self, places: Tensor) -> None:
        """Go on with some of the towers only, int64 [towers kept]."""
        self.towers = self.towers.map(lambda w: w[places])
        self.y, self.used, self.damping = self.y[places], self.used[places], self.damping[places]
        self.columns = None if self.columns is None else self.columns[places]

    def _take(self, order: Tensor, count: int) -> None:
        """Use the `count` unused rows of the greatest order [B, n]."""
        chosen = order.masked_fill(self.used, -torch.inf).topk(count, dim=1).indices
        self.used.scatter_(1, chosen, True)

    def _descent(self) -> Descent:
        places = self.used.nonzero()[:, 1].view(len(self.y), -1)  # [B, K]
        descent = Descent(self.towers, self.z[places], self.y.gather(1, places), self.columns)
        descent.damping = self.damping
        return descent
