"""How fast the register machine is, soft and exact: lines of a report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

import cprograms
from cprograms.budget import shared
from cprograms.tape import load_tape
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.machine import interpreter, machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS, Instruction, Op
from training.benchmarks.tape_texts import TEXTS
from training.benchmarks.timing import processor_seconds, wall_seconds

LIBRARY = Path(cprograms.__file__).parent / "library" / "anc"

PROGRAMS, TAPES = 100, 5
STEPS = 30
SIZES = (16, 32, 64, 128, 256, 512)
EXACT_PROGRAMS, EXACT_TAPES, EXACT_STEPS = 1000, 5, 100
LINES = (126, 365, 500, 1000, 2000)
LIMIT = 300.0
"""Seconds of processor time that the longest programs may take."""
EXECUTED = ("sort", "dijkstra", "merge", "fibonacci")
EXECUTED_TAPES, EXECUTED_MEMORY, EXECUTED_STEPS = 2000, 200, 20_000


def report(measures: Sequence[str], device: str) -> Iterator[str]:
    """A line a measurement, of those that are named."""
    for name in measures:
        yield from MEASURES[name](device)


def batching(device: str) -> Iterator[str]:
    """Steps a second of P programs on B tapes at once, over those of one program on one tape."""
    controller, tapes = soft("listk", PROGRAMS, TAPES, device)
    together = PROGRAMS * TAPES * STEPS / wall_seconds(lambda: forward(controller, tapes))
    alone = STEPS / wall_seconds(lambda: forward(*soft("listk", 1, 1, device)))
    yield (
        f"(a) P={PROGRAMS} x B={TAPES} at once: {together:,.0f} steps/s, {together / alone:.0f} x one at a time"
        f" ({alone:,.0f} steps/s); bar 50 x"
    )


def exactness(device: str) -> Iterator[str]:
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
    yield (
        f"(b) {runs:,} runs of random programs, soft with one-hot matrices: {wrong} differ from the interpreter; bar 0"
    )


def growth(device: str) -> Iterator[str]:
    """The cost of a step in M: the exponent between neighbouring sizes, the share of what it is made of, and why."""
    before = None
    for size in SIZES:
        controller, tapes = soft("listk", 10, TAPES, device, size)
        cost = wall_seconds(partial(forward, controller, tapes), repeats=3) / STEPS
        exponent = "" if before is None else f", M^{np.log2(cost / before):.2f} since M={size // 2}"
        megabytes = tapes.numel() * tapes.element_size() / 2**20
        transform = _transforms(device, size) / cost
        yield (
            f"(c) M={size}: {cost * 1e6:,.0f} us a step of 10 x {TAPES}{exponent}; tapes of {megabytes:,.1f} MB,"
            f" {cost * 1e9 / tapes.numel():.2f} ns a number of theirs; transforms {transform:.0%}"
        )
        before = cost
    yield "    bar: at most M^2 log M"


def _transforms(device: str, size: int) -> float:
    """Seconds of the transforms of a step of 10 programs on TAPES tapes."""
    x = torch.rand(10, TAPES, size, device=device)
    return wall_seconds(lambda: torch.fft.irfft(torch.fft.rfft(x) * torch.fft.rfft(x), n=size), repeats=20)


def compiled(device: str) -> Iterator[str]:
    """A step forward and backward under torch.compile over the plain one."""
    controller, tapes = soft("listk", PROGRAMS, TAPES, device)
    step = torch.compile(machine.step, dynamic=False)
    plain = wall_seconds(lambda: backward(controller, tapes, machine.step))
    fused = wall_seconds(lambda: backward(controller, tapes, step))
    yield f"(d) torch.compile: {plain / fused:.2f} x the speed forward and backward, P={PROGRAMS} x B={TAPES}"


def compilation(device: str) -> Iterator[str]:
    """Seconds of the processor that compiling takes, for programs of several kinds and lengths, in the least memory."""
    for name, text in TEXTS.items():
        a_section = _compiled(text(20))[0] / 20
        found = [_compiled(text(round(lines / a_section))) for lines in LINES]
        logarithms = np.log(np.array(found))
        exponent = np.polyfit(logarithms[:, 0], logarithms[:, 1], 1)[0]
        spelled = ", ".join(f"{lines} lines {seconds:.2f} s" for lines, seconds in found)
        yield f"(e) compiling, {name}: {spelled}; lines^{exponent:.2f}"
    yield "    bar: 2 s for 500 lines, 12 s for 2,000, lines^1.3"


def _compiled(text: str) -> tuple[int, float]:
    """The lines of a program once it is compiled, and the seconds of that, without reading it."""
    program, lines = load_tape(source=text, limit=LIMIT), 0

    def work() -> None:
        nonlocal lines
        with shared(LIMIT):
            lines = len(compile_tape(program))

    seconds = processor_seconds(work)
    return lines, seconds


def execution(device: str) -> Iterator[str]:
    """Steps a second of exact execution, of one core."""
    rng = np.random.default_rng(0)
    for name in EXECUTED:
        program = compile_tape(load_tape(LIBRARY / f"{name}.c"), EXECUTED_MEMORY)
        tapes = rng.integers(EXECUTED_MEMORY, size=(EXECUTED_TAPES, EXECUTED_MEMORY))
        steps = int(interpreter.run_one(program, tapes, EXECUTED_STEPS).steps.sum())
        seconds = processor_seconds(partial(interpreter.run_one, program, tapes, EXECUTED_STEPS))
        rate = steps / seconds / 1e6
        yield f"(f) executing {name}: {steps:,} steps of {EXECUTED_TAPES:,} tapes, {rate:.0f} million a second"
    yield "    bar: 20 million a second"


MEASURES: dict[str, Callable[[str], Iterator[str]]] = {
    "batching": batching,
    "exactness": exactness,
    "growth": growth,
    "compiled": compiled,
    "compilation": compilation,
    "execution": execution,
}


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
