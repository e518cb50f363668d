"""The study of the scale at -O0, on the corpus that is stored with the product."""

from __future__ import annotations

import numpy as np

import cprograms
from training.studies.scale import WAYS, document, markdown, measure

SMOOTH = "double f(double x, double y) { return 5 * x * y + x + 40; }"
CONSTANT = "int g(int x) { return 4; }"
CANCELS = "double h(double x, double y) { return (1000 * x + y) - 1000 * x; }"


def test_each_way_is_measured_against_the_programs_own_outputs() -> None:
    programs = [cprograms.load(source=source) for source in (SMOOTH, CONSTANT, CANCELS)]
    found = measure(None, "mine", programs, 500, 0)
    assert found.programs == 2  # the constant has no deviation to be off
    assert set(found.logarithms) == set(found.errors) == set(WAYS)
    np.testing.assert_array_equal(found.logarithms["true"], [0, 0])
    for way in ("read", "plain", "values", "compiled"):
        assert found.logarithms[way].max() < 0.1
    assert found.logarithms["strata"][1] > 5  # dependent numbers, taken as independent
    assert found.errors["polynomials"].max() < 1e-3
    assert (found.errors["compiled"] < 1e-6).all()
    (part,) = document([found])
    page = markdown({"command": "c", "compiler": "0123456789abcdef", "sets": [part]})
    assert "## Mine: 2 programs, 2 results" in page
    assert all(f"| {way} | " in page for way in WAYS)
