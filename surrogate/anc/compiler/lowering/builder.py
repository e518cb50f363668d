"""The function under construction: blocks, virtual registers, and statements that are folded as they are added."""

from __future__ import annotations

from itertools import count

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
    Value,
    Write,
    successors,
)
from surrogate.anc.machine.instructions import PUBLISHED, Op, evaluate


class FunctionBuilder:
    """Adds to the current block. After a block's end the current block is a detached one, which nothing reaches.

    `memory_size` is M, `instructions` how many of the instructions there are; `current` is the current block, to look
    at only.
    """

    def __init__(self, memory_size: int, instructions: int = PUBLISHED) -> None:
        self.memory_size = memory_size
        self._instructions = instructions
        self._blocks: dict[int, Block] = {}
        self._numbers = count()
        self._registers = count()
        self.current = Block()
        self.start(self.new_block())

    def finish(self) -> Function:
        """The function: the blocks that can be reached."""
        reached: dict[int, Block] = {}
        waiting = [0]
        while waiting:
            number = waiting.pop()
            if number not in reached:
                reached[number] = self._blocks[number]
                waiting.extend(successors(reached[number].end))
        return Function(dict(sorted(reached.items())))

    def has(self, op: Op | None) -> bool:
        """Whether there is such an instruction."""
        return op is not None and op < self._instructions

    # Values

    def constant(self, value: int) -> Constant:
        return Constant(value % self.memory_size)

    def register(self, name: str = "") -> Register:
        return Register(next(self._registers), name)

    def known(self, value: Value) -> int | None:
        """A value, as far as the current block tells."""
        for statement in reversed(self.current.body):
            if not isinstance(statement, Write) and statement.out == value:
                value = statement.value if isinstance(statement, Move) else value
                break
        return value.value if isinstance(value, Constant) else None

    # Blocks

    def new_block(self) -> int:
        number = next(self._numbers)
        self._blocks[number] = Block()
        return number

    def start(self, number: int) -> None:
        self.current = self._blocks[number]

    def goto(self, target: int) -> None:
        self._end(Goto(target))

    def branch(self, test: Value, zero: int, other: int) -> None:
        if isinstance(test, Constant):
            self.goto(other if test.value else zero)
        else:
            self._end(Branch(test, zero, other))

    def halt(self) -> None:
        self._end(Halt())

    def _end(self, end: End) -> None:
        self.current.end = end
        self.current = Block()

    # Statements

    def emit(self, statement: Statement) -> None:
        self.current.body.append(statement)

    def move(self, out: Register, value: Value) -> Register:
        if out != value:
            self.emit(Move(out, value))
        return out

    def write(self, address: Value, value: Value) -> None:
        self.emit(Write(address, value))

    def compute(self, op: Op, a: Value, b: Value | None = None, into: Register | None = None) -> Value:
        """op(a, b): a constant, one of the operands, or a register that now holds it, which is `into` where given."""
        op, a, b, known = self._simplified(op, a, b)
        if known is not None:
            return known
        out = into or self.register()
        self.emit(Compute(op, out, a, b))
        return out

    def _simplified(self, op: Op, a: Value, b: Value | None) -> tuple[Op, Value, Value | None, Value | None]:
        """The operation in the cheapest form, and its value where that is known without it."""
        if op is Op.READ:
            return op, a, None, None
        if isinstance(a, Constant) and (b is None or isinstance(b, Constant)):
            return op, a, b, Constant(evaluate(op, a.value, b.value if b else 0, self.memory_size))
        if isinstance(a, Constant) and op.row.commutes:
            assert b is not None
            a, b = b, a
        if a == b:
            known = a if op.row.idempotent else self.constant(0) if op is Op.SUB else None
            return op, a, b, known
        if isinstance(b, Constant):
            return self._with_constant(op, a, b)
        return op, a, b, None

    def _with_constant(self, op: Op, a: Value, b: Constant) -> tuple[Op, Value, Value | None, Value | None]:
        if self._is(b, op.row.neutral):
            return op, a, b, a
        if self._is(b, op.row.absorbing):
            return op, a, b, b
        if op in (Op.ADD, Op.SUB) and b.value in (1, self.memory_size - 1):
            return Op.INC if (op is Op.ADD) == (b.value == 1) else Op.DEC, a, None, None
        return op, a, b, None

    def _is(self, value: Constant, number: int | None) -> bool:
        return number is not None and value == self.constant(number)
