"""Where the error is: the slice of an argument's range, or the branch of the program, that holds most of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from surrogate.numeric.checking import reading


@dataclass(frozen=True)
class Region:
    """A part of the domain that holds `share` of a result's squared error, and only `rows` of the rows (both 0 to 1).

    A slice has an `argument`, from `low` to `high`, ends included, in C units. A branch has a `condition`, which
    `holds` there or does not, as C text, and the `line` of `program.c` that it stands in; 0 where that is not known.
    """

    result: str
    share: float
    rows: float
    argument: str = ""
    low: float = 0.0
    high: float = 0.0
    condition: str = ""
    holds: bool = True
    line: int = 0

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        common = {"result": self.result, "share": self.share, "rows": self.rows}
        if self.argument:
            return common | {"argument": self.argument, "low": self.low, "high": self.high}
        return common | {"condition": self.condition, "holds": self.holds, "line": self.line}

    @classmethod
    def from_dict(cls, d: dict[str, Any]) -> Region:
        """The inverse of `as_dict`. Raises KeyError, TypeError or ValueError for a dictionary of another shape."""
        common = d["result"], reading.share(d["share"]), reading.share(d["rows"])
        if "argument" in d:
            return cls(*common, d["argument"], reading.finite(d["low"]), reading.finite(d["high"]))
        condition, line = reading.text(d["condition"]), reading.count(d["line"])
        return cls(*common, condition=condition, holds=bool(d["holds"]), line=line)
