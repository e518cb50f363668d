"""Training: it learns a sort that is proved, resumes bit for bit, and answers what is damaged or makes no sense."""

from __future__ import annotations

import copy
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from cprograms.tape.traces import Action
from tests import ROOT
from tests.training.programmer_interpreter.conftest import TINY, tiny
from training.programmer_interpreter import checkpoints, experiment, running
from training.programmer_interpreter.config import InterpreterConfig
from training.programmer_interpreter.experiment import Plan, accuracy, records_of, run_plan, untouched
from training.programmer_interpreter.proof import prove
from training.programmer_interpreter.report import write_report
from training.programmer_interpreter.running import ENDED, NetworkBook, run
from training.programmer_interpreter.tasks import TASKS, frames_of
from training.programmer_interpreter.train import InterpreterTrainer


def test_a_small_network_learns_to_sort_rows_of_any_length(sorting: InterpreterTrainer):
    proof = sorting.prove()
    assert proof is not None
    assert proof.holds, proof.differences
    assert sorting.progress.done
    assert proof.points.total() == 17970
    for size in (1, 4, 12):
        assert accuracy(sorting.model, sorting.config, size, 20) == 1


def test_a_damaged_network_is_not_proved(sorting: InterpreterTrainer):
    damaged = copy.deepcopy(sorting.model)
    with torch.no_grad():
        damaged.encoder[0].weight[:, 11 + 7] += 1.0  # what the core sees of a 7 under the second pointer
    proof = prove(damaged, frames_of("sort", "recursive"))
    assert not proof.holds
    assert proof.wrong.total() > 0
    difference = proof.differences[0]
    assert difference.wanted != difference.found
    assert any(seen[1] == 7 for seen in difference.history)


def test_what_is_looked_up_is_what_the_network_says(sorting: InterpreterTrainer):
    problems = TASKS["sort"].draw(np.random.default_rng(0), 4, 4)
    fresh = copy.deepcopy(sorting.model)
    with torch.no_grad():
        fresh.give.bias += 0.3 * torch.randn(fresh.give.bias.shape, generator=torch.Generator().manual_seed(0))
    for model in (sorting.model, fresh):  # one that is right, one that is not
        all_runs = [run(NetworkBook(model, n), Action("sort"), problems.tapes, 250) for n in (8, 2, 0)]
        for other in all_runs[1:]:
            np.testing.assert_array_equal(all_runs[0].tapes, other.tapes)
            np.testing.assert_array_equal(all_runs[0].decisions, other.decisions)
            np.testing.assert_array_equal(all_runs[0].ended, other.ended)
    assert NetworkBook(sorting.model).size == 0


def test_runs_that_fail_are_ended():
    class Wild(running.Book):
        """Moves the first pointer on for ever, or ends, or does what nobody can do."""

        action = 1

        def ask(self, before: np.ndarray, seen: np.ndarray, after: np.ndarray) -> None:
            self.called[after], self.given[after] = self.action, [0, 1]

    codes = experiment.Codes.of(experiment.traced("sort", "loop"))
    tapes = TASKS["sort"].draw(np.random.default_rng(0), 3, 2).tapes
    for action, most, decisions in ((1, 100, tapes.shape[1] - 3), (1, 5, 5), (running.NO_ACT, 9, 1), (ENDED, 9, 1)):
        book = Wild(codes)
        book.action = action
        runs = run(book, Action("sort"), tapes, most)
        assert runs.decisions.tolist() == [decisions] * 3
        assert runs.ended.tolist() == [action == ENDED] * 3


