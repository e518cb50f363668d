"""The card of an exact artifact: what was compiled, to what, and what a check found."""

from __future__ import annotations

from surrogate.anc.check import FUEL, ExactReport
from surrogate.anc.decompiler.decompile import MEANING
from surrogate.anc.machine.assembly import Assembly, size_line
from surrogate.anc.machine.samples import Samples
from surrogate.version import __version__


def report_line(report: ExactReport) -> str:
    """What a check found, in words."""
    counted = report.tapes - report.endless
    if not counted:
        return f"nothing to compare: within {FUEL:,} steps, the C program ends on none of {report.tapes:,} random tapes"
    tapes = "tapes that it was adapted to" if report.adapted else "random tapes"
    found = f"all {counted:,}" if report.passed else f"only {report.right:,} of {counted:,}"
    steps = "" if report.mean_steps is None else f", in {_mean(report.mean_steps)} steps on average"
    unfinished = f"; given up on {report.unfinished:,}" if report.unfinished else ""
    endless = f"; the C program does not end on {report.endless:,} more" if report.endless else ""
    return f"{found} {tapes} right, cell by cell{steps}{unfinished}{endless}"


def _mean(steps: float) -> str:
    return f"{steps:.4g}" if steps < 1000 else f"{steps:,.0f}"


def card(
    entry: str, assembly: Assembly, tape: int, samples: Samples | None, kind: int, report: ExactReport | None
) -> str:
    """The text of an artifact's README.md; the arguments are the fields of an AncProgram."""
    return "\n".join(
        [
            "---",
            "library_name: surrogate-compiler",
            "tags: [neural-compilation, c]",
            "---",
            f"# `{entry}` as a program of the ANC register machine",
            "",
            f"Compiled by surrogate-compiler {__version__} for the exact target: {size_line(assembly, tape)}. Every"
            f" value is modulo {assembly.memory_size}. The matrices of the controller, as logits, are W_e, W_a, W_b,"
            " W_o, R0 and IR0 in `model.safetensors`; `program.asm` is what they say, and `program.c` the C program.",
            "",
            *_adaptation_lines(samples, kind),
            f"Check: {report_line(report)}." if report else "Not checked yet: `surrogate check` does it.",
            "",
            "```python",
            "import surrogate",
            'surrogate.load("this directory").run([1, 2, 3])',
            "```",
            "",
        ]
    )


def _adaptation_lines(samples: Samples | None, kind: int) -> list[str]:
    if samples is None:
        return []
    return [
        f"It was adapted to the {len(samples.tape):,} tapes of `samples.jsonl`, and is only right on tapes like"
        f" them. It is of type {kind}: {MEANING[kind]}.",
        "",
    ]
