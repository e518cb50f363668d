"""What passes ask about a function: its flow graph, its registers, and which are live."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from cprograms.budget import tick
from surrogate.anc.compiler.backend.sets import EMPTY, set_of
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    End,
    Function,
    Move,
    Register,
    Statement,
    Value,
    Write,
    defined,
    retarget,
    successors,
    used,
    with_operands,
)


def renamed(function: Function, name: Callable[[Register], Register]) -> Function:
    """The function with every register renamed."""

    tick(10 * len(function.blocks))

    def value(old: Value) -> Value:
        return name(old) if isinstance(old, Register) else old

    def statement(old: Statement) -> Statement:
        new = with_operands(old, value)
        return new if isinstance(new, Write) else replace(new, out=name(new.out))

    def end(old: End) -> End:
        return replace(old, test=value(old.test)) if isinstance(old, Branch) else old

    return Function({n: Block([statement(s) for s in b.body], end(b.end)) for n, b in function.blocks.items()})


def retargeted(function: Function, targets: dict[int, int]) -> Function:
    """The function with some block numbers changed wherever a block ends."""
    return Function({n: Block(list(block.body), retarget(block.end, targets)) for n, block in function.blocks.items()})


def predecessors(function: Function) -> dict[int, list[int]]:
    tick(len(function.blocks))
    found: dict[int, list[int]] = {number: [] for number in function.blocks}
    for number, block in function.blocks.items():
        for successor in dict.fromkeys(successors(block.end)):
            found[successor].append(number)
    return found


def reverse_postorder(function: Function) -> list[int]:
    """The reachable blocks, each before its successors but for those that close a loop."""
    order: list[int] = []
    seen = {0}
    stack: list[tuple[int, Iterator[int]]] = [(0, iter(successors(function.blocks[0].end)))]
    while stack:
        number, rest = stack[-1]
        following = next((s for s in rest if s not in seen), None)
        if following is None:
            order.append(number)
            stack.pop()
        else:
            seen.add(following)
            stack.append((following, iter(successors(function.blocks[following].end))))
    return order[::-1]


def registers(function: Function) -> list[Register]:
    """Every register, in the order of the program."""
    found: dict[Register, None] = {}
    for block in function.blocks.values():
        for statement in block.body:
            found.update(dict.fromkeys(used(statement)))
            if (out := defined(statement)) is not None:
                found[out] = None
        found.update(dict.fromkeys(used(block.end)))
    return list(found)


@dataclass(frozen=True)
class Liveness:
    """The set of registers whose value may still be looked at, at the start and at the end of each block."""

    before: dict[int, int]
    after: dict[int, int]


def live_before(node: Statement | End, after: int) -> int:
    """The set of what is live before a statement or an end, given what is live after it."""
    out = node.out if isinstance(node, Move | Compute) else None
    return (after if out is None else after & ~(1 << out.number)) | set_of(used(node))


def liveness(function: Function) -> Liveness:
    tick(sum(len(block.body) for block in function.blocks.values()))
    effects = {number: _effect(block) for number, block in function.blocks.items()}
    before = dict.fromkeys(function.blocks, EMPTY)
    after = dict(before)
    order = reverse_postorder(function)[::-1]
    changed = True
    while changed:
        changed = False
        for number in order:
            live = EMPTY
            for successor in successors(function.blocks[number].end):
                live |= before[successor]
            after[number] = live
            needs, gives = effects[number]
            live = needs | (live & ~gives)
            changed |= live != before[number]
            before[number] = live
    return Liveness(before, after)


def _effect(block: Block) -> tuple[int, int]:
    """What a block looks at before it sets it, and what it sets."""
    needs, gives = set_of(used(block.end)), EMPTY
    for statement in reversed(block.body):
        needs = live_before(statement, needs)
        if not isinstance(statement, Write):
            gives |= 1 << statement.out.number
    return needs, gives


def live_after(block: Block, after: int) -> list[int]:
    """What is live after each statement of a block, given what is live after its end."""
    live = live_before(block.end, after)
    found = []
    for statement in reversed(block.body):
        found.append(live)
        live = live_before(statement, live)
    return found[::-1]
