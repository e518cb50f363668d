"""Lowering against gcc's code with undefined behaviour caught."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pycparser import c_ast

from cprograms.graph import Graph, evaluate
from cprograms.lowering import lower
from tests.cprograms.cases import CASES, UNBOUNDED, UNIT
from tests.cprograms.frontend.random_c import RANGES, TYPES, expression_program, expressions, statement_program
from tests.cprograms.native import GCC, program_of, rows_of, run_native

needs_gcc = pytest.mark.skipif(GCC is None, reason="gcc is not installed")
EXACT = [name for name, case in CASES.items() if case.exact]
ROWS = 160


def close(graph: Graph, found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Equal, but for roundings where a function of the mathematical library or float was involved."""
    types = {n.type.code for n in graph.nodes if n.op not in ("const", "arg")}
    tolerance = 1e-5 if "f32" in types else 1e-12 if "f64" in types else 0
    return np.isclose(found, expected, rtol=tolerance, atol=tolerance, equal_nan=True)


@pytest.fixture(scope="module")
def native_rows(tmp_path_factory):
    """Program, rows and gcc's results of every case that terminates, by name."""
    programs = {name: program_of(CASES[name].source, CASES[name].ranges) for name in EXACT}
    rows = [rows_of(p, ROWS) for p in programs.values()]
    results = run_native(list(programs.values()), rows, tmp_path_factory.mktemp("native"))
    return {name: (p, x, y) for (name, p), x, y in zip(programs.items(), rows, results, strict=True)}


@needs_gcc
@pytest.mark.parametrize("name", EXACT)
def test_gives_what_c_gives(name, native_rows):
    program, x, y = native_rows[name]
    graph = lower(program)
    assert graph.exact
    found = evaluate(graph, x)
    wrong = ~close(graph, found, y).all(1)
    assert not wrong.any(), f"{x[wrong][:3]}: {found[wrong][:3]}, C gives {y[wrong][:3]}"


def check_against_native(sources: list[str], ranges: list[tuple[float, float]], folder) -> None:
    """Where C is defined both agree; where it is not, the graph may still give a number if no result depends on it."""
    programs = [program_of(s, ranges) for s in sources]
    rows = [rows_of(p, 64, seed) for seed, p in enumerate(programs)]
    for program, x, y in zip(programs, rows, run_native(programs, rows, folder), strict=True):
        graph = lower(program, max_nodes=5000)
        assert graph.exact
        wrong = ~close(graph, evaluate(graph, x), y).all(1) & ~np.isnan(y).any(1)
        assert not wrong.any(), f"{program.source}\n{x[wrong][:2]}: {evaluate(graph, x)[wrong][:2]}, C {y[wrong][:2]}"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return lambda: tmp_path_factory.mktemp("native")


@needs_gcc
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.tuples(st.sampled_from(TYPES), expressions), min_size=8, max_size=8))
def test_random_expressions(folders, drawn):
    check_against_native([expression_program(t, e) for t, e in drawn], RANGES, folders())


@needs_gcc
@pytest.mark.parametrize("seed", [0, 1, 2, 3])
def test_random_statements(folders, seed):
    check_against_native([statement_program(100 * seed + k) for k in range(40)], [(0, 6)] * 3, folders())


@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("seed", range(10, 60))
def test_many_random_statements(folders, seed):
    check_against_native([statement_program(100 * seed + k) for k in range(100)], [(0, 6)] * 3, folders())


def shape(source: str, ranges: list[tuple[float, float]], **options) -> list[str]:
    return [n.op for n in lower(program_of(source, ranges), **options).nodes]


@pytest.mark.parametrize("name", UNBOUNDED)
@pytest.mark.parametrize("unroll", [256, 4, 0])
def test_what_is_not_followed_still_has_a_graph(name, unroll):
    program = program_of(UNBOUNDED[name].source, UNBOUNDED[name].ranges)
    graph = lower(program, unroll=unroll)
    assert not graph.exact
    assert len(graph.nodes) <= 60
    assert {n.value for n in graph.nodes if n.op == "arg"} == set(range(len(program.arguments)))
    with pytest.raises(ValueError):
        evaluate(graph, program.domain.T)


@pytest.mark.parametrize("name", CASES)
def test_keeps_within_its_bound(name):
    program = program_of(CASES[name].source, CASES[name].ranges)
    for most in (40, 8, 1):
        graph = lower(program, max_nodes=most)
        rolled = [lower(program, unroll=0), lower(program, unroll=0, max_nodes=most)]
        assert len(graph.nodes) <= max(most, *(len(small.nodes) for small in rolled))
        assert [graph.nodes[r].type for r in graph.roots] == [r.type for r in program.results]


def test_a_loop_that_is_not_unrolled():
    graph = lower(
        program_of("double f(double x) { double s = x; for (int i = 0; i < 9; i++) s = s * x; return s; }"), unroll=8
    )
    root = graph.nodes[graph.roots[0]]
    condition, after, before = (graph.nodes[c] for c in root.children)
    assert (root.op, condition.op, after.op, before.op) == ("loop", "lt", "mul", "carry")
    x = graph.nodes[before.children[0]]
    assert x.op == "arg"
    assert [graph.nodes[c] for c in sorted(after.children)] == [x, before]
    counter, bound = (graph.nodes[c] for c in condition.children)
    assert (counter.op, bound.value) == ("carry", 9)
    assert sum(n.op == "loop" for n in graph.nodes) == 1


