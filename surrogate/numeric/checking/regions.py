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
EXACT = 1e-12
"""Where no error is beyond this share of the greatest value, what there is comes from rounding, and is nowhere."""


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


def regions(program: Program, x: Rows, y: Rows, errors: Rows) -> tuple[Region, ...]:
    """For each result the slice and the branch that hold clearly more of its squared error than of the rows, if any.

    x [n, A], the true y and the absolute errors [n, R].
    """
    kinds = list(_slices(program, x)), list(_branches(program, x))
    found: list[Region] = []
    for k, result in enumerate(program.results):
        if errors[:, k].max() > EXACT * np.abs(y[:, k]).max():
            clear = (_clearest(result.name, candidates, errors[:, k]) for candidates in kinds)
            found += [region for region in clear if region is not None]
    return tuple(found)


def _slices(program: Program, x: Rows) -> Iterator[_Candidate]:
    for k, argument in enumerate(program.arguments):
        edges = edges_of(argument)
        place = places(x[:, k], edges)
        if len(edges) > 2:
            for number, (low, high) in enumerate(pairwise(edges)):
                yield _Candidate(Region("", 0, 0, argument.name, low, high), place == number)


def _branches(program: Program, x: Rows) -> Iterator[_Candidate]:
    for condition in conditions(program, x):
        for holds in (True, False):
            region = Region("", 0, 0, condition=condition.text, holds=holds, file=condition.file, line=condition.line)
            yield _Candidate(region, condition.holds == holds)


def _clearest(result: str, candidates: Sequence[_Candidate], errors: Rows) -> Region | None:
    """The candidate that holds most of the squared error beyond its share of the rows, where that is clear."""
    if not candidates:
        return None
    squares = (errors / errors.max()) ** 2  # [n]
    without = squares.copy()
    without[np.argsort(-squares)[: max(1, int(FAR_OUT * len(squares)))]] = 0
    inside = np.array([c.inside for c in candidates], dtype=np.float64)  # [C, n]
    rows = inside.mean(1)
    shares = [inside @ part / max(part.sum(), np.finfo(float).tiny) for part in (squares, without)]
    least = np.minimum(*shares)
    clear = (least >= MOST) & (least >= TIMES * rows) & (_spread(inside, without) >= FEWEST)
    if not clear.any():
        return None
    best = int(np.argmax(np.where(clear, least - rows, -1)))
    return replace(
        candidates[best].region, result=result, share=min(float(shares[0][best]), 1.0), rows=float(rows[best])
    )


def _spread(inside: Rows, squares: Rows) -> Rows:
    """How many rows [C] share the squares [n] inside of candidates [C, n]: the squared sum over the sum of squares."""
    squared: Rows = (inside @ squares) ** 2 / np.maximum(inside @ squares**2, np.finfo(float).tiny)
    return squared