def test_a_frozen_core_learns_the_maximum(sorting: InterpreterTrainer, tmp_path: Path):
    before = copy.deepcopy(sorting.model)
    settings = {
        **vars(sorting.config),
        "task": "maximum",
        "learning_rate": 0.03,
        "steps": 60,
        "rounds": 1,
        "traces": 60,
    }
    trainer = InterpreterTrainer(InterpreterConfig(**settings), tmp_path, copy.deepcopy(sorting.model))
    first = trainer.step()
    trainer.run()
    assert trainer.step() < first / 2
    assert untouched(before, trainer.model, frames_of("sort", "recursive"))
    with torch.no_grad():
        trainer.model.end.bias += 1e-3
    assert not untouched(before, trainer.model, frames_of("sort", "recursive"))
    with pytest.raises(UsageError, match="was taught more programs"):
        checkpoints.trained(tmp_path / "checkpoint")


def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path):
    whole = InterpreterTrainer(tiny(), tmp_path / "whole")
    whole.run()
    for until in (1, 8):
        InterpreterTrainer(tiny(), tmp_path / "parts").run(until)
    resumed = InterpreterTrainer(tiny(), tmp_path / "parts")
    assert resumed.progress.step == 8
    resumed.run()
    assert resumed.progress.step == whole.progress.step == 12
    for name, value in whole.model.state_dict().items():
        assert torch.equal(resumed.model.state_dict()[name], value)


def test_the_rate_falls_within_each_round():
    config = tiny(steps=10, learning_rate=0.1, last_rate=0.2)
    rates = [config.rate(step) for step in range(20)]
    assert rates[:10] == rates[10:]
    assert rates[0] == 0.1
    assert rates[9] == pytest.approx(0.02)


@pytest.mark.parametrize("name", ["config.json", "progress.json", "model.safetensors", "optimizer.safetensors"])
def test_a_damaged_checkpoint_is_refused(tmp_path: Path, name: str):
    InterpreterTrainer(tiny(), tmp_path).run(1)
    file = tmp_path / "checkpoint" / name
    for content in (file.read_bytes()[:-9], b"{}", None):
        file.unlink() if content is None else file.write_bytes(content)
        with pytest.raises(UsageError, match="damaged"):
            InterpreterTrainer(tiny(), tmp_path)
        if name != "optimizer.safetensors" and name != "progress.json":
            with pytest.raises(UsageError, match="damaged"):
                checkpoints.trained(tmp_path / "checkpoint")


def test_a_checkpoint_of_another_run_is_refused(tmp_path: Path):
    InterpreterTrainer(tiny(), tmp_path).run(1)
    with pytest.raises(UsageError, match="seed 0 instead of 1"):
        InterpreterTrainer(tiny(seed=1), tmp_path)
    with pytest.raises(UsageError, match="other programs"):
        InterpreterTrainer(tiny("addition"), tmp_path)
    assert InterpreterTrainer(tiny(rounds=5), tmp_path).progress.step == 1


def test_an_interrupted_save_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    trainer = InterpreterTrainer(tiny(), tmp_path)
    trainer.run(1)
    trainer.step()

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trainer.save()
    monkeypatch.undo()
    assert InterpreterTrainer(tiny(), tmp_path).progress.step == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"task": "goto"}, "unknown task 'goto'; known are addition, sort, maximum"),
        ({"task": "maximum", "version": "loop"}, "no version 'loop'"),
        ({"hidden": 0}, "hidden 0 is out of range: 1 to 1024"),
        ({"layers": 5}, "layers 5 is out of range"),
        ({"traces": 0}, "traces 0 is out of range"),
        ({"batch_size": 10**6}, "batch_size 1000000 is out of range"),
        ({"steps": 0}, "'steps' must be positive"),
        ({"rounds": -1}, "'rounds' must be positive"),
        ({"learning_rate": -1e-3}, "'learning_rate' must be positive"),
        ({"seed": -1}, "'seed' must not be negative"),
        ({"only": 5}, "'only' is a size from 1 to 4, or 0 for all of them, not 5"),
        ({"only": -1}, "'only' is a size from 1 to 4"),
        ({"hiden": 3}, "unknown settings hiden"),
        ({"hidden": "big"}, "a whole number is needed"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object], said: str):
    with pytest.raises(UsageError, match=said):
        tiny(**values)


