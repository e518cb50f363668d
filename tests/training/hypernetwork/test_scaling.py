"""The scaling law: recovered from errors that follow one, and read from a log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from torch.utils.tensorboard import SummaryWriter

from cprograms.diagnostics import UsageError
from training.hypernetwork.scaling import Law, Leg, Point, fit, points_of, report

LAW = Law(factor=300.0, by_examples=0.5, by_width=0.25)


def grid(widths: tuple[int, ...]) -> list[Point]:
    return [
        Point("run", width, examples, rows, LAW(examples, width))
        for width in widths
        for examples in (1000, 4000, 9000)
        for rows in (0, 8, 64)
    ]


def test_errors_that_follow_a_law_give_it_back():
    law = fit(grid((32, 64, 128)))
    assert (law.factor, law.by_examples, law.by_width) == pytest.approx((300, 0.5, 0.25))


def test_of_one_width_the_exponent_of_views_is_found_and_the_last_point_predicted():
    found = report(grid((64,)))["laws"]["8"]
    assert found["by_views"] == pytest.approx(0.5)
    assert found["by_width"] == 0
    assert found["views"] == 9000
    assert found["predicted"] == pytest.approx(found["measured"])


def test_of_several_widths_the_widest_is_predicted_from_the_others():
    widest = [Point("run", 128, p.examples, p.rows, 7.0) for p in grid((128,))]
    found = report(grid((32, 64)) + widest)["laws"]["64"]
    assert (found["hidden_size"], found["views"], found["measured"]) == (128, 9000, 7)
    assert found["predicted"] == pytest.approx(LAW(9000, 128))


def test_one_number_of_views_is_too_few():
    with pytest.raises(UsageError, match="two numbers of examples"):
        fit([Point("run", width, 1000, 0, 0.1) for width in (32, 64)])


def test_a_leg_is_views_a_step_and_their_number():
    assert [Leg.parse(text) for text in ("128", "64x7000")] == [Leg(128), Leg(64, 7000)]
    for text in ("", "x7", "64x", "a", "64x7x8"):
        with pytest.raises(UsageError, match="a leg is"):
            Leg.parse(text)


def test_a_log_is_read(tmp_path: Path):
    with SummaryWriter(str(tmp_path / "log")) as log:
        for rows in (0, 8, 64):
            log.add_scalar(f"validation/geo_{rows}", 0.5 / (1 + rows), 200)
    with pytest.raises(UsageError, match="no run with validations"):
        points_of(tmp_path, [Leg(64, 150), Leg(128)])
    config = tmp_path / "checkpoint" / "model" / "config.json"
    config.parent.mkdir(parents=True)
    config.write_text(json.dumps({"hidden_size": 48}))
    assert points_of(tmp_path, [Leg(64, 150), Leg(128)])[1] == Point(
        tmp_path.name, 48, 16000, 8, pytest.approx(0.5 / 9)
    )
