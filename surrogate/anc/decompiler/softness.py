"""Which choices of a controller are soft, among those that matter: on lines that are reached, where someone looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from surrogate.anc.decompiler.code import successors
from surrogate.anc.decompiler.flow import Reading, end_of, known_registers
from surrogate.anc.decompiler.reading import Probabilities
from surrogate.anc.machine import machine
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import INSTRUCTIONS, Op

DIRAC = 0.9
"""A choice of at least this probability counts as made. The machine stops at the same level of certainty (its eta)."""
ROUNDING = 1e-6  # of a softmax in float32
NEGLIGIBLE = 1 - DIRAC
"""Choices, and lines, that are never more probable than this do not count."""
INSTRUCTION, FIRST, SECOND = "instruction", "first argument", "second argument"
OUTPUT, INITIAL, START = "output register", "initial value", "first line"


@dataclass(frozen=True)
class Choice:
    """One row: what it chooses for a line (or register, for initial values), its options by probability."""

    what: str
    where: int
    options: tuple[tuple[str, float], ...]

    @property
    def probability(self) -> float:
        return self.options[0][1]

    @property
    def soft(self) -> bool:
        return self.probability < DIRAC - ROUNDING

    @property
    def named(self) -> tuple[tuple[str, float], ...]:
        """The options that count, the likeliest in any case."""
        return tuple(o for i, o in enumerate(self.options) if i == 0 or o[1] >= NEGLIGIBLE)

    def __str__(self) -> str:
        options = ", ".join(f"{name} {probability:.2f}" for name, probability in self.named)
        place = {START: "", INITIAL: f"r{self.where}: "}.get(self.what, f"line {self.where}: ")
        return f"{place}the {self.what} is {'soft' if self.soft else 'sure'}: {options}"


def reached_lines(controller: Controller, tapes: np.ndarray, max_steps: int) -> np.ndarray:
    """For each line [M] the greatest probability that a soft run on tapes [n, M] is there, at any step of any tape."""
    with torch.no_grad():
        state = machine.start(controller, machine.to_tape(torch.from_numpy(tapes))[None])
        most = torch.zeros_like(state.line[0, 0])
        for _ in range(max_steps):
            if not state.running.any():
                break
            mass = state.line * ((1 - state.stopped) * state.running)[..., None]  # [1, n, M]
            most = torch.maximum(most, mass[0].amax(dim=0))
            state = machine.step(controller, state)
    return most.double().numpy()


def choices(rows: Probabilities, reading: Reading, reached: np.ndarray | None) -> Iterator[Choice]:
    """Every choice that matters. `reached` is as `reached_lines` gives it, None where control flow decides."""
    known = known_registers(reading)
    following = {line: successors(end_of(reading, line, at)) for line, at in known.items()}
    live = _live_registers(reading, following)
    yield _choice(START, 0, rows.ir0, str)
    for register in sorted(live[reading.start]):
        yield _choice(INITIAL, register, rows.r0[register], str)
    for line in range(len(rows.e)):
        if (line in known) if reached is None else (reached[line] > NEGLIGIBLE):
            needed = frozenset[int]().union(*(live[s] for s in following.get(line, ())))
            yield from _line_choices(rows, line, needed)


def _line_choices(rows: Probabilities, line: int, needed: frozenset[int]) -> Iterator[Choice]:
    """The choices of a line after which the registers `needed` are looked at."""
    yield _choice(INSTRUCTION, line, rows.e[line], lambda i: INSTRUCTIONS[i].name)
    op = INSTRUCTIONS[rows.e[line].argmax()]
    for what, part, operands in ((FIRST, rows.a, 1), (SECOND, rows.b, 2)):
        if op.row.operands >= operands:
            yield _choice(what, line, part[line], register_name)
    output = _choice(OUTPUT, line, rows.o[line], register_name)
    if op is not Op.STOP and any(register_name(r) in dict(output.named) for r in needed):
        yield output


def register_name(number: int) -> str:
    return f"r{number}"


def _choice(what: str, where: int, row: np.ndarray, name: Callable[[int], str]) -> Choice:
    order = np.argsort(-row, kind="stable")
    return Choice(what, where, tuple((name(int(i)), float(row[i])) for i in order))


def _live_registers(reading: Reading, following: Mapping[int, tuple[int, ...]]) -> dict[int, frozenset[int]]:
    """The registers that someone looks at, from before each line that control flow can reach."""
    live = {line: frozenset[int]() for line in following}
    changed = True
    while changed:
        changed = False
        for line, after in following.items():
            i = reading.at(line)
            needed = frozenset[int]().union(*(live[s] for s in after)) - {i.out}
            needed |= set(i.arguments)
            changed |= needed != live[line]
            live[line] = needed
    return live
