from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import qmc

from cprograms.program import MAX_ARGUMENTS
from cprograms.sobol import MAX_DIMENSIONS, sobol


@pytest.mark.parametrize("dimensions", range(1, MAX_DIMENSIONS + 1))
def test_the_points_are_those_of_scipy(dimensions: int) -> None:
    ours, theirs = np.random.default_rng(dimensions), np.random.default_rng(dimensions)
    for n in (1, 2, 3, 64, 1000):
        expected = qmc.Sobol(dimensions, seed=theirs).random_base2((n - 1).bit_length())[:n]
        np.testing.assert_array_equal(sobol(n, dimensions, ours), expected)
    assert ours.random() == theirs.random()


def test_every_program_has_points() -> None:
    assert MAX_ARGUMENTS <= MAX_DIMENSIONS