def test_a_return_out_of_a_loop_that_is_not_unrolled_is_selected():
    ops = shape("int f(int n) { for (int i = 1; ; i++) if (i * i > n) return i; return 0; }", [(0, 1e6)])
    assert ops[-1] == "loop"
    ops = shape("int f(int n) { for (int i = 1; i < 5000; i++) if (i * i > n) return i; return 0; }", [(0, 1e8)])
    assert ops[-1] == "sel"
    assert ops.count("loop") == 2


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("double f(double x, double y) { return x < y ? x : y; }", ["arg", "arg", "min"]),
        ("double f(double x, double y) { return x > y ? x : y; }", ["arg", "arg", "max"]),
        ("double f(double x, double y) { if (x >= y) return x; return y; }", ["arg", "arg", "max"]),
        ("double f(double x, double y) { return x < 0 ? -x : x; }", ["arg", "abs"]),
        ("double f(double x, double y) { return x > 0 ? x : -x; }", ["arg", "abs"]),
        ("int f(int x, int y) { return !(x < y); }", ["arg", "arg", "le"]),
        ("int f(double x, double y) { return !!(x < y); }", ["arg", "arg", "lt"]),
        ("int f(int x, int y) { return x + 1 + 2 + 3; }", ["arg", "const", "add"]),
        ("int f(int x, int y) { int t = 3; if (t > 2) t = x; else t = y; return t; }", ["arg"]),
        ("double f(double x, double y) { for (int i = 0; i < 1000; i++) y = i; return y; }", ["const"]),
        ("int f(int x, int y) { if (x) y = 1; else y = 1; return y; }", ["const"]),
        ("int f(int x, int y) { int r = 0; if (x) r = y; if (x) return r; return 0; }", ["arg", "arg", "const", "sel"]),
        ("int f(int x, int y) { static const int t[3] = {7, 8, 9}; return t[1]; }", ["const"]),
    ],
)
def test_graphs_are_small(source, expected):
    assert shape(source, [UNIT, UNIT]) == expected


def test_the_domain_proves_an_index_inside():
    source = "double f(int i) { static const double t[3] = {1, 2, 5}; return t[i]; }"
    assert "lookup" not in shape(source, [(0, 2)])
    assert "lookup" in shape(source, [(0, 3)])


def test_the_domain_shapes_nothing_but_what_repeats():
    source = "double f(double x) { if (x > 5) return 1; return x; }"
    assert shape(source, [(0, 1)]) == shape(source, [(0, 9)])


def test_a_program_that_is_not_understood_is_opaque():
    program = program_of("int f(int a, int b) { switch (a) { if (b) { case 3: return 1; } } return 2; }", [UNIT, UNIT])
    assert [n.op for n in lower(program).nodes] == ["arg", "arg", "opaque"]


def test_nesting_too_deep_for_the_stack_is_opaque():
    program = program_of(f"int f(int a) {{ return {'-(' * 90}a{')' * 90}; }}", [UNIT])
    deep = program.unit.ext[0].body.block_items[0]
    for _ in range(2000):
        deep.expr = c_ast.UnaryOp("-", deep.expr)
    assert [n.op for n in lower(program).nodes] == ["arg", "opaque"]


LONG = {
    "constant loops": "int f(int a) { int s = 0; for (int i = 0; i < 30000; i++) for (int j = 0; j < 30000; j++) s = i;"
    " return s + a; }",
    "a constant loop": "int f(int a) { int i = 0; while (i++ < 1000000000) ; return i + a; }",
    "calls that multiply": "".join(
        f"static int g{k}(int a) {{ return g{k + 1}(a) + g{k + 1}(a + {k}); }}" for k in range(30)
    )
    + "static int g30(int a) { return a * a; } int f(int a) { return g0(a); }",
    "calls that multiply what they point to": "".join(
        f"static void g{k}(int *a, int b) {{ g{k + 1}(a, b); for (int i = 0; i < b; i++) *a += i; g{k + 1}(a, {k}); }}"
        for k in range(30)
    )
    + "static void g30(int *a, int b) { *a *= b; } int f(int a) { g0(&a, a); return a; }",
    "recursion that multiplies": "static int g(int a, int n) { return n < 1 ? a : g(a + 1, n - 1) * g(a, n - 1); }"
    " int f(int a) { return g(a, 40); }",
    "long code": "int f(int a) {" + "".join(f"a ^= a * {k} / (a + {k});" for k in range(2000)) + "return a; }",
    "a huge array": "int f(int x) { int a[100000000]; a[0] = x; return a[0]; }",
    "a huge argument": "struct s { int a[100000000]; }; static int g(struct s s) { return s.a[0]; }"
    " int f(int x) { struct s s = {{x}}; return g(s); }",
    "a long table": f"static const int t[999] = {{{', '.join(str(k * k + 7) for k in range(999))}}};"
    "int f(int a) { int s = 0; for (int i = 0; i < 999; i++) s ^= t[i] * a; return s; }",
}


