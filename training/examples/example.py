"""What the hypernetwork trains on: an example is one result of one program of a corpus, encoded, with its rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from cprograms.corpus.format import Record
from cprograms.generate import accept
from cprograms.graph import Graph, evaluate_nodes
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.mlp.emission.emit import scale_inputs
from surrogate.mlp.emission.encoding import EncodedGraph, encode_results, first_taps, without_text
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from surrogate.mlp.parts.taps import MOST, Taps, find_taps

EXAMPLE_ROWS = 192
"""Rows of an example."""
DENSE_NODES = 8
DENSE_ROWS = 16
"""Inner nodes of an example that are supervised, at most, and the rows on which they are."""
ARGUMENTS = HypernetworkConfig.slots
"""Arguments for which tensors of a fixed width have room. An example of more is trained on without inner nodes; starts
that all programs share, and the protocol's suites, leave it out."""


@dataclass(frozen=True)
class Example:
    """One result of one program, which `program` names by the corpus's id.

    `x` float32 [192, slots] is scaled to [-1, 1], `y` float32 [192] standardised by `mean` and `std`. `dense_value`
    float32 [nodes, 16] are standardised values of some inner nodes on the first 16 rows. `taps` float32 [192, T] are
    the scaled taps of the graph on all rows.
    """

    program: str
    result: int
    graph: EncodedGraph
    x: np.ndarray
    y: np.ndarray
    mean: float
    std: float
    dense_node: np.ndarray
    dense_value: np.ndarray
    dense_mean: np.ndarray
    dense_std: np.ndarray
    taps: np.ndarray


def with_first_taps(example: Example, count: int) -> Example:
    """The example with the first of its taps alone."""
    if count >= example.taps.shape[1]:
        return example
    return replace(example, graph=first_taps(example.graph, count), taps=example.taps[:, :count])


def hide_text(example: Example) -> Example:
    """The example of the same rows without the program's text, and so without inner nodes; see `without_text`."""
    none = slice(0)
    return replace(
        example,
        graph=without_text(example.graph),
        x=example.x[:, np.argsort(example.graph.arguments)],
        dense_node=example.dense_node[none],
        dense_value=example.dense_value[none],
        dense_mean=example.dense_mean[none],
        dense_std=example.dense_std[none],
        taps=example.taps[:, none],
    )


def examples_of(record: Record) -> Iterator[Example]:
    """The examples of a program: one for each result that has 192 finite rows and is worth learning from."""
    program = record.program()
    graph = lower(program)
    for k, result in enumerate(program.results):
        y = record.outputs[:, k]
        keep = np.flatnonzero(np.isfinite(y))[:EXAMPLE_ROWS]
        if len(keep) == EXAMPLE_ROWS and accept(result.type, y):
            yield _example(record.id, program, k, graph.result(k), record.inputs[keep], y[keep])


def _example(id: str, program: Program, k: int, graph: Graph, x: np.ndarray, y: np.ndarray) -> Example:
    taps = find_taps(program, graph, MOST)
    [encoded] = encode_results(graph, program.domain, taps)
    rng = np.random.default_rng([int(id, 16), k])
    mean, std = float(y.mean()), float(y.std())
    return Example(
        program=id,
        result=k,
        graph=encoded,
        x=scale_inputs(x, program.domain)[:, encoded.arguments].astype(np.float32),
        y=((y - mean) / std).astype(np.float32),
        mean=mean,
        std=std,
        **_dense_targets(graph, x, rng),
        taps=_tap_values(taps, x),
    )


def _tap_values(taps: Taps | None, x: np.ndarray) -> np.ndarray:
    """[n, arguments] in C units -> float32 [n, T]."""
    if taps is None:
        return np.zeros((len(x), 0), dtype=np.float32)
    values: np.ndarray = taps(torch.from_numpy(x)).numpy().astype(np.float32)
    return values


def _dense_targets(graph: Graph, x: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Values of up to eight inner nodes that are finite and vary; none of a graph that reads too many arguments."""
    nodes, rows, means, stds = [], [], [], []
    if graph.exact and sum(n.op == "arg" for n in graph.nodes) <= ARGUMENTS:
        values, poisons = evaluate_nodes(graph, x)
        inner = [i for i, n in enumerate(graph.nodes[:-1]) if n.children and poisons[i] is None]
        for i in rng.permutation(inner)[: 2 * DENSE_NODES].astype(int):
            v = np.broadcast_to(values[i], len(x)).astype(np.float64)
            if np.isfinite(v).all() and np.abs(v).max() < 1e30 and v.std() > 1e-9 * (1 + abs(v.mean())):
                nodes.append(i)
                means.append(v.mean())
                stds.append(v.std())
                rows.append(((v[:DENSE_ROWS] - means[-1]) / stds[-1]).clip(-5, 5))
            if len(nodes) == DENSE_NODES:
                break
    return {
        "dense_node": np.array(nodes, dtype=np.uint16),
        "dense_value": np.array(rows, dtype=np.float32).reshape(-1, DENSE_ROWS),
        "dense_mean": np.array(means, dtype=np.float64),
        "dense_std": np.array(stds, dtype=np.float64),
    }
