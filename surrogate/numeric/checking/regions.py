"""Where the error is: the slice of an argument's range, or the branch of the program, that holds most of it.

Shapes: n rows, A arguments, R results, C candidates for a region.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.graph import Graph
from cprograms.program import Program
from surrogate.numeric.checking import reading
from surrogate.numeric.checking.conditions import conditions
from surrogate.numeric.checking.slices import edges_of, places

Rows = npt.NDArray[np.float64]

MOST, TIMES = 0.5, 2.0
"""A region is worth telling where it holds this share of the squared error, and so many times its share of the rows."""
FEWEST = 10
"""Rows that the error of a region is spread over at least: so many equal errors would sum up alike."""
FAR_OUT = 1 / 500
"""The share of the rows, one at least, without whose errors, the greatest, a region must be worth telling as well."""
EXACT, ROUNDINGS = 1e-12, 8
"""Where no error is beyond this share of the greatest value, or beyond so many roundings of it in the result's type,
what there is comes from rounding, and is nowhere."""


@dataclass(frozen=True)
class Region:
    """A part of the domain that holds `share` of a result's squared error, and only `rows` of the rows (both 0 to 1).

    A slice has an `argument`, from `low` to `high`, ends included, in C units. A branch has a `condition`, which
    `holds` there or does not, as C text, and the `file` and `line` that it stands in; "" and 0 where that is not known.
    """

    result: str
    share: float
    rows: float
    argument: str = ""
    low: float = 0.0
    high: float = 0.0
    condition: str = ""
    holds: bool = True
    file: str = ""
    line: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        common = {"result": self.result, "share": self.share, "rows": self.rows}
        if self.argument:
            return common | {"argument": self.argument, "low": self.low, "high": self.high}
        place = {"file": self.file, "line": self.line} if self.line else {}
        return common | {"condition": self.condition, "holds": self.holds, **place}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Region:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        common = d["result"], reading.share(d["share"]), reading.share(d["rows"])
        if "argument" in d:
            return cls(*common, d["argument"], reading.finite(d["low"]), reading.finite(d["high"]))
        file, line = reading.text(d.get("file", "")), reading.count(d.get("line", 0))
        return cls(*common, condition=reading.text(d["condition"]), holds=bool(d["holds"]), file=file, line=line)


@dataclass(frozen=True)
class _Candidate:
    """A region of a result that is not known yet, and which rows [n] are inside."""

    region: Region
    inside: npt.NDArray[np.bool_]


def regions(program: Program, graph: Graph | None, x: Rows, y: Rows, errors: Rows) -> tuple[Region, ...]:
    """For each result the slice and the branch that hold clearly more of its squared error than of the rows, if any.

    x [n, A], the true y and the absolute errors [n, R]. The program's branches are known where its graph is.
    """
    greatest = errors.max(0)
    exact = [0 if r.type.is_integer else ROUNDINGS * float(np.finfo(r.type.dtype).eps) for r in program.results]
    told = np.flatnonzero((greatest > np.maximum(EXACT, exact) * np.abs(y).max(0)) & np.isfinite(greatest))
    kinds = list(_slices(program, x)), list(_branches(program, graph, x)) if graph else []
    squares = (errors[:, told] / greatest[told]) ** 2
    clearest = [_clearest(candidates, squares) for candidates in kinds if candidates]
    found = []
    for place, k in enumerate(told.tolist()):
        regions = (of_kind[place] for of_kind in clearest)
        found += [replace(region, result=program.results[k].name) for region in regions if region is not None]
    return tuple(found)


def _slices(program: Program, x: Rows) -> Iterator[_Candidate]:
    for k, argument in enumerate(program.arguments):
        edges = edges_of(argument)
        place = places(x[:, k], edges)
        if len(edges) > 2:
            for number, (low, high) in enumerate(pairwise(edges)):
                yield _Candidate(Region("", 0, 0, argument.name, low, high), place == number)


def _branches(program: Program, graph: Graph, x: Rows) -> Iterator[_Candidate]:
    for condition in conditions(program, graph, x):
        for holds in (True, False):
            region = Region("", 0, 0, condition=condition.text, holds=holds, file=condition.file, line=condition.line)
            yield _Candidate(region, condition.holds == holds)


def _clearest(candidates: Sequence[_Candidate], squares: Rows) -> list[Region | None]:
    """For each result the candidate that holds most of its squared error [n, R] beyond its share of the rows.

    None where that is not clear.
    """
    inside = np.array([c.inside for c in candidates], dtype=np.float64)  # [C, n]
    rows = inside.mean(1, keepdims=True)  # [C, 1]
    without = squares.copy()
    far_out = np.argsort(-squares, axis=0)[: max(1, int(FAR_OUT * len(squares)))]
    np.put_along_axis(without, far_out, 0, axis=0)
    least_sum = np.finfo(float).tiny
    held = inside @ np.hstack([squares, without, without**2])  # [C, 3R]
    shares, kept, spread = np.split(held, 3, axis=1)
    shares = shares / squares.sum(0)
    least = np.minimum(shares, kept / np.maximum(without.sum(0), least_sum))
    wide = kept**2 >= FEWEST * np.maximum(spread, least_sum)  # the squared sum over the sum of squares, in rows
    clear = (least >= MOST) & (least >= TIMES * rows) & wide
    best = np.argmax(np.where(clear, least - rows, -1), axis=0)
    return [
        replace(candidates[c].region, share=min(float(shares[c, k]), 1.0), rows=float(rows[c, 0]))
        if clear[c, k]
        else None
        for k, c in enumerate(best.tolist())
    ]
