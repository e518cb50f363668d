"""The instruction set of the ANC machine: the paper's eleven instructions in the reference's order (section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Op(IntEnum):
    """An instruction; its value is its row of W_e."""

    STOP = 0
    ZERO = 1
    INC = 2
    ADD = 3
    SUB = 4
    DEC = 5
    MIN = 6
    MAX = 7
    READ = 8
    WRITE = 9
    JEZ = 10


OPERANDS = dict.fromkeys(Op, 2) | {Op.STOP: 0, Op.ZERO: 0, Op.INC: 1, Op.DEC: 1, Op.READ: 1}

# Every instruction writes its output register; these write a zero, whatever their arguments are.
GIVES_ZERO = frozenset({Op.STOP, Op.ZERO, Op.WRITE, Op.JEZ})


@dataclass(frozen=True)
class Instruction:
    """`out = op(arg1, arg2)` over register numbers; None where the instruction does not look (a flat row)."""

    op: Op
    arg1: int | None = None
    arg2: int | None = None
    out: int | None = None
