"""The ANC machine over integers: the exact meaning of an assembly, batched over programs and tapes with numpy.

`surrogate.anc.machine.machine` is the same machine over distributions; on one-hot controllers the two agree cell by
cell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import INSTRUCTIONS, Op, Values

MAX_STEPS = 10_000
"""Steps after which a run is given up, where the caller does not say."""


@dataclass
class EncodedPrograms:
    """Programs of one size as integer arrays: op, arg1, arg2, out [P, M], registers [P, R]; -1 where no one looks."""

    memory_size: int
    op: Values
    arg1: Values
    arg2: Values
    out: Values
    registers: Values


@dataclass
class ExactRuns:
    """Where executions ended: tape [P, B, M], registers [P, B, R], steps [P, B], stopped [P, B]."""

    tape: Values
    registers: Values
    steps: Values
    stopped: npt.NDArray[np.bool_]


@dataclass
class ExactState:
    """An execution in the middle: tape [P, B, M], registers [P, B, R], line [P, B], steps [P, B], stopped [P, B]."""

    tape: Values
    registers: Values
    line: Values
    steps: Values
    stopped: npt.NDArray[np.bool_]


def encode(programs: list[Assembly]) -> EncodedPrograms:
    """The code of programs that share a memory size and a number of registers."""
    memory_size, registers = programs[0].memory_size, len(programs[0].registers)
    fields = np.full((4, len(programs), memory_size), -1)
    fields[0] = Op.STOP
    for p, program in enumerate(programs):
        for line, i in enumerate(program.instructions):
            fields[:, p, line] = [i.op, *(-1 if r is None else r for r in (i.arg1, i.arg2, i.out))]
    initial = [[0 if value is None else value for value in program.registers] for program in programs]
    op, arg1, arg2, out = fields
    return EncodedPrograms(memory_size, op, arg1, arg2, out, np.array(initial).reshape(len(programs), registers))


def start(code: EncodedPrograms, tapes: Values) -> ExactState:
    """The state before the first step, for tapes [B, M] or [P, B, M]."""
    programs = len(code.op)
    tape = np.broadcast_to(tapes, (programs, *tapes.shape[-2:])).copy()
    registers = np.repeat(code.registers[:, None], tape.shape[1], axis=1)
    zeros = np.zeros(tape.shape[:2], dtype=int)
    return ExactState(tape, registers, zeros, zeros.copy(), zeros.astype(bool))


def step(code: EncodedPrograms, state: ExactState) -> None:
    """Executes one instruction of every execution that has not stopped, in place."""
    m = code.memory_size
    program, batch = np.nonzero(~state.stopped)
    line = state.line[program, batch]
    op, out = code.op[program, line], code.out[program, line]
    a = state.registers[program, batch, code.arg1[program, line]]
    b = state.registers[program, batch, code.arg2[program, line]]
    read = state.tape[program, batch, a]
    given = [read if i.row.value is None else i.row.value(a, b) for i in INSTRUCTIONS]
    value = np.choose(op, given) % m
    write, put = op == Op.WRITE, out >= 0
    state.tape[program[write], batch[write], a[write]] = b[write]
    state.registers[program[put], batch[put], out[put]] = value[put]
    state.line[program, batch] = np.where((op == Op.JEZ) & (a == 0), b, (line + 1) % m)
    state.steps[program, batch] += 1
    state.stopped[program, batch] = op == Op.STOP


def run(code: EncodedPrograms, tapes: Values, max_steps: int) -> ExactRuns:
    """Every program on every tape ([B, M] for all, or [P, B, M]), until it stops or `max_steps`."""
    state = start(code, tapes)
    for _ in range(max_steps):
        if state.stopped.all():
            break
        step(code, state)
    return ExactRuns(state.tape, state.registers, state.steps, state.stopped)


def run_one(program: Assembly, tapes: Values, max_steps: int) -> ExactRuns:
    """One program on tapes [B, M]; the fields of the result have no program axis."""
    runs = run(encode([program]), tapes, max_steps)
    return ExactRuns(runs.tape[0], runs.registers[0], runs.steps[0], runs.stopped[0])
