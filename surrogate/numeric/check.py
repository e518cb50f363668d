"""A surrogate's error against its C program, on fresh rows of the domain."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms import options
from cprograms.diagnostics import UsageError
from cprograms.graph import Graph
from cprograms.program import Program
from cprograms.sandbox import Fault, why
from cprograms.screen import on_screen
from surrogate.numeric.checking.bounds import Bound, error_bars
from surrogate.numeric.checking.errors import ResultError, WorstRow, declared, result_error, worst_row
from surrogate.numeric.checking.gradients import Derivatives, Gradients, gradient_errors
from surrogate.numeric.checking.reading import plain
from surrogate.numeric.checking.regions import Region, regions
from surrogate.numeric.checking.speed import Speed, speed_of
from surrogate.numeric.rows import finite_rows, fresh_seed, run_rows


@dataclass(frozen=True, repr=False)
class Report:
    """Errors on `rows` rows, of which `trapped` had no finite outputs (a trap, a NaN, an infinity) and do not count.

    `faults` say why these had none, as far as that is known; the most frequent comes first. `worst_row` is that of the
    greatest error of the worst result, `regions` say where most of each result's error is, and `gradients` how far the
    derivatives are off; `bounds` are the error bars, one a result, and `speed` how long evaluations took: it alone
    differs when the same is checked again. None, or nothing, where that was not measured, as in older artifacts.
    """

    rows: int
    trapped: int
    seed: int
    results: tuple[ResultError, ...]
    faults: tuple[Fault, ...] = ()
    worst_row: WorstRow | None = None
    regions: tuple[Region, ...] = ()
    gradients: Gradients | None = None
    bounds: tuple[Bound, ...] = ()
    speed: Speed | None = field(default=None, compare=False)

    def __repr__(self) -> str:
        """As a call, with the figures of the worst result in four digits; a line a result where there are several."""
        figures = {"nmse": self.worst.nmse, "r2": self.worst.r2, "max_error": self.max_error}
        worst = f"worst={self.worst.name}, " if len(self.results) > 1 else ""
        shown = worst + ", ".join(f"{name}={value:.4g}" for name, value in figures.items())
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
        """The result of the greatest nMSE that says something: a bound on the error is one on each result."""
        return max(self.results, key=lambda r: r.rank)

    @property
    def r2(self) -> float:
        """The mean of the results' R²."""
        return 1 - self.nmse

    @property
    def max_error(self) -> float:
        """The greatest absolute error of any result, in C units."""
        return max(r.max_error for r in self.results)

    def as_dict(self) -> dict[str, Any]:
        """For JSON, which has no infinity: an infinite figure becomes None. What was not measured is left out."""
        parts = {
            "faults": [fault.as_dict() for fault in self.faults],
            "results": [r.as_dict() for r in self.results],
            "worst_row": self.worst_row and self.worst_row.as_dict(),
            "regions": [region.as_dict() for region in self.regions],
            "gradients": self.gradients and self.gradients.as_dict(),
            "bounds": [bound.as_dict() for bound in self.bounds],
            "speed": self.speed and self.speed.as_dict(),
        }
        return {
            "rows": self.rows,
            "trapped": self.trapped,
            "seed": self.seed,
            "nmse": plain(self.nmse),
            "worst": plain(self.worst.nmse),
            "r2": plain(self.r2),
            "max_error": plain(self.max_error),
            **{name: part for name, part in parts.items() if part},
        }

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Report:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        return cls(
            int(d["rows"]),
            int(d["trapped"]),
            int(d["seed"]),
            tuple(map(ResultError.from_dict, d["results"])),
            tuple(map(Fault.from_dict, d.get("faults", ()))),
            WorstRow.from_dict(d["worst_row"]) if "worst_row" in d else None,
            tuple(map(Region.from_dict, d.get("regions", ()))),
            Gradients.from_dict(d["gradients"]) if "gradients" in d else None,
            tuple(map(Bound.from_dict, d.get("bounds", ()))),
            Speed.from_dict(d["speed"]) if "speed" in d else None,
        )


def check(
    program: Program,
    predict: Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]],
    rows: int = 2000,
    seed: int = 0,
    *,
    graph: Graph | None = None,
    derivatives: Derivatives | None = None,
    timed: bool = False,
) -> Report:
    """Compare predictions, [n, arguments] -> [n, results], with a program on fresh rows.

    The dataflow `graph` tells the program's branches. Where `derivatives` are given they are compared as well; where it
    is to be `timed`, so is the speed of both.

    The rows are never those that a surrogate was compiled from, whichever seed is given (see `fresh_seed`), though on
    a small domain of integers the same values may come up.

    Raises UsageError for fewer than two rows or a negative seed, ProgramError where fewer than two rows have finite
    outputs.
    """
    rows, seed = options.whole("rows", rows, most=options.MANY), options.seed(seed)
    if rows < 2:
        raise UsageError(f"an error needs at least 2 rows, not {rows}")
    executed = run_rows(program, rows, fresh_seed(seed))
    x, y = finite_rows(program, executed)
    found = predict(x)
    with np.errstate(over="ignore"):  # differences of the largest doubles
        distance = np.nan_to_num(np.abs(found - y), nan=np.inf)  # [n, R]
    errors = tuple(
        declared(r, result_error(r.name, t, p, r.type.is_integer), t, p)
        for r, t, p in zip(program.results, y.T, found.T, strict=True)
    )
    report = Report(rows, rows - len(x), seed, errors, tuple(why(program, *executed)))
    return replace(
        report,
        worst_row=worst_row(errors.index(report.worst), report.worst.name, x, y, found),
        regions=regions(program, graph, x, y, distance),
        gradients=derivatives and gradient_errors(program, x, y, *derivatives, [e.says_nothing for e in errors]),
        bounds=tuple(error_bars(r.name, distance[:, k], x, program.arguments) for k, r in enumerate(program.results)),
        speed=speed_of(program, predict, x) if timed else None,
    )
