"""Eight tasks that come one after the other, as a mixture that varies with time (Gaunt et al. 2017, section 5).

The paper gives 1,000 distinct grids to each task; how the mixture varies is our choice: a task's share rises and falls
linearly, and at any time there are two at most. Time goes from 0 to the number of tasks, and task k has its peak at
k + 1/2. Every learner sees the same grids in the same order, each about as often.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from training.sketches.grids import CELLS, FAMILIES, Family, Grids, grids
from training.sketches.mnist import Digits

Batch = Mapping[int, npt.NDArray[np.int64]]
"""Of each task, by its number, which of its grids are shown now."""


@dataclass(frozen=True)
class Task:
    """`train` are its grids to learn from, and `test` those of unseen pictures."""

    family: Family
    task: str
    train: Grids
    test: Grids

    @property
    def name(self) -> str:
        return f"{self.family.name}:{self.task}"


def tasks_of(
    pictures: Mapping[str, Mapping[str, Digits]], count: int, test: int, seed: int, names: Sequence[str] = tuple(CELLS)
) -> list[Task]:
    """All tasks of both families, in the order in which they come. `pictures` are "digits" and "operators", each by
    split."""
    found: list[Task] = []
    for family in FAMILIES.values():
        shown = pictures[family.pictures]
        for name in names:
            first = seed * 100 + len(found)
            train = grids(family, shown["train"], name, count, 2 * first)
            found.append(Task(family, name, train, grids(family, shown["test"], name, test, 2 * first + 1)))
    return found


def shares(tasks: int, time: float) -> npt.NDArray[np.float64]:
    """Of each task, the share of what comes at a time in 0 ... tasks: [tasks]."""
    weights = np.maximum(0.0, 1 - np.abs(time - np.arange(tasks) - 0.5))
    return np.asarray(weights / weights.sum())


def stream(tasks: Sequence[Task], steps: int, batch: int, seed: int) -> Iterator[Batch]:
    """A batch for each step, of so many grids in all. A task shows all its grids, shuffled, before one comes again."""
    rng = np.random.default_rng(seed)
    waiting = [np.zeros(0, dtype=np.int64) for _ in tasks]
    for step in range(steps):
        counts = rng.multinomial(batch, shares(len(tasks), len(tasks) * (step + 0.5) / steps))
        found = {}
        for k, n in enumerate(counts):
            while len(waiting[k]) < n:
                waiting[k] = np.concatenate([waiting[k], rng.permutation(len(tasks[k].train.result))])
            if n:
                found[k], waiting[k] = waiting[k][:n], waiting[k][n:]
        yield found
