"""Fitting a program's constants: known truths come back, and what the rows do not tell is left and said."""

from __future__ import annotations

import math

import numpy as np
import pytest

import surrogate
from cprograms.diagnostics import UsageError
from surrogate.graph.artifact import GraphProgram
from surrogate.graph.fit import Fit

LUMINANCE = """\
#pragma surrogate range(r, 0, 1)
#pragma surrogate range(g, 0, 1)
#pragma surrogate range(b, 0, 1)
double luminance(double r, double g, double b) {
    return 0.3 * r + 0.6 * g + 0.1 * b;
}
"""


def compiled(source: str, **options: float) -> GraphProgram:
    return surrogate.compile(source=source, target="graph", **options)


def rows(program: GraphProgram, n: int, seed: int = 0) -> np.ndarray:
    low, high = program.domain.T
    return np.random.default_rng(seed).uniform(low, high, (n, len(low)))


def test_the_constants_of_other_rows_are_found():
    program = compiled(LUMINANCE)
    x = rows(program, 64)
    fit = program.fit(x, x @ [0.2126, 0.7152, 0.0722])
    assert fit.rows == 64
    assert fit.before > 1e-3
    assert fit.after < 1e-28
    assert list(program.constants.values()) == pytest.approx([0.2126, 0.7152, 0.0722])
    assert [c.label for c in fit.constants] == ["line 5: 0.3", "line 5: 0.6", "line 5: 0.1"]
    assert program.predict(r=1, g=0, b=0) == pytest.approx(0.2126)


def test_intervals_are_those_of_linear_regression():
    program = compiled(LUMINANCE)
    x = rows(program, 50)
    noise = np.random.default_rng(1).normal(0, 0.01, 50)
    y = x @ [0.2126, 0.7152, 0.0722] + noise
    fit = program.fit(x, y)
    found, (rss,), *_ = np.linalg.lstsq(x, y, rcond=None)
    errors = np.sqrt(rss / 47 * np.diagonal(np.linalg.inv(x.T @ x)))
    assert [c.value for c in fit.constants] == pytest.approx(found)
    assert [c.error for c in fit.constants] == pytest.approx(errors, rel=1e-6)
    t = 2.0117405137297655  # Student's, 47 degrees of freedom
    assert [c.high - c.value for c in fit.constants] == pytest.approx(t * errors, rel=1e-6)


def test_nine_in_ten_intervals_hold_the_truth():
    program = compiled(
        "double exp(double);\n#pragma surrogate range(x, 0.1, 2)\ndouble f(double x) { return 3.5 * exp(-1.7 * x); }"
    )
    start = program.module.state_dict()
    start = {k: v.clone() for k, v in start.items()}
    inside = 0
    for seed in range(40):
        program.module.load_state_dict(start)
        x = rows(program, 30, seed)
        y = program.predict(x)[:, 0] + np.random.default_rng(seed).normal(0, 0.02, 30)
        for constant in program.fit(x, y).constants:
            inside += constant.low <= constant.before <= constant.high
    assert 68 <= inside <= 80


def test_a_power_law_is_found_from_afar():
    program = compiled(
        "double pow(double, double);\n#pragma surrogate range(x, 1, 9)\n"
        "double f(double x) { return 3.0 * pow(x, 1.5) + 4.0; }"
    )
    x = rows(program, 40)
    program.fit(x, 5 * x[:, 0] ** 1.8 - 1)
    assert sorted(program.constants.values()) == pytest.approx([-1, 1.8, 5])


def test_what_the_rows_do_not_tell_is_left_and_said():
    program = compiled(
        "#pragma surrogate range(x, 0, 1)\ndouble f(double x) { return x > 0.25 ? x * 1.5 * (x + 3.0) : 7.5 * x; }"
    )
    x = np.linspace(0.5, 1, 20)[:, None]
    fit = program.fit(x, 4 * x[:, 0] * (x[:, 0] + 3.0))
    by_label = {c.label: c for c in fit.constants}
    assert not by_label["line 2: 0.25"].identified
    assert not by_label["line 2: 7.5"].identified
    assert by_label["line 2: 7.5"].value == 7.5
    assert by_label["line 2: 1.5"].value == pytest.approx(4)
    assert "left at 7.5" in repr(fit)


def test_constants_that_only_count_together_are_not_all_fitted():
    program = compiled("double f(double x) { double y = x * 3.0; return y * 5.0 * (x + x); }")
    x = rows(program, 20)
    fit = program.fit(x, 60 * x[:, 0] ** 2)
    assert sorted(c.identified for c in fit.constants) == [False, True]
    assert math.prod(program.constants.values()) == pytest.approx(30)


def test_several_results_count_by_their_deviations():
    program = compiled(
        "struct p { double a, b; };\nstruct p f(double x) { struct p r = {1000.5 * x + 3.5, 0.004 * x}; return r; }"
    )
    x = rows(program, 30)
    fit = program.fit(x, np.stack([1200 * x[:, 0] + 7, 0.003 * x[:, 0]], axis=1))
    assert fit.after < 1e-25
    assert sorted(program.constants.values()) == pytest.approx([0.003, 7, 1200])


def test_rows_without_numbers_do_not_count():
    program = compiled(LUMINANCE)
    x = rows(program, 30)
    y = x @ [0.2, 0.7, 0.1]
    y[3], x[5, 1] = np.nan, np.inf
    assert program.fit(x, y).rows == 28


def test_without_rows_to_spare_there_are_no_intervals():
    fit = compiled(LUMINANCE).fit(np.eye(3), [0.2, 0.7, 0.1])
    assert [math.isnan(c.error) for c in fit.constants] == [True] * 3
    assert fit.after < 1e-25


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(UsageError, match="no constants"):
        compiled("double f(double x) { return x * 2; }").fit([[1.0], [2.0]], [1.0, 2.0])
    with pytest.raises(UsageError, match="at least 2 rows"):
        compiled(LUMINANCE).fit([[1.0, 0, 0]], [1.0])
    with pytest.raises(ValueError, match=r"\[2, 1\]"):
        compiled(LUMINANCE).fit([[1.0, 0, 0], [0, 1, 0]], [1.0, 2, 3])


def test_a_fit_through_a_loop():
    program = compiled(
        "#pragma surrogate range(x, 0.5, 2)\n#pragma surrogate range(n, 0, 12)\n"
        "double f(double x, int n) { double s = 0.7; for (int i = 0; i < n; i++) s = s * 0.9 + x; return s; }"
    )
    x = np.stack([np.linspace(0.5, 2, 40), np.arange(40) % 13], axis=1)
    y = []
    for v, n in x:
        s = 0.4
        for _ in range(int(n)):
            s = s * 0.8 + v
        y.append(s)
    assert isinstance(program.fit(x, y), Fit)
    assert sorted(program.constants.values()) == pytest.approx([0.4, 0.8])
