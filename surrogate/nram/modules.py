"""The fourteen modules of the circuit (Kurach et al. 2016, section 3), in their order, a row each.

A module is an instruction of the ANC machine wherever that has it, so what it gives has one definition.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from surrogate.anc.machine.instructions import Op, Row, Values


@dataclass(frozen=True)
class Module:
    """A module, by the row that says what it gives; READ and WRITE also touch the tape."""

    name: str
    row: Row

    def results(self, m: int) -> Values:
        """What it gives for all arguments of 0..M-1, the second one running faster: [M ^ operands].

        Of READ, which has no such table, nothing but zeros.
        """
        shape = (m,) * self.row.operands
        if self.row.value is None:
            return np.zeros(m, dtype=np.int64)
        a, b = (*np.indices(shape), np.zeros(shape, int), np.zeros(shape, int))[:2]
        return np.broadcast_to(self.row.value(a, b) % m, shape).flatten()


def _always(value: int) -> Row:
    return Row(0, lambda a, b: np.full_like(a, value), str(value))


_AT_MOST = Row(2, lambda a, b: np.less_equal(a, b).astype(np.int64), "{a} <= {b}")
MODULES = (
    Module("READ", Op.READ.row),
    Module("ZERO", Op.ZERO.row),
    Module("ONE", _always(1)),
    Module("TWO", _always(2)),
    Module("INC", Op.INC.row),
    Module("ADD", Op.ADD.row),
    Module("SUB", Op.SUB.row),
    Module("DEC", Op.DEC.row),
    Module("LT", Op.LT.row),
    Module("LE", _AT_MOST),
    Module("EQ", Op.EQ.row),
    Module("MIN", Op.MIN.row),
    Module("MAX", Op.MAX.row),
    Module("WRITE", Op.WRITE.row),
)
"""Each may look at the registers and at what the modules before it gave in the same step."""
READ, WRITE = 0, len(MODULES) - 1

OPERANDS = sum(module.row.operands for module in MODULES)
"""The arguments of all modules, 19: so many choices of a step, and one more for each register."""


@dataclass(frozen=True)
class Wire:
    """The choice for an argument of a module (its number, which argument), or for the next value of a register."""

    module: int | None
    argument: int

    def sources(self, registers: int) -> int:
        """How many it chooses from: the registers, then the outputs of the modules before it (for a register, all)."""
        return registers + (len(MODULES) if self.module is None else self.module)


@cache
def wires(registers: int) -> tuple[Wire, ...]:
    """The choices of a step in their order: the modules' arguments, then the registers."""
    arguments = [Wire(q, k) for q, module in enumerate(MODULES) for k in range(module.row.operands)]
    return (*arguments, *(Wire(None, r) for r in range(registers)))
