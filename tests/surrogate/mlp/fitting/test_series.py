"""Polynomials that the text says, against the program's values and numpy's least squares."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.sampling import sample
from cprograms.sandbox import run
from surrogate.mlp.fitting import series
from surrogate.mlp.fitting.choice import make_problem
from surrogate.mlp.fitting.series import (
    _chosen,
    adapted,
    mixture,
    series_parts,
    standardised,
    text_series,
    values_of,
)
from surrogate.mlp.network import Scale, input_scaling
from surrogate.mlp.parts.polynomial import Fit, total_degree
from surrogate.mlp.parts.taps import Choice, find_taps

POLYNOMIAL = """\
#pragma surrogate range(x, -2, 5)
#pragma surrogate range(n, 0, 6)
double f(double x, int n) { return 3 + x * x * x - 2 * n * x + n * n; }
"""
BRANCHES = """\
#include <math.h>
#pragma surrogate range(x, -2, 5)
#pragma surrogate range(y, -1, 1)
#pragma surrogate range(n, 0, 6)
double f(double x, double y, int n)
{
    double s = x > 1.5 ? x * y : fmax(y, x);
    return s * n + (n & 1 ? 2 : floor(x));
}
"""
SMOOTH = """\
#include <math.h>
#pragma surrogate range(x, 0, 2)
#pragma surrogate range(y, 0, 2)
double f(double x, double y) { return exp(-x) * sin(y) + (x > 1 ? cos(y) : 1 / (1 + y)); }
"""
LONGER = """\
#include <math.h>
#pragma surrogate range(x, -3, 3)
#pragma surrogate range(y, -3, 3)
double f(double x, double y) { return log(1 + x * x + y * y) + (x < y ? sin(2 * x) : y); }
"""
KINDS = {
    "a clamped sum as an unsigned number": """\
#pragma surrogate range(a, -100, 100)
#pragma surrogate range(b, 0, 15)
unsigned f(int a, unsigned b) { int c = a * (int)b + a; return c < 0 ? 0 : c > 900 ? 900 : c; }
""",
    "a clamped sum as a byte": """\
#pragma surrogate range(a, -100, 400)
unsigned char f(int a, int b) { int c = a * 2 - b; return c < 0 ? 0 : c > 255 ? 255 : c; }
""",
    "bytes of a number": """\
#pragma surrogate range(a, 0, 1000000)
unsigned char f(int a, unsigned char b) { return (unsigned char)(a >> 8); }
""",
    "bits of a long number": """\
#pragma surrogate range(a, 0, 40000)
unsigned long long f(unsigned long long a) { return (a & ~63ull) | 38; }
""",
    "quotients of one divisor": """\
#pragma surrogate range(d, 1, 3)
double f(double a, double b, double c, double d) { return (a * b - c * c + a) / (d + c / 2) - b; }
""",
    "a sine of what is linear": """\
#include <math.h>
#pragma surrogate range(k, -1000, 1000)
double f(int k, double x) { return x * cos((2 * k + 1) * 3.14159 / 128); }
""",
    "six branches": """\
