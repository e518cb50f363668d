"""The signature of a numeric program in words and in JSON: what cards, summaries and configurations share."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from cprograms.program import Argument, Program, Result, bound, prototype
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
        """In the style of C; see `cprograms.program.prototype`."""
        return prototype(self.entry, self.arguments, self.results)

    def domain_lines(self) -> list[str]:
        """A line an argument: its range, and that it is the default where nobody set it."""
        return [a.domain_text for a in self.arguments]

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
