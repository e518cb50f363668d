"""The search against optima that are known in closed form or by trying every input."""

from __future__ import annotations

import itertools
import math
from functools import cache

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import surrogate
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.program import Program
from surrogate.graph.artifact import GraphProgram
from surrogate.mlp.artifact import Surrogate

BOWL = """\
#pragma surrogate range(x, -2, 2)
#pragma surrogate range(y, -2, 2)
double bowl(double x, double y) { return (x - 0.5) * (x - 0.5) + 2 * (y + 1) * (y + 1); }
"""
PAIR = """\
struct pair { double sum, product; };
#pragma surrogate range(x, 0, 4)
#pragma surrogate range(y, 0, 4)
struct pair pair(double x, double y) { struct pair p = { x + y, x * y }; return p; }
"""
WHOLE = """\
#pragma surrogate range(n, -6, 9)
#pragma surrogate range(m, 0, 7)
#pragma surrogate range(t, 0, 1)
double whole(int n, unsigned char m, float t) {
    return (n - 2.4) * (n - 2.4) + 0.7 * (m - 4.6) * (m - 4.6) + 0.3 * n * m + (t - 0.3) * (t - 0.3) * (1 + m);
}
"""
HALF = """\
#include <math.h>
#pragma surrogate range(x, 0, 4)
double half(double x) { return sqrt(2.25 - x) - 3 * x; }
"""


@cache
def graph(source: str) -> GraphProgram:
    return surrogate.compile(source=source, target="graph")


class Wrong(nn.Module):
    """Results of a program, [n, A] -> [n, R], and a smooth error."""

    def __init__(self, module: nn.Module, size: float):
        super().__init__()
        self.module, self.size = module, size

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.module(x)
        return y + self.size * torch.sin(2 * x.sum(-1, keepdim=True) + 2)


def off(source: str, size: float = 0.3) -> GraphProgram:
    """A program whose surrogate errs."""
    made = graph(source)
    return GraphProgram(
        entry=made.entry,
        arguments=made.arguments,
        results=made.results,
        text=made.text,
        module=Wrong(made.module, size),  # type: ignore[arg-type]
    )


def test_a_minimum_and_a_maximum_are_found() -> None:
    found = graph(BOWL).minimize("return")
    assert found.x == pytest.approx([0.5, -1], abs=1e-4)
    assert found.value == pytest.approx(0, abs=1e-7)
    assert found.borders == {}
    assert found.warnings == []
    assert found.finished
    assert found.evaluations <= 3
    found = graph(BOWL).maximize("bowl")
    assert found.x.tolist() == [-2, 2]
    assert found.value == found.surrogate_value == 6.25 + 18
    assert found.borders == {"x": "lower", "y": "upper"}
    assert "border of the domain (x at the lower end, y at the upper end)" in found.warnings[0]


def test_a_surrogate_that_errs_is_corrected_by_the_program() -> None:
    # Its own minimum is elsewhere.
    assert abs(off(BOWL, 1.0).minimize("return", evaluations=1).x - [0.5, -1]).max() > 0.1
    found = off(BOWL, 1.0).minimize("return")
    assert found.x == pytest.approx([0.5, -1], abs=5e-3)
    assert found.value == pytest.approx(0, abs=1e-5)
    assert found.evaluations < 40
    assert "the surrogate is off here: it errs in return" in found.warnings[0]


def test_conditions_hold_by_the_program_not_by_the_surrogate() -> None:
    """The least sum of two numbers of a product of at least 4 is 4."""
    for artifact in (graph(PAIR), off(PAIR, 0.2)):
        found = artifact.minimize("sum", subject_to=["product >= 4"])
        assert found.feasible
        assert found.results["product"] >= 4
        assert found.value == pytest.approx(4, abs=2e-3)
        assert found.x == pytest.approx([2, 2], abs=0.1)
        (held,) = found.conditions
        assert held.holds
        assert held.program == found.results["product"]


def test_a_chain_of_conditions_and_an_objective_of_arguments_alone() -> None:
    found = graph(PAIR).maximize("x - y", subject_to="1 <= product <= 2")
    assert 1 <= found.results["product"] <= 2
    assert found.x == pytest.approx([4, 0.25], abs=1e-3)


def test_values_are_matched() -> None:
    found = graph(PAIR).match({"sum": 5, "product": 6})
    assert sorted(found.x) == pytest.approx([2, 3], abs=2e-3)
    assert [m.program for m in found.matches] == pytest.approx([5, 6], abs=1e-3)
    assert found.warnings == []
    found = off(PAIR, 0.1).match({"sum": 5, "product": 6})
    assert [m.program for m in found.matches] == pytest.approx([5, 6], abs=0.05)
    found = graph(PAIR).match({"sum": 9})
    assert found.warnings[0] == "sum=9 is not reached; 8 is the nearest that was found"


