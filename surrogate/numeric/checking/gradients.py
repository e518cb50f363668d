"""The error of a surrogate's derivatives against those of its program.

Shapes: n rows, A arguments, R results.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cprograms.program import Argument, Program
from cprograms.sandbox import run
from surrogate.numeric.checking import reading
from surrogate.numeric.checking.errors import FLAT
from surrogate.numeric.rows import output_moments

Rows = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Slopes = Callable[[Rows], Rows]
"""The derivatives of each result in each argument, in C units: [n, A] -> [n, R, A]."""


class Derivatives(NamedTuple):
    """A surrogate's, and its program's as its dataflow graph has them, where that is followed."""

    surrogate: Slopes
    graph: Slopes | None


MOST_ROWS, MOST_RUNS, MOST_OF_GRAPH, FEWEST_ROWS = 500, 1000, 8000, 16
"""Rows whose derivatives are looked at, and how often the program may be run for them: more often where its graph is
known, and so has no loop that may take long. Of very many arguments the fewest rows count."""
STEP = 1e-3
"""Of differences, as a share of an argument's range; four of them make a derivative, and show what jumps."""
_STENCIL = (-2, -1, 1, 2)
BENT = 0.01
"""A program jumps, or has a kink, where its fourth difference is beyond this share of its derivative's size."""
_ROUNDED = 64
"""Last digits that a fourth difference may be off where it is of rounded numbers."""
_NOISE = 3
"""Deviations of what rounding makes of a result; a derivative by differences is off by about one of them a step."""
NOUGHT = 1e-9
"""A derivative is 0 where it changes a result over the whole range by less than this share of its greatest value."""


@dataclass(frozen=True)
class GradientError:
    """The error of the derivatives in one argument, of the result of which it is worst.

    `rms_error` and `rms_true` are the root mean squares of the error and of the program's derivative, in C units of
    `result` for one of `argument`; `max_error` is the greatest error. A derivative that is 0 but for rounding counts as
    0, and where the surrogate's is as well, so do the errors.
    """

    argument: str
    result: str
    rms_error: float
    rms_true: float
    max_error: float

    @property
    def none(self) -> bool:
        """Whether both derivatives are 0 but for rounding, so that there is no size to compare an error with."""
        return self.rms_true == self.rms_error == 0

    @property
    def relative(self) -> float:
        """The error over the derivative's own size; infinite where the program has a derivative of 0 only."""
        if self.rms_true == 0:
            return 0.0 if self.none else float("inf")
        return self.rms_error / self.rms_true


@dataclass(frozen=True)
class Gradients:
    """The errors of the derivatives in each argument that has some; integers have none.

    `rows` were looked at, of which `jumps` are left out: the program has no derivative there, or jumps close by.
    `source` says where the program's derivatives come from: "graph", or "differences" of what the sandbox gives.
    """

    rows: int
    jumps: int
    source: str
    arguments: tuple[GradientError, ...]

    @property
    def worst(self) -> GradientError:
        """That of the greatest relative error."""
        return max(self.arguments, key=lambda a: a.relative)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        arguments = [
            {k: reading.plain(v) for k, v in {**vars(a), "relative": a.relative}.items()} for a in self.arguments
        ]
        return {"rows": self.rows, "jumps": self.jumps, "source": self.source, "arguments": arguments}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Gradients:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        arguments = tuple(
            GradientError(
                *(a["argument"], a["result"]), *(reading.size(a[k]) for k in ("rms_error", "rms_true", "max_error"))
            )
            for a in d["arguments"]
        )
        rows, jumps = reading.count(d["rows"]), reading.count(d["jumps"])
        if not arguments or jumps > rows or d["source"] not in ("graph", "differences"):
            raise ValueError("no error of derivatives")
        return cls(rows, jumps, d["source"], arguments)


