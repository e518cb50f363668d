"""How long an evaluation takes: the C program in the sandbox, and the surrogate."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.program import Program
from cprograms.sandbox import run
from surrogate.numeric.batches import one_thread
from surrogate.numeric.checking import reading

Rows = npt.NDArray[np.float64]

BATCH = 10_000
"""Rows of a batch; fewer where a row takes long."""
REPEATS = 3
SECONDS = 0.02
"""What a call may take, about."""


@dataclass(frozen=True)
class Speed:
    """Nanoseconds of processor time for an evaluation, medians on this machine: what else it does is not counted.

    `program` is that of the C program in the sandbox: optimised WebAssembly with checks of undefined behaviour, made
    machine code, many rows in one call. `alone` is the surrogate on one row a call, `batched` on `batch` rows a call.
    Calls are Python's, with their overhead; the sandbox's own, of a call, is not counted.
    """

    program: float
    alone: float
    batched: float
    batch: int

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {f"{k}_ns" if k != "batch" else k: v for k, v in vars(self).items()}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Speed:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        program, alone, batched = (reading.finite(d[f"{name}_ns"]) for name in ("program", "alone", "batched"))
        batch = reading.count(d["batch"])
        if min(program, alone, batched, batch) <= 0:
            raise ValueError("no measured speed")
        return cls(program, alone, batched, batch)


def speed_of(program: Program, outputs: Callable[[Rows], Rows], x: Rows) -> Speed | None:
    """How fast a program and what stands for it are on rows x [n, A], which are repeated to fill a batch, on a thread.

    None where the clock sees no time pass.
    """

    def ran(rows: Rows) -> Rows:
        return run(program, rows)

    with one_thread():
        # Of a call of the sandbox the call itself may be nearly all.
        many, batch = _batch(ran, x, min(_times(ran, x[:1], 1 + REPEATS))), _batch(outputs, x)
        in_sandbox = (_seconds(ran, many) - _seconds(ran, many[:1])) / (len(many) - 1)
        alone, batched = _seconds(outputs, x[:1], 4 * REPEATS), _seconds(outputs, batch) / len(batch)
    if min(in_sandbox, alone, batched) <= 0:
        return None
    return Speed(1e9 * in_sandbox, 1e9 * alone, 1e9 * batched, len(batch))


def _batch(work: Callable[[Rows], object], x: Rows, call: float = 0.0) -> Rows:
    """As many rows as a call can take in the time that there is, two at least; `call` seconds of it do not count."""
    size = 1
    while size < BATCH and 10 * (min(_times(work, np.resize(x, (size, x.shape[1])), 2)) - call) < SECONDS:
        size = min(10 * size, BATCH)
    return np.resize(x, (max(size, 2), x.shape[1]))


def _seconds(work: Callable[[Rows], object], rows: Rows, repeats: int = REPEATS) -> float:
    """The median time of a call, after one that does not count."""
    return float(np.median(_times(work, rows, 1 + repeats)[1:]))


def _times(work: Callable[[Rows], object], rows: Rows, repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        started = time.thread_time()
        work(rows)
        times.append(time.thread_time() - started)
    return times
