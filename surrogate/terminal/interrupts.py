"""Ctrl-C while the command runs, and until the interpreter has ended; while it starts, see `starting`."""

from __future__ import annotations

import signal
import sys
from _thread import interrupt_main
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Timer, main_thread
from time import monotonic
from types import FrameType
from typing import Any

from surrogate.terminal.starting import leave

_CLEANING_UP = 1.0
"""Seconds after a Ctrl-C in which another one is not heard: what the first one ends is being cleaned up."""


class _Interrupts:
    """How the process answers to SIGINT. `heard` says whether there was one."""

    def __init__(self) -> None:
        self.heard = False
        self._last = -_CLEANING_UP

    def raise_it(self, _signal: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, unless the last one is being dealt with.

        Not in the middle of an import, which libraries written in C answer with errors of their own, or none.
        """
        if monotonic() - self._last < _CLEANING_UP:
            return
        self._last = monotonic()
        self.heard = True
        if _importing(frame):
            leave()
        raise KeyboardInterrupt

    def unraisable(self, found: Any) -> None:
        """An exception where none can be raised, as in a destructor: a KeyboardInterrupt comes again soon."""
        if not self.heard:
            sys.__unraisablehook__(found)
        elif issubclass(found.exc_type, KeyboardInterrupt):
            self._last = -_CLEANING_UP
            again = Timer(0.05, _interrupt_main)
            again.daemon = True
            again.start()


def _interrupt_main() -> None:
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(main_thread().ident or 0, signal.SIGINT)
    else:  # Windows, where what waits is not woken
        interrupt_main()


def _importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename == "<frozen importlib._bootstrap>":
            return True
        frame = frame.f_back
    return False


_INTERRUPTS = _Interrupts()


def heard() -> bool:
    """Whether the process of the command was interrupted."""
    return _INTERRUPTS.heard


@contextmanager
def answered() -> Iterator[None]:
    """While the command runs SIGINT is a KeyboardInterrupt, and nothing after it: the interpreter ends in its own time.

    Where SIGINT is ignored, as in the background of a script, it still is.
    """
    if signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, leave):
        yield
        return
    sys.unraisablehook = _INTERRUPTS.unraisable
    signal.signal(signal.SIGINT, _INTERRUPTS.raise_it)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """SIGINT waits until what must not be done by halves is done."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
