"""Lifelong learning in small: the stream, sketches, and the columns that they are compared with."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.training.sketches.drawings import splits
from training.sketches import continual
from training.sketches.columns import SHARINGS, ColumnLearner, Columns, Sharing
from training.sketches.continual import Setting, measure_all
from training.sketches.lifelong import Lifelong, Plan
from training.sketches.stream import Task, shares, stream, tasks_of


def tasks(count: int = 300, names: tuple[str, ...] = ("top",)) -> list[Task]:
    return tasks_of({"digits": splits(10), "operators": splits(4)}, count, 200, 0, names)


def test_shares_rise_and_fall_and_sum_to_one() -> None:
    for time in np.linspace(0, 8, 81):
        assert shares(8, time).sum() == pytest.approx(1)
        assert (shares(8, time) > 0).sum() <= 2
    assert shares(8, 0.2).tolist() == [1, *[0] * 7]
    assert shares(8, 2.0)[[1, 2]].tolist() == [0.5, 0.5]
    whole = np.mean([shares(8, 8 * (s + 0.5) / 800) for s in range(800)], axis=0)
    assert whole == pytest.approx(np.full(8, 1 / 8), abs=1e-3)


def test_a_task_shows_all_its_grids_before_one_comes_again() -> None:
    few = tasks(30, ("top", "left"))
    seen: dict[int, list[int]] = {k: [] for k in range(4)}
    for batch in stream(few, 60, 20, 3):
        assert sum(map(len, batch.values())) == 20
        for k, places in batch.items():
            seen[k] += places.tolist()
    for places in seen.values():
        counts = np.bincount(places, minlength=30)
        assert counts.max() - counts.min() <= 1
    again = [{k: v.tolist() for k, v in b.items()} for b in stream(few, 60, 20, 3)]
    assert again == [{k: v.tolist() for k, v in b.items()} for b in stream(few, 60, 20, 3)]


def test_sketches_learn_one_task_after_the_other_and_forget_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continual, "POINTS", 4)
    setting = Setting(160, 160, 50, 0, Plan(restarts=4, examples=2500, held_back=50))
    measure_all(tmp_path / "life", tasks(), ["mtnn2", "sketches"], setting, "python …")
    document = json.loads((tmp_path / "life.json").read_text())
    theirs, ours = document["learners"]
    assert ours["exact"] == [True, True]
    assert min(ours["final"]) > 0.95
    assert ours["curve"][2][0] > 0.95  # while the second task comes, and after
    assert ours["curve"][3][0] > 0.95
    assert theirs["final"][0] < ours["final"][0]
    if shutil.which("gcc"):
        assert ours["native"] == [1.0, 1.0]
    page = (tmp_path / "life.md").read_text()
    assert "2 of 2 programs are exact" in page
    highest = [max(row[0] for row in c["curve"]) for c in (theirs, ours)]
    shown = [f"{c['final'][0]:.1%} ({h:.0%})" for c, h in zip((theirs, ours), highest, strict=True)]
    assert f"| add:top | {shown[0]} | 24 % | {shown[1]} | 87 % |" in page
    for name in ("life.svg", "life_tasks.svg"):
        assert (tmp_path / name).read_text().startswith("<?xml")
    monkeypatch.setattr(continual, "course", None)  # what is there is not run again
    measure_all(tmp_path / "life", tasks(), ["mtnn2", "sketches"], setting, "python …")


def test_a_task_waits_for_a_network_that_another_makes() -> None:
    learner = Lifelong(tasks(200, ("top", "left")), Plan(restarts=2, examples=10_000), 0)
    first = np.arange(40)
    learner.observe({0: first})
    learner.observe({0: first, 1: first, 2: first})
    top, left, apply, _ = learner.tasks
    assert top.search is not None
    assert top.search.seen == 80
    assert left.search is None
    assert apply.search is None  # its sketch may read digits, too


@pytest.mark.parametrize("sharing", SHARINGS)
def test_what_columns_share_is_what_learning_another_task_changes(sharing: Sharing) -> None:
    both = tasks(60)
    learner = ColumnLearner(both, sharing, 0)
    given = torch.rand(5, 4, 784), torch.full((5, 3), -1)
    before = learner.columns(0, *given)
    assert before.shape == (5, 19)
    for _ in range(3):
        learner.observe({1: np.arange(30)})
    after = learner.columns(0, *given)
    changed = not torch.equal(before, after)
    assert changed == (sharing in ("mtnn1", "mtnn2"))


def test_a_progressive_column_reads_the_columns_before() -> None:
    columns = Columns(3, "progressive", 0)
    pictures, numbers = torch.rand(2, 4, 784), torch.zeros(2, 3, dtype=torch.int64)
    said = columns(2, pictures, numbers)
    said.sum().backward()
    assert all(p.grad is None for p in columns.readers[1].parameters())
    assert all(p.grad is not None for p in columns.laterals[2].parameters())
    with torch.no_grad():
        for p in columns.readers[1].parameters():
            p.add_(0.1)
    assert not torch.equal(columns(2, pictures, numbers), said)
    assert not list(columns.laterals[0].parameters())


@pytest.mark.parametrize("sharing", SHARINGS)
def test_columns_learn_a_task_by_heart(sharing: Sharing) -> None:
    both = tasks(60)
    learner = ColumnLearner(both, sharing, 0)
    for _ in range(60):
        learner.observe({1: np.arange(60)})
    assert learner.accuracy(1, both[1].train) > 0.8
