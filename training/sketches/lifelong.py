"""Lifelong learning with sketches: a library of networks that all tasks share, and a program for each task.

The first time that a task comes, its program is searched for: many at once, with the networks that the library has,
which stay as they are meanwhile, and with as many new networks of functions that the library does not have. After some
examples the program that is most often right on grids held back is the task's, for good, and its new networks join the
library. From then on the examples of the task train the library's networks, through its program. A task waits while
the search of another makes a network that it needs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from cprograms.frontend.sketching import Sketch, read_sketch
from surrogate.sketch.data import examples_of
from surrogate.sketch.learning import accuracies, targets_of
from surrogate.sketch.model import Model, entropy
from surrogate.sketch.networks import Library, Standing
from surrogate.sketch.precision import halved, halves
from training.sketches.grids import LIBRARY, Grids
from training.sketches.stream import Batch, Task

PROGRAMS = {"add": LIBRARY / "add_top.c", "apply": LIBRARY / "apply_either.c"}
"""The sketch of each family. The first tasks have `digit` alone, as in the paper; later ones choose a network, too."""


@dataclass(frozen=True)
class Plan:
    """How a program is searched for: `restarts` at once, until `examples` were seen; those right on less than `enough`
    of the grids held back are given up, and the search begins anew. `held_back` grids of each task are never learned
    from. `entropy`, `noise` and `settled` are as in `surrogate.sketch.learning.Settings`."""

    restarts: int = 16
    examples: int = 20_000
    enough: float = 0.5
    held_back: int = 100
    least: int = 20
    rate: float = 0.1
    slower: float = 100.0
    entropy: float = 0.1
    noise: float = 0.01
    settled: float = 0.25


class Lifelong:
    """The learner. `observe` takes the batches of a stream; `accuracy` is that on a task, as it is now."""

    def __init__(self, tasks: Sequence[Task], plan: Plan, seed: int) -> None:
        self.plan, self.seed = plan, seed
        self.tasks = [_Learned(task, plan) for task in tasks]
        self.library = Library({})
        self.optimiser: torch.optim.Adam | None = None

    def observe(self, batch: Batch) -> None:
        total = sum(map(len, batch.values()))
        losses = []
        for k, places in batch.items():
            task = self.tasks[k]
            rows = torch.from_numpy(places[places < len(task.train)])
            if not len(rows) or (task.model is None and self._waits(task)):
                continue
            if task.model is not None:
                losses.append(task.loss(task.model, rows, True).sum() * (len(rows) / total))
            else:
                self._search(task, rows, k)
        if losses and self.optimiser is not None:
            self.optimiser.zero_grad()
            torch.stack(losses).sum().backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()

    def _waits(self, task: _Learned) -> bool:
        made = {name for other in self.tasks if other is not task and other.search for name in other.search.new}
        return task.search is None and any(f.name in made for f in task.sketch.learned)

    def _search(self, task: _Learned, rows: Tensor, number: int) -> None:
        task.waiting.append(rows)
        rows = torch.cat(task.waiting)
        if len(rows) < self.plan.least:
            return
        task.waiting.clear()
        if task.search is None:
            task.search = _Search(task, self.library, self.plan, self.seed * 1000 + 10 * number + task.searches)
            task.searches += 1
        task.search.step(rows)
        if task.search.seen < self.plan.examples:
            return
        best, accuracy = task.search.best()
        if accuracy >= self.plan.enough:
            self._settle(task, best)
        task.search = None

    def _settle(self, task: _Learned, best: int) -> None:
        assert task.search is not None
        task.model = task.search.one(best, self.library)
        new = [p for name in task.search.new for p in self.library.of(name).parameters()]
        if new and self.optimiser is None:
            self.optimiser = torch.optim.Adam(new, lr=self.plan.rate / self.plan.slower, fused=True)
        elif new and self.optimiser is not None:
            self.optimiser.add_param_group({"params": new})

    def accuracy(self, k: int, grids: Grids) -> float:
        """On a task, of its program, or of the best that is searched for; 0 where none is."""
        task = self.tasks[k]
        examples = examples_of(task.sketch, grids.arrays())
        if task.model is not None:
            return float(accuracies(task.model, examples)[0])
        if task.search is None:
            return 0.0
        return float(accuracies(task.search.one(task.search.best()[0], None), examples)[0])


class _Learned:
    """A task, with what is known of it."""

    def __init__(self, task: Task, plan: Plan) -> None:
        self.sketch: Sketch = read_sketch(PROGRAMS[task.family.name])
        examples = examples_of(self.sketch, task.train.arrays())
        kept = max(1, len(examples) - plan.held_back)
        self.train, self.held_back = examples.at(np.arange(kept)), examples.at(np.arange(kept, len(examples)))
        self.model: Model | None = None
        self.search: _Search | None = None
        self.searches = 0
        self.waiting: list[Tensor] = []
        first = Model(self.sketch, 1)
        (self._targets,) = targets_of(first, self.train)
        self._half = halves(first.networks, 1)

    def loss(self, model: Model, rows: Tensor, hard: bool) -> Tensor:
        """The cross-entropy of the results of some grids, of each restart: [R]."""
        with halved(self._half):
            (found,) = model.results(self.train.inputs.at(rows), hard_choices=hard)  # [R, B, n]
        wanted = self._targets[rows][None, :, None].expand(len(found), -1, 1)
        return -found.gather(-1, wanted)[..., 0].clamp_min(1e-8).log().mean(1)


class _Search:
    """Many programs for a task at once, with the library's networks."""

    def __init__(self, task: _Learned, library: Library, plan: Plan, seed: int) -> None:
        self._task, self._plan = task, plan
        self.seen = 0
        self.model = Model(task.sketch, plan.restarts, seed)
        self.new = [name for name in self.model.networks if name not in library]
        for name in self.model.networks:
            if name in library:
                self.model.networks[name] = _Lent(library.of(name))
        slow = [p for name in self.new for p in self.model.networks.of(name).parameters()]
        groups = [
            {"params": list(self.model.choices.values()), "lr": plan.rate},
            {"params": slow, "lr": plan.rate / plan.slower},
        ]
        self._optimiser = torch.optim.Adam([g for g in groups if g["params"]], fused=True)
        self._generator = torch.Generator().manual_seed(seed)

    def step(self, rows: Tensor) -> None:
        plan, model = self._plan, self.model
        left = max(0.0, 1 - self.seen / (plan.examples * (1 - plan.settled)))
        settled = left == 0 and bool(self.new)
        objective = self._task.loss(model, rows, settled).sum()
        if not settled:
            objective = objective - plan.entropy * left * entropy(list(model.probabilities().values())).sum()
        self._optimiser.zero_grad()
        objective.backward()  # type: ignore[no-untyped-call]
        for logits in model.choices.values():
            if settled:
                logits.grad = None
            elif logits.grad is not None:
                logits.grad += plan.noise * left * torch.randn(logits.shape, generator=self._generator)
        self._optimiser.step()
        self.seen += len(rows)

    def best(self) -> tuple[int, float]:
        """The restart that is most often right on grids held back, and how often."""
        scores = accuracies(self.model, self._task.held_back)
        return int(scores.argmax()), float(scores.max())

    def one(self, restart: int, library: Library | None) -> Model:
        """The model of one restart, with the library's networks; new ones join it."""
        made = Model(self._task.sketch, 1)
        with torch.no_grad():
            for name, logits in made.choices.items():
                logits.copy_(self.model.choices[name][restart : restart + 1]).requires_grad_(False)
        for name in made.networks:
            networks = self.model.networks.of(name).one(restart)
            if library is not None and name in self.new:
                library[name] = networks
            made.networks[name] = networks
        return made


class _Lent(Standing):
    """What the library has, without gradients; no part of who borrows it."""

    def __init__(self, lender: Standing) -> None:
        super().__init__()
        self._lender = (lender,)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        found: Tensor = self._lender[0](x)
        return found

    def one(self, restart: int) -> Standing:
        return self._lender[0]
