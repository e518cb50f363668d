"""Programs and surrogates in words and in JSON: what the card, the summary and the reports share."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cprograms.program import Argument, Result

if TYPE_CHECKING:
    from surrogate.mlp.check import Report, ResultError
    from surrogate.mlp.surrogate import Surrogate

BAD_NMSE = 0.1
"""Above this nMSE a surrogate is called bad; 1 is the error of a constant."""


def signature(entry: str, arguments: Sequence[Argument], results: Sequence[Result]) -> str:
    """The entry in the style of C: `double f(double x, int n)`, or `{double re, double im} f(...)` for a struct."""
    takes = ", ".join(f"{a.type.name} {a.name}" for a in arguments)
    if [r.name for r in results] == ["return"]:
        return f"{results[0].type.name} {entry}({takes})"
    gives = ", ".join(f"{r.type.name} {r.name}" for r in results)
    return f"{{{gives}}} {entry}({takes})"


def signature_dict(arguments: Sequence[Argument], results: Sequence[Result]) -> dict[str, Any]:
    """Arguments and results with their C types and domains, for JSON."""
    return {
        "arguments": [
            {"name": a.name, "type": a.type.code, "low": a.low, "high": a.high, "origin": a.origin} for a in arguments
        ],
        "results": [{"name": r.name, "type": r.type.code, "low": r.low, "high": r.high} for r in results],
    }


def domain_lines(arguments: Sequence[Argument]) -> list[str]:
    """A line an argument: its range, and that it is the default where nobody set it."""
    return [
        f"{a.name} in [{bound(a.low)}, {bound(a.high)}]" + (" (default)" if a.origin == "default" else "")
        for a in arguments
    ]


def network_line(surrogate: Surrogate) -> str:
    """The network's size, as in "MLP 3 → 64 → 64 → 1, 4,481 parameters"."""
    towers, hidden, width = surrogate.module.w1.shape
    several = f"{towers} × " if towers > 1 else ""
    return f"{several}MLP {width} → {hidden} → {hidden} → 1, {surrogate.module.parameter_count:,} parameters"


def rows_line(surrogate: Surrogate) -> str:
    """Where the weights come from, in words."""
    if surrogate.opt_level == 0:
        return "the weights come from its text alone"
    tuned = ", then fine-tuned on them" if surrogate.opt_level == 2 else ""
    return f"the weights come from its text and {surrogate.rows} executed rows (by Gauss–Newton steps){tuned}"


def error_line(error: Report | ResultError) -> str:
    return f"nMSE {number(error.nmse)}, R² {number(error.r2)}, greatest error {number(error.max_error)}"


def number(v: float) -> str:
    """An error to read: four digits are enough."""
    if math.isinf(v):
        return "∞" if v > 0 else "−∞"
    return f"{v:.4g}"


def bound(v: float) -> str:
    """A domain's end in as many digits as it needs."""
    return str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(float(v))
