"""Ctrl-C in the process of the command: quiet at every moment, from its first import until the interpreter has ended.

Imported first by `surrogate.cli`. Only where the process is the command does it change how SIGINT is handled: a program
that imports the package, a notebook say, keeps its own way.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from types import FrameType
from typing import Any, NoReturn

INTERRUPTED = 130
REPORT = '{\n  "diagnostics": [\n    {\n      "message": "interrupted",\n      "severity": "error"\n    }\n  ]\n}\n'
"""What `--json` prints of an interrupted command."""
_CLEANING_UP = 1.0
"""Seconds after a Ctrl-C in which another one is not heard: what the first one ends is being cleaned up."""


def asks_for_json(arguments: Sequence[str]) -> bool:
    """Whether a command line asks for JSON, be it otherwise right or wrong."""
    options = arguments[: list(arguments).index("--")] if "--" in arguments else arguments
    return any(a == "--json" or a.startswith("--json=") for a in options)


class _Interrupts:
    """How the process answers to SIGINT. `heard` says whether there was one."""

    def __init__(self) -> None:
        self.heard = False
        self._last = -_CLEANING_UP

    def leave(self, *_: object) -> NoReturn:
        """End at once: nothing is begun that would have to be cleaned up. The cursor may be hidden by a spinner."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        with suppress(OSError):
            if os.isatty(2) and os.environ.get("TERM") != "dumb":
                os.write(2, b"\r\x1b[2K\x1b[?25h")
            if asks_for_json(sys.argv[1:]):
                os.write(1, REPORT.encode())
        os._exit(INTERRUPTED)

    def raise_it(self, _signal: int, frame: FrameType | None) -> None:
        """Raise KeyboardInterrupt, unless the last one is being dealt with.

        Not in the middle of an import, which libraries written in C answer with errors of their own, or none.
        """
        if monotonic() - self._last < _CLEANING_UP:
            return
        self._last = monotonic()
        self.heard = True
        if _importing(frame):
            self.leave()
        raise KeyboardInterrupt

    def unraisable(self, found: Any) -> None:
        """An exception where none can be raised, as in a destructor: a KeyboardInterrupt comes again soon."""
        if not self.heard:
            sys.__unraisablehook__(found)
        elif issubclass(found.exc_type, KeyboardInterrupt):
            from _thread import interrupt_main  # neither is needed otherwise
            from threading import Timer

            self._last = -_CLEANING_UP
            again = Timer(0.05, interrupt_main)
            again.daemon = True
            again.start()


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
    if signal.getsignal(signal.SIGINT) not in (signal.default_int_handler, _INTERRUPTS.leave):
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


def _is_the_command() -> bool:
    """Whether the process was started by the entry point, or by `python -m`."""
    started = sys.argv[0] if sys.argv else ""
    here = os.path.dirname(os.path.abspath(__file__))
    name = os.path.basename(started).removesuffix(".exe").removesuffix("-script.py")
    return name == "surrogate" or os.path.dirname(os.path.abspath(started)) == here


if _is_the_command() and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, _INTERRUPTS.leave)
