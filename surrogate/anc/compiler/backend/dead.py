"""Statements without an effect go: values that nobody looks at, and cells that are written again unread."""

from __future__ import annotations

from surrogate.anc.compiler.backend.flow import live_after, liveness
from surrogate.anc.compiler.ir import Block, Compute, Function, Statement, Write, defined
from surrogate.anc.machine.instructions import Op


def remove_dead(function: Function) -> Function:
    while True:
        live = liveness(function)
        blocks = {}
        for number, block in function.blocks.items():
            needed = live_after(block, live.after[number])
            body = [
                s for s, after in zip(block.body, needed, strict=True) if isinstance(s, Write) or defined(s) in after
            ]
            blocks[number] = Block(_last_writes(body), block.end)
        if all(len(blocks[number].body) == len(block.body) for number, block in function.blocks.items()):
            return function
        function = Function(blocks)


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
