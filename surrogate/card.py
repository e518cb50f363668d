"""The card of an artifact: what was compiled, from what, and how far off it is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from surrogate import __version__

if TYPE_CHECKING:
    from cprograms.program import Argument, Result
    from surrogate.surrogate import Surrogate

BAD_NMSE = 0.1
"""Above this nMSE a surrogate is called bad; 1 is the error of a constant."""


def card(surrogate: Surrogate) -> str:
    """The text of an artifact's README.md."""
    arguments = [
        f"| `{a.name}` | `{a.type.name}` | {number(a.low)} to {number(a.high)} |" for a in surrogate.arguments
    ]
    example = ", ".join(number((a.low + a.high) / 2) for a in surrogate.arguments)
    return "\n".join(
        [
            "---",
            "library_name: surrogate-compiler",
            "tags: [neural-surrogate, c]",
            "---",
            f"# A neural surrogate of `{surrogate.entry}`",
            "",
            f"`{signature(surrogate.entry, surrogate.arguments, surrogate.results)}`, compiled at"
            f" -O{surrogate.opt_level} by surrogate-compiler {__version__}: {network_line(surrogate)}.",
            f"It takes and returns raw C units. The program is `program.c`; {rows_line(surrogate)}.",
            "",
            "| argument | type | domain |",
            "|---|---|---|",
            *arguments,
            "",
            "Outside this domain it extrapolates, and nothing was measured.",
            "",
            "## Measured error",
            "",
            *_error_lines(surrogate),
            "",
            "## Use",
            "",
            "```python",
            "import surrogate",
            'surrogate.load("this directory").predict([[' + example + "]])",
            "```",
            "",
        ]
    )


def _error_lines(surrogate: Surrogate) -> list[str]:
    report = surrogate.measured
    if report is None:
        return ["Not measured: -O0 never runs the program. `surrogate check` measures it."]
    lines = [
        f"On {report.rows:,} fresh rows, uniform over the domain"
        + (f", of which {report.trapped:,} had no finite result and do not count" if report.trapped else "")
        + ". nMSE is the mean squared error over the variance of the true outputs.",
        "",
        "| result | nMSE | R² | greatest absolute error |",
        "|---|---|---|---|",
        *(f"| `{r.name}` | {number(r.nmse)} | {number(r.r2)} | {number(r.max_error)} |" for r in report.results),
    ]
    if not report.nmse <= BAD_NMSE:
        lines += ["", f"**This is a bad surrogate**: its nMSE is above {BAD_NMSE}."]
    return lines


def signature(entry: str, arguments: tuple[Argument, ...], results: tuple[Result, ...]) -> str:
    """The entry in the style of C: `double f(double x, int n)`, or `{double re, double im} f(...)` for a struct."""
    takes = ", ".join(f"{a.type.name} {a.name}" for a in arguments)
    if [r.name for r in results] == ["return"]:
        return f"{results[0].type.name} {entry}({takes})"
    gives = ", ".join(f"{r.type.name} {r.name}" for r in results)
    return f"{{{gives}}} {entry}({takes})"


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


def number(v: float) -> str:
    """A figure to read: four digits are enough for an error."""
    if math.isinf(v):
        return "∞" if v > 0 else "−∞"
    return f"{v:.4g}"
