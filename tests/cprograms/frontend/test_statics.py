"""Static locals lie at file scope under names of their own, and every row meets them as a fresh process does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from cprograms.frontend.loading import load
from cprograms.sandbox import Status, run_many
from tests.cprograms.native import GCC

ROWS = [-2.0, 0.0, 1.0, 3.0]
CASES = {
    "a counter": "double f(double x) { static int n; n++; return n + x; }",
    "calls of one row": (
        "static int next(void) { static int n = 5; return n++; }\n"
        "double f(double x) { return next() + 10 * next() + 100 * next() + x; }"
    ),
    "one name in two functions": (
        "static int g(void) { static int n = 1; return n *= 2; }\n"
        "static int h(void) { static int n = 1; return n *= 3; }\n"
        "double f(double x) { return g() + 100 * g() + 10000 * h() + 1000000 * h() + x; }"
    ),
    "one name in two blocks": (
        "double f(double x) { double s = 0; for (int i = 0; i < 2; i++) {"
        " if (i) { static int n = 1; s += n++; } else { static int n = 7; s += n--; } } return s * x; }"
    ),
    "a taken name": "static int f_n = 50;\ndouble f(double x) { static int n = 3; n += x; return n + f_n++; }",
    "shadowed": (
        "double f(double x) { static int n = 4; { int n = 2; x += n++; } for (int n = 0; n < 3;"
        " n++) x += n; return x * n; }"
    ),
    "below another of its name": (
        "double f(double x) { int n = 5; { static int n = 1; n += x; x += 10 * n; } return x + n; }"
    ),
    "below a parameter of its name": "double f(double n) { if (n > 0) { static int n = 2; return n++; } return n; }",
    "not yet declared": "static int n = 9;\ndouble f(double x) { int m = n; static int n = 1; return m + n++ + x; }",
    "a field and a label": (
        "struct s { int n; };\ndouble f(double x) { static int n = 1; struct s s = {.n = 6}; if (x > 0) goto n;"
        " s.n++; n: n++; return s.n * 10 + n; }"
    ),
    "an address": (
        "double f(double x) { static double a[3] = {1, 2, 3}; static double *p = a + 1; *p++ += x; return *p + a[1]; }"
    ),
    "its own type": (
        "double f(double x) { static struct { int n; double y; } s = {1, 0.5}; s.y += s.n++; return s.y * x; }"
    ),
    "a tag of its own": (
        "double f(double x) { static struct pair { double a, b; } s = {1, 2}, t; struct pair u = s; t.a = u.b;"
        " s.a += x; return s.a + t.a + u.b; }"
    ),
    "constants of a local type": (
        "double f(double x) { enum { N = 3 }; typedef double row[N]; static const row t = {1, 2, [N - 1] = 4};"
        " static int n = 1; return t[n++] + t[n] + x; }"
    ),
    "a size": "double f(double x) { static double t[] = {1, 2, 3}; t[0] += x; return sizeof t / sizeof t[0] + t[0]; }",
    "recursion": "double f(double x) { static int depth; return ++depth < 4 ? f(x) + depth : x; }",
    "a parameter of its name": (
        "static int n(int n) { return n + 1; }\ndouble f(double x) { static int n_; return n(n_++) + x; }"
    ),
    "a case": (
        "double f(double x) { switch (x > 0) { case 1: { static int n = 2; return n += x; } default: return x; } }"
    ),
    "a function pointer": (
        "static double twice(double x) { return 2 * x; }\n"
        "double f(double x) { static double (*g)(double) = twice; double y = g ? g(x) : x; g = 0; return y; }"
    ),
    "a prototype within": (
        "double f(double x) { static int g_ = 1; double g(double); return g(x) + g_++; }\n"
        "double g(double y) { return y; }"
    ),
}


@pytest.mark.skipif(GCC is None, reason="gcc is the oracle")
@pytest.mark.parametrize("case", CASES)
def test_every_row_is_as_in_a_fresh_process(case: str, tmp_path: Path):
    assert GCC is not None
    program = load(source=CASES[case], entry="f")
    (rows,) = run_many([program], [np.array(ROWS)[:, None]])
    assert (rows.status == Status.OK).all()
    main = '\n#include <stdio.h>\n#include <stdlib.h>\nint main(int c, char **v) { printf("%.17g", f(atof(v[1]))); }\n'
    (tmp_path / "f.c").write_text(CASES[case] + main)
    subprocess.run([GCC, "-w", "-o", tmp_path / "f", tmp_path / "f.c"], check=True)
    native = [float(subprocess.run([tmp_path / "f", str(x)], capture_output=True, check=True).stdout) for x in ROWS]
    assert rows.y[:, 0].tolist() == native


def test_they_are_told_of_by_their_own_names():
    program = load(
        source="double f(double x) {\n  static int n;\n  static int unused = 2;\n  return ++n * unused + x;\n}"
    )
    assert [(w.line, w.message) for w in program.warnings] == [(2, "'n' starts from its initial value in every row")]
    assert "static int n;" in program.text
    assert load(source=program.text, entry="f").text == program.text


def test_state_has_the_same_name_when_its_text_is_read_again():
    source = "double f(double x) {\n  static double seen;\n  return seen = 0.5 * (seen + x);\n}"
    program = load(source=source, state=["seen"], ranges={"seen": (-2, 2)})
    again = load(source=program.portable_text, self_contained=True)
    assert [(a.name, a.low, a.high) for a in again.arguments] == [("x", -1, 1), ("seen", -2, 2)]
    assert [r.name for r in again.results] == ["return", "seen"]
