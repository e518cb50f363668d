"""The same statements on two ways run in one place: at the end of both ways, or before the ways part."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from surrogate.anc.backend.flow import defined, predecessors, used
from surrogate.anc.backend.motion import moves_first, moves_last
from surrogate.anc.ir import Block, Branch, Function, Goto, Statement


def shared_tails(function: Function) -> Iterator[Function]:
    """Functions with the common last statements of two blocks that go on alike in a block that both go to."""
    for one, other in combinations(function.blocks, 2):
        first, second = function.blocks[one], function.blocks[other]
        if 0 in (one, other) or first.end != second.end or not isinstance(first.end, Goto):
            continue
        body, rest = list(first.body), list(second.body)
        tail: list[Statement] = []
        while (pair := _common_last(Block(body, first.end), Block(rest, second.end))) is not None:
            tail.insert(0, body.pop(pair[0]))
            del rest[pair[1]]
        if tail:
            new = max(function.blocks) + 1
            changed = {one: Block(body, Goto(new)), other: Block(rest, Goto(new)), new: Block(tail, first.end)}
            yield Function(function.blocks | changed)


def _common_last(first: Block, second: Block) -> tuple[int, int] | None:
    """Places of a statement that may come last in both blocks."""
    for i in range(len(first.body) - 1, -1, -1):
        if moves_last(first.body, i, first.end):
            for k in range(len(second.body) - 1, -1, -1):
                if second.body[k] == first.body[i] and moves_last(second.body, k, second.end):
                    return i, k
    return None


def shared_heads(function: Function) -> Iterator[Function]:
    """Functions with the common first statements of both ways out of a branch in front of the branch."""
    before = predecessors(function)
    for number, block in function.blocks.items():
        end = block.end
        if not isinstance(end, Branch) or any(before[way] != [number] for way in (end.zero, end.other)):
            continue
        zero, other = list(function.blocks[end.zero].body), list(function.blocks[end.other].body)
        head: list[Statement] = []
        while (pair := _common_first(zero, other)) is not None and defined(zero[pair[0]]) not in used(end):
            head.append(zero.pop(pair[0]))
            del other[pair[1]]
        if head:
            changed = {
                number: Block(block.body + head, end),
                end.zero: Block(zero, function.blocks[end.zero].end),
                end.other: Block(other, function.blocks[end.other].end),
            }
            yield Function(function.blocks | changed)


def _common_first(first: list[Statement], second: list[Statement]) -> tuple[int, int] | None:
    """Places of a statement that may come first in both bodies."""
    for i, statement in enumerate(first):
        if statement in second:
            k = second.index(statement)
            if moves_first(first[:i], statement) and moves_first(second[:k], statement):
                return i, k
    return None
