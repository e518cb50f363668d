"""Error bars by split conformal prediction: half-widths that hold for new inputs, whatever the program.

Shapes: n rows, R results.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from surrogate.numeric.checking import reading

LEVELS = (0.90, 0.99)
"""The shares of inputs that the bars hold for."""


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
