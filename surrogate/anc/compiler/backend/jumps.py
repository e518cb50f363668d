"""Jump threading: a way into a block on which the block's own branch is decided goes straight to where it leads."""

from __future__ import annotations

from surrogate.anc.compiler.backend.analysis import Analyses
from surrogate.anc.compiler.backend.arithmetic import simplify
from surrogate.anc.compiler.backend.coalesce import can_go, is_copy
from surrogate.anc.compiler.backend.facts import Facts, learn
from surrogate.anc.compiler.backend.flow import Liveness, liveness
from surrogate.anc.compiler.backend.propagate import simplify_end, simplify_statement
from surrogate.anc.compiler.backend.sets import holds
from surrogate.anc.compiler.ir import Block, Branch, Function, Goto, Statement, Write, retarget


def thread(function: Function, analyses: Analyses) -> Function:
    """Redirects what ways into blocks whose test is then known it can; the function itself if there are none."""
    return thread_over_copies(thread_jumps(function, analyses), analyses)


def thread_jumps(function: Function, analyses: Analyses) -> Function:
    """Redirects the ways into blocks whose test is then known and whose statements are then of no use."""
    live = liveness(function)
    targets: dict[int, dict[int, int]] = {}
    for source, number, facts in analyses.of(function).ways():
        found = _decided(function, live, number, facts)
        if found is not None and not found[0]:
            targets.setdefault(source, {})[number] = found[1]
    if not targets:
        return function
    return Function(
        {n: Block(list(block.body), retarget(block.end, targets.get(n, {}))) for n, block in function.blocks.items()}
    )


def thread_over_copies(function: Function, analyses: Analyses) -> Function:
    """Redirects a way into a block whose test is then known and whose statements are then copies that coalesce."""
    live = liveness(function)
    for source, number, facts in analyses.of(function).ways():
        found = _decided(function, live, number, facts)
        if found is None or not found[0]:
            continue
        copies = [statement for statement in found[0] if is_copy(statement)]
        if copies == found[0]:
            new = max(function.blocks) + 1
            end = retarget(function.blocks[source].end, {number: new})
            changed = {source: Block(list(function.blocks[source].body), end), new: Block(found[0], Goto(found[1]))}
            threaded = Function(function.blocks | changed)
            if all(can_go(threaded, copy) for copy in copies):
                return threaded
    return function


def _decided(function: Function, live: Liveness, number: int, facts: Facts) -> tuple[list[Statement], int] | None:
    """What block `number`, entered with these facts, does that matters, and where it leads; None if that is open."""
    block = function.blocks[number]
    if not isinstance(block.end, Branch):
        return None
    facts, body = facts.copy(), []
    for statement in block.body:
        body += [(statement, new) for new in simplify_statement(facts, statement)]
        learn(facts, statement, simplify)
    end = simplify_end(facts, block.end)
    if not isinstance(end, Goto):
        return None
    needed = live.before[end.target]
    return [new for old, new in body if isinstance(old, Write) or holds(needed, old.out)], end.target
