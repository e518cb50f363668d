"""Parts of functions as functions: what they take, and that they compute what stood there."""

from __future__ import annotations

import numpy as np
import pytest

from cprograms.harvest.candidates import is_promising
from cprograms.program import Program
from cprograms.sandbox import run
from tests.cprograms.harvest.trees import harvested_text

# Text, the entry of a piece, its arguments, and what it is in Python.
PIECES = {
    "an expression of variables": (
        "void f(double x, double *out) { int n = 3; out[0] = x * x + n * x - 1; }",
        ("f_expression_1", ["x", "n"], lambda x, n: x * x + n * x - 1),
    ),
    "elements, fields and pointers": (
        "struct p { double w; int k[4]; };"
        "void f(const struct p *q, double *a, int i) { g(a[i + 1] * q->w + q->k[2] - *a); }",
        ("f_expression_1", ["a_i_1", "q_w", "q_k_2", "a_2"], lambda a1, w, k, a: a1 * w + k - a),
    ),
    "the same element twice is one argument": (
        "void f(float *a, int i) { a[i] = a[i] * a[i] + 3 / a[i]; }",
        ("f_expression_1", ["a_i"], lambda a: a * a + 3 / a),
    ),
    "a call of an unknown function is an input": (
        "double get(void *); void f(void *p, double x) { g(get(p) * x + 2 * x); }",
        ("f_expression_1", ["get_2", "x"], lambda get, x: get * x + 2 * x),
    ),
    "a numeric helper stays a call": (
        "static double sq(double v) { return v * v; } void f(double *a) { a[0] = sq(a[1]) + sq(a[2] - 1); }",
        ("f_expression_1", ["a_1", "a_2"], lambda a, b: a * a + (b - 1) ** 2),
    ),
    "a const table stays a table": (
        "static const double t[4] = {1, 2, 4, 8}; void f(double *a, int i) { a[0] = t[i & 3] * a[1] + 1; }",
        ("f_expression_1", ["i", "a_1"], lambda i, a: 2.0 ** (i.astype(int) & 3) * a + 1),
    ),
    "an enumerator stays a constant": (
        "enum { K = 7 }; void f(double *a) { a[0] = a[1] * K + a[2] / K; }",
        ("f_expression_1", ["a_1", "a_2"], lambda a, b: a * 7 + b / 7),
    ),
    "the largest expression that can": (
        "void f(double *a, char *s, double x) { h(s + 1, x * x + 2 * x); }",
        ("f_expression_1", ["x"], lambda x: x * x + 2 * x),
    ),
    "statements in a row": (
        "void f(double *o, double x, double y) { double d = x - y; double s = d * d; s += y * 2; o[0] = s; puts(o); }",
        ("f_block_1", ["x", "y"], lambda x, y: (x - y) ** 2 + 2 * y),
    ),
    "only what a result needs": (
        "void f(double *o, double x, double y) "
        "{ double a = x * x * x; double b = y - 1; b = b * y * 3; o[0] = a; o[1] = b; }",
        ("f_block_1", ["y"], lambda y: (y - 1) * y * 3),
    ),
    "a branch that leaves the old value": (
        "void f(double *s, double x) { if (x > 0) { *s = x * x + x * 2; } puts(s); }",
        ("f_block_1", ["x", "s_2"], lambda x, s: np.where(x > 0, x * x + x * 2, s)),
    ),
    "a loop over scalars": (
        "void f(double *s, double x) "
        "{ double p = 1; for (int i = 0; i < 4; i++) { p *= x; p += 1; } s[0] = p; puts(s); }",
        ("f_block_1", ["x"], lambda x: (((x + 1) * x + 1) * x + 1) * x + 1),
    ),
    "up to a return": (
        "double f(double *a, double x) { puts(a); double t = x * x; t = t - x * 3; return t / 2; }",
        ("f_block_1", ["x"], lambda x: (x * x - x * 3) / 2),
    ),
    "one turn of a loop": (
        "void f(double *a, const double *b, int n, double k) { for (int i = 0; i < n; i++) a[i] += k * b[i] - 1; }",
        ("f_iteration_1", ["k", "b_i", "a_i"], lambda k, b, a: a + k * b - 1),
    ),
    "one turn of an inner loop": (
        "void f(double **m, int n) { for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) "
        "{ double v = m[i][j]; v = v * v; m[j][i] = v + 1 / (v + 2); } }",
        ("f_iteration_1", ["m_i_j"], lambda v: v * v + 1 / (v * v + 2)),
    ),
}