def test_a_core_of_another_environment_is_refused(tmp_path: Path):
    adder = InterpreterTrainer(tiny("addition"), tmp_path / "adder").model
    with pytest.raises(UsageError, match="other pointers, values or arguments"):
        InterpreterTrainer(tiny("maximum"), tmp_path / "a", adder)
    maximum = InterpreterTrainer(tiny("maximum"), tmp_path / "maximum").model
    with pytest.raises(UsageError, match="knows 'maximum', which the program does not have"):
        InterpreterTrainer(tiny("sort"), tmp_path / "b", maximum)
    with pytest.raises(UsageError, match="knows every program already"):
        InterpreterTrainer(tiny("maximum"), tmp_path / "c", maximum)


PLAN: dict[str, object] = {"seeds": 1, "problems": 2, "only": {}, "tasks": {}, "settings": {}}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"seeds": 0}, "'seeds' is a whole number from 1 to 100"),
        ({"seeds": True}, "'seeds' is a whole number"),
        ({"problems": 10**7}, "'problems' is a whole number"),
        ({"settings": []}, "'settings' is a mapping"),
        ({"tasks": {"goto": {}}}, "'tasks' has settings of addition, sort, maximum, not 'goto'"),
        ({"tasks": {"sort": {"layers": 9}}}, "layers 9 is out of range"),
        ({"settings": {"hidden": 0}}, "hidden 0 is out of range"),
        ({"only": [2]}, "'only' is a mapping"),
        ({"only": {"sort": 5}}, "'only' has a size that is trained on by task, not 'sort': 5"),
        ({"only": {"maximum": 2}}, "not 'maximum': 2"),
        ({"more": 1}, "a plan has settings"),
    ],
)
def test_plans_that_make_no_sense_are_refused(tmp_path: Path, values: dict[str, object], said: str):
    path = tmp_path / "plan.yaml"
    path.write_text(json.dumps(PLAN | values))
    with pytest.raises(UsageError, match=said):
        Plan.read(path, 0)


def test_an_experiment_is_measured_once_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delitem(TASKS, "addition")
    for name, task in TASKS.items():
        monkeypatch.setitem(TASKS, name, replace(task, sizes=(1, 2), decisions=lambda size: 40))
    plan = Plan(TINY | {"steps": 2, "rounds": 1}, {}, {"sort": 2}, seeds=1, problems=2)
    with pytest.raises(UsageError, match="no run has come to its end"):
        records_of(plan, tmp_path)
    records = run_plan(plan, tmp_path)
    assert records_of(plan, tmp_path) == records
    assert [r["settings"]["task"] for r in records] == ["sort"] * 4 + ["maximum"]
    assert [r["settings"]["only"] for r in records] == [0, 0, 2, 2, 0]
    assert [r["proof"] is None for r in records] == [False, True, False, True, False]
    assert records[-1]["untouched"] is True
    assert run_plan(plan, tmp_path) == records  # nothing is trained again
    write_report(plan, records, tmp_path / "docs", "python train.py")
    page = (tmp_path / "docs" / "programmer_interpreter.md").read_text()
    assert "| sort | loop | 1 to 4 | endless |" in page
    assert "| sort | loop | 2 | endless |" in page
    assert "exact for every length: 0 of 1 seeds" in page
    assert json.loads((tmp_path / "docs" / "programmer_interpreter.json").read_text())["records"] == records
    with pytest.raises(UsageError, match="other settings"):
        run_plan(replace(plan, problems=3), tmp_path)
    (tmp_path / "sort-loop-0" / "record.json").write_text("{")
    with pytest.raises(UsageError, match="damaged"):
        run_plan(plan, tmp_path)


def test_the_plan_of_the_results_is_read():
    plan = Plan.read(ROOT / "training" / "configs" / "programmer_interpreter.yaml", seed=0)
    assert set(plan.tasks) <= set(TASKS)
    assert plan.seeds == 3
