"""Regions are found where the error is, and nowhere else."""

from __future__ import annotations

import numpy as np
import pytest

import cprograms
from cprograms.lowering import lower
from cprograms.sampling import sample
from surrogate.numeric.checking.conditions import conditions
from surrogate.numeric.checking.regions import Region, regions

BRANCHES = """\
#pragma surrogate range(x, -1, 1)
#pragma surrogate range(y, 0, 10)
#pragma surrogate range(n, 0, 9)
double f(double x, double y, int n) {
    double v = 2 * x + y;
    if (v > 6.5)
        return n * x;
    return y;
}
"""


def found(errors: np.ndarray, x: np.ndarray) -> list[Region]:
    program = cprograms.load(source=BRANCHES)
    return list(regions(program, lower(program), x, program.run(x), errors[:, None]))


@pytest.fixture(scope="module")
def rows() -> np.ndarray:
    return sample(cprograms.load(source=BRANCHES), 2000, 3)


@pytest.mark.parametrize(
    ("column", "low", "high"), [(0, 0.6, 1), (1, 4, 6), (2, 3.5, 5.5)], ids=["the end of x", "the middle of y", "n"]
)
def test_the_slice_that_holds_the_error(column: int, low: float, high: float, rows: np.ndarray) -> None:
    inside = (low <= rows[:, column]) & (rows[:, column] <= high)
    errors = np.random.default_rng(0).exponential(size=len(rows)) * np.where(inside, 3, 1)
    [region] = found(errors, rows)
    assert (region.argument, region.low, region.high) == ("xyn"[column], pytest.approx(low), pytest.approx(high))
    assert region.share == pytest.approx((errors[inside] ** 2).sum() / (errors**2).sum())
    assert region.rows == pytest.approx(inside.mean())
    assert Region.from_dict(region.as_dict()) == region


@pytest.mark.parametrize("holds", [True, False])
def test_the_branch_that_holds_the_error(holds: bool, rows: np.ndarray) -> None:
    inside = (2 * rows[:, 0] + rows[:, 1] > 6.5) == holds
    errors = np.random.default_rng(1).exponential(size=len(rows)) * np.where(inside, 1, 0.2)
    branches = [region for region in found(errors, rows) if region.condition]
    if inside.mean() > 0.5:  # what holds most of the rows holds no more than its share
        assert branches == []
        return
    [region] = branches
    assert (region.condition, region.holds, region.line) == ("y + x * 2 > 6.5", holds, 6)
    assert region.rows == pytest.approx(inside.mean())
    assert Region.from_dict(region.as_dict()) == region


@pytest.mark.parametrize("seed", range(20))
def test_errors_that_are_anywhere_have_no_region(seed: int, rows: np.ndarray) -> None:
    """Heavy tails too: a few rows far out are no region."""
    rng = np.random.default_rng(seed)
    for errors in (
        rng.uniform(size=len(rows)),
        np.abs(rng.standard_t(3, len(rows))),
        np.abs(rng.standard_cauchy(len(rows))),
    ):
        assert found(errors, rows) == []


def test_rounding_has_no_region(rows: np.ndarray) -> None:
    assert found(np.where(rows[:, 0] > 0.6, 1e-14, 0), rows) == []
    assert found(np.zeros(len(rows)), rows) == []


@pytest.mark.parametrize(
    ("body", "text", "line"),
    [
        ("return x < -0.5 ? 1 : y;", "x < -0.5", 4),
        ("if (y >= 3)\n return x;\nreturn y;", "y >= 3", 4),
        ("return n % 3 == 1 ? x : y;", "n % 3 == 1", 4),
        ("return fabs(x - y);", "x - y < 0", 0),
        ("return fmax(x, y - 1);", "x < y - 1", 0),
        ("return x < 0.5 ?\n (y < 0.5 ? 1 : 2) : 3;", "y < 0.5", 0),
        ("return (x < 0.5 || y < 4) && n == 2 ? x : y;", "(x < 0.5 || y < 4) && n == 2", 0),
        ("double s = 0; while (s < y) s += 0.1 + x * x; return x < 0.25 ? s : 0;", "x < 0.25", 4),
    ],
    ids=["negative number", "a line", "integers", "abs", "extremum", "two alike", "and, or", "beside a loop"],
)
def test_conditions_read_as_c_and_know_their_line(body: str, text: str, line: int, rows: np.ndarray) -> None:
    head = BRANCHES.splitlines()[:3]
    source = "\n".join([*head[:2], "#include <math.h>", f"double f(double x, double y, int n) {{ {body} }}"])
    program = cprograms.load(source=source, ranges={"n": (0, 9)})
    seen = {c.text: c for c in conditions(program, lower(program), rows)}
    assert text in seen, list(seen)
    assert seen[text].line == line
    in_python = text.replace("||", "or").replace("&&", "and")
    expected = [eval(in_python, dict(zip("xyn", row, strict=True))) for row in rows[:200].tolist()]
    assert seen[text].holds[:200].tolist() == expected


def test_long_conditions_are_cut() -> None:
    terms = " + ".join(f"{k}.5 * sin({k} * x)" for k in range(1, 12))
    program = cprograms.load(source=f"#include <math.h>\ndouble f(double x) {{ return {terms} < 1 ? 1 : x; }}")
    [condition] = conditions(program, lower(program), np.linspace(-1, 1, 101)[:, None])
    assert len(condition.text) <= 60
    assert "…" in condition.text
    assert condition.line == 2


@pytest.mark.parametrize(("of_type", "told"), [("double", True), ("float", False)])
def test_the_rounding_of_a_results_type_is_nowhere(of_type: str, told: bool) -> None:
    """Errors of three roundings of float, where x > 0: of a double they are errors, of a float they are none."""
    program = cprograms.load(source=f"{of_type} f(double x) {{ return x > 0 ? x : -x; }}")
    x = sample(program, 2000, 3)
    y = program.run(x)
    errors = 3 * np.finfo(np.float32).eps * (x > 0) * np.random.default_rng(0).uniform(0.5, 1, x.shape)
    assert bool(regions(program, lower(program), x, y, errors)) == told
