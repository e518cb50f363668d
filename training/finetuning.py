"""Fine-tuning of many towers at once, each on its own rows: by Adam, and by Levenberg–Marquardt as -O2 does.

The rule for when to stop is the same for every start and optimiser, that of `surrogate.mlp.fitting.finetune`: the last
quarter of the rows is held out to find the checkpoint with the least error on them, then as many steps are made on all
the rows. Each tower may have a strength of its own (Adam's learning rate, the first damping), so that a grid is one
batch too.

Shapes: B towers, K rows, Z inputs: arguments, and taps where the towers read some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from surrogate.mlp.fitting.finetune import Descent, training_rows
from surrogate.mlp.parts.towers import Towers, choose, mean_squares, squares_gradient


class Stepper(Protocol):
    """An optimiser at work on some towers."""

    towers: Towers

    def step(self) -> None: ...


class Minibatches:
    """Places of at most `size` of `rows` rows, each row once an epoch; all of them where they are few."""

    def __init__(self, rows: int, size: int, seed: int):
        self.rows, self.size = rows, size
        self.generator = torch.Generator().manual_seed(seed)
        self.left = torch.empty(0, dtype=torch.long)

    def draw(self) -> Tensor | slice:
        if self.rows <= self.size:
            return slice(None)
        if len(self.left) < self.size:
            self.left = torch.randperm(self.rows, generator=self.generator)
        drawn, self.left = self.left[: self.size], self.left[self.size :]
        return drawn


class Adam:
    """`torch.optim.Adam` on the mean squared errors, with a learning rate a tower [B].

    The gradients are `squares_gradient`'s; the optimiser sees each run of towers of one rate as a group.
    """

    def __init__(self, towers: Towers, x: Tensor, y: Tensor, rate: Tensor, size: int, seed: int):
        self.towers, self.x, self.y = towers.map(torch.clone), x, y
        self.batches = Minibatches(x.shape[1], size, seed)
        self.gradients = [torch.zeros_like(w) for w in self.towers]
        rates, counts = torch.unique_consecutive(rate, return_counts=True)
        groups = []
        for r, end, count in zip(rates.tolist(), counts.cumsum(0).tolist(), counts.tolist(), strict=True):
            own = slice(end - count, end)
            parts = [w[own] for w in self.towers]
            for part, gradient in zip(parts, self.gradients, strict=True):
                part.grad = gradient[own]
            groups.append({"params": parts, "lr": r})
        self.optimizer = torch.optim.Adam(groups, fused=True)

    def step(self) -> None:
        places = self.batches.draw()
        squares_gradient(self.towers, self.x[:, places], self.y[:, places], self.gradients)
        self.optimizer.step()


class LevenbergMarquardt(Descent):
    """`surrogate.mlp.fitting.finetune.Descent` with a first damping a tower [B]; a step reads at most `size` rows.

    A step is taken where it lowers the error on all rows.
    """

    def __init__(self, towers: Towers, x: Tensor, y: Tensor, damping: Tensor, size: int, seed: int):
        super().__init__(towers, x, y)
        self.damping = damping.clone()
        self.batches = Minibatches(x.shape[1], size, seed)

    def batch(self) -> tuple[Tensor, Tensor]:
        places = self.batches.draw()
        return self.x[:, places], self.y[:, places]


@dataclass(frozen=True)
class Optimiser:
    """How to fine-tune: `make` gives the stepper from towers, rows x and y, strengths [B], a step's rows and a seed.

    The grid of strengths starts at `middle` and its neighbours, each `factor` times the one before.
    """

    name: str
    make: Callable[[Towers, Tensor, Tensor, Tensor, int, int], Stepper]
    steps: int
    size: int
    middle: float
    factor: float

    def checkpoints(self) -> list[int]:
        """Numbers of steps at which a descent may stop: all the first ones, then each a tenth above the last."""
        found = [0]
        while found[-1] < self.steps:
            found.append(min(self.steps, max(found[-1] + 1, round(found[-1] * 1.1))))
        return found


OPTIMISERS = {
    o.name: o
    for o in (
        Optimiser("Adam", Adam, steps=500, size=128, middle=0.02, factor=3),
        Optimiser("Levenberg–Marquardt", LevenbergMarquardt, steps=50, size=256, middle=1.0, factor=10),
    )
}


@dataclass(frozen=True)
class TowerRows:
    """Rows of B towers: what they read x [B, K, Z], and outputs y [B, K] in any unit, float64."""

    x: Tensor
    y: Tensor

    def first(self, count: int) -> TowerRows:
        return TowerRows(self.x[:, :count], self.y[:, :count])

    def part(self, which: slice, inputs: int) -> TowerRows:
        """Of some towers, without the columns behind so many inputs."""
        return TowerRows(self.x[which, :, :inputs], self.y[which])

    def moments(self) -> tuple[Tensor, Tensor]:
        """Means and deviations [B, 1] of the outputs; a constant has deviation 1, its tower learns 0."""
        mean = self.y.mean(1, keepdim=True)
        std = self.y.std(1, correction=0, keepdim=True)
        return mean, torch.where(std > 1e-12 * mean.abs(), std, 1)

    def standardised(self) -> Tensor:
        mean, std = self.moments()
        return ((self.y - mean) / std).float()


def walk(
    optimiser: Optimiser, start: Towers, rows: TowerRows, strength: Tensor, seed: int, last: int
) -> Iterator[tuple[int, Towers]]:
    """The towers at each checkpoint up to step `last`, fitted to all of `rows`."""
    stepper = optimiser.make(start, rows.x, rows.standardised(), strength, optimiser.size, seed)
    done = 0
    for checkpoint in optimiser.checkpoints():
        if checkpoint > last:
            return
        for _ in range(checkpoint - done):
            stepper.step()
        done = checkpoint
        yield checkpoint, stepper.towers  # which a further step may overwrite


@torch.no_grad()
def best_checkpoint(optimiser: Optimiser, start: Towers, rows: TowerRows, strength: Tensor, seed: int) -> Tensor:
    """[B]: the checkpoint at which each tower, fitted to the first three quarters of its rows, errs least on the rest.

    `start` must not have read the rest.
    """
    seen = training_rows(rows.x.shape[1])
    mean, std = rows.first(seen).moments()
    x, y = rows.x[:, seen:], ((rows.y[:, seen:] - mean) / std).float()
    best = torch.zeros(len(x), dtype=torch.long)
    least = torch.full((len(x),), torch.inf)
    for checkpoint, towers in walk(optimiser, start, rows.first(seen), strength, seed, optimiser.steps):
        error = mean_squares(towers, x, y)
        better = error < least
        best[better] = checkpoint
        least = torch.where(better, error, least)
    return best


@torch.no_grad()
def fit(
    optimiser: Optimiser,
    start: Towers,
    rows: TowerRows,
    strength: Tensor,
    seed: int,
    stop: Tensor,
    observe: Callable[[int, Towers], None] = lambda step, towers: None,
) -> Towers:
    """The towers after as many steps on all rows as `stop` [B] says; `observe` is called at each checkpoint."""
    tuned = start
    for checkpoint, towers in walk(optimiser, start, rows, strength, seed, int(stop.max())):
        tuned = choose(stop >= checkpoint, towers, tuned)
        observe(checkpoint, tuned)
    return tuned
