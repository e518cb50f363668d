"""Size and speed of compiled programs: lines, parameters, steps, steps a second."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from cprograms.tape import load_tape
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.interpreter import run_one
from training.benchmarks.exact_targets.programs import Shown
from training.benchmarks.timing import wall_seconds
from training.markdown import table_lines

MOST_STEPS = 100_000_000
SOFT_STEPS = 20


@dataclass(frozen=True)
class Measured:
    """`parameters` are the controller's logits; `seconds` those of the run by arg-max; `soft` steps a second over
    distributions, one program on one tape, forwards."""

    program: Shown
    lines: int
    registers: int
    parameters: int
    compile_seconds: float
    steps: int
    seconds: float
    soft: float


def measure(program: Shown) -> Measured:
    """Raises RuntimeError where the compiled program leaves something else than it must."""
    started = time.process_time()
    assembly = compile_tape(load_tape(program.file), program.memory_size)
    compile_seconds = time.process_time() - started
    tape = np.zeros((1, program.memory_size), dtype=np.int64)
    tape[0, : len(program.tape)] = program.tape
    found = run_one(assembly, tape, MOST_STEPS)
    left = found.tape[0, program.place : program.place + len(program.expected)].tolist()
    if not found.stopped.all() or left != list(program.expected):
        raise RuntimeError(f"{program.file.stem} left {left}, not {list(program.expected)}")
    return Measured(
        program,
        len(assembly),
        len(assembly.registers),
        sum(p.numel() for p in Controller.of([assembly]).parameters()),
        compile_seconds,
        int(found.steps[0]),
        wall_seconds(lambda: run_one(assembly, tape, MOST_STEPS)),
        _soft_steps(assembly, tape),
    )


def _soft_steps(assembly: Assembly, tape: np.ndarray) -> float:
    controller = Controller.of([assembly])
    cells = machine.to_tape(torch.from_numpy(tape))[None]
    with torch.no_grad():
        return SOFT_STEPS / wall_seconds(lambda: machine.run(controller, cells, SOFT_STEPS))


def page(measured: Sequence[Measured], command: str) -> str:
    """The results as Markdown."""
    return "\n".join(_lines(measured, command)) + "\n"


def _lines(measured: Sequence[Measured], command: str) -> Iterator[str]:
    yield from ("# Programs on the exact target", "", "```console", f"$ {command}", "```", "")
    yield from (
        "Every program gives the right answer. Parameters are all logits of the controller, most of them of lines that",
        "are never reached. Steps a second are by arg-max, and over distributions, of one program on one tape, on one",
        "core. Seconds of the compile are of the processor.",
        "",
    )
    header = (
        *("program", "problem", "lines", "registers", "M", "parameters", "compile, s"),
        *("steps", "steps/s", "soft steps/s"),
    )
    rows = [
        [
            *(m.program.file.stem, m.program.problem, f"{m.lines:,}", f"{m.registers:,}", f"{m.program.memory_size:,}"),
            *(f"{m.parameters:,}", f"{m.compile_seconds:.2f}", f"{m.steps:,}", f"{m.steps / m.seconds:,.0f}"),
            f"{m.soft:,.0f}",
        ]
        for m in measured
    ]
    yield from table_lines(header, rows, 8)
