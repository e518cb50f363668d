"""The table of the adaptations, its grid, and the picture of both gradients."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")

from surrogate.anc.adaptation.tasks import TASKS
from tests import ROOT
from training.evaluation import anc_adaptation, anc_gradients
from training.script import run

COMMITTED = ROOT / "docs" / "results" / "anc_adaptation.json"


def test_the_committed_page_is_that_of_its_rows() -> None:
    rows = json.loads(COMMITTED.read_text())
    assert anc_adaptation.table(rows) == COMMITTED.with_suffix(".md").read_text()


def test_around_a_task_one_setting_is_another() -> None:
    for name in anc_adaptation.ADAPTED:
        published, *others = (asdict(settings) for settings in anc_adaptation.grid(TASKS[name]))
        assert published == asdict(TASKS[name].adaptation)
        varied = [{key for key in other if other[key] != published[key]} for other in others]
        assert all(len(keys) == 1 for keys in varied)
        assert set().union(*varied) == set(anc_adaptation.GRID)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A descent of a few updates, and a grid of one setting."""
    task = TASKS["access"]
    assert task.adaptation is not None
    monkeypatch.setitem(TASKS, "access", replace(task, adaptation=replace(task.adaptation, steps=3)))
    monkeypatch.setattr(anc_adaptation, "GRID", {"delta": (1, 5)})


@pytest.mark.usefixtures("short")
def test_what_is_measured_is_not_measured_again(
    load_script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script, out = load_script("evaluate/anc_adaptation"), tmp_path / "adapted"
    options = ["access", "--seeds", "2", "--grid-seeds", "2", "--out", str(out), "--methods", "published", "exact"]
    assert run(script.PARSER, script.main, options) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2
    assert run(script.PARSER, script.main, [*options, "--grid", "access"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 2  # the grid's
    rows = json.loads(out.with_suffix(".json").read_text())
    assert [(row["method"], row["settings"] is None) for row in rows] == [
        ("published", True),
        ("exact", True),
        ("published", False),
        ("published", False),
    ]
    assert all(len(row["attempts"]) == len(row["last"]["attempts"]) == 2 for row in rows)
    assert [point["step"] for point in rows[0]["curve"]] == [0, 1, 2, 3]
    assert all(0 <= point["success"] <= 1 and point["gradient"] > 0 for point in rows[0]["curve"][1:])
    text = out.with_suffix(".md").read_text()
    assert "| access | as published |" in text
    assert "| access | delta 5 |" in text


def test_both_gradients_pull_alike_where_there_is_only_one_step_to_come() -> None:
    """They differ by the probability of not stopping later: on no line, if a run has one step."""
    task = TASKS["swap"]
    assert task.adaptation is not None
    one_step = replace(task, adaptation=replace(task.adaptation, max_steps=1))
    alike = anc_gradients.both(one_step, 3, seed=0)
    np.testing.assert_allclose(alike.pulls["published"], alike.pulls["exact"], rtol=1e-12)
    assert alike.cosine == pytest.approx(1)
    found = anc_gradients.both(task, 3, seed=0)
    assert (found.pulls["published"] > 1.5 * found.pulls["exact"]).all()  # nothing but delta pulls, and to STOP
    assert 0.5 < found.cosine < 0.999


def test_the_picture_of_the_gradients_is_drawn(
    load_script: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(anc_gradients, "COPIES", 2)
    script, out = load_script("evaluate/anc_gradients"), tmp_path / "gradients.svg"
    assert run(script.PARSER, script.main, ["access", "--sharpness", "2", "--out", str(out)]) == 0
    assert out.read_text().count("<path") > 10
    assert run(script.PARSER, script.main, ["copy", "--out", str(out)]) == 2
