"""What an execution does, step by step."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly, instruction_text
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Instruction, Op, Values

SURE = 0.995
"""Probabilities from here on are not worth saying."""
_NARROW = 10
"""Where the lines of a row go on that has no room beside its instruction."""


@dataclass(frozen=True)
class TraceStep:
    """One step, by what is likeliest.

    `line` is the line and `line_probability` how probably it is that one, `instruction` what stands there, `arguments`
    the values of the registers that it looks at, `registers` [R] and `tape` [M] the values after it; `changed` gives
    the cells' values before and after it; `stopped` is the probability of having stopped, `halted` whether that ends
    the run. An exact program is sure of all of it.
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
    halted: bool

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
def trace(controller: Controller, assembly: Assembly, tape: Values, max_steps: int, hard: bool) -> list[TraceStep]:
    """Every step of a run on a tape [M], the STOP included; at most `max_steps`.

    The run is soft, or by arg-max (`hard`); `assembly` is the likeliest program of the controller.
    """
    state = machine.start(controller, machine.to_tape(torch.from_numpy(tape))[None, None], hard)
    steps: list[TraceStep] = []
    while state.running.any() and len(steps) < max_steps:
        before, state = state, machine.step(controller, state, hard)
        line = int(before.line[0, 0].argmax())
        inside = line < len(assembly)
        instruction = assembly.instructions[line] if inside else Instruction(Op.STOP)
        held, cells = _values(before.registers), _values(before.tape)
        left = _values(state.tape)
        steps.append(
            TraceStep(
                step=len(steps) + 1,
                line=line,
                line_probability=float(before.line[0, 0, line]),
                instruction=instruction,
                arguments=tuple(held[r] for r in instruction.arguments),
                registers=_values(state.registers),
                tape=left,
                changed={i: (b, a) for i, (b, a) in enumerate(zip(cells, left, strict=True)) if a != b},
                next_line=int(state.line[0, 0].argmax()),
                stopped=float(state.stopped[0, 0]),
                halted=not bool(state.running[0, 0]),
            )
        )
    return steps


def _values(distributions: torch.Tensor) -> tuple[int, ...]:
    """The likeliest values of a [1, 1, n, M]."""
    return tuple(distributions[0, 0].argmax(-1).tolist())


def trace_lines(steps: Sequence[TraceStep], colour: bool = False, most: int | None = None) -> list[str]:
    """A table: the step, its line, the instruction, what it does, all registers after it, and the cells that changed.

    With `colour`, for terminals, the register that was written and the cells that changed stand out. A row that would
    be wider than `most` columns goes on in further lines, each register below its name.
    """
    registers = len(steps[0].registers)
    header = ["step", "line", "instruction", "", *(f"r{r}" for r in range(registers))]
    rows = [
        [str(s.step), str(s.line), instruction_text(s.instruction), effect(s), *map(str, s.registers)] for s in steps
    ]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = [_DIM(line, colour) for line in _folded(_aligned(header, widths), widths, "cells", most, _plain)]
    for s, row in zip(steps, rows, strict=True):
        cells = _aligned(row, widths)
        if s.instruction.out is not None:
            cells[4 + s.instruction.out] = _BOLD(cells[4 + s.instruction.out], colour)
        changes = ", ".join(f"mem[{c}] {before} → {after}" for c, (before, after) in s.changed.items())
        doubt = "" if s.line_probability >= SURE else f"(at line {s.line} with {s.line_probability:.2f})"
        lines += _folded(cells, widths, changes, most, lambda text: _YELLOW(text, colour), doubt)
    return lines


def _folded(
    cells: Sequence[str],
    widths: Sequence[int],
    changes: str,
    most: int | None,
    painted: Callable[[str], str],
    doubt: str = "",
) -> list[str]:
    """A row, whose cells are as wide as `widths` but for colours, in lines of at most `most` columns."""
    room = most or sys.maxsize
    start = sum(widths[:4]) + 4
    lines, used = [" ".join(cells[:4])], start - 1
    if start > 2 * room // 3:
        start = _NARROW
    for cell, width in zip(cells[4:], widths[4:], strict=True):
        if used + 1 + width > room:
            lines, used = [*lines, " " * (start - 1)], start - 1
        lines[-1] += f" {cell}"
        used += 1 + width
    for text, paint in ((changes, painted), (doubt, _plain)):
        if not text:
            continue
        if used + 2 + len(text) <= room:
            lines[-1] += f"  {paint(text)}"
            used += 2 + len(text)
        else:
            parts = textwrap.wrap(text, room - start)
            lines += [f"{' ' * start}{paint(part)}" for part in parts]
            used = start + len(parts[-1])
    return [line.rstrip() for line in lines]


def _aligned(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    """Words to the left, numbers to the right."""
    return [
        f"{text:<{w}}" if i in (2, 3) else f"{text:>{w}}" for i, (text, w) in enumerate(zip(row, widths, strict=True))
    ]


def effect(s: TraceStep) -> str:
    """What a step does, with the values that it looks at."""
    i = s.instruction
    if i.op is Op.JEZ:
        return f"0 = 0 → line {s.next_line}" if s.arguments[0] == 0 else f"{s.arguments[0]} ≠ 0"
    effect = i.op.row.c if i.op.row.effect is None else i.op.row.effect
    text = effect.format(**dict(zip("ab", s.arguments, strict=False)))
    return text if i.out is None or i.op is Op.WRITE else f"{text} → {s.registers[i.out]}"


def _style(code: int) -> Callable[[str, bool], str]:
    return lambda text, colour: f"\033[{code}m{text}\033[0m" if colour and text else text


def _plain(text: str) -> str:
    return text


_BOLD, _DIM, _YELLOW = _style(1), _style(2), _style(33)
