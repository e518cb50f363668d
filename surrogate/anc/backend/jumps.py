"""Jump threading: a way into a block on which the block's own branch is decided goes straight to where it leads."""

from __future__ import annotations

from surrogate.anc.backend.arithmetic import simplify
from surrogate.anc.backend.facts import Facts, after_body, along_edges, analyse
from surrogate.anc.backend.flow import Liveness, defined, liveness, retarget
from surrogate.anc.backend.propagate import simplify_end
from surrogate.anc.ir import Block, Branch, Function, Goto, Write


def thread_jumps(function: Function, modulus: int) -> Function:
    """Redirects the ways into blocks whose test is then known and whose statements are then of no use."""
    entry = analyse(function, modulus, simplify)
    live = liveness(function)
    blocks = {}
    for number, block in function.blocks.items():
        leaving: dict[int, Facts] = {}
        if number in entry:
            leaving = along_edges(after_body(entry[number], block, simplify), block)
        ways = {target: _way(function, live, target, facts) for target, facts in leaving.items()}
        blocks[number] = Block(list(block.body), retarget(block.end, lambda old, ways=ways: ways.get(old, old)))
    return Function(blocks)


def _way(function: Function, live: Liveness, number: int, facts: Facts) -> int:
    """Where block `number`, entered with these facts, is sure to lead without doing anything that matters."""
    block = function.blocks[number]
    if not isinstance(block.end, Branch):
        return number
    end = simplify_end(after_body(facts, block, simplify), block.end)
    if not isinstance(end, Goto):
        return number
    idle = all(not isinstance(s, Write) and defined(s) not in live.before[end.target] for s in block.body)
    return end.target if idle else number
