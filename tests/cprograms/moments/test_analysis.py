"""What is read off a graph, against what the sandbox gives on many inputs."""

from __future__ import annotations

import math

import numpy as np
import pytest

import cprograms
from cprograms.lowering import lower
from cprograms.moments import Expansion, expand
from cprograms.sampling import sample
from cprograms.sandbox import run

HEAD = "#include <math.h>\n"


def read(source: str) -> tuple[list[Expansion], np.ndarray]:
    """What is read of each result, and the sandbox's outputs [n, R], those that ended well."""
    program = cprograms.load(source=HEAD + source)
    y = run(program, sample(program, 4000, 5))
    return expand(lower(program), program.domain), y[np.isfinite(y).all(1)]


CLOSE = {
    "a sum": "double f(double x, double y) { return 3 * x - 2 * y + 1; }",
    "a product": "double f(double x, double y) { return (x + 2) * (y - 3); }",
    "a square": "double f(double x) { return x * x; }",
    "numbers that cancel": "double f(double x) { return (100 + x) - (100 - x * x); }",
    "close numbers": "double f(double x) { return exp(x) - 1 - x; }",
    "a quotient": "double f(double x, double y) { return (2 + x) / (3 + y); }",
    "a quotient of dependent numbers": "double f(double x) { return (2 + x) / (3 + x); }",
    "a sine": "double f(double x, double y) { return sin(2 * x) * cos(y); }",
    "a power": "double f(double x, double y) { return pow(2 + x, 1.5 + y); }",
    "compound interest": """
        #pragma surrogate range(principal, 100, 10000)
        #pragma surrogate range(years, 0, 40)
        double f(double principal, double years) { return principal * pow(1.07, years); }""",
    "two extrema": "double f(double x, double y) { return fmax(x, 0.2) + fmin(x, y); }",
    "a magnitude": "double f(double x, double y) { return fabs(x + y); }",
    "a hypotenuse": "double f(double x, double y) { return hypot(x, y); }",
    "a narrowed logarithm": "double f(double x) { return x > 0.1 ? log(x) : x; }",
    "a narrowed branch": "double f(double x, double y) { return x < 0 ? y - 5 * x : y; }",
    "steps of one number": "int f(double x) { return x < -0.5 ? 1 : x < 0.25 ? 5 : x < 0.5 ? -3 : 8; }",
    "two conditions": "double f(double x, double y) { return x > 0 && y > 0.5 ? 3 : x; }",
    "a clamp": "double f(double x) { double v = 3 * x; return v < -1 ? -1 : v > 0.5 ? 0.5 : v; }",
    "whole numbers": """
        #pragma surrogate range(a, 0, 20)
        #pragma surrogate range(b, 1, 9)
        int f(int a, int b) { return a / b * b + (a == b); }""",
    "a remainder": """
        #pragma surrogate range(a, 0, 1000)
        int f(int a) { return a % 8; }""",
    "bits": """
        #pragma surrogate range(a, -100, 100)
        unsigned f(int a) { return ((unsigned)a & 255u) << 4; }""",
    "a number that wraps": """
        #pragma surrogate range(a, -100, 100)
        unsigned f(int a) { return (unsigned)a; }""",
    "a narrow type": """
        #pragma surrogate range(a, 0, 1000)
        unsigned char f(int a) { return a; }""",
    "bits of a floating number": """
        #pragma surrogate range(x, 0.5, 10)
        float f(float x) {
            union { float number; int bits; } u = { x };
            u.bits = 0x5f3759df - (u.bits >> 1);
            return u.number;
        }""",
    "bits of a wide floating number": """
        #pragma surrogate range(x, 0.1, 10)
        long f(double x, double y) {
            union { double number; long bits; } u = { x };
            return (u.bits >> 20) + (long)(1e11 * y);
        }""",
    "a table": """
        #pragma surrogate range(i, 0, 39)
        static const int t[40] = {9, 4, 1, 0, 1, 4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 9, 4, 1, 0, 1,
                                  4, 9, 16, 25, 36, 49, 64, 81, 100, 121, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7};
        int f(int i) { return t[i]; }""",
    "many arguments": """
        double f(double a, double b, double c, double d, double e, double g, double h, double i, double j, double k)
        { return a * b + c * d + e * g + h * i + j * k + a; }""",
    "an iterated map": """
        #pragma surrogate range(r, 2.5, 4)
        #pragma surrogate range(x, 0, 1)
        double f(double r, double x) { for (int i = 0; i < 20; i++) x = r * x * (1 - x); return x; }""",
    "Newton's root": """
        #pragma surrogate range(a, 1, 50)
        double f(double a) { double x = a; for (int i = 0; i < 6; i++) x = 0.5 * (x + a / x); return x; }""",
    "a long sum": """
        #pragma surrogate range(k, 1, 1000)
        int f(int k) { int s = 0; for (int i = 0; i < 100; i++) s += k + 2 * i; return s; }""",
    "a long decay": """
        double f(double x, double y)
        { double e = x; for (int i = 0; i < 200; i++) e = e + 0.2 * (y - e); return e; }""",
    "a counted loop": """
        #pragma surrogate range(n, 0, 12)
        double f(double x, int n) { double s = 1; for (int i = 0; i < n; i++) s += 1 + x; return s; }""",
}


