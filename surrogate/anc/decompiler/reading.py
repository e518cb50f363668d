"""What a controller's matrices say: of each row its likeliest choice and that one's probability."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from surrogate.anc.decompiler.flow import Reading, known_registers
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS, Instruction

FLAT = 1e-6  # the choices of a row that no one looks at differ by less than this


@dataclass(frozen=True)
class Probabilities:
    """The distributions of one program: e [M, N], a, b, o [M, R], R0 [R, M], IR0 [M], float64."""

    e: np.ndarray
    a: np.ndarray
    b: np.ndarray
    o: np.ndarray
    r0: np.ndarray
    ir0: np.ndarray


def probabilities_of(controller: Controller) -> Probabilities:
    """The distributions of a controller of one program."""
    with torch.no_grad():
        found = controller.distributions()
    return Probabilities(*(found[name][0].double().cpu().numpy() for name in ("e", "a", "b", "o", "R0", "IR0")))


def likeliest(rows: Probabilities) -> Reading:
    """The program of every row's likeliest choice, without the lines at its end that cannot be reached."""
    lines = len(rows.e)
    registers = tuple(None if np.ptp(row) < FLAT else int(row.argmax()) for row in rows.r0)
    instructions = tuple(_instruction(rows, line) for line in range(lines))
    start = int(rows.ir0.argmax())
    whole = Reading(Assembly(lines, registers, instructions), start)
    last = max(known_registers(whole))
    return Reading(Assembly(lines, registers, instructions[: last + 1]), start)


def arg_max_program(controller: Controller) -> Assembly:
    """The assembly of every row's likeliest choice."""
    return likeliest(probabilities_of(controller)).assembly


def _instruction(rows: Probabilities, line: int) -> Instruction:
    a, b, out = (int(part[line].argmax()) for part in (rows.a, rows.b, rows.o))
    return Instruction.of(INSTRUCTIONS[rows.e[line].argmax()], a, b, out)
