"""Intervals enclose every value that a node takes on the domain, and prove what they should."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cprograms.graph import GraphBuilder, evaluate_nodes
from cprograms.lowering import lower
from cprograms.lowering.bounds import Bounds
from cprograms.program import Program
from cprograms.types import DOUBLE, INT, UINT
from tests.cprograms.cases import CASES
from tests.cprograms.frontend.random_c import RANGES, TYPES, expression_program, expressions
from tests.cprograms.native import program_of, rows_of


def check_encloses(program: Program) -> int:
    """How many of the graph's nodes that are neither constants nor arguments have an interval."""
    graph, rows = lower(program), rows_of(program, 200)
    bounds, found = Bounds(graph, program.domain), 0
    values, poisons = evaluate_nodes(graph, rows)
    for k, (node, value, poison) in enumerate(zip(graph.nodes, values, poisons, strict=True)):
        interval = bounds.of(k)
        if interval is None:
            continue
        held = np.broadcast_to(value, len(rows))[~np.broadcast_to(False if poison is None else poison, len(rows))]
        low, high = (node.type.dtype.type(v) for v in interval)
        assert ((held >= low) & (held <= high)).all(), f"{node}: {held.min()} to {held.max()} outside {interval}"
        found += bool(node.children)
    return found


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.exact])
def test_enclose_the_values_of_every_case(name):
    check_encloses(program_of(CASES[name].source, CASES[name].ranges))


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(TYPES), expressions)
def test_enclose_the_values_of_random_expressions(type, expression):
    check_encloses(program_of(expression_program(type, expression), RANGES))


def test_something_is_found():
    source = "double f(double x, int n) { return x * 3 - n / 2 + (n & 7); }"
    assert check_encloses(program_of(source, [(0, 1), (-9, 9)])) > 4


def interval(op: str, type, *ranges: tuple[float, float], out=None):
    builder = GraphBuilder()
    node = builder.add(op, out or type, *(builder.argument(k, type) for k in range(len(ranges))))
    return Bounds(builder, np.array(ranges, dtype=float)).of(node)


@pytest.mark.parametrize(
    ("op", "type", "ranges", "expected"),
    [
        ("add", INT, [(1, 2), (10, 20)], (11, 22)),
        ("add", INT, [(0, 2**31 - 1), (0, 5)], (0, 2**31 - 1)),
        ("sub", UINT, [(0, 3), (1, 1)], (0, 2**32 - 1)),
        ("mul", DOUBLE, [(-2, 3), (-5, 1)], (-15, 10)),
        ("div", INT, [(-7, 7), (0, 2)], (-7, 7)),
        ("div", INT, [(6, 9), (2, 3)], (2, 4)),
        ("div", DOUBLE, [(1, 2), (-1, 1)], None),
        ("mod", INT, [(-100, 100), (1, 8)], (-7, 7)),
        ("and", INT, [(-9, 9), (0, 3)], (0, 3)),
        ("and", INT, [(-9, 9), (-5, 3)], (-(2**31), 2**31 - 1)),
        ("or", INT, [(0, 9), (0, 3)], (0, 15)),
        ("abs", INT, [(-9, 3)], (0, 9)),
        ("neg", DOUBLE, [(-9, 3)], (-3, 9)),
        ("sqrt", DOUBLE, [(4, 9)], (2, 3)),
        ("sqrt", DOUBLE, [(-4, 9)], None),
        ("sin", DOUBLE, [(4, 900)], (-1, 1)),
        ("exp", DOUBLE, [(0, 1)], None),
    ],
)
def test_intervals(op, type, ranges, expected):
    assert interval(op, type, *ranges) == expected


def test_truth():
    builder = GraphBuilder()
    x, y = builder.argument(0, DOUBLE), builder.argument(1, DOUBLE)
    bounds = Bounds(builder, np.array([[0.0, 1.0], [1.0, 2.0]]))
    assert bounds.truth(builder.add("le", INT, x, y)) is True
    assert bounds.truth(builder.add("lt", INT, y, x)) is False
    assert bounds.truth(builder.add("lt", INT, x, y)) is None
    assert bounds.truth(builder.add("cast", INT, y)) is True
    assert bounds.truth(builder.add("lt", INT, builder.add("exp", DOUBLE, x), y)) is None
