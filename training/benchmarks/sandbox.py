"""How fast the sandbox is: rows beside gcc -O2, and compilation."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

import cprograms
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import run, run_many
from training.benchmarks.timing import processor_seconds

LIBRARY = Path(cprograms.__file__).parent / "library"
FUNCTIONS = ["black_scholes_call", "crc8", "fft_twiddle", "inverse_kinematics", "sobel", "colour_distance"]
BENCH_ROWS = 400_000
REPEATS = 12
SINGLES = 20


def measure() -> dict[str, Any]:
    return {"throughput": [throughput(name) for name in FUNCTIONS], "compilation": compilation()}


def throughput(name: str) -> dict[str, str | float | None]:
    """Millions of rows a second, sandbox and gcc -O2, and the first over the second.

    Both take an array and give a new one; the best of alternating repeats counts.
    """
    program = cprograms.load(LIBRARY / f"{name}.c")
    x = sample(program, BENCH_ROWS, seed=0)
    gcc = shutil.which("gcc")
    with tempfile.TemporaryDirectory() as folder:
        native = _native(gcc, program, Path(folder)) if gcc else None
        if native:
            np.testing.assert_allclose(native(x), run(program, x), rtol=1e-9, atol=1e-12)
        times = [
            (processor_seconds(lambda: run(program, x)), processor_seconds(lambda: native(x)) if native else 0)
            for _ in range(REPEATS)
        ]
    mine, theirs = np.min(times, axis=0)
    rates = {"sandbox": BENCH_ROWS / mine / 1e6, "native": BENCH_ROWS / theirs / 1e6 if native else None}
    return {"function": name, **rates, "ratio": theirs / mine if native else None}


def compilation() -> dict[str, float]:
    """Processor seconds of a first and of a cached call on 64 rows; programs a second one at a time and in a batch."""
    paths = sorted(LIBRARY.glob("*.c"))
    programs = [cprograms.load(path) for path in paths]
    xs = [sample(program, 64, seed=0) for program in programs]
    run_many(programs[:1], xs[:1])  # builds the C library where this is the first time
    with tempfile.TemporaryDirectory() as folder, patch.dict(os.environ, SURROGATE_CACHE=folder):
        cold = processor_seconds(lambda: [run(p, x) for p, x in zip(programs[:SINGLES], xs, strict=False)]) / SINGLES
        again = [cprograms.load(path) for path in paths[:SINGLES]]
        cached = processor_seconds(lambda: [run(p, x) for p, x in zip(again, xs, strict=False)]) / SINGLES
    batch = len(programs) / processor_seconds(lambda: run_many(programs, xs))
    return {"cold_s": cold, "cached_s": cached, "cold_programs_per_s": 1 / cold, "batch_programs_per_s": batch}


def _native(gcc: str, program: Program, folder: Path) -> Callable[[np.ndarray], np.ndarray]:
    """The program compiled by gcc -O2, as a function of rows."""
    arguments = ", ".join(f"x[{j}]" for j in range(len(program.arguments)))
    paths = ["" if r.name == "return" else f".{r.name}" for r in program.results]
    stores = " ".join(f"y[{j}] = r{path};" for j, path in enumerate(paths))
    loop = f"""
void rows(const double *x, double *y, int n) {{
  for (int i = 0; i < n; ++i, x += {len(program.arguments)}, y += {len(paths)}) {{
    __auto_type r = {program.entry}({arguments}); {stores}
  }}
}}"""
    (folder / "rows.c").write_text(program.source + loop)
    command = [gcc, "-O2", "-w", "-shared", "-fPIC", "rows.c", "-o", "rows.so", "-lm"]
    subprocess.run(command, cwd=folder, check=True)
    rows = ctypes.CDLL(str(folder / "rows.so")).rows

    def evaluate(x: np.ndarray) -> np.ndarray:
        y = np.empty((len(x), len(paths)))
        rows(x.ctypes, y.ctypes, len(x))
        return y

    return evaluate


def table(report: dict[str, Any]) -> str:
    lines = [f"{'function':22} {'sandbox':>10} {'gcc -O2':>10} {'ratio':>6}   (million rows a second)"]
    for row in report["throughput"]:
        cells = [f"{row[k]:.2f}" if row[k] else "-" for k in ("sandbox", "native", "ratio")]
        lines.append(f"{row['function']:22} {cells[0]:>10} {cells[1]:>10} {cells[2]:>6}")
    c = report["compilation"]
    lines += [
        "",
        f"compile and run 64 rows: {c['cold_s'] * 1e3:.1f} ms cold, {c['cached_s'] * 1e3:.2f} ms cached",
        f"programs a second: {c['cold_programs_per_s']:.0f} one at a time, {c['batch_programs_per_s']:.0f} in batches",
    ]
    return "\n".join(lines)
