"""Makes decompiled blocks readable: without dead assignments, with expressions and short-circuit conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import assert_never

from surrogate.anc.decompiler.code import (
    ENTRY,
    AllOf,
    AnyOf,
    Assign,
    Block,
    Branch,
    Computed,
    Condition,
    Constant,
    Expression,
    Goto,
    IsZero,
    Not,
    Operation,
    Register,
    Statement,
    Store,
    end_condition,
    nodes,
    reads,
    retarget,
    successors,
)
from surrogate.anc.decompiler.flow import Reading, blocks_of, live_after, live_before, merge_chains
from surrogate.anc.machine.instructions import Op

READABLE = 12  # nodes of an expression; longer ones stay apart


def simplified(reading: Reading, only_lines: bool = False) -> dict[int, Block]:
    """The blocks of a program, as `blocks_of` gives them, simplified; what they leave on the tape stays the same."""
    blocks = blocks_of(reading, only_lines)
    while _remove_dead(blocks) or _skip_empty(blocks):
        pass
    merge_chains(blocks)
    live = live_before(blocks)
    for block in blocks.values():
        _fold(block, live_after(block, live))
    while _short_circuit(blocks):
        merge_chains(blocks)
    return blocks


def _remove_dead(blocks: dict[int, Block]) -> bool:
    """Removes assignments to registers that are not needed any more; whether there were any."""
    live, removed = live_before(blocks), False
    for block in blocks.values():
        needed = live_after(block, live)
        if isinstance(block.end, Computed):
            if block.end.zeroed is not None and block.end.zeroed not in needed:
                block.end, removed = replace(block.end, zeroed=None), True
            needed = needed - {block.end.zeroed}
            if block.end.zeroed is None and isinstance(block.end.line, Constant):
                block.end = Branch(block.end.test, block.end.line.value, block.end.no)
        needed = needed.union(*(reads(part) for part in end_condition(block.end)))
        kept: list[Statement] = []
        for statement in reversed(block.body):
            if isinstance(statement, Assign):
                if statement.register not in needed or statement.value == Register(statement.register):
                    removed = True
                    continue
                needed = needed - {statement.register}
            needed = needed.union(reads(statement))
            kept.insert(0, statement)
        block.body = kept
    return removed


def _skip_empty(blocks: dict[int, Block]) -> bool:
    """Lets jumps to an empty block go where that one goes; whether there were any."""
    if any(isinstance(block.end, Computed) for block in blocks.values()):
        return False  # every line may be jumped to
    skipped = False
    for b, block in list(blocks.items()):
        if isinstance(block.end, Branch) and block.end.yes == block.end.no:
            block.end, skipped = Goto(block.end.yes), True
        if b != ENTRY and not block.body and isinstance(block.end, Goto) and block.end.target != b:
            for other in blocks.values():
                other.end = retarget(other.end, b, block.end.target)
            del blocks[b]
            skipped = True
    return skipped


def _fold(block: Block, live_out: frozenset[int]) -> None:
    """Puts the values of assignments into the one place that uses them, where that changes nothing."""
    i = 0
    while i < len(block.body):
        statement = block.body[i]
        if isinstance(statement, Assign) and _fold_one(block, i, statement, live_out):
            del block.body[i]
            i = 0
        else:
            i += 1


def _fold_one(block: Block, i: int, assign: Assign, live_out: frozenset[int]) -> bool:
    """Moves the value of statement i to its only use, if it has one that it can be moved to; whether it did."""
    needs, reads_tape = set(reads(assign.value)), any(_reads_tape(n) for n in nodes(assign.value))
    for j in range(i + 1, len(block.body)):
        statement = block.body[j]
        uses = reads(statement).count(assign.register)
        if uses:
            if uses > 1 or not _dead_after(block, j, assign.register, live_out) or not _fits(statement, assign):
                return False
            block.body[j] = _map_statement(statement, lambda e: assign.value if e == Register(assign.register) else e)
            return True
        if isinstance(statement, Assign) and statement.register in needs | {assign.register}:
            return False
        if isinstance(statement, Store) and reads_tape:
            return False
    if assign.register in live_out or not isinstance(block.end, Branch):
        return False
    if reads(block.end.test).count(assign.register) != 1 or not _fits(block.end.test, assign):
        return False
    test = _map_condition(block.end.test, lambda e: assign.value if e == Register(assign.register) else e)
    block.end = replace(block.end, test=test)
    return True


def _reads_tape(node: Expression | Condition | Statement) -> bool:
    return isinstance(node, Operation) and node.op is Op.READ


def _dead_after(block: Block, j: int, register: int, live_out: frozenset[int]) -> bool:
    """Whether no one needs a register's value after statement j."""
    statement = block.body[j]
    if isinstance(statement, Assign) and statement.register == register:
        return True
    for later in block.body[j + 1 :]:
        if register in reads(later):
            return False
        if isinstance(later, Assign) and later.register == register:
            return True
    return register not in live_out and not any(register in reads(part) for part in end_condition(block.end))