def test_beside_an_objective_a_match_is_a_condition() -> None:
    found = graph(PAIR).minimize("x", match={"product": 6})
    assert found.results["product"] == pytest.approx(6, abs=2e-3 * 16)
    assert found.x == pytest.approx([1.5, 4], abs=0.02)
    assert found.feasible


def test_what_cannot_be_satisfied_gives_the_nearest_input() -> None:
    found = graph(PAIR).minimize("x", subject_to=["sum <= 1", "product >= 4"])
    assert not found.feasible
    assert found.warnings[0].startswith("no input that was tried satisfies ")
    assert any(not c.holds for c in found.conditions)
    found = graph(PAIR).minimize("x", subject_to=["sum >= 10"])
    assert found.x.tolist() == [4, 4]
    assert found.conditions[0].program == 8


def brute(artifact: GraphProgram) -> float:
    """The least value of WHOLE, by trying all integers and many t."""
    rows = np.array(list(itertools.product(range(-6, 10), range(8), np.linspace(0, 1, 11))))
    return float(artifact.program.run(rows).min())


@pytest.mark.parametrize("size", [0.0, 0.5])
def test_integers_are_integers_and_floats_are_floats(size: float) -> None:
    artifact = off(WHOLE, size) if size else graph(WHOLE)
    found = artifact.minimize("return", starts=16, evaluations=30)
    assert found.inputs["n"] == round(found.inputs["n"])
    assert found.inputs["m"] == round(found.inputs["m"])
    assert found.inputs["t"] == np.float32(found.inputs["t"])
    assert found.value <= brute(artifact) + 1e-6
    assert found.inputs["t"] == pytest.approx(0.3, abs=0.02)


def test_a_domain_of_few_integers_is_looked_at_as_a_whole() -> None:
    source = """
    #pragma surrogate range(a, 0, 40)
    #pragma surrogate range(b, 0, 40)
    int f(int a, int b) { return (a * 37 + b * 91) % 101; }
    """
    artifact = graph(source)
    rows = np.array(list(itertools.product(range(41), repeat=2)))
    found = artifact.maximize("return")
    assert found.value == artifact.program.run(rows).max()
    assert found.evaluations <= 3


