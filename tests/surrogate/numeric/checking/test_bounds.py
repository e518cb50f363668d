"""Error bars hold for as many new inputs as they say."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import surrogate
from cprograms.program import Argument
from cprograms.types import DOUBLE, INT
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.checking.bounds import Bound, bars_at, conformal, error_bars
from surrogate.numeric.checking.slices import edges_of, places

X = Argument("x", DOUBLE, -1, 1)


@given(arrays(np.float64, st.integers(1, 300), elements=st.floats(0, 1e300)), st.sampled_from([0.5, 0.9, 0.99]))
def test_a_bar_is_the_order_statistic_of_the_source(errors: np.ndarray, level: float) -> None:
    rank = next(k for k in range(1, len(errors) + 2) if k * 100 >= (len(errors) + 1) * round(100 * level))
    expected = math.inf if rank > len(errors) else sorted(errors)[rank - 1]
    assert conformal(errors, level) == expected


@pytest.mark.parametrize(("rows", "level"), [(9, 0.9), (49, 0.9), (99, 0.99), (250, 0.9)])
def test_coverage_of_new_errors_is_what_the_theorem_says(rows: int, level: float) -> None:
    """Of any distribution: here one without a mean. The share is rank / (n + 1) exactly, on average."""
    rng = np.random.default_rng(0)
    repeats, fresh = 2000, 50
    errors = np.abs(rng.standard_cauchy((repeats, rows + fresh)))
    bars = np.array([conformal(row[:rows], level) for row in errors])
    covered = (errors[:, rows:] <= bars[:, None]).mean(1)
    share = math.ceil(round((rows + 1) * level, 9)) / (rows + 1)
    assert covered.mean() == pytest.approx(share, abs=4 * covered.std() / repeats**0.5)
    assert share >= level


def test_too_few_rows_bound_nothing() -> None:
    errors = np.arange(98.0)
    found = error_bars("y", errors, np.zeros((98, 1)), [X])
    assert found == Bound("y", 89.0, math.inf)
    assert Bound.from_dict(found.as_dict()) == found
    assert found.as_dict()["p99"] is None


def test_bars_follow_the_argument_that_the_error_depends_on() -> None:
    rng = np.random.default_rng(1)
    arguments = [X, Argument("n", INT, 0, 9)]

    def drawn(rows: int) -> tuple[np.ndarray, np.ndarray]:
        x = np.stack([rng.uniform(-1, 1, rows), rng.integers(0, 10, rows)], axis=1)
        return x, rng.exponential(size=rows) * np.where(x[:, 1] >= 8, 50, 1)

    x, errors = drawn(4000)
    found = error_bars("y", errors, x, arguments)
    assert found.argument == "n"
    assert found.edges == (0, 1.5, 3.5, 5.5, 7.5, 9)
    fresh, new = drawn(100_000)
    bars = bars_at([found], fresh, arguments)
    for level, bar in zip((0.9, 0.99), bars, strict=True):
        for k in range(5):
            inside = places(fresh[:, 1], found.edges) == k
            # A slice has some 400 rows: its share is a beta variable around the level.
            assert (new[inside] <= bar[inside, 0]).mean() == pytest.approx(
                level, abs=4 * (level * (1 - level) / 400) ** 0.5
            )
    assert bars.p90[fresh[:, 1] >= 8].min() > 10 * bars.p90[fresh[:, 1] < 8].max()
    assert Bound.from_dict(found.as_dict()) == found


def test_errors_that_depend_on_nothing_have_one_bar() -> None:
    rng = np.random.default_rng(2)
    x = rng.uniform(-1, 1, (2000, 1))
    assert all(error_bars("y", np.abs(rng.standard_t(3, 2000)), x, [X]).argument == "" for _ in range(20))


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (Argument("x", DOUBLE, 0, 10), (0, 2, 4, 6, 8, 10)),
        (Argument("n", INT, 0, 1), (0, 0.5, 1)),
        (Argument("n", INT, -1.5, 1.5), (-1.5, -0.5, 0.5, 1.5)),
        (Argument("n", INT, 3, 3), (3, 3)),
        (Argument("x", DOUBLE, 2, 2), (2, 2)),
    ],
)
def test_slices_are_of_equally_many_values(argument: Argument, expected: tuple[float, ...]) -> None:
    assert edges_of(argument) == pytest.approx(expected)


SLOPE = """\
#pragma surrogate range(x, -1, 1)
#pragma surrogate range(y, 0, 10)
#include <math.h>
double f(double x, double y) { return sin(6 * x) * y + x * x; }
"""


def test_a_surrogate_s_bars_cover_fresh_inputs(compiler) -> None:
    """By hand: other random numbers, and numpy's own function."""
    s = surrogate.compile(source=SLOPE, compiler=compiler, plain=True)
    x = np.random.default_rng(7).uniform([-1, 0], [1, 10], (20_000, 2))
    found = s.predict(x, bounds=True)
    truth = np.sin(6 * x[:, 0]) * x[:, 1] + x[:, 0] ** 2
    error = np.abs(found.values[:, 0] - truth)
    assert (error <= found.p90[:, 0]).mean() == pytest.approx(0.9, abs=0.03)
    assert 0.98 <= (error <= found.p99[:, 0]).mean() <= 1
    assert (found.values == s.predict(x)).all()


def test_what_was_not_measured_is_not_bounded(plane: Surrogate) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", surrogate.OutOfDomainWarning)
        found = plane.predict([[[1, 0.5], [1, 2], [np.nan, 0]]], bounds=True)
    assert found.p90.shape == found.values.shape == (1, 3, 1)
    assert np.isfinite(found.p90).tolist() == [[[True], [False], [False]]]
    # They are of the weights that were measured: others are measured anew.
    plane.module.mean += 5
    assert plane.predict([[1, 0.5]], bounds=True).p90 > 4.9


def test_a_program_may_call_its_argument_bounds(compiler) -> None:
    s = surrogate.compile(source="double f(double bounds) { return 2 * bounds; }", compiler=compiler)
    assert isinstance(s.predict(bounds=0.5), np.ndarray)
    with pytest.raises(ValueError, match="nothing to bound"):
        surrogate.compile(source=SLOPE, compiler=compiler).predict([[0, 1]], bounds=True, exact=True)
