"""Rows of a program: which seeds draw them, what the program gave for them, and their scale."""

from __future__ import annotations

from collections import Counter

import numpy as np
import numpy.typing as npt

from cprograms import options
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.program import Program
from cprograms.sampling import Method, sample
from cprograms.sandbox import Status, run_with_status

GAUSS_NEWTON_ROWS = 64
"""Rows that the hypernetwork's steps were trained to read, and as many are given it at -O1."""
MIN_ROWS, MAX_ROWS = 2, 1024
"""A scale needs two rows; the Gauss–Newton steps factorise a matrix of rows × rows."""


def compile_seed(seed: int) -> int:
    """The sampler's seed for the rows of a compile: even, as `fresh_seed` is odd, so that the two never meet."""
    return 2 * options.seed(seed)


def fresh_seed(seed: int) -> int:
    """The sampler's seed for the rows of a check."""
    return 2 * options.seed(seed) + 1


def executed_rows(
    program: Program, count: int, seed: int, method: Method = "uniform"
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Inputs [n, A] and outputs [n, R], float64, of `count` sampled rows, less those without finite outputs.

    `method` is as in `cprograms.sampling.sample`. No rows are no run. Raises ProgramError where fewer than two are
    left.
    """
    if count == 0:
        return np.empty((0, len(program.arguments))), np.empty((0, len(program.results)))
    x, y, status = _run(program, count, seed, method)
    finite = np.isfinite(y).all(1)
    if finite.sum() >= 2:
        return x[finite], y[finite]
    reasons = Counter(Status(s).name.lower() for s in status[~finite])
    message = f"'{program.entry}' gave finite results on {finite.sum()} of {count} rows of its domain"
    why = ", ".join(f"{'not finite' if name == 'ok' else name}: {n}" for name, n in reasons.most_common())
    raise ProgramError([Diagnostic(message, program.path, hint=f"{why}; try another domain: --range NAME=LOW:HIGH")])


def sampled_rows(
    program: Program, count: int, seed: int, method: Method
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The same, however few are left."""
    x, y, _ = _run(program, count, seed, method)
    finite = np.isfinite(y).all(1)
    return x[finite], y[finite]


def _run(
    program: Program, count: int, seed: int, method: Method
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    x = sample(program, count, seed, method)
    y, status = run_with_status(program, x)
    return x, y, status


def output_moments(y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation of finite outputs [n] of any magnitude."""
    unit = float(np.abs(y).max())
    if unit < 1e150:
        return float(y.mean()), float(y.std())
    small = y / unit  # sums and squares of large doubles overflow
    return unit * float(small.mean()), unit * float(small.std())