def test_a_row_without_a_result_is_never_the_optimum() -> None:
    """Beyond 2.25 there is no root, and a module that extends the program says that it falls for ever."""
    made = graph(HALF)

    class Extended(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return (2.25 - x).abs().sqrt() - 3 * x

    artifact = GraphProgram(
        entry=made.entry, arguments=made.arguments, results=made.results, text=made.text,
        module=Extended(),  # type: ignore[arg-type]
    )  # fmt: skip
    found = artifact.minimize("return", evaluations=200)
    assert math.isfinite(found.value)
    assert found.inputs["x"] <= 2.25
    assert found.value == pytest.approx(-6.75, abs=0.2)
    assert np.isinf(found.history.violations).any()
    # The exact module is NaN there.
    assert graph(HALF).minimize("return").value == pytest.approx(-6.75, abs=1e-3)


def test_a_program_without_any_result_is_an_error() -> None:
    source = "#include <math.h>\n#pragma surrogate range(x, 1, 2)\ndouble f(double x) { return sqrt(-x); }"
    with pytest.raises(ProgramError, match="gave no finite value on any of the"):
        graph(source).minimize("return", evaluations=4)


def test_evaluations_are_those_that_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    ran = []
    real = Program.run

    def counted(program: Program, rows: np.ndarray) -> np.ndarray:
        ran.extend(rows)
        return real(program, rows)

    monkeypatch.setattr(Program, "run", counted)
    found = off(BOWL).minimize("return", evaluations=7)
    assert len(ran) == found.evaluations <= 7
    np.testing.assert_array_equal(found.history.inputs, ran)
    assert found.value == found.history.values.min()
    np.testing.assert_array_equal(found.history.values, real(graph(BOWL).program, np.array(ran))[:, 0])
    assert not found.finished
    assert any("more of them (--evaluations) may help" in w for w in found.warnings)


def test_the_same_seed_gives_the_same_search() -> None:
    first, again, other = (off(BOWL).minimize("return", evaluations=3, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.history.inputs, again.history.inputs)
    assert not np.array_equal(first.history.inputs, other.history.inputs)


def test_what_is_fixed_stays() -> None:
    found = graph(BOWL).minimize("return", fix={"y": 1.5})
    assert found.x == pytest.approx([0.5, 1.5], abs=1e-4)
    assert found.fixed == ("y",)
    assert (found.history.inputs[:, 1] == 1.5).all()
    assert found.borders == {}


def test_other_optima_are_told() -> None:
    source = """
    #pragma surrogate range(x, -2, 2)
    double two(double x) { return (x * x - 1) * (x * x - 1) + 0.01 * x; }
    """
    found = off(source, 0.05).minimize("return")
    assert found.inputs["x"] == pytest.approx(-1, abs=0.02)
    assert any(other.inputs["x"] == pytest.approx(1, abs=0.1) for other in found.others)


def test_elements_of_arrays_that_are_read_and_written() -> None:
    source = "#pragma surrogate range(w, -1, 1)\nvoid f(double w[2]) { w[0] += 1; w[1] = w[1] * w[1] - w[0]; }"
    found = graph(source).minimize("w[1] + before(w[0])")
    # w[1]² - (w[0] + 1) + w[0]
    assert found.inputs["w[1]"] == pytest.approx(0, abs=1e-3)
    assert found.value == pytest.approx(-1, abs=1e-6)


def test_a_constant_is_said_to_be_one() -> None:
    source = "#pragma surrogate range(x, 0, 1)\ndouble f(double x) { return x * 0 + 5; }"
    found = graph(source).minimize("return")
    assert found.value == 5
    assert any("the objective does not vary: it is 5" in w for w in found.warnings)
    assert not any("border" in w for w in found.warnings)


def test_a_surrogate_finds_the_optimum_of_a_plane(plane: Surrogate) -> None:
    before = {name: tensor.clone() for name, tensor in plane.module.state_dict().items()}
    found = plane.minimize("return - y", subject_to=["return >= 2"])
    assert found.results["return"] >= 2
    # 3x - 2y + 1 >= 2 holds with equality; 3x - 3y + 1 is then 2 - y.
    assert found.value == pytest.approx(1, abs=1e-2)
    assert found.inputs["y"] == pytest.approx(1, abs=1e-3)
    assert plane.module.state_dict().keys() == before.keys()
    assert all(torch.equal(plane.module.state_dict()[name], tensor) for name, tensor in before.items())


def test_the_repr_is_a_screen() -> None:
    found = graph(PAIR).minimize("x", subject_to=["sum >= 10"])
    text = repr(found)
    assert len(text.splitlines()) <= 12
    assert text.startswith("Optimum of {double sum, double product} pair(double x, double y)\n  minimize x subject to")
    assert "at x = 4, y = 4" in text


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "give what to minimize, to maximize or to match"),
        ({"minimize": "return", "maximize": "return"}, "either what to minimize or what to maximize"),
        ({"minimize": "retrun"}, "did you mean 'return'"),
        ({"minimize": 3}, "the objective must be a text"),
        ({"match": {"retrun": 1}}, "did you mean 'return'"),
        ({"match": {"x": 1}}, "'x' reads no result, so it cannot be matched"),
        ({"match": {"return": math.nan}}, "a finite number is needed"),
        ({"minimize": "return", "fix": {"z": 1}}, "there is no argument 'z' to fix"),
        ({"minimize": "return", "fix": {"x": 2.5}}, "'x' cannot be fixed at 2.5, outside its domain \\[-2, 2\\]"),
        ({"minimize": "return", "fix": {"x": math.nan}}, "cannot be fixed at nan"),
        ({"minimize": "return", "fix": {"x": 0, "y": 0}}, "nothing is left to choose"),
        ({"minimize": "return", "fix": [1]}, "fix must be a mapping"),
        ({"minimize": "return", "subject_to": ["return"]}, "compares by <= or >="),
        ({"minimize": "return", "subject_to": 3}, "subject_to must be a list of texts"),
        ({"minimize": "return", "starts": 0}, "starts must be at least 1"),
        ({"minimize": "return", "evaluations": 0}, "evaluations must be at least 1"),
        ({"minimize": "return", "evaluations": 1.5}, "evaluations must be a whole number"),
        ({"minimize": "return", "seed": -1}, "a seed must not be negative"),
    ],
)
def test_what_makes_no_sense_is_said(given: dict[str, object], message: str) -> None:
    from surrogate.optimise.optimising import optimise

    with pytest.raises(UsageError, match=message):
        optimise(graph(BOWL), **given)  # type: ignore[arg-type]


def test_an_integer_is_fixed_at_an_integer() -> None:
    with pytest.raises(UsageError, match="'n' cannot be fixed at 0\\.5: it is of type int"):
        graph(WHOLE).minimize("return", fix={"n": 0.5})