ROUGH = {"an iterated map", "a counted loop"}


@pytest.mark.parametrize("name", CLOSE)
def test_the_moments_of_what_a_program_gives(name: str) -> None:
    (found,), y = read(CLOSE[name])
    assert abs(math.log(found.std / y.std())) < (0.3 if name in ROUGH else 0.12)
    assert abs(found.mean - y.mean()) < (0.3 if name in ROUGH else 0.15) * y.std()


def test_a_constant_does_not_vary() -> None:
    (found,), _ = read("double f(double x) { return x * 0 + 4 > 9 ? x : 7; }")
    assert (found.mean, found.std) == (7, 0)


def test_every_result_has_its_own() -> None:
    found, y = read("""
        struct pair { double sum, product; };
        struct pair f(double a, double b) { struct pair p = {a + b, 5 * a * b}; return p; }""")
    np.testing.assert_allclose([e.std for e in found], y.std(0), rtol=0.05)


@pytest.mark.parametrize("source", ["double f(double x, double y) { return exp(x) * y + x * x; }", CLOSE["a quotient"]])
def test_a_smooth_program_is_nearly_its_polynomials(source: str) -> None:
    program = cprograms.load(source=HEAD + source)
    x = sample(program, 1000, 1)
    y = run(program, x)[:, 0]
    (found,) = expand(lower(program), program.domain)
    assert found.share > 0.999
    assert float(((found(x) - y) ** 2).mean()) < 1e-4 * y.var()


def test_arguments_that_are_not_read_do_not_count() -> None:
    program = cprograms.load(source="double f(double a, double b, double c) { return c + a * 0.5; }")
    (found,) = expand(lower(program), program.domain)
    assert found.arguments == (0, 2)
    x = np.array([[0.4, 99.0, 0.25]])
    assert found(x) == pytest.approx([0.45])


def test_what_is_not_followed_is_not_settled() -> None:
    program = cprograms.load(
        source="""
        #pragma surrogate range(a, 1, 100000)
        #pragma surrogate range(b, 1, 100000)
        int f(int a, int b) { while (b) { int t = a % b; a = b; b = t; } return a; }
        """
    )
    (found,) = expand(lower(program), program.domain)
    assert not found.settled
    assert math.isfinite(found.mean)
    assert 0 <= found.std < 1e6


def test_a_loop_that_explodes_says_nothing_rather_than_much() -> None:
    program = cprograms.load(
        source=HEAD
        + "double f(double x) { double v = x; while (fabs(v) < 1e300 && v != 0) v = v * v * 1e6 + 3; return x; }"
    )
    (found,) = expand(lower(program), program.domain)
    assert found.std == pytest.approx(2 / math.sqrt(12))


@pytest.mark.parametrize(
    "body",
    [
        "1 / x",
        "log(x)",
        "sqrt(x)",
        "pow(x, y)",
        "tan(9 * x)",
        "1e300 * x * 1e300",
        "acos(3 * x)",
        "tgamma(x)",
        "x / (x - x)",
    ],
)
def test_what_is_undefined_here_and_there_still_gives_numbers(body: str) -> None:
    program = cprograms.load(source=HEAD + f"double f(double x, double y) {{ return {body} + y; }}")
    (found,) = expand(lower(program), program.domain)
    assert math.isfinite(found.mean)
    assert math.isfinite(found.std)
