"""Whole functions are closed over helpers in other files of their tree."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cprograms.sandbox import run
from tests.cprograms.harvest.trees import harvested, write_tree

HEADER = "typedef double real;\nreal square(real), cube(real), odd(real), state(real), twice(real);\n"
FILES = {
    "h.h": HEADER,
    "a.c": """#include "h.h"
        real f(real x) { return cube(x) + 1; }
        real g(real x) { return state(x); }
        real h(real x) { return nowhere(x); }
        real j(real x) { return odd(x); }
        static const real k = 2;
        real i(real x) { return twice(x) * k; }
        real some(real x) { if (x > 100) state(x); return square(x) - 1; }
    """,
    "b.c": '#include "h.h"\nreal cube(real x) { return x * square(x); }\n',
    "c.c": """#include "h.h"
        real square(real x) { return x * x; }
        real seen;
        real state(real x) { return seen = x; }
    """,
    "d.c": """#include "h.h"
        static const real k = 3;
        real twice(real x) { return k * x; }
        static real odd(real x) { return x; }
    """,
}


@pytest.fixture(scope="module")
def linked(tmp_path_factory):
    counts: Counter[str] = Counter()
    return harvested(write_tree(tmp_path_factory.mktemp("linked") / "t", FILES), "a.c", counts), counts


def test_helpers_of_helpers_are_found(linked):
    program = linked[0]["f"].program
    x = np.linspace(-2, 2, 9)[:, None]
    np.testing.assert_allclose(run(program, x), x**3 + 1)
    assert program.text.count("typedef") == 1


def test_what_is_not_always_reached_may_stay_undefined(linked):
    program = linked[0]["some"].program
    assert "state(real" in program.text
    np.testing.assert_allclose(run(program, [[3], [101]]), [[8], [np.nan]])


def test_what_does_not_fit_is_counted(linked):
    found, counts = linked
    assert [name for name, c in found.items() if c.kind == "function"] == ["f", "some"]
    assert {k: n for k, n in counts.items() if "not linked" in k} == {
        "function: not linked: a helper in another file is not numeric": 1,
        "function: not linked: a helper is not defined in the tree": 2,
        "function: not linked: two things of one name": 1,
    }
