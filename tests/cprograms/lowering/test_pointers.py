"""Programs whose entries take and give arrays, structs and pointers: the graph, the sandbox and gcc's code agree."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms import ProgramError
from cprograms.graph import evaluate
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import Status, run_many
from tests.cprograms.lowering.random_pointers import pointer_program
from tests.cprograms.native import GCC, program_of, rows_of, run_native
from training.evaluation.foreign_c import native

needs_gcc = pytest.mark.skipif(GCC is None, reason="gcc is not installed")
ROWS = 100
SOURCES = {
    "a matrix times a vector": """
        void f(const double m[2][3], const double v[3], double out[2]) { for (int i = 0; i < 2; i++) { out[i] = 0;
            for (int j = 0; j < 3; j++) out[i] += m[i][j] * v[j]; } }
    """,
    "in place": """
        void f(float v[3]) { float n = v[0] * v[0] + v[1] * v[1] + v[2] * v[2]; for (float *p = v; p < v + 3; p++)
            *p /= 1 + n; }
    """,
    "aliases that a helper gives back": """
        struct v { float x, y; }; static struct v *scaled(struct v *out, const struct v *a, float s) { out->x = a->x
            * s; out->y = a->y * s; return out; } float f(struct v *a, const struct v *b) { return scaled(a, b,
            2)->x + scaled(a, a, 3)->y; }
    """,
    "results that only some rows give": """
        int f(double a, double b, double *x, double *y) { if (a > b) { *x = a; *y = b; return 2; } *x = b; *y = 0;
            return 1; }
    """,
    "a struct with arrays, by value and back": """
        struct s { int n; struct { float w[2]; signed char c; } in; }; struct s f(struct s s, int k) { s.in.w[k & 1]
            += s.n; s.in.c = -s.in.c; s.n = k; return s; }
    """,
    "state in a struct": """
        struct pid { double sum, last; unsigned n : 4, on : 1; }; double f(struct pid *p, double e) { p->n++; if
            (p->on) p->sum += e; double d = e - p->last; p->last = e; return 2 * e + p->sum - d + p->n; }
    """,
    "a helper that may look further than a short array goes": """
        static int nth(const int *n, int i) { return n[i & 1]; } int f(const int p[3]) { int c[2] = {p[0], p[1]};
            return 4 * nth(c, p[2]) + nth(p, p[0]); }
    """,
    "the same in a helper of a helper": """
        static int nth(const int *n, int i) { return n[i & 1]; } static void step(int *n, int i) { int c[2] = {i,
            n[0]}; n[0] = c[0] + nth(c, n[0]); } double f(const double *p, int i) { int c[2] = {i, 1}; step(c, i);
            return p[0] + c[0]; }
    """,
    "a union of names and indices": """
        typedef union { struct { float x, y, z; }; float e[3]; } vec; vec f(vec a, const vec *b) { vec r; for (int i
            = 0; i < 3; i++) r.e[i] = a.e[i] * b->e[2 - i]; r.y += a.x; return r; }
    """,
    "the bits of what is handed over": """
        #include <stdint.h>
        #include <string.h>
        float f(const float *x, uint32_t *bits) { memcpy(bits, x, 4); uint32_t u = *bits & 0x7fffffff; float y;
            memcpy(&y, &u, sizeof y); return y; }
    """,
    "bytes of a number, an index": """
        #include <stdint.h>
        int f(uint32_t x, int k) { union { uint32_t u; uint8_t b[4]; } v = {x}; v.b[k & 3] += 1; return v.b[0] + 2 *
            v.b[3 - (k & 3)] + v.u % 7; }
    """,
    "words of a double": """
        #include <stdint.h>
        typedef union { double value; struct { uint32_t lsw, msw; } parts; } shape; int f(double x, double *y) {
            shape u; u.value = x; uint32_t h = u.parts.msw; u.parts.lsw = 0; *y = u.value; return (h >> 20) & 0x7ff;
            }
    """,
    "a row that an index chooses": """
        double f(const double m[3][2], int i, double *out) { const double *row = m[i & 1]; *out = row[0] - row[1];
            return m[2][i & 1]; }
    """,
    "what an index writes": """
        void f(double v[4], int i, double x) { v[i & 3] += x; v[(i + 1) & 3] = v[0]; }
    """,
    "either output": """
        void f(double *a, double *b, double x) { double *p = x < 0 ? a : b; *a = *b = 1; *p += x; double *q = p == a
            ? b : a; *q *= 2; }
    """,
    "helpers that are given parts": """
        static void axpy(int n, double a, const double *x, double *y) { while (n-- > 0) *y++ += a * *x++; } void
            f(const double x[6], double y[6], double a) { axpy(3, a, x, y); axpy(3, -a, x + 3, &y[3]); axpy(2, 1, y,
            y + 4); }
    """,
    "sorted in place": """
        static void swap(double *a, double *b) { if (*a > *b) { double t = *a; *a = *b; *b = t; } } void f(double
            v[3]) { swap(v, v + 1); swap(v + 1, v + 2); swap(v, v + 1); }
    """,
    "a table of functions and a table of strings": """
        static double add(double a, double b) { return a + b; } static double mul(double a, double b) { return a *
            b; } static double (*const ops[2])(double, double) = {add, mul}; static const char *const names[] =
            {"add", "mul"}; double f(int k, const double v[2]) { return ops[k & 1](v[0], v[1]) + names[k & 1][0]; }
    """,
    "fractions and exponents": """
        #include <math.h>
        double f(double x, int *e, double *w) { return frexp(x, e) + modf(8 * x, w); }
    """,
    "designated members of what lies in unions": """
        struct s { union { struct { short a, b; }; int ab; }; double d; }; int f(short x, struct s *out) { struct s
            s = {.b = x, .d = x / 2.0}; *out = s; out->a = 3; return s.ab; }
    """,
    "flags in bits": """
        typedef union { struct { unsigned sign : 1, kind : 3, : 4, rest : 8; } bits; unsigned all; } flags;
        unsigned f(flags *p, unsigned k) { p->bits.kind += k; p->bits.sign ^= 1; p->all += 256;
            return p->bits.kind * 16 + p->bits.rest; }
    """,
    "a copy into either": """
        #include <string.h>
        struct s { int a; double b[2]; };
        void f(struct s *x, struct s *y, int k) { struct s t = {k, {1, k}}, *p = k > 0 ? x : y;
            *x = *y = (struct s){2, {3, 4}}; memcpy(p, &t, sizeof t); memset(p->b, 0, sizeof(double)); }
    """,
    "null or not": """
        static double get(const double *p, double d) { return p ? *p : d; } double f(const double *v, int k) { const
            double *p = k > 0 ? v : (k < 0 ? v + 1 : 0); return get(p, 7) + (p != v); }
    """,
}


def ran(programs: list[Program]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows of each program that end well in the sandbox, and their results."""
    xs = [sample(program, ROWS, 1) for program in programs]
    found = []
    for program, x, outcomes in zip(programs, xs, run_many(programs, xs, fuel=10**6), strict=True):
        ok = outcomes.status == Status.OK
        assert ok.sum() > ROWS // 2, program.text
        found.append((x[ok], outcomes.y[ok]))
    return found


