"""What is drawn is chosen well, is what the program gives, and is not too much."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import cprograms
import surrogate
from cprograms.program import Argument
from cprograms.types import INT
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.check import Report
from surrogate.report.packing import packed, unpacked
from surrogate.report.study import (
    MOST_MAPPED,
    MOST_NUMBERS,
    MOST_RESULTS,
    MOST_ROWS,
    MOST_SLICED,
    Study,
    Through,
    Views,
    settings,
    shown_results,
    slider,
    study,
    total_effects,
)
from surrogate.report.svg import INSIDE, Axis, polyline, tick_texts

FINITE = st.floats(-1e300, 1e300, allow_subnormal=False)


# --- Effects ---


def test_effects_are_those_of_sobols_decomposition() -> None:
    """f = a + 2 b + c d of independent uniform arguments: variances 1/3, 4/3 and 1/9, and c, d only act together."""
    found = surrogate.compile(source="double f(double a, double b, double c, double d, double e)"
                              "{ return a + 2 * b + c * d; }", target="graph")  # fmt: skip
    effects = total_effects(found, lambda x: cprograms.run(found.program, x))
    whole = 1 / 3 + 4 / 3 + 1 / 9
    np.testing.assert_allclose(effects[:, 0], np.array([1 / 3, 4 / 3, 1 / 9, 1 / 9, 0]) / whole, atol=0.08)


def test_effects_of_huge_results_and_of_none() -> None:
    found = surrogate.compile(source="double f(double a, double b) { return 1e300 * a; }", target="graph")
    effects = total_effects(found, found.program.run)
    np.testing.assert_allclose(effects[:, 0], [1, 0], atol=0.1)
    assert total_effects(found, lambda x: np.full((len(x), 1), np.nan)).tolist() == [[0], [0]]


# --- Which rows ---


def test_settings_are_all_or_one_slider_at_a_time() -> None:
    assert settings([2, 3], (1, 1), joint=True)[0] == (1, 1)
    assert len(set(settings([2, 3], (1, 1), joint=True))) == 6
    assert set(settings([2, 3], (1, 1), joint=False)) == {(1, 1), (0, 1), (1, 0), (1, 2)}
    assert settings([], (), joint=True) == [()]


@given(st.integers(-5, 5), st.integers(0, 40), st.integers(1, 20))
def test_a_slider_goes_from_end_to_end_and_stops_in_the_middle(low: int, length: int, count: int) -> None:
    argument = Argument("n", INT, low, low + length)
    values, middle = slider(argument, count)
    assert len(values) <= count + 1
    assert np.all(np.diff(values) > 0)
    assert np.all(values == values.round())
    assert abs(values[middle] - (low + length / 2)) <= 1
    if count > 1:
        assert (values[0], values[-1]) == (low, low + length)


@pytest.mark.parametrize("name", ["wave", "two", "five", "many"])
def test_a_study_is_what_the_program_gives(artifact_of: Callable[[str], NumericArtifact], name: str) -> None:
    artifact = artifact_of(name)
    told: list[tuple[int, int]] = []
    found = study(artifact, 50, 3, lambda done, of: told.append((done, of)))
    assert found.report.rows == 50
    assert found.report.seed == 3
    assert told[-1] == (found.executed, found.executed)
    for views in filter(None, (found.slices, found.maps)):
        assert_true_to_the_program(artifact, found.results, views)
    for through, k in zip(found.through, found.results, strict=True):
        assert_through_the_worst_row(artifact, through, found, k)
    assert len(found.slices.arguments) == min(MOST_SLICED, len(artifact.arguments))
    assert found.maps is None or len(found.maps.arguments) == min(MOST_MAPPED, len(artifact.arguments))


def assert_true_to_the_program(artifact: NumericArtifact, results: tuple[int, ...], views: Views) -> None:
    """Any point, made from the sliders' values by hand, is the program's result and the surrogate's."""
    rng = np.random.default_rng(0)
    middles = [views.stops[place][views.middle[place]] for place in range(len(views.arguments))]
    rows = sum(panel.truth.shape[0] * panel.truth.shape[1] for panel in views.panels)
    assert rows <= MOST_ROWS
    assert rows * len(results) <= MOST_NUMBERS
    for panel in views.panels:
        c, n = (int(rng.integers(size)) for size in panel.truth.shape[:2])
        row = np.array([_middle(a) for a in artifact.arguments])
        others = [place for place, k in enumerate(views.arguments) if k not in panel.axes]
        row[[views.arguments[place] for place in others]] = [
            views.stops[place][position] for place, position in zip(others, panel.settings[c], strict=True)
        ]
        sizes = list(map(len, panel.points))
        places = [n % sizes[0], n // sizes[0]][: len(sizes)]
        row[list(panel.axes)] = [points[at] for points, at in zip(panel.points, places, strict=True)]
        np.testing.assert_allclose(panel.truth[c, n], artifact.program.run(row)[list(results)])
        np.testing.assert_allclose(
            panel.surrogate[c, n], artifact.outputs(row[None])[0, list(results)], rtol=1e-5, atol=1e-5
        )
        centre = tuple(views.middle[place] for place in others)
        assert panel.settings[0] == centre
    assert all(np.isfinite(middles))


def assert_through_the_worst_row(artifact: NumericArtifact, through: Through, found: Study, k: int) -> None:
    error = np.abs(found.surrogate[:, k] - found.truth[:, k])
    np.testing.assert_array_equal(through.row, found.x[error.argmax()])
    for panel in through.panels:
        rows = np.tile(through.row, (len(panel.points[0]), 1))
        rows[:, panel.axes[0]] = panel.points[0]
        truth = artifact.program.run(rows)[:, k]
        np.testing.assert_allclose(panel.truth[0, :, 0], np.where(np.isfinite(truth), truth, np.nan))


def _middle(argument: Argument) -> float:
    if argument.type.is_integer:
        return math.ceil(argument.low) + math.floor(0.5 * (math.floor(argument.high) - math.ceil(argument.low) + 1))
    return (argument.low + argument.high) / 2


def test_the_worst_results_are_shown() -> None:
    errors = [0.1, math.inf, 0.3, 0.0, math.nan, 0.2]
    report = Report.from_dict(
        {
            "rows": 9,
            "trapped": 0,
            "seed": 0,
            "results": [{"name": str(k), "nmse": 0.0, "max_error": 0.0} for k in range(6)],
        }
    )
    for result, nmse in zip(report.results, errors, strict=True):
        object.__setattr__(result, "nmse", nmse)
    assert shown_results(report) == (1, 2, 4, 5)
    assert MOST_RESULTS == 4


# --- Packing ---


@given(
    st.integers(1, 3).flatmap(
        lambda n: st.lists(
            st.lists(st.tuples(FINITE | st.just(math.nan), FINITE | st.just(math.nan)), min_size=n, max_size=n),
            min_size=1,
            max_size=4,
        )
    )
)
def test_packed_numbers_come_back(rows: list[list[tuple[float, float]]]) -> None:
    truth, surrogate = np.array(rows).transpose(2, 0, 1)
    first, second = unpacked(packed(truth, surrogate), truth.shape[1])
    assert (np.isnan(first) == np.isnan(truth)).all()
    assert (np.isnan(second) == np.isnan(surrogate)).all()
    known = ~np.isnan(truth)
    for k in range(len(truth)):
        if known[k].any():
            reach = truth[k][known[k]].max() / 2 - truth[k][known[k]].min() / 2
            slack = reach * 4e-5 + 1e-8 * np.abs(truth[k][known[k]]).max()
            np.testing.assert_allclose(first[k][known[k]], truth[k][known[k]], atol=slack, rtol=1e-8)
            both = known[k] & ~np.isnan(surrogate[k])
            if both.any():
                most = np.abs(surrogate[k][both] / 2 - truth[k][both] / 2).max() * 2
                error = second[k][both] / 2 - first[k][both] / 2
                true = surrogate[k][both] / 2 - truth[k][both] / 2
                np.testing.assert_allclose(error, true, atol=most * 4e-5 + 1e-8 * np.abs(truth[k][both]).max())


def test_what_a_surrogate_says_where_there_is_no_truth_is_near_and_makes_no_truth_coarse() -> None:
    truth, surrogate = np.array([[0, 1, math.nan, math.nan]]), np.array([[0, 1, 2.2, 1e9]])
    first, second = unpacked(packed(truth, surrogate), 4)
    np.testing.assert_allclose(first[0, :2], [0, 1], atol=1e-4)
    np.testing.assert_allclose(second[0], [0, 1, 2.2, 2.5], atol=1e-4)
    nothing, alone = unpacked(packed(np.full((1, 2), math.nan), np.array([[3.0, 5.0]])), 2)
    assert np.isnan(nothing).all()
    np.testing.assert_allclose(alone, [[3, 5]], atol=1e-3)


def test_a_small_error_beside_a_great_value_is_kept() -> None:
    truth = np.linspace(0, 1e6, 50)[None]
    surrogate = truth + 1e-7 * np.sin(np.arange(50))
    first, second = unpacked(packed(truth, surrogate), 50)
    np.testing.assert_allclose(second - first, surrogate - truth, atol=1e-9)


# --- Charts ---


@given(FINITE, FINITE)
def test_ticks_are_round_few_and_on_the_axis(a: float, b: float) -> None:
    axis = Axis.over(np.array([a, b]))
    ticks = axis.ticks()
    assert 1 <= len(ticks) <= 16
    width = axis.high / 2 - axis.low / 2
    assert all(axis.low - 1e-6 * width <= tick <= axis.high + 1e-6 * width for tick in ticks)
    texts = tick_texts(ticks)
    assert len(set(texts)) == len(set(ticks))
    places = axis.place(np.array([axis.low, axis.high]))
    np.testing.assert_allclose(places, [0, INSIDE], atol=1e-6)


def test_texts_of_ticks() -> None:
    assert tick_texts([-1.0, 0.0, 1.0]) == ["−1", "0", "1"]
    assert tick_texts([0.25, 0.5]) == ["0.25", "0.5"]
    assert Axis(1e-6, 1e2, log=True).ticks() == pytest.approx([1e-6, 1e-4, 1e-2, 1e0, 1e2])
    assert Axis(0, 2, whole=True).ticks() == [0, 1, 2]


def test_a_line_stops_where_there_is_no_number() -> None:
    x = np.arange(5.0)
    line = polyline(x, np.array([1, 2, math.nan, 3, 4]))
    assert re.sub(r"[^ML]", "", line) == "MLML"
    assert polyline(x[:2], x[:2], dots=True) == "M0 1000h0M1 999h0"
