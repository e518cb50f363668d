"""The intermediate representation of the exact target: basic blocks over virtual registers, every value modulo M.

Not SSA: a variable of the C program is one virtual register, a temporary is assigned once. The operations are those of
the machine, so lowering decides what a C operator costs and the back end never invents arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from surrogate.anc.machine.instructions import Op


@dataclass(frozen=True)
class Register:
    """A virtual register; `name` is the C variable's, or empty for a temporary."""

    number: int
    name: str = ""


@dataclass(frozen=True)
class Constant:
    """A value that is known when the program is compiled, not yet reduced modulo M (it may be negative)."""

    value: int


Value = Register | Constant


@dataclass(frozen=True)
class Move:
    """out = value"""

    out: Register
    value: Value


@dataclass(frozen=True)
class Compute:
    """out = op(a, b), op one of INC, ADD, SUB, DEC, MIN, MAX, READ; b is None where the operator takes one value."""

    op: Op
    out: Register
    a: Value
    b: Value | None = None


@dataclass(frozen=True)
class Write:
    """tape[address] = value"""

    address: Value
    value: Value


Statement = Move | Compute | Write


@dataclass(frozen=True)
class Goto:
    target: int


@dataclass(frozen=True)
class Branch:
    """To block `zero` where test = 0, otherwise to block `other`."""

    test: Value
    zero: int
    other: int


@dataclass(frozen=True)
class Halt:
    pass


End = Goto | Branch | Halt


@dataclass
class Block:
    body: list[Statement] = field(default_factory=list)
    end: End = field(default_factory=Halt)


@dataclass
class Function:
    """Blocks by number; execution starts at block 0. Registers that nobody wrote hold zero."""

    blocks: dict[int, Block] = field(default_factory=dict)
