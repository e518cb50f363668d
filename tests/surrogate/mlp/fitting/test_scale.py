"""The scale of results at -O0, against what the sandbox gives."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.program import Result
from cprograms.sampling import sample
from cprograms.sandbox import run
from cprograms.types import DOUBLE, SCALARS
from surrogate.mlp.fitting.scale import DOUBTED, UNKNOWN, Reading, believed, lesson, settle, trusted
from surrogate.mlp.network import SurrogateNetwork

LOGISTIC = """\
#pragma surrogate range(r, 2.5, 4)
#pragma surrogate range(x, 0, 1)
double logistic(double r, double x) { for (int i = 0; i < 20; i++) x = r * x * (1 - x); return x; }
"""
INTEREST = """\
#include <math.h>
#pragma surrogate range(principal, 100, 10000)
#pragma surrogate range(years, 0, 40)
%sdouble grown(double principal, double years) { return principal * pow(1.07, years); }
"""
DIVISOR = """\
#pragma surrogate range(a, 1, 100000)
#pragma surrogate range(b, 1, 100000)
unsigned char f(int a, int b) { while (b) { int t = a % b; a = b; b = t; } return a; }
"""
RESULT = Result("return", DOUBLE)


X = np.random.default_rng(0).uniform(-1, 1, (4000, 2))
SMOOTH = Reading(5.0, math.sqrt(10 / 3), 1.0, 3 * X[:, 0] + X[:, 1] + 5)
"""Of 3 x + y + 5."""
OPEN = SMOOTH._replace(share=0.01)


def true_moments(source: str) -> tuple[float, float]:
    program = cprograms.load(source=source)
    y = run(program, sample(program, 4000, 5))
    return float(y.mean()), float(y.std())


def test_an_iterated_map_keeps_its_scale() -> None:
    """The strata of the twentieth step are 1e30, as they take `x` and `1 - x` as independent."""
    made = surrogate.compile(source=LOGISTIC, opt_level=0)
    mean, std = true_moments(LOGISTIC)
    assert made.module.mean.item() == pytest.approx(mean, abs=0.1)
    assert made.module.std.item() == pytest.approx(std, rel=0.3)
    assert made.check(1000).nmse < 1.5


def settled(source: str, mean: float, std: float) -> SurrogateNetwork:
    """A network of predicted moments, once its scale is settled."""
    program = cprograms.load(source=source)
    network = SurrogateNetwork(len(program.arguments), 1, 4)
    network.mean[0], network.std[0] = mean, std
    settle(network, program, lower(program))
    return network


def moments(network: SurrogateNetwork) -> tuple[float, float]:
    return network.mean.item(), network.std.item()


@pytest.mark.parametrize(("mean", "std"), [(1e9, 1e4), (-1e9, 1e4), (3e4, 1e12), (2e4, 1e4)])
def test_whatever_is_predicted_the_scale_is_that_of_the_program(mean: float, std: float) -> None:
    assert moments(settled(INTEREST % "", mean, std)) == pytest.approx(true_moments(INTEREST % ""), rel=0.1)


def test_a_constant_stays_one() -> None:
    assert moments(settled(INTEREST % "", 4.0, 0.0)) == (4.0, 0.0)


def test_of_two_estimates_that_differ_the_lesser_is_believed_where_the_text_is_not_sure() -> None:
    assert SMOOTH.sure
    assert not OPEN.sure
    assert not SMOOTH._replace(settled=False).sure
    little = SMOOTH.std / (2 * DOUBTED)
    assert believed(5.1, little, OPEN, RESULT) == (5.1, little)
    assert believed(5.1, little, SMOOTH, RESULT) == (SMOOTH.mean, SMOOTH.std)
    assert believed(5.1, 1e9, OPEN, RESULT) == (SMOOTH.mean, SMOOTH.std)


def test_a_mean_that_is_far_from_the_predicted_one_is_believed_where_the_text_is_sure() -> None:
    assert believed(99.0, SMOOTH.std, SMOOTH, RESULT) == (SMOOTH.mean, SMOOTH.std)
    assert believed(99.0, SMOOTH.std, OPEN, RESULT) == (99.0, SMOOTH.std)


def test_a_deviation_that_explodes_is_not_believed() -> None:
    assert believed(1.0, 1e-9, SMOOTH, RESULT) == (1.0, 1e-9)


def test_a_text_that_says_nothing_varies_is_not_believed() -> None:
    assert believed(1.0, 2.0, SMOOTH._replace(std=0.0), RESULT) == (1.0, 2.0)


def test_a_declared_range_bounds_the_scale() -> None:
    declared = Result("return", DOUBLE, -1.0, 2.0)
    assert believed(0.0, 1.0, SMOOTH, declared) == (2.0, 3 / math.sqrt(12))


def test_the_type_bounds_the_scale() -> None:
    assert believed(-3, 1e6, SMOOTH._replace(std=0.0), Result("return", SCALARS["u8"])) == (0, 127.5)
    mean, std = moments(settled(DIVISOR, -3, 1e6))
    assert 0 <= mean <= 255
    assert std <= 127.5


TRUTH = (SMOOTH.explained - SMOOTH.mean) / SMOOTH.std


def test_a_tower_that_the_text_contradicts_is_not_trusted() -> None:
    assert trusted(TRUTH, SMOOTH) == 1
    assert trusted(-TRUTH, SMOOTH) == 0
    noise = np.random.default_rng(1).standard_normal(len(X))
    assert trusted(0.5 * TRUTH + math.sqrt(0.75) * noise, SMOOTH) == pytest.approx(0.5, abs=0.05)


def test_where_the_text_says_little_a_tower_is_trusted_by_half() -> None:
    assert trusted(TRUTH, SMOOTH._replace(settled=False)) == UNKNOWN
    assert trusted(TRUTH, SMOOTH._replace(share=0.0, explained=np.zeros(len(X)))) == UNKNOWN
    assert trusted(np.zeros(len(X)), SMOOTH) == UNKNOWN


def test_where_a_result_is_undefined_a_tower_is_not_compared() -> None:
    explained = SMOOTH.explained.copy()
    explained[: len(X) // 2] = np.nan
    assert trusted(np.where(np.isnan(explained), 1e9, TRUTH), SMOOTH._replace(explained=explained)) == 1


def test_trust_shrinks_a_tower_that_is_taught_nothing_and_not_the_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("surrogate.mlp.fitting.scale.lesson", lambda *_: None)
    program = cprograms.load(source="double f(double x, double y) { return 3 * x + y + 5; }")
    network = surrogate.compile_program(program, opt_level=0, plain=True).module
    assert network.outputs(network.inputs(network.mid[None] + 0.5)).item() != 0
    network.w3.data.neg_()
    network.b3.data.neg_()
    settle(network, program, lower(program))
    assert network.std.item() == pytest.approx(SMOOTH.std)
    assert network.outputs(network.inputs(network.mid[None] + 0.5)).item() == 0


def test_a_tower_is_taught_the_polynomial_and_of_itself_what_that_leaves_open() -> None:
    x = np.linspace(-1, 1, 513)
    line, wave = x / x.std(), np.cos(3 * np.pi * x)
    reading = Reading(0.0, 1.0, 0.75, line, True)
    whole = lesson(wave, reading._replace(share=1.0), [line])
    half = lesson(0.3 * line + wave, reading, [np.sqrt(0.75) * line, 0.2 * line])
    assert whole is not None
    assert half is not None
    np.testing.assert_allclose(whole, line, atol=1e-12)
    left = half - np.sqrt(0.75) * line
    assert abs(left @ line) < 1e-6 * len(x)
    # A quarter of the variance is open, and half of the tower's is believed there: by hand.
    variance = 0.09 + wave.var()
    np.testing.assert_allclose(left, 0.25 * 0.5 * variance / wave.var() * (wave - wave.mean()), atol=1e-6)


def test_no_lesson_is_made_of_a_polynomial_that_cannot_be_the_result() -> None:
    line = np.linspace(-1, 1, 512) / np.linspace(-1, 1, 512).std()
    reading = Reading(0.0, 1.0, 0.5, line, True)
    assert lesson(line, reading, [40 * line, np.full(512, np.nan), np.zeros(512)]) is None
    assert lesson(line, reading._replace(settled=False), [line]) is None


UNEVEN = """\
#include <math.h>
double f(double x, double y) { double t = tan(1.5 * x); return sqrt(y) + (t > 8 ? t * t : t); }
"""


def test_a_graph_that_is_evaluated_gives_the_programs_own_moments() -> None:
    program = cprograms.load(source=UNEVEN)
    network = SurrogateNetwork(2, 1, 4)
    settle(network, program, lower(program), evaluated=True)
    y = run(program, sample(program, 4000, 5))
    y = y[np.isfinite(y)]
    assert network.mean.item() == pytest.approx(y.mean(), abs=0.1 * y.std())
    assert network.std.item() == pytest.approx(y.std(), rel=0.2)  # its tail is heavy


def test_a_result_that_has_one_value_wherever_it_is_evaluated_is_that_value(compiler: Path) -> None:
    """Not what moments say of it, which know no more than that it is -1 or 7."""
    source = """
    #include <math.h>
    #pragma surrogate range(phi, -1.57, 1.57)
    int f(double phi, double *out) {
        double w = cos(phi) * cos(phi) + 0.9 * sin(phi) * sin(phi);
        *out = w;
        return w <= 0 ? -1 : 7;
    }"""
    found = surrogate.compile(source=source, opt_level=0, compiler=compiler)
    x = sample(found.program, 500, 3)
    assert (found.predict(x)[:, 0] == 7).all()
    assert np.ptp(found.predict(x)[:, 1]) > 0


def test_a_tower_that_is_compared_with_values_is_never_much_worse_than_a_constant() -> None:
    program = cprograms.load(source=UNEVEN)
    made = surrogate.compile_program(program, opt_level=0, plain=True)
    made.module.w3.data.neg_()
    settle(made.module, program, lower(program), evaluated=True)
    assert made.check(2000).nmse < 1.02


def test_the_program_is_not_run(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("-O0 ran the program, or evaluated its graph")

    monkeypatch.setattr("cprograms.sampling.run_with_status", forbidden)
    monkeypatch.setattr("cprograms.graph.evaluate_nodes", forbidden)
    made = surrogate.compile(source=LOGISTIC, opt_level=0, plain=True)
    assert made.module.std.item() > 0
