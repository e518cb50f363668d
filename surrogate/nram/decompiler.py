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
from surrogate.nram.learning import most_steps
from surrogate.nram.rendering import Leaf, c_text, circuit_lines, leaves, tree_of

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
    controller: Controller, task: TapeTask, name: str, size: int, where: str = "", tapes: int = TAPES, seed: int = 0
) -> DecompiledController:
    """Decompile a single controller that was learned on tapes of `size` cells, by what it does on tapes of the task.

    Raises ProgramError, with `where` as its place, for an LSTM, which is no set of circuits.
    """
    if controller.shape.kind != "mlp":
        message = "an LSTM controller cannot be decompiled"
        hint = "it remembers more than its registers, so it is no set of circuits: learn with --controller mlp"
        raise ProgramError([Diagnostic(message, where, hint=hint)])
    rng = np.random.default_rng(seed)
    r = controller.shape.registers
    reached = np.zeros(2**r, dtype=bool)
    for cells in (size, 2 * size):
        reached |= run(controller, task.unbiased(rng, tapes, cells).tape, most_steps(cells)).reached
    tree = tree_of(circuits_of(controller), reached)
    program = compile_anc(source=c_text(tree, r, name), tape=size)
    shown = program.decompile()
    fresh = task.unbiased(rng, tapes, program.memory_size).tape
    return DecompiledController(r, tuple(leaves(tree)), program, shown, compare(controller, program, shown, fresh))


def compare(controller: Controller, program: AncProgram, shown: Decompiled, tapes: Values) -> Agreement:
    """Run all three on tapes [n, M]. Where one does not end, the others must not end either."""
    m = tapes.shape[1]
    hard = run(controller, tapes, most_steps(m))
    exact = program.run_many(tapes)
    assert shown.source is not None  # what was compiled is of type 1
    c = run_c(load_tape(source=shown.source, self_contained=True, bits=True), tapes, m)
    left = [np.where(hard.stopped[:, None], hard.tape, -1), np.where(exact.stopped[:, None], exact.tape, -1), c.tapes]
    same = (left[0] == left[1]).all(1) & (left[0] == left[2]).all(1)
    return Agreement(m, len(tapes), int(same.sum()))
