"""What the terms of a polynomial share: that it is the terms, and how little it is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial import chebyshev

from surrogate.mlp.parts.polynomial import total_degree
from surrogate.mlp.parts.products import Steps, steps


def computed(own: Steps, z: np.ndarray) -> np.ndarray:
    """All rows at inputs z [n, Z], one after another: [rows, n]."""
    rows = [np.ones(len(z)), *z.T[own.inputs]]
    for level in own.powers:
        rows += [2 * rows[i] * rows[j] - rows[less] for i, j, less in level.T]
    for level in own.products:
        rows += [rows[i] * rows[j] for i, j in level.T]
    return np.stack(rows)


def true_terms(exponents: np.ndarray, z: np.ndarray) -> np.ndarray:
    """[N, n], by numpy."""
    unit = np.eye(int(exponents.max(initial=0)) + 1)
    return np.stack(
        [np.prod([chebyshev.chebval(v, unit[e]) for v, e in zip(z.T, row, strict=True)], 0) for row in exponents]
    )


@settings(max_examples=60)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 40), st.sampled_from([1, 2, 5, 40]), st.integers(1, 8)
)
def test_every_term_is_the_product_of_its_halves(seed: int, inputs: int, terms: int, most: int, results: int) -> None:
    rng = np.random.default_rng(seed)
    exponents = rng.integers(0, most + 1, (terms, inputs)) * (rng.random((terms, inputs)) < 0.6)
    own = steps(exponents, results)
    z = rng.uniform(-1, 1, (5, inputs))
    rows = computed(own, z)
    assert len(rows) == own.count
    np.testing.assert_allclose(rows[own.left] * rows[own.right], true_terms(exponents, z), atol=1e-11)
    coefficients = rng.standard_normal((results, terms))
    left, right, _ = own.grid
    found = np.einsum("rba,an,bn->rn", own.matrix(coefficients), rows[left], rows[right])
    np.testing.assert_allclose(found, coefficients @ true_terms(exponents, z), atol=1e-10)


@pytest.mark.parametrize(("inputs", "most", "halves"), [(2, 500, 60), (6, 1000, 180), (12, 500, 180)])
def test_many_terms_have_few_halves(inputs: int, most: int, halves: int) -> None:
    exponents = total_degree(inputs, list(range(inputs)), set(), most)
    own = steps(exponents, 1)
    left, right, _ = own.grid
    assert len(exponents) > most / 2.5
    assert len(left) + len(right) < halves
    assert own.count < halves + inputs + 2


def test_terms_that_share_nothing_are_computed_each_by_itself() -> None:
    own = steps(np.eye(7, dtype=np.int64), 30)
    left, right, _ = own.grid
    assert {len(left), len(right)} == {7, 1}


@pytest.mark.parametrize("exponents", [np.zeros((1, 3), dtype=np.int64), np.zeros((1, 0), dtype=np.int64)])
def test_a_constant_reads_nothing(exponents: np.ndarray) -> None:
    own = steps(exponents, 1)
    assert (own.count, len(own.inputs)) == (1, 0)
    assert own.matrix(np.array([[3.0]])).tolist() == [[[3.0]]]


def test_a_high_power_takes_few_steps() -> None:
    own = steps(np.array([[40]]), 1)
    assert own.count == 2 + 6  # by 2, 3, 5, 10 and 20
    assert len(own.powers) == 6
