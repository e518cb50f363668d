"""How fast the register machine is, soft and exact: lines of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine import interpreter, machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS, Instruction, Op
from training.benchmarks.timing import wall_seconds

PROGRAMS, TAPES = 100, 5
STEPS = 30
SIZES = (16, 32, 64, 128, 256)
EXACT_PROGRAMS, EXACT_TAPES, EXACT_STEPS = 1000, 5, 100


def report(device: str, compile: bool) -> Iterator[str]:
    """A line a measurement; `compile` adds the step under torch.compile."""
    yield batching(device)
    yield exactness()
    yield from growth(device)
    if compile:
        yield compiled(device)


def batching(device: str) -> str:
    """Steps a second of P programs on B tapes at once, over those of one program on one tape."""
    controller, tapes = soft("listk", PROGRAMS, TAPES, device)
    together = PROGRAMS * TAPES * STEPS / wall_seconds(lambda: forward(controller, tapes))
    alone = STEPS / wall_seconds(lambda: forward(*soft("listk", 1, 1, device)))
    return (
        f"(a) P={PROGRAMS} x B={TAPES} at once: {together:,.0f} steps/s, {together / alone:.0f} x one at a time"
        f" ({alone:,.0f} steps/s); bar 50 x"
    )


def exactness() -> str:
    """Soft execution with one-hot matrices against the integer interpreter, on random programs."""
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(EXACT_PROGRAMS):
        program = random_program(rng)
        tapes = rng.integers(0, program.memory_size, size=(EXACT_TAPES, program.memory_size))
        expected = interpreter.run_one(program, tapes, EXACT_STEPS)
        with torch.no_grad():
            found = machine.run(Controller.of([program]), machine.to_tape(torch.from_numpy(tapes))[None], EXACT_STEPS)
        same = (found.state.tape[0].argmax(-1).numpy() == expected.tape).all(axis=1)
        same &= (found.steps[0].numpy() == expected.steps) & (~found.state.running[0].numpy() == expected.stopped)
        wrong += int((~same).sum())
    runs = EXACT_PROGRAMS * EXACT_TAPES
    return (
        f"(b) {runs:,} runs of random programs, soft with one-hot matrices: {wrong} differ from the interpreter; bar 0"
    )


def growth(device: str) -> list[str]:
    """The cost of a step in M, as the exponent between neighbouring sizes."""
    rows, before = [], None
    for size in SIZES:
        controller, tapes = soft("listk", 10, TAPES, device, size)
        cost = wall_seconds(partial(forward, controller, tapes)) / STEPS
        exponent = "" if before is None else f", M^{np.log2(cost / before):.2f} since M={size // 2}"
        rows.append(f"(c) M={size}: {cost * 1e6:,.0f} us a step of 10 x {TAPES}{exponent}")
        before = cost
    return [*rows, "    bar: at most M^2"]


def compiled(device: str) -> str:
    """A step forward and backward under torch.compile over the plain one."""
    controller, tapes = soft("listk", PROGRAMS, TAPES, device)
    step = torch.compile(machine.step, dynamic=False)
    plain = wall_seconds(lambda: backward(controller, tapes, machine.step))
    fused = wall_seconds(lambda: backward(controller, tapes, step))
    return f"(d) torch.compile: {plain / fused:.2f} x the speed forward and backward, P={PROGRAMS} x B={TAPES}"


def soft(
    task: str, programs: int, tapes: int, device: str, memory_size: int | None = None
) -> tuple[Controller, Tensor]:
    """A task's program as soft controllers, and random tapes [P, B, M, M]."""
    program = TASKS[task].published()
    program = replace(program, memory_size=memory_size or program.memory_size)
    values = torch.randint(program.memory_size, (programs, tapes, program.memory_size))
    return Controller.of([program] * programs, sharpness=5).to(device), machine.to_tape(values).to(device)


def forward(controller: Controller, tapes: Tensor) -> None:
    with torch.no_grad():
        state = machine.start(controller, tapes)
        for _ in range(STEPS):
            state = machine.step(controller, state)
        state.stopped.sum().item()


def backward(controller: Controller, tapes: Tensor, step: Callable[..., machine.SoftState]) -> None:
    state = machine.start(controller, tapes)
    for _ in range(STEPS):
        state = step(controller, state)
    torch.autograd.backward(state.tape.square().sum())


def random_program(rng: np.random.Generator) -> Assembly:
    """A program whose every line is an instruction, the last one STOP, so that none runs past its end."""
    memory_size, registers = int(rng.integers(2, 21)), int(rng.integers(1, 8))
    lines = [_instruction(INSTRUCTIONS[op], rng, registers) for op in rng.integers(len(Op), size=memory_size - 1)]
    values = tuple(int(value) for value in rng.integers(memory_size, size=registers))
    return Assembly(memory_size, values, (*lines, Instruction(Op.STOP)))


def _instruction(op: Op, rng: np.random.Generator, registers: int) -> Instruction:
    arg1, arg2, out = (int(register) for register in rng.integers(registers, size=3))
    return Instruction.of(op, arg1, arg2, out)
