"""Training to execute: it learns, follows the schedule, resumes bit for bit, and keeps the last good checkpoint."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
import yaml
from torch import nn

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.config import read_mapping
from training.learning_to_execute import checkpoints, train
from training.learning_to_execute.checkpoints import Progress
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.curricula import CURRICULA, Hardness
from training.learning_to_execute.grid import Plan, run_plan
from training.learning_to_execute.lstm import INITIAL, CharacterLSTM
from training.learning_to_execute.streams import Source, windows
from training.learning_to_execute.tasks import ALPHABET, TASKS
from training.learning_to_execute.train import ExecuteTrainer

TINY = {"hidden": 16, "layers": 2, "batch_size": 8, "unroll": 20, "windows": 6, "validation_windows": 4}


def tiny(**values: object) -> ExecuteConfig:
    return ExecuteConfig.of({"length": 2, "blocks": 4} | TINY | values, "test")


def state(trainer: ExecuteTrainer) -> dict[str, torch.Tensor]:
    return trainer.accelerator.unwrap_model(trainer.model).state_dict()


def test_all_parameters_start_uniform():
    torch.manual_seed(0)
    model = CharacterLSTM(len(ALPHABET), hidden=64, layers=2)
    for parameter in model.parameters():
        assert parameter.abs().max() <= INITIAL
        assert parameter.std().item() == pytest.approx(2 * INITIAL / 12**0.5, rel=0.25)
    assert sum(p.numel() for p in CharacterLSTM(len(ALPHABET), 400, 2).lstm.parameters()) == 2 * 4 * 400 * (
        400 + 400 + 2
    )


def test_a_reading_is_the_answers_cross_entropy_and_carries_the_state():
    torch.manual_seed(0)
    model = CharacterLSTM(len(ALPHABET), hidden=8, layers=2)
    hardness = Hardness(2, 1)
    source = Source(TASKS["programs"], "train", CURRICULA["baseline"], hardness, hardness)
    streams = source.streams(4, 41, "seed")
    [whole] = windows(streams, 40, torch.device("cpu"))
    log_odds = nn.functional.log_softmax(model.head(model.lstm(model.embedding(whole.inputs))[0]), -1)
    places = whole.answers.nonzero().tolist()
    loss = -sum(log_odds[t, b, whole.targets[t, b]] for t, b in places) / 4
    reading = model(whole)
    torch.testing.assert_close(reading.loss, loss)
    assert reading.answers == len(places)
    assert reading.right == sum(int(log_odds[t, b].argmax() == whole.targets[t, b]) for t, b in places)
    carried, total = None, torch.zeros(())
    for window in windows(streams, 20, torch.device("cpu")):
        part = model(window, carried)
        carried, total = part.state, total + part.loss
    torch.testing.assert_close(total, loss)
    torch.testing.assert_close(carried, reading.state)


def test_an_lstm_learns_to_copy_two_digits(tmp_path: Path):
    settings = tiny(task="memorise plain", curriculum="baseline", blocks=28, hidden=32, windows=40)
    trace = ExecuteTrainer(settings, tmp_path).run().trace
    assert trace[0]["training"] < 0.4  # the answer's end, and one digit in ten
    assert trace[-1]["training"] > 0.95


def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path):
    settings = tiny(nesting=2)
    whole = ExecuteTrainer(settings, tmp_path / "whole")
    whole.run()
    ExecuteTrainer(settings, tmp_path / "parts").run(until=1)
    ExecuteTrainer(settings, tmp_path / "parts").run(until=3)
    resumed = ExecuteTrainer(settings, tmp_path / "parts")
    assert resumed.progress.block == 3
    resumed.run()
    assert replace(resumed.progress, seconds=0) == replace(whole.progress, seconds=0)
    assert all(torch.equal(w, state(resumed)[name]) for name, w in state(whole).items())


@pytest.mark.slow
def test_two_processes_train_one_model(tmp_path: Path):
    config = tmp_path / "tiny.yaml"
    config.write_text(yaml.safe_dump({"length": 1, "blocks": 2} | TINY))
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--main_process_port", "0"]
    done = subprocess.run(
        [sys.executable, *launch, "-m", "training.learning_to_execute.train", str(config), "-o", str(tmp_path / "out")],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "block 2" in done.stdout
    weights, progress = checkpoints.load(
        tmp_path / "out" / "checkpoint", ExecuteConfig(length=1, blocks=2, **TINY), ALPHABET
    )
    assert progress.block == 2
    assert all(torch.isfinite(w).all() for w in weights.values())


class TestSchedule:
    settings = tiny(length=2, nesting=2, patience=3)

    def follow(self, start: Progress, accuracies: list[tuple[float, float]]) -> Progress:
        for training, validation in accuracies:
            start = start.after(self.settings, training, validation)
        return start

    def test_mastered_is_harder(self):
        after = self.follow(Progress.start(self.settings), [(0.9, 0.96)])
        assert after.current == Hardness(2, 1)
        assert after.rate == self.settings.learning_rate
        assert self.follow(after, [(0.9, 0.951)]).current == Hardness(1, 2)

    def test_improving_stays(self):
        after = self.follow(Progress.start(self.settings), [(0.1 * i, 0.5) for i in range(9)])
        assert after.current == Hardness(1, 1)

    def test_stalled_is_harder_after_the_patience(self):
        start = Progress.start(self.settings)
        assert self.follow(start, [(0.5, 0.5), (0.4, 0.5), (0.3, 0.5)]).current == Hardness(1, 1)
        assert self.follow(start, [(0.5, 0.5), (0.4, 0.5), (0.3, 0.5), (0.49, 0.5)]).current == Hardness(2, 1)

    def test_at_the_target_the_rate_falls_until_the_end(self):
        at = replace(Progress.start(self.settings), current=self.settings.target)
        blocks = 0
        while not at.finished(replace(self.settings, blocks=1000)):
            at, blocks = self.follow(at, [(0.9, 0.99)]), blocks + 1
        assert at.current == self.settings.target
        assert blocks == 28  # 0.5 · 0.8²⁸ is the first below 1e-3


def trained(tmp_path: Path, **values: object) -> tuple[Path, ExecuteConfig]:
    settings = tiny(blocks=1, **values)
    ExecuteTrainer(settings, tmp_path).run()
    return tmp_path / "checkpoint", settings


@pytest.mark.parametrize("name", ["model.safetensors", "progress.json", "config.json"])
def test_a_truncated_checkpoint_is_named(tmp_path: Path, name: str):
    folder, settings = trained(tmp_path)
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(UsageError, match=r"the checkpoint is damaged .* remove the folder"):
        ExecuteTrainer(settings, tmp_path)


def test_a_checkpoint_whose_settings_are_none_is_damaged(tmp_path: Path):
    folder, settings = trained(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"settings": [7]}))
    with pytest.raises(UsageError, match="the checkpoint is damaged"):
        ExecuteTrainer(settings, tmp_path)


def test_a_checkpoint_of_another_vocabulary_is_named(tmp_path: Path):
    folder, settings = trained(tmp_path)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"alphabet": ALPHABET[::-1]}))
    with pytest.raises(UsageError, match="another vocabulary"):
        ExecuteTrainer(settings, tmp_path)


def test_a_checkpoint_of_other_settings_is_named(tmp_path: Path):
    _, settings = trained(tmp_path)
    with pytest.raises(UsageError, match="other settings: hidden 16 instead of 32"):
        ExecuteTrainer(replace(settings, hidden=32), tmp_path)


@pytest.mark.parametrize("step", ["fsync", "rename"])
def test_an_interrupted_save_leaves_the_last_good_checkpoint(
    tmp_path: Path, step: str, monkeypatch: pytest.MonkeyPatch
):
    folder, settings = trained(tmp_path)
    trainer = ExecuteTrainer(replace(settings, blocks=2), tmp_path)

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    if step == "fsync":
        monkeypatch.setattr(os, "fsync", interrupted)
    else:
        monkeypatch.setattr(Path, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        trainer.run()
    assert checkpoints.load(folder, settings, ALPHABET)[1].block == 1
    assert [p.name for p in tmp_path.iterdir()] == ["checkpoint"]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"length": 11}, "length 11 is out of range: 1 to 10"),
        ({"nesting": 0}, "nesting 0 is out of range"),
        ({"task": "memorise plain", "length": 66}, "length 66 is out of range: 1 to 65"),
        ({"task": "memorise plain", "nesting": 2}, "nesting 2 is out of range: 1 to 1"),
        ({"task": "functions", "length": 2}, "length 2 is out of range: 1 to 1"),
        ({"task": "addition"}, "unknown task 'addition'; known are programs"),
        ({"curriculum": "hard"}, "unknown curriculum 'hard'"),
        ({"rate": 1}, "test: unknown settings rate; known are"),
    ],
)
def test_bad_settings_are_named(values: dict, message: str):
    with pytest.raises(UsageError, match=message):
        tiny(**values)


@pytest.mark.parametrize(
    ("text", "message"),
    [("- 1", "a mapping of settings is needed"), ("a: [", "cannot be read"), ("blocks: 3", "'length' is missing")],
)
def test_a_bad_config_file_is_a_usage_error(
    tmp_path: Path, text: str, message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    monkeypatch.setattr(sys, "argv", ["train", str(path), "-o", str(tmp_path / "out")])
    assert train.main() == 2
    assert message in capsys.readouterr().err


def plan(tmp_path: Path, **experiments: object) -> Plan:
    path = tmp_path / "plan.yaml"
    path.write_text(
        yaml.safe_dump({"rounds": 2, "settings": {"blocks": 4} | TINY, "experiments": experiments}, sort_keys=False)
    )
    return Plan.read(path, seed=0)


EXPERIMENT = {"task": "memorise plain", "length": [1, 2], "curriculum": ["naive", "mix"]}


class TestGrid:
    def test_an_interrupted_grid_continues(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        found = plan(tmp_path, copy=EXPERIMENT)
        whole = run_plan(found, tmp_path / "whole")
        assert [(r["round"], r["length"], r["curriculum"], r["block"]) for r in whole] == [
            (r, n, c, 2 * r) for r in (1, 2) for n in (1, 2) for c in ("naive", "mix")
        ]
        runs, run = [], ExecuteTrainer.run

        def killed(trainer: ExecuteTrainer, until: int | None = None) -> Progress:
            runs.append(until)
            if len(runs) == 6:
                raise KeyboardInterrupt
            return run(trainer, until)

        monkeypatch.setattr(ExecuteTrainer, "run", killed)
        with pytest.raises(KeyboardInterrupt):
            run_plan(found, tmp_path / "parts")
        resumed = run_plan(found, tmp_path / "parts")
        assert [r | {"seconds": 0} for r in resumed] == [r | {"seconds": 0} for r in whole]

    def test_a_plan_with_a_bad_run_is_refused_before_any_runs(self, tmp_path: Path):
        with pytest.raises(UsageError, match="length 66"):
            plan(tmp_path, copy=EXPERIMENT | {"length": [1, 66]})

    @pytest.mark.parametrize("name", ["learning_to_execute_cpu.yaml", "learning_to_execute_grid.yaml"])
    def test_the_plans_that_come_with_it_are_right(self, name: str):
        assert len(list(Plan.read(ROOT / "training" / "configs" / name, seed=0).runs())) > 40


def test_the_published_settings_are_the_default():
    settings = ExecuteConfig.of(read_mapping(ROOT / "training" / "configs" / "learning_to_execute.yaml"), "config")
    assert (settings.layers, settings.hidden, settings.batch_size, settings.unroll) == (2, 400, 100, 50)
    assert (settings.learning_rate, settings.clip, settings.decay, settings.last_rate) == (0.5, 5.0, 0.8, 1e-3)
