"""The published adaptation (Bunel et al. 2016, section 3.3): gradient descent on the softened matrices of a program."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from surrogate.anc.adaptation.loss import Execution, execute
from surrogate.anc.adaptation.outcome import CHUNK, Draw, Floats, Progress
from surrogate.anc.adaptation.prior import Pull
from surrogate.anc.adaptation.tasks import Published
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.machine import to_tape
from surrogate.anc.machine.samples import Samples

VALIDATIONS = 20  # of a run, after its start
VALIDATION_TAPES = 50
OPTIMISERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


@dataclass(frozen=True)
class Checkpoint:
    """The P programs of a descent after `step` updates.

    Means over the validation tapes, each [P]: `right`, the share that ends right; `iterations`; the `response` and the
    `time` part of the loss. `gradient` [P] is the norm of the latest update's gradient, the norms of W_e, W_a, W_b, W_o
    and of the initial values added up, as the authors do; 0 before the first update.
    """

    step: int
    controller: Controller
    right: Floats
    iterations: Floats
    response: Floats
    time: Floats
    gradient: Floats

    @property
    def score(self) -> Floats:
        """[P]: how good the programs are. Right on more tapes is better, then fewer iterations."""
        return self.right - self.iterations / (self.iterations + 1e6)


Watch = Callable[[Sequence[Checkpoint]], None]
"""Called with all checkpoints so far."""


@dataclass(frozen=True)
class Descent:
    """What a descent went through: its start and VALIDATIONS further checkpoints, fewer where Ctrl-C ended it."""

    checkpoints: Sequence[Checkpoint]

    @property
    def last(self) -> Controller:
        return self.checkpoints[-1].controller

    @property
    def best(self) -> Controller:
        """Each program as it was at its best checkpoint, the earliest of equals."""
        at = np.stack([checkpoint.score for checkpoint in self.checkpoints]).argmax(axis=0)  # [P]
        versions = zip(*(checkpoint.controller.parameters() for checkpoint in self.checkpoints), strict=True)
        return Controller(*(torch.stack(version).detach()[at, np.arange(len(at))] for version in versions))


def adapt(
    program: Assembly,
    draw: Draw,
    settings: Published,
    seeds: int,
    seed: int,
    progress: Progress,
    watch: Watch | None = None,
) -> Descent:
    """Adapts `seeds` copies of the program side by side, each to tapes of its own.

    The copies start equal but for the lines after the program's last one, and differ in the tapes that they draw. From
    scratch, they start from random weights.
    Ctrl-C ends the descent with a checkpoint.
    """
    rng = np.random.default_rng(seed)
    validation = draw(rng, VALIDATION_TAPES)
    controller = _start(program, settings, seeds, torch.Generator().manual_seed(seed))
    pull = None if settings.prior is None else Pull(program, settings.prior)
    optimiser = OPTIMISERS[settings.optimiser](controller.parameters(), lr=settings.learning_rate)
    every, step = max(1, settings.steps // VALIDATIONS), 0
    checkpoints: list[Checkpoint] = []

    def look() -> None:
        checkpoints.append(_checkpoint(step, controller, validation, settings))
        if watch is not None:
            watch(checkpoints)

    look()
    try:
        for step in range(1, settings.steps + 1):
            optimiser.zero_grad()
            _differentiate(controller, draw(rng, seeds * settings.batch), settings)
            if pull is not None:
                pull.add(controller, step)
            optimiser.step()
            if step % every == 0 or step == settings.steps:
                look()
            progress(step, settings.steps)
    except KeyboardInterrupt:
        look()
    return Descent(checkpoints)


def _start(program: Assembly, settings: Published, seeds: int, generator: torch.Generator) -> Controller:
    if settings.from_scratch:
        return Controller.random(seeds, program.memory_size, len(program.registers), generator)
    return Controller.of([program] * seeds, settings.sharpness, generator)


def _differentiate(controller: Controller, samples: Samples, settings: Published) -> None:
    execution = _execute(controller, samples, settings.batch, settings)
    torch.autograd.backward(execution.loss.sum())  # the programs share no parameter: each gets its own loss's gradient


def _execute(controller: Controller, samples: Samples, batch: int, settings: Published) -> Execution:
    """On `batch` samples for each of the P programs, or the same ones for all."""
    shape = (-1, batch, controller.memory_size)
    tape, target, mask = (
        torch.from_numpy(part).reshape(shape).expand(len(controller.start), -1, -1)
        for part in (samples.tape, samples.target, samples.mask)
    )
    return execute(controller, to_tape(tape), to_tape(target), mask.float(), settings, settings.max_steps)


@torch.no_grad()
def _checkpoint(step: int, controller: Controller, samples: Samples, settings: Published) -> Checkpoint:
    """The programs as they are, executed on the same tapes."""
    columns = []
    for i in range(0, len(samples.tape), CHUNK):
        chunk = samples.take(slice(i, i + CHUNK))
        execution = _execute(controller, chunk, len(chunk.tape), settings)
        state = execution.run.state
        wrong = chunk.wrong(state.tape.argmax(-1).numpy(), ~state.running.numpy())
        iterations = execution.run.steps.numpy() + 1
        columns.append(np.stack((~wrong, iterations, execution.response.numpy(), execution.time.numpy())))
    right, iterations, response, time = np.concatenate(columns, axis=2).mean(axis=2)
    kept = Controller(*(parameter.clone() for parameter in controller.parameters()))
    return Checkpoint(step, kept, right, iterations, response, time, _gradient_norms(controller))


def _gradient_norms(controller: Controller) -> Floats:
    """[P]; zeros where there is no gradient yet."""
    weight, registers, start = (parameter.grad for parameter in controller.parameters())
    if weight is None or registers is None or start is None:
        return np.zeros(len(controller.start))
    initial = torch.cat((registers.flatten(1), start), dim=1)
    parts = (*(part.flatten(1) for part in controller.split(weight)), initial)
    norms: Floats = sum(part.double().norm(dim=1) for part in parts).numpy()
    return norms
