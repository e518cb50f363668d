"""The conditions of a program: which rows they hold for, and how they read in C.

They are those of its dataflow graph, as far as that is followed. Where one stands in the file is known if one
comparison of the text fits it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pycparser import c_ast

from cprograms.graph import Graph, Node, evaluate_nodes
from cprograms.literals import literal
from cprograms.ops import PREDICATES, UNEVALUABLE
from cprograms.program import Program
from cprograms.trees import walk
from cprograms.types import INT
from surrogate.numeric.checking.expressions import written

MOST = 256
"""Conditions that are looked at."""

_SIDES = frozenset("min max fmin fmax".split())
_COMPARES = {"lt": "<>", "le": "<>", "eq": "==", "ne": "=="}
_SPELT = {"<": "<>", ">": "<>", "<=": "<>", ">=": "<>", "==": "==", "!=": "=="}
"""Comparisons that the graph may write either way are of one kind."""


@dataclass(frozen=True)
class Condition:
    """A condition as C text, its place where that is known, and the rows [n] that it holds for."""

    text: str
    file: str
    line: int
    holds: npt.NDArray[np.bool_]


def conditions(program: Program, graph: Graph, x: npt.NDArray[np.float64]) -> Iterator[Condition]:
    """Those of a program, which the graph is of, that hold for some rows x [n, A] and not for others, no two alike."""
    names = [a.name for a in program.arguments]
    nodes, places = _tests(graph)
    found = Graph(tuple(nodes), (), graph.tables).of(places)
    values, poisons = evaluate_nodes(found, x)
    lines = _lines(program)
    seen: set[bytes] = set()
    for root in found.roots:
        poison = poisons[root]
        holds = np.broadcast_to(values[root] != 0, len(x))
        holds = holds if poison is None else holds & ~poison
        key = min(holds.tobytes(), (~holds).tobytes())
        if holds.any() and not holds.all() and key not in seen:
            seen.add(key)
            file, line = lines.get(_kind(found, found.nodes[root]), ("", 0))
            text = written(found, root, names)
            if line or any(name in text for name in names):  # else too much of it was cut to say anything
                yield Condition(text, file, line, holds)


def _tests(graph: Graph) -> tuple[list[Node], list[int]]:
    """The graph's nodes and some more, and which of them are conditions: comparisons, what selects ask for, and what
    extrema and absolute values compare."""
    nodes, known = list(graph.nodes), [False] * len(graph.nodes)
    places: list[int] = []
    for i, n in enumerate(graph.nodes):
        known[i] = n.op not in UNEVALUABLE and all(known[c] for c in n.children)
        if n.op in PREDICATES and known[i]:
            places.append(i)
        elif n.op == "sel" and known[n.children[0]]:
            places.append(n.children[0])
        elif n.op in _SIDES and known[i]:
            nodes.append(Node("lt", INT, n.children))
            places.append(len(nodes) - 1)
        elif n.op == "abs" and known[i]:
            zero = Node("const", n.type, (), 0 if n.type.is_integer else 0.0)
            nodes += [zero, Node("lt", INT, (n.children[0], len(nodes)))]
            places.append(len(nodes) - 1)
    return nodes, list(dict.fromkeys(places))[:MOST]


Kind = tuple[str, float | None] | None


def _kind(graph: Graph, n: Node) -> Kind:
    """What a comparison is known by: its sort, and the number that it compares with."""
    if n.op not in _COMPARES:
        return None
    numbers = [float(graph.nodes[c].value) for c in n.children if graph.nodes[c].op == "const"]
    return _COMPARES[n.op], numbers[0] if numbers else None


def _lines(program: Program) -> dict[Kind, tuple[str, int]]:
    """The place of each comparison in the text that no other is like."""
    found: dict[Kind, tuple[str, int]] = {}
    several: set[Kind] = set()
    for node in walk(program.unit):
        if isinstance(node, c_ast.BinaryOp) and node.op in _SPELT and node.coord is not None:
            numbers = [number for side in (node.left, node.right) if (number := _number(side)) is not None]
            kind = _SPELT[node.op], numbers[0] if numbers else None
            place = (node.coord.file or program.path, node.coord.line)
            if found.setdefault(kind, place) != place:
                several.add(kind)
    return {kind: place for kind, place in found.items() if kind not in several}


def _number(node: c_ast.Node) -> float | None:
    if isinstance(node, c_ast.UnaryOp) and node.op == "-":
        number = _number(node.expr)
        return None if number is None else -number
    if isinstance(node, c_ast.Constant) and node.type != "string":
        return float(literal(node)[0])
    return None
