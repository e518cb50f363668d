"""The published adaptation (Bunel et al. 2016, section 3.3): gradient descent on the softened matrices of a program."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from surrogate.anc.adaptation.loss import execution_loss
from surrogate.anc.adaptation.outcome import Draw, Progress, evaluate
from surrogate.anc.adaptation.tasks import Published
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.machine import to_tape
from surrogate.anc.machine.samples import Samples

VALIDATIONS = 20  # of a run; the best controller of each seed at any of them is kept
VALIDATION_TAPES = 50
OPTIMISERS = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam}


def adapt(program: Assembly, draw: Draw, settings: Published, seeds: int, seed: int, progress: Progress) -> Controller:
    """Adapts `seeds` copies of the program side by side, each to tapes of its own: the best controller of each.

    Best is: right on most of the validation tapes, then in the fewest iterations. The copies start equal and differ
    in the tapes that they draw. Ctrl-C ends the descent and keeps the best so far.
    """
    rng = np.random.default_rng(seed)
    validation = draw(rng, VALIDATION_TAPES)
    controller = Controller.of([program] * seeds, settings.sharpness, torch.Generator().manual_seed(seed))
    optimiser = OPTIMISERS[settings.optimiser](controller.parameters(), lr=settings.learning_rate)
    best = _Best(controller, validation, settings.max_steps)
    every = max(1, settings.steps // VALIDATIONS)
    try:
        for i in range(1, settings.steps + 1):
            _descend(controller, optimiser, draw(rng, seeds * settings.batch), settings)
            if i % every == 0 or i == settings.steps:
                best.update(controller)
            progress(i, settings.steps)
    except KeyboardInterrupt:
        best.update(controller)
    return best.controller


def _descend(controller: Controller, optimiser: torch.optim.Optimizer, samples: Samples, settings: Published) -> None:
    shape = (len(controller.start), settings.batch, -1)
    tape, target, mask = (
        torch.from_numpy(part).reshape(shape) for part in (samples.tape, samples.target, samples.mask)
    )  # [P, B, M]
    loss, _ = execution_loss(controller, to_tape(tape), to_tape(target), mask.float(), settings, settings.max_steps)
    optimiser.zero_grad()
    torch.autograd.backward(loss.sum())  # the programs share no parameter: the gradient of each is its own loss's
    optimiser.step()


class _Best:
    """The best version of every program so far, on the same validation tapes."""

    def __init__(self, controller: Controller, samples: Samples, max_steps: int) -> None:
        self.samples, self.max_steps = samples, max_steps
        self.score = np.full(len(controller.start), -np.inf)
        self.controller = Controller(*(p.detach().clone() for p in controller.parameters()))

    def update(self, controller: Controller) -> None:
        scores = evaluate(controller, self.samples, self.max_steps)
        score = scores.right - scores.iterations / (scores.iterations + 1e6)  # iterations only break ties
        better: Tensor = torch.from_numpy(score > self.score)
        self.score = np.maximum(score, self.score)
        for kept, new in zip(self.controller.parameters(), controller.parameters(), strict=True):
            kept.data[better] = new.data[better]
