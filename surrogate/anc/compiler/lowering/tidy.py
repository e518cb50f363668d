"""What is easier to put right once a function is complete than while it is built."""

from __future__ import annotations

from collections import Counter

from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Function,
    Goto,
    Move,
    Register,
    Statement,
    Value,
    Write,
    defined,
    used,
    with_operands,
)


def without_unneeded(function: Function) -> Function:
    """The function without registers that only ever decide their own next value, like an unread loop counter."""
    sources: dict[Register, set[Register]] = {}
    waiting: list[Register] = []
    for block in function.blocks.values():
        waiting.extend(used(block.end))
        for statement in block.body:
            if isinstance(statement, Write):
                waiting.extend(used(statement))
            else:
                sources.setdefault(statement.out, set()).update(used(statement))
    needed: set[Register] = set()
    while waiting:
        register = waiting.pop()
        if register not in needed:
            needed.add(register)
            waiting.extend(sources.get(register, ()))
    return Function(
        {
            number: Block([s for s in block.body if isinstance(s, Write) or s.out in needed], block.end)
            for number, block in function.blocks.items()
        }
    )


def postpone(function: Function) -> Function:
    """The function with the steps of `i++` and `i--` after the last use of the old value, which then needs no copy."""
    blocks = dict(function.blocks)
    nodes = [node for block in blocks.values() for node in (*block.body, block.end)]
    uses = Counter(register for node in nodes for register in used(node))
    for number in function.blocks:
        for copy in function.blocks[number].body:
            if isinstance(copy, Move) and isinstance(copy.value, Register) and copy.value.name and not copy.out.name:
                _postpone(blocks, number, copy.out, copy.value, uses[copy.out])
    return Function(blocks)


def _postpone(blocks: dict[int, Block], number: int, old: Register, variable: Register, uses: int) -> None:
    """Do without the copy `old` of a variable, where nothing needs both, by stepping the variable later."""
    body, end = blocks[number].body, blocks[number].end
    place = body.index(Move(old, variable))
    at = next((k for k in range(place + 1, len(body)) if defined(body[k]) == variable), None)
    if at is None or not isinstance(body[at], Compute) or used(body[at]) != (variable,):
        return
    step, later = body[at], body[at + 1 :]
    here = [old in used(node) for node in (*body, end)]
    span = max((k for k, uses_it in enumerate(here) if uses_it), default=at) - at
    in_end = span > len(later)
    only_here = uses == sum(used(node).count(old) for node in (*body, end))
    if not only_here or span <= 0 or any(variable in (*used(s), defined(s)) for s in later[:span]):
        return
    before = [*body[:place], *(_with(s, old, variable) for s in (*body[place + 1 : at], *later[:span]))]
    if in_end:
        assert isinstance(end, Branch)
        zero, other = (_edge(blocks, step, target) for target in (end.zero, end.other))
        blocks[number] = Block(before, Branch(variable, zero, other))
    else:
        blocks[number] = Block([*before, step, *later[span:]], end)


def _edge(blocks: dict[int, Block], step: Statement, target: int) -> int:
    """A block on the way to another; where the step's result is of no use there, it will turn out empty."""
    number = max(blocks) + 1
    blocks[number] = Block([step], Goto(target))
    return number


def _with(statement: Statement, old: Register, new: Register) -> Statement:
    def change(value: Value) -> Value:
        return new if value == old else value

    return with_operands(statement, change)