@pytest.fixture(scope="module")
def rows() -> dict[str, tuple[Program, np.ndarray, np.ndarray]]:
    """Program, rows and the sandbox's results of each source."""
    programs = [cprograms.load(source=source) for source in SOURCES.values()]
    both = zip(SOURCES, programs, ran(programs), strict=True)
    return {name: (program, x, y) for name, program, (x, y) in both}


@pytest.mark.parametrize("name", SOURCES)
def test_the_graph_is_what_the_sandbox_says(name, rows):
    program, x, y = rows[name]
    graph = lower(program)
    assert graph.exact
    single = any(n.type.code == "f32" for n in graph.nodes)
    np.testing.assert_allclose(evaluate(graph, x), y, rtol=1e-6 if single else 1e-14)


@needs_gcc
def test_the_sandbox_is_what_gcc_says(rows):
    programs, xs, ys = zip(*rows.values(), strict=True)
    for program, y, found in zip(programs, ys, native.run_native(programs, xs), strict=True):
        assert not found.reason, program.text
        assert (found.status == native.ENDED).all()
        np.testing.assert_allclose(found.y, y, rtol=1e-6, err_msg=program.text)


def check(seeds: range, folder: Path) -> None:
    """Random programs: the graph, the sandbox and gcc give the same."""
    ranges = [(0, 2.0**32 - 1), (0, 2.0**32 - 1), (0, 9)]
    programs = [program_of(pointer_program(seed), ranges) for seed in seeds]
    xs = [rows_of(program, 40, seed) for seed, program in zip(seeds, programs, strict=True)]
    sandbox = run_many(programs, xs, fuel=10**6)
    expected = run_native(programs, xs, folder)
    for seed, program, x, outcomes, y in zip(seeds, programs, xs, sandbox, expected, strict=True):
        np.testing.assert_array_equal(outcomes.y, y, f"sandbox, seed {seed}")
        graph = lower(program, max_nodes=20_000)
        assert graph.exact, seed
        np.testing.assert_array_equal(evaluate(graph, x), y, f"graph, seed {seed}")


@needs_gcc
def test_random_pointers(tmp_path):
    check(range(10), tmp_path)


@needs_gcc
@pytest.mark.slow
@pytest.mark.parametrize("start", range(1000, 1400, 50))
def test_many_random_pointers(start, tmp_path):
    check(range(start, start + 50), tmp_path)


NOWHERE_AT_FIRST = """
struct file { int n; };
struct file *log_to = (struct file *)-1;
static double total;
double f(double x) { if (x > 2) log_to = 0; total += x; return x * 2 + (log_to != 0); }
"""


def test_a_global_that_begins_nowhere_is_not_followed() -> None:
    program = cprograms.load(source=NOWHERE_AT_FIRST)
    assert not lower(program).exact
    assert cprograms.run(program, np.array([[0.5], [3.0]]))[:, 0].tolist() == [2, 6]
    with pytest.raises(ProgramError, match="cannot follow this pointer"):
        lower(program, executable=True)
    with pytest.raises(ProgramError, match="cannot follow what 'f' does with its pointers"):
        cprograms.load(source=NOWHERE_AT_FIRST, state=True)
