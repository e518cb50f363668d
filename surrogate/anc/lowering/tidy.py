"""What is easier to put right once a function is complete than while it is built."""

from __future__ import annotations

from dataclasses import replace

from surrogate.anc.backend.flow import defined, liveness, predecessors, successors, used, with_operands
from surrogate.anc.ir import Block, Branch, Compute, Function, Move, Register, Statement, Value, Write


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
    for number in function.blocks:
        place = 0
        while place < len(blocks[number].body):
            changed = _postponed(Function(blocks), number, place)
            if changed is None:
                place += 1
            else:
                blocks = changed
    return Function(blocks)


def _postponed(function: Function, number: int, place: int) -> dict[int, Block] | None:
    """The blocks without the copy at `place`, None where it has to stay."""
    block = function.blocks[number]
    copy = block.body[place]
    if not isinstance(copy, Move) or copy.out.name or not isinstance(copy.value, Register):
        return None
    old, variable = copy.out, copy.value
    body = block.body
    at = next((k for k in range(place + 1, len(body)) if defined(body[k]) == variable), None)
    if at is None or not isinstance(body[at], Compute) or used(body[at]) != (variable,):
        return None
    step, later = body[at], body[at + 1 :]
    uses = [k for k, statement in enumerate(later) if old in used(statement)]
    in_end = old in used(block.end)
    span = len(later) if in_end else max(uses, default=-1) + 1
    if (span == 0 and not in_end) or any(variable in (*used(s), defined(s)) for s in later[:span]):
        return None
    before = body[:place] + [_with(s, old, variable) for s in body[place + 1 : at]]
    moved = [_with(s, old, variable) for s in later[:span]]
    if not in_end:
        if old in liveness(function).after[number]:
            return None
        return function.blocks | {number: Block([*before, *moved, step, *later[span:]], block.end)}
    return _onto_edges(function, number, Block([*before, *moved], block.end), step, old, variable)


def _onto_edges(
    function: Function, number: int, block: Block, step: Statement, old: Register, variable: Register
) -> dict[int, Block] | None:
    """The blocks with the step at the start of each successor that needs it, None where others lead there too."""
    live, leading = liveness(function), predecessors(function)
    assert isinstance(block.end, Branch)
    targets = [s for s in dict.fromkeys(successors(block.end)) if variable in live.before[s]]
    if old in live.after[number] or any(leading[target] != [number] for target in targets):
        return None
    blocks = function.blocks | {number: replace(block, end=replace(block.end, test=variable))}
    for target in targets:
        blocks[target] = Block([step, *blocks[target].body], blocks[target].end)
    return blocks


def _with(statement: Statement, old: Register, new: Register) -> Statement:
    def change(value: Value) -> Value:
        return new if value == old else value

    return with_operands(statement, change)
