"""The decompiled program as data: expressions, conditions, statements and basic blocks over the machine's registers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import assert_never

from surrogate.anc.machine.instructions import Op

ENTRY = -1  # the number of the block at which execution starts; the others have the numbers of their first lines


@dataclass(frozen=True)
class Constant:
    value: int


@dataclass(frozen=True)
class Register:
    number: int


@dataclass(frozen=True)
class Operation:
    """What an instruction gives, modulo M. INC and DEC are written as an ADD and a SUB of 1."""

    op: Op
    operands: tuple[Expression, ...]


Expression = Constant | Register | Operation


@dataclass(frozen=True)
class IsZero:
    value: Expression


@dataclass(frozen=True)
class Not:
    inner: Condition


@dataclass(frozen=True)
class AllOf:
    parts: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf:
    parts: tuple[Condition, ...]


Condition = IsZero | Not | AllOf | AnyOf


@dataclass(frozen=True)
class Assign:
    register: int
    value: Expression


@dataclass(frozen=True)
class Store:
    """tape[address] = value"""

    address: Expression
    value: Expression


Statement = Assign | Store


@dataclass(frozen=True)
class Goto:
    target: int


@dataclass(frozen=True)
class Branch:
    test: Condition
    yes: int
    no: int


@dataclass(frozen=True)
class Computed:
    """To `no` unless the test holds; then to the block of the line that `line` is, of those in `targets`.

    Register `zeroed`, if there is one, becomes 0 once the way is chosen.
    """

    test: Condition
    line: Expression
    targets: tuple[int, ...]
    no: int
    zeroed: int | None = None


@dataclass(frozen=True)
class Halt:
    pass


End = Goto | Branch | Computed | Halt


@dataclass
class Block:
    body: list[Statement] = field(default_factory=list)
    end: End = field(default_factory=Halt)


def successors(end: End) -> tuple[int, ...]:
    """The blocks that may follow, without repetition."""
    match end:
        case Goto(target):
            return (target,)
        case Branch(_, yes, no):
            return tuple(dict.fromkeys((yes, no)))
        case Computed(_, _, targets, no):
            return tuple(dict.fromkeys((*targets, no)))
        case Halt():
            return ()
        case _:
            assert_never(end)


def retarget(end: End, old: int, new: int) -> End:
    """The end with its jumps to block `old` going to `new`."""
    match end:
        case Goto(target):
            return Goto(new if target == old else target)
        case Branch(_, yes, no):
            return replace(end, yes=new if yes == old else yes, no=new if no == old else no)
        case Halt():
            return end
        case Computed():
            raise ValueError("a computed jump goes to lines, which have no other name")
        case _:
            assert_never(end)


def parts(node: Expression | Condition | Statement) -> tuple[Expression | Condition, ...]:
    """The immediate parts of a node."""
    match node:
        case Operation(_, operands):
            return operands
        case IsZero(inner) | Not(inner) | Assign(_, inner):
            return (inner,)
        case AllOf(several) | AnyOf(several):
            return several
        case Store(address, value):
            return (address, value)
        case Constant() | Register():
            return ()
        case _:
            assert_never(node)


def nodes(node: Expression | Condition | Statement) -> Iterator[Expression | Condition | Statement]:
    """The node and all parts of it."""
    yield node
    for part in parts(node):
        yield from nodes(part)


def reads(node: Expression | Condition | Statement) -> list[int]:
    """The registers whose values it needs, once for each place."""
    return [n.number for n in nodes(node) if isinstance(n, Register)]


def end_condition(end: End) -> tuple[Condition | Expression, ...]:
    """What the end evaluates."""
    match end:
        case Branch(test):
            return (test,)
        case Computed(test, line):
            return (test, line)
        case Goto() | Halt():
            return ()
        case _:
            assert_never(end)
