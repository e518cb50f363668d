"""Inputs drawn from a program's domain, and rows of them with what the program gives."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.program import Argument, Program
from cprograms.sandbox import Status, run_with_status
from cprograms.sobol import sobol

Method = Literal["uniform", "sobol", "latin"]
_ROUNDS = 64
_ENDLESS = 256


def sample(program: Program, n: int, seed: int, method: Method = "uniform") -> np.ndarray:
    """Draw n inputs from the domain: float64 [n, arguments], the same for the same seed.

    Integer arguments get integers, both ends included; float arguments get numbers that a float holds, save at an end
    that it does not hold. `method` is "uniform", "sobol" (scrambled) or "latin" (hypercube). Raises UsageError where a
    domain holds no value of its type.
    """
    return _draw(program, n, np.random.default_rng(seed), method)


def rows(program: Program, n: int, seed: int, method: Method = "uniform") -> tuple[np.ndarray, np.ndarray]:
    """n inputs with finite results: float64 [n, arguments], float64 [n, results].

    Inputs without a finite result are replaced by further draws. Raises ProgramError, with the reasons counted, where
    the first draws, 64 at least, give no finite result at all, where 64 rounds of n draws do not give enough, or where
    256 inputs ran too long.
    """
    rng = np.random.default_rng(seed)
    batch = max(n, _ROUNDS)
    kept_x, kept_y = [np.empty((0, len(program.arguments)))], [np.empty((0, len(program.results)))]
    kept = tried = 0
    reasons = np.zeros(len(Status), int)
    while kept < n:
        if tried >= _ROUNDS * batch or reasons[Status.FUEL] >= _ENDLESS or (kept == 0 and tried >= batch):
            raise ProgramError([_too_few(program, kept, tried, reasons)])
        x = _draw(program, batch if tried else n, rng, method)
        y, status = run_with_status(program, x)
        finite = np.isfinite(y).all(axis=1)
        kept_x.append(x[finite])
        kept_y.append(y[finite])
        kept, tried = kept + int(finite.sum()), tried + len(x)
        reasons += np.bincount(status[~finite], minlength=len(Status))
    return np.concatenate(kept_x)[:n], np.concatenate(kept_y)[:n]


def _draw(program: Program, n: int, rng: np.random.Generator, method: Method) -> np.ndarray:
    unit = _unit(n, len(program.arguments), rng, method)
    return np.stack([in_range(a, unit[:, j]) for j, a in enumerate(program.arguments)], axis=1)


def _unit(n: int, dimensions: int, rng: np.random.Generator, method: Method) -> np.ndarray:
    """n points of the unit cube, [n, dimensions], each coordinate in [0, 1)."""
    if method == "uniform":
        return rng.random((n, dimensions))
    if method == "sobol":
        return sobol(n, dimensions, rng)
    if method == "latin":
        from scipy.stats import qmc  # takes half a second to import, and a compile does without

        return np.asarray(qmc.LatinHypercube(dimensions, seed=rng).random(n))
    raise UsageError(f"unknown sampling method '{method}': uniform, sobol or latin")


def in_range(argument: Argument, unit: np.ndarray) -> np.ndarray:
    """Points of [0, 1) as values of the argument's type within its range. Raises UsageError where there is none."""
    low, high = argument.low, argument.high
    if not argument.type.is_integer:
        # This form does not overflow where high - low does. Rounding may step over an end.
        value = (low * (1 - unit) + high * unit).astype(argument.type.dtype).astype(np.float64)
        return np.clip(value, low, high)
    least, greatest = argument.type.limits
    first, last = max(math.ceil(low), int(least)), min(math.floor(high), int(greatest))
    if first > last:
        raise UsageError(f"argument '{argument.name}': no {argument.type.name} lies between {low:g} and {high:g}")
    # float64 rounds the greatest 64-bit integers up, out of their type.
    top = float(last) if float(last) <= last else math.nextafter(float(last), 0)
    return np.asarray(np.clip(first + np.floor(unit * (last - first + 1.0)), first, top))


def _too_few(program: Program, kept: int, tried: int, reasons: np.ndarray) -> Diagnostic:
    causes = [f"{count} {_CAUSES[Status(code)]}" for code, count in enumerate(reasons) if count]
    return Diagnostic(
        f"'{program.entry}' gives finite results for {kept} of {tried} inputs from its domain: {', '.join(causes)}",
        program.path,
        hint="set the range of each argument to where the function is defined: #pragma surrogate range(x, lo, hi)",
    )


_CAUSES = {
    Status.OK: "gave NaN or infinity",
    Status.OVERFLOW: "overflowed a signed integer",
    Status.DIVISION: "divided an integer by zero",
    Status.SHIFT: "shifted out of range",
    Status.CONVERSION: "converted a number to an integer type too small for it",
    Status.BOUNDS: "indexed outside an array",
    Status.UNDEFINED: "had undefined behaviour",
    Status.MEMORY: "went outside their memory",
    Status.STACK: "recursed too deep",
    Status.FUEL: "ran too long",
    Status.SKIPPED: "were not run, as too many before them ran too long",
    Status.REJECTED: "were not run",
    Status.UNSET: "used a variable that was never set",
    Status.CALL: "called a function that ends the program or is not there",
    Status.READ: "read outside of an object",
    Status.WRITE: "wrote outside of an object",
    Status.UNWRITTEN: "did not write every result",
}
