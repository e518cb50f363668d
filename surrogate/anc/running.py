"""Running a controller on tapes of integers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from surrogate.anc.decompiler.reading import likeliest, probabilities_of
from surrogate.anc.machine import interpreter, machine
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.samples import Mask

CHUNK_CELLS = 2**22
"""Numbers in the tapes that are executed at once."""


@dataclass(frozen=True)
class Run:
    """Where an execution ended: tape int [M], the executed instructions, whether it stopped (or was given up)."""

    tape: Values
    steps: int
    stopped: bool


@dataclass(frozen=True)
class Runs:
    """Where several executions ended: tape int [n, M], steps int [n], stopped bool [n]."""

    tape: Values
    steps: Values
    stopped: Mask


def run_exactly(controller: Controller, tapes: Values, max_steps: int) -> Runs:
    """Run the likeliest program on tapes [n, M], over integers: what the machine does by arg-max, only faster."""
    reading = likeliest(probabilities_of(controller))
    runs = interpreter.run_one(reading.assembly, tapes, max_steps, reading.start)
    return Runs(runs.tape, runs.steps, runs.stopped)


def run_softly(controller: Controller, tapes: Values, max_steps: int) -> Runs:
    """Run the machine on tapes [n, M]; the likeliest value of each cell counts."""
    size = max(1, CHUNK_CELLS // controller.memory_size**2)
    parts = [_run_chunk(controller, tapes[i : i + size], max_steps) for i in range(0, len(tapes), size)]
    return Runs(
        np.concatenate([part.tape for part in parts]),
        np.concatenate([part.steps for part in parts]),
        np.concatenate([part.stopped for part in parts]),
    )


def _run_chunk(controller: Controller, tapes: Values, max_steps: int) -> Runs:
    with torch.no_grad():
        run = machine.run(controller, machine.to_tape(torch.from_numpy(tapes))[None], max_steps)
    state = run.state
    return Runs(state.tape[0].argmax(-1).numpy(), run.steps[0].numpy(), ~state.running[0].numpy())
