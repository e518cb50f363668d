"""How fast the neural random-access machine learns: restarts in one batch beside one alone, and search beside numpy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import torch

from surrogate.anc.adaptation.tasks import TASKS
from surrogate.nram import learning, search
from surrogate.nram.circuits import controller_of, run
from surrogate.nram.learning import Settings
from surrogate.nram.settings import NRAM_TASKS
from training.benchmarks.timing import processor_seconds

REPEATS = 7
PROPOSALS = 20_000
EVALUATIONS = 200


def report(task: str) -> dict[str, float]:
    """Medians over alternating repeats; the ratios are medians of each repeat's."""
    torch.set_num_threads(1)
    return {**_descent(task, NRAM_TASKS[task].settings), **_search(task)}


def _descent(task: str, settings: Settings) -> dict[str, float]:
    """Milliseconds of an update: of one restart, and of as many as a round has, in one batch."""
    ones = [replace(settings, restarts=restarts, screen=10**6, check=10**6, updates=10**6) for restarts in (1, 64)]
    works = [learning._Work(TASKS[task], one, 0) for one in ones]
    alone, batch = _times([work.update for work in works])
    return {
        "update_ms_of_one_restart": 1e3 * float(np.median(alone)),
        "update_ms_of_64_restarts": 1e3 * float(np.median(batch)),
        "restarts_in_a_batch_over_alone": float(np.median(64 * alone / batch)),
    }


def _search(task: str) -> dict[str, float]:
    """Proposals of an annealing; and how long the runs that score circuits take, beside the interpreter's."""
    settings, rng = NRAM_TASKS[task].search, np.random.default_rng(0)
    circuits = search._random(settings.registers, rng)
    samples = TASKS[task].unbiased(rng, settings.tapes, settings.size)
    annealing, controller = search._Annealing(settings, rng), controller_of(circuits)
    annealing.set_tapes([samples])

    def scored() -> None:
        for _ in range(EVALUATIONS):
            annealing.anneal(circuits, 0, (1.0, 1.0))

    def interpreted() -> None:
        for _ in range(EVALUATIONS):
            run(controller, samples.tape, settings.steps)

    annealed, ours, theirs = _times(
        [lambda: annealing.anneal(circuits, PROPOSALS, (search.HOT, search.COLD)), scored, interpreted]
    )
    return {
        "proposals_per_second": PROPOSALS / float(np.median(annealed)),
        "runs_in_c_over_numpy": float(np.median(theirs / ours)),
    }


def _times(jobs: list[Callable[[], object]]) -> np.ndarray:
    """Processor seconds [jobs, REPEATS]; the first repeat, which warms up, is left out."""
    return np.array([[processor_seconds(job) for job in jobs] for _ in range(REPEATS + 1)])[1:].T
