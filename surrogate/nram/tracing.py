"""What an execution does, step by step, with every choice made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from surrogate.anc.machine.instructions import Values
from surrogate.nram.circuits import states_of, step, wiring
from surrogate.nram.controller import Controller
from surrogate.nram.modules import MODULES, WRITE


@dataclass(frozen=True)
class TraceStep:
    """One step. `zero` says which registers were 0 before it; `read` is the address that READ looked at and the value
    there, `written` that of WRITE; `registers` and `tape` are those after it, `changed` cells with their values before
    and after it. A run has `stopped` with a step that finished, or with the last one."""

    step: int
    zero: tuple[bool, ...]
    read: tuple[int, int]
    written: tuple[int, int]
    registers: tuple[int, ...]
    tape: tuple[int, ...]
    changed: dict[int, tuple[int, int]]
    finished: bool
    stopped: bool

    def as_dict(self) -> dict[str, Any]:
        """For JSON: the cells that changed, in place of the whole tape."""
        return {
            "step": self.step,
            "zero": [int(z) for z in self.zero],
            "read": list(self.read),
            "written": list(self.written),
            "registers": list(self.registers),
            "changed": [{"cell": c, "before": b, "after": a} for c, (b, a) in self.changed.items()],
            "finished": self.finished,
            "stopped": self.stopped,
        }


def trace(controller: Controller, tape: Values, last: int, max_steps: int | None = None) -> list[TraceStep]:
    """Every step of a run of a single controller on a tape [M], as `surrogate.nram.circuits.run` ends it."""
    most = last if max_steps is None else min(max_steps, last)
    r, wired = controller.shape.registers, wiring(controller)
    registers, cells = np.zeros((1, r), dtype=np.int64), tape[None].astype(np.int64)
    steps: list[TraceStep] = []
    write = sum(module.row.operands for module in MODULES[:WRITE])
    while len(steps) < most and not (steps and steps[-1].finished):
        zero = tuple(bool(z) for z in registers[0] == 0)
        sources, finish = wired(states_of(registers), np.arange(1))
        before = cells[0]
        registers, cells, value = step(sources, registers, cells)
        found = value[0, sources[0]]
        changes = np.flatnonzero(before != cells[0])
        steps.append(
            TraceStep(
                len(steps) + 1,
                zero,
                (int(found[0]), int(value[0, r])),
                (int(found[write]), int(found[write + 1])),
                tuple(map(int, registers[0])),
                tuple(map(int, cells[0])),
                {int(c): (int(before[c]), int(cells[0, c])) for c in changes},
                bool(finish[0]),
                bool(finish[0]) or len(steps) + 1 == last,
            )
        )
    return steps


def trace_lines(steps: Sequence[TraceStep]) -> list[str]:
    """A table: the step, the registers that were 0, what READ and WRITE did, the registers after it, and the cells that
    changed."""
    registers = range(len(steps[0].registers))
    header = ["step", "0 before", "read", "write", *(f"r{r}" for r in registers)]
    rows = [
        [
            str(s.step),
            " ".join(f"r{r}" for r in registers if s.zero[r]) or "none",
            f"mem[{s.read[0]}] → {s.read[1]}",
            f"{s.written[1]} → mem[{s.written[0]}]",
            *map(str, s.registers),
        ]
        for s in steps
    ]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    lines = []
    for cells, s in zip([header, *rows], [None, *steps], strict=True):
        texts = [
            f"{c:<{w}}" if 1 <= k <= 3 else f"{c:>{w}}" for k, (c, w) in enumerate(zip(cells, widths, strict=True))
        ]
        changes = "cells" if s is None else ", ".join(f"mem[{c}] {b} → {a}" for c, (b, a) in s.changed.items())
        end = "  finish" if s is not None and s.finished else ""
        lines.append(f"{' '.join(texts)}  {changes}{end}".rstrip())
    return lines
