"""What is drawn of a learned controller: the choices of each state, and a run."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from cprograms.diagnostics import Diagnostic, ProgramError
from surrogate.anc.pictures.grids import DRAWN_STEPS, Grid
from surrogate.nram.circuits import bits_of, run
from surrogate.nram.modules import MODULES, wires
from surrogate.nram.program import NramProgram
from surrogate.nram.tracing import TraceStep

TAPES = 100
"""Tapes that say which states are drawn."""


@torch.no_grad()
def choice_grids(program: NramProgram, where: str) -> list[Grid]:
    """For each state that runs reach, the probability of each source of each choice.

    Raises ProgramError for an LSTM, whose choices depend on more than the state.
    """
    controller, r = program.controller, program.controller.shape.registers
    if controller.shape.kind != "mlp":
        raise ProgramError(
            [Diagnostic("an LSTM controller has no circuits that could be drawn: --tape draws a run", where)]
        )
    tapes = program.tapes.unbiased(np.random.default_rng(0), TAPES, program.size).tape
    states = np.flatnonzero(run(controller, tapes, program.last_step(program.size)).reached)
    zero = torch.from_numpy(bits_of(states, r).T.astype(np.float32))[None]  # [1, R, n]
    logits, finish, _ = controller(controller.parts(), zero, None)
    chosen, ends = logits.softmax(2)[0].permute(2, 0, 1).numpy(), finish[0].sigmoid().tolist()
    rows = tuple(_wire_name(wire.module, wire.argument) for wire in wires(r))
    columns = tuple([f"r{k}" for k in range(r)] + [module.name[:2] for module in MODULES])
    legend = tuple([f"r{k}" for k in range(r)] + [module.name for module in MODULES])
    return [
        Grid(
            name=" ".join(f"r{k}{'=' if bit else '≠'}0" for k, bit in enumerate(bits_of(np.array(state), r))),
            about=f"finishes: {end:.2f}",
            rows=rows,
            columns=columns,
            shade=shade,
            legend=legend,
            gaps=(r,),
        )
        for state, shade, end in zip(states, chosen, ends, strict=True)
    ]


def _wire_name(module: int | None, argument: int) -> str:
    if module is None:
        return f"next r{argument}"
    return f"{MODULES[module].name} {'ab'[argument]}" if MODULES[module].row.operands > 1 else MODULES[module].name


def run_grid(steps: Sequence[TraceStep]) -> Grid:
    """A row a step: the registers and the tape after it, shaded by value; what the step changed is marked."""
    drawn = steps[:DRAWN_STEPS]
    registers, cells = len(drawn[0].registers), len(drawn[0].tape)
    values = np.array([[*s.registers, *s.tape] for s in drawn])
    left_out = f"; the first {DRAWN_STEPS} are drawn" if len(steps) > DRAWN_STEPS else ""
    return Grid(
        name="Run",
        about=f"registers and tape after each step; cells that changed are framed{left_out}",
        rows=tuple(f"step {s.step}" for s in drawn),
        columns=(*(f"r{k}" for k in range(registers)), *map(str, range(cells))),
        shade=values / (cells - 1),
        text=tuple(tuple(map(str, row)) for row in values.tolist()),
        marked=frozenset((i, registers + cell) for i, s in enumerate(drawn) for cell in s.changed),
        gaps=(registers,),
    )
