"""From a controller to circuits, to C, to assembly of the ANC machine, and whether all of them agree.

What is compiled is the C of the circuits; its assembly is what the ANC decompiler turns into the C that is printed. So
the controller, the assembly and that C come from one another, and run on tapes beside each other they must agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.tape import load_tape
from cprograms.tape.oracle import run as run_c
from surrogate.anc.adaptation.tasks import TapeTask
from surrogate.anc.decompiler.decompile import Decompiled
from surrogate.anc.machine.instructions import Values
from surrogate.anc.pipeline import compile_anc
from surrogate.anc.program import AncProgram
from surrogate.nram.circuits import circuits_of, run
from surrogate.nram.controller import Controller
from surrogate.nram.learning import last_step
from surrogate.nram.rendering import Leaf, Tree, c_text, circuit_lines, leaves, tree_of

TAPES = 200
"""Tapes of each size that say which circuits are used, and on which the three are compared."""


@dataclass(frozen=True)
class Agreement:
    """Of `tapes` tapes of M cells, `memory_size`, on how many the controller, the assembly and the C leave the same
    tape, cell by cell."""

    memory_size: int
    tapes: int
    same: int

    @property
    def passed(self) -> bool:
        return self.same == self.tapes

    def as_dict(self) -> dict[str, Any]:
        return {**vars(self), "passed": self.passed}


@dataclass(frozen=True)
class DecompiledController:
    """A controller in words: its circuits, the program of the exact target that they are, that one's assembly and C,
    and whether they agree."""

    registers: int
    circuits: tuple[Leaf, ...]
    program: AncProgram
    decompiled: Decompiled
    agreement: Agreement

    def lines(self) -> list[str]:
        """The circuits to read."""
        return [line for leaf in self.circuits for line in circuit_lines(leaf, self.registers)]


def decompile(
    controller: Controller, task: TapeTask, steps: int, size: int, where: str = "", tapes: int = TAPES, seed: int = 0
) -> DecompiledController:
    """Decompile a single controller by what it does on tapes of the task.

    It had `steps` steps on the longest tapes that it learned from, which have `size` cells. Where it does not always
    finish before the last step that there is, the program counts the steps.

    Raises ProgramError, with `where` as its place, for an LSTM, which is no set of circuits.
    """
    if controller.shape.kind != "mlp":
        message = "an LSTM controller cannot be decompiled"
        hint = "it remembers more than its registers, so it is no set of circuits: learn with --controller mlp"
        raise ProgramError([Diagnostic(message, where, hint=hint)])
    rng = np.random.default_rng(seed)
    r = controller.shape.registers
    reached = np.zeros(2**r, dtype=bool)
    finishes = True
    for cells in (size, 2 * size):
        found = run(controller, task.unbiased(rng, tapes, cells).tape, last_step(steps, size, cells))
        reached |= found.reached
        finishes &= bool(found.finished.all())
    tree = tree_of(circuits_of(controller), reached)
    program = _compiled(tree, r, task.name, None if finishes else steps, size)
    shown = program.decompile()
    m = program.memory_size
    agreement = compare(controller, program, shown, task.unbiased(rng, tapes, m).tape, last_step(steps, size, m))
    return DecompiledController(r, tuple(leaves(tree)), program, shown, agreement)


def _compiled(tree: Tree, registers: int, name: str, steps: int | None, size: int) -> AncProgram:
    """The program of the least memory. How many steps it counts depends on that."""
    m = size
    while True:
        last = None if steps is None else (last_step(steps, size, m), m)
        program = compile_anc(source=c_text(tree, registers, name, last), tape=m)
        if steps is None or program.memory_size == m:
            return program
        m = program.memory_size


def compare(controller: Controller, program: AncProgram, shown: Decompiled, tapes: Values, last: int) -> Agreement:
    """Run all three on tapes [n, M], the controller in at most `last` steps. Where one does not end, none may."""
    m = tapes.shape[1]
    hard = run(controller, tapes, last)
    exact = program.run_many(tapes)
    assert shown.source is not None  # what was compiled is of type 1
    c = run_c(load_tape(source=shown.source, self_contained=True, bits=True), tapes, m)
    left = [np.where(hard.stopped[:, None], hard.tape, -1), np.where(exact.stopped[:, None], exact.tape, -1), c.tapes]
    same = (left[0] == left[1]).all(1) & (left[0] == left[2]).all(1)
    return Agreement(m, len(tapes), int(same.sum()))
