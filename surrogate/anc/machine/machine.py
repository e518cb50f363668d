"""The differentiable register machine of Bunel et al. 2016 (section 3.1), over P programs and B tapes at once.

Every value is a distribution over 0..M-1. A step of a program on a tape costs O(M^2 + M (N + R)): the M^2 are the read
and the write of the M x M tape. The instructions are linear in their choice e, so INC, ADD, SUB and DEC share one
circular convolution of the first argument, with the kernel e_INC d_1 + e_ADD arg2 + e_SUB arg2(-.) + e_DEC d_-1 (by
FFT), and MIN and MAX come from cumulative sums. An instruction
beyond the paper's costs O(M^2) too, a comparison O(M).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from surrogate.anc.machine.controller import Controller, choose
from surrogate.anc.machine.instructions import INSTRUCTIONS, PUBLISHED, Op

HALT = 0.9  # the reference's eta: an execution ends once it has stopped with more than this probability
StopGradient = Literal["published", "exact"]
"""How a step is differentiated by its probability to STOP; `step` says."""


@dataclass
class SoftState:
    """An execution in the middle.

    tape [P, B, M, M] and registers [P, B, R, M] hold a distribution over values in their last axis, line [P, B, M] is
    the instruction register; stopped [P, B] is the probability of having stopped, running [P, B] whether it is <= 0.9.
    An execution that no longer runs keeps its tape and its stopped probability.
    """

    tape: Tensor
    registers: Tensor
    line: Tensor
    stopped: Tensor
    running: Tensor


@dataclass
class SoftRun:
    """Where executions ended: the final state and the steps each has taken [P, B]."""

    state: SoftState
    steps: Tensor


def start(controller: Controller, tapes: Tensor, hard: bool = False) -> SoftState:
    """The state before the first step, for tapes of distributions [P, B, M, M]."""
    p, b, m, _ = tapes.shape
    registers = choose(controller.registers, hard)[:, None].expand(p, b, -1, m)  # [P, B, R, M]
    line = choose(controller.start, hard)[:, None].expand(p, b, m)  # [P, B, M]
    stopped = tapes.new_zeros(p, b)
    return SoftState(tapes, registers, line, stopped, stopped <= HALT)


def step(
    controller: Controller, state: SoftState, hard: bool = False, stop_gradient: StopGradient = "exact"
) -> SoftState:
    """The state after one instruction; soft, or by arg-max (`hard`).

    The values are the same for both `stop_gradient`s. With g_t the derivative of a loss by the probability s_t of
    having stopped by step t, that of the choice of STOP in step t gets (1 - s_(t-1)) times the sum over t' >= t of
    g_t', each term times the probability of not stopping in the steps after t up to t'. The authors' published code
    leaves that probability out: its backward pass takes 1 - s_(t-1) for a constant.
    """
    rows = torch.bmm(state.line, controller.weight)  # [P, B, N + 3R]
    e, a, b, o = (choose(part, hard) for part in controller.split(rows))
    x, y = (torch.stack((a, b), dim=2) @ state.registers).unbind(dim=2)  # arg1, arg2 [P, B, M]
    out = _output(e, x, y, state.tape)  # [P, B, M]
    running = state.running.to(out.dtype)
    write = (e[..., Op.WRITE] * running)[..., None] * x  # [P, B, M]
    jump = e[..., Op.JEZ] * x[..., 0]  # [P, B]
    left = 1 - state.stopped  # [P, B]
    stopped = state.stopped + (left.detach() if stop_gradient == "published" else left) * e[..., Op.STOP] * running
    return SoftState(
        tape=torch.lerp(state.tape, y[..., None, :], write[..., None]),  # [P, B, M, M]
        registers=torch.lerp(state.registers, out[..., None, :], o[..., None]),  # [P, B, R, M]
        line=torch.lerp(state.line.roll(1, dims=-1), y, jump[..., None]),  # [P, B, M]
        stopped=stopped,
        running=state.running & (stopped <= HALT),
    )


def run(controller: Controller, tapes: Tensor, max_steps: int, hard: bool = False) -> SoftRun:
    """Executes until every program has stopped on every tape [P, B, M, M], at most `max_steps` steps."""
    state = start(controller, tapes, hard)
    steps = torch.zeros_like(state.stopped, dtype=torch.long)
    for _ in range(max_steps):
        steps += state.running
        state = step(controller, state, hard)
        if not state.running.any():
            break
    return SoftRun(state, steps)


def to_tape(values: Tensor) -> Tensor:
    """Tapes of integers [..., M] as distributions [..., M, M]."""
    return one_hot(values.long(), values.shape[-1]).to(torch.get_default_dtype())


def _output(e: Tensor, x: Tensor, y: Tensor, tape: Tensor) -> Tensor:
    """What the instructions give, weighed by e [P, B, N], for arguments x, y [P, B, M]: [P, B, M]."""
    add, subtract, minimum, maximum, read = (
        e[..., op, None] for op in (Op.ADD, Op.SUB, Op.MIN, Op.MAX, Op.READ)
    )  # [P, B, 1] each
    kernel = add * y + subtract * _negated(y)
    m = x.shape[-1]
    unit = one_hot(torch.tensor([1 % m, m - 1], device=x.device), m).to(x.dtype)  # [2, M]
    kernel = kernel + e[..., [Op.INC, Op.DEC]] @ unit
    below, both = x * y.cumsum(-1) + y * x.cumsum(-1), x * y
    # P(max = k) = x_k Y_k + y_k X_k - x_k y_k with cumulative X, Y; P(min = k) is x_k + y_k less that.
    largest = below - both
    smallest = x * y.sum(-1, keepdim=True) + y * x.sum(-1, keepdim=True) - largest
    out = minimum * smallest + maximum * largest + _convolve(x, kernel)
    out = out + read * (x[..., None, :] @ tape).squeeze(-2)
    for op in INSTRUCTIONS[PUBLISHED : e.shape[-1]]:
        out = out + e[..., op, None] * extended(op, x, y)
    zero = e[..., Op.STOP] + e[..., Op.ZERO] + e[..., Op.WRITE] + e[..., Op.JEZ]
    return torch.cat((out[..., :1] + zero[..., None], out[..., 1:]), dim=-1)


def extended(op: Op, x: Tensor, y: Tensor) -> Tensor:
    """An instruction extended to distributions [..., M] of its arguments, from its row alone.

    The mass at k is the sum over all arguments with op(i, j) = k of x_i y_j. Of comparisons that is a sum over one of
    them, with the cumulative sum of the other.
    """
    if op in _COMPARISONS:
        true = _COMPARISONS[op](x, y)  # [...]
        false = x.sum(-1) * y.sum(-1) - true
        return torch.cat((torch.stack((false, true), dim=-1), torch.zeros_like(x[..., 2:])), dim=-1)
    operands = (x, y)[: op.row.operands] or (torch.ones_like(x[..., :1]),)
    return spread(operands, _results(op, x.shape[-1]).to(x.device), x.shape[-1])


_COMPARISONS: dict[Op, Callable[[Tensor, Tensor], Tensor]] = {
    Op.LT: lambda x, y: (x * (y.sum(-1, keepdim=True) - y.cumsum(-1))).sum(-1),
    Op.EQ: lambda x, y: (x * y).sum(-1),
}
"""How probably each holds, for distributions [..., M]: O(M)."""


def spread(operands: Sequence[Tensor], places: Tensor, length: int) -> Tensor:
    """The distribution [..., length] of a function of independent operands, one or more distributions [..., n].

    `places` [n ^ operands] says where the function's value for each combination is, the last one running faster.
    """
    mass, *others = operands
    for operand in others:
        mass = (mass[..., None] * operand[..., None, :]).flatten(-2)  # [..., n ^ operands]
    return mass.new_zeros(*mass.shape[:-1], length).index_add(-1, places, mass)


@cache
def _results(op: Op, m: int) -> Tensor:
    """What an instruction gives for all arguments of 0..M-1, the second one running faster: [M ^ operands]."""
    assert op.row.value is not None
    shape = (m,) * op.row.operands
    a, b = (*np.indices(shape), np.zeros(shape, int), np.zeros(shape, int))[:2]
    return torch.from_numpy(np.broadcast_to(op.row.value(a, b) % m, shape).flatten())


def _negated(y: Tensor) -> Tensor:
    """The distribution of -value modulo M."""
    return y.flip(-1).roll(1, dims=-1)


def _convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """Circular convolution over the last axis, out[k] = sum_i x[i] kernel[k - i], in O(M log M).

    The transform's rounding is taken off, in the values and not in the gradient: where all of the mass is in one place,
    the result is exact. Left in, it would double with every ADD of a register to itself.
    """
    raw: Tensor = torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(kernel), n=x.shape[-1])
    with torch.no_grad():
        rounding = torch.finfo(x.dtype)
        clean = raw * (raw > 8 * rounding.eps)
        mass = x.sum(-1, keepdim=True) * kernel.sum(-1, keepdim=True)
        clean = clean / clean.sum(-1, keepdim=True).clamp_min(rounding.tiny) * mass
    return raw + (clean - raw).detach()
