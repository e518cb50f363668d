"""Which statements may change places; what loops and branches need not compute moves out of them."""

from __future__ import annotations

from collections.abc import Iterable

from surrogate.anc.compiler.backend.cfg import clean
from surrogate.anc.compiler.backend.flow import live_before, liveness, predecessors
from surrogate.anc.compiler.backend.loops import Expected, NaturalLoop
from surrogate.anc.compiler.backend.sets import EMPTY, holds, set_of
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    End,
    Function,
    Goto,
    Statement,
    Write,
    defined,
    retarget,
    used,
)
from surrogate.anc.machine.instructions import Op


def is_read(statement: Statement) -> bool:
    return isinstance(statement, Compute) and statement.op is Op.READ


def commute(first: Statement, second: Statement) -> bool:
    """Whether two neighbouring statements do the same in either order."""
    out, other = defined(first), defined(second)
    if out is not None and (out == other or out in used(second)):
        return False
    if other is not None and other in used(first):
        return False
    writes = isinstance(first, Write), isinstance(second, Write)
    return not (all(writes) or (writes[0] and is_read(second)) or (writes[1] and is_read(first)))


def moves_last(body: list[Statement], index: int, end: End) -> bool:
    """Whether statement `index` can run last in its block, before an end that does not look at what it gives."""
    statement = body[index]
    return defined(statement) not in used(end) and all(commute(statement, later) for later in body[index + 1 :])


def moves_first(body: Iterable[Statement], statement: Statement) -> bool:
    """Whether a statement that follows `body` can run before it."""
    return all(commute(earlier, statement) for earlier in body)


def hoist_invariants(function: Function) -> Function:
    """Moves what gives the same in every round of a loop in front of it; no statement can fail there."""
    while found := _invariants(function):
        blocks = {n: Block(list(block.body), block.end) for n, block in function.blocks.items()}
        for loop, statements in found:
            front = max(blocks) + 1
            for name in blocks.keys() - loop.body:
                blocks[name].end = retarget(blocks[name].end, {loop.header: front})
            for number, statement in statements:
                blocks[number].body = [other for other in blocks[number].body if other is not statement]
            blocks[front] = Block([statement for _, statement in statements], Goto(loop.header))
        function = clean(Function(blocks))
    return function


def _invariants(function: Function) -> list[tuple[NaturalLoop, list[tuple[int, Statement]]]]:
    """Loops without a block in common, and of each the statements, with their blocks, that may run in front of it.

    They run more rarely there. What a loop gains by statements of one inside it is found next time.
    """
    expected, live, before = Expected(function), liveness(function), predecessors(function)
    effects = {number: _effect(block) for number, block in function.blocks.items()}
    found, changed = [], set[int]()
    for loop in expected.loops:
        if changed.isdisjoint(loop.body):
            entered = _entered(before, loop, expected)
            rarer = [number for number in sorted(loop.body) if expected.often[number] > entered]
            once, twice, writes = EMPTY, EMPTY, False
            for number in loop.body:
                defined_once, defined_twice, writes_here = effects[number]
                twice |= once & defined_once | defined_twice
                once |= defined_once
                writes |= writes_here
            here = [(number, s) for number in rarer for s in function.blocks[number].body if isinstance(s, Compute)]
            candidates: list[tuple[int, Statement]] = [
                (number, s)
                for number, s in here
                if not holds(twice | live.before[loop.header], s.out) and not (is_read(s) and writes)
            ]
            statements = _unchanged(candidates, once)
            if statements:
                found.append((loop, statements))
                changed |= loop.body
    return found


def _unchanged(candidates: list[tuple[int, Statement]], changing: int) -> list[tuple[int, Statement]]:
    """Those that look at nothing that changes, nor at what others do that are not among them, in order."""
    found: list[tuple[int, Statement]] = []
    while (one := next((c for c in candidates if not changing & set_of(used(c[1]))), None)) is not None:
        found.append(one)
        candidates.remove(one)
        out = defined(one[1])
        assert out is not None
        changing &= ~(1 << out.number)
    return found


def _effect(block: Block) -> tuple[int, int, bool]:
    """What a block sets, what of that it sets more than once, and whether it writes to the tape."""
    once, twice, writes = EMPTY, EMPTY, False
    for statement in block.body:
        if isinstance(statement, Write):
            writes = True
        else:
            twice |= once & 1 << statement.out.number
            once |= 1 << statement.out.number
    return once, twice, writes


def _entered(before: dict[int, list[int]], loop: NaturalLoop, expected: Expected) -> float:
    """How often the loop is expected to start."""
    outside = [name for name in before[loop.header] if name not in loop.body]
    ways = [(name, way) for name in outside for way in expected.ways(name)]
    return sum(expected.often[name] * chance for name, (target, chance) in ways if target == loop.header)


def _wanted(statement: Statement, live: int) -> bool:
    return not isinstance(statement, Write) and holds(live, statement.out)


def sink_partly_dead(function: Function) -> Function:
    """Moves what only one way out of a branch looks at onto that way."""
    blocks = {number: Block(list(block.body), block.end) for number, block in function.blocks.items()}
    function = Function(blocks)
    before, live = predecessors(function), liveness(function).before
    for number, block in blocks.items():
        if isinstance(block.end, Branch):
            for index in range(len(block.body) - 1, -1, -1):
                statement = block.body[index]
                ways = [way for way in (block.end.zero, block.end.other) if _wanted(statement, live[way])]
                if len(ways) == 1 and before[ways[0]] == [number] and moves_last(block.body, index, block.end):
                    blocks[ways[0]].body.insert(0, block.body.pop(index))
                    live[ways[0]] = live_before(statement, live[ways[0]])
    return function
