"""Which loops of an executable graph a node lies in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from cprograms.graph import Graph
from cprograms.ops import REPEAT

Loops = frozenset[int]


class Loop(NamedTuple):
    """The children of a `repeat` node: conditions, each variable after a pass, and the `carry` nodes of before."""

    entered: int
    again: int
    following: tuple[int, ...]
    carried: tuple[int, ...]


class Nesting(NamedTuple):
    """`loops` by their `repeat` nodes, `home` the loop of each carry, `depth` how many loops each loop lies in."""

    loops: Mapping[int, Loop]
    home: Mapping[int, int]
    depth: Mapping[int, int]


def nesting(graph: Graph) -> Nesting:
    """Raises ValueError where a carried variable belongs to no loop or to several, or is read after its loop."""
    loops = {k: _loop(n.children) for k, n in enumerate(graph.nodes) if n.op == REPEAT}
    home: dict[int, int] = {}
    for k, loop in loops.items():
        for carry in loop.carried:
            if graph.nodes[carry].op != "carry" or carry in home:
                raise ValueError(f"node {carry} is no variable of the loop {k} alone")
            home[carry] = k
    inside: list[Loops] = []  # the loops in whose body a node is computed
    for k, n in enumerate(graph.nodes):
        around = frozenset[int]().union(*(inside[c] for c in n.children))
        if n.op == "carry":
            if k not in home or home[k] in around:
                raise ValueError(f"the carried variable {k} belongs to no loop")
            around |= {home[k]}
        elif k in loops:
            around -= {k}
        inside.append(around)
    depth = {k: len(inside[k]) for k in loops}
    for around in {*inside}:
        deepest = max(around, key=depth.__getitem__, default=-1)
        if around - {deepest} - inside[deepest]:
            raise ValueError(f"the loops {sorted(around)} are not inside each other")
    if any(inside[root] for root in graph.roots):
        raise ValueError("a result is read inside a loop")
    return Nesting(loops, home, depth)


def _loop(children: tuple[int, ...]) -> Loop:
    entered, again, *rest = children
    half = len(rest) // 2
    return Loop(entered, again, tuple(rest[:half]), tuple(rest[half:]))
