"""The meaning of tape programs: the C code itself, every operation modulo M, run in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import UsageError
from cprograms.sandbox import Status, run_jobs
from cprograms.tape.modular import modular_job
from cprograms.tape.program import TapeProgram

FUEL = 10_000_000
"""Steps of the sandbox that a tape may take."""


class TapeRows(NamedTuple):
    """`tapes` int [n, M] as the program left them, -1 in all cells where it did not end; `status` [n], `Status`."""

    tapes: npt.NDArray[np.int64]
    status: npt.NDArray[np.integer]

    @property
    def ended(self) -> npt.NDArray[np.bool_]:
        """bool [n]"""
        ended: npt.NDArray[np.bool_] = self.status == Status.OK
        return ended


def run(program: TapeProgram, tapes: npt.NDArray[np.integer], memory_size: int, fuel: int = FUEL) -> TapeRows:
    """What a program leaves of tapes [n, M] of values 0..M-1, M being the memory size.

    Every operation is modulo M, and so are indices; comparisons are of 0..M-1. A division by zero has the status
    DIVISION, and a tape that takes more than `fuel` steps, such as one on which the program never ends, FUEL.

    Raises UsageError for tapes of another shape or with other values, and where local arrays do not fit the tape;
    ProgramError where two cases of a switch are the same modulo M.
    """
    return run_many([program], [tapes], memory_size, fuel)[0]


def run_many(
    programs: Sequence[TapeProgram], tapes: Sequence[npt.NDArray[np.integer]], memory_size: int, fuel: int = FUEL
) -> list[TapeRows]:
    """As `run`, each program on its own tapes; compiled together, much faster for some 50 to 400 programs."""
    given = [_checked(rows, memory_size) for rows in tapes]
    ran = run_jobs([modular_job(program, memory_size) for program in programs], given, fuel)
    return [TapeRows(np.where(np.isnan(rows.y), -1, rows.y).astype(np.int64), rows.status) for rows in ran]


def _checked(tapes: npt.NDArray[np.integer], memory_size: int) -> npt.NDArray[np.float64]:
    tapes = np.asarray(tapes)
    if tapes.ndim != 2 or tapes.shape[1] != memory_size:
        raise UsageError(f"tapes of {memory_size} cells are needed, not an array of shape {tapes.shape}")
    if tapes.size and not (np.issubdtype(tapes.dtype, np.integer) and 0 <= tapes.min() <= tapes.max() < memory_size):
        raise UsageError(f"the values of a tape are whole numbers from 0 to {memory_size - 1}")
    return np.ascontiguousarray(tapes, dtype=np.float64)
