"""A graph as plain data: the same one back, and every damage refused."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cprograms.graph import Graph, GraphBuilder
from cprograms.lowering import lower
from cprograms.types import DOUBLE, FLOAT, SCALARS
from surrogate.graph.stored import as_dict, from_dict
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of


def text_of(graph: Graph) -> str:
    return json.dumps(as_dict(graph), allow_nan=False)


def back(graph: Graph) -> Graph:
    return from_dict(json.loads(text_of(graph)))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.exact])
def test_every_case_comes_back(name):
    graph = lower(program_of(CASES[name].source, CASES[name].ranges))
    found = back(graph)
    assert [repr(n) for n in found.nodes] == [repr(n) for n in graph.nodes]
    assert found.roots == graph.roots
    assert [t.dtype for t in found.tables] == [t.dtype for t in graph.tables]
    assert all(map(np.array_equal, found.tables, graph.tables))


@given(st.lists(st.one_of(st.floats(), st.integers(-(2**63), 2**63 - 1)), min_size=1))
def test_numbers_survive(numbers):
    builder = GraphBuilder()
    roots = [builder.constant(v, DOUBLE if isinstance(v, float) else SCALARS["i64"]) for v in numbers]
    graph = builder.finish(roots)
    assert [repr(n.value) for n in back(graph).nodes] == [repr(n.value) for n in graph.nodes]


def test_odd_numbers_survive():
    builder = GraphBuilder()
    odd = [math.nan, math.inf, -math.inf, -0.0, 5e-324, 2.0**1023]
    roots = [builder.constant(v, DOUBLE) for v in odd] + [builder.constant(2**64 - 1, SCALARS["u64"])]
    roots.append(builder.constant(0.1, FLOAT))
    graph = builder.finish(roots)
    assert repr(back(graph).nodes) == repr(graph.nodes)


def stored() -> dict:
    return json.loads(
        text_of(lower(program_of("double f(double x, int n) { return n < 3 ? x * 2.5 : (double)(n << 1); }")))
    )


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (["spin", "f64", [0], 0], "operator"),
        (["loop", "f64", [0, 0, 0], 0], "operator"),
        (["add", "f99", [0, 0], 0], "type"),
        (["add", "f64", [0], 0], "operands"),
        (["neg", "f64", [99], 0], "child"),
        (["neg", "f64", [-1], 0], "child"),
        (["neg", "f64", [True], 0], "child"),
        (["neg", "i32", [0], 5], "value"),
        (["const", "i32", [], 2**31], "int"),
        (["const", "i32", [], 0.5], "int"),
        (["const", "f64", [], "much"], "double"),
        (["const", "f64", [], 3], "double"),
        (["const", "f32", [], 0.1], "float"),
        (["arg", "f64", [], -1], "argument"),
        (["lookup", "f64", [0, 0, 0], 0], "lookup"),
        (["and", "f64", [0, 0], 0], "and"),
        (["sin", "i32", [0], 0], "sin"),
        (["add", "u32", [0, 0], 0], "add"),
        (["lt", "f64", [0, 0], 0], "lt"),
        ([], "no graph"),
        (None, "no graph"),
    ],
)
def test_a_node_that_makes_no_sense_is_refused(row, message):
    d = stored()
    d["nodes"].append(row)
    with pytest.raises(ValueError, match=message):
        from_dict(d)


@pytest.mark.parametrize("damage", [{"roots": []}, {"roots": [99]}, {"roots": None}, {"tables": [{}]}, {"nodes": 3}])
def test_other_damage_is_refused(damage):
    with pytest.raises(ValueError, match="no graph"):
        from_dict(stored() | damage)


@given(st.data())
def test_any_damage_is_refused_or_is_a_graph(data):
    d = stored()
    row = data.draw(st.sampled_from(d["nodes"]))
    row[data.draw(st.integers(0, 3))] = data.draw(
        st.one_of(
            st.none(),
            st.integers(),
            st.floats(),
            st.text(),
            st.lists(st.integers(0, 9)),
            st.sampled_from(["f32", "add"]),
        )
    )
    try:
        found = from_dict(d)
    except ValueError:
        return
    assert from_dict(as_dict(found)).roots == found.roots
