"""How much processor time and memory reading and lowering one program may take, whatever the program is.

It is processor time, so that a busy machine rejects no good program. Of a budget, half is for this process and a
quarter for each of the two runs of the C compiler, which the system stops. What may take long calls `tick`, often.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError

SECONDS = 20.0
"""Processor time for one program, unless the user says."""
MEMORY = 2**30
"""Bytes for one program: three quarters in this process, beside what it held before, or half for either compiler."""
_OWN_TIME, _COMPILER_TIME = 1 / 2, 1 / 4
_OWN_MEMORY, COMPILER_MEMORY = MEMORY * 3 // 4, MEMORY // 2
_INTERVAL = 4096
"""Units of work, of a microsecond or a few, between two looks at the clock."""
RAISE = "--limit SECONDS allows more"


class Budget:
    """What is left for one program. Time counts where the program is worked on: within `spending`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        if not 0 < seconds < float("inf"):
            raise UsageError(f"a limit is a number of seconds above 0, not {seconds:g}")
        self.seconds = seconds
        self.file: str | None = None  # the one that is worked on; None between two stages
        self._left = seconds * _OWN_TIME
        self._work = _INTERVAL
        self._started = 0.0
        self._held = 0

    @property
    def compiler_seconds(self) -> float:
        """For each run of the C compiler."""
        return self.seconds * _COMPILER_TIME

    def start(self, file: str) -> None:
        self.file, self._started, self._held = file, time.thread_time(), _resident()

    def stop(self) -> None:
        self._left -= time.thread_time() - self._started
        self.file = None

    def tick(self, work: int) -> None:
        self._work -= work
        if self._work < 0 and self.file is not None:
            self._work = _INTERVAL
            self._check(self.file)

    def _check(self, file: str) -> None:
        if time.thread_time() - self._started > self._left:
            message = f"reading this program takes more than {self.seconds:g} s of processor time"
            raise ProgramError([Diagnostic(message, file, hint=f"make it smaller; {RAISE}")])
        if _resident() - self._held > _OWN_MEMORY:
            message = f"reading this program takes more than {MEMORY >> 20:,} MB of memory"
            raise ProgramError([Diagnostic(message, file, hint="make it smaller")])


_CURRENT: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def shared(seconds: float | None = None) -> Iterator[None]:
    """One budget, 20 s by default, for all stages of one program that run within. Raises UsageError for no time."""
    token = _CURRENT.set(Budget(SECONDS if seconds is None else seconds))
    try:
        yield
    finally:
        _CURRENT.reset(token)


@contextmanager
def spending(file: str, seconds: float | None = None) -> Iterator[None]:
    """Work on a program of this file: what is within counts against its budget.

    That is the budget that is shared, or a new one where none is, or where `seconds` says how much. Raises
    ProgramError, from `tick`, where it is spent.
    """
    budget = _CURRENT.get()
    if budget is None or seconds is not None:
        with shared(seconds):
            yield from _spending(file)
    else:
        yield from _spending(file)


def _spending(file: str) -> Iterator[None]:
    budget = current()
    if budget is None or budget.file is not None:  # a stage within a stage
        yield
        return
    budget.start(file)
    # What is there already stays, in all likelihood: looking for garbage in it, again and again, takes a long time.
    freezes = gc.isenabled() and not gc.get_freeze_count()
    if freezes:
        gc.freeze()
    try:
        yield
    finally:
        if freezes:
            gc.unfreeze()
        budget.stop()


def current() -> Budget | None:
    return _CURRENT.get()


def tick(work: int = 1) -> None:
    """Say that `work` units are about to be done. Raises ProgramError where the budget is spent."""
    budget = _CURRENT.get()
    if budget is not None:
        budget.tick(work)


def _resident() -> int:
    """Bytes that this process holds; 0 where the system does not tell."""
    if sys.platform != "linux":
        return 0
    return int(Path("/proc/self/statm").read_bytes().split()[1]) * os.sysconf("SC_PAGE_SIZE")
