"""Executing programs for a corpus: their rows, and what they do on inputs that they share with others."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

import numpy as np

from cprograms.corpus.format import PROGRAM_ROWS
from cprograms.graph import Graph, evaluate_nodes
from cprograms.lowering import lower
from cprograms.ops import OPS
from cprograms.program import Argument, Program
from cprograms.sampling import sample
from cprograms.sandbox import Outcomes, Status, run_many

Evaluator = Literal["sandbox", "numpy"]
BATCH = 400
"""Programs that the sandbox compiles together."""

# Programs whose domain contains a box meet on its points; a fourth set of points is scaled to a program's own domain.
_POINTS = 12
_BOXES = {True: ((0, 15), (16, 100), (-10, -1)), False: ((0.0, 1.0), (1.0, 10.0), (-1.0, 0.0))}
_DISTINCT = 4
_DIGITS = 4


@dataclass(frozen=True, eq=False)
class Executed:
    """`x` float64 [n, arguments], `y` float64 [n, results] with NaN where a row did not end well, `status` uint8 [n].

    `graph` hashes the shape of the dataflow graph, "" where part of the program is not followed. `behaviour` holds a
    hash for each set of shared inputs on which the outputs tell programs apart.
    """

    x: np.ndarray
    y: np.ndarray
    status: np.ndarray
    graph: str
    behaviour: tuple[str, ...]


def execute(
    programs: Sequence[Program], seeds: Sequence[int], rows: int = PROGRAM_ROWS, evaluator: Evaluator = "sandbox"
) -> list[Executed]:
    """Run each program on `rows` inputs of its domain, drawn by its seed, and on the shared inputs.

    "numpy" evaluates the dataflow graphs of the programs that have an exact one, and leaves the others to the sandbox,
    with those that have undefined behaviour on a row (the sandbox tells which) and those that call math.h's functions
    of floats (which differ in their last bit from one library to the other).
    """
    shared = [_shared_inputs(p) for p in programs]
    inputs = [
        np.concatenate([sample(p, rows, seed), *parts.values()])
        for p, seed, parts in zip(programs, seeds, shared, strict=True)
    ]
    graphs = [lower(p) for p in programs]
    ran = _ran(programs, graphs, inputs, evaluator)
    return [
        Executed(x[:rows], r.y[:rows], r.status[:rows], shape(g), _behaviour(r.y[rows:], list(parts)))
        for x, r, g, parts in zip(inputs, ran, graphs, shared, strict=True)
    ]


def _ran(
    programs: Sequence[Program], graphs: Sequence[Graph], inputs: Sequence[np.ndarray], evaluator: Evaluator
) -> list[Outcomes]:
    found: dict[int, Outcomes] = {}
    if evaluator == "numpy":
        for i, (graph, x) in enumerate(zip(graphs, inputs, strict=True)):
            if (rows := numpy_rows(graph, x)) is not None:
                found[i] = rows
    rest = [i for i in range(len(programs)) if i not in found]
    for start in range(0, len(rest), BATCH):
        part = rest[start : start + BATCH]
        ran = run_many([programs[i] for i in part], [inputs[i] for i in part])
        found.update(zip(part, ran, strict=True))
    return [found[i] for i in range(len(programs))]


_GROUPS = {op.name: op.group for op in OPS}
_LIBRARY = {"power", "trigonometry", "special"}


def numpy_rows(graph: Graph, x: np.ndarray) -> Outcomes | None:
    """Rows by numpy, or None where the sandbox is needed."""
    if not graph.exact or any(n.type.code == "f32" and _GROUPS[n.op] in _LIBRARY for n in graph.nodes):
        return None
    values, undefined = evaluate_nodes(graph, x)
    if any(undefined[root] is not None for root in graph.roots):
        return None
    y = np.stack([np.broadcast_to(values[root], len(x)) for root in graph.roots], axis=1).astype(np.float64)
    return Outcomes(y, np.full(len(x), Status.OK, np.uint8))


def shape(graph: Graph) -> str:
    """The graph's skeleton, or "" where a part is opaque: then equal shapes do not mean equal programs."""
    return "" if any(n.op == "opaque" for n in graph.nodes) else graph.skeleton()


def _shared_inputs(program: Program) -> dict[str, np.ndarray]:
    """Sets of inputs [12, arguments] by a name that programs with the same inputs share."""
    types = "".join("i" if a.type.is_integer else "r" for a in program.arguments)
    sets = {}
    for k in range(3):
        boxes = [_BOXES[a.type.is_integer][k] for a in program.arguments]
        if all(a.low <= low and high <= a.high for a, (low, high) in zip(program.arguments, boxes, strict=True)):
            sets[f"{types} box {k}"] = _points(boxes, program.arguments)
    ends = [(a.low, a.high) for a in program.arguments]
    sets[f"{types} {ends}"] = _points(ends, program.arguments)
    return sets


@cache
def _unit_points(argument: int) -> np.ndarray:
    return np.random.default_rng(argument).random(_POINTS)


def _points(ends: Sequence[tuple[float, float]], arguments: Sequence[Argument]) -> np.ndarray:
    columns = []
    for j, ((low, high), argument) in enumerate(zip(ends, arguments, strict=True)):
        x = low + (high - low) * _unit_points(j)
        # A float's points are double's too, so that both variants of a function meet on them.
        x = np.rint(x) if argument.type.is_integer else x.astype(np.float32).astype(np.float64)
        columns.append(np.clip(x, np.ceil(low) if argument.type.is_integer else low, high))
    return np.stack(columns, axis=1)


def _behaviour(y: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """A hash of each set's outputs [12, results], to four digits, where enough of them are finite and differ."""
    hashes = []
    for k, name in enumerate(names):
        part = y[k * _POINTS : (k + 1) * _POINTS]
        if not np.isfinite(part).all():
            continue
        written = [" ".join(f"{v:.{_DIGITS}g}" for v in row) for row in part + 0.0]  # + 0.0: no -0
        if len(set(written)) >= _DISTINCT:
            hashes.append(hashlib.sha256("\n".join([name, *written]).encode()).hexdigest()[:16])
    return tuple(hashes)
