"""Loops that are computed, not unrolled: lowered to be executed, run in torch, against the sandbox and gcc's code."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import cprograms
from cprograms.diagnostics import ProgramError
from cprograms.lowering import lower
from cprograms.ops import REPEAT
from surrogate.graph import loops
from surrogate.graph.module import GraphModule
from surrogate.graph.stored import as_dict, from_dict
from surrogate.numeric.batches import derivatives
from tests import ROOT
from tests.cprograms.cases import CASES
from tests.cprograms.native import program_of, rows_of

GCD = "int f(int a, int b) { while (b != 0) { int t = a % b; a = b; b = t; } return a; }"
COLLATZ = """
int f(int n) {
    int steps = 0;
    while (n > 1) { n = n % 2 ? 3 * n + 1 : n / 2; steps++; }
    return steps;
}"""
NEWTON = """
double f(double a) {
    double x = a > 1 ? a : 1, last;
    do { last = x; x = 0.5 * (x + a / x); } while (last - x > 1e-12 * x);
    return x;
}"""
PROGRAMS = {
    "gcd": (GCD, [(1, 900), (1, 900)]),
    "collatz": (COLLATZ, [(-3, 200)]),
    "newton": (NEWTON, [(0, 1e4)]),
    "break": (
        "int f(int n, int m) { int s = 0; for (int i = 0; ; i++) { if (i * i > n) break; s += i ^ m; } return s; }",
        [(0, 500), (0, 99)],
    ),
    "continue": (
        "int f(int n) { int s = 0; for (int i = 0; i < n; i++) { if (i % 3 == 0) continue; s += i; } return s; }",
        [(-5, 300)],
    ),
    "return inside": (
        "int f(int n, int d) { for (int i = 2; i < n; i++) { if (n % i == d) return i; } return -n; }",
        [(0, 300), (0, 3)],
    ),
    "nested": (
        "int f(int n, int m) { int s = 0; for (int i = 0; i < n; i++) for (int j = i; j < m; j += 1 + i) s +="
        " i * j % 7; return s; }",
        [(0, 40), (0, 60)],
    ),
    "nested with exits": (
        "int f(int n, int m) { int s = 0, i = 0; while (1) { int j = 0; do { if (i + j == 70) return -s; if"
        " (j > m) break; s += j ^ i; j++; if (s % 11 == 5) continue; s++; } while (j < i); if (++i > n) break;"
        " } return s + i; }",
        [(0, 40), (0, 60)],
    ),
    "side effects in the test": (
        "int f(int n) { int k = 0; while (n-- > 0 && k++ < 100) ; return n * 1000 + k; }",
        [(-3, 200)],
    ),
    "counter read after it": (
        "int f(double x) { int i; for (i = 0; x > 1; i++) x *= 0.75; return i * 2; }",
        [(0, 1e6)],
    ),
    "guarded": (
        "int f(int n, int d) { if (n <= 0) return -1; int k = 0; while (n != 1) { n = n % 2 ? n + 1 : n / 2;"
        " k++; } return d ? k / d : k; }",
        [(-5, 99), (-1, 2)],
    ),
    "in one branch": (
        "double f(double x) { double s = 1; if (x > 2) { while (x > 1) { s += x; x /= 1.5; } } else s = x *"
        " 3; return s; }",
        [(-5, 400)],
    ),
    "goto": (
        "int f(int n) { int s = 0; again: s += n; n -= 3; if (n > 0) goto again; return s; }",
        [(0, 400)],
    ),
    "goto out of two": (
        "int f(int n) { int i, j; for (i = 0; i < n; i++) for (j = 0; j < n; j++) if (i * j == 30) goto out;"
        " return -1; out: return i * 100 + j; }",
        [(0, 40)],
    ),
    "overflow in a pass": (
        "int f(int n) { int p = 1; while (n-- > 0) p *= 3; return p; }",
        [(0, 25)],
    ),
    "division by zero in a pass": (
        "int f(int n, int d) { int s = 0; while (n > 0) { s += 100 / (n - d); n--; } return s; }",
        [(0, 30), (0, 40)],
    ),
    "float": (
        "float f(float x) { float s = 0; while (x > 0.1f) { s += x; x = x * 0.7f; } return s; }",
        [(0, 90)],
    ),
    "wide": (
        "unsigned long f(unsigned long n) { unsigned long h = 1469598103934665603ul; while (n) { h ^= n &"
        " 255; h *= 1099511628211ul; n >>= 8; } return h >> 20; }",
        [(0, 2.0**50)],
    ),
    "bits": (
        "int f(unsigned n) { int c = 0; while (n) { n &= n - 1; c++; } return c; }",
        [(0, 2.0**32 - 1)],
    ),
    "helper": (
        "static int g(int n) { int k = 0; while (n > 0) { n /= 3; k++; } return k; }\n"
        "int f(int a, int b) { return a > 5 ? g(a) * 10 + g(b) : g(b); }",
        [(-9, 999), (-9, 999)],
    ),
    "array": (
        "int f(int n) { int a[4] = {1, 2, 3, 4}; int i = 0; while (i < n) { a[i % 4] += a[(i + 1) % 4] % 17;"
        " i++; } return a[0] * 2 + a[2]; }",
        [(0, 90)],
    ),
    "switch": (
        "int f(int n) { int s = 0; while (n > 0) { switch (n % 3) { case 0: s++; break; case 1: s += 2;"
        " default: s += 5; } n -= 2; } return s; }",
        [(0, 90)],
    ),
    "bool": (
        "int f(int n) { _Bool b = 0; while (n > 0) { b = !b; n -= 4; } return b; }",
        [(0, 90)],
    ),
    "of no argument": (
        "double f(double x) { int k = 0; double e = 1; while (1 + e > 1) { e /= 2; k++; } return k + x; }",
        [(0, 9)],
    ),
    "a walk over a table": (
        "double f(int n) { double t[] = {1, 2.5, -3, 4, 0.5, 7, 8, -9}; const double *p = t; double s = 0;"
        " for (int i = 0; i < n; i++) { s = s / 2 + *p++; if (p == t + 8) p -= 7; } return s; }",
        [(0, 60)],
    ),
    "rows of a table": (
        "double f(int n) { double m[3][2] = {{1, 2}, {3, -4}, {5, 6}}; double *p; double s = 0;"
        " for (int i = 0; i < n; i++) { p = m[i % 3]; p[1] += 1; s += p[0] * p[1]; } return s; }",
        [(0, 60)],
    ),
    "a walk over a row": (
        "double f(int k, int n) { double m[3][4] = {{1, 2, 3, 4}, {3, -4, 5, 7}, {5, 6, 8, 9}}; double *p = m[k];"
        " double s = 0; for (int i = 0; i < n; i++) { *p += i; s += *p; p = i % 4 ? p + 1 : m[k]; } return s; }",
        [(0, 2), (0, 60)],
    ),
    "a list in arrays": (
        "struct c { int next; double v; }; double f(int n) { struct c t[4] = {{2, 1}, {0, 3}, {3, 0.5}, {1, 7}};"
        " struct c *p = t; double s = 0; while (n-- > 0) { s += p->v; p->v /= 2; p = &t[p->next]; } return s; }",
        [(0, 60)],
    ),
    "struct": (
        "struct p { int a; double b; }; struct p f(int n) { struct p r = {0, 1}; while (n > r.a) { r.a += 2;"
        " r.b *= 1.5; } return r; }",
        [(0, 60)],
    ),
}


def executable(source: str, ranges: list[tuple[float, float]]) -> tuple[cprograms.Program, GraphModule]:
    program = program_of(source, ranges)
    return program, GraphModule(lower(program, executable=True, max_nodes=2048), [a.name for a in program.arguments])


def same(got: np.ndarray, expected: np.ndarray, digits: float = 0.0) -> bool:
    with np.errstate(invalid="ignore"):
        close = np.abs(got - expected) <= digits * np.maximum(np.abs(expected), 1)
    return bool(((got == expected) | close | (np.isnan(got) & np.isnan(expected))).all())


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_loop_gives_what_the_sandbox_gives(name):
    program, module = executable(*PROGRAMS[name])
    assert any(n.op == REPEAT for n in module.graph.nodes) or name in ("break", "goto", "of no argument")
    x = rows_of(program, 400)
    assert same(module.predict(x), cprograms.run(program, x))
    watched = module(torch.tensor(x, requires_grad=True))
    assert same(watched.detach().numpy(), cprograms.run(program, x))


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.exact])
def test_what_is_lowered_to_be_executed_is_exact(name):
    program = program_of(CASES[name].source, CASES[name].ranges)
    x = rows_of(program, 200)
    module = GraphModule(lower(program, executable=True), [a.name for a in program.arguments])
    assert same(module.predict(x), cprograms.run(program, x), 1e-6)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.exact])
def test_what_is_not_exact_is_computed_or_refused_at_its_place(name):
    program = program_of(CASES[name].source, CASES[name].ranges)
    try:
        graph = lower(program, executable=True)
    except ProgramError as e:
        assert e.diagnostics[0].message  # noqa: PT017
        return
    x = rows_of(program, 60)
    module = GraphModule(graph, [a.name for a in program.arguments])
    assert same(module.predict(x), cprograms.run(program, x), 1e-9)


def test_no_loop_of_a_program_for_the_hypernetwork_is_computed():
    assert not any(n.op == REPEAT for n in lower(program_of(GCD, [(1, 900), (1, 900)])).nodes)


@pytest.mark.parametrize("path", sorted((ROOT / "cprograms" / "library").glob("*.c")), ids=lambda p: p.stem)
def test_the_library(path):
    if path.stem in ("ackermann", "integer_power"):
        with pytest.raises(ProgramError, match="recursion"):
            lower(cprograms.load(path), executable=True)
        return
    program = cprograms.load(path)
    module = GraphModule(lower(program, executable=True, max_nodes=2048), [a.name for a in program.arguments])
    x = cprograms.sampling.sample(program, 60, 5)
    assert same(module.predict(x), cprograms.run(program, x), 1e-5)


def test_gradients_flow_through_the_passes():
    _, module = executable(*PROGRAMS["newton"])
    x = torch.tensor([[2.0], [9.0], [400.0], [0.25]], dtype=torch.float64)
    assert torch.allclose(derivatives(module, x)[:, 0, 0], 0.5 / x[:, 0].sqrt())
    _, power = executable(
        "double f(double x, int n) { double p = 1.5; while (n-- > 0) p *= x; return p; }", [(0, 2), (0, 20)]
    )
    x = torch.tensor([[1.1, 7], [0.9, 0], [0.5, 20]], dtype=torch.float64)
    expected = 1.5 * x[:, 1] * x[:, 0] ** (x[:, 1] - 1)
    assert torch.allclose(derivatives(power, x)[:, 0, 0], expected)
    y = power(x)
    (slope,) = torch.autograd.grad(y.sum(), list(power.constants))
    assert torch.allclose(slope, (x[:, 0] ** x[:, 1]).sum())


def test_a_row_without_an_end_is_undefined(monkeypatch):
    monkeypatch.setattr(loops, "MOST_PASSES", 50)
    _, module = executable(
        "int f(int n) { int k = 0; while (n != 7) { n = n < 7 ? n + 1 : n; k++; } return k; }", [(0, 9)]
    )
    got = module.predict(np.array([[3.0], [9.0], [7.0], [-80.0]]))[:, 0]
    assert same(got, np.array([4, np.nan, 0, np.nan]))


def test_rows_that_never_enter_a_loop_cost_it_nothing(monkeypatch):
    monkeypatch.setattr(loops, "MOST_PASSES", 50)
    _, module = executable(*PROGRAMS["guarded"])
    assert module.predict(np.array([[-3.0, 1.0]])).tolist() == [[-1]]


def test_a_loop_is_not_traced():
    _, module = executable(*PROGRAMS["gcd"])
    with pytest.raises(Exception, match="cannot be traced"):
        torch.export.export(module, (torch.ones(3, 2),))


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_stored_loop_comes_back(name):
    _, module = executable(*PROGRAMS[name])
    back = from_dict(json.loads(json.dumps(as_dict(module.graph), allow_nan=False)))
    assert repr(back.nodes) == repr(module.graph.nodes)


def test_a_place_is_named():
    source = "double j0(double);\nint f(int n) {\n  return j0(n);\n}"
    with pytest.raises(ProgramError) as e:
        lower(program_of(source, [(0, 60)]), executable=True)
    assert e.value.diagnostics[0].line == 3
