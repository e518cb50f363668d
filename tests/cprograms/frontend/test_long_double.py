"""`long double` is double in the sandbox: a program that needs it is told so, once, where it does."""

from __future__ import annotations

import pytest

import cprograms

WARNED = {
    "a variable": ("double f(double x)\n{\n    long double s = x;\n    return s / 3;\n}", 3),
    "a typedef": ("typedef long double wide;\ndouble f(double x) { wide s = x; return s / 3; }", 1),
    "a constant": ("double f(double x)\n{\n    return x * 0.1L;\n}", 3),
    "a function": ("#include <math.h>\ndouble f(double x) { return sqrtl(x); }", 2),
    "a helper": ("static double g(double x)\n{ return (long double)x * x; }\ndouble f(double x) { return g(x); }", 2),
}
UNTOLD = {
    "nothing of it": "#include <math.h>\ndouble f(double x) { long n = 3L; return sqrt(x) * n; }",
    "a function that is not needed": "long double g(long double x) { return x; }\ndouble f(double x) { return x; }",
}


@pytest.mark.parametrize("name", WARNED)
def test_long_double_is_told(name: str) -> None:
    source, line = WARNED[name]
    [warning] = [w for w in cprograms.load(source=source, entry="f").warnings if "long double" in w.message]
    assert (warning.line, warning.severity) == (line, "warning")


@pytest.mark.parametrize("name", UNTOLD)
def test_what_has_none_is_not(name: str) -> None:
    assert not [w for w in cprograms.load(source=UNTOLD[name], entry="f").warnings if "long double" in w.message]
