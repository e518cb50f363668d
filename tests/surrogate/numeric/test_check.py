from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import cprograms
import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.sampling import sample
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.check import Report
from surrogate.numeric.checking.errors import ResultError, result_error
from surrogate.numeric.rows import compile_seed, executed_rows, fresh_seed, output_moments

VALUES = st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-3)


@given(arrays(np.float64, (2, 20), elements=VALUES))
def test_is_the_error_over_the_variance(rows: np.ndarray) -> None:
    true, predicted = rows
    assume(np.ptp(true) > 1e-3)
    found = result_error("return", true, predicted)
    assert found.nmse == pytest.approx(np.mean((predicted - true) ** 2) / np.var(true))
    assert found.r2 == pytest.approx(1 - found.nmse)
    assert found.max_error == np.abs(predicted - true).max()


def test_a_constant_prediction_of_the_mean_has_the_error_1() -> None:
    true = np.array([1.0, 2, 3, 10])
    assert result_error("return", true, np.full(4, true.mean())).nmse == pytest.approx(1)


@pytest.mark.parametrize("unit", [1e300, 1e-300])
def test_extreme_units_neither_overflow_nor_vanish(unit: float) -> None:
    true, predicted = np.array([1.0, 2, 4]), np.array([1.5, 2, 4])
    expected = result_error("return", true, predicted).nmse
    assert result_error("return", true * unit, predicted * unit).nmse == pytest.approx(expected)


def test_a_constant_program_is_met_exactly_or_infinitely_badly() -> None:
    true = np.full(5, 2.5)
    assert result_error("return", true, true) == ResultError("return", 0, 1, 0, 2.5, 0, 0, 0)
    assert result_error("return", true, true + 0.5) == ResultError("return", math.inf, -math.inf, 0.5, 2.5, 0, 0.5, 0.5)


def test_a_report_averages_its_results() -> None:
    report = Report(10, 0, 0, (ResultError("re", 0.1, 0.9, 3), ResultError("im", 0.3, 0.7, 2)))
    assert report.nmse == pytest.approx(0.2)
    assert report.r2 == pytest.approx(0.8)
    assert report.max_error == 3


@pytest.mark.parametrize("nmse", [0.3, math.inf, math.nan])
def test_the_worst_result_is_named(nmse: float) -> None:
    report = Report(10, 0, 0, (ResultError("re", 0.1, 0.9, 3), ResultError("im", nmse, 1 - nmse, 2)))
    assert report.worst.name == "im"
    assert report.as_dict()["worst"] == (0.3 if nmse == 0.3 else None)


@pytest.mark.parametrize(
    ("centre", "width", "error", "flat"),
    [(1.26, 1e-6, 1e-6, True), (1.26, 1e-3, 1e-6, False), (1.26, 1e-6, 0.1, False), (0, 1e-6, 1e-6, False)],
    ids=["rounding", "a result that varies", "another constant", "about zero"],
)
def test_flat_is_what_rounding_makes_of_a_constant(centre: float, width: float, error: float, flat: bool) -> None:
    true = centre + width * np.random.default_rng(0).uniform(-1, 1, 1000)
    found = result_error("return", true, true + error)
    assert found.flat == flat
    assert found.nmse > 0.1 or not flat
    assert (found.mean, found.std) == pytest.approx((true.mean(), true.std()))


@pytest.mark.parametrize("nmse", [0.25, 0.0, math.inf])
def test_a_report_survives_json(nmse: float) -> None:
    known, unknown = ResultError("re", nmse, 1 - nmse, 3.5, 2.0, 0.5), ResultError("im", nmse, 1 - nmse, 3.5)
    report = Report(10, 2, 7, (known, unknown))
    assert Report.from_dict(json.loads(json.dumps(report.as_dict(), allow_nan=False))) == report


def test_fresh_rows_are_never_the_compiled_ones(plane: Surrogate) -> None:
    compiled = {compile_seed(s) for s in range(100)}
    assert compiled.isdisjoint(fresh_seed(s) for s in range(100))
    trained = sample(plane.program, 64, compile_seed(0))
    fresh = sample(plane.program, 64, fresh_seed(0))
    assert not np.isin(trained, fresh).any()


def test_measures_a_surrogate_against_its_program(plane: Surrogate) -> None:
    report = plane.check(rows=500)
    x = sample(plane.program, 500, fresh_seed(0))
    true = 3 * x[:, 0] - 2 * x[:, 1] + 1
    error = plane.predict(x)[:, 0] - true
    assert report.nmse == pytest.approx(np.mean(error**2) / np.var(true))
    assert report.max_error == pytest.approx(np.abs(error).max())
    assert (report.rows, report.trapped) == (500, 0)
    assert plane.measured is report


def test_counts_trapped_rows(compiler: Path) -> None:
    source = "#pragma surrogate range(n, -2, 2)\nint f(int n, double x) { return 100 / n + (int)x; }"
    report = surrogate.compile(source=source, compiler=compiler).check(rows=1000)
    # One of the five values of n divides by zero.
    assert 120 < report.trapped < 280
    [fault] = report.faults
    assert str(fault) == f"integer division by zero at <source>:2 on {report.trapped / 10:.2g}% of rows"
    assert Report.from_dict(report.as_dict()) == report
    assert report.rows == 1000
    assert math.isfinite(report.nmse)


def test_says_why_no_row_is_finite() -> None:
    program = cprograms.load(source="int f(int n) { return n / (n - n); }")
    with pytest.raises(ProgramError, match="finite results on 0 of 50 rows") as caught:
        executed_rows(program, 50, 0)
    assert str(caught.value).startswith("<source>:1: error: 'f' gave finite results on 0 of 50 rows")
    assert "integer division by zero at <source>:1 on all rows; is the domain the right one?" in str(caught.value)


def test_rejects_what_makes_no_sense(plane: Surrogate) -> None:
    with pytest.raises(UsageError, match="at least 2 rows"):
        plane.check(rows=1)
    with pytest.raises(UsageError, match="negative"):
        plane.check(seed=-1)


def test_errors_of_the_largest_doubles_are_finite():
    rng = np.random.default_rng(0)
    true = 1.7e308 * rng.uniform(-0.9, 0.9, 1000)
    noise = 1e307 * rng.uniform(-1, 1, 1000)
    for predicted in (true + noise, -true):  # a difference of which is beyond the largest double
        small = result_error("y", true / 1e200, predicted / 1e200)
        assert result_error("y", true, predicted).nmse == pytest.approx(small.nmse)


@pytest.mark.parametrize("unit", [1e-306, 1e-200, 1e-100, 1.0, 1e149, 1e151, 1e200, 1e307])
def test_moments_of_any_unit(unit: float) -> None:
    values = np.array([-9.0, 1, 2, 3])
    with np.errstate(over="raise"):
        mean, std = output_moments(values * unit)
    assert mean / unit == pytest.approx(values.mean())
    assert std / unit == pytest.approx(values.std())


def test_a_program_of_the_largest_doubles_compiles_to_finite_weights():
    made = surrogate.compile(source="double f(double x) { return 1 / (x < 1e-308 ? 1e-308 : x * 1e-307); }")
    assert np.isfinite(made.predict(np.linspace(-1, 1, 9)[:, None])).all()
