"""The error of a surrogate's derivatives against those of its program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from surrogate.numeric.checking import reading


@dataclass(frozen=True)
class GradientError:
    """The error of the derivatives in one argument, of the result of which it is worst.

    `rms_error` and `rms_true` are the root mean squares of the error and of the program's derivative, in C units of
    `result` for one of `argument`; `max_error` is the greatest error.
    """

    argument: str
    result: str
    rms_error: float
    rms_true: float
    max_error: float

    @property
    def relative(self) -> float:
        """The error over the derivative's own size; infinite where the program has a derivative of 0 only."""
        if self.rms_true == 0:
            return 0.0 if self.rms_error == 0 else float("inf")
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
