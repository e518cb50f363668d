"""The order of the blocks: as few and as rare unconditional jumps as possible.

Each block can fall through to one other at most (a branch only where its test is not zero), so the ways to fall through
form a graph with at most one edge out of each block. The best order keeps, for each block, the heaviest edge into it,
and breaks the cycles that this leaves where that costs least.
"""

from __future__ import annotations

from surrogate.anc.compiler.backend.flow import reverse_postorder
from surrogate.anc.compiler.backend.loops import Expected
from surrogate.anc.compiler.ir import Block, Branch, Function, Goto

# An edge: what it is worth, and the blocks that it joins.
Edge = tuple[float, int, int]


def layout(function: Function, expected: Expected) -> list[int]:
    """All blocks, the entry first."""
    into: dict[int, list[Edge]] = {}
    for edge in sorted(fall_throughs(function, expected), key=lambda e: (-e[0], e[1])):
        if edge[2] != 0:
            into.setdefault(edge[2], []).append(edge)
    chosen = {target: edges[0] for target, edges in into.items()}
    while cycle := _cycle(chosen):
        _break(cycle, chosen, into)
    return _chains(function, {source: target for _, source, target in chosen.values()})


def fall_throughs(function: Function, expected: Expected) -> list[Edge]:
    """What each block that can fall through saves by it, in lines times executed lines."""
    often = expected.often
    lines = sum(len(block.body) + 1 for block in function.blocks.values())
    steps = sum(often[number] * (len(block.body) + 1) for number, block in function.blocks.items())
    found = []
    for number, block in function.blocks.items():
        if isinstance(block.end, Goto | Branch):
            target, chance = expected.ways(number)[-1]
            # A STOP takes the place of a jump to one.
            saved = 0.0 if function.blocks[target] == Block() else often[number] * chance
            found.append((saved * lines + steps, number, target))
    return found


def _cycle(chosen: dict[int, Edge]) -> list[Edge]:
    """The edges of one cycle, empty if there is none."""
    passed: dict[int, int] = {}
    cyclic: set[int] = set()
    for start in chosen:
        number = start
        while number in chosen and number not in passed:
            passed[number] = start
            number = chosen[number][1]
        if passed.get(number) == start:  # the walk met itself
            around = number
            while around not in cyclic:
                cyclic.add(around)
                around = chosen[around][1]
    first = next((start for start in chosen if start in cyclic), None)
    path: list[Edge] = []
    while first is not None and (not path or path[-1][1] != first):
        path.append(chosen[path[-1][1] if path else first])
    return path


def _break(cycle: list[Edge], chosen: dict[int, Edge], into: dict[int, list[Edge]]) -> None:
    """Takes the edge out whose loss matters least, for the next best into the same block if there is one."""

    def second(edge: Edge) -> Edge | None:
        return next((other for other in into[edge[2]] if other not in cycle), None)

    def loss(edge: Edge) -> float:
        other = second(edge)
        return edge[0] - (other[0] if other else 0.0)

    worst = min(cycle, key=loss)
    other = second(worst)
    if other:
        chosen[worst[2]] = other
    else:
        del chosen[worst[2]]


def _chains(function: Function, follows: dict[int, int]) -> list[int]:
    """The chains of blocks, the entry's first and the one that halts last."""
    following = set(follows.values())
    heads = [number for number in reverse_postorder(function) if number not in following]
    chains = []
    for head in heads:
        chain = [head]
        while chain[-1] in follows:
            chain.append(follows[chain[-1]])
        chains.append(chain)
    chains[1:] = sorted(chains[1:], key=lambda chain: function.blocks[chain[-1]] == Block())
    return [number for chain in chains for number in chain]
