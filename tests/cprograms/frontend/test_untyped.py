"""Parameters of type `void *`, as callbacks have them: read as what they are converted to, and gcc agrees."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.graph import evaluate
from cprograms.lowering import lower
from tests.cprograms.native import GCC, rows_of

PAIR = "struct pair { double a; int n; };\n"
CASES = {
    "a cast to a struct": (
        PAIR + "double f(double x, void *params) { struct pair *p = (struct pair *) params; return p->a * x + p->n; }",
        ["x", "params.a", "params.n"],
        "struct pair p = {x[1], x[2]}; y[0] = f(x[0], &p);",
    ),
    "an initialiser, and const": (
        PAIR + "double f(double x, const void *const p) { const struct pair *q = p; return q->a * x + q->n; }",
        ["x", "p.a", "p.n"],
        "struct pair p = {x[1], x[2]}; y[0] = f(x[0], &p);",
    ),
    "a number": (
        "double f(double x, void *alpha) { double a = *(double *)alpha; return a * x * *(double *)alpha; }",
        ["x", "alpha"],
        "y[0] = f(x[0], (void *)&x[1]);",
    ),
    "an array, in which results are written too": (
        "double f(double x, void *data) { double *w = data; w[2] = x; return w[0] * w[1]; }",
        ["x", "data[0]", "data[1]", "data[2]"],
        "double w[3] = {x[1], x[2], x[3]}; y[0] = f(x[0], w); y[1] = w[0]; y[2] = w[1]; y[3] = w[2];",
    ),
    "a pointer behind a typedef, assigned": (
        "typedef struct { float mu, sigma; } *gauss;\n"
        "float f(float x, void *p) { gauss g; g = p; return (x - g->mu) * g->sigma; }",
        ["x", "p.mu", "p.sigma"],
        "float g[2] = {x[1], x[2]}; y[0] = f(x[0], g);",
    ),
    "passed on, and compared": (
        PAIR + "static double slope(void *p) { struct pair *q = p; return q->a; }\n"
        "static double offset(const struct pair *q) { return q->n; }\n"
        "double f(double x, void *p) { if (p == (void *)0) return 0; return slope(p) * x + offset(p); }",
        ["x", "p.a", "p.n"],
        "struct pair p = {x[1], x[2]}; y[0] = f(x[0], &p);",
    ),
    "passed on to itself, declared before": (
        "double f(double x, int n, void *p);\n"
        "double f(double x, int n, void *p) { return n > 0 ? f(x * *(float *)p, n - 1, p) : x; }",
        ["x", "n", "p"],
        "float p = x[2]; y[0] = f(x[0], x[1], &p);",
    ),
    "not used": ("double f(double x, void *p) { (void)p; return x * x; }", ["x"], "y[0] = f(x[0], 0);"),
    "not even named": ("double f(double x, void *p) { return x * x; }", ["x"], "y[0] = f(x[0], 0);"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_gcc_gives_the_same(case: str, tmp_path: Path) -> None:
    source, names, call = CASES[case]
    program = cprograms.load(source=source, entry="f")
    assert [a.name for a in program.arguments] == names
    x = rows_of(program, 200)
    expected = _native(source, call, x, len(program.results), tmp_path)
    np.testing.assert_array_equal(program.run(x), expected)
    np.testing.assert_array_equal(evaluate(lower(program), x), expected)
    # What it is printed as declares what it points to, and is the same program.
    again = cprograms.load(source=program.portable_text, self_contained=True)
    assert "void *" not in program.portable_text.rpartition("surrogate entry")[2].partition("{")[0]
    np.testing.assert_array_equal(again.run(x), expected)


def _native(source: str, call: str, x: np.ndarray, results: int, folder: Path) -> np.ndarray:
    loop = f"for (int k = 0; k < n; k++, x += {x.shape[1]}, y += {results}) {{ {call} }}"
    (folder / "f.c").write_text(f"{source}\nvoid rows(const double *x, double *y, int n) {{ {loop} }}\n")
    flags = ["-w", "-O1", "-ffp-contract=off", "-shared", "-fPIC"]
    subprocess.run([str(GCC), *flags, "-o", folder / "f.so", folder / "f.c"], check=True)
    y = np.empty((len(x), results))
    pointer = ctypes.POINTER(ctypes.c_double)
    given = np.ascontiguousarray(x)
    ctypes.CDLL(str(folder / "f.so")).rows(given.ctypes.data_as(pointer), y.ctypes.data_as(pointer), len(x))
    return y


NOT_KNOWN = "'p' points to what has no type of its own"


@pytest.mark.parametrize(
    ("body", "line", "message"),
    [
        (
            "double a = *(double *)p;\nint b = *(const int *)p;\nreturn a + b + x;",
            3,
            "'p' becomes 'double *' and here 'int *': what it points to is not known",
        ),
        ("void *q = p;\nreturn x + *(double *)q;", 1, NOT_KNOWN),
        ("double q = 0;\nif (p) q = 1;\nreturn x + q;", 1, NOT_KNOWN),
        ("double y = x;\n{ double z = 1, *p = &z, *q = p; y += *q; }\nreturn y;", 1, NOT_KNOWN),
    ],
)
def test_what_is_not_known_is_refused_at_its_place(body: str, line: int, message: str) -> None:
    with pytest.raises(ProgramError) as error:
        cprograms.load(source=f"double f(double x, void *p) {{\n{body} }}")
    (fault,) = error.value.diagnostics
    assert (fault.message, fault.line) == (message, line)
    assert "write a function around it" in fault.hint


def test_helpers_keep_their_parameters_as_they_are() -> None:
    text = PAIR + "static double g(double x, void *p) { return x * ((struct pair *)p)->a; }\n"
    program = cprograms.load(source=text + "double f(double x) { struct pair p = {2, 3}; return g(x, &p); }")
    assert "g(double x, void *p)" in program.text
    assert program.run([[1.5]])[0, 0] == 3


def test_a_setting_of_no_argument_is_told_those_that_there_are_in_their_order() -> None:
    source = "int f(double t, const double y[2], double g[2], void *params) { g[0] = y[1] * t; return 0; }"
    with pytest.raises(UsageError, match="'f' has no argument 'dim'; it has t, y, g, params"):
        cprograms.load(source=source, fixed={"dim": 3})