#include <math.h>
double f(double a, double b, double c, double d, double e)
{ return cos(e + 0.8) * fabs(fmin(fmax(fmax(fmin(fmax(a, b), c), d), e), 0.9) - a); }
""",
}


def nmse(source: str, choice: Choice = 24) -> list[float]:
    """The error of each polynomial of the text, on fresh rows."""
    program = cprograms.load(source=source)
    graph = lower(program)
    taps = find_taps(program, graph, choice)
    x = sample(program, 2000, 3)
    middle, reach = input_scaling(program.domain)
    z = (x - middle) / reach
    if taps:
        z = np.concatenate([z, taps(torch.from_numpy(x)).numpy()], axis=1)
    y = run(program, x)[:, 0]
    return [float(np.mean((values_of(fit, z) - y) ** 2) / np.var(y)) for fit in text_series(program, graph, taps)[0]]


def test_a_polynomial_is_read_as_it_stands() -> None:
    assert nmse(POLYNOMIAL, "none")[0] < 1e-24


def test_branches_are_exact_once_their_gates_are_read() -> None:
    """Such a polynomial is all that the text says, and stands alone."""
    assert min(nmse(BRANCHES, "none")) > 0.01
    assert max(nmse(BRANCHES)) < 1e-20
    assert len(nmse(BRANCHES)) == 1


def test_what_is_smooth_between_gates_is_near() -> None:
    assert min(nmse(SMOOTH, "none")) > 1e-3
    assert max(nmse(SMOOTH)) < 1e-20


@pytest.mark.parametrize("name", KINDS)
def test_kinds_that_are_exact_by_their_taps(name: str) -> None:
    assert min(nmse(KINDS[name])) < 1e-18


def test_o0_is_the_best_mixture_of_its_readings() -> None:
    made = surrogate.compile(source=LONGER, opt_level=0)
    assert made.check(2000).nmse < 0.95 * min(nmse(LONGER))
    assert made.rows == 0


def test_a_tower_is_dropped_where_a_polynomial_is_exact() -> None:
    made = surrogate.compile(source=BRANCHES)
    assert made.module.w1.shape[1] == 0
    assert made.check(2000).nmse < 1e-20
    assert made.module.polynomial is not None


def test_a_plain_surrogate_has_none() -> None:
    for level in (0, 1):
        assert surrogate.compile(source=SMOOTH, opt_level=level, plain=True).module.polynomial is None


def test_rows_change_what_the_text_says() -> None:
    """The polynomial of one program after 64 rows of another, whose coefficients differ, errs far less there."""
    program = cprograms.load(source=POLYNOMIAL.replace("2 * n * x", "2.5 * n * x"))
    ((said,),) = text_series(cprograms.load(source=POLYNOMIAL), lower(cprograms.load(source=POLYNOMIAL)), None)
    middle, reach = input_scaling(program.domain)
    x, fresh = sample(program, 64, 1), sample(program, 2000, 2)
    y, true = run(program, x)[:, 0], run(program, fresh)[:, 0]
    (fit,) = standardised([said], y.mean(), y.std())
    found = adapted(fit, (x - middle) / reach, (y - y.mean()) / y.std())
    assert found is not None
    errors = [np.std(values_of(f, (fresh - middle) / reach) - (true - y.mean()) / y.std()) for f in (fit, found)]
    assert errors[0] > 0.05
    assert errors[1] < 1e-3 * errors[0]


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
def test_adapted_is_what_numpy_finds_where_the_rows_say_all(seed: int, degree: int) -> None:
    """Of a polynomial of the same terms, exact rows leave nothing to the prior."""
    rng = np.random.default_rng(seed)
    exponents = total_degree(2, [0, 1], set(), 10)
    exponents = exponents[exponents.sum(1) <= degree]
    z = rng.uniform(-1, 1, (40, 2))
    truth = Fit(exponents, rng.standard_normal(len(exponents)), np.inf)
    said = truth._replace(coefficients=rng.standard_normal(len(exponents)))
    found = adapted(said, z, values_of(truth, z))
    assert found is not None
    fresh = rng.uniform(-1, 1, (100, 2))
    np.testing.assert_allclose(values_of(found, fresh), values_of(truth, fresh), atol=1e-3)
    assert found.error < 1e-6


def test_a_polynomial_that_is_no_number_is_left_out() -> None:
    z = np.linspace(-1, 1, 30)[:, None]
    broken = Fit(np.array([[0], [1]]), np.array([np.nan, 1.0]), np.inf)
    straight = Fit(np.array([[0], [1]]), np.array([1.0, 2.0]), np.inf)
    share, found = mixture([broken, straight], np.zeros(30), z, 5 * z[:, 0] - 1)
    assert share == pytest.approx(0)
    assert found is not None
    np.testing.assert_allclose(values_of(found, z), 5 * z[:, 0] - 1, atol=1e-12)
    assert mixture([broken], z[:, 0], z, 3 * z[:, 0]) == (pytest.approx(3), None)
    assert adapted(broken, z, z[:, 0]) is None


def test_a_mixture_is_taken_where_it_is_clearly_better_than_each_reading() -> None:
    rng = np.random.default_rng(0)
    z = rng.uniform(-1, 1, (200, 1))
    tower, straight = np.sin(5 * z[:, 0]), Fit(np.array([[0], [1]]), np.array([0.0, 2.0]), np.inf)
    share, found = _chosen([straight], tower, z, 0.5 * tower + values_of(straight, z))
    assert share == pytest.approx(0.5)
    assert found is not None
    np.testing.assert_allclose(values_of(found, z), values_of(straight, z), atol=1e-9)
    noise = rng.standard_normal(200)
    assert _chosen([straight], tower, z, tower + noise / 10) == (1, None)
    assert _chosen([straight], tower, z, values_of(straight, z)) == (0, straight)
    assert _chosen([straight], np.full(200, np.nan), z, noise) == (0, straight)


def test_every_reading_is_fitted_to_the_rows_not_the_nearest_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """The nearest as the text says it may have too few terms, one that is far off the right ones."""
    program = cprograms.load(source="double f(double x) { return x * x; }")
    x = np.linspace(-1, 1, 40)[:, None]
    near = Fit(np.array([[1]]), np.array([0.1]), np.inf)
    far = Fit(np.array([[0], [2]]), np.array([5.0, 9.0]), np.inf)
    monkeypatch.setattr(series, "text_series", lambda *_: [[near, far]])
    rows = x, x * x
    problem = make_problem(rows, rows, program.domain, Scale(np.array([0.3]), np.array([0.3])), None)
    [part] = series_parts(program, lower(program), problem)
    assert part.error < 1e-20
    assert part.polynomial is not None
    assert len(part.polynomial.exponents) == 2
