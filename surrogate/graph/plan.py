"""A program as a flat list of steps over registers: all is decided before, so that a run is torch's work alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from surrogate.graph.gradients import hush
from surrogate.graph.loops import Registers
from surrogate.graph.operators import Compute

_NOTHING = torch.empty(0)


class Step(NamedTuple):
    """`dead` are registers that no later step reads. With gradients, a `silent` step has none where nothing asks."""

    out: int
    run: Callable[[Registers], Tensor]
    reads: tuple[int, ...]
    dead: tuple[int, ...]
    silent: bool


class Result(NamedTuple):
    """A root: the register of its value, float64, and the one that says where it is undefined, if any."""

    value: int
    poison: int | None


class Plan(NamedTuple):
    """Registers begin with the arguments' columns, float64 [n], and the learnable numbers, float64 [] or [n].

    `numbers` are constants, [], and their registers; `steps` fill the others, [n] or [].
    """

    size: int
    numbers: list[tuple[int, Tensor]]
    steps: list[Step]
    results: list[Result]


def run(plan: Plan, given: Sequence[Tensor], numbers: Iterable[tuple[int, Tensor]]) -> Registers:
    """All registers after the last step, those that were dead before empty."""
    r = [*given, *[_NOTHING] * (plan.size - len(given))]
    for register, number in numbers:
        r[register] = number
    follow(plan.steps, r)
    return r


def follow(steps: Sequence[Step], r: Registers) -> None:
    """Take steps one after the other."""
    watched = torch.is_grad_enabled()
    for out, compute, reads, dead, silent in steps:
        value = compute(r)
        if watched and silent and value.requires_grad:
            hush(value, [r[k] for k in reads])
        r[out] = value
        for register in dead:
            r[register] = _NOTHING


def over_registers(compute: Compute, reads: tuple[int, ...]) -> Callable[[Registers], Tensor]:
    """A step's function of all registers."""
    if len(reads) == 1:
        (a,) = reads
        return lambda r: compute(r[a])
    if len(reads) == 2:
        a, b = reads
        return lambda r: compute(r[a], r[b])
    if len(reads) == 3:
        a, b, c = reads
        return lambda r: compute(r[a], r[b], r[c])
    return lambda r: compute(*[r[k] for k in reads])
