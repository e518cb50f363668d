"""Running a program of the user's, natively, in a temporary directory: what it prints and writes, and how long it
takes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError

STDOUT = "stdout"
LARGEST = 256 * 2**20
"""Bytes of output that are compared."""


@dataclass(frozen=True)
class Case:
    """How a program is run: its arguments, its input, files that are put beside it, and the seconds it may take."""

    arguments: tuple[str, ...] = ()
    stdin: Path | None = None
    files: tuple[Path, ...] = ()
    limit: float = 300.0


@dataclass(frozen=True)
class Run:
    """What a run took, by the clock and of the processor, and what it gave: stdout and the files that it wrote, by
    name."""

    seconds: float
    processor: float
    outputs: Mapping[str, bytes]


def checked(case: Case) -> Case:
    """The same, its files at their full paths. Raises UsageError where there is none, or two have the same name."""
    for path in [*case.files, *([case.stdin] if case.stdin else [])]:
        if not path.is_file():
            raise UsageError(f"cannot read '{path}': it is no file")
    names = [path.name for path in case.files]
    if repeated := next((name for name in names if names.count(name) > 1), None):
        raise UsageError(f"two files beside the program are called '{repeated}'")
    if not case.limit > 0:
        raise UsageError(f"--timeout must be a number of seconds above 0, not {case.limit:g}")
    return case


def run(program: Path, case: Case, what: str, environment: Mapping[str, str] | None = None) -> Run:
    """Run a program once. `what` is what messages call it.

    Raises ProgramError where it fails, takes too long, or gives more than LARGEST bytes.
    """
    with tempfile.TemporaryDirectory(prefix="surrogate-run-") as folder:
        beside, own = Path(folder) / "beside", Path(folder) / "own"
        beside.mkdir()
        own.mkdir()
        for path in case.files:
            shutil.copy(path, beside / path.name)
        given = dict(_files(beside, what))
        out, err = own / "stdout", own / "stderr"
        seconds, processor, status = _timed([str(program), *case.arguments], beside, case, (out, err), environment)
        if status is None:
            raise _failed(what, f"takes more than {case.limit:g} s", "--timeout allows more")
        if status:
            raise _failed(what, _ended(status), _last_line(err))
        if out.stat().st_size > LARGEST:
            raise _failed(what, f"prints more than {LARGEST:,} bytes", "")
        written = {name: content for name, content in _files(beside, what) if given.get(name) != content}
        printed = out.read_bytes()
    return Run(seconds, processor, {**({STDOUT: printed} if printed else {}), **written})


def _timed(
    command: Sequence[str], folder: Path, case: Case, streams: tuple[Path, Path], environment: Mapping[str, str] | None
) -> tuple[float, float, int | None]:
    """Seconds by the clock and of the processor, and the status; None where it had to be stopped."""
    stopped = []
    with open(case.stdin or os.devnull, "rb") as stdin, open(streams[0], "wb") as out, open(streams[1], "wb") as err:
        before, start = _children(), time.perf_counter()
        try:
            process = subprocess.Popen(
                command, cwd=folder, stdin=stdin, stdout=out, stderr=err, env={**os.environ, **(environment or {})}
            )
        except OSError as e:
            raise ProgramError([Diagnostic(f"cannot be started: {e.strerror or e}", command[0])]) from None

        def stop() -> None:
            stopped.append(True)
            process.kill()

        # A wait with a limit looks at the process every 50 ms only, which short programs would be timed by.
        with _after(case.limit, stop):
            try:
                status = process.wait()
            except BaseException:
                process.kill()
                process.wait()
                raise
        seconds = time.perf_counter() - start
    return seconds, _children() - before, None if stopped else status


@contextmanager
def _after(seconds: float, act: Callable[[], None]) -> Iterator[None]:
    timer = Timer(seconds, act)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _children() -> float:
    """Processor seconds of the processes that ended."""
    if sys.platform == "win32":
        return 0.0
    from resource import RUSAGE_CHILDREN, getrusage  # there is none on Windows

    used = getrusage(RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _files(folder: Path, what: str) -> Iterator[tuple[str, bytes]]:
    """The files below a folder, by their paths from it."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink():
            if path.stat().st_size > LARGEST:
                raise _failed(what, f"writes more than {LARGEST:,} bytes to '{path.name}'", "")
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _ended(status: int) -> str:
    if status > 0:
        return f"fails: it ends with status {status}"
    try:
        return f"fails: it is ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"fails: it is ended by signal {-status}"


def _last_line(stderr: Path) -> str:
    """The last thing that it said."""
    said = [line for line in stderr.read_bytes()[-4096:].decode("utf-8", "replace").splitlines() if line.strip()]
    return f"it says: {said[-1].strip()}" if said else "it says nothing; --args gives it arguments"


def _failed(what: str, why: str, hint: str) -> ProgramError:
    return ProgramError([Diagnostic(f"the program {why}", what, hint=hint)])
