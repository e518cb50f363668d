"""Child processes that are stopped when they compute, store or write too much, whatever else the machine does.

No word of the user's is ever an option or the name of a file with options of such a process: `argument` sees to that.
"""

from __future__ import annotations

import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

if sys.platform == "linux":
    # Here, as there is none on Windows; and not where it is needed: Ctrl-C in an import ends the process as it is.
    from resource import RLIM_INFINITY, RLIMIT_AS, RLIMIT_CPU, RLIMIT_FSIZE, prlimit

PATIENCE = 20
"""Seconds of wall clock that a process may take for a second of processor time: it shares the machine, or waits."""
LARGEST_FILE = 64 * 2**20
"""Bytes of a file that a process may write."""

_Process = subprocess.Popen[bytes] | subprocess.Popen[str]
_PLAIN = re.compile(r"[\w./\\]")


def limit(process: _Process, seconds: float, memory: int | None = None) -> None:
    """Have the system stop a process after whole seconds of processor time, rounded up; on Linux only.

    It also refuses the process more than `memory` bytes of address space, and files of more than LARGEST_FILE.
    Elsewhere wall clock is all that stops it.
    """
    if sys.platform == "linux":
        with suppress(ProcessLookupError):  # it has ended
            _lower(process, RLIMIT_CPU, math.ceil(seconds))
            _lower(process, RLIMIT_FSIZE, LARGEST_FILE)
            if memory is not None:
                _lower(process, RLIMIT_AS, memory)


def _lower(process: _Process, resource: int, most: int) -> None:
    """Set a limit of a process, but not above the one that the user set."""
    if sys.platform == "linux":
        soft, hard = prlimit(process.pid, resource)
        bounds = [most, *(bound for bound in (soft, hard) if bound != RLIM_INFINITY)]
        prlimit(process.pid, resource, (min(bounds), hard))


def was_limited(process: _Process) -> bool:
    """Whether it was processor time that ended a process."""
    return sys.platform == "linux" and process.returncode == -signal.SIGXCPU


TOO_LARGE = -getattr(signal, "SIGXFSZ", 0)
"""The status of a process that wrote more of a file than it may."""


def argument(option: str, name: str) -> str:
    """An option joined with the name of a file or a folder that the user gave, for a command line.

    The compiler hands the name on as a word of its own, and would take `@name` for a file with more options and `-o`
    for one. So a name that could mean more than itself is written as a path: `./@name`.
    """
    return f"{option}{name}" if _PLAIN.match(name) else f"{option}./{name}"


def is_writable(word: str) -> bool:
    """Whether a command line can hold a word."""
    try:
        return b"\0" not in os.fsencode(word)
    except UnicodeEncodeError:
        return False


def run(command: Sequence[str], seconds: float | None, environment: Mapping[str, str]) -> tuple[int, str]:
    """Run a command without input: its status and standard error.

    Raises TimeoutExpired where it takes more than `seconds` of processor time, or 20 times as long by the clock, and
    OSError where it cannot be started.
    """
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
        encoding="utf-8",
        errors="replace",
    ) as process:
        if seconds is not None:
            limit(process, seconds)
        try:
            _, errors = process.communicate(timeout=None if seconds is None else PATIENCE * seconds)
        except BaseException:
            process.kill()
            raise
        if seconds is not None and was_limited(process):
            raise subprocess.TimeoutExpired(command, seconds)
        return process.returncode, errors
