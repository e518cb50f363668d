"""Predictions and runs from Python: inputs of all kinds, warnings, and what objects show of themselves."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import cprograms
import surrogate
from surrogate.mlp.artifact import Surrogate

ROWS = np.array([[1, 0.5], [2, -1]])
SWAPPED = pd.DataFrame({"y": [0.5, -1], "x": [1, 2]})


def true(x: np.ndarray) -> np.ndarray:
    return np.asarray(3 * x[..., :1] - 2 * x[..., 1:] + 1)


def test_a_frame_goes_by_its_names(plane: Surrogate) -> None:
    expected = plane.predict(ROWS)
    for given in (SWAPPED, SWAPPED[["x", "y"]], SWAPPED.to_dict("list")):
        np.testing.assert_array_equal(plane.predict(given), expected)
        np.testing.assert_array_equal(plane(given), expected)
    np.testing.assert_array_equal(plane.predict(x=[1, 2], y=[0.5, -1]), expected)
    np.testing.assert_array_equal(plane(y=0.5, x=1), plane.predict([1, 0.5]))
    with pytest.raises(ValueError, match="there is no argument 'z'"):
        plane.predict(SWAPPED.rename(columns={"y": "z"}))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 5), (2, 1, 4), (2, 0)])
def test_any_batch_shape(plane: Surrogate, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).uniform([0, -1], [4, 1], (*shape, 2))
    for found, tolerance in ((plane.predict(x), 0.1), (plane.program.run(x), 1e-12)):
        assert found.shape == (*shape, 1)
        np.testing.assert_allclose(found, true(x), atol=tolerance)
    flat = plane.predict(x.reshape(-1, 2))
    np.testing.assert_array_equal(plane.predict(x).reshape(-1, 1), flat)


def test_masked_rows_stay_masked(plane: Surrogate) -> None:
    x = np.ma.array(ROWS, mask=[[0, 1], [0, 0]])
    for found in (plane.predict(x), plane.program.run(x)):
        assert np.ma.getmaskarray(found).tolist() == [[True], [False]]
        assert np.isnan(np.asarray(found)[0, 0])
        np.testing.assert_allclose(found[1], true(ROWS[1]), atol=0.1)


def test_a_masked_constant_is_masked() -> None:
    """Its result does not depend on the inputs at all."""
    x = np.ma.array([[0.5]], mask=True)
    constant = cprograms.load(source="double f(double x) { return 3; }").run(x)
    assert np.ma.getmaskarray(constant).all()


def test_the_c_program_runs_with_names(plane: Surrogate) -> None:
    np.testing.assert_array_equal(plane.program.run(SWAPPED), true(ROWS))
    assert plane.program.run(x=2, y=-1).tolist() == [9]
    with pytest.raises(ValueError, match="no values for y"):
        plane.program.run(x=2)


def test_a_row_that_traps_is_nan() -> None:
    program = cprograms.load(source="int f(int a, int b) { return a / b; }")
    np.testing.assert_array_equal(program.run([[7, 2], [7, 0]]), [[3], [np.nan]])


def test_one_call_warns_once_of_rows_outside_the_domain(plane: Surrogate) -> None:
    x = np.array([[[1, 0.5], [5, 0]], [[-1, 0], [2, 9]]])
    for call in (plane.predict, plane):
        with pytest.warns(surrogate.OutOfDomainWarning) as caught:
            call(x)
        assert len(caught) == 1
        assert "3 of 4 rows are outside the domain (x in [0, 4], y in [-1, 1])" in str(caught[0].message)
        assert caught[0].filename == __file__
    assert issubclass(surrogate.OutOfDomainWarning, UserWarning)


def test_no_warning_inside_the_domain_or_of_what_is_missing(plane: Surrogate) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plane.predict([[0, -1], [4, 1], [np.nan, 0]])
        plane.predict(np.ma.array([[99, 0]], mask=[[1, 0]]))
        plane.predict(np.zeros((0, 2)))
        plane.check(rows=100)


def test_the_module_names_the_arguments(plane: Surrogate, tmp_path: Path) -> None:
    plane.save(tmp_path / "s")
    for s in (plane, surrogate.load(tmp_path / "s")):
        assert isinstance(s, Surrogate)
        with pytest.raises(ValueError, match=r"the last axis is x, y; not \[4, 3\]"):
            s.module(torch.zeros(4, 3))
