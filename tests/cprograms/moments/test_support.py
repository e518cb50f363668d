"""Which polynomials a graph brings together, against products written down by hand, and what series make of them."""

from __future__ import annotations

import numpy as np
import pytest

import cprograms
from cprograms.lowering import lower
from cprograms.moments import series
from cprograms.moments.support import MOST_DEGREE, support
from cprograms.sampling import sample
from cprograms.sandbox import run

WIDE = 40
ARGUMENTS = [f"x{k}" for k in range(WIDE)]
PAIRS = " + ".join(f"x{k} * x{k + 1}" for k in range(0, WIDE, 2))
SOURCE = f"double f({', '.join(f'double {x}' for x in ARGUMENTS)}) {{ return {PAIRS} + x3 * x5 * x7; }}"


def exponents_of(source: str, most: int = 600) -> set[tuple[int, ...]]:
    return {tuple(row) for row in support(lower(cprograms.load(source=source)), 0, most).tolist()}


def test_it_is_the_products_and_what_divides_them() -> None:
    found = exponents_of("double f(double x, double y, double z) { return x * x * y + 2 * z; }")
    assert found == {(0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1), (2, 0, 0), (1, 1, 0), (2, 1, 0)}


def test_a_function_may_need_powers_and_products_of_what_it_reads() -> None:
    found = exponents_of("#include <math.h>\ndouble f(double x, double y) { return exp(x + y); }")
    assert {(2, 0), (1, 1), (0, 2)} <= found
    assert max(map(sum, found)) <= MOST_DEGREE


@pytest.mark.parametrize("most", [41, 100])
def test_it_is_cut_at_low_degrees_and_stays_closed(most: int) -> None:
    found = exponents_of(SOURCE, most)
    assert len(found) <= most
    for row in found:
        for k in np.flatnonzero(row):
            assert tuple(np.array(row) - np.eye(WIDE, dtype=int)[k]) in found


def test_products_of_few_of_many_arguments_are_exact() -> None:
    """A general basis of 40 arguments has no products within its 600 terms."""
    program = cprograms.load(source=SOURCE)
    general, own = series(lower(program), program.domain)
    x = sample(program, 500, 0)
    y = run(program, x)[:, 0]
    errors = [float(np.mean((expansion(x) - y) ** 2) / np.var(y)) for expansion in (general, own)]
    assert errors[0] > 0.5
    assert errors[1] < 1e-24
