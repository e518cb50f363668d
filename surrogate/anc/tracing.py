"""What an execution does, step by step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from surrogate.anc import machine
from surrogate.anc.assembly import instruction_text
from surrogate.anc.instructions import OPERANDS, Instruction, Op

if TYPE_CHECKING:
    from surrogate.anc.compiled import AncProgram

SURE = 0.995
"""Probabilities from here on are not worth saying."""


@dataclass(frozen=True)
class TraceStep:
    """One step, by what is likeliest.

    `line` is the line and `line_probability` how probably it is that one, `instruction` what stands there, `arguments`
    the values of the registers that it looks at, `registers` [R] and `tape` [M] the values after it; `stopped` is the
    probability of having stopped. An exact program is sure of all of it.
    """

    step: int
    line: int
    line_probability: float
    instruction: Instruction
    arguments: tuple[int, ...]
    registers: tuple[int, ...]
    tape: tuple[int, ...]
    changed: dict[int, tuple[int, int]]
    next_line: int
    stopped: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the cells and the output register that changed, in place of the whole tape."""
        return {
            "step": self.step,
            "line": self.line,
            "line_probability": round(self.line_probability, 6),
            "instruction": instruction_text(self.instruction),
            "arguments": list(self.arguments),
            "registers": list(self.registers),
            "changed": [{"cell": c, "before": b, "after": a} for c, (b, a) in self.changed.items()],
            "stopped": round(self.stopped, 6),
        }


@torch.no_grad()
def trace(program: AncProgram, tape: np.ndarray, max_steps: int) -> list[TraceStep]:
    """Every step of a run on a tape [M], the STOP included; at most `max_steps`."""
    assembly, hard = program.program, program.kind == 1
    state = machine.start(program.controller, machine.to_tape(torch.from_numpy(tape))[None, None], hard)
    steps: list[TraceStep] = []
    while state.running.any() and len(steps) < max_steps:
        before, state = state, machine.step(program.controller, state, hard)
        line = int(before.line[0, 0].argmax())
        inside = line < len(assembly)
        instruction = assembly.instructions[line] if inside else Instruction(Op.STOP)
        looked_at = [instruction.arg1, instruction.arg2][: OPERANDS[instruction.op]]
        held, cells = _values(before.registers), _values(before.tape)
        left = _values(state.tape)
        steps.append(
            TraceStep(
                step=len(steps) + 1,
                line=line,
                line_probability=float(before.line[0, 0, line]),
                instruction=instruction,
                arguments=tuple(held[r] for r in looked_at if r is not None),
                registers=_values(state.registers),
                tape=left,
                changed={i: (b, a) for i, (b, a) in enumerate(zip(cells, left, strict=True)) if a != b},
                next_line=int(state.line[0, 0].argmax()),
                stopped=float(state.stopped[0, 0]),
            )
        )
    return steps


def _values(distributions: torch.Tensor) -> tuple[int, ...]:
    """The likeliest values of a [1, 1, n, M]."""
    return tuple(distributions[0, 0].argmax(-1).tolist())


def trace_lines(steps: Sequence[TraceStep], colour: bool = False) -> list[str]:
    """A line a step: its number, the program's line, the instruction, what it did, and the cells that changed."""
    texts = [instruction_text(s.instruction) for s in steps]
    widths = len(str(len(steps))), max((len(str(s.line)) for s in steps), default=1), max(map(len, texts), default=0)
    effects = [_effect(s) for s in steps]
    width = max(map(len, effects), default=0)
    lines = []
    for s, text, effect in zip(steps, texts, effects, strict=True):
        doubt = "" if s.line_probability >= SURE else f"  (line {s.line} with {s.line_probability:.2f})"
        cells = "  ".join(f"mem[{c}] {before} → {after}" for c, (before, after) in s.changed.items())
        place = f"{s.step:>{widths[0]}}  {s.line:>{widths[1]}}"
        instruction = f"{text:<{widths[2]}}"
        if colour:
            place, instruction = f"\033[2m{place}\033[0m", f"\033[1m{instruction}\033[0m"
            cells = f"\033[33m{cells}\033[0m" if cells else cells
        lines.append(f"{place}  {instruction}  {effect:<{width}}  {cells}{doubt}".rstrip())
    return lines


def _effect(s: TraceStep) -> str:
    """What a step did to registers and control flow, with the values."""
    i = s.instruction
    given = ", ".join(map(str, s.arguments))
    if i.op is Op.STOP:
        return "stop"
    if i.op is Op.JEZ:
        jumped = s.arguments[0] == 0
        return f"{s.arguments[0]} = 0, to line {s.next_line}" if jumped else f"{s.arguments[0]} ≠ 0"
    if i.op is Op.WRITE:
        return f"mem[{s.arguments[0]}] = {s.arguments[1]}"
    value = s.registers[i.out] if i.out is not None else 0
    return f"{_CALLS[i.op].format(*s.arguments)} = {value}" if given else f"= {value}"


_CALLS = {
    Op.INC: "{} + 1",
    Op.ADD: "{} + {}",
    Op.SUB: "{} - {}",
    Op.DEC: "{} - 1",
    Op.MIN: "min({}, {})",
    Op.MAX: "max({}, {})",
    Op.READ: "mem[{}]",
}
