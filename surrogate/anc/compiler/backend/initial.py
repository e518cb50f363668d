"""Constants that a register holds from the start: assignments that are the first of their register on every way."""

from __future__ import annotations

from functools import reduce
from operator import or_

from surrogate.anc.compiler.backend.flow import liveness, predecessors, reverse_postorder
from surrogate.anc.compiler.backend.sets import EMPTY, set_of
from surrogate.anc.compiler.ir import Block, Constant, Function, Move, Register, Statement, defined, used


def start_values(block: Block) -> list[Move]:
    """The constant assignments that the entry block begins with; they are initial values and cost nothing."""
    found: list[Move] = []
    for statement in block.body:
        if not (isinstance(statement, Move) and isinstance(statement.value, Constant)):
            break
        found.append(statement)
    return found


def hoist_initial(function: Function) -> Function:
    """Moves assignments of constants to the start of the entry block where nothing before them sees the register."""
    function = _sort_entry(function)
    seen, live = _seen_before(function), liveness(function).before[0]
    first = len(start_values(function.blocks[0]))
    moved: list[Statement] = []
    moved_already = EMPTY
    blocks = {}
    for number, block in function.blocks.items():
        before, body = seen[number] | live, []
        for index, statement in enumerate(block.body):
            at_start = number == 0 and index < first
            constant = isinstance(statement, Move) and isinstance(statement.value, Constant)
            if constant and not at_start and not (before | moved_already) & _seen_by(statement):
                moved.append(statement)
                moved_already |= _seen_by(statement)
            else:
                body.append(statement)
            before |= _seen_by(statement)
        blocks[number] = Block(body, block.end)
    blocks[0].body[:0] = moved[::-1]
    return Function(blocks)


def _seen_before(function: Function) -> dict[int, int]:
    """The set of registers that some statement sees or sets on some way from the entry to each block."""
    inside = {
        number: reduce(or_, map(_seen_by, block.body), set_of(used(block.end)))
        for number, block in function.blocks.items()
    }
    before, order = predecessors(function), reverse_postorder(function)
    seen = dict.fromkeys(function.blocks, EMPTY)
    changed = True
    while changed:
        changed = False
        for number in order:
            here = reduce(or_, (seen[name] | inside[name] for name in before[number]), EMPTY)
            changed |= here != seen[number]
            seen[number] = here
    return seen


def _seen_by(statement: Statement) -> int:
    out = defined(statement)
    return set_of(used(statement) if out is None else (*used(statement), out))


def _sort_entry(function: Function) -> Function:
    """Puts the entry block's own constant assignments first where nothing in front of them sees the register."""
    first: list[Statement] = []
    rest: list[Statement] = []
    seen: set[Register] = set()
    for statement in function.blocks[0].body:
        constant = isinstance(statement, Move) and isinstance(statement.value, Constant)
        out = defined(statement)
        if constant and out not in seen:
            first.append(statement)
        else:
            rest.append(statement)
        seen.update(used(statement), () if out is None else (out,))
    return Function({**function.blocks, 0: Block(first + rest, function.blocks[0].end)})
