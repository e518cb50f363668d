"""An evaluator of the intermediate representation on one tape: what the back end must preserve."""

from __future__ import annotations

from collections import defaultdict

from surrogate.anc.compiler.ir import Branch, Compute, Constant, Function, Goto, Move, Value, Write
from surrogate.anc.machine.instructions import Op


class Endless(Exception):
    """The function did not halt within the steps it was given."""


def run(function: Function, tape: list[int], max_steps: int = 100_000) -> list[int]:
    """The tape after the function has halted on it; its length is M. Raises Endless."""
    m, tape = len(tape), list(tape)
    registers: dict[int, int] = defaultdict(int)

    def value(v: Value) -> int:
        return v.value % m if isinstance(v, Constant) else registers[v.number]

    def compute(op: Op, a: int, b: int) -> int:
        return {
            Op.INC: a + 1, Op.DEC: a - 1, Op.ADD: a + b, Op.SUB: a - b, Op.MIN: min(a, b), Op.MAX: max(a, b),
            Op.READ: tape[a],
        }[op] % m  # fmt: skip

    number, steps = 0, 0
    while True:
        block = function.blocks[number]
        steps += 1 + len(block.body)
        if steps > max_steps:
            raise Endless
        for statement in block.body:
            match statement:
                case Move(out, v):
                    registers[out.number] = value(v)
                case Compute(op, out, a, b):
                    registers[out.number] = compute(op, value(a), 0 if b is None else value(b))
                case Write(address, v):
                    tape[value(address)] = value(v)
        match block.end:
            case Goto(target):
                number = target
            case Branch(test, zero, other):
                number = zero if value(test) == 0 else other
            case _:
                return tape
