"""Seconds of work: of the processor, which a busy machine changes little, or of the clock on the wall."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence


def processor_seconds(work: Callable[[], object]) -> float:
    """Of this process and of its children that have ended."""
    before = _processor_time()
    work()
    return _processor_time() - before


def _processor_time() -> float:
    return time.process_time() + sum(os.times()[2:4])


def wall_seconds(work: Callable[[], object], of: Callable[[Sequence[float]], float] = min, repeats: int = 7) -> float:
    """`of` several timings (min, or a median), after one that is not counted."""
    times = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return of(times[1:])
