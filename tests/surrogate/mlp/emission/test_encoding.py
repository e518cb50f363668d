"""Graphs as the hypernetwork reads them: a batch against its graphs, node by node."""

from __future__ import annotations

import numpy as np
import pytest

import cprograms
from cprograms.lowering import lower
from cprograms.ops import INDEX
from surrogate.mlp.emission.encoding import EncodedGraph, collate, encode, encode_results, without_text

SOURCES = (
    "double f(double x, double y) { return x - y; }",
    "double f(double x, double y) { return x < y ? x * y : y * y + 2.0; }",
    "int f(int a, int b) { while (b) { int t = a % b; a = b; b = t; } return a; }",
    "double f(double x) { return 3.0; }",
)


def encoded(source: str) -> EncodedGraph:
    p = cprograms.load(source=source)
    return encode(lower(p).result(0), p.domain)


def test_of_a_large_graph_the_last_nodes_are_attended_to() -> None:
    """Beside the arguments: the 64 nodes up to the root, in their order, of the graph's as they stand in the batch."""
    p = cprograms.load(source="double f(double x) { " + "x = x * x + 0.5; " * 60 + "return x; }")
    graphs = [encoded(SOURCES[0]), encode(lower(p).result(0), p.domain)]
    batch = collate(graphs)
    inner = [i for i, op in enumerate(graphs[1].op) if op != INDEX["arg"]][-64:]
    start = len(graphs[0].op)
    assert batch.tokens[1].tolist() == [batch.place[start + i].item() for i in inner]
    assert batch.tokens[1, -1] == batch.root[1]


def test_a_batch_is_its_graphs() -> None:
    """Each node's operator, slot and children in the batch are those of its graph."""
    graphs = [encoded(source) for source in SOURCES]
    batch, start = collate(graphs), 0
    for b, g in enumerate(graphs):
        place = [0, *batch.place[start : start + len(g.op)].tolist()]
        for i, at in enumerate(place[1:]):
            assert (batch.op[at - 1], batch.slot[at - 1]) == (g.op[i], g.slot[i])
            assert batch.children[at - 1].tolist() == [place[c] for c in g.children[i]]
        assert batch.root[b] == place[-1]
        start += len(g.op)


def test_without_the_text_arguments_are_in_the_signatures_order() -> None:
    """Whatever the text reads first; each with the strata of its own domain."""
    source = "#pragma surrogate range(a, 0, 3)\n#pragma surrogate range(b, 5, 9)\n"
    p = cprograms.load(source=source + "double f(double a, double b) { return b - a * 2; }")
    encoded = encode(lower(p).result(0), p.domain)
    assert encoded.arguments.tolist() == [1, 0]
    bare = without_text(encoded)
    assert bare.arguments.tolist() == [0, 1]
    assert bare.slot[:2].tolist() == [0, 1]
    assert (bare.strata[0].max() < 3, bare.strata[1].min() > 5) == (True, True)


@pytest.mark.parametrize(
    "source",
    [
        "struct p { double a, b, c; }; struct p f(double x, double y)"
        " { double t = sin(x * y); struct p r = {t + y, t * t - x, 3}; return r; }",
        "void f(const double w[6], double out[4])"
        " { for (int i = 0; i < 4; i++) out[i] = w[i] * w[i + 2] - (w[i] > 0 ? w[5] : 1); }",
        "double f(double x) { return x * x; }",
    ],
)
def test_the_results_of_a_program_are_encoded_as_each_alone(source: str) -> None:
    p = cprograms.load(source=f"#include <math.h>\n{source}")
    graph = lower(p)
    together = encode_results(graph, p.domain)
    assert len(together) == len(p.results)
    for k, found in enumerate(together):
        for part, expected in vars(encode(graph.result(k), p.domain)).items():
            np.testing.assert_array_equal(getattr(found, part), expected)
