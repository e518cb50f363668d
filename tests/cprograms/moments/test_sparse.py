"""Polynomials by their greatest terms, against numpy's Chebyshev polynomials and what programs give."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

import cprograms
from cprograms.lowering import lower
from cprograms.moments import Polynomial, sparse_series
from cprograms.moments.sparse import MOST_TERMS, Sparse, SparseAlgebra
from cprograms.sampling import sample
from cprograms.sandbox import run

HEAD = "#include <math.h>\n"
WIDE = 40


def algebra(width: int, flags: int = 0) -> SparseAlgebra:
    """The last inputs are flags."""
    rng = np.random.default_rng(0)
    is_flag = np.arange(width) >= width - flags
    points = np.where(is_flag, rng.choice([-1.0, 1.0], (200, width)), rng.uniform(-1, 1, (200, width)))
    return SparseAlgebra(points, is_flag, is_flag)


def drawn(rng: np.random.Generator, width: int, flags: int, terms: int) -> Sparse:
    most = np.where(np.arange(width) < width - flags, 4, 1)
    exponents = np.unique(rng.integers(0, most + 1, (terms, width)), axis=0).astype(np.uint8)
    return Sparse(exponents, rng.standard_normal(len(exponents)))


def at(x: Sparse | Polynomial, z: np.ndarray) -> np.ndarray:
    """By numpy: [n, Z] -> [n]."""
    one = np.eye(int(x.exponents.max(initial=0)) + 1)
    return np.asarray(
        sum(
            c * np.prod([chebyshev.chebval(z[:, d], one[e]) for d, e in enumerate(row)], axis=0)
            for row, c in zip(x.exponents, x.coefficients, strict=True)
        )
    )


@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(0, 2))
def test_sums_and_products_are_exact(seed: int, arguments: int, flags: int) -> None:
    rng = np.random.default_rng(seed)
    own = algebra(arguments + flags, flags)
    x, y = (drawn(rng, arguments + flags, flags, 6) for _ in range(2))
    z = np.concatenate([rng.uniform(-1, 1, (20, arguments)), rng.choice([-1.0, 1.0], (20, flags))], axis=1)
    np.testing.assert_allclose(at(own.product(x, y), z), at(x, z) * at(y, z), atol=1e-9)
    np.testing.assert_allclose(at(own.sum(x, y, 2.0, -3.0), z), 2 * at(x, z) - 3 * at(y, z), atol=1e-9)
    assert own.exact


def test_the_least_terms_are_left_out_and_it_is_said() -> None:
    rng = np.random.default_rng(1)
    own = algebra(8)
    x, y = (drawn(rng, 8, 0, 40) for _ in range(2))
    found = own.product(x, y)
    assert len(found.coefficients) <= MOST_TERMS
    assert not own.exact


def test_the_values_at_points_are_numpys() -> None:
    rng = np.random.default_rng(2)
    points = rng.uniform(-1, 1, (50, 3))
    own, x = SparseAlgebra(points, np.zeros(3, bool), np.zeros(3, bool)), drawn(rng, 3, 0, 10)
    np.testing.assert_allclose(own.at_points(x), at(x, points), atol=1e-12)


def read(source: str) -> tuple[Polynomial | None, np.ndarray, np.ndarray]:
    """What the text says over its arguments, and fresh scaled inputs [n, A] with the sandbox's outputs [n]."""
    program = cprograms.load(source=HEAD + source)
    low, high = program.domain.T
    middle, reach = (low + high) / 2, (high - low) / 2
    x = sample(program, 600, 7)
    points = (sample(program, 300, 3, "sobol") - middle) / reach
    found = sparse_series(lower(program), points, np.zeros(len(low), dtype=bool), 0, middle, reach)
    return found, (x - middle) / reach, run(program, x)[:, 0]


EXACT = {
    "a polynomial": "double f(double x, double y) { return 3 + x * x * y - 2 * y * y * y; }",
    "functions of one number": "double f(double x, double y) { return exp(-x) * sin(y) + cosh(x + y / 4); }",
    "a function of a polynomial": "double f(double x, double y) { return exp(0.5 * x * y - x) / (3 + y); }",
    "a hundred passes": """
        double f(double x, double r)
        { double s = x; for (int i = 0; i < 100; i++) s = 0.9 * s + 0.1 * r * (i & 1) + 0.01; return s; }""",
    "two loops": """
        double f(double x) { double s = 0; for (int i = 0; i < 30; i++) for (int j = 0; j < 20; j++) s += x * i + j;
        return s; }""",
    "whole numbers": """
        #pragma surrogate range(a, 0, 200)
        #pragma surrogate range(b, 0, 30)
        long f(int a, unsigned char b) { return a * a - 3L * b * a + b; }""",
    "products of few of many arguments": (
        f"double f({', '.join(f'double x{k}' for k in range(WIDE))}) {{ return "
        f"{' + '.join(f'x{k} * x{k + 1}' for k in range(0, WIDE, 2))} + x3 * x5 * x7; }}"
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_a_polynomial_says_is_what_the_program_gives(name: str) -> None:
    found, z, y = read(EXACT[name])
    assert found is not None
    assert found.exact
    assert np.mean((at(found, z) - y) ** 2) < 1e-18 * np.var(y)


NEAR = {
    "a root": ("double f(double x, double y) { return sqrt(1.01 + x * y); }", 1e-6),
    "a step": ("double f(double x, double y) { return x < y ? 1 : 0; }", 0.2),
    "two numbers": ("double f(double x, double y) { return atan2(y, 1.5 + x); }", 0.01),
    "a magnitude": ("double f(double x, double y) { return fabs(x) + fmax(y, 0.1); }", 0.01),
    "bits of a floating number": (
        """
        #pragma surrogate range(x, 0.5, 10)
        float f(float x, float y) {
            union { float number; int bits; } u = { x };
            u.bits = 0x5f3759df - (u.bits >> 1);
            return u.number * y;
        }""",
        0.01,
    ),
    "a number that is cut": (
        """
        #pragma surrogate range(a, 0, 1000)
        unsigned char f(int a) { return a; }""",
        np.inf,
    ),
    "a number that wraps": (
        """
        #pragma surrogate range(a, -100, 100)
        unsigned f(int a) { return a; }""",
        np.inf,
    ),
}


@pytest.mark.parametrize("name", NEAR)
def test_what_is_no_polynomial_is_not_taken_for_one(name: str) -> None:
    source, error = NEAR[name]
    found, z, y = read(source)
    assert found is not None
    assert not found.exact
    assert np.mean((at(found, z) - y) ** 2) < error * np.var(y)


@pytest.mark.parametrize(
    "source",
    [
        "double f(double x, int n) { for (int i = 0; i < n; i++) x = sin(x); return x; }",
        "double f(double x) { for (int i = 0; i < 10000; i++) x = sin(x) + 1; return x; }",
    ],
)
def test_loops_whose_passes_are_not_counted_say_nothing(source: str) -> None:
    assert read("#pragma surrogate range(n, 0, 1000)\n" * ("int n" in source) + source)[0] is None
