"""A controller with every choice made: circuits over integers, which cost O(1) a module whatever M is.

An MLP sees R bits, so it is at most 2^R circuits, each with the decision to finish: `Circuits`. An LSTM also has its
memory, and is asked anew in every step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.samples import Mask
from surrogate.nram.controller import Controller, Hidden, Shape
from surrogate.nram.modules import MODULES, READ, WRITE


@dataclass(frozen=True)
class Circuits:
    """The circuit of each state: bit r of a state says that register r is 0.

    `sources` [2^R, 19 + R] has the source of each choice (`surrogate.nram.modules.wires`): a register, or R + q for the
    output of module q. `finish` [2^R] says where the step is the last one.
    """

    registers: int
    sources: Values
    finish: Mask


@dataclass(frozen=True)
class HardRuns:
    """Where executions ended: tape [n, M], registers [n, R], steps [n].

    `stopped` [n] did so by themselves: in a step that finished, or in the last one there is; `finished` [n] in the
    former way. `reached` [2^R] are the states that were met.
    """

    tape: Values
    registers: Values
    steps: Values
    stopped: Mask
    finished: Mask
    reached: Mask


def circuits_of(controller: Controller) -> Circuits:
    """The likeliest circuit of each state of a single MLP controller."""
    sources, finish = _tables(controller)
    return Circuits(controller.shape.registers, sources[0], finish[0])


SURE = 50.0
"""The logit of what is decided."""


def controller_of(circuits: Circuits) -> Controller:
    """An MLP controller that is these circuits. A cell of its first layer is 1 in one state and 0 in all others."""
    r = circuits.registers
    shape = Shape("mlp", r, 2**r)
    controller = Controller(shape, torch.zeros(1, shape.size))
    bits = torch.from_numpy(bits_of(np.arange(2**r), r).astype(np.float32))  # [2^R, R]
    chosen = torch.nn.functional.one_hot(torch.from_numpy(circuits.sources), r + len(MODULES))  # [2^R, 19 + R, R + 14]
    with torch.no_grad():
        parts = controller.parts()
        parts["first"][0], parts["first_bias"][0, :, 0] = 2 * bits - 1, 1 - bits.sum(1)
        parts["second"][0] = torch.eye(2**r)
        parts["last"][0, :-1] = SURE * chosen.flatten(1).T
        parts["last"][0, -1] = SURE * torch.from_numpy(2.0 * circuits.finish - 1)
    return controller


@torch.no_grad()
def _tables(controller: Controller) -> tuple[Values, Mask]:
    """Of each of P MLPs the sources of its circuits [P, 2^R, 19 + R], and where it finishes [P, 2^R]."""
    r = controller.shape.registers
    zero = torch.from_numpy(bits_of(np.arange(2**r), r).T.astype(np.float32))  # [R, 2^R]
    logits, finish, _ = controller(controller.parts(), zero.expand(len(controller.weights), -1, -1), None)
    return _greatest(logits), finish.numpy() > 0


def _greatest(logits: torch.Tensor) -> Values:
    """The likeliest source of each choice, of logits [P, 19 + R, R + 14, n]: [P, n, 19 + R]."""
    found: Values = np.ascontiguousarray(logits.permute(0, 3, 1, 2).numpy()).argmax(-1)
    return found


def bits_of(states: Values, registers: int) -> Mask:
    """Which registers are 0: [..., R]."""
    found: Mask = (states[..., None] >> np.arange(registers) & 1).astype(bool)
    return found


def states_of(registers: Values) -> Values:
    """The states of registers [..., R]."""
    found: Values = ((registers == 0) << np.arange(registers.shape[-1])).sum(-1)
    return found


def run(controller: Controller, tapes: Values, last: int, max_steps: int | None = None) -> HardRuns:
    """Executes a single controller on tapes [n, M] until it finishes, which step `last` does in any case.

    After `max_steps` steps, if there are fewer, it is given up.
    """
    most = last if max_steps is None else max_steps
    return _execute(wiring(controller), controller.shape.registers, tapes, last, most)


def run_each(controller: Controller, tapes: Values, last: int) -> tuple[Values, Mask]:
    """Executes each of P controllers on the tapes [n, M], MLPs together.

    Gives the tapes that they leave [P, n, M], and who finished before or in step `last` [P, n].
    """
    p, (n, m) = len(controller.weights), tapes.shape
    if controller.shape.kind != "mlp":
        each = [run(controller.one(k), tapes, last) for k in range(p)]
        return np.stack([found.tape for found in each]), np.stack([found.finished for found in each])
    sources, finish = _tables(controller)

    def wired(states: Values, numbers: Values) -> tuple[Values, Mask]:
        return sources[numbers // n, states], finish[numbers // n, states]

    found = _execute(wired, controller.shape.registers, np.tile(tapes, (p, 1)), last, last)
    return found.tape.reshape(p, n, m), found.finished.reshape(p, n)


Wired = Callable[[Values, Values], tuple[Values, Mask]]
"""From the states [n] of some executions, and their numbers, the sources of the circuits [n, 19 + R] and whether the
step is the last one [n]."""


def _execute(wired: Wired, r: int, tapes: Values, last: int, most: int) -> HardRuns:
    n = len(tapes)
    tape, registers = tapes.astype(np.int64), np.zeros((n, r), dtype=np.int64)
    steps, stopped, reached = np.zeros(n, dtype=np.int64), np.zeros(n, dtype=bool), np.zeros(2**r, dtype=bool)
    going, finished = np.arange(n), np.zeros(n, dtype=bool)
    for number in range(1, min(last, most) + 1):
        states = states_of(registers[going])
        reached[states] = True
        sources, finish = wired(states, going)
        registers[going], tape[going], _ = step(sources, registers[going], tape[going])
        steps[going] += 1
        finished[going] = finish
        stopped[going] = finish | (number == last)
        going = going[~finish]
        if not len(going):
            break
    return HardRuns(tape, registers, steps, stopped, finished, reached)


def wiring(controller: Controller) -> Wired:
    """What a single controller says in the steps of several executions, asked once a step from the first one on."""
    if controller.shape.kind == "mlp":
        found = circuits_of(controller)
        return lambda states, numbers: (found.sources[states], found.finish[states])
    return _remembering(controller)


def _remembering(controller: Controller) -> Wired:
    hidden: Hidden = None
    before: Values | None = None

    @torch.no_grad()
    def wired(states: Values, numbers: Values) -> tuple[Values, Mask]:
        nonlocal hidden, before
        if hidden is not None and before is not None:
            kept = torch.from_numpy(np.searchsorted(before, numbers))  # those that go on
            hidden = (hidden[0][:, :, kept], hidden[1][:, :, kept])
        zero = torch.from_numpy(bits_of(states, controller.shape.registers).T.astype(np.float32))[None]
        logits, finish, hidden = controller(controller.parts(), zero, hidden)
        before = numbers
        return _greatest(logits)[0], finish[0].numpy() > 0

    return wired


def step(sources: Values, registers: Values, tape: Values) -> tuple[Values, Values, Values]:
    """A step of n executions: the registers [n, R] and the tapes [n, M] after it, and what all gave [n, R + 14]."""
    (n, r), m, rows = registers.shape, tape.shape[1], np.arange(len(registers))
    value = np.zeros((n, r + len(MODULES)), dtype=np.int64)
    value[:, :r] = registers
    wire = 0
    for q, module in enumerate(MODULES):
        count = module.row.operands
        x, y = (*(value[rows, sources[:, wire + k]] for k in range(count)), value[:, 0], value[:, 0])[:2]
        wire += count
        if q == READ:
            value[:, r + q] = tape[rows, x]
        elif module.row.value is not None:
            value[:, r + q] = module.row.value(x, y) % m
        if q == WRITE:
            tape = tape.copy()
            tape[rows, x] = y
    return np.take_along_axis(value, sources[:, wire:], axis=1), tape, value