@pytest.mark.parametrize("source", LONG.values(), ids=LONG)
def test_what_would_take_long_does_not(source):
    started = time.process_time()
    program = program_of(source, [(0, 9)])
    parsed = time.process_time()
    graph = lower(program)
    assert time.process_time() - parsed < 5
    assert parsed - started < 5
    assert not graph.exact


def test_straight_code_is_followed_beyond_the_bound():
    steps = "".join(f"x = x * {k}.5 + a;" for k in range(200))
    graph = lower(program_of(f"double f(double a) {{ double x = a; {steps} return x; }}"))
    assert graph.exact
    assert len(graph.nodes) > 400


def test_equal_sources_give_equal_graphs():
    program = program_of(CASES["sorting"].source, CASES["sorting"].ranges)
    first, second = lower(program), lower(program)
    assert (first.nodes, first.roots) == (second.nodes, second.roots)


# Each with the ranges of its arguments, all of whose integers are tried.
EASILY_MISTAKEN = {
    "++ gives the value that is stored": ("int f(int a) { unsigned char c = a; return ++c; }", [(250, 255)]),
    "the count does not widen a shift": (
        "unsigned long f(unsigned a, unsigned long n) { return a << n; }",
        [(2**31 - 1, 2**31 + 9), (0, 4)],
    ),
    "the side not taken decides the type": ("int f(unsigned a, int b) { return (1 ? b : a) > 0; }", [(0, 2), (-3, 3)]),
    "sizeof evaluates nothing": ("int f(int a) { int n = sizeof(a++); return 10 * a + n; }", [(-3, 3)]),
    "all indices choose an element": (
        "int f(int i, int j) { int t[2][3] = {{0}}; t[i][j] = 7;"
        " return t[0][0] + 10 * t[0][1] + 100 * t[1][1] + 1000 * t[1][0]; }",
        [(0, 1), (0, 2)],
    ),
    "either break keeps the return from being taken": (
        "int f(int a) { for (;;) { if (a == 1) break; if (a == 2) break; if (a == 3) return 30; return 40; }"
        " return 50; }",
        [(0, 5)],
    ),
    "only what was taken has its effects": (
        "int f(int a, int b) { int x = 1; int r = a > b ? (x = 5) : (b > 0 && (x = 7)); return 10 * x + r; }",
        [(-2, 2), (-2, 2)],
    ),
}


@needs_gcc
@pytest.mark.parametrize("name", EASILY_MISTAKEN)
def test_what_is_easily_mistaken(name, tmp_path):
    source, ranges = EASILY_MISTAKEN[name]
    program = program_of(source, ranges)
    axes = np.meshgrid(*(np.arange(low, high + 1.0) for low, high in ranges))
    rows = np.stack([axis.ravel() for axis in axes], axis=1)
    [expected] = run_native([program], [rows], tmp_path)
    np.testing.assert_array_equal(evaluate(lower(program), rows), expected)


@pytest.mark.parametrize("use", ["t[0] + t[i]", "(t[i] = 9) - t[0]"])
def test_an_index_that_may_be_the_length_is_undefined_there(use):
    program = program_of(f"int f(int i) {{ int t[3] = {{1, 2, 3}}; return {use}; }}", [(0, 3)])
    found = evaluate(lower(program), np.arange(4.0)[:, None])[:, 0]
    assert np.isnan(found).tolist() == [False, False, False, True]


def below(graph: Graph, root: int) -> set[int]:
    """The node and all that it needs."""
    return {root}.union(*(below(graph, child) for child in graph.nodes[root].children))


def test_each_variable_of_a_loop_is_carried_by_itself():
    """Two that start alike and change alike but for the order."""
    body = "double a = 1, b = 1; for (int i = 0; i < 99; i++) { a = a * x; b = b + x; } return a - b;"
    graph = lower(program_of(f"double f(double x) {{ {body} }}"), unroll=8)
    carried = [n for n in graph.nodes if n.op == "carry"]
    assert len(carried) == 3
    assert len({n.value for n in carried}) == 3
    difference = graph.nodes[graph.roots[0]]
    for side, op in zip(difference.children, ("mul", "add"), strict=True):
        _, after, before = graph.nodes[side].children
        assert (graph.nodes[side].op, graph.nodes[after].op) == ("loop", op)
        assert before in graph.nodes[after].children


def test_a_variable_after_a_loop_that_was_left_is_as_it_was_there():
    source = (
        "int f(int n) { int s = 0; for (int i = 1; i < 5000; i++) { s += i; if (s > n) { s = -7; break; } } return s; }"
    )
    graph = lower(program_of(source, [(0, 1e6)]))
    root = graph.nodes[graph.roots[0]]
    assert root.op == "loop"
    condition, after, _ = (below(graph, child) for child in root.children)
    assert any(graph.nodes[k].value == -7 for k in after if graph.nodes[k].op == "const")
    # Another pass depends on n, which only the exit compares.
    assert any(graph.nodes[k].op == "arg" for k in condition)
