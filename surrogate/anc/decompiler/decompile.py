"""Decompiling: what a controller, compiled or adapted, does, as assembly with probabilities, a type, and C.

The types are those of Bunel et al. 2016: 1, every choice is made, so the controller is an assembly program; 2, only
the JEZs look at several registers at once, which is an `if` over cases; 3, some other choice is soft, and there is no
program. A choice is made where its probability is at least DIRAC, 0.9; choices count on the lines that a soft run of
the tapes reaches with a probability of more than 0.1, and where some instruction looks. A program of type 1 or 2 also
leaves every tape as the soft controller does; one that does not is of type 3: its choices are soft enough to add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch

from cprograms.diagnostics import ProgramError
from cprograms.tape import load_tape
from cprograms.tape.oracle import run as run_c
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.decompiler.flow import MixedJump, Reading
from surrogate.anc.decompiler.reading import Probabilities, likeliest, probabilities_of
from surrogate.anc.decompiler.render import function_texts
from surrogate.anc.decompiler.softness import (
    FIRST,
    INITIAL,
    NEGLIGIBLE,
    SECOND,
    START,
    Choice,
    choices,
    reached_lines,
)
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Op
from surrogate.anc.machine.samples import Samples

MAX_STEPS = 1000
"""Of a soft run that is looked at."""
MEANING = {
    1: "every choice is made: an exact program",
    2: "every choice is made but what the JEZs look at: an exact program, with an if over cases",
    3: "some choices are soft: no exact program",
}


@dataclass(frozen=True)
class Decompiled:
    """A controller in words.

    `kind` is its type, 1, 2 or 3; `assembly` the likeliest choice of each row, `start` its first line; `choices` every
    choice that matters, `reached` [M] how probably a run gets to each line (None where there were no tapes), and
    `reason`, for type 3, why there is no program. `reading` is the program, `name` what it is called in C.
    """

    kind: int
    assembly: Assembly
    start: int
    choices: tuple[Choice, ...]
    reached: np.ndarray | None
    reason: str | None
    reading: Reading
    name: str

    @property
    def soft(self) -> tuple[Choice, ...]:
        return tuple(c for c in self.choices if c.soft)

    @cached_property
    def source(self) -> str | None:
        """C with the same behaviour, which compiles again; None for type 3.

        Where the compiler needs more lines than the memory has, which is when the program fills it, the text says so.
        """
        if self.kind == 3:
            return None
        size = self.assembly.memory_size
        texts = list(function_texts(self.reading, self.name))
        fitting = [text for text in texts if _fits(text, size, self.assembly.isa)]
        needed = texts[0] if not fitting else None
        least = "" if needed is None else f" The compiler needs {_least(needed, self.assembly.isa)}."
        return f"/* Decompiled: type {self.kind}, for a memory of {size} cells.{least} */\n{(fitting or texts)[0]}"

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "type": self.kind,
            "meaning": MEANING[self.kind],
            "reason": self.reason,
            "memory_size": self.assembly.memory_size,
            "registers": len(self.assembly.registers),
            "first_line": self.start,
            "assembly": str(self.assembly),
            "choices": [{"what": c.what, "where": c.where, "options": dict(c.named)} for c in self.choices],
            "reached": None if self.reached is None else [round(float(p), 6) for p in self.reached],
            "c": self.source,
        }


def decompile(controller: Controller, samples: Samples | None = None, name: str = "f") -> Decompiled:
    """Decompile a controller of one program, by what it does on the tapes of `samples`.

    Without samples, the lines that control flow can reach count, which suits a controller that was compiled. `name` is
    what the C function is called.
    """
    rows = probabilities_of(controller)
    reading = likeliest(rows)
    reached = None if samples is None else reached_lines(controller, samples.tape, MAX_STEPS)
    found = tuple(choices(rows, reading, reached))
    kind, reason = _kind(found, reading)
    cases = _with_cases(reading, rows, found, reached)
    if kind != 3 and samples is not None and not _agrees(controller, cases, kind, samples):
        kind = 3
        reason = "no single choice is soft, but on some tapes they add up to another result than the likeliest ones'"
    return Decompiled(kind, reading.assembly, reading.start, found, reached, reason, cases, name)


def _kind(found: tuple[Choice, ...], reading: Reading) -> tuple[int, str | None]:
    """The type that the choices say, and why if it is 3."""
    soft = [c for c in found if c.soft]
    others = [c for c in soft if c.what not in (FIRST, SECOND) or reading.at(c.where).op is not Op.JEZ]
    if others:
        return 3, "; ".join(map(str, others))
    return (2, None) if soft else (1, None)


def _with_cases(
    reading: Reading, rows: Probabilities, found: tuple[Choice, ...], reached: np.ndarray | None
) -> Reading:
    """The reading with its soft jumps, and without the lines that the tapes never reach and that say nothing clear."""
    soft = {c.where for c in found if c.soft}
    jumps = {line: MixedJump(_weights(rows.a[line]), _weights(rows.b[line])) for line in sorted(soft)}
    if reached is None:
        return Reading(reading.assembly, reading.start, jumps)
    everywhere = choices(rows, reading, np.ones_like(reached))
    unclear = {
        c.where for c in everywhere if c.soft and reached[c.where] <= NEGLIGIBLE and c.what not in (INITIAL, START)
    }
    return Reading(reading.assembly, reading.start, jumps, frozenset(unclear))


def _weights(row: np.ndarray) -> dict[int, float]:
    return {int(r): float(row[r]) for r in np.flatnonzero(row > min(NEGLIGIBLE, row.max() / 2))}


def _least(text: str, isa: str) -> int:
    """The memory that the compiler needs for a program."""
    return compile_tape(load_tape(source=text, bits=True), tape=1, isa=isa).memory_size


def _fits(text: str, memory_size: int, isa: str) -> bool:
    try:
        compile_tape(load_tape(source=text, bits=True), memory_size, isa=isa)
    except ProgramError:
        return False
    return True


def _agrees(controller: Controller, reading: Reading, kind: int, samples: Samples) -> bool:
    """Whether the program leaves the cells that count as the soft controller does, on every tape."""
    soft = _final(controller, samples.tape, hard=False)
    if kind == 1:
        exact = _final(controller, samples.tape, hard=True)
    else:
        program = load_tape(source=next(function_texts(reading, "f")), bits=True)
        exact = run_c(program, samples.tape, controller.memory_size).tapes
    return not ((soft != exact) & samples.mask).any()


def _final(controller: Controller, tapes: np.ndarray, hard: bool) -> np.ndarray:
    """The tapes [n, M] that a run leaves of some [n, M]; -1 where it does not stop."""
    with torch.no_grad():
        run = machine.run(controller, machine.to_tape(torch.from_numpy(tapes))[None], MAX_STEPS, hard)
    left = run.state.tape[0].argmax(-1).numpy()
    return np.where(run.state.running[0].numpy()[:, None], -1, left)
