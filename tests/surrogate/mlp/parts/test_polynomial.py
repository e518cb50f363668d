"""Chebyshev polynomials against numpy's, and what least squares makes of what is one."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

from surrogate.mlp.parts.polynomial import Chebyshev, Fit, fit_polynomials, joined


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.integers(1, 4), st.integers(1, 6))
def test_it_is_the_sum_of_products_of_numpys(seed: int, inputs: int, terms: int) -> None:
    rng = np.random.default_rng(seed)
    exponents = rng.integers(0, 5, (terms, inputs))
    coefficients = rng.standard_normal((2, terms))
    z = rng.uniform(-1.5, 1.5, (7, inputs))
    expected = np.zeros((7, 2))
    for row, c in zip(exponents, coefficients.T, strict=True):
        factors = [chebyshev.chebval(z[:, j], np.eye(6)[e]) for j, e in enumerate(row)]
        expected += np.prod(factors, axis=0)[:, None] * c
    module = Chebyshev(torch.from_numpy(exponents), torch.from_numpy(coefficients))
    np.testing.assert_allclose(module(torch.from_numpy(z)).detach().numpy(), expected, rtol=1e-10, atol=1e-10)
    assert module.degree == exponents.sum(1).max()


def sparse(seed: int, terms: int = 60) -> Chebyshev:
    """Three results in terms of four inputs, of high degrees, some of them twice."""
    rng = np.random.default_rng(seed)
    exponents = rng.integers(0, 13, (terms, 4)) * (rng.random((terms, 4)) < 0.5)
    return Chebyshev(torch.from_numpy(exponents), torch.from_numpy(rng.standard_normal((3, terms))))


def test_it_is_the_sum_of_its_terms_and_is_differentiable() -> None:
    module, z = sparse(0), torch.rand(5, 4, dtype=torch.float64).mul(2).sub(1).requires_grad_()
    torch.testing.assert_close(module(z), module.terms(z) @ module.coefficients.T)
    assert torch.autograd.gradcheck(module, z)
    (found,) = torch.autograd.grad(module(z)[:, 1].sum(), module.coefficients)
    torch.testing.assert_close(found[1], module.terms(z).sum(0))
    assert not found[[0, 2]].any()
    slopes = torch.func.vmap(torch.func.jacrev(lambda row: module(row[None])[0]))(z.detach())  # [5, 3, 4]
    (slope,) = torch.autograd.grad(module(z)[:, 1].sum(), z)
    torch.testing.assert_close(slopes[:, 1], slope)


def test_it_is_stored_as_exponents_and_coefficients_alone() -> None:
    assert set(sparse(0).state_dict()) == {"exponents", "coefficients"}


@pytest.mark.parametrize("terms", [0, 1])
def test_no_rows_and_no_terms(terms: int) -> None:
    module = sparse(0, terms)
    assert module(torch.zeros(0, 4, dtype=torch.float64)).shape == (0, 3)
    assert module(torch.zeros(2, 4, dtype=torch.float64)).shape == (2, 3)


def rows(count: int, inputs: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, inputs))


def test_a_polynomial_is_found_exactly_and_of_few_terms() -> None:
    def f(z: np.ndarray) -> np.ndarray:
        return np.stack([z[:, 0] ** 3 - z[:, 0] * z[:, 1], 2 * z[:, 1] ** 2 - 1], axis=1)

    z, fresh = rows(400, 2, 0), rows(200, 2, 1)
    cubic, square = fit_polynomials(z, f(z), (fresh, f(fresh)), [0, 1], [], 100)
    assert max(cubic.error, square.error) < 1e-20
    assert (cubic.exponents.sum(1).max(), square.exponents.sum(1).max()) == (3, 2)


def test_a_flag_makes_it_exact_by_pieces() -> None:
    def f(z: np.ndarray) -> np.ndarray:
        return np.where(z[:, 1] > 0, 1 + z[:, 0], z[:, 0] ** 2)[:, None]

    z, fresh = rows(400, 2, 0), rows(200, 2, 1)
    z[:, 1], fresh[:, 1] = np.sign(z[:, 1]), np.sign(fresh[:, 1])
    (fit,) = fit_polynomials(z, f(z), (fresh, f(fresh)), [0, 1], [1], 100)
    assert fit.error < 1e-20
    assert fit.exponents[:, 1].max() == 1  # a flag's square says nothing new
    (without,) = fit_polynomials(z, f(z), (fresh, f(fresh)), [0], [], 100)
    assert without.error > 0.01
    assert not without.exponents[:, 1].any()


@pytest.mark.parametrize("most", [1, 12, 60])
def test_terms_are_bounded_but_for_those_of_degree_one(most: int) -> None:
    z = rows(300, 5, 0)
    (fit,) = fit_polynomials(
        z, np.sin(3 * z).sum(1, keepdims=True), (z, np.sin(3 * z).sum(1, keepdims=True)), range(5), [], most
    )
    assert len(fit.exponents) <= max(most, 6)


def test_the_polynomials_of_several_results_are_one_module() -> None:
    first = Fit(np.array([[0, 0], [1, 0]]), np.array([2.0, 3.0]), 0.0)
    third = Fit(np.array([[1, 0], [0, 2]]), np.array([5.0, 7.0]), 0.0)
    module = joined([first, None, third])
    assert module is not None
    z = torch.tensor([[0.5, -0.25]], dtype=torch.float64)
    expected = [2 + 3 * 0.5, 0, 5 * 0.5 + 7 * (2 * 0.0625 - 1)]
    assert module(z).tolist()[0] == pytest.approx(expected)
    assert joined([None, None]) is None
