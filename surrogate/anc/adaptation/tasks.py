"""The tasks of "Adaptive Neural Compilation" (Bunel et al. 2016): distributions, published programs and figures.

The first six are the paper's experiments in adaptation; the other eight are its further published programs: those of
NRAM (Kurach et al. 2016), linear search and Dijkstra's shortest paths.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from surrogate.anc.adaptation import distributions
from surrogate.anc.adaptation.distributions import Sampler
from surrogate.anc.machine.assembly import Assembly, parse
from surrogate.anc.machine.machine import StopGradient
from surrogate.anc.machine.samples import Samples


@dataclass(frozen=True)
class Prior:
    """A pull of the weights towards the program that a descent starts from, as the authors' code has it.

    `kind` is "logits", a constant pull on each logit of a one-hot row, up for the choice and down for the others, or
    "probabilities", the gradient of the squared distance between a row's softmax and its choice. Rows that choose
    nothing are free. In update t (from 1) it weighs `weight` / (1 + `slope` t).
    """

    kind: Literal["logits", "probabilities"]
    weight: float
    slope: float = 0


@dataclass(frozen=True)
class Published:
    """How the paper adapts a task's program.

    `sharpness` scales the initial one-hot rows, `steps` are updates of the weights, `max_steps` bounds an execution;
    the loss is alpha correctness + beta confidence + gamma efficiency + delta halting. `stop_gradient` is how it is
    differentiated, by default as the authors' code does (`surrogate.anc.machine.machine.step`). The paper's runs have
    no `prior` and start from the program; `from_scratch`, they start from random weights (`Controller.random`).
    """

    optimiser: str
    batch: int
    learning_rate: float
    sharpness: float
    alpha: float
    beta: float
    gamma: float
    delta: float
    steps: int
    max_steps: int
    stop_gradient: StopGradient = "published"
    prior: Prior | None = None
    from_scratch: bool = False


@dataclass(frozen=True)
class Figures:
    """The paper's results on the biased distribution.

    Mean iterations, each one more than the executed instructions, of the generic program, the learned one and the best
    that the authors could write; the share of 100 seeds that succeed.
    """

    generic: float
    learned: float
    ideal: float
    success: float


@dataclass(frozen=True)
class TapeTask:
    """A task over tapes of `memory_size` cells; `registers` counts those of the published program.

    `biased` is the distribution that the paper adapts to, `biases` all that are published, by name, where there are
    several.
    """

    name: str
    memory_size: int
    registers: int
    unbiased: Sampler
    biased: Sampler | None = None
    adaptation: Published | None = None
    figures: Figures | None = None
    biases: Mapping[str, Sampler] = field(default_factory=dict)

    def sample(self, rng: np.random.Generator, n: int, biased: bool = False) -> Samples:
        """n samples; a task without a biased distribution draws from its only one, as the paper's adaptation does."""
        sampler = self.biased if biased and self.biased else self.unbiased
        return sampler(rng, n, self.memory_size)

    def published(self) -> Assembly:
        """The published hand-written program."""
        file = Path(__file__).parent / "published" / f"{self.name}.asm"
        return parse(file.read_text(encoding="utf-8"), file.name)


_TASKS = [
    TapeTask(
        "access",
        memory_size=10,
        registers=3,
        unbiased=distributions.access,
        biased=distributions.access_biased,
        adaptation=Published("sgd", 1, 1.0, 2, alpha=10, beta=0, gamma=0, delta=1, steps=2000, max_steps=10),
        figures=Figures(generic=6, learned=4, ideal=4, success=0.37),
    ),
    TapeTask(
        "increment",
        memory_size=7,
        registers=6,
        unbiased=distributions.increment,
        biased=distributions.increment_biased,
        adaptation=Published("adam", 1, 0.1, 5, alpha=1, beta=0, gamma=0.1, delta=5, steps=7200, max_steps=50),
        figures=Figures(generic=40, learned=16, ideal=34, success=0.84),
    ),
    TapeTask(
        "swap",
        memory_size=10,
        registers=5,
        unbiased=distributions.swap,
        biased=distributions.swap_biased,
        adaptation=Published("adam", 1, 0.1, 3, alpha=1, beta=0, gamma=0, delta=10, steps=2000, max_steps=15),
        figures=Figures(generic=10, learned=6, ideal=6, success=0.27),
    ),
    TapeTask(
        "listk",
        memory_size=20,
        registers=7,
        unbiased=distributions.listk,
        biased=distributions.listk_biased,
        adaptation=Published("adam", 5, 1.0, 5, alpha=10, beta=10, gamma=0.1, delta=20, steps=2000, max_steps=75),
        figures=Figures(generic=18, learned=11, ideal=10, success=0.19),
    ),
    TapeTask(
        "addition",
        memory_size=15,
        registers=6,
        unbiased=distributions.addition,
        adaptation=Published("adam", 1, 0.1, 4, alpha=10, beta=0, gamma=0, delta=10, steps=3000, max_steps=65),
        figures=Figures(generic=20, learned=9, ideal=6, success=0.12),
    ),
    TapeTask(
        "sort",
        memory_size=21,
        registers=10,
        unbiased=distributions.sort,
        biased=distributions.sort_biased,
        adaptation=Published("adam", 5, 1.0, 6, alpha=10, beta=5, gamma=0.1, delta=5, steps=700, max_steps=75),
        figures=Figures(generic=38, learned=18, ideal=9.5, success=0.74),
    ),
    TapeTask("copy", memory_size=15, registers=7, unbiased=distributions.copy, biased=distributions.copy_biased),
    TapeTask("reverse", memory_size=15, registers=8, unbiased=distributions.reverse),
    TapeTask("permutation", memory_size=15, registers=8, unbiased=distributions.permutation),
    TapeTask("list_search", memory_size=15, registers=8, unbiased=distributions.list_search),
    TapeTask("merge", memory_size=30, registers=13, unbiased=distributions.merge),
    TapeTask("walk_bst", memory_size=30, registers=8, unbiased=distributions.walk_bst),
    TapeTask(
        "linear_search",
        memory_size=15,
        registers=7,
        unbiased=distributions.linear_search,
        biased=distributions.linear_search_even,
        biases={
            "even": distributions.linear_search_even,
            "odd": distributions.linear_search_odd,
            "sorted-down": distributions.linear_search_sorted_down,
            "sorted-up": distributions.linear_search_sorted_up,
            "natural": distributions.linear_search_natural,
            "natural-reverse": distributions.linear_search_natural_reverse,
            "not-before-3": distributions.linear_search_not_before(3),
            "not-before-5": distributions.linear_search_not_before(5),
            "not-before-8": distributions.linear_search_not_before(8),
        },
    ),
    TapeTask("dijkstra", memory_size=100, registers=23, unbiased=distributions.dijkstra),
]
TASKS = {task.name: task for task in _TASKS}
