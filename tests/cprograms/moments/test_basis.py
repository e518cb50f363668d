"""Polynomials of the arguments, against quadrature by numpy."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.polynomial import legendre

from cprograms.moments.basis import MIXED, MOST_TERMS, SERIES_DEGREES, basis, series_basis


def points(arguments: int, count: int = 12) -> tuple[np.ndarray, np.ndarray]:
    """A Gauss–Legendre rule over the cube: points [n, A], weights [n] that sum to one."""
    x, weight = legendre.leggauss(count)
    grid = np.stack(np.meshgrid(*[x] * arguments, indexing="ij"), axis=-1).reshape(-1, arguments)
    weights = np.stack(np.meshgrid(*[weight / 2] * arguments, indexing="ij"), axis=-1).reshape(-1, arguments)
    return grid, weights.prod(1)


@pytest.mark.parametrize("arguments", [1, 2, 3, 4])
def test_the_polynomials_are_orthonormal(arguments: int) -> None:
    x, weight = points(arguments, 12 if arguments < 3 else 6)
    values = basis(arguments).values(x)
    np.testing.assert_allclose((values * weight[:, None]).T @ values, np.eye(basis(arguments).size), atol=1e-12)


@pytest.mark.parametrize("arguments", [1, 2, 3])
def test_a_product_is_projected_on_them(arguments: int) -> None:
    made, rng = basis(arguments), np.random.default_rng(arguments)
    x, weight = points(arguments, 18)
    values = made.values(x)
    a, b = rng.standard_normal((2, made.size))
    expected = (values * weight[:, None]).T @ ((values @ a) * (values @ b))
    np.testing.assert_allclose(made.product(a, b), expected, atol=1e-10)


def test_of_many_arguments_there_are_no_polynomials_of_two() -> None:
    made = basis(MIXED + 1)
    assert not made.mixed
    assert made.size == 1 + 2 * (MIXED + 1)
    x, weight = points(2)
    padded = np.zeros((len(x), MIXED + 1))
    padded[:, :2] = x
    values = made.values(padded)
    a, b = np.zeros((2, made.size))
    a[[0, 1, 2]], b[[0, 1, 2, MIXED + 2]] = (1.0, 2.0, 0.5), (0.5, 1.0, -1.0, 0.3)  # of the first two arguments
    mean = float(weight @ ((values @ a) * (values @ b)))
    assert made.product(a, b)[0] == pytest.approx(mean)


def test_a_graph_without_arguments_has_the_constant_alone() -> None:
    assert basis(0).size == 1
    assert basis(0).product(np.array([2.0]), np.array([3.0])).tolist() == [6.0]


@pytest.mark.parametrize(("arguments", "taps"), [(0, 0), (0, 3), (1, 2), (3, 24), (8, 8), (20, 0), (40, 0), (64, 64)])
def test_a_series_has_each_tap_once_and_is_not_too_long(arguments: int, taps: int) -> None:
    made, whole = series_basis(arguments, taps)
    exponents = made.exponents
    assert made.size <= MOST_TERMS
    assert exponents.shape == (made.size, arguments + taps)
    assert exponents[:, arguments:].max(initial=0) <= 1
    assert len(np.unique(exponents, axis=0)) == made.size
    np.testing.assert_array_equal(exponents[made.linear], np.eye(arguments + taps, dtype=int))
    assert whole == (taps <= 3 and arguments in (0, 1, 20))


def test_the_square_of_a_flag_is_its_variance() -> None:
    """Flags are ±1 where they are standardised, so that products of polynomials with flags are exact."""
    made = series_basis(1, 2)[0]
    rng = np.random.default_rng(0)
    unit = np.stack([rng.uniform(-1, 1, 200), *rng.choice([-1, 1], (2, 200)) / np.sqrt(3)], axis=1)
    values = made.values(unit)
    a, b = np.zeros((2, made.size))
    low = made.exponents[:, 0] <= SERIES_DEGREES[1] // 2
    single = made.exponents[:, 1:].sum(1) <= 1
    a[low & single], b[low & single] = rng.standard_normal((2, int((low & single).sum())))
    np.testing.assert_allclose(values @ made.product(a, b), (values @ a) * (values @ b), atol=1e-9)
