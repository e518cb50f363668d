"""Arrays, structs, pointers and state: the sandbox against gcc, and each row against itself alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cprograms.sandbox import Status, run_many, run_with_status
from cprograms.types import DOUBLE, Array
from tests.cprograms.native import GCC
from tests.cprograms.sandbox.programs import Case, described, inputs, native

SQUARE = Array(Array(DOUBLE, 2), 2)
CASES = {
    "an array that is read, one number written": Case(
        "double f(const double w[9], int n, double *out)"
        "{ double s = 0; for (int i = 0; i < n; i++) s += w[i] * i; *out = s * 2; return s; }",
        [("w", "pointer", 9, "i"), ("n", "value", 1, "9"), ("out", "pointer", 1, "o")],
        "double o; y[0] = f(x, 9, &o); y[1] = o;",
        returned=["return"],
    ),
    "floats of two dimensions": Case(
        "float f(float w[][3]) { float s = 0; for (int i = 0; i < 3; i++) for (int j = 0; j < 3; j++)"
        " s += w[i][j] * (i - j); return s; }",
        [("w", "pointer", 3, "i")],
        "float w[3][3]; for (int k = 0; k < 9; k++) w[k / 3][k % 3] = x[k]; y[0] = f(w);",
        returned=["return"],
    ),
    "sizes that are parameters": Case(
        "double f(int n, double m[n][n], double (*t)[n]) { double s = 0; for (int i = 0; i < n; i++)"
        " for (int j = 0; j < n; j++) { t[j][i] = m[i][j]; s += m[i][i]; } return s; }",
        [("n", "value", 1, "2"), ("m", "pointer", SQUARE, "i"), ("t", "pointer", SQUARE, "o")],
        "double t[2][2]; y[0] = f(2, (double (*)[2])x, t); for (int k = 0; k < 4; k++) y[1 + k] = t[k / 2][k % 2];",
        returned=["return"],
    ),
    "typedefs of arrays and of pointers": Case(
        "typedef float vec3[3]; typedef const float *in; typedef struct { short k; double v; } *state;"
        "void f(const vec3 a, in b, state s, vec3 out)"
        "{ for (int i = 0; i < 3; i++) out[i] = a[i] * b[i] + s->v; s->k += 1; }",
        [("a", "pointer", 3, "i"), ("b", "pointer", 3, "i"), ("s", "pointer", 1, "bi"), ("out", "pointer", 3, "o")],
        "float a[3] = {x[0], x[1], x[2]}, b[3] = {x[3], x[4], x[5]}, o[3];"
        "struct { short k; double v; } s = {x[6], x[7]}; f(a, b, (void *)&s, o);"
        "y[0] = s.k; y[1] = o[0]; y[2] = o[1]; y[3] = o[2];",
    ),
    "a struct by value, with an array and a struct in it": Case(
        "struct in { float a[2]; signed char c; }; struct s { int n; struct in in; long k; };"
        "double f(struct s s, double x) { return s.n * x + s.in.a[1] - s.in.c * 2 + s.k; }",
        [("s", "value", 1, "i"), ("x", "value", 1, "i")],
        "struct s s = {x[0], {{x[1], x[2]}, x[3]}, x[4]}; y[0] = f(s, x[5]);",
        returned=["return"],
    ),
    "a struct that is changed in place": Case(
        "typedef struct { double p, i; const double gain; unsigned long n; _Bool on; } pid;"
        "double f(pid *restrict s, const double e)"
        "{ s->i += s->gain * e; s->n++; s->on = e > 0; return s->p * e + s->i; }",
        [("s", "pointer", 1, "ibibb"), ("e", "value", 1, "i")],
        "pid s = {x[0], x[1], x[2], x[3], x[4]}; y[0] = f(&s, x[5]); y[1] = s.i; y[2] = s.n; y[3] = s.on;",
        domain=(0, 1),
        returned=["return"],
    ),
    "a struct that is returned, and a pointer": Case(
        "typedef struct { float m[2]; int k; } r; r f(const int *a, unsigned char *b)"
        "{ r out = {{a[0] * 0.5f, a[1]}, a[2]}; b[1] = a[0] + 3; b[0] = b[1] * 2; return out; }",
        [("a", "pointer", 3, "i"), ("b", "pointer", 2, "o")],
        "int a[3] = {x[0], x[1], x[2]}; unsigned char b[2]; r o = f(a, b);"
        "y[0] = o.m[0]; y[1] = o.m[1]; y[2] = o.k; y[3] = b[0]; y[4] = b[1];",
        returned=["m[0]", "m[1]", "k"],
    ),
    "bit-fields and a union": Case(
        "struct b { unsigned lo : 3; signed hi : 5; union { float f; unsigned u; } v; };"
        "int f(struct b *b) { b->lo ^= 5; b->hi -= 1; b->v.u ^= 0x80000000u; return b->lo + b->hi; }",
        [("b", "pointer", 1, "b")],
        "struct b b = {x[0], x[1], {x[2]}}; y[0] = f(&b); y[1] = b.lo; y[2] = b.hi; y[3] = b.v.f;",
        domain=(0, 7),
        returned=["return"],
    ),
    "helpers that write through pointers": Case(
        "static void sincos2(double x, double *s, double *c) { *s = x * x; *c = 1 - *s; }"
        "static double at(const double *t, int i) { return t[i]; }"
        "void f(double x, double t[4])"
        "{ double s, c; sincos2(x, &s, &c); double *p = t; *p++ = s; *p++ = c; *p = at(t, 0) + s;"
        " for (double *q = t; q < t + 3; ++q) *q *= 2; t[3] = p - t; }",
        [("x", "value", 1, "i"), ("t", "pointer", 4, "o")],
        "f(x[0], y);",
    ),
    "memory functions": Case(
        "void *memcpy(void *, const void *, unsigned long), *memset(void *, int, unsigned long);"
        "int memcmp(const void *, const void *, unsigned long);"
        "double f(const double *a, double *b) { double t[4]; memcpy(t, a, sizeof t); memset(b, 0, 2 * sizeof *b);"
        " b[2] = t[3]; __builtin_memcpy(&b[3], a + 1, 8); return memcmp(a, t, sizeof t) + t[2]; }",
        [("a", "pointer", 4, "i"), ("b", "pointer", 4, "o")],
        "y[0] = f(x, y + 1);",
        returned=["return"],
    ),
    "functions of the C library that write": Case(
        "double frexp(double, int *), modf(double, double *);"
        "void f(double x, int *e, double *whole, double *rest) { *rest = frexp(x, e) + modf(x, whole); }",
        [("x", "value", 1, "i"), ("e", "pointer", 1, "o"), ("whole", "pointer", 1, "o"), ("rest", "pointer", 1, "o")],
        "int e; f(x[0], &e, y + 1, y + 2); y[0] = e;",
    ),
    "a counter": Case(
        "static int n = 3; int f(int a) { n += a; return n * 10 + a; }",
        [("a", "value", 1, "i")],
        "y[0] = f(x[0]);",
        returned=["return"],
        restored=["n"],
    ),
    "a cache": Case(
        "static double table[8]; static unsigned char known[8];"
        "double f(double x, int k) { k &= 7; if (!known[k]) { table[k] = x * k; known[k] = 1; } return table[k]; }",
        [("x", "value", 1, "i"), ("k", "value", 1, "i")],
        "y[0] = f(x[0], x[1]);",
        returned=["return"],
        restored=["table", "known"],
    ),
    "an xorshift": Case(
        "static unsigned state = 2463534242u; unsigned f(unsigned skip)"
        "{ do { state ^= state << 13; state ^= state >> 17; state ^= state << 5; } while (skip--); return state; }",
        [("skip", "value", 1, "i")],
        "y[0] = f(x[0]);",
        domain=(0, 20),
        returned=["return"],
        restored=["state"],
    ),
    "state in and out": Case(
        "static struct { double z[2]; int n; } s = {{1, 2}, 5}; static double last = 4;"
        "double f(double x) { double y = x + s.z[0] * last; s.z[1] = s.z[0]; s.z[0] = x; s.n++; last = y; return y; }",
        [("x", "value", 1, "i"), ("s", "global", 1, "b"), ("last", "global", 1, "-")],
        "s.z[0] = x[1]; s.z[1] = x[2]; s.n = x[3]; y[0] = f(x[0]); y[1] = s.z[0]; y[2] = s.z[1]; y[3] = s.n;",
        returned=["return"],
        restored=["s", "last"],
    ),
}  # fmt: skip


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_agrees_with_gcc(tmp_path: Path) -> None:
    programs = [case.program for case in CASES.values()]
    xs = [inputs(program, 60, seed) for seed, program in enumerate(programs)]
    together = run_many(programs, xs)
    for k, (name, case) in enumerate(CASES.items()):
        expected = native(case, xs[k], len(programs[k].results), tmp_path / str(k))
        for ran in (together[k], run_with_status(programs[k], xs[k])):
            assert not ran.status.any(), name
            np.testing.assert_array_equal(ran.y, expected, err_msg=name)


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.restored])
def test_rows_do_not_see_what_others_left(name: str) -> None:
    """Whatever the order of the rows is, and wherever they are cut."""
    program = CASES[name].program
    x = inputs(program, 60)
    whole = run_with_status(program, x).y
    np.testing.assert_array_equal(run_with_status(program, x[::-1]).y[::-1], whole)
    alone = [run_with_status(program, x[k : k + 1]).y for k in range(0, 60, 7)]
    np.testing.assert_array_equal(np.concatenate(alone), whole[::7])
    np.testing.assert_array_equal(run_with_status(program, np.repeat(x, 3, axis=0)).y, np.repeat(whole, 3, axis=0))


def test_a_row_that_traps_leaves_nothing_behind() -> None:
    program = described(
        "static int n; int f(int a) { n += 5; int t[2] = {a, n}; int *p = t; if (a == 1) { n = 1 / (a - 1); }"
        " if (a == 2) return p[2]; return n + p[0]; }",
        [("a", "value", 1, "i")],
        ["return"],
        ["n"],
    )
    x = np.array([0, 1, 3, 2, 0, 1, 1, 2, 3], float)[:, None]
    ran = run_with_status(program, x)
    expected = {1: Status.DIVISION, 2: Status.UNDEFINED}
    assert ran.status.tolist() == [expected.get(k, Status.OK) for k in x[:, 0]]
    np.testing.assert_array_equal(ran.y[ran.status == 0, 0], 5 + x[ran.status == 0, 0])


def test_each_parameter_has_an_object_of_its_own() -> None:
    program = described(
        "void f(double x, double *a, double *b) { b[0] = x; a[0] = 1; b[1] = a[0] + b[0]; a[1] = b[1]; }",
        [("x", "value", 1, "i"), ("a", "pointer", 2, "o"), ("b", "pointer", 2, "o")],
    )
    assert run_with_status(program, np.array([[7.0]])).y.tolist() == [[1, 8, 7, 8]]


def test_numbers_outside_of_what_holds_them_trap() -> None:
    program = described(
        "struct b { unsigned lo : 3; short s; }; int f(struct b *b) { return b->lo + b->s; }",
        [("b", "pointer", 1, "i")],
        ["return"],
    )
    status = run_with_status(program, np.array([[7.0, 1], [8, 1], [-1, 1], [7, 40000]])).status
    assert status.tolist() == [Status.OK, *[Status.CONVERSION] * 3]


@pytest.mark.parametrize("value", [-(2**63), 2**63 - 1, 2.5, -0.0, 1e300])
def test_fixed_numbers_are_what_they_are(value: float) -> None:
    type = "long" if isinstance(value, int) else "double"
    program = described(
        f"int f({type} k, {type} a[2], int x) {{ return k == a[1] && a[0] == 3 ? x : -1; }}",
        [("k", "value", 1, "1"), ("a", "pointer", 2, "31"), ("x", "value", 1, "i")],
        ["return"],
    )
    first, second, third = program.parameters
    for parameter, fixed in ((first, (value,)), (second, (3, value))):
        object.__setattr__(parameter, "fixed", fixed)
    assert run_with_status(program, np.array([[5.0]])).y.tolist() == [[5]]
    assert third.fixed == (None,)
