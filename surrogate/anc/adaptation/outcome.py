"""What an adaptation produced, measured the same way for every method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from surrogate.anc.machine import machine
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.samples import Mask, Samples

Floats = npt.NDArray[np.float64]
Draw = Callable[[np.random.Generator, int], Samples]
Progress = Callable[[int, int], None]  # work done, work in all
CHUNK = 25  # tapes that are executed at once


@dataclass
class Scores:
    """Of P controllers on shared samples: the share of tapes that end right [P], the mean iterations [P].

    Iterations are counted as in the paper: the executed steps and the initial state.
    """

    right: Floats
    iterations: Floats

    def success(self, generic: float) -> Mask:
        """[P]: every tape is right, in fewer iterations than the generic program's."""
        success: Mask = (self.right == 1) & (self.iterations < generic)
        return success


def evaluate(controller: Controller, samples: Samples, max_steps: int) -> Scores:
    """Scores soft execution: a tape is right if it stops and its likeliest values are the target's where it counts."""
    chunks = [samples.take(slice(i, i + CHUNK)) for i in range(0, len(samples.tape), CHUNK)]
    parts = [_evaluate_part(controller, chunk, max_steps) for chunk in chunks]
    right, steps = (np.concatenate(columns, axis=1) for columns in zip(*parts, strict=True))
    return Scores(right.mean(axis=1), steps.mean(axis=1) + 1)


def _evaluate_part(controller: Controller, samples: Samples, max_steps: int) -> tuple[Mask, Values]:
    programs = len(controller.start)
    tapes = machine.to_tape(torch.from_numpy(samples.tape)).expand(programs, -1, -1, -1)
    with torch.no_grad():
        run = machine.run(controller, tapes.to(controller.start.device), max_steps)
    wrong = samples.wrong(run.state.tape.argmax(-1).cpu().numpy(), ~run.state.running.cpu().numpy())
    return ~wrong, run.steps.cpu().numpy()
