"""What a step of learning a sketch costs, by part: one restart beside several in a batch, in float32 and in bfloat16.

Milliseconds are the processor's, medians over rounds in which every case is measured once.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import torch
from torch import Tensor

from cprograms.frontend.sketching import read_sketch
from surrogate.sketch.data import Examples, examples_of
from surrogate.sketch.model import Model
from surrogate.sketch.precision import halved
from training.markdown import table_lines
from training.sketches.grids import Family, grids

T = TypeVar("T")
BATCH = 100
PARTS = ("networks forward", "networks backward", "lifting forward", "lifting backward", "optimiser")
"""Of a step. The networks: pictures to distributions. Lifting: from these and the choices to the loss."""


@dataclass(frozen=True)
class Case:
    """So many restarts, products in bfloat16 or not."""

    restarts: int
    half: bool

    @property
    def title(self) -> str:
        return f"{self.restarts} in {'bfloat16' if self.half else 'float32'}"


@dataclass(frozen=True)
class Timed:
    """Milliseconds of each of PARTS."""

    case: Case
    parts: tuple[float, ...]

    @property
    def step(self) -> float:
        return sum(self.parts)


def cases(restarts: int) -> list[Case]:
    return [Case(n, half) for half in (False, True) for n in (1, restarts)]


def measure(family: Family, restarts: int, rounds: int, seed: int = 0) -> list[Timed]:
    """Steps on BATCH grids of random pictures."""
    rng = np.random.default_rng(seed)
    pictures = rng.random((4 * BATCH, 784), dtype=np.float32), rng.integers(0, 4, 4 * BATCH)
    sketch = read_sketch(family.program)
    examples = examples_of(sketch, grids(family, pictures, "top", BATCH, seed).arrays())
    steps = [(case, _Step(Model(sketch, case.restarts, seed), examples, case.half)) for case in cases(restarts)]
    taken: dict[Case, list[tuple[float, ...]]] = {case: [] for case, _ in steps}
    for number in range(rounds + 1):
        for case, step in steps:
            found = step.take()
            if number:  # the first is to warm up
                taken[case].append(found)
    return [
        Timed(case, tuple(statistics.median(column) for column in zip(*rows, strict=True)))
        for case, rows in taken.items()
    ]


class _Step:
    """A step as `surrogate.sketch.learning` takes it, in parts."""

    def __init__(self, model: Model, examples: Examples, half: bool) -> None:
        self._model, self._inputs, self._half = model, examples.inputs, half
        self._optimiser = torch.optim.Adam(model.parameters(), lr=1e-3, fused=True)
        assert examples.results is not None
        places = np.searchsorted(model.evaluator.values[0], examples.results[:, 0])
        self._wanted = torch.from_numpy(places)[None, :, None].expand(model.restarts, -1, 1)

    def take(self) -> tuple[float, ...]:
        """Milliseconds of each part."""
        self._optimiser.zero_grad()
        said, forward = _timed(self._said)
        leaves = {k: v.detach().requires_grad_() for k, v in said.items()}
        loss, lifting = _timed(lambda: self._loss(leaves))
        _, lifting_back = _timed(loss.backward)
        grads = [leaf.grad if leaf.grad is not None else torch.zeros_like(leaf) for leaf in leaves.values()]
        _, backward = _timed(lambda: torch.autograd.backward(list(said.values()), grads))
        _, optimiser = _timed(self._optimiser.step)
        return forward, backward, lifting, lifting_back, optimiser

    def _said(self) -> dict[int, Tensor]:
        with halved(self._half):
            return self._model.said(self._inputs)

    def _loss(self, said: dict[int, Tensor]) -> Tensor:
        (found,) = self._model.results(self._inputs, said=said)
        return -found.gather(-1, self._wanted).clamp_min(1e-8).log().mean((1, 2)).sum()


def _timed(act: Callable[[], T]) -> tuple[T, float]:
    began = time.process_time_ns()
    found = act()
    return found, (time.process_time_ns() - began) / 1e6


def report(family: Family, found: Sequence[Timed], command: str) -> Iterator[str]:
    """The page."""
    by = {t.case: t for t in found}
    yield f"# A step of learning {family.program.stem}.c"
    yield ""
    yield f"Made by `{command}`; threads: {torch.get_num_threads()}."
    yield f"A step is on {BATCH} grids, of four pictures each. Milliseconds are the processor's, medians."
    yield "*Networks* are from pictures to distributions; *lifting* is from these and the choices to the loss."
    yield ""
    rows = [[name, *(f"{t.parts[k]:.1f}" for t in found)] for k, name in enumerate(PARTS)] + [
        ["step", *(f"{t.step:.1f}" for t in found)]
    ]
    yield from table_lines(["part", *(t.case.title for t in found)], rows, len(found))
    yield ""
    for half in (False, True):
        one, many = (t for case, t in by.items() if case.half is half)
        cost, largest = max(zip(many.parts, PARTS, strict=True))
        yield (
            f"{many.case.title}: {many.step / one.step:.2f} times the cost of one. Most goes to {largest},"
            f" {cost / many.step:.0%}."
        )
    yield ""
