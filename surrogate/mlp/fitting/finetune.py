"""Fine-tuning of an emitted network on executed rows, by Levenberg–Marquardt steps: the last stage of -O2.

A step linearises the towers at their weights w and solves the damped least squares of the linearised error, w' = w + S²
Jᵀ (J S² Jᵀ + λ I)⁻¹ (y − f) (Levenberg 1944, Marquardt 1963, in the dual form, which factorises rows × rows); λ falls
after a step that lowers the error on the rows and grows after one that does not, which is taken back. On a few hundred
rows this reaches in 0.1 s what Adam does not reach in ten times that.

Shapes: S starts, R towers, K rows, A arguments, H hidden width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.towers import Towers, choose, damped_step, join, linearise, mean_squares

HELD_OUT = 0.25
"""The share of rows that decide when to stop."""
STEPS, STEP_ROWS = 100, 256
"""Steps of one tower on this many rows, twice: some 0.3 s of one core."""
JITTER = {torch.float32: 1e-6, torch.float64: 1e-13}
"""What keeps a kernel factorising, as a share of its diagonal."""
LEAST_DAMPING = {torch.float32: 1e-7, torch.float64: 1e-14}
DEVIATIONS = (0.3, 0.1, 0.15)
"""S: how far the weights of each layer are expected to move."""


@torch.no_grad()
def finetune(
    network: SurrogateNetwork,
    x: np.ndarray,
    y: np.ndarray,
    early: SurrogateNetwork | None = None,
    others: Sequence[SurrogateNetwork] = (),
) -> np.ndarray:
    """Fine-tune in place on rows x [K, A], y [K, R] in C units; returns the held-out error [R] that stopped it.

    The last quarter of the rows is held out to find the number of steps at which the error on them is least; as many
    steps are then made on all the rows. A tower that no step improves on the held-out rows keeps its weights. `early`
    is the network as it was before it read the held-out rows (see `training_rows`); without it, `network` must not have
    read them. The weights of `others`, which read no row, are starts as well: each tower takes the one that comes to
    the least held-out error. The same input gives the same result.
    """
    first = early or network
    chosen, best, error = _best_start([n.towers for n in (first, *others)], *standardised_rows(first, x, y))
    starts = join([n.towers for n in (network, *others)])  # [S R, ...]
    tuned = starts.map(lambda w: w[chosen * len(chosen) + torch.arange(len(chosen))])
    descent = Descent(tuned, *standardised_rows(network, x, y))
    for step in range(1, int(best.max()) + 1):
        descent.step()
        tuned = choose(best >= step, descent.towers, tuned)
    network.hold(tuned)
    return error.numpy()


def standardised_rows(network: SurrogateNetwork, x: np.ndarray, y: np.ndarray) -> tuple[Tensor, Tensor]:
    """The rows as a network's towers see them: [R, K, A], [R, K]."""
    inputs = network.inputs(torch.from_numpy(x)).to(network.w1.dtype).expand(len(network.std), -1, -1)
    std = torch.where(network.std > 0, network.std, 1)
    return inputs, ((torch.from_numpy(y) - network.mean) / std).T.to(inputs.dtype)


def training_rows(count: int) -> int:
    """How many rows, the first ones, shape the weights while the others are held out."""
    return count - max(1, int(HELD_OUT * count))


def _steps(rows: int, towers: int) -> int:
    """The number of steps that takes a fixed time, up to `STEP_ROWS` rows: a step's is about quadratic in the rows.

    More rows get as many steps, and take longer: with fewer they would make a worse network.
    """
    return int(np.clip(STEPS * (STEP_ROWS / min(rows, STEP_ROWS)) ** 2 / towers, 10, 2 * STEPS))


def _best_start(starts: Sequence[Towers], x: Tensor, y: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Which start, fitted to the first rows, errs least on the held-out ones, after which step, and that error: [R]
    each."""
    count, results = len(starts), len(y)
    best, least = _best_step(join(starts), x.repeat(count, 1, 1), y.repeat(count, 1))  # [S R] each
    errors = least.nan_to_num(torch.inf).view(count, results)
    chosen = errors.argmin(0)
    return chosen, best.view(count, results)[chosen, torch.arange(results)], errors.min(0).values


def _best_step(start: Towers, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """The step after which each tower's error on the held-out rows is least, 0 is the start, and that error: [R]."""
    seen = training_rows(y.shape[1])
    descent = Descent(start, x[:, :seen], y[:, :seen])
    least = mean_squares(start, x[:, seen:], y[:, seen:])
    best = torch.zeros(len(least), dtype=torch.long)
    for step in range(1, _steps(y.shape[1], len(y)) + 1):
        descent.step()
        error = mean_squares(descent.towers, x[:, seen:], y[:, seen:])
        best = torch.where(error < least, step, best)
        least = torch.minimum(error, least)
    return best, least


@dataclass
class Descent:
    """Levenberg–Marquardt from some weights on rows x [R, K, A], y [R, K]; each tower has its own damping.

    `columns` [R, A+1] says how far the first layer's columns are expected to move, in units of its deviation: one of 0
    stays as it is.
    """

    towers: Towers
    x: Tensor
    y: Tensor
    columns: Tensor | None = None

    def __post_init__(self) -> None:
        self.damping = torch.ones_like(self.y[:, 0])
        self.error = mean_squares(self.towers, self.x, self.y)

    def step(self) -> None:
        """Try one step; each tower takes it where it lowers the error."""
        x, y = self.batch()
        f, inputs, slopes = linearise(self.towers, x)
        deviations = [
            (torch.full_like(s[:, 0], d), torch.ones_like(a[:, 0]))
            for a, s, d in zip(inputs, slopes, DEVIATIONS, strict=True)
        ]
        if self.columns is not None:
            deviations[0] = (deviations[0][0], self.columns)
        steps, failed = damped_step(inputs, slopes, deviations, y - f, self.damping, JITTER[f.dtype])
        tried = Towers(*(w + step for w, step in zip(self.towers, steps, strict=True)))
        error = mean_squares(tried, self.x, self.y)
        better = (error < self.error) & ~failed
        self.towers = choose(better, tried, self.towers)
        self.error = torch.where(better, error, self.error)
        self.damping = next_damping(self.damping, better)

    def batch(self) -> tuple[Tensor, Tensor]:
        """The rows that a step linearises."""
        return self.x, self.y


def next_damping(damping: Tensor, better: Tensor) -> Tensor:
    """Less damping [R] after a step that lowered the error, more after one that was taken back."""
    return torch.where(better, (damping / 3).clamp_min(LEAST_DAMPING[damping.dtype]), (damping * 4).clamp_max(1e6))
