"""The statistics by hand, and the interval's coverage of a known ratio."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.statistics import (
    estimate,
    ratio,
    resamples,
    rows_needed,
    rows_saved,
    steps_to,
    training_time,
    win_rate,
)


def test_the_interval_covers_a_known_ratio_as_often_as_it_says():
    rng = np.random.default_rng(0)
    programs = np.arange(60)
    covered = 0
    for _ in range(200):
        errors = np.exp(rng.normal(-4, 1, (2, 60)))
        base = errors * 3 * np.exp(rng.normal(0, 1, (2, 60)))
        found = ratio(base, errors, programs)
        covered += found.low <= 3 <= found.high
    assert 180 <= covered <= 199  # 95 % of 200, give or take three deviations


def test_results_of_a_program_are_drawn_together():
    programs = np.array([7, 7, 3, 5])
    weights = resamples(programs, count=50)
    assert (weights[:, 0] == weights[:, 1]).all()
    assert (weights[:, [0, 2, 3]].sum(1) == 3).all()


def test_a_ratio_is_the_geometric_mean_over_programs_and_seeds():
    base, own = np.array([[8.0, 1.0], [2.0, 1.0]]), np.array([[1.0, 1.0], [1.0, 4.0]])
    assert ratio(base, own, np.arange(2)).value == pytest.approx((8 * 2 * 1 * 0.25) ** 0.25)
    assert win_rate(base, own) == pytest.approx((1 + 1 + 0.5 + 0) / 4)


def test_an_infinite_or_undefined_error_is_a_bad_one_not_a_crash():
    bad = np.array([[np.nan, np.inf, 1.0]])
    found = ratio(np.ones((1, 3)), bad, np.arange(3))
    assert found.value == pytest.approx(1e-4)  # two of three errors count as 10⁶
    assert win_rate(np.ones((1, 3)), bad) == pytest.approx(0.5 / 3)


def test_steps_and_training_time_by_hand():
    checkpoints = [0, 1, 2, 4, 8]
    baseline = np.array([[1.0, 0.9, 0.5, 0.2, 0.1], [1.0, 0.3, 0.3, 0.3, 0.3], [1.0, 1.0, 1.0, 0.5, 0.4]]).T[None]
    own = np.array([[0.3, 0.1, 0.1, 0.1, 0.1], [0.2, 0.2, 0.2, 0.2, 0.2], [0.9, 0.8, 0.7, 0.6, 0.5]]).T[None]
    targets = baseline[:, -1]
    assert steps_to(baseline, targets, checkpoints).tolist() == [[8, 1, 8]]
    assert steps_to(own, targets, checkpoints).tolist() == [[1, 1, np.inf]]  # a start that is there counts one step
    found, reached = training_time(baseline, own, checkpoints, np.arange(3))
    assert found.value == pytest.approx((8 * 1 * 1) ** (1 / 3))
    assert reached == pytest.approx(2 / 3)


def test_rows_needed_interpolates_logarithms():
    sizes = [8, 32, 128]
    curve = np.log([[1.0, 0.25, 0.0625]])  # the error falls as 8 / rows
    needed = [rows_needed(sizes, curve, np.log([e]))[0] for e in (0.5, 0.25, 0.1, 2.0, 1e-3)]
    assert needed == pytest.approx([16, 32, 80, 8, 128])  # the last two lie outside: a bound


def test_rows_needed_where_more_rows_did_harm():
    needed = rows_needed([8, 32, 128], np.log([[1.0, 2.0, 0.25]]), np.log([0.5]))
    assert needed[0] == pytest.approx(64)  # half way, in logarithms, from 32 rows, which count as good as 8


def test_rows_saved_by_hand():
    base = [np.full((1, 2), e) for e in (1.0, 0.25)]
    found = rows_saved([8, 32], base, np.full((1, 2), 0.5), np.arange(2))
    assert (found.value, found.low, found.high) == pytest.approx((16, 16, 16))


def test_an_estimate_without_spread_has_no_width():
    found = estimate(lambda w: w @ np.ones(5) / w.sum(1), np.arange(5))
    assert found.as_dict() == {"value": 1, "low": 1, "high": 1}
