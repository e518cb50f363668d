"""What is drawn, whatever draws it: grids of cells with a shade each, and names for rows and columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from surrogate.anc.decompiler.reading import likeliest, probabilities_of
from surrogate.anc.decompiler.softness import register_name
from surrogate.anc.machine.assembly import instruction_text
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS
from surrogate.anc.machine.tracing import TraceStep

DRAWN_STEPS = 400
"""Steps of a run that are drawn."""


@dataclass(frozen=True)
class Grid:
    """`shade` [rows, columns] from 0 (empty) to 1; `text` what a cell shows, if it shows anything; `marked` cells.

    `columns` are short names; `legend` says more about each. A gap is drawn before each of the columns `gaps`.
    """

    name: str
    about: str
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    shade: np.ndarray
    text: tuple[tuple[str, ...], ...] | None = None
    marked: frozenset[tuple[int, int]] = frozenset()
    legend: tuple[str, ...] = ()
    gaps: tuple[int, ...] = ()


def matrix_grids(controller: Controller) -> list[Grid]:
    """The six matrices, each entry the probability that its softmax gives.

    The columns of the W are the lines, without those after the program's last.
    """
    rows = probabilities_of(controller)
    assembly = likeliest(rows).assembly
    lines = tuple(map(str, range(len(assembly))))
    code = tuple(instruction_text(i) for i in assembly.instructions)
    # As wide as the instructions' names, so that the same line is in the same place in grids below one another.
    registers = tuple(f"{register_name(r):>5}" for r in range(controller.register_count))
    values = tuple(map(str, range(controller.memory_size)))
    return [
        Grid(
            "W_e",
            "the instruction of each line",
            tuple(f"{op.name:>5}" for op in INSTRUCTIONS[: rows.e.shape[1]]),
            lines,
            rows.e[: len(lines)].T,
            legend=code,
        ),
        Grid("W_a", "its first argument", registers, lines, rows.a[: len(lines)].T),
        Grid("W_b", "its second argument", registers, lines, rows.b[: len(lines)].T),
        Grid("W_o", "its output register", registers, lines, rows.o[: len(lines)].T),
        Grid("R0", "the initial values of the registers", registers, values, rows.r0),
        Grid("IR0", "the first line", ("   IR",), values, rows.ir0[None]),
    ]


def trace_grid(steps: Sequence[TraceStep]) -> Grid:
    """A row a step: the registers and the tape after it, shaded by value; what the step wrote is marked."""
    drawn = steps[:DRAWN_STEPS]
    registers, cells = len(drawn[0].registers), len(drawn[0].tape)
    values = np.array([[*s.registers, *s.tape] for s in drawn])
    marked = {(i, registers + cell) for i, s in enumerate(drawn) for cell in s.changed}
    marked |= {(i, s.instruction.out) for i, s in enumerate(drawn) if s.instruction.out is not None}
    left_out = f"; the first {DRAWN_STEPS} are drawn" if len(steps) > DRAWN_STEPS else ""
    width = max(len(instruction_text(s.instruction)) for s in drawn)
    return Grid(
        name="Run",
        about=f"registers and tape after each step; what the step wrote is framed{left_out}",
        rows=tuple(f"{s.line:>3}  {instruction_text(s.instruction):<{width}}" for s in drawn),
        columns=(*map(register_name, range(registers)), *map(str, range(cells))),
        shade=values / (cells - 1),
        text=tuple(tuple(map(str, row)) for row in values.tolist()),
        marked=frozenset(marked),
        gaps=(registers,),
    )
