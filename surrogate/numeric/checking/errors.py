"""The error of each result, and the row of the greatest one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.program import Result
from surrogate.numeric.checking import reading
from surrogate.numeric.rows import output_moments

Column = npt.NDArray[np.float64]
Rows = npt.NDArray[np.float64]

FLAT = 1e-9
"""Of a result whose variance is below this share of its squared mean the nMSE says nothing: it divides by rounding."""
BAD_NMSE = 0.1
"""Above this nMSE a surrogate is called bad; 1 is the error of a constant."""
AWAY, ENOUGH = 0.05, 100
"""A relative error means something where no value is nearer to zero than this share of the greatest one, of so many
rows at least."""
ROUNDING = 1e-9
"""A value leaves its declared range where it is beyond it by more than this share of the range's greater end."""

WHOLE = 1e-9
"""What is so near to a whole number is that number."""

_UNKNOWN = ("mean", "std", "median", "p99", "relative", "max_relative")
"""Figures that older artifacts do not have."""


@dataclass(frozen=True)
class ResultError:
    """The error of one result.

    nMSE is the mean squared error over the variance of the true outputs, R² is 1 - nMSE. Where the program is constant
    on the rows there is no variance: nMSE is then 0 for an exact surrogate and infinite for any other. `median`, `p99`
    and `max_error` are the absolute error of half of the rows, of 99 % of them and of all, in C units; `relative` and
    `max_relative` the median and the greatest error over the true value, NaN for a result that comes near zero. `mean`
    and `std` are those of the true outputs in C units. What an older artifact does not say is NaN.

    Of a result with a declared range `outside` counts the rows on which the surrogate leaves it, `excess` is by how
    much at most, in C units, and `program_outside` counts the rows on which the program itself does. `outside` is None
    where no range is declared.
    """

    name: str
    nmse: float
    r2: float
    max_error: float
    mean: float = math.nan
    std: float = math.nan
    median: float = math.nan
    p99: float = math.nan
    relative: float = math.nan
    max_relative: float = math.nan
    outside: int | None = None
    excess: float = 0.0
    program_outside: int = 0

    @property
    def flat(self) -> bool:
        """True where the program is constant but for rounding, and the surrogate is that constant to some 1e-4."""
        reach = math.sqrt(FLAT) * abs(self.mean)
        return self.std <= reach and self.max_error <= 10 * reach

    @property
    def says_nothing(self) -> bool:
        """Whether the nMSE is that of rounding: the result is constant, and its surrogate that constant."""
        return self.flat and self.nmse > BAD_NMSE

    @property
    def rank(self) -> float:
        """The greater, the worse: the nMSE, where it says something; an undefined error is the worst."""
        return -1.0 if self.says_nothing else math.inf if math.isnan(self.nmse) else self.nmse

    def as_dict(self) -> dict[str, Any]:
        """For JSON; what is not known is left out."""
        figures = {k: reading.plain(v) for k, v in vars(self).items() if not (k in _UNKNOWN and math.isnan(v))}
        declared = ("outside", "excess", "program_outside")
        return figures if self.outside is not None else {k: v for k, v in figures.items() if k not in declared}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> ResultError:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        nmse = reading.size(d["nmse"])
        known = {name: reading.number(d[name]) for name in _UNKNOWN if name in d}
        if not all(v >= 0 for name, v in known.items() if name != "mean"):
            raise ValueError("a measured error is negative or no number")
        if "outside" in d:
            known |= {name: reading.count(d[name]) for name in ("outside", "program_outside")}
            known["excess"] = reading.size(d["excess"])
        return cls(d["name"], nmse, 1 - nmse, reading.size(d["max_error"]), **known)  # type: ignore[arg-type]


@dataclass(frozen=True)
class WorstRow:
    """The row of the greatest error of the worst result, `result`: `inputs` [arguments], and what the program and the
    surrogate give for it, `truth` and `prediction` [results], all in C units."""

    result: str
    inputs: tuple[float, ...]
    truth: tuple[float, ...]
    prediction: tuple[float, ...]

    def fits(self, arguments: int, results: Sequence[str]) -> bool:
        """Whether it is of a program of so many arguments and these results."""
        sizes = len(self.inputs), len(self.truth), len(self.prediction)
        return self.result in results and sizes == (arguments, len(results), len(results))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        lists = {k: [reading.plain(v) for v in vars(self)[k]] for k in ("inputs", "truth", "prediction")}
        return {"result": self.result, **lists}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> WorstRow:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        inputs, truth = (tuple(map(reading.finite, d[name])) for name in ("inputs", "truth"))
        return cls(d["result"], inputs, truth, tuple(map(reading.number, d["prediction"])))


def result_error(name: str, true: Column, predicted: Column, whole: bool = False) -> ResultError:
    """The error of one result from its true and predicted values, finite float64 [n] each.

    Of `whole` numbers a constant is met where the predicted values are it but for rounding.
    """
    half = true / 2  # differences of large doubles overflow, and their squares; those of small ones vanish
    error = np.abs(predicted / 2 - half)
    centred = half - output_moments(half)[0]
    unit = np.abs(centred).max()
    if unit == 0:
        nmse = 0.0 if error.max() <= (WHOLE if whole else 0) else math.inf
    else:
        with np.errstate(over="ignore"):  # of a prediction far out of what is true
            nmse = float(np.mean((error / unit) ** 2) / np.mean((centred / unit) ** 2))
    median, p99 = (2 * float(q) for q in np.quantile(error, [0.5, 0.99]))
    relative = _relative(half, error)
    return ResultError(name, nmse, 1 - nmse, 2 * float(error.max()), *output_moments(true), median, p99, *relative)


def _relative(true: Column, error: Column) -> tuple[float, float]:
    """The median and the greatest error over the true value; NaN where the values come near zero, or may do so."""
    size = np.abs(true)
    if len(size) < ENOUGH or size.min() <= AWAY * size.max() or np.sign(true).min() != np.sign(true).max():
        return math.nan, math.nan
    share = error / size
    return float(np.median(share)), float(share.max())


def declared(result: Result, error: ResultError, true: Column, predicted: Column) -> ResultError:
    """The error of a result with how often it leaves the range that is declared of it; as it is where none is."""
    if result.low is None or result.high is None:
        return error
    low, high = result.low, result.high
    slack = ROUNDING * max(abs(low), abs(high))
    beyond, of_program = (np.maximum(low - values, values - high) for values in (predicted, true))
    outside = beyond > slack
    return replace(
        error,
        outside=int(outside.sum()),
        excess=float(beyond[outside].max(initial=0.0)),
        program_outside=int((of_program > slack).sum()),
    )


def worst_row(k: int, result: str, x: Rows, y: Rows, predicted: Rows) -> WorstRow:
    """That of the greatest error of result `k`, of rows x [n, arguments], y and predicted [n, results]."""
    error = np.abs(predicted[:, k] / 2 - y[:, k] / 2)
    row = int(np.argmax(np.nan_to_num(error, nan=np.inf)))
    inputs, truth, prediction = (tuple(map(float, part[row])) for part in (x, y, predicted))
    return WorstRow(result, inputs, truth, prediction)
