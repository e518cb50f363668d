"""The intermediate representation of the exact target: basic blocks over virtual registers, every value modulo M.

Not SSA: a variable of the C program is one virtual register, a temporary is assigned once. The operations are those of
the machine, so lowering decides what a C operator costs and the back end never invents arithmetic.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from surrogate.anc.machine.instructions import Op


@dataclass(frozen=True)
class Register:
    """A virtual register; `name` is the C variable's, or empty for a temporary."""

    number: int
    name: str = ""

    def __hash__(self) -> int:
        return self.number  # much is looked up by register


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
    """out = op(a, b), op one that gives a value; b is None where the operator takes one value."""

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


def operands(node: Statement | End) -> tuple[Value, ...]:
    """The values that a statement or a block's end looks at."""
    match node:
        case Move(_, value):
            return (value,)
        case Compute(_, _, a, b):
            return (a,) if b is None else (a, b)
        case Write(address, value):
            return (address, value)
        case Branch(test):
            return (test,)
        case Goto() | Halt():
            return ()
        case _:
            assert_never(node)


def used(node: Statement | End) -> tuple[Register, ...]:
    """The registers that a statement or a block's end looks at."""
    return tuple(value for value in operands(node) if isinstance(value, Register))


def defined(statement: Statement) -> Register | None:
    """The register that a statement gives its value to."""
    return None if isinstance(statement, Write) else statement.out


def with_operands(node: Statement, change: Callable[[Value], Value]) -> Statement:
    """The statement with every value that it looks at changed."""
    match node:
        case Move(out, value):
            return Move(out, change(value))
        case Compute(op, out, a, b):
            return Compute(op, out, change(a), None if b is None else change(b))
        case Write(address, value):
            return Write(change(address), change(value))
        case _:
            assert_never(node)


def successors(end: End) -> tuple[int, ...]:
    """The blocks that may follow."""
    match end:
        case Goto(target):
            return (target,)
        case Branch(_, zero, other):
            return (zero, other)
        case Halt():
            return ()
        case _:
            assert_never(end)


def retarget(end: End, targets: Mapping[int, int]) -> End:
    """The end with some block numbers changed."""
    match end:
        case Goto(target):
            return Goto(targets.get(target, target))
        case Branch(test, zero, other):
            return Branch(test, targets.get(zero, zero), targets.get(other, other))
        case Halt():
            return end
        case _:
            assert_never(end)
