"""Exported C, compiled and called: what runs an export back."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.sandbox.toolchain import executable

Rows = npt.NDArray[np.float64]
SECONDS = 300
FLAGS = ("-std=gnu99", "-O2", "-fPIC")


def compiler() -> list[str]:
    """The command of a C compiler: gcc, else that of the package ziglang. Raises UsageError where there is none."""
    if shutil.which("gcc"):
        return ["gcc"]
    # zig's default makes undefined behaviour trap, which no other compiler does.
    return [executable(), "cc", "-fno-sanitize=undefined"]


def compiled(
    files: Mapping[str, str], folder: Path, flags: Sequence[str] = FLAGS, command: Sequence[str] | None = None
) -> Path:
    """Write C files into a folder and compile them to a shared library there.

    Raises ProgramError with the compiler's first error, UsageError where there is no compiler.
    """
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    library = folder / "library.so"
    units = [str(folder / name) for name in files if name.endswith(".c")]
    called = [*(command or compiler()), *flags, "-shared", *units, "-o", str(library), "-lm"]
    try:
        done = subprocess.run(called, capture_output=True, encoding="utf-8", errors="replace", timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired) as e:
        raise UsageError(f"the exported C cannot be compiled: {e}") from None
    if done.returncode:
        errors = [line for line in done.stderr.splitlines() if "error" in line] or done.stderr.splitlines() or ["?"]
        raise ProgramError([Diagnostic(f"the exported C does not compile: {errors[0].strip()}", next(iter(files)))])
    return library


def batch_of(library: Path, name: str, results: int) -> Callable[[Rows], Rows]:
    """The batch entry `name` of a shared library as a function of rows."""
    function = getattr(ctypes.CDLL(str(library)), name)
    pointer = ctypes.POINTER(ctypes.c_double)
    function.argtypes, function.restype = [pointer, pointer, ctypes.c_size_t], None

    def call(x: Rows) -> Rows:
        given = np.ascontiguousarray(x, dtype=np.float64)
        found = np.empty((len(given), results))
        function(given.ctypes.data_as(pointer), found.ctypes.data_as(pointer), len(given))
        return found

    return call
