"""Ranges guessed from the code."""

from __future__ import annotations

import pytest

import cprograms
from cprograms.harvest.domain import DEFAULTS, infer

# A function's text, and the first guess for its arguments.
GUESSES = {
    "nothing known": ("double f(double x, int n, unsigned k) { return x + n + k; }", [(-4, 4), (-100, 100), (0, 200)]),
    "bytes": ("int f(unsigned char a, _Bool b) { return a + b; }", [(0, 255), (0, 1)]),
    "compared with literals": ("double f(double x) { return x < 0 ? 0 : x > 10 ? 10 : x; }", [(-5, 15)]),
    "compared from the other side, scaled": ("double f(double x) { return 4 < 2 * x ? 0 : x; }", [(1, 3)]),
    "compared with characters": ("int f(int c) { return c >= '0' && c <= '9' ? c - '0' : -1; }", [(19, 86)]),
    "cases": ("int f(int n) { switch (n) { case 1: return 3; case 7: return 9; } return n * n; }", [(-3, 11)]),
    "a divisor": ("double f(double x, int n) { return 1 / x + 7 % n; }", [(0.04, 4), (1, 100)]),
    "a logarithm": ("#include <math.h>\ndouble f(double x) { return log(x) + sqrt(x); }", [(0.04, 4)]),
    "an arc": ("#include <math.h>\nfloat f(float x) { return acosf(x); }", [(-1, 1)]),
    "an angle": ("#include <math.h>\ndouble f(double x) { return sin(2 * x); }", [(-3.2, 3.2)]),
    "a shift": ("int f(int x, int n) { return x << n; }", [(-100, 100), (0, 15)]),
    "high bits": ("unsigned f(unsigned x) { return x >> 8; }", [(0, 65536)]),
    "an index": ("static const int t[5] = {1, 4, 9, 1, 2}; int f(int i) { return t[i]; }", [(0, 4)]),
    "elements of an array together": (
        "#include <math.h>\ndouble f(const double w[3], int i) { return sqrt(w[0]) + w[i]; }",
        [(0.04, 4)] * 3 + [(0, 2)],
    ),
    "fields": (
        "struct s { double x, y; int n; };\ndouble f(struct s *p, struct s q) { return p->x / (*p).y + (q.n > 10); }",
        [(-4, 4), (0.04, 4), (-4, 4), (-4, 4), (5, 15)],
    ),
    "an enum": (
        "typedef enum { A = 3, B, C } kind; double f(kind k, double x) { return k == B ? x : -x; }",
        [(3, 5), (-4, 4)],
    ),
    "what a loop over an array counts up to": (
        "double f(const double w[6], int n) { double s = 0; for (int i = 0; i < n; i++) s += w[i]; return s; }",
        [(-4, 4)] * 6 + [(0, 6)],
    ),
    "state": (
        "#pragma surrogate state\nstatic int n; double f(double x) { n = n > 20 ? 0 : n + 1; return x * n; }",
        [(-4, 4), (10, 30)],
    ),
    "compared with what its type does not hold": ("unsigned f(unsigned n) { return n == -2 ? 0 : n; }", [(0, 200)]),
    "within the type": ("int f(signed char c) { return c < 100; }", [(50, 127)]),
}


@pytest.mark.parametrize("name", GUESSES)
def test_the_first_guess(name):
    text, expected = GUESSES[name]
    first = next(infer(cprograms.load(source=text)))
    assert [(a.low, a.high) for a in first] == [pytest.approx(e) for e in expected]
    assert {a.origin for a in first} == {"inferred"}


def test_later_guesses_keep_what_the_code_says():
    text = "double f(double x, double y) { return x > 2 ? y : 1; }"
    guesses = list(infer(cprograms.load(source=text)))
    assert len(guesses) == len(DEFAULTS)
    assert len({(a[0].low, a[0].high) for a in guesses}) == 1
    assert len({(a[1].low, a[1].high) for a in guesses}) == len(DEFAULTS)
