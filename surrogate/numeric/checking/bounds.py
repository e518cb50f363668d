"""Error bars by split conformal prediction: half-widths that hold for new inputs, whatever the program.

A bar is the ⌈(n+1)(1-α)⌉-th smallest of the absolute errors of n rows that shaped no weights: a new row, drawn as they
were, errs by at most so much with a probability of at least 1-α, as each place among n+1 errors is equally likely for
it (Papadopoulos, Proedrou, Vovk, Gammerman, "Inductive confidence machines for regression", 2002; Lei, G'Sell, Rinaldo,
Tibshirani, Wasserman, "Distribution-free predictive inference for regression", 2018, theorem 2). Within a slice of the
domain the same holds of its own rows (Vovk, "Conditional validity of inductive conformal predictors", 2012), if other
rows chose the slices.

Shapes: n rows, A arguments, R results.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cprograms.program import Argument
from surrogate.numeric.checking import reading
from surrogate.numeric.checking.slices import edges_of, places

Rows = npt.NDArray[np.float64]

LEVELS = (0.90, 0.99)
"""The shares of inputs that the bars hold for."""
WORTH = 0.9
"""Slices are worth having where their bars are on average narrower than this share of the whole domain's."""
FEWEST = 99
"""Rows that a bar of 99 % needs: fewer have no place for it."""


class Bars(NamedTuple):
    """Half-widths in C units [..., R] that hold for 90 and 99 % of inputs; infinite outside of the domain, where
    nothing was measured."""

    p90: Rows
    p99: Rows


class Bounded(NamedTuple):
    """Results with their error bars, float64 [..., R] each: at least 90 % of the program's results are within `p90` of
    `values`, 99 % within `p99`."""

    values: Rows
    p90: Rows
    p99: Rows


@dataclass(frozen=True)
class Bound:
    """The error bars of one result, half-widths in C units: of inputs drawn uniformly from the domain, for which the
    program has a finite result, at least 90 % err by at most `p90`, and 99 % by at most `p99`. Infinite where there
    were too few rows.

    Where the error depends on an `argument`, the bars of parts of its range say more: between `edges` k and k+1 those
    of `slices[k]`, (p90, p99), hold for as many inputs of that slice. Else `argument` is "" and there are none.
    """

    name: str
    p90: float
    p99: float
    argument: str = ""
    edges: tuple[float, ...] = ()
    slices: tuple[tuple[float, float], ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        whole = {"name": self.name, "p90": reading.plain(self.p90), "p99": reading.plain(self.p99)}
        if not self.argument:
            return whole
        slices = [[reading.plain(v) for v in bars] for bars in self.slices]
        return whole | {"argument": self.argument, "edges": list(self.edges), "slices": slices}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Bound:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        whole = d["name"], reading.size(d["p90"]), reading.size(d["p99"])
        if "argument" not in d:
            return cls(*whole)
        edges = tuple(map(reading.finite, d["edges"]))
        slices = tuple((reading.size(p90), reading.size(p99)) for p90, p99 in d["slices"])
        if len(edges) != len(slices) + 1 or any(b <= a for a, b in pairwise(edges)):
            raise ValueError("no slices of a range")
        return cls(*whole, d["argument"], edges, slices)


def conformal(errors: Rows, level: float) -> float:
    """The bar of absolute errors [n]; infinite where they are too few for the level."""
    rank = math.ceil(round((len(errors) + 1) * level, 9))  # 100 * 0.99 is a little more than 99
    return math.inf if rank > len(errors) else float(np.partition(errors, rank - 1)[rank - 1])


def error_bars(name: str, errors: Rows, x: Rows, arguments: Sequence[Argument]) -> Bound:
    """The bars of a result from its absolute errors [n] at rows x [n, A] of the domain.

    The even rows choose the argument whose slices are worth having, if any, and the odd ones say how wide their bars
    are.
    """
    p90, p99 = _bars(errors)
    choosing, measuring = slice(0, None, 2), slice(1, None, 2)
    chosen = _sliced(errors[choosing], x[choosing], arguments)
    if chosen is None:
        return Bound(name, p90, p99)
    edges = edges_of(arguments[chosen])
    slices = _slices(errors[measuring], x[measuring, chosen], edges)
    return Bound(name, p90, p99) if slices is None else Bound(name, p90, p99, arguments[chosen].name, edges, slices)


def _bars(errors: Rows) -> tuple[float, float]:
    p90, p99 = (conformal(errors, level) for level in LEVELS)
    return p90, p99


def _slices(errors: Rows, values: Rows, edges: tuple[float, ...]) -> tuple[tuple[float, float], ...] | None:
    """The bars of each slice; None where one has too few rows."""
    parts = _parts(errors, values, edges)
    return None if parts is None else tuple(map(_bars, parts))


def _parts(errors: Rows, values: Rows, edges: tuple[float, ...]) -> list[Rows] | None:
    """The errors of each slice; None where one has too few rows."""
    place = places(values, edges)
    parts = [errors[place == k] for k in range(len(edges) - 1)]
    return None if min(map(len, parts)) < FEWEST else parts


def _sliced(errors: Rows, x: Rows, arguments: Sequence[Argument]) -> int | None:
    """The argument in whose slices the bars are narrowest, if that is worth it."""
    best, least = None, WORTH * conformal(errors, LEVELS[0])
    for k, argument in enumerate(arguments):
        edges = edges_of(argument)
        if len(edges) < 3 or (parts := _parts(errors, x[:, k], edges)) is None:
            continue
        mean = float(np.mean([conformal(part, LEVELS[0]) for part in parts]))
        if mean < least:
            best, least = k, mean
    return best


def bars_at(bounds: Sequence[Bound], x: Rows, arguments: Sequence[Argument]) -> Bars:
    """The bars of rows x [n, A]: [n, R] each."""
    low, high = np.array([[a.low, a.high] for a in arguments]).T
    inside = ((low <= x) & (x <= high)).all(1)  # [n]; a NaN is not inside
    names = [a.name for a in arguments]
    p90, p99 = np.full((2, len(x), len(bounds)), np.inf)
    for k, bound in enumerate(bounds):
        bars = np.array([(bound.p90, bound.p99)])
        if bound.argument:
            place = places(x[inside, names.index(bound.argument)], bound.edges)
            bars = np.array(bound.slices)[place]
        p90[inside, k], p99[inside, k] = bars.T
    return Bars(p90, p99)
