"""The signature of a numeric program in words and in JSON: what cards, summaries and configurations share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cprograms.program import Argument, Program, Result
from cprograms.types import SCALARS

ORIGINS = ("default", "pragma", "user")
"""Who may have set a range; see `cprograms.program.Argument`."""


@dataclass(frozen=True)
class Signature:
    """What an entry takes and returns, and the domain of its inputs."""

    entry: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]

    @classmethod
    def of(cls, program: Program) -> Signature:
        return cls(program.entry, program.arguments, program.results)

    def __str__(self) -> str:
        """In the style of C: `double f(double x, int n)`, or `{double re, double im} f(...)` for a struct."""
        takes = ", ".join(f"{a.type.name} {a.name}" for a in self.arguments)
        if [r.name for r in self.results] == ["return"]:
            return f"{self.results[0].type.name} {self.entry}({takes})"
        gives = ", ".join(f"{r.type.name} {r.name}" for r in self.results)
        return f"{{{gives}}} {self.entry}({takes})"

    def domain_lines(self) -> list[str]:
        """A line an argument: its range, and that it is the default where nobody set it."""
        return [
            f"{a.name} in [{bound(a.low)}, {bound(a.high)}]" + (" (default)" if a.origin == "default" else "")
            for a in self.arguments
        ]

    def domain_text(self) -> str:
        """The ranges of the arguments in a line."""
        return ", ".join(f"{a.name} in [{bound(a.low)}, {bound(a.high)}]" for a in self.arguments)

    def without_origins(self) -> Signature:
        """The same whoever set the ranges, and as floats: what a program that was printed says of itself."""
        plain = (replace(a, low=float(a.low), high=float(a.high), origin="") for a in self.arguments)
        return replace(self, arguments=tuple(plain))

    def as_dict(self) -> dict[str, Any]:
        """Arguments and results with their C types and domains, for JSON."""
        return {
            "arguments": [
                {"name": a.name, "type": a.type.code, "low": a.low, "high": a.high, "origin": a.origin}
                for a in self.arguments
            ],
            "results": [{"name": r.name, "type": r.type.code, "low": r.low, "high": r.high} for r in self.results],
        }

    @classmethod
    def from_dict(cls, entry: str, d: dict[str, Any]) -> Signature:
        """The inverse of `as_dict`.

        Raises KeyError, TypeError, ValueError or OverflowError for a dictionary of another shape.
        """
        arguments = tuple(
            Argument(a["name"], SCALARS[a["type"]], float(a["low"]), float(a["high"]), a["origin"])
            for a in d["arguments"]
        )
        results = tuple(Result(r["name"], SCALARS[r["type"]], r["low"], r["high"]) for r in d["results"])
        if unknown := {a.origin for a in arguments} - set(ORIGINS):
            raise ValueError(f"a range set by {unknown.pop()!r}")
        return cls(entry, arguments, results)


def bound(v: float) -> str:
    """A domain's end in as many digits as it needs."""
    return str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(float(v))
