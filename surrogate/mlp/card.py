"""The card of an artifact: what was compiled, from what, and how far off it is."""

from __future__ import annotations

import math

from cprograms.program import bound
from surrogate.mlp.check import Report, ResultError
from surrogate.mlp.network import SurrogateNetwork
from surrogate.signature import Signature
from surrogate.version import __version__

BAD_NMSE = 0.1
"""Above this nMSE a surrogate is called bad; 1 is the error of a constant."""


def network_line(network: SurrogateNetwork) -> str:
    """The network's size, as in "MLP 3 → 64 → 64 → 1, 4,481 parameters"."""
    towers, hidden, width = network.w1.shape
    several = f"{towers} × " if towers > 1 else ""
    return f"{several}MLP {width} → {hidden} → {hidden} → 1, {network.parameter_count:,} parameters"


def rows_line(opt_level: int, rows: int) -> str:
    """Where the weights come from, in words."""
    if opt_level == 0:
        return "the weights come from its text alone"
    tuned = ", then fine-tuned on them" if opt_level == 2 else ""
    return f"the weights come from its text and {rows} executed rows (by Gauss–Newton steps){tuned}"


def error_line(error: Report | ResultError) -> str:
    return f"nMSE {number(error.nmse)}, R² {number(error.r2)}, greatest error {number(error.max_error)}"


def trapped_line(report: Report) -> str | None:
    """What a surrogate cannot say of its inputs: that the program has no finite result for some of them, if so."""
    if not report.trapped:
        return None
    return (
        f"the program gave no finite result on {report.trapped:,} of {report.rows:,} rows of its domain"
        f" ({100 * report.trapped_share:.2g}% of it), and the surrogate does not know which inputs those are"
    )


def number(v: float) -> str:
    """An error to read: four digits are enough."""
    if math.isinf(v):
        return "∞" if v > 0 else "−∞"
    return f"{v:.4g}"


def card(
    signature: Signature,
    network: SurrogateNetwork,
    opt_level: int,
    rows: int,
    measured: Report | None,
    stale: bool = False,
) -> str:
    """The text of an artifact's README.md; `stale` says that an error was measured, but of other weights."""
    arguments = [f"| `{a.name}` | `{a.type.name}` | {bound(a.low)} to {bound(a.high)} |" for a in signature.arguments]
    example = ", ".join(bound(a.low) for a in signature.arguments)
    return "\n".join(
        [
            "---",
            "library_name: surrogate-compiler",
            "tags: [neural-surrogate, c]",
            "---",
            f"# A neural surrogate of `{signature.entry}`",
            "",
            f"`{signature}`, compiled at -O{opt_level} by surrogate-compiler {__version__}: {network_line(network)}.",
            f"It takes and returns raw C units. The program is `program.c`; {rows_line(opt_level, rows)}.",
            "",
            "| argument | type | domain |",
            "|---|---|---|",
            *arguments,
            "",
            "Outside this domain it extrapolates, and nothing was measured.",
            "",
            "## Measured error",
            "",
            *_error_lines(measured, stale),
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


def _error_lines(report: Report | None, stale: bool) -> list[str]:
    if report is None and stale:
        return ["Not measured for these weights. `surrogate check` measures it."]
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
