"""What passes ask about a function: definitions and uses, the flow graph, liveness, expected frequencies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    End,
    Function,
    Goto,
    Move,
    Register,
    Statement,
    Value,
    Write,
)

# A loop is left in one of ten rounds; where a test does not leave a loop, both ways are equally likely.
LEAVES_LOOP = 0.1
# Keeps the expected frequencies of a program that never stops finite.
GOES_ON = 0.999


def operands(node: Statement | End) -> tuple[Value, ...]:
    """The values that a statement or a block's end looks at."""
    match node:
        case Move(_, value):
            return (value,)
        case Compute(_, _, a, b):
            return (a,) if b is None else (a, b)
        case Write(address, value):
            return (address, value)
        case Branch(test):
            return (test,)
    return ()


def used(node: Statement | End) -> tuple[Register, ...]:
    return tuple(value for value in operands(node) if isinstance(value, Register))


def defined(statement: Statement) -> Register | None:
    return None if isinstance(statement, Write) else statement.out


def with_operands(node: Statement, change: Callable[[Value], Value]) -> Statement:
    """The statement with every value that it looks at changed."""
    match node:
        case Move(out, value):
            return Move(out, change(value))
        case Compute(op, out, a, b):
            return Compute(op, out, change(a), None if b is None else change(b))
        case Write(address, value):
            return Write(change(address), change(value))


def renamed(function: Function, name: Callable[[Register], Register]) -> Function:
    """The function with every register renamed."""

    def value(old: Value) -> Value:
        return name(old) if isinstance(old, Register) else old

    def statement(old: Statement) -> Statement:
        new = with_operands(old, value)
        return new if isinstance(new, Write) else replace(new, out=name(new.out))

    def end(old: End) -> End:
        return replace(old, test=value(old.test)) if isinstance(old, Branch) else old

    return Function({n: Block([statement(s) for s in b.body], end(b.end)) for n, b in function.blocks.items()})


def successors(end: End) -> tuple[int, ...]:
    match end:
        case Goto(target):
            return (target,)
        case Branch(_, zero, other):
            return (zero, other)
    return ()


def retarget(end: End, targets: dict[int, int]) -> End:
    """The end with some block numbers changed."""
    match end:
        case Goto(target):
            return Goto(targets.get(target, target))
        case Branch(test, zero, other):
            return Branch(test, targets.get(zero, zero), targets.get(other, other))
    return end


def retargeted(function: Function, targets: dict[int, int]) -> Function:
    """The function with some block numbers changed wherever a block ends."""
    return Function({n: Block(list(block.body), retarget(block.end, targets)) for n, block in function.blocks.items()})


def predecessors(function: Function) -> dict[int, list[int]]:
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
    """The registers whose value may still be looked at, at the start and at the end of each block."""

    before: dict[int, frozenset[Register]]
    after: dict[int, frozenset[Register]]


def live_before(node: Statement | End, after: Iterable[Register]) -> frozenset[Register]:
    """What is live before a statement or an end, given what is live after it."""
    live = set(after)
    if isinstance(node, Move | Compute):
        live.discard(node.out)
    return frozenset(live.union(used(node)))


def liveness(function: Function) -> Liveness:
    before: dict[int, frozenset[Register]] = {number: frozenset() for number in function.blocks}
    after = dict(before)
    order = reverse_postorder(function)[::-1]
    changed = True
    while changed:
        changed = False
        for number in order:
            block = function.blocks[number]
            after[number] = frozenset().union(*(before[s] for s in successors(block.end)))
            live = live_before(block.end, after[number])
            for statement in reversed(block.body):
                live = live_before(statement, live)
            changed |= live != before[number]
            before[number] = live
    return Liveness(before, after)


def live_after(block: Block, after: Iterable[Register]) -> list[frozenset[Register]]:
    """What is live after each statement of a block, given what is live after its end."""
    live = live_before(block.end, after)
    found = []
    for statement in reversed(block.body):
        found.append(live)
        live = live_before(statement, live)
    return found[::-1]


@dataclass(frozen=True)
class Loop:
    """A natural loop: the block at which it goes round again, and all its blocks."""

    header: int
    body: frozenset[int]


def loops(function: Function) -> list[Loop]:
    """Every natural loop, smallest first."""
    place = {number: i for i, number in enumerate(reverse_postorder(function))}
    before = predecessors(function)
    found: dict[int, set[int]] = {}
    for latch in place:
        for header in successors(function.blocks[latch].end):
            if place[header] <= place[latch]:
                body, todo = found.setdefault(header, {header}), [latch]
                while todo:
                    number = todo.pop()
                    if number not in body and number in place:
                        body.add(number)
                        todo.extend(before[number])
    # A cycle that can be entered beside its header reaches back to the function's start: it is no natural loop.
    nested = [Loop(header, frozenset(body)) for header, body in found.items() if header == 0 or 0 not in body]
    return sorted(nested, key=lambda loop: (len(loop.body), loop.header))


def frequencies(function: Function) -> dict[int, float]:
    """How often each block is expected to run, by the static guesses above."""
    order = reverse_postorder(function)
    place = {number: i for i, number in enumerate(order)}
    inside = loops(function)
    flow = np.eye(len(order))
    for number in order:
        for successor, chance in edge_chances(function.blocks[number].end, number, inside):
            flow[place[successor], place[number]] -= chance * GOES_ON
    start = np.zeros(len(order))
    start[0] = 1
    return dict(zip(order, np.linalg.solve(flow, start).tolist(), strict=True))


def edge_chances(end: End, number: int, inside: list[Loop]) -> list[tuple[int, float]]:
    """The successors of block `number` with their probabilities; `inside` are the function's loops, smallest first."""
    if not isinstance(end, Branch):
        return [(successor, 1.0) for successor in successors(end)]
    inner = next((loop.body for loop in inside if number in loop.body), frozenset())
    stays = [successor in inner for successor in (end.zero, end.other)]
    zero = 0.5 if stays[0] == stays[1] else 1 - LEAVES_LOOP if stays[0] else LEAVES_LOOP
    return [(end.zero, zero), (end.other, 1 - zero)]


def constants(function: Function) -> list[int]:
    """Every constant that a statement or an end looks at, in the order of the program."""
    nodes = [node for block in function.blocks.values() for node in (*block.body, block.end)]
    return [value.value for node in nodes for value in operands(node) if isinstance(value, Constant)]
