"""What is emitted from rows: their unit, their columns and their scale."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cprograms
from cprograms.lowering import lower
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.network import Scale

STRUCT = "struct p { double s, d; }; struct p f(double x, double y) { struct p r = {x + y, x * y}; return r; }"


@pytest.fixture(scope="module")
def model() -> Hypernetwork:
    torch.manual_seed(0)
    return Hypernetwork(HypernetworkConfig(hidden_size=16, layers=1, heads=2, surrogate_width=16)).eval()


def test_the_order_of_arguments_only_permutes_columns_where_rows_are_read(model: Hypernetwork) -> None:
    """And where each argument has another domain, which the text alone reads it by."""
    ranges = "#pragma surrogate range(a, 0, 3)\n#pragma surrogate range(b, 5, 9)\n"
    one = cprograms.load(source=ranges + "double f(int a, int b) { return b - a * 2; }")
    other = cprograms.load(source=ranges + "double f(int b, int a) { return b - a * 2; }")
    x = np.random.default_rng(0).integers(*one.domain.T.astype(int), (12, 2)).astype(float)
    y = np.sin(x[:, :1]) + x[:, 1:] ** 2
    for rows, swapped in (((None, None), (None, None)), ((x, y), (x[:, ::-1], y))):
        first = emit(model, [Request(lower(one), one.domain, *rows)])[0][0]
        second = emit(model, [Request(lower(other), other.domain, *swapped)])[0][0]
        np.testing.assert_allclose(first.w1, second.w1[:, :, [1, 0, 2]], rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(first.w3, second.w3, rtol=1e-5, atol=1e-6)


def rows_of_unit(unit: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows whose outputs span 1.5 units on one side of zero and 0.9 on the other, far from their mean."""
    x = np.linspace(-1, 1, 16)[:, None]
    return x, unit * np.where(x < -0.8, -1.5, 0.9 + 0.1 * x)


@pytest.mark.parametrize("unit", [1e-25, 1e-3, 1.1e308])
def test_the_unit_of_the_rows_changes_the_scale_alone(model: Hypernetwork, unit: float) -> None:
    """Sums, squares and differences of the largest doubles overflow."""
    p = cprograms.load(source="double f(double x) { return x * x; }")
    [(plain, scale)] = emit(model, [Request(lower(p), p.domain, *rows_of_unit(1.0))])
    [(towers, scaled)] = emit(model, [Request(lower(p), p.domain, *rows_of_unit(unit))])
    np.testing.assert_allclose(scaled.mean / unit, scale.mean, rtol=1e-9)
    np.testing.assert_allclose(scaled.std / unit, scale.std, rtol=1e-9)
    for one, other in zip(towers, plain, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_a_deviation_that_is_roundings_alone_is_not_magnified(model: Hypernetwork) -> None:
    """Of an output that is 1e9 but for its last digit, the tower learns a constant: an error of a billionth."""
    p = cprograms.load(source="double f(double x) { return x * x; }")
    x = np.linspace(-1, 1, 16)[:, None]
    y = np.where(np.arange(16)[:, None] % 2, 1e9, np.nextafter(1e9, 2e9))
    [(_, scale)] = emit(model, [Request(lower(p), p.domain, x, y)])
    assert scale.std[0] == pytest.approx(1.0)
    [(_, zero)] = emit(model, [Request(lower(p), p.domain, x, 0 * y)])
    assert 0 < zero.std[0] <= 1e-30


def test_each_result_has_its_own_known_scale(model: Hypernetwork) -> None:
    p = cprograms.load(source=STRUCT)
    known = Scale(np.array([1.0, -3.0]), np.array([2.0, 7.0]))
    [(_, scale)] = emit(model, [Request(lower(p), p.domain, scale=known)])
    np.testing.assert_array_equal(scale.mean, known.mean)
    np.testing.assert_array_equal(scale.std, known.std)
