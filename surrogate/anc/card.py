"""The card of an exact artifact: what was compiled, to what, and what a check found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from surrogate import __version__
from surrogate.anc.decompiler.decompile import MEANING

if TYPE_CHECKING:
    from surrogate.anc.check import ExactReport
    from surrogate.anc.program import AncProgram


def size_line(program: AncProgram) -> str:
    """The size in words, as in "10 lines, 6 registers, a memory of 20 cells"."""
    lines, registers = len(program.program), program.controller.register_count
    cells = f"a memory of {program.memory_size} cells"
    own = program.memory_size - program.tape
    arrays = f" (the last {own} for local arrays)" if own > 0 else ""
    return f"{_count(lines, 'line')}, {_count(registers, 'register')}, {cells}{arrays}"


def report_line(report: ExactReport) -> str:
    """What a check found, in words."""
    counted = report.tapes - report.endless
    if not counted:
        return f"nothing to compare: the C program ends on none of {report.tapes:,} random tapes"
    kind = "tapes that it was adapted to" if report.adapted else "random tapes"
    found = f"all {counted:,}" if report.passed else f"only {report.right:,} of {counted:,}"
    steps = "" if report.mean_steps is None else f", in {report.mean_steps:.4g} steps on average"
    unfinished = f"; given up on {report.unfinished:,}" if report.unfinished else ""
    endless = f"; the C program does not end on {report.endless:,} more" if report.endless else ""
    return f"{found} {kind} right, cell by cell{steps}{unfinished}{endless}"


def card(program: AncProgram) -> str:
    """The text of an artifact's README.md."""
    report = program.measured
    return "\n".join(
        [
            "---",
            "library_name: surrogate-compiler",
            "tags: [neural-compilation, c]",
            "---",
            f"# `{program.entry}` as a program of the ANC register machine",
            "",
            f"Compiled by surrogate-compiler {__version__} for the exact target: {size_line(program)}. Every value is"
            f" modulo {program.memory_size}. The matrices of the controller, as logits, are W_e, W_a, W_b, W_o, R0 and"
            " IR0 in `model.safetensors`; `program.asm` is what they say, and `program.c` the C program.",
            "",
            *_adaptation_lines(program),
            f"Check: {report_line(report)}." if report else "Not checked yet: `surrogate check` does it.",
            "",
            "```python",
            "import surrogate",
            'surrogate.load("this directory").run([1, 2, 3])',
            "```",
            "",
        ]
    )


def _adaptation_lines(program: AncProgram) -> list[str]:
    if program.samples is None:
        return []
    return [
        f"It was adapted to the {len(program.samples.tape):,} tapes of `samples.jsonl`, and is only right on tapes like"
        f" them. It is of type {program.kind}: {MEANING[program.kind]}.",
        "",
    ]


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"
