"""Rows of a program: which seeds draw them, what the program gave for them, and their scale."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cprograms import options
from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.graph import Graph, evaluate
from cprograms.program import Program
from cprograms.sampling import Method, sample
from cprograms.sandbox import Outcomes, run_with_status, why

GAUSS_NEWTON_ROWS = 64
"""Rows that the hypernetwork's steps were trained to read, and as many are given it at -O1."""
MOST_FAULTS = 3
"""Reasons that are told for rows without finite outputs."""
POINTS = 512
"""Points of the domain at which the graph is evaluated where no row is run."""
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
    return finite_rows(program, run_rows(program, count, seed, method))


def finite_rows(
    program: Program, executed: tuple[npt.NDArray[np.float64], Outcomes]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Those of executed rows that have finite outputs. Raises ProgramError where these are fewer than two."""
    x, (y, _) = executed
    finite = np.isfinite(y).all(1)
    if finite.sum() >= 2:
        return x[finite], y[finite]
    message = f"'{program.entry}' gave finite results on {finite.sum()} of {len(x)} rows of its domain"
    first, *others = why(program, *executed)
    told = [*map(str, [first, *others][:MOST_FAULTS]), first.advice]
    place = {"file": first.file, "line": first.line} if first.line and not others else {"file": program.path}
    raise ProgramError([Diagnostic(message, **place, hint="; ".join(told))])


def ensure_finite(program: Program, graph: Graph) -> None:
    """Without a run, by the graph's values at points of the domain, if it follows all of the program.

    Raises ProgramError where there is none at which all results are finite.
    """
    if not graph.exact or np.isfinite(evaluate(graph, sample(program, POINTS, 0, "sobol"))).all(1).any():
        return
    message = f"'{program.entry}' gives finite results at none of {POINTS} points of its domain, by its dataflow graph"
    hint = "the behaviour is undefined, NaN or infinity at all; is the domain the right one? --range sets it"
    raise ProgramError([Diagnostic(message, program.path, hint=hint)])


def sampled_rows(
    program: Program, count: int, seed: int, method: Method
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """The same, however few are left."""
    x, (y, _) = run_rows(program, count, seed, method)
    finite = np.isfinite(y).all(1)
    return x[finite], y[finite]


def run_rows(
    program: Program, count: int, seed: int, method: Method = "uniform"
) -> tuple[npt.NDArray[np.float64], Outcomes]:
    """All sampled rows: inputs [n, A], and what became of them."""
    x = sample(program, count, seed, method)
    return x, run_with_status(program, x)


def output_moments(y: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Mean and deviation of finite outputs [n] of any magnitude."""
    unit = float(np.abs(y).max())
    if 1e-150 < unit < 1e150 or unit == 0:
        return float(y.mean()), float(y.std())
    near = y / unit  # sums and squares of large doubles overflow, and those of small ones are 0
    return unit * float(near.mean()), unit * float(near.std())
