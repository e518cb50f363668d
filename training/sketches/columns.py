"""The networks that Gaunt et al. 2017 compare with: a column for a task, and what columns share.

A column reads each of the four pictures by one network 784-256-256-10, and gives the 4 x 10 numbers, with the three
given numbers one-hot (zeros where a task has none), to a head of three layers of 128 and a softmax over 19 values.
The seed of the paper's text gives these sizes. What is shared it does not say in full; here

- independent: nothing is shared;
- MTNN-1: the network that reads pictures is shared, and each task has a head;
- MTNN-2: all is shared but the last layer;
- progressive (Rusu et al. 2016): each task has a column, and each layer of its head reads that layer's inputs in the
  columns of all tasks before, which its own loss does not change.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from surrogate.sketch.precision import halved, halves
from training.sketches.grids import GIVEN, MODULUS, Grids, Whole
from training.sketches.stream import Batch, Task

Sharing = Literal["independent", "progressive", "mtnn1", "mtnn2"]
SHARINGS: tuple[Sharing, ...] = get_args(Sharing)
PIXELS, EMBEDDED = 784, 10
READER = (PIXELS, 256, 256, EMBEDDED)
HEAD = (4 * EMBEDDED + GIVEN * MODULUS, 128, 128, 128)
RATE = 1e-3


class Columns(nn.Module):
    """The columns of so many tasks. `forward` gives a task's logits, [B, 19]."""

    def __init__(self, tasks: int, sharing: Sharing, seed: int) -> None:
        super().__init__()
        self.sharing = sharing
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            shares_reader, shares_head = sharing in ("mtnn1", "mtnn2"), sharing == "mtnn2"
            self.readers = nn.ModuleList(_layers(READER) for _ in range(1 if shares_reader else tasks))
            self.heads = nn.ModuleList(
                nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(HEAD)) for _ in range(1 if shares_head else tasks)
            )
            self.lasts = nn.ModuleList(nn.Linear(HEAD[-1], MODULUS) for _ in range(tasks))
            laterals = range(tasks) if sharing == "progressive" else range(0)
            self.laterals = nn.ModuleList(
                nn.ModuleList(nn.Linear(k * a, b, bias=False) for a, b in pairwise((*HEAD, MODULUS)) if k)
                for k in laterals
            )

    def forward(self, task: int, pictures: Tensor, numbers: Tensor) -> Tensor:
        """`pictures` [B, 4, 784], and `numbers` [B, 3], -1 where there are none."""
        given = one_hot(numbers + 1, MODULUS + 1)[..., 1:].flatten(1).float()  # [B, 3 19]
        columns: list[list[Tensor]] = []
        with torch.no_grad():
            for k in range(task if self.sharing == "progressive" else 0):
                columns.append(self._column(k, pictures, given, columns))
        return self._column(task, pictures, given, columns)[-1]

    def _column(self, task: int, pictures: Tensor, given: Tensor, before: Sequence[Sequence[Tensor]]) -> list[Tensor]:
        """What each layer of a head takes, and in the end the logits. `before` is that of the columns before."""
        embedded = self.readers[task % len(self.readers)](pictures).flatten(1)  # [B, 40]
        found = [torch.cat([embedded, given], 1)]  # [B, 97]
        shared = self.heads[task % len(self.heads)]
        assert isinstance(shared, nn.ModuleList)
        layers = [*shared, self.lasts[task]]
        for k, layer in enumerate(layers):
            x = layer(found[-1])  # [B, 128], at last [B, 19]
            if before:
                laterals = self.laterals[task]
                assert isinstance(laterals, nn.ModuleList)
                x = x + laterals[k](torch.cat([column[k] for column in before], 1))
            found.append(x.relu() if k + 1 < len(layers) else x)
        return found


def _layers(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers with ReLU between."""
    parts: list[nn.Module] = []
    for a, b in pairwise(widths):
        parts += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*parts[:-1])


class ColumnLearner:
    """Columns that learn from a stream; as `training.sketches.lifelong.Lifelong`."""

    def __init__(self, tasks: Sequence[Task], sharing: Sharing, seed: int) -> None:
        self.tasks = tasks
        self.columns = Columns(len(tasks), sharing, seed)
        self._optimiser = torch.optim.Adam(self.columns.parameters(), lr=RATE, fused=True)
        self._half = halves(self.columns, 1)

    def observe(self, batch: Batch) -> None:
        total = sum(map(len, batch.values()))
        losses = []
        with halved(self._half):
            for k, places in batch.items():
                grids = self.tasks[k].train
                logits = self.columns(k, *_given(grids, places))
                wanted = torch.from_numpy(grids.result[places])
                losses.append(cross_entropy(logits.float(), wanted) * (len(places) / total))
        self._optimiser.zero_grad(set_to_none=True)  # what took no part keeps its moments
        torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
        self._optimiser.step()

    @torch.no_grad()
    def accuracy(self, k: int, grids: Grids) -> float:
        right = 0
        for start in range(0, len(grids.result), 1000):
            places = np.arange(start, min(start + 1000, len(grids.result)))
            said = self.columns(k, *_given(grids, places)).argmax(-1).numpy()
            right += int((said == grids.result[places]).sum())
        return right / len(grids.result)


def _given(grids: Grids, rows: Whole) -> tuple[Tensor, Tensor]:
    """Pictures [B, 4, 784] and numbers [B, 3] of some grids."""
    numbers = grids.numbers[rows] if grids.numbers.shape[1] else np.full((len(rows), GIVEN), -1)
    return torch.from_numpy(grids.pictures[grids.places[rows]]), torch.from_numpy(numbers)
