"""Statements without an effect go: values that nobody looks at, and cells that are written again unread."""

from __future__ import annotations

from surrogate.anc.compiler.backend.flow import live_before, liveness
from surrogate.anc.compiler.backend.sets import holds
from surrogate.anc.compiler.ir import Block, Compute, Function, Statement, Write, defined
from surrogate.anc.machine.instructions import Op


def remove_dead(function: Function) -> Function:
    while True:
        live = liveness(function)
        blocks = {}
        for number, block in function.blocks.items():
            blocks[number] = Block(_last_writes(_needed(block, live.after[number])), block.end)
        if all(len(blocks[number].body) == len(block.body) for number, block in function.blocks.items()):
            return function
        function = Function(blocks)


def _needed(block: Block, after: int) -> list[Statement]:
    """The body without what nothing looks at that is needed itself, given what is live after the block."""
    live, kept = live_before(block.end, after), []
    for statement in reversed(block.body):
        if isinstance(statement, Write) or holds(live, statement.out):
            kept.append(statement)
            live = live_before(statement, live)
    return kept[::-1]


def _last_writes(body: list[Statement]) -> list[Statement]:
    """The body without writes to a cell that it writes again before anything is read."""
    kept: list[Statement] = []
    overwritten = set()
    for statement in reversed(body):
        match statement:
            case Write(address, _):
                if address in overwritten:
                    continue
                overwritten.add(address)
            case Compute(Op.READ):
                overwritten.clear()
        if (out := defined(statement)) is not None:
            overwritten.discard(out)
        kept.append(statement)
    return kept[::-1]
