"""The loops of a function, and how often its blocks are expected to run."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from surrogate.anc.compiler.backend.flow import predecessors, reverse_postorder
from surrogate.anc.compiler.ir import Branch, End, Function, successors

# A loop is left in one of ten rounds; where a test does not leave a loop, both ways are equally likely.
LEAVES_LOOP = 0.1
# Keeps the expected frequencies of a program that never stops finite.
GOES_ON = 0.999


@dataclass(frozen=True)
class NaturalLoop:
    """The block at which it goes round again, and all its blocks."""

    header: int
    body: frozenset[int]


def loops(function: Function) -> list[NaturalLoop]:
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
    nested = [NaturalLoop(header, frozenset(body)) for header, body in found.items() if header == 0 or 0 not in body]
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


def edge_chances(end: End, number: int, inside: list[NaturalLoop]) -> list[tuple[int, float]]:
    """The successors of block `number` with their probabilities; `inside` are the function's loops, smallest first."""
    if not isinstance(end, Branch):
        return [(successor, 1.0) for successor in successors(end)]
    inner = next((loop.body for loop in inside if number in loop.body), frozenset())
    stays = [successor in inner for successor in (end.zero, end.other)]
    zero = 0.5 if stays[0] == stays[1] else 1 - LEAVES_LOOP if stays[0] else LEAVES_LOOP
    return [(end.zero, zero), (end.other, 1 - zero)]
