"""Machine instructions over virtual registers, constants and labels: lines in order, but no register numbers yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import zip_longest
from operator import or_
from typing import assert_never

from cprograms.budget import tick
from surrogate.anc.compiler.backend.initial import start_values
from surrogate.anc.compiler.backend.loops import Expected
from surrogate.anc.compiler.backend.sets import EMPTY
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    End,
    Function,
    Goto,
    Halt,
    Move,
    Register,
    Statement,
    Write,
    successors,
)
from surrogate.anc.machine.instructions import GIVES_ZERO, Op


@dataclass(frozen=True)
class Label:
    """The line at which block `number` starts."""

    number: int


Operand = Register | Constant | Label


@dataclass(frozen=True)
class Line:
    """`out = op(a, b)`. A line that gives zero may have no `out` of its own; it runs `often` times, as expected."""

    op: Op
    a: Operand | None = None
    b: Operand | None = None
    out: Register | None = None
    often: float = 1.0

    @property
    def always_jumps(self) -> bool:
        return self.op is Op.JEZ and self.a == Constant(0)

    @property
    def has_free_zero(self) -> bool:
        """Whether it gives a zero that no register takes yet."""
        return self.op in GIVES_ZERO - {Op.STOP} and self.out is None


@dataclass
class LinearCode:
    """Lines in order, the line of each label, and the registers that start with a value."""

    lines: list[Line]
    labels: dict[int, int]
    initial: dict[Register, int] = field(default_factory=dict)

    @property
    def cost(self) -> float:
        """Lines times executed lines: a tenth less of either is worth the same."""
        return len(self.lines) * sum(line.often for line in self.lines)

    def following(self, index: int) -> list[int]:
        """The lines that may run after line `index`."""
        line = self.lines[index]
        if line.op is Op.STOP:
            return []
        targets = [self.labels[line.b.number]] if isinstance(line.b, Label) else []
        return targets if line.always_jumps else [*targets, index + 1]

    def preceding(self) -> list[list[int]]:
        """For each line, those that may run before it."""
        found: list[list[int]] = [[] for _ in self.lines]
        for index in range(len(self.lines)):
            for after in self.following(index):
                found[after].append(index)
        return found

    def live(self, numbers: Mapping[Operand, int]) -> tuple[int, list[int]]:
        """What may be looked at before anything writes it, and what may still be after each line.

        Sets of operands by the given numbers; constants and labels are looked at like registers.
        """
        tick(len(self.lines))
        takes, keeps, after = [], [], []
        for line in self.lines:
            takes.append(reduce(or_, (1 << numbers[value] for value in (line.a, line.b) if value is not None), EMPTY))
            keeps.append(~(EMPTY if line.out is None else 1 << numbers[line.out]))
            after.append(EMPTY)
        following = [self.following(index) for index in range(len(self.lines))]
        before = list(after)
        changed = True
        while changed:
            changed = False
            for index in range(len(self.lines) - 1, -1, -1):
                here = EMPTY
                for place in following[index]:
                    here |= before[place]
                after[index] = here
                here = here & keeps[index] | takes[index]
                changed |= here != before[index]
                before[index] = here
        return before[0], after


def linearise(function: Function, order: list[int], expected: Expected) -> LinearCode:
    """The lines of the function's blocks in the given order, which starts with the entry."""
    code = LinearCode([], {})
    entry = start_values(function.blocks[0])
    code.initial = {move.out: move.value.value for move in entry if isinstance(move.value, Constant)}
    for number, following in zip_longest(order, order[1:]):
        block = function.blocks[number]
        code.labels[number] = len(code.lines)
        body = block.body[len(entry) :] if number == 0 else block.body
        _, chance = expected.ways(number)[-1] if successors(block.end) else (None, 1.0)
        lines = [_line(statement) for statement in body] + _end_lines(function, block.end, following, chance)
        code.lines += [replace(line, often=expected.often[number] * line.often) for line in lines]
    return code


def _line(statement: Statement) -> Line:
    match statement:
        case Move(out, Constant(0)):
            return Line(Op.ZERO, out=out)
        case Move(out, value):
            return Line(Op.MIN, value, value, out)
        case Compute(op, out, a, b):
            return Line(op, a, b, out)
        case Write(address, value):
            return Line(Op.WRITE, address, value)
        case _:
            assert_never(statement)


def _end_lines(function: Function, end: End, following: int | None, chance: float) -> list[Line]:
    match end:
        case Goto(target):
            return _jump(function, target, following, chance)
        case Branch(test, zero, other):
            return [Line(Op.JEZ, test, Label(zero)), *_jump(function, other, following, chance)]
        case Halt():
            return [Line(Op.STOP)]
        case _:
            assert_never(end)


def _jump(function: Function, target: int, following: int | None, often: float) -> list[Line]:
    if target == following:
        return []
    if function.blocks[target] == Block():
        return [Line(Op.STOP, often=0.0)]  # how often a program stops is counted where the block itself is
    return [Line(Op.JEZ, Constant(0), Label(target), often=often)]
