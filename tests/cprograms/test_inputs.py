"""Inputs as users give them: by position and by name, of every kind, and what is refused."""

from __future__ import annotations

from collections import namedtuple
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import torch
from datasets import Dataset

from cprograms.inputs import inputs_of, masked_like

NAMES = ["x", "y"]
ROWS = np.array([[1, 0.5], [2, -1]])
SWAPPED = pd.DataFrame({"y": [0.5, -1], "x": [1, 2]})
"""Its columns are in another order than the arguments."""
Row = namedtuple("Row", "y x")


def read(given: Any = None, **columns: Any) -> np.ndarray:
    return inputs_of(given, columns, NAMES)


@pytest.mark.parametrize(
    "given",
    [
        ROWS.tolist(),
        tuple(map(tuple, ROWS)),
        ROWS.astype(np.float32),
        torch.tensor(ROWS),
        SWAPPED,
        SWAPPED.astype("Float64"),
        pa.Table.from_pandas(SWAPPED),
        Dataset.from_pandas(SWAPPED),
        SWAPPED.to_dict("list"),
        SWAPPED.to_dict("series"),
        SWAPPED.to_dict("records"),
        SWAPPED.to_records(index=False),
        list(SWAPPED.itertuples(index=False)),
        [Row(0.5, 1), Row(-1, 2)],
    ],
    ids=lambda given: type(given).__name__,
)
def test_every_kind_gives_the_same_rows(given: Any) -> None:
    found = read(given)
    assert found.dtype == np.float64
    np.testing.assert_array_equal(found, ROWS)


def test_one_row_has_names_too() -> None:
    for given in (SWAPPED.iloc[0], Row(0.5, 1), {"y": 0.5, "x": 1}, SWAPPED.to_records(index=False)[0]):
        np.testing.assert_array_equal(read(given), ROWS[0])


def test_a_column_without_names_is_positional() -> None:
    np.testing.assert_array_equal(read(pd.Series([1, 0.5])), ROWS[0])


def test_keywords_are_broadcast() -> None:
    assert read(x=1, y=2).tolist() == [1, 2]
    assert read(x=[1, 2], y=3).tolist() == [[1, 3], [2, 3]]
    grid = read(y=np.arange(4.0), x=np.arange(3)[:, None])
    assert grid.shape == (3, 4, 2)
    assert grid[2, 3].tolist() == [2, 3]


@pytest.mark.parametrize("shape", [(2,), (0, 2), (1, 2), (3, 0, 2), (5, 4, 3, 2)])
def test_any_batch_shape_is_kept(shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_array_equal(read(x), x)


def test_whole_numbers_of_any_size_and_truth_values_are_numbers() -> None:
    assert read([[2**70, True]]).tolist() == [[2.0**70, 1]]
    assert read([[2**64 - 1, 0]]).tolist() == [[2.0**64, 0]]
    assert read(np.array([[True, False]])).tolist() == [[1, 0]]


def test_missing_numbers_of_a_frame_are_nan() -> None:
    for dtype in ("float64", "Int64", "Float64", "boolean"):
        found = read(pd.DataFrame({"x": pd.array([1, None], dtype=dtype), "y": [0, 1]}))
        np.testing.assert_array_equal(found, [[1, 0], [np.nan, 1]])


MASK = np.array([[True, False], [False, False]])


@pytest.mark.parametrize(
    "given",
    [
        np.ma.array(ROWS, mask=MASK),
        np.ma.array(ROWS.astype(int), mask=MASK),
        [np.ma.array([1, 0.5], mask=[1, 0]), np.ma.array([2, -1.0])],
        {"x": np.ma.array([1, 2], mask=[1, 0]), "y": [0.5, -1]},
    ],
)
def test_a_mask_is_kept(given: Any) -> None:
    found = read(given)
    np.testing.assert_array_equal(np.ma.getmaskarray(found), MASK)
    assert np.isnan(found.data[0, 0])
    results = masked_like(np.ones((2, 3)), found)
    np.testing.assert_array_equal(np.ma.getmaskarray(results), [[True] * 3, [False] * 3])
    assert np.isnan(np.asarray(results)[0]).all()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([1, 2, 3], r"\[\.\.\., 2\] are needed, the last axis is x, y; not \[3\]"),
        ([[1], [2]], r"not \[2, 1\]"),
        (3.0, r"not \[\]"),
        ([], r"not \[0\]"),
        ([[1, 2], [3]], "not an array of numbers"),
        ([["1", "2"]], "numbers are needed, not text"),
        (np.array([[b"1", b"2"]]), "numbers are needed, not text"),
        ("1,2", "numbers are needed, not text"),
        ([[1, None]], "not objects such as None"),
        (np.array([[1, 2]], dtype=object), "not an array of objects"),
        ([[Fraction(1, 2), 1]], r"objects such as Fraction\(1, 2\)"),
        ({1, 2}, "not objects such as"),
        ([[1j, 2]], "not complex ones"),
        (np.array([["2020-01-01"] * 2], dtype="datetime64[D]"), r"values of type datetime64\[D\]"),
        ([[10**400, 1]], "not an array of numbers"),
        (torch.ones(1, 2, requires_grad=True), "requires grad"),
        (None, "give either an array .* or values by name: x, y"),
        (SWAPPED.rename(columns={"x": "z"}), "no values for x and there is no argument 'z'"),
        (SWAPPED.assign(z=1), "there is no argument 'z'; the arguments are x, y"),
        (pd.DataFrame(ROWS), "no values for x, y and there is no argument 0, 1"),
        (pd.DataFrame([[1, 2, 3]], columns=["x", "y", "x"]), "there are several columns 'x'"),
        (SWAPPED.assign(x=["a", "b"]), "'x': numbers are needed"),
        ({"x": [1, 2], "y": [1, 2, 3]}, r"do not go together: x \[2\], y \[3\]"),
        ([{"x": 1, "y": 2}, {"x": 1}], "row 1 has the names 'x', row 0 has 'x', 'y'"),
    ],
)
def test_what_is_not_the_arguments_is_refused(given: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read(given)


def test_values_are_given_in_one_way() -> None:
    with pytest.raises(ValueError, match="give either"):
        read(ROWS, x=1, y=2)
    with pytest.raises(ValueError, match="no values for y"):
        read(x=1)


def test_one_argument_by_position_needs_its_axis() -> None:
    with pytest.raises(ValueError, match=r"\[\.\.\., 1\] .* \(or n=\.\.\., of any shape\); not \[3\]"):
        inputs_of([1, 2, 3], {}, ["n"])
