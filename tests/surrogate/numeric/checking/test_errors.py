from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cprograms.program import Result
from cprograms.types import DOUBLE
from surrogate.numeric.checking.errors import ResultError, declared, result_error, worst_row


@given(arrays(np.float64, (2, 40), elements=st.floats(-1e6, 1e6, width=32)))
def test_quantiles_are_those_of_the_absolute_error(rows: np.ndarray) -> None:
    true, predicted = rows
    found = result_error("y", true, predicted)
    ranked = np.sort(np.abs(predicted - true))
    assert ranked[19] <= found.median <= ranked[20]
    assert ranked[38] <= found.p99 <= found.max_error == ranked[39]


@pytest.mark.parametrize(
    ("low", "high", "means"),
    [(10, 20, True), (-20, -10, True), (-1, 1, False), (0.01, 1, False), (0, 0, False)],
    ids=["positive", "negative", "crosses zero", "comes near it", "is zero"],
)
def test_a_relative_error_is_told_where_it_means_something(low: float, high: float, means: bool) -> None:
    true = np.linspace(low, high, 101)
    found = result_error("y", true, 1.02 * true)
    assert math.isnan(found.relative) != means
    if means:
        assert (found.relative, found.max_relative) == pytest.approx((0.02, 0.02))
    # What is not known is no part of JSON.
    assert ("relative" in found.as_dict()) == means
    assert str(ResultError.from_dict(found.as_dict())) == str(found)


def test_the_worst_row_is_that_of_the_greatest_error() -> None:
    x, y = np.arange(6.0).reshape(3, 2), np.array([[1.0, 2], [3, 4], [5, 6]])
    found = worst_row(1, "b", x, y, y + np.array([[9, 0.1], [0, -0.3], [0, 0.2]]))
    assert (found.inputs, found.truth, found.prediction) == ((2, 3), (3, 4), (3, 3.7))
    # An undefined prediction is the worst there is.
    assert worst_row(0, "a", x, y, np.where(x == 4, np.nan, y)).inputs == (4, 5)


def test_results_outside_of_their_declared_range_are_counted() -> None:
    result = Result("y", DOUBLE, 0.0, 2.0)
    true, predicted = np.array([0.0, 1, 2, 2.5]), np.array([-0.25, 1, 2 + 1e-12, 3])
    found = declared(result, result_error("y", true, predicted), true, predicted)
    assert (found.outside, found.excess, found.program_outside) == (2, 1.0, 1)
    assert ResultError.from_dict(found.as_dict()) == found
    free = declared(Result("y", DOUBLE), result_error("y", true, predicted), true, predicted)
    assert free.outside is None
    assert "outside" not in free.as_dict()
