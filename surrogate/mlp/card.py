"""The card of an artifact: what was compiled, from what, and how far off it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate import __version__
from surrogate.mlp.describe import BAD_NMSE, bound, network_line, number, rows_line, signature

if TYPE_CHECKING:
    from surrogate.mlp.surrogate import Surrogate


def card(surrogate: Surrogate) -> str:
    """The text of an artifact's README.md."""
    arguments = [f"| `{a.name}` | `{a.type.name}` | {bound(a.low)} to {bound(a.high)} |" for a in surrogate.arguments]
    example = ", ".join(bound(a.low) for a in surrogate.arguments)
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
