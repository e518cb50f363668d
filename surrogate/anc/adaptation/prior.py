"""The authors' two priors of a descent: towards the program that it starts from (`tasks.Prior`)."""

from __future__ import annotations

import torch
from torch import Tensor

from surrogate.anc.adaptation.tasks import Prior
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller


class Pull:
    """A prior towards a program, for controllers of its size."""

    def __init__(self, program: Assembly, prior: Prior) -> None:
        self.prior = prior
        # Rows that choose something are one-hot, the others zero.
        self.choices = [choice.detach() for choice in _rows(Controller.of([program], sharpness=1.0))]

    def add(self, controller: Controller, step: int) -> None:
        """Adds the prior's part of update `step` to the gradients of a controller."""
        pairs = zip(_rows(controller), self.choices, strict=True)
        penalty = torch.stack([self._penalty(logits, choice) for logits, choice in pairs]).sum()
        torch.autograd.backward(self.prior.weight / (1 + self.prior.slope * step) * penalty)

    def _penalty(self, logits: Tensor, choice: Tensor) -> Tensor:
        chooses = choice.sum(-1, keepdim=True)
        if self.prior.kind == "logits":
            return -(chooses * (2 * choice - 1) * logits).sum()
        return (chooses * (logits.softmax(-1) - choice).square()).sum()


def _rows(controller: Controller) -> tuple[Tensor, ...]:
    return (*controller.split(controller.weight), controller.registers, controller.start)
