"""What is known of a graph's values whatever its arguments are: what cannot be undefined needs no check."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from cprograms.graph import Graph, Node
from cprograms.lowering.bounds import Bounds

_EXACT: dict[str, Callable[[float, float], float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "neg": lambda x, _: -x,
    "abs": lambda x, _: abs(x),
}


def bounds_of(graph: Graph, arguments: int, learnable: Sequence[int] = ()) -> Bounds:
    """What holds of the nodes whatever the arguments and the learnable constants are: these count as arguments, too."""
    nodes = list(graph.nodes)
    for k, node in enumerate(learnable):
        nodes[node] = replace(nodes[node], op="arg", value=arguments + k)
    domain = np.array([[-np.inf, np.inf]] * (arguments + len(learnable)), dtype=object).reshape(-1, 2)
    for n in nodes:
        if n.op == "arg" and n.type.is_integer:
            domain[int(n.value)] = [int(end) for end in n.type.limits]
    return Bounds(Graph(tuple(nodes), graph.roots, graph.tables), domain)


def within(interval: tuple[float, float] | None, low: float, high: float) -> bool:
    """Whether an interval is known and lies in low … high."""
    return interval is not None and low <= interval[0] and interval[1] <= high


def fits(bounds: Bounds, n: Node) -> bool:
    """Whether a node's exact result lies within its type, of at most 32 bits, whatever the arguments are."""
    intervals = [bounds.of(c) for c in n.children]
    known = [i for i in intervals if i is not None]
    if n.type.bits == 64 or len(known) < len(intervals):
        return False
    if n.op == "shl":
        count = known[1]
        return known[0][0] >= 0 and within(count, 0, 31) and int(known[0][1]) << int(count[1]) <= n.type.limits[1]
    exact = _EXACT.get(n.op)
    if exact is None:
        return True
    ends = [exact(x, y) for x in known[0] for y in known[-1]]
    return within((min(ends), max(ends)), *n.type.limits)
