"""`surrogate demo`: the commands that a session with a C file consists of, each shown and run."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path

from cprograms.diagnostics import UsageError
from surrogate.terminal.console import OK, report, write_output

KERNEL = Path(__file__).parent / "flight.c"
PAGE = "flight.html"
SESSION = (
    ("It becomes a small network. Where is that wrong, and is it faster?", "compile flight.c -O2"),
    ("Is it good enough? On other rows:", "check flight.surrogate --max-nmse 1e-5 --seed 1"),
    ("What does it give, and how far off may that be?", "run flight.surrogate 30 45 0.005 --bounds"),
    (
        "At which angle does a ball fly furthest?",
        "optimize flight.surrogate --maximize flight --fix speed=40 --fix drag=0.01",
    ),
    ("All of it as a page, to look at:", "report flight.surrogate -o flight.html"),
    ("As C, in the place of the slow function:", "export flight.surrogate --format c -o flight_surrogate.c"),
)
"""What a command is for, and the command."""


def play(folder: Path, run: Callable[[list[str]], int]) -> int:
    """Show and run the session in a new folder. A command that fails ends it, with the exit code of that.

    Raises UsageError where there is such a folder with something in it, or where it cannot be made.
    """
    kernel = KERNEL.read_text(encoding="utf-8")
    started = time.perf_counter()
    _make(folder, kernel)
    report(f"A slow function, {folder / KERNEL.name}:", "", *(f"  {line}".rstrip() for line in kernel.splitlines()))
    with chdir(folder):
        for purpose, command in SESSION:
            report("", purpose, "", f"  $ surrogate {command}")
            if (code := run(shlex.split(command))) != OK:
                return code
    report("", f"All of it took {time.perf_counter() - started:.0f} s. Look at {folder / PAGE} next.")
    return OK


def _make(folder: Path, kernel: str) -> None:
    """A folder that holds the C file alone. Raises UsageError where there is one, or where it cannot be made."""
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise UsageError(f"{folder}: exists and is not empty; -o names another folder")
        folder.mkdir(exist_ok=True)
    except OSError as e:
        raise UsageError(f"{folder}: cannot be made: {e.strerror or e}") from e
    write_output(str(folder / KERNEL.name), kernel)
