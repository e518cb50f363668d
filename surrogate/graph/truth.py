"""The derivatives of a program, as its dataflow graph has them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from cprograms.graph import Graph
from surrogate.graph.module import GraphModule
from surrogate.numeric.batches import slopes
from surrogate.numeric.checking.gradients import Slopes

MOST_WORK = 20_000
"""Nodes times results, a backward pass each: of more, differences of what the program gives are had sooner."""


def program_slopes(graph: Graph, arguments: Sequence[str]) -> Slopes | None:
    """Derivatives [n, A] -> [n, R, A]; None where the graph is not exact, as loops that are not unrolled may be long,
    or where it is too large."""
    if not graph.exact or len(graph.nodes) * len(graph.roots) > MOST_WORK:
        return None
    return partial(slopes, GraphModule(graph, arguments).requires_grad_(False))
