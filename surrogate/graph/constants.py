"""Which constants of a graph are learnable, and what they are called."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace

import numpy as np
from pycparser import c_ast

from cprograms.graph import Graph
from cprograms.literals import literal
from cprograms.program import Program

STRUCTURAL = frozenset((0.0, 1.0, -1.0, 2.0, 0.5))
"""Numbers that say what a formula is, not how large something is: they are never learnable."""

Line = int | str
"""A line of the program's own file, or of another one, as in "limits.c:5"."""
Lines = Mapping[int, Sequence[Line]]
"""The lines of the C program that a constant node stands in."""


def learnable_constants(graph: Graph) -> list[int]:
    """The constant nodes of floating types that are not structural, in order.

    Integers, infinities, NaN, whole exponents and the entries of tables are structural as well.
    """
    used = {
        child
        for n in graph.nodes
        for k, child in enumerate(n.children)
        if not (n.op == "lookup" and k > 0) and not (n.op == "pow" and k == 1 and _whole(graph, child))
    } | set(graph.roots)
    return [
        k
        for k, n in enumerate(graph.nodes)
        if n.op == "const" and not n.type.is_integer and k in used and _learnable(float(n.value))
    ]


def fitted(graph: Graph, values: Sequence[float]) -> Graph:
    """The graph with other numbers in the place of its learnable constants, in their order."""
    nodes = list(graph.nodes)
    for node, value in zip(learnable_constants(graph), values, strict=True):
        nodes[node] = replace(nodes[node], value=value)
    return replace(graph, nodes=tuple(nodes))


def _learnable(value: float) -> bool:
    return math.isfinite(value) and value not in STRUCTURAL


def _whole(graph: Graph, node: int) -> bool:
    return float(graph.nodes[node].value).is_integer()


def lines_of(graph: Graph, program: Program) -> dict[int, tuple[Line, ...]]:
    """The lines of each learnable constant's number among the program's literals, with either sign.

    Equal numbers are one node. One that the compiler computed from others, as of 17.27 * 2, stands in no line.
    """
    found: dict[tuple[float, int], set[tuple[str, int]]] = {}
    _collect(program.unit, found)
    lines = {}
    for node in learnable_constants(graph):
        n = graph.nodes[node]
        key = (abs(float(n.value)), n.type.bits)
        lines[node] = _said(found.get(key, set()), program.path)
    return lines


def _said(places: Set[tuple[str, int]], path: str) -> tuple[Line, ...]:
    """Lines of the file at `path`, then those of others, which are called by their names."""
    own = sorted(line for file, line in places if file == path)
    others = sorted((os.path.basename(file), line) for file, line in places if file != path)
    return (*own, *(f"{file}:{line}" for file, line in others))


def _collect(node: c_ast.Node, found: dict[tuple[float, int], set[tuple[str, int]]]) -> None:
    if isinstance(node, c_ast.Constant) and node.coord is not None and node.type != "string":
        value, _ = literal(node)
        for bits, rounded in ((64, float(value)), (32, _as_float(float(value)))):
            found.setdefault((rounded, bits), set()).add((node.coord.file, node.coord.line))
    for child in node:
        _collect(child, found)


def _as_float(value: float) -> float:
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def label(value: float, lines: Sequence[Line]) -> str:
    """What a constant is called: its lines and its number, as in "line 12: 0.2126" or "limits.c:5: 1.5"."""
    number = repr(value)
    if not lines:
        return number
    own = sum(not isinstance(line, str) for line in lines)
    where = "" if not own else "line " if own == 1 else "lines "
    return f"{where}{', '.join(map(str, lines))}: {number}"


def labels(graph: Graph, nodes: Sequence[int], lines: Lines) -> list[str]:
    """A label for each constant node, no two the same."""
    found: list[str] = []
    for node in nodes:
        n = graph.nodes[node]
        value = float(n.value)
        text = label(value if n.type.bits == 64 else float(f"{value:.9g}"), lines.get(node, ()))
        found.append(text if text not in found else f"{text} ({n.type.name})")
    return found
