"""Graphs of many results: what each alone needs is few nodes, all together are many."""

from __future__ import annotations

import numpy as np

import cprograms
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.sampling import sample

MATRIX = """\
#pragma surrogate range(a, -2, 2)
void product(const double a[6][6], double out[6][6])
{
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 6; j++) {
            out[i][j] = 0;
            for (int k = 0; k < 6; k++)
                out[i][j] += a[i][k] * a[k][j] * (a[k][k] + %s);
        }
}
"""


def test_they_are_followed_where_each_alone_is_small() -> None:
    program = cprograms.load(source=MATRIX % "1")
    graph = lower(program)
    assert graph.exact
    assert len(graph.nodes) > 256
    assert max(len(graph.needed([root])) for root in graph.roots) <= 256
    x = sample(program, 200, 0)
    a = x.reshape(-1, 6, 6)
    expected = a @ (a * (np.diagonal(a, axis1=1, axis2=2) + 1)[:, :, None])
    np.testing.assert_allclose(evaluate(graph, x), expected.reshape(-1, 36), atol=1e-12)


def test_they_are_not_where_one_alone_is_large() -> None:
    large = "void f(double x, double out[2]) { double t = x; for (int i = 0; i < 200; i++) t = sin(t) * x + %s;"
    source = f"#include <math.h>\n{large % 'i'} out[0] = t; out[1] = 2 * x; }}"
    assert not lower(cprograms.load(source=source)).exact


def test_nodes_that_are_needed_are_those_of_the_graph_alone() -> None:
    graph = lower(cprograms.load(source=MATRIX % "a[0][k]"))
    for root in graph.roots[::7]:
        alone, places = graph.of([root]), graph.needed([root])
        assert [graph.nodes[k].op for k in places] == [n.op for n in alone.nodes]
        assert [tuple(places.index(c) for c in graph.nodes[k].children) for k in places] == [
            n.children for n in alone.nodes
        ]
