"""Child processes that are stopped when they compute for too long, whatever else the machine does."""

from __future__ import annotations

import math
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

PATIENCE = 20
"""Seconds of wall clock that a process may take for a second of processor time: it shares the machine, or waits."""


def limit(process: subprocess.Popen[bytes] | subprocess.Popen[str], seconds: float) -> None:
    """Have the system stop a process after whole seconds of processor time, rounded up; on Linux only.

    Elsewhere wall clock is all that stops it.
    """
    if sys.platform == "linux":
        from resource import RLIM_INFINITY, RLIMIT_CPU, prlimit  # there is none on Windows

        with suppress(ProcessLookupError):  # it has ended
            _, hard = prlimit(process.pid, RLIMIT_CPU)
            most = math.ceil(seconds)
            prlimit(process.pid, RLIMIT_CPU, (most if hard == RLIM_INFINITY else min(most, hard), hard))


def was_limited(process: subprocess.Popen[bytes] | subprocess.Popen[str]) -> bool:
    """Whether it was processor time that ended a process."""
    return sys.platform == "linux" and process.returncode == -signal.SIGXCPU


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