@pytest.mark.parametrize("name", PIECES)
def test_pieces_compute_what_stood_there(name, tmp_path):
    text, (entry, arguments, expected) = PIECES[name]
    found = harvested_text(tmp_path, text)
    assert entry in found, sorted(found)
    program = found[entry].program
    assert [a.name for a in program.arguments] == arguments
    x = np.random.default_rng(0).uniform(1, 3, (50, len(arguments)))
    x[:, [a.type.is_integer for a in program.arguments]] //= 1
    x = _as_typed(program, x)
    np.testing.assert_allclose(run(program, x)[:, 0], expected(*x.T), rtol=1e-6)


def _as_typed(program: Program, x: np.ndarray) -> np.ndarray:
    columns = [x[:, j].astype(a.type.dtype).astype(float) for j, a in enumerate(program.arguments)]
    return np.stack(columns, axis=1)


# Code of which no piece may be made, as it would not be what stood there.
REFUSED = {
    "an index changes between two uses": "void f(double *a, int i) { a[i] = a[i] * 2; i++; a[i] = 3 * a[i]; }",
    "a pointer that moves": "void f(double *a, int n) { while (n--) { *a = *a + 1; a++; } }",
    "an assignment inside an expression": "void f(int *a, int x, int y) { g(x * y + (x = 3) * 2); }",
    "a shadowed variable": "void f(double *a, double x) { { double x = a[0]; h(x); } }",
    "jumps out": "void f(double *a, double x) { for (;;) { h(x); if (x * x + a[1] > a[0]) break; } }",
    "strings": 'void f(char *s, int i) { s[i] = "abcdefgh"[i] ; }',
    "pointer arithmetic": "void f(char *s, int i, int n) { s = s + i * 2 + n; }",
    "fewer than three operators": "void f(double *a, double x) { a[0] = x * 2 + 1; }",
    "more than nine inputs": "void f(int a,int b,int c,int d,int e,int g,int h,int i,int j,int k) { p(a+b); p(a*b); }",
    "volatile": "volatile int v; void f(int *a, int x) { a[0] = p(v) + p(x); }",
    "a truth": "void f(int x, int y, int z) { if (x < y && y < z || z == 3) g(); }",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_function_of_scalars(name, tmp_path):
    found = harvested_text(tmp_path, REFUSED[name])
    assert [c.program.text for c in found.values() if c.kind != "function"] == []


def test_more_than_nine_inputs_are_cut_down(tmp_path):
    many = " + ".join(f"a[{i}] * k" for i in range(12))
    found = harvested_text(tmp_path, f"void f(double *a, double k) {{ a[0] = {many}; }}")
    sizes = [len(c.program.arguments) for c in found.values() if c.kind != "function"]
    assert sizes
    assert max(sizes) <= 9


def test_a_block_up_to_the_return_is_the_function(tmp_path):
    """The whole function is the oracle of the block that its whole body makes."""
    text = """
    #include <math.h>
    double f(double x, double y, int n) {
      double s = 0, best = y;
      int i;
      for (i = 0; i < n; i++) {
        double t = sin(x * i) + y;
        if (t > best) best = t; else s += t * 0.5;
        if (s > 10) break;
      }
      while (s > 1) s *= 0.5;
      y -= best;
      if (y < 0) { s = -s; } else if (n % 2) { s += 1; }
      return s + best * y;
    }
    """
    found = harvested_text(tmp_path, text)
    whole, block = found["f"].program, found["f_block_1"].program
    rng = np.random.default_rng(1)
    x = np.stack([rng.uniform(-3, 3, 200), rng.uniform(-2, 2, 200), rng.integers(0, 30, 200)], axis=1)
    order = [[a.name for a in whole.arguments].index(a.name) for a in block.arguments]
    np.testing.assert_array_equal(run(whole, x), run(block, x[:, order]))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("double f(double x) { return x; }", True),
        ("static void f(int n) { go(n); }", False),
        ("void f(double *a) { a[0] = a[1] * a[2] + 1; }", True),
        ("void f(thing *t) { t->next->size++; t->last--; }", False),
        ("int f(char *s) { return s[0] == 2 && s[1] < 3; }", False),
    ],
)
def test_which_functions_are_worth_parsing(text, expected):
    assert is_promising(text) is expected
