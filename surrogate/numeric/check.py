"""A surrogate's error against its C program, on fresh rows of the domain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.program import Program
from cprograms.sandbox import Fault, why
from cprograms.screen import on_screen
from surrogate.numeric.rows import finite_rows, fresh_seed, output_moments, run_rows

FLAT = 1e-9
"""Of a result whose variance is below this share of its squared mean the nMSE says nothing: it divides by rounding."""

_MOMENTS = ("mean", "std")


@dataclass(frozen=True)
class ResultError:
    """The error of one result.

    nMSE is the mean squared error over the variance of the true outputs, R² is 1 - nMSE, and `max_error` is the
    greatest absolute error in C units. Where the program is constant on the rows there is no variance: nMSE is then 0
    for an exact surrogate and infinite for any other. `mean` and `std` are those of the true outputs in C units; NaN
    where they are not known, as in artifacts of version 0.1.0.
    """

    name: str
    nmse: float
    r2: float
    max_error: float
    mean: float = math.nan
    std: float = math.nan

    @property
    def flat(self) -> bool:
        """True where the program is constant but for rounding, and the surrogate is that constant to some 1e-4."""
        reach = math.sqrt(FLAT) * abs(self.mean)
        return self.std <= reach and self.max_error <= 10 * reach


@dataclass(frozen=True, repr=False)
class Report:
    """Errors on `rows` rows, of which `trapped` had no finite outputs (a trap, a NaN, an infinity) and do not count.

    `faults` say why these had none, as far as that is known; the most frequent comes first.
    """

    rows: int
    trapped: int
    seed: int
    results: tuple[ResultError, ...]
    faults: tuple[Fault, ...] = ()

    def __repr__(self) -> str:
        """As a call, with the figures in four digits; a line a result where there are several."""
        figures = {"nmse": self.nmse, "r2": self.r2, "max_error": self.max_error}
        shown = ", ".join(f"{name}={value:.4g}" for name, value in figures.items())
        return on_screen(
            [
                f"Report(rows={self.rows}, trapped={self.trapped}, seed={self.seed}, {shown})",
                *(
                    f"{r.name}: nmse={r.nmse:.4g}, r2={r.r2:.4g}, max_error={r.max_error:.4g}"
                    for r in self.results
                    if len(self.results) > 1
                ),
            ]
        )

    @property
    def trapped_share(self) -> float:
        """The share of the domain, as far as its rows say, where the program has no finite result."""
        return self.trapped / self.rows

    @property
    def nmse(self) -> float:
        """The mean of the results' nMSE."""
        return math.fsum(r.nmse for r in self.results) / len(self.results)

    @property
    def worst(self) -> ResultError:
        """The result of the greatest nMSE: a bound on the error is one on each result."""
        return max(self.results, key=lambda r: math.inf if math.isnan(r.nmse) else r.nmse)

    @property
    def r2(self) -> float:
        """The mean of the results' R²."""
        return 1 - self.nmse

    @property
    def max_error(self) -> float:
        """The greatest absolute error of any result, in C units."""
        return max(r.max_error for r in self.results)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity: an infinite figure becomes None."""
        return {
            "rows": self.rows,
            "trapped": self.trapped,
            "seed": self.seed,
            "nmse": _plain(self.nmse),
            "worst": _plain(self.worst.nmse),
            "r2": _plain(self.r2),
            "max_error": _plain(self.max_error),
            **({"faults": [fault.as_dict() for fault in self.faults]} if self.faults else {}),
            "results": [
                {k: _plain(v) for k, v in vars(r).items() if k not in _MOMENTS or not math.isnan(v)}
                for r in self.results
            ],
        }

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Report:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        results = tuple(
            ResultError(
                *(r["name"], _number(r["nmse"]), 1 - _number(r["nmse"]), _number(r["max_error"])),
                *(float(r.get(moment, math.nan)) for moment in _MOMENTS),
            )
            for r in d["results"]
        )
        faults = tuple(Fault.from_dict(fault) for fault in d.get("faults", ()))
        return cls(int(d["rows"]), int(d["trapped"]), int(d["seed"]), results, faults)


def check(
    program: Program,
    predict: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    rows: int = 2000,
    seed: int = 0,
) -> Report:
    """Compare predictions, [n, arguments] -> [n, results], with a program on fresh rows.

    The rows are never those that a surrogate was compiled from, whichever seed is given (see `fresh_seed`), though on
    a small domain of integers the same values may come up.

    Raises UsageError for fewer than two rows or a negative seed, ProgramError where fewer than two rows have finite
    outputs.
    """
    rows, seed = options.whole("rows", rows), options.seed(seed)
    if rows < 2:
        raise UsageError(f"an error needs at least 2 rows, not {rows}")
    executed = run_rows(program, rows, fresh_seed(seed))
    x, y = finite_rows(program, executed)
    errors = [result_error(r.name, t, p) for r, t, p in zip(program.results, y.T, predict(x).T, strict=True)]
    return Report(rows, rows - len(x), seed, tuple(errors), tuple(why(program, *executed)))


def result_error(name: str, true: npt.NDArray[np.float64], predicted: npt.NDArray[np.float64]) -> ResultError:
    """The error of one result from its true and predicted values, finite float64 [n] each."""
    half = true / 2  # differences of large doubles overflow, and their squares; those of small ones vanish
    error = np.abs(predicted / 2 - half)
    centred = half - output_moments(half)[0]
    unit = np.abs(centred).max()
    if unit == 0:
        nmse = 0.0 if error.max() == 0 else math.inf
    else:
        nmse = float(np.mean((error / unit) ** 2) / np.mean((centred / unit) ** 2))
    return ResultError(name, nmse, 1 - nmse, 2 * float(error.max()), *output_moments(true))


def _plain(v: Any) -> Any:
    return None if isinstance(v, float) and not math.isfinite(v) else v


def _number(v: float | None) -> float:
    return math.inf if v is None else float(v)
