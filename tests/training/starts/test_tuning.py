"""Choosing the settings of a shared start: what is measured, and where the search ends."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from training.starts import tuning
from training.starts.meta import MetaConfig
from training.starts.tuning import Measure, tune


class Valley:
    """Stands in for a measure: best at a learning rate near 0.03 and 20 inner steps."""

    def errors(self, c: MetaConfig) -> dict[int, float]:
        distance = math.log(c.learning_rate / 0.03) ** 2 + math.log(c.inner_steps / 20) ** 2
        return {8: 0.1 * math.exp(distance), 32: 0.01}


def test_settings_are_chosen_inside_grids_that_grow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(tuning, "_trained", lambda c, data, out: c)
    start = MetaConfig(name="maml", method="maml", steps=1, learning_rate=0.001, inner_steps=5)
    chosen, records = tune(start, tmp_path, tmp_path, Valley())  # type: ignore[arg-type]
    assert chosen.learning_rate == pytest.approx(0.027)
    assert chosen.inner_steps == 20
    for name in ("learning_rate", "inner_steps"):
        tried = {r["settings"][name] for r in records}
        assert min(tried) < getattr(chosen, name) < max(tried)
    assert {r["settings"]["learning_rate"] for r in records if r["settings"]["inner_steps"] != 5} == {0.027}


def test_random_starts_are_measured_on_the_validation_split(tiny_examples: Path):
    errors = Measure.on(tiny_examples, 6).random(seed=0)
    assert set(errors) == {8, 32}
    assert 0 < errors[32] < errors[8] < 10