def gradient_errors(
    program: Program,
    x: Rows,
    y: Rows,
    surrogate: Slopes,
    graph: Slopes | None,
    constant: Sequence[bool] | None = None,
) -> Gradients | None:
    """The errors of the surrogate's derivatives at the first of rows x [n, A], of which y [n, R] is true.

    The program's derivatives are its `graph`'s where that is given, else differences of fourth order. Rows are left out
    where it jumps or bends within twice the step, or has no finite result or derivative. None where no argument or no
    result has derivatives, or none is left. Of results that are `constant` to rounding, a flag each, derivatives that
    lead no further over the whole range are 0, and differences that are of rounding alone.
    """
    arguments = [k for k, a in enumerate(program.arguments) if not a.type.is_integer and a.low < a.high]
    results = [k for k, r in enumerate(program.results) if not r.type.is_integer]
    if not (arguments and results):
        return None
    runs = MOST_RUNS if graph is None else MOST_OF_GRAPH
    n = min(MOST_ROWS, max(FEWEST_ROWS, runs // (len(_STENCIL) * len(arguments))))
    x, y = _inside(x[:n], program.arguments, arguments), y[:n]
    steps = np.array([STEP * _width(program.arguments[k]) for k in arguments])  # [A]
    with np.errstate(all="ignore"):
        around = _around(program, x, arguments, steps)[:, :, :, results]  # [4, n, A, R]
        centre = run(program, x)[:, None, results]  # [n, 1, R]
        differences, smooth = _differences(around, centre, steps[:, None], _digits(program))
        true, own = (
            np.moveaxis(differences, 1, 2) if f is None else _of(f, x, results, arguments) for f in (graph, surrogate)
        )
    good = np.moveaxis(smooth, 1, 2) & np.isfinite(true)  # [n, R, A]
    with np.errstate(over="ignore"):  # in a domain of the least numbers every derivative is nought
        size = np.abs(y[:, results]).max(0)[:, None]  # [R, 1]
        nought = NOUGHT * size / (steps / STEP)  # [R, A]
        if constant is not None:
            deviations = np.array([output_moments(y[:, r])[1] for r in results])[:, None]  # [R, 1]
            noise = np.maximum(math.sqrt(FLAT) * size / (steps / STEP), _NOISE * deviations / steps)
            nought = np.where(np.array(constant)[results, None], noise, nought)
    found = []
    for place, k in enumerate(arguments):
        errors = []
        for row, r in enumerate(results):
            if (kept := good[:, row, place]).any():
                names = program.arguments[k].name, program.results[r].name
                parts = own[kept, row, place], true[kept, row, place]
                errors.append(_error(names, *parts, float(nought[row, place])))
        # A result that depends on the argument comes before one that does not, of which any error is infinite.
        errors = [error for error in errors if error.rms_true > 0] or errors
        found += [max(errors, key=lambda e: (e.relative, e.rms_error))] if errors else []
    jumps = int((~good.all((1, 2))).sum())
    return Gradients(len(x), jumps, "differences" if graph is None else "graph", tuple(found)) if found else None


def _width(argument: Argument) -> float:
    return argument.high - argument.low


def _digits(program: Program) -> float:
    """The last digit of the coarsest number that goes in or out, relative to it."""
    types = [t for t in (*(a.type for a in program.arguments), *(r.type for r in program.results)) if not t.is_integer]
    return float(max(np.finfo(t.dtype).eps for t in types))


def _inside(x: Rows, arguments: Sequence[Argument], varied: Sequence[int]) -> Rows:
    """Rows moved so far into the domain that no step leads out of it."""
    moved = x.copy()
    for k in varied:
        margin = _STENCIL[-1] * STEP * _width(arguments[k])
        moved[:, k] = np.clip(x[:, k], arguments[k].low + margin, arguments[k].high - margin)
    return moved


def _around(program: Program, x: Rows, varied: Sequence[int], steps: Rows) -> Rows:
    """What the program gives beside rows x [n, A]: [4, n, len(varied), R]."""
    points = np.broadcast_to(x[None, :, None, :], (len(_STENCIL), len(x), len(varied), x.shape[1])).copy()
    for place, (k, step) in enumerate(zip(varied, steps, strict=True)):
        points[:, :, place, k] += step * np.array(_STENCIL)[:, None]
    return run(program, points.reshape(-1, x.shape[1])).reshape(*points.shape[:3], -1)


def _differences(around: Rows, centre: Rows, steps: Rows, digits: float) -> tuple[Rows, Flags]:
    """Derivatives by differences, and where the program is smooth: [n, A, R] each, of steps [A, 1]."""
    far_left, left, right, far_right = around
    slopes = (8 * (right - left) - (far_right - far_left)) / (12 * steps)
    bend = np.abs(far_right - 4 * right + 6 * centre - 4 * left + far_left) / steps
    sizes = np.nan_to_num(np.abs(slopes), posinf=0)
    rounding = _ROUNDED * digits * np.abs(centre) / steps
    return slopes, bend <= BENT * (sizes + np.quantile(sizes, 0.75, axis=0)) + rounding


def _of(slopes: Slopes, x: Rows, results: Sequence[int], arguments: Sequence[int]) -> Rows:
    return slopes(x)[:, results][:, :, arguments]


def _error(names: tuple[str, str], own: Rows, true: Rows, nought: float) -> GradientError:
    """The error of derivatives [n] of a result in an argument; what is at most `nought` is 0."""
    size, error = _rms(true), own - true
    if size <= nought and _rms(own) <= nought:
        return GradientError(*names, 0.0, 0.0, 0.0)
    greatest = float(np.nan_to_num(np.abs(error), nan=np.inf).max())
    return GradientError(*names, _rms(error), size if size > nought else 0.0, greatest)


def _rms(values: Rows) -> float:
    """The root mean square of numbers of any magnitude; infinite where one is no number."""
    unit = float(np.abs(values).max())
    if unit == 0 or not math.isfinite(unit):
        return 0.0 if unit == 0 else math.inf
    return unit * float(np.sqrt(np.mean((values / unit) ** 2)))
