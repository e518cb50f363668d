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


# --- Arrays and structs by name ---

WIDE = [*(f"w[{i}][{j}]" for i in range(2) for j in range(3)), "gain", "s.x", "s.y"]
W = np.arange(24.0).reshape(4, 2, 3)
EXPECTED = np.hstack([W.reshape(4, 6), np.tile([5.0, 1.0, 2.0], (4, 1))])


def wide(given: Any = None, **columns: Any) -> np.ndarray:
    return inputs_of(given, columns, WIDE)


@pytest.mark.parametrize(
    "given",
    [
        {"w": W, "gain": 5, "s": {"x": 1, "y": [2, 2, 2, 2]}},
        {"s.y": 2, "w": W, "s.x": [1] * 4, "gain": np.array(5)},
        {**{name: W.reshape(4, 6)[:, k] for k, name in enumerate(WIDE[:6])}, "gain": 5, "s": {"y": 2, "x": 1}},
        pd.DataFrame(EXPECTED, columns=WIDE),
        [{"w": w.tolist(), "gain": 5, "s": {"x": 1, "y": 2}} for w in W],
        np.array([(w, 5, 1, 2) for w in W], dtype=[("w", "f8", (2, 3)), ("gain", "f8"), ("s.x", "f8"), ("s.y", "f8")]),
        EXPECTED,
    ],
    ids=["struct", "fields", "elements", "frame", "records", "structured", "positions"],
)
def test_an_array_may_be_given_as_one(given: Any) -> None:
    np.testing.assert_array_equal(wide(given), EXPECTED)


def test_what_stands_before_an_arrays_axes_is_the_batch() -> None:
    np.testing.assert_array_equal(wide(w=W[0], gain=5, s={"x": 1, "y": 2}), EXPECTED[0])
    found = wide(w=W[:, None], gain=[1, 2, 3, 4, 5], s={"x": 1, "y": 2})
    assert found.shape == (4, 5, 9)
    np.testing.assert_array_equal(found[2, 3], [*W[2].ravel(), 4, 1, 2])


def test_a_masked_element_masks_its_own_column() -> None:
    found = wide(w=np.ma.MaskedArray(W, W == 7), gain=5, s={"x": 1, "y": 2})
    assert np.ma.getmaskarray(found).sum() == 1
    assert np.ma.getmaskarray(found)[1, 1]


def test_elements_that_are_no_arguments_are_not_read() -> None:
    names = ["v[0]", "v[2]"]
    np.testing.assert_array_equal(inputs_of(None, {"v": [[1, 2, 3]]}, names), [[1, 3]])


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"w": W.reshape(4, 6), "gain": 5, "s": {"x": 1, "y": 2}}, "'w' of shape [..., 2, 3] is needed, not [4, 6]"),
        ({"w": 3, "gain": 5, "s": {"x": 1, "y": 2}}, "'w' of shape [..., 2, 3] is needed, not []"),
        ({"w": W, "gain": 5}, "no values for s.x, s.y; the arguments are w of shape [..., 2, 3], gain, s.x, s.y"),
        ({"w": W, "gain": 5, "s": {"x": 1, "z": 2}}, "no values for s.y and there is no argument 's.z'"),
        ({"w": W, "w[0][1]": 3, "gain": 5, "s": {"x": 1, "y": 2}}, "there are several values for w[0][1]"),
        ({"w": W, "gain": [1, 2], "s": {"x": 1, "y": 2}}, "w[0..1][0..2] [4], gain [2], s.x [], s.y []"),
        ({"w": "text", "gain": 5, "s": {"x": 1, "y": 2}}, "'w': numbers are needed, not text"),
    ],
)
def test_one_clear_error_shows_the_shape(columns: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError) as caught:
        wide(**columns)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_positions_are_told_in_few_words() -> None:
    with pytest.raises(ValueError, match=r"the last axis is w\[0\.\.1\]\[0\.\.2\], gain, s\.x, s\.y; not \[4, 2, 3\]"):
        wide(W)