def _fits(user: Statement | Condition, assign: Assign) -> bool:
    """What C writes twice, as the operand of a minimum, must stay a register or a constant; nothing grows long."""
    if not isinstance(assign.value, Operation):
        return True
    written_twice = any(
        isinstance(n, Operation) and n.op.row.repeats and assign.register in reads(n) for n in nodes(user)
    )
    return not written_twice and sum(1 for _ in (*nodes(assign.value), *nodes(user))) <= READABLE


def _map_statement(statement: Statement, change: Callable[[Expression], Expression]) -> Statement:
    match statement:
        case Assign(register, value):
            return Assign(register, _map(value, change))
        case Store(address, value):
            return Store(_map(address, change), _map(value, change))
        case _:
            assert_never(statement)


def _map(e: Expression, change: Callable[[Expression], Expression]) -> Expression:
    match e:
        case Operation(op, operands):
            return Operation(op, tuple(_map(operand, change) for operand in operands))
        case Constant() | Register():
            return change(e)
        case _:
            assert_never(e)


def _map_condition(c: Condition, change: Callable[[Expression], Expression]) -> Condition:
    match c:
        case IsZero(value):
            return IsZero(_map(value, change))
        case Not(inner):
            return Not(_map_condition(inner, change))
        case AllOf(several) | AnyOf(several):
            return replace(c, parts=tuple(_map_condition(part, change) for part in several))
        case _:
            assert_never(c)


def _short_circuit(blocks: dict[int, Block]) -> bool:
    """Joins two tests in a row that share a way out; whether there were any."""
    for b, block in blocks.items():
        if not isinstance(block.end, Branch):
            continue
        for second in (block.end.yes, block.end.no):
            joined = _joined(blocks, b, second)
            if joined is not None:
                block.end = joined
                del blocks[second]
                return True
    return False


def _joined(blocks: dict[int, Block], b: int, second: int) -> Branch | None:
    """The branch that two blocks make where the second does nothing but test and follows only the first."""
    first, then = blocks[b].end, blocks[second]
    preceding = sum(second in successors(other.end) for other in blocks.values())
    if second == b or then.body or preceding > 1 or not isinstance(then.end, Branch):
        return None
    assert isinstance(first, Branch)
    test, other = then.end.test, first.no if second == first.yes else first.yes
    if second == first.no and then.end.yes == other:
        return Branch(_either(first.test, test), other, then.end.no)
    if second == first.no and then.end.no == other:
        return Branch(_either(first.test, Not(test)), other, then.end.yes)
    if second == first.yes and then.end.no == other:
        return Branch(_both(first.test, test), then.end.yes, other)
    if second == first.yes and then.end.yes == other:
        return Branch(_both(first.test, Not(test)), then.end.no, other)
    return None


def _either(a: Condition, b: Condition) -> Condition:
    return AnyOf((*(a.parts if isinstance(a, AnyOf) else (a,)), *(b.parts if isinstance(b, AnyOf) else (b,))))


def _both(a: Condition, b: Condition) -> Condition:
    return AllOf((*(a.parts if isinstance(a, AllOf) else (a,)), *(b.parts if isinstance(b, AllOf) else (b,))))
