"""The differentiable machine of Kurach et al. 2016 (section 3), over P programs and B tapes at once.

Every value is a distribution over 0..M-1. In a step the fourteen modules run once, one after the other, each argument
being a mixture of the registers and of what the modules before it gave; then every register becomes such a mixture.

The number of a tape is the last axis everywhere, so that a step is a loop over numbers in which the tapes lie beside
each other. It runs as C (step.c) for which no module has a line of its own but READ and WRITE: of the others it knows
the table of their results. The derivative of a step computes the step again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cprograms.diagnostics import UsageError
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.kernel import Kernel
from surrogate.anc.machine.machine import to_tape
from surrogate.nram.modules import MODULES, READ, WRITE

LANES, MOST_CELLS, MOST_REGISTERS, NUMBERS = 16, 64, 8, 2**20
"""The sizes of step.c: the tapes that are computed at once, in whole groups, and the most of all else."""


@dataclass
class State:
    """An execution in the middle: registers [P, R, M, B] and tape [P, M, M, B], distributions over the axis before B.

    The first M of `tape` are the cells, the second ones their values.
    """

    registers: Tensor
    tape: Tensor

    @property
    def zero(self) -> Tensor:
        """The probability of every register of being 0, all that a controller sees: [P, R, B]."""
        return self.registers[:, :, 0]


def start(tapes: Values, registers: int) -> State:
    """The state before the first step, for integer tapes [P, B, M]: every register holds 0."""
    p, b, m = tapes.shape
    tape = to_tape(torch.from_numpy(tapes)).permute(0, 2, 3, 1).contiguous()  # [P, M, M, B]
    held = torch.zeros(p, registers, m, b)
    held[:, :, 0] = 1
    return State(held, tape)


def step(choices: Tensor, state: State, clip: float = 0) -> State:
    """The state after a step wired by `choices` [P, 19 + R, R + 14, B], distributions over the sources.

    Each element of a derivative by the state before it is held in +-`clip`, unless that is 0. Raises UsageError for
    sizes that the machine does not take.
    """
    return State(*_Step.apply(choices, state.registers, state.tape, clip))  # type: ignore[no-untyped-call]


class _Step(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, choices: Tensor, registers: Tensor, tape: Tensor, clip: float) -> tuple[Tensor, Tensor]:
        ctx.save_for_backward(choices, registers, tape)
        ctx.clip = clip
        _load(choices=choices, registers=registers, tape=tape)
        _call("forward", registers)
        return _unload("registers_next", registers), _unload("tape_next", tape)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, Tensor, Tensor, None]:
        choices, registers, tape = ctx.saved_tensors
        _load(choices=choices, registers=registers, tape=tape, registers_next_grad=grads[0], tape_next_grad=grads[1])
        _call("backward", registers)
        found = (_unload("registers_grad", registers), _unload("tape_grad", tape))
        if ctx.clip:
            found = (found[0].clamp_(-ctx.clip, ctx.clip), found[1].clamp_(-ctx.clip, ctx.clip))
        return _unload("choice_grad", choices), *found, None


def _load(**tensors: Tensor) -> None:
    for name, tensor in tensors.items():
        name = "choice" if name == "choices" else name
        if tensor.numel() > NUMBERS:
            raise UsageError(f"the machine holds {NUMBERS:,} numbers of a kind, not {tensor.numel():,}: fewer tapes")
        _kernel().arrays[name][: tensor.numel()] = tensor.detach().contiguous().view(-1).numpy()


def _unload(name: str, like: Tensor) -> Tensor:
    return torch.from_numpy(_kernel().arrays[name][: like.numel()].copy()).view(like.shape)


def _call(name: str, registers: Tensor) -> None:
    p, r, m, b = registers.shape
    if m > MOST_CELLS or r > MOST_REGISTERS or b % LANES:
        raise UsageError(
            f"the machine has at most {MOST_CELLS} cells and {MOST_REGISTERS} registers, and runs tapes in groups of"
            f" {LANES}; not {m} cells, {r} registers, {b} tapes"
        )
    kernel = _kernel()
    if getattr(_LOCAL, "cells", None) != m:
        flat = kernel.arrays["results"]
        for q, module in enumerate(MODULES):
            found = module.results(m)
            flat[q * m * m : q * m * m + len(found)] = found
        _LOCAL.cells = m
    kernel.call(name, p, m, r, b)


_ARRAYS: dict[str, tuple[type[np.generic], int]] = {
    "results": (np.int32, len(MODULES) * MOST_CELLS**2),
    **{
        name + suffix: (np.float32, NUMBERS)
        for name in ("choice", "registers", "registers_next", "tape", "tape_next")
        for suffix in ("", "_grad")
    },
}
_LOCAL = threading.local()


def _kernel() -> Kernel:
    """The thread's own."""
    if not hasattr(_LOCAL, "kernel"):
        kinds = {READ: "READ", WRITE: "WRITE"}
        rows = [f"X({module.row.operands}, {kinds.get(q, 'TABLE')})" for q, module in enumerate(MODULES)]
        text = Path(__file__).with_name("step.c").read_text(encoding="utf-8")
        source = f"#define MODULES(X) {' '.join(rows)}\n{text}"
        _LOCAL.kernel = Kernel(source, ("forward", "backward"), _ARRAYS)
    kernel: Kernel = _LOCAL.kernel
    return kernel
