"""Graphs compared, whatever the order of their nodes."""

from __future__ import annotations

from cprograms.graph import Graph
from cprograms.ops import COMMUTATIVE

Term = tuple[object, ...]


def terms(graph: Graph) -> list[int]:
    """Of each root what it computes, as a number: equal ones for equal terms, in this graph or another."""
    numbers: list[int] = []
    for node in graph.nodes:
        value = graph.tables[int(node.value)].tobytes() if node.op == "lookup" else node.value
        children = [numbers[child] for child in node.children]
        term = (node.op, node.type.code, value, *(sorted(children) if node.op in COMMUTATIVE else children))
        numbers.append(_KNOWN.setdefault(term, len(_KNOWN)))
    return [numbers[root] for root in graph.roots]


_KNOWN: dict[Term, int] = {}
