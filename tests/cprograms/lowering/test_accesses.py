"""What functions read and write through their pointers, told by hand; calls are known by what they do."""

from __future__ import annotations

import pytest

from cprograms import load
from cprograms.diagnostics import ProgramError

CASES = {
    "a helper that writes is no read": (
        "static void cross(const float *a, const float *b, float *d) {"
        " float c[2]; c[0] = a[0] * b[1]; c[1] = a[1] * b[0]; d[0] = c[0]; d[1] = c[1]; }"
        "void f(const float *a, const float *b, float *d) { cross(a, b, d); d[0] += 1; }",
        (["a[0]", "a[1]", "b[0]", "b[1]"], ["d[0]", "d[1]"]),
    ),
    "a helper that writes only perhaps leaves what was there": (
        "static void put(int c, float *d) { if (c) *d = 1; } void f(int c, float *d) { put(c, d); *d += 1; }",
        (["c", "d"], ["d"]),
    ),
    "what is copied from another object is not what was there": (
        "void f(int c, float *a, float *d) { if (c) d[0] = a[0]; d[0] += 1; }",
        (["c", "a", "d"], ["d"]),
    ),
    "a helper's extent counts from where its pointer points to": (
        "static double last(const double *w) { return w[2]; } double f(const double *w) { return last(w + 3); }",
        ([f"w[{k}]" for k in range(6)], ["return"]),
    ),
    "numbers that are passed decide": (
        "static double sum(const double *w, int n) { double s = 0; for (int i = 0; i < n; i++) s += w[i]; return s; }"
        "double f(const double *w) { return sum(w, 2) + sum(w, 3); }",
        (["w[0]", "w[1]", "w[2]"], ["return"]),
    ),
    "numbers in memory decide": (
        "struct s { int n; double x[3]; };"
        "static void fill(struct s *s, const double *w) { for (int i = 0; i < s->n; i++) s->x[i] = w[i]; }"
        "double f(const double *w) { struct s s; s.n = 2; fill(&s, w); return s.x[0] + s.x[1]; }",
        (["w[0]", "w[1]"], ["return"]),
    ),
    "one object through two pointers": (
        "static void move(double *a, double *b) { a[0] = 1; b[1] = b[0]; }"
        "double f(double *w, double x) { move(w, w); return w[1] + x; }",
        (["x"], ["return", "w[0]", "w[1]"]),
    ),
    "what a helper returns of its arguments": (
        "static double *put(double *d, double x) { d[1] = x; return d + 1; }"
        "double f(double x, double *w) { *put(w, x) += 1; return w[1]; }",
        (["x"], ["return", "w[0]", "w[1]"]),
    ),
    "recursion": (
        "static double g(int d, const double *w, double *out) {"
        " if (d > 10) return 0; out[0] = w[2]; return g(d + 1, w, out) + g(d + 2, w, out); }"
        "double f(const double *w, double *out) { return g(0, w, out); }",
        (["w[0]", "w[1]", "w[2]"], ["return", "out"]),
    ),
    "functions that call each other": (
        "static int odd(int n, int *steps);"
        "static int even(int n, int *steps) { ++*steps; return n == 0 ? 1 : odd(n - 1, steps); }"
        "static int odd(int n, int *steps) { ++*steps; return n == 0 ? 0 : even(n - 1, steps); }"
        "int f(int n, int *steps) { *steps = 0; return even(n & 15, steps); }",
        (["n"], ["return", "steps"]),
    ),
    "a null pointer in a struct is no use of it": (
        "struct s { double x; struct s *next; };"
        "double f(const struct s *s) { if (s->next) return s->next->x; return s->x; }",
        (["s.x"], ["return"]),
    ),
    "what is not evaluated": (
        "double f(const double *w) { return w[0] * (sizeof w[7] == 8); }",
        (["w"], ["return"]),
    ),
    "a long loop that only a run leaves": (
        "double f(double x, double *error) { double t = 1, s = 0;"
        " for (int n = 1; n < 5000; n++) { t *= x / n; s += t; if (t < 1e-9) break; } *error = t; return s; }",
        (["x"], ["return", "error"]),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_read_and_written(case: str):
    source, expected = CASES[case]
    program = load(source=source, entry="f")
    assert ([a.name for a in program.arguments], [r.name for r in program.results]) == expected


REFUSED = {
    "a pointer in a struct is followed": (
        "struct s { double x; struct s *next; }; double f(const struct s *s) { return s->next->x; }",
        "this uses a pointer that lies in 's'",
    ),
    "memory of unknown size": (
        "#include <string.h>\nvoid f(double *o, const double *a, int n) { memcpy(o, a, n * sizeof *a); }",
        "how many elements 'o' has is not known: what is done with it here is not followed",
    ),
    "an index of unknown extent in a helper": (
        "static double at(const double *w, int i) { return w[i]; }"
        "double f(const double *w, int i) { return at(w, i); }",
        "how many elements 'w' has is not known: this index may be anything",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_known_is_asked_for(case: str):
    source, message = REFUSED[case]
    with pytest.raises(ProgramError) as caught:
        load(source=source, entry="f")
    assert message in caught.value.diagnostics[0].message
