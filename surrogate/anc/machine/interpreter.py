"""The ANC machine over integers: the exact meaning of an assembly, batched over programs and tapes.

`surrogate.anc.machine.machine` is the same machine over distributions; on one-hot controllers the two agree cell by
cell. The instructions run as C in a WebAssembly instance (execute.c).
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import UsageError
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import INSTRUCTIONS, Op, Values
from surrogate.anc.machine.kernel import Kernel

MAX_STEPS = 10_000
"""Steps after which a run is given up, where the caller does not say."""
_LINES, _NUMBERS, _EXECUTIONS = 2**15, 2**18, 2**12
"""The sizes of execute.c."""
_BUDGET = 2**26
"""Steps between two chances to interrupt."""


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


def run(code: EncodedPrograms, tapes: Values, max_steps: int, first_line: int = 0) -> ExactRuns:
    """Every program on every tape ([B, M] for all, or [P, B, M]), until it stops or `max_steps`.

    Raises UsageError for more lines or registers than the machine takes, and ValueError for values that are none of
    0..M-1.
    """
    programs, (batch, m) = len(code.op), tapes.shape[-2:]
    if m > _LINES or code.registers.shape[1] >= _NUMBERS:
        raise UsageError(f"the machine executes programs of at most {_LINES:,} lines and {_NUMBERS:,} registers")
    for values in (tapes, code.registers):
        if values.size and not 0 <= values.min() <= values.max() < m:
            raise ValueError(f"a value is none of 0 to {m - 1}")
    runs = ExactRuns(
        np.broadcast_to(tapes, (programs, batch, m)).copy(),
        np.repeat(code.registers[:, None], batch, axis=1),
        np.zeros((programs, batch), dtype=int),
        np.zeros((programs, batch), dtype=bool),
    )
    size = min(_EXECUTIONS, _NUMBERS // max(m, code.registers.shape[1] + 1))
    for p in range(programs):
        _load(code, p)
        for first in range(0, batch, size):
            _execute(runs, p, slice(first, first + size), max_steps, first_line)
    return runs


def run_one(program: Assembly, tapes: Values, max_steps: int, first_line: int = 0) -> ExactRuns:
    """One program on tapes [B, M]; the fields of the result have no program axis."""
    runs = run(encode([program]), tapes, max_steps, first_line)
    return ExactRuns(runs.tape[0], runs.registers[0], runs.steps[0], runs.stopped[0])


def _load(code: EncodedPrograms, p: int) -> None:
    """Where no one looks at an argument, it is the first register; what no one wants goes to one more register."""
    lines = _kernel().arrays["line"].reshape(_LINES, 4)[: code.memory_size]
    lines[:, 0] = code.op[p]
    lines[:, 1], lines[:, 2] = (np.maximum(argument[p], 0) for argument in (code.arg1, code.arg2))
    lines[:, 3] = np.where(code.out[p] < 0, code.registers.shape[1], code.out[p])


def _execute(runs: ExactRuns, p: int, part: slice, max_steps: int, first_line: int) -> None:
    """Executes the loaded program on some tapes of its, in place."""
    kernel = _kernel()
    (n, m), r = runs.tape[p, part].shape, runs.registers.shape[-1] + 1
    tape = kernel.arrays["tape"][: n * m].reshape(n, m)
    registers = kernel.arrays["value"][: n * r].reshape(n, r)
    steps, stopped, at = (kernel.arrays[name][:n] for name in ("steps", "stopped", "at"))
    tape[:], registers[:, :-1], registers[:, -1] = runs.tape[p, part], runs.registers[p, part], 0
    steps[:], stopped[:], at[:] = 0, 0, first_line
    while kernel.call("execute", m, r, n, max_steps, _BUDGET) == 0:
        pass
    runs.tape[p, part], runs.registers[p, part] = tape, registers[:, :-1]
    runs.steps[p, part], runs.stopped[p, part] = steps, stopped


_ARRAYS: dict[str, tuple[type[np.generic], int]] = {
    "line": (np.int32, 4 * _LINES),
    "tape": (np.int32, _NUMBERS),
    "value": (np.int32, _NUMBERS),
    "at": (np.int32, _EXECUTIONS),
    "steps": (np.int64, _EXECUTIONS),
    "stopped": (np.int32, _EXECUTIONS),
}
_LOCAL = threading.local()


def _kernel() -> Kernel:
    """The thread's own."""
    if not hasattr(_LOCAL, "kernel"):
        rows = [f"X({op.name}, ({op.row.everywhere.format(a='a', b='b')}))" for op in INSTRUCTIONS]
        text = Path(__file__).with_name("execute.c").read_text(encoding="utf-8")
        _LOCAL.kernel = Kernel(f"#define INSTRUCTIONS(X) {' '.join(rows)}\n{text}", ("execute",), _ARRAYS)
    kernel: Kernel = _LOCAL.kernel
    return kernel
