"""Errors of derivatives against known ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from surrogate.graph.truth import program_slopes
from surrogate.mlp.artifact import Surrogate
from surrogate.numeric.check import check
from surrogate.numeric.checking.gradients import STEP, Derivatives, Gradients, Slopes, gradient_errors
from surrogate.numeric.words import gradient_line, measured_lines

SMOOTH = """\
#include <math.h>
#pragma surrogate range(x, -2, 3)
#pragma surrogate range(y, 1, 40)
#pragma surrogate range(n, 1, 4)
struct two { double a, b; };
struct two f(double x, double y, int n) { struct two r = { sin(2 * x) + n * log(y), 7 * y * y }; return r; }
"""


def true_slopes(x: np.ndarray) -> np.ndarray:
    """[n, 2, 3]; that in n is of no concern."""
    x, y, n = x.T
    zero = np.zeros_like(x)
    return np.stack([np.stack([2 * np.cos(2 * x), n / y, zero], 1), np.stack([zero, 14 * y, zero], 1)], 1)


def graph_slopes(program: Program) -> Slopes | None:
    return program_slopes(lower(program), [a.name for a in program.arguments])


def measured(program: Program, slopes, graph=None, rows: int = 2000) -> Gradients:
    x = sample(program, rows, 5)
    found = gradient_errors(program, x, program.run(x), slopes, graph)
    assert found is not None
    return found


@pytest.mark.parametrize("by_graph", [True, False])
def test_the_error_is_that_of_the_derivatives(by_graph: bool) -> None:
    program = cprograms.load(source=SMOOTH)
    off = np.array([[1.1, 1.0, 5], [1, 1.03, 5]])
    found = measured(program, lambda x: true_slopes(x) * off, graph_slopes(program) if by_graph else None)
    assert found.source == ("graph" if by_graph else "differences")
    assert found.jumps == 0
    x, y = found.arguments  # an integer has none
    assert (x.argument, x.result, y.argument, y.result) == ("x", "a", "y", "b")
    assert (x.relative, y.relative) == pytest.approx((0.1, 0.03), rel=1e-4)
    assert y.max_error == pytest.approx(0.03 * 14 * 40, rel=0.05)
    assert y.rms_true == pytest.approx(14 * np.sqrt((40**3 - 1) / 3 / 39), rel=0.1)
    assert Gradients.from_dict(found.as_dict()) == found


def test_differences_are_as_good_as_the_graph() -> None:
    """Two ways to one derivative, neither of which knows of the other."""
    program = cprograms.load(source=SMOOTH)
    graph = graph_slopes(program)
    assert graph is not None
    found = measured(program, graph)
    assert found.source == "differences"
    assert max(a.relative for a in found.arguments) < 1e-5


@pytest.mark.parametrize(
    ("body", "edges"),
    [
        ("return x < 0.3 ? x : x + 2;", [0.3]),
        ("return fabs(x + 0.5) + x;", [-0.5]),
        ("return floor(3 * x + 0.5) + x;", [-5 / 6, -1 / 2, -1 / 6, 1 / 6, 1 / 2, 5 / 6]),
        ("return x < 0.999 ? sqrt(0.999 - x) + x : x;", [0.999]),
    ],
    ids=["jump", "kink", "steps", "steep"],
)
def test_rows_at_jumps_are_left_out_and_counted(body: str, edges: list[float]) -> None:
    program = cprograms.load(source=f"#include <math.h>\ndouble f(double x) {{ {body} }}", ranges={"x": (-1, 1)})
    x = np.linspace(-0.99931, 0.99717, 250)[:, None]
    slopes = graph_slopes(program)
    assert slopes is not None
    found = gradient_errors(program, x, program.run(x), slopes, None)
    assert found is not None
    near = np.abs(x - np.array(edges)).min(1) < 2 * 2 * STEP  # two steps of a thousandth of the range, which is 2 wide
    assert found.jumps >= near.sum() > 0
    if body != "return x < 0.999 ? sqrt(0.999 - x) + x : x;":
        assert found.jumps == near.sum()
        assert found.arguments[0].relative < 1e-6
    else:
        assert found.jumps < 30


def test_where_the_program_has_no_slope_any_other_is_infinitely_wrong() -> None:
    program = cprograms.load(source="double f(double x, double y) { return x; }")
    found = measured(program, lambda x: np.broadcast_to([[[1.0, 0.25]]], (len(x), 1, 2)))
    x, y = found.arguments
    assert (x.relative, y.relative) == (pytest.approx(0, abs=1e-9), np.inf)
    assert (y.rms_error, y.rms_true) == (pytest.approx(0.25), 0)
    assert found.worst == y
    assert Gradients.from_dict(found.as_dict()) == found


def test_what_is_zero_but_for_rounding_has_no_error_that_is_relative() -> None:
    source = "#include <math.h>\ndouble f(double x, double y) { return pow(sin(x), 2) + pow(cos(x), 2) + 0 * y; }"
    program = cprograms.load(source=source)
    rounding = measured(program, lambda x: np.full((len(x), 1, 2), 4e-17))
    assert [(a.rms_error, a.max_error, a.none, a.relative) for a in rounding.arguments] == [(0, 0, True, 0)] * 2
    assert gradient_line(rounding, False) == "0 in x, y but for rounding, as the program's (125 rows)"
    wrong = measured(program, lambda x: np.broadcast_to([[[0.0, 0.25]]], (len(x), 1, 2)))
    assert [a.none for a in wrong.arguments] == [True, False]
    assert gradient_line(wrong, False) == (
        "errs by 0.25 in y, where the program has none (of its size; root mean squares of 125 rows);"
        " 0 in x but for rounding, as the program's"
    )


WAVY = "#include <math.h>\ndouble f(double x) { return 3 + 1e-6 * sin(40 * x); }"


def test_a_constant_to_rounding_has_no_derivative_and_what_is_learned_of_it_has() -> None:
    program = cprograms.load(source=WAVY)

    def waves(x):
        return 40e-6 * np.cos(40 * x)[:, :, None]

    # The surrogate is the constant: the waves count as rounding, as they do in the error of the result itself.
    report = check(program, lambda x: np.full((len(x), 1), 3.0), derivatives=Derivatives(lambda x: 0 * waves(x), None))
    assert report.worst.says_nothing
    assert report.gradients is not None
    assert report.gradients.worst.none
    assert "gradient: 0, as the program's" in measured_lines(report)
    # It has the waves.
    report = check(program, program.run, derivatives=Derivatives(waves, None))
    assert report.gradients is not None
    assert report.gradients.worst.rms_true == pytest.approx(28e-6, rel=0.1)
    # It is nearly the constant, and its derivatives are wrong beyond rounding.
    report = check(
        program, lambda x: np.full((len(x), 1), 3.0), derivatives=Derivatives(lambda x: 0 * waves(x) + 0.01, None)
    )
    assert report.gradients is not None
    assert report.gradients.worst.relative == np.inf


@pytest.mark.parametrize(
    "source",
    ["double f(int n) { return n; }", "int f(double x) { return (int)(9 * x); }"],
    ids=["an integer argument", "an integer result"],
)
def test_integers_have_no_derivatives(source: str) -> None:
    program = cprograms.load(source=source)
    x = sample(program, 50, 1)
    assert gradient_errors(program, x, program.run(x), lambda x: np.ones((len(x), 1, 1)), None) is None


def test_single_precision_is_no_jump() -> None:
    source = "#include <math.h>\nfloat f(float x, float y) { return 100 + sinf(3 * x) * y; }"
    program = cprograms.load(source=source)
    slopes = graph_slopes(program)
    assert slopes is not None
    found = measured(program, slopes)
    assert found.jumps < 5
    assert max(a.relative for a in found.arguments) < 0.02


def test_a_surrogate_s_gradient_is_that_of_its_values(plane: Surrogate) -> None:
    x = np.array([[[1, 0.5], [2, -0.5], [3, 0]]])
    found = plane.gradient(x)
    assert found.shape == (1, 3, 1, 2)
    step = 1e-3
    for k in range(2):
        beside = plane.predict(x + step * np.eye(2)[k]) - plane.predict(x - step * np.eye(2)[k])
        assert found[..., k] == pytest.approx(beside / (2 * step), rel=1e-3, abs=1e-4)
    assert (plane.gradient(x=[1, 2, 3], y=[0.5, -0.5, 0]) == found[0]).all()
    with pytest.raises(ValueError, match="the last axis is x, y"):
        plane.gradient([[1, 2, 3]])


def test_a_check_measures_them(plane: Surrogate) -> None:
    """An affine program: the derivatives are 3 and -2 everywhere."""
    report = plane.check(rows=300)
    assert report.gradients is not None
    assert report.gradients.source == "graph"
    x = np.clip(sample(plane.program, 300, 1), [0.008, -0.996], [3.992, 0.996])
    error = plane.gradient(x)[:, 0] - [3, -2]
    for k, found in enumerate(report.gradients.arguments):
        assert found.rms_error == pytest.approx(np.sqrt(np.mean(error[:, k] ** 2)), rel=1e-6)
        assert found.rms_true == pytest.approx([3, 2][k])


def test_loops_are_compared_by_differences(compiler: Path) -> None:
    source = "double f(double x) { double s = 1; while (s < 50) s = s * 1.5 + x * x; return s; }"
    s = surrogate.compile(source=source, compiler=compiler)
    report = s.check(rows=300)
    assert report.gradients is not None
    assert report.gradients.source == "differences"
    graph = surrogate.compile(source=source, target="graph")
    # Autograd would keep every pass of every row.
    assert graph.check(rows=300).gradients is None


def test_an_argument_that_nothing_reads_has_no_slope(compiler: Path) -> None:
    s = surrogate.compile(source="double f(double x, double spare) { return 2 * x; }", compiler=compiler)
    report = s.check(rows=300)
    assert report.gradients is not None
    assert [(a.argument, a.rms_true) for a in report.gradients.arguments] == [("x", 2), ("spare", 0)]
    constant = surrogate.compile(source="double f(double x) { return 2.5; }", compiler=compiler)
    report = constant.check(rows=10)
    assert report.gradients is not None
    assert report.gradients.worst.relative == 0


def test_the_least_numbers_make_no_noise() -> None:
    program = cprograms.load(source="double f(double x, double y) { return x * y + 1; }", ranges={"x": (0, 1e-320)})
    found = measured(program, lambda x: np.zeros((len(x), 1, 2)), rows=50)  # where numpy warned, this test failed
    assert all(np.isfinite(a.rms_error) for a in found.arguments)
