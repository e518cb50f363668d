"""The instruction set of the ANC machine: the paper's eleven instructions in the reference's order (section 3.1), and
those that programs may have beside them (`--isa extended`).

`Op` is one table, a row an instruction. What the package knows of an instruction follows from its row: assembly, the
interpreter and the soft machine, traces, constant folding, the decompiler and the search. To add one, add a row at the
end (a controller's W_e has a row for each of the first so many) and its oracle in
`tests/surrogate/anc/machine/test_instructions.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.int64]

WORD = 16
"""A shift by so many places or more leaves nothing; values have fewer bits."""


def _zero(a: Values, b: Values) -> Values:
    return np.zeros_like(a)


def _quotient(a: Values, b: Values) -> Values:
    return np.where(b == 0, -1, a // np.maximum(b, 1))


def _remainder(a: Values, b: Values) -> Values:
    return np.where(b == 0, a, a % np.maximum(b, 1))


def _left(a: Values, b: Values) -> Values:
    return np.where(b < WORD, a << np.minimum(b, WORD - 1), 0)


def _right(a: Values, b: Values) -> Values:
    return a >> np.minimum(b, WORD - 1)


@dataclass(frozen=True)
class Row:
    """What there is to know of an instruction `out = op(a, b)`.

    `operands`: how many registers it looks at. `value`: what it gives for arrays of arguments in 0..M-1, not yet
    reduced modulo M; None where that is a cell of the tape, which is no function of a and b. `c`: the same as a C
    expression over {a} and {b}, also to be reduced. `total`: the same for all arguments, where `c` leaves some open.
    `effect`: what a trace says, by default `c`.

    Of the algebra: `commutes`, op(a, b) = op(b, a); `idempotent`, op(a, a) = a; `neutral` n, op(a, n) = a; `absorbing`
    z, op(a, z) = z, with -1 for M-1.
    """

    operands: int
    value: Callable[[Values, Values], Values] | None = _zero
    c: str = "0"
    total: str | None = None
    effect: str | None = None
    commutes: bool = False
    idempotent: bool = False
    neutral: int | None = None
    absorbing: int | None = None

    @property
    def everywhere(self) -> str:
        """The C expression that is defined for all arguments."""
        return self.c if self.total is None else self.total

    @property
    def repeats(self) -> bool:
        """Whether the C expression writes an operand twice."""
        return max(self.c.count("{a}"), self.c.count("{b}")) > 1


class Op(IntEnum):
    """An instruction; its value is its row of W_e. STOP, READ, WRITE and JEZ also do what the machine does for them."""

    row: Row

    def __new__(cls, row: Row) -> Op:
        op = int.__new__(cls, len(cls.__members__))
        op._value_ = len(cls.__members__)
        op.row = row
        return op

    STOP = Row(0, effect="stop")
    ZERO = Row(0, effect="")
    INC = Row(1, lambda a, b: a + 1, "{a} + 1")
    ADD = Row(2, lambda a, b: a + b, "{a} + {b}", commutes=True, neutral=0)
    SUB = Row(2, lambda a, b: a - b, "{a} - {b}", neutral=0)
    DEC = Row(1, lambda a, b: a - 1, "{a} - 1")
    MIN = Row(2, np.minimum, "{a} < {b} ? {a} : {b}", None, "min({a}, {b})", True, True, neutral=-1, absorbing=0)
    MAX = Row(2, np.maximum, "{a} > {b} ? {a} : {b}", None, "max({a}, {b})", True, True, neutral=0, absorbing=-1)
    READ = Row(1, None, "mem[{a}]")
    WRITE = Row(2, effect="{b} → mem[{a}]")
    JEZ = Row(2)

    MUL = Row(2, lambda a, b: a * b, "{a} * {b}", commutes=True, neutral=1, absorbing=0)
    DIV = Row(2, _quotient, "{a} / {b}", "{b} ? {a} / {b} : -1", neutral=1)
    MOD = Row(2, _remainder, "{a} % {b}", "{b} ? {a} % {b} : {a}")
    AND = Row(2, np.bitwise_and, "{a} & {b}", commutes=True, idempotent=True, absorbing=0)
    OR = Row(2, np.bitwise_or, "{a} | {b}", commutes=True, neutral=0)
    XOR = Row(2, np.bitwise_xor, "{a} ^ {b}", commutes=True, neutral=0)
    SHL = Row(2, _left, "{a} << {b}", f"{{b}} < {WORD} ? {{a}} << {{b}} : 0", neutral=0)
    SHR = Row(2, _right, "{a} >> {b}", f"{{a}} >> ({{b}} < {WORD} ? {{b}} : {WORD - 1})", neutral=0)
    LT = Row(2, lambda a, b: np.less(a, b).astype(np.int64), "{a} < {b}")
    EQ = Row(2, lambda a, b: np.equal(a, b).astype(np.int64), "{a} == {b}", commutes=True)


INSTRUCTIONS = tuple(Op)
"""By number."""
PUBLISHED = 11
"""Of them the paper's: the fewest that a controller chooses from."""
ISAS = {"published": PUBLISHED, "extended": len(INSTRUCTIONS)}
"""The instruction sets, each with how many of the instructions, the first, it has."""
GIVES_ZERO = frozenset(op for op in Op if op.row.value is _zero)
"""Every instruction writes its output register; these write a zero, whatever their arguments are."""


def evaluate(op: Op, a: int, b: int, memory_size: int) -> int:
    """op(a, b) modulo `memory_size`. Raises ValueError for READ, whose value is on the tape."""
    if op.row.value is None:
        raise ValueError(f"{op.name} depends on the tape")
    return int(op.row.value(np.array(a), np.array(b))) % memory_size


@dataclass(frozen=True)
class Instruction:
    """`out = op(arg1, arg2)` over register numbers; None where the instruction does not look (a flat row).

    An argument that it ignores may name a register all the same, the second one only if the first one does.
    """

    op: Op
    arg1: int | None = None
    arg2: int | None = None
    out: int | None = None

    @classmethod
    def of(cls, op: Op, arg1: int, arg2: int, out: int) -> Instruction:
        """The instruction with those of the registers that it looks at; STOP writes none that matters."""
        arguments = (arg1 if op.row.operands > 0 else None, arg2 if op.row.operands > 1 else None)
        return cls(op, *arguments, None if op is Op.STOP else out)

    @property
    def arguments(self) -> tuple[int, ...]:
        """The registers that it looks at."""
        looked_at = (self.arg1, self.arg2)[: self.op.row.operands]
        return tuple(register for register in looked_at if register is not None)
