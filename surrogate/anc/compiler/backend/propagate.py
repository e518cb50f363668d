"""Constants, copies and known values in place of what would compute them again; branches on known tests fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import assert_never

from surrogate.anc.compiler.backend.analysis import Analyses
from surrogate.anc.compiler.backend.arithmetic import shift, simplify
from surrogate.anc.compiler.backend.facts import ZERO, Expression, Facts, learn
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    End,
    Function,
    Goto,
    Move,
    Register,
    Statement,
    Value,
    Write,
    used,
)
from surrogate.anc.machine.instructions import Op

NOTHING: Mapping[Register, int] = {}


def propagate(function: Function, analyses: Analyses) -> Function:
    """The function with every operand and result replaced by what the facts at its place say; itself if none is."""
    entry = analyses.of(function).entry
    nodes = [node for block in function.blocks.values() for node in (*block.body, block.end)]
    uses = Counter(register for node in nodes for register in used(node))
    blocks = {}
    for number, block in function.blocks.items():
        if number in entry:
            facts = entry[number].copy()
            body = []
            for statement in block.body:
                body += simplify_statement(facts, statement, uses)
                learn(facts, statement, simplify)
            blocks[number] = Block(body, simplify_end(facts, block.end))
    return function if blocks == function.blocks else Function(blocks)


def simplify_statement(facts: Facts, statement: Statement, uses: Mapping[Register, int] = NOTHING) -> list[Statement]:
    """The statement given what holds before it; `uses` counts how often each register is looked at."""
    match statement:
        case Move(out, value):
            return _move(facts, out, facts.resolve(value))
        case Compute(op, out, a, b):
            result = simplify(facts, op, a, b)
            if not isinstance(result, tuple):
                return _move(facts, out, result)
            result = _from_base(facts, result, uses)
            return [Compute(result[0], out, *result[1:])] if isinstance(result, tuple) else _move(facts, out, result)
        case Write(address, value):
            address, value = facts.resolve(address), facts.resolve(value)
            # What the cell holds already needs no writing.
            return [] if facts.known((Op.READ, address, None)) == value else [Write(address, value)]
        case _:
            assert_never(statement)


def _move(facts: Facts, out: Register, value: Value) -> list[Statement]:
    return [] if value == facts.resolve(out) else [Move(out, value)]


def _from_base(facts: Facts, expression: Expression, uses: Mapping[Register, int]) -> Value | Expression:
    """(x + 1) + 2 as x + 3 where x + 1 has no other use."""
    op, a, b = expression
    steps = op in (Op.INC, Op.DEC) or (op in (Op.ADD, Op.SUB) and isinstance(b, Constant))
    if not steps or not isinstance(a, Register) or uses.get(a) != 1:
        return expression
    base, offset = facts.offset(a)
    step = {Op.INC: 1, Op.DEC: -1}.get(op, 0)
    if isinstance(b, Constant):
        step = b.value if op is Op.ADD else -b.value
    return expression if base is None or base == a else shift(facts, base, offset + step)


def simplify_end(facts: Facts, end: End) -> End:
    """A block's end given what holds before it."""
    if not isinstance(end, Branch):
        return end
    test = facts.resolve(end.test)
    for _ in range(4):  # each round looks through one operator that keeps zero zero
        if test == ZERO:
            return Goto(end.zero)
        if facts.is_nonzero(test):  # less may be known of what the next round finds
            return Goto(end.other)
        test = _same_zero(facts, test)
    return Branch(test, end.zero, end.other)


def _same_zero(facts: Facts, test: Value) -> Value:
    """An older value that is zero exactly where `test` is."""
    if (inside := facts.definition(test, Op.SUB)) is not None:
        _, a, b = inside
        assert b is not None
        return b if a == ZERO else facts.known((Op.SUB, b, a)) or test
    if (inside := facts.definition(test, Op.MIN)) is not None:
        _, a, b = inside
        assert b is not None
        if facts.is_nonzero(b):
            return a
        if facts.is_nonzero(a):
            return b
    return test
