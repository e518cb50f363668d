"""The four-term loss of Bunel et al. 2016 (section 3.3) over whole executions, for all programs of a controller."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from surrogate.anc.adaptation.tasks import Published
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.machine import HALT, SoftRun, start, step


@dataclass(frozen=True)
class Execution:
    """Executions and what they cost, each [P, B]: `response` for a wrong final tape, `time` for the rest."""

    response: Tensor
    time: Tensor
    run: SoftRun

    @property
    def loss(self) -> Tensor:
        """[P]: summed over a program's tapes."""
        return (self.response + self.time).sum(dim=1)


def execute(
    controller: Controller, tapes: Tensor, targets: Tensor, mask: Tensor, weights: Published, max_steps: int
) -> Execution:
    """Executes programs on tapes, with the terms of the loss.

    alpha weighs that the final tape is right (the response), beta that each tape is at which it may stop, gamma that it
    takes few steps, delta that it stops.
    tapes and targets are distributions [P, B, M, M], mask [P, B, M] is 1 on the cells that count. With err_t the
    squared error of the tape after step t and s_t the probability of having stopped by then:
    alpha err_T + beta sum_t (s_t - s_(t-1)) err_t + gamma sum_t (1 - s_t) + delta (1 - s_T) where s_T < 0.9.
    Its derivative by the choices of STOP is what the weights' `stop_gradient` says.
    """
    state = start(controller, tapes)
    steps = torch.zeros_like(state.stopped, dtype=torch.long)
    time = weights.gamma * (1 - state.stopped)  # [P, B]; the initial state counts as an iteration, as in the reference
    for _ in range(max_steps):
        steps += state.running
        before, state = state, step(controller, state, stop_gradient=weights.stop_gradient)
        stopping = state.stopped - before.stopped  # 0 where the execution had ended
        time = time + weights.gamma * (1 - state.stopped) * before.running
        if weights.beta:
            time = time + weights.beta * stopping * _error(state.tape, targets, mask)
        if not state.running.any():
            break
    unfinished = weights.delta * (1 - state.stopped) * (state.stopped < HALT)
    response = weights.alpha * _error(state.tape, targets, mask)
    return Execution(response, time + unfinished, SoftRun(state, steps))


def _error(tape: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """The squared error over the cells that count, [P, B]."""
    return ((tape - target).square().sum(-1) * mask).sum(-1)
