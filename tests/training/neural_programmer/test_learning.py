"""Learning: gradients and their noise, losses, checkpoints, and a tiny version that learns in seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.config import config_of
from training.neural_programmer import checkpoints
from training.neural_programmer.config import ProgrammerConfig
from training.neural_programmer.gradients import add_noise, clip, deviation
from training.neural_programmer.machine import Answers, execute, given_of, tables_of
from training.neural_programmer.measure import accuracies, proved
from training.neural_programmer.programmer import NeuralProgrammer, questions_of
from training.neural_programmer.questions import Ask
from training.neural_programmer.train import ProgrammerTrainer, losses

TINY = ProgrammerConfig(
    columns=1, steps=6, restarts=2, width=8, batch_size=4, noise=0.01, validate_every=3, checkpoint_every=2
)


def state(trainer: ProgrammerTrainer) -> dict[str, torch.Tensor]:
    return trainer.model.state_dict()


@pytest.mark.parametrize(("strength", "step"), [(0.01, 0), (0.3, 1), (1.0, 9_999)])
def test_the_noise_follows_the_published_schedule(strength: float, step: int) -> None:
    assert deviation(strength, step) ** 2 == pytest.approx(strength * np.exp(-0.55 * np.log(1 + step)))


def test_noise_has_the_deviation_and_is_added() -> None:
    parameter = nn.Parameter(torch.zeros(2, 50_000))
    parameter.grad = torch.full_like(parameter, 3.0)
    add_noise([parameter], 0.25, torch.Generator().manual_seed(0))
    assert parameter.grad.mean().item() == pytest.approx(3.0, abs=0.005)
    assert parameter.grad.std().item() == pytest.approx(0.25, rel=0.02)


def test_each_restart_is_clipped_by_itself() -> None:
    parameters = [nn.Parameter(torch.zeros(2, 3)), nn.Parameter(torch.zeros(2, 1, 4))]
    for p in parameters:
        p.grad = torch.ones_like(p) * torch.tensor([10.0, 0.1]).reshape(2, *[1] * (p.dim() - 1))
    norms = clip(parameters, 1.0)
    torch.testing.assert_close(norms, torch.tensor([10.0, 0.1]) * 7**0.5)
    after = torch.stack([p.grad.flatten(1).square().sum(1) for p in parameters if p.grad is not None]).sum(0).sqrt()
    torch.testing.assert_close(after, torch.tensor([1.0, 0.1 * 7**0.5]))


def test_restarts_in_a_batch_are_what_they_are_alone() -> None:
    model = NeuralProgrammer(3, 8, seed=1)
    batch = Ask(3, rows=(5, 5)).draw(np.random.default_rng(0), 12)
    together = execute(model(questions_of(batch.asked, 3)), tables_of(batch, 3))
    for r in range(3):
        part = batch.part(slice(4 * r, 4 * r + 4))
        alone = execute(model.one(r)(questions_of(part.asked, 1)), tables_of(part, 1))
        torch.testing.assert_close(alone.number[0], together.number[r])
        torch.testing.assert_close(alone.cells[0], together.cells[r])


def test_what_is_mixed_are_the_answers_of_choices() -> None:
    """Where only the last operation is undecided, the number is the mean of its answers."""
    batch = Ask(2, rows=(6, 6)).draw(np.random.default_rng(0), 5)
    choices = NeuralProgrammer(1, 8, seed=0).decisions(batch.asked)
    last, shares = choices[-1], torch.rand(1, 5, 9).softmax(-1)
    wanted = torch.zeros(1, 5)
    for k in range(9):
        operation = torch.eye(9)[k].expand(1, 5, 9)
        decided = execute([*choices[:-1], last._replace(operation=operation)], tables_of(batch, 1))
        wanted += shares[..., k] * decided.number
    mixed = execute([*choices[:-1], last._replace(operation=shares)], tables_of(batch, 1))
    torch.testing.assert_close(mixed.number, wanted)


def test_right_answers_have_no_loss() -> None:
    batch = Ask(3, rows=(5, 5)).draw(np.random.default_rng(0), 40)
    given = given_of(batch, 2)
    right = losses(Answers(given.number, given.cells), given, cells=5.0)
    assert right.shape == (2,)
    assert right.max() < 1e-4
    wrong = losses(Answers(given.number + 1, 1 - given.cells), given, cells=5.0)
    assert wrong.min() > 0.1


def test_a_tiny_version_learns_and_its_programs_are_what_is_asked(tmp_path: Path) -> None:
    """Sums, counts, prints and differences without conditions, of one column: right on every table there is."""
    config = ProgrammerConfig(columns=1, steps=250, restarts=3, width=16, conditions=0, validate_every=250)
    trainer = ProgrammerTrainer(config, tmp_path)
    before = max(trainer.validate())
    [point] = trainer.run().trace
    assert before < 0.5
    assert max(point["accuracies"]) == 1.0
    best = trainer.model.one(int(np.argmax(point["accuracies"])))
    larger = Ask(1, (60, 200), 200, conditions=0).draw(np.random.default_rng(5), 200)
    assert accuracies(best, larger).tolist() == [1.0]
    assert proved(best, 1) >= 50 / 430


def test_a_resumed_run_goes_on_bit_for_bit(tmp_path: Path) -> None:
    whole = ProgrammerTrainer(TINY, tmp_path / "whole")
    whole.run()
    ProgrammerTrainer(TINY, tmp_path / "parts").run(until=1)
    ProgrammerTrainer(TINY, tmp_path / "parts").run(until=4)
    resumed = ProgrammerTrainer(TINY, tmp_path / "parts")
    assert resumed.progress.step == 4
    resumed.run()
    assert resumed.progress.trace == whole.progress.trace
    assert [point["step"] for point in whole.progress.trace] == [3, 6]
    assert all(torch.equal(w, state(resumed)[name]) for name, w in state(whole).items())


KILLED = """
import sys
from pathlib import Path
from tests.training.neural_programmer.test_learning import TINY
from dataclasses import replace
from training.neural_programmer.train import ProgrammerTrainer
ProgrammerTrainer(replace(TINY, steps=100000), Path(sys.argv[1])).run()
"""


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    progress = tmp_path / checkpoints.FOLDER / "progress.json"
    deadline = time.monotonic() + 120
    while not progress.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    trainer = ProgrammerTrainer(replace(TINY, steps=100000), tmp_path)
    reached = trainer.progress.step
    assert reached > 0
    trainer.run(until=reached + 1)
    whole = ProgrammerTrainer(replace(TINY, steps=100000), tmp_path / "whole")
    whole.run(until=reached + 1)
    assert all(torch.equal(w, state(trainer)[name]) for name, w in state(whole).items())


def test_an_interrupted_save_leaves_the_old_checkpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trainer = ProgrammerTrainer(TINY, tmp_path)
    trainer.run(until=2)
    trainer.step(2)
    real = os.fsync

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        trainer.save()
    monkeypatch.setattr(os, "fsync", real)
    assert checkpoints.load(tmp_path)[1].progress.step == 2
    assert sorted(p.name for p in (tmp_path / checkpoints.FOLDER).iterdir()) == [
        "adam.safetensors",
        "config.json",
        "model.safetensors",
        "progress.json",
    ]


@pytest.mark.parametrize("name", ["config.json", "progress.json", "model.safetensors", "adam.safetensors"])
@pytest.mark.parametrize("damage", ["missing", "cut", "other"])
def test_a_damaged_checkpoint_is_named(name: str, damage: str, tmp_path: Path) -> None:
    ProgrammerTrainer(TINY, tmp_path).run(until=1)
    path = tmp_path / checkpoints.FOLDER / name
    content = path.read_bytes()
    path.unlink()
    if damage != "missing":
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"{}" + b" " * 20)
    with pytest.raises(UsageError, match="the checkpoint is damaged"):
        ProgrammerTrainer(TINY, tmp_path)


def test_weights_of_other_shapes_are_damage(tmp_path: Path) -> None:
    ProgrammerTrainer(TINY, tmp_path / "one").run(until=1)
    ProgrammerTrainer(replace(TINY, width=4), tmp_path / "other").run(until=1)
    for name in ("model.safetensors", "adam.safetensors"):
        (tmp_path / "other" / checkpoints.FOLDER / name).replace(tmp_path / "one" / checkpoints.FOLDER / name)
    with pytest.raises(UsageError, match="damaged"):
        ProgrammerTrainer(TINY, tmp_path / "one")


def test_a_checkpoint_of_other_settings_is_refused(tmp_path: Path) -> None:
    ProgrammerTrainer(TINY, tmp_path).run(until=1)
    with pytest.raises(UsageError, match=r"noise 0\.01 instead of 0\.1"):
        ProgrammerTrainer(replace(TINY, noise=0.1), tmp_path)
    assert ProgrammerTrainer(replace(TINY, steps=9), tmp_path).progress.step == 1


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"columns": 0}, "'columns' is from 1 to 5, not 0"),
        ({"columns": 6}, "'columns' is from 1 to 5, not 6"),
        ({"conditions": 3}, "'conditions' is from 0 to 2, not 3"),
        ({"restarts": 0}, "'restarts' must be positive"),
        ({"width": -1}, "'width' must be positive"),
        ({"cells": 0.0}, "'cells' must be positive"),
        ({"steps": 0}, "'steps' must be positive"),
        ({"batch_size": 0}, "'batch_size' must be positive"),
        ({"noise": -0.1}, "'noise' must not be negative"),
        ({"mixed_precision": "bf16"}, "single precision"),
        ({"columns": 2.5}, "a whole number is needed"),
        ({"colums": 2}, "unknown settings colums"),
    ],
)
def test_settings_that_make_no_sense_are_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        config_of(ProgrammerConfig, {"columns": 3, "steps": 10} | values, "plan.yaml")


def test_progress_is_plain_json(tmp_path: Path) -> None:
    ProgrammerTrainer(TINY, tmp_path).run()
    written = json.loads((tmp_path / checkpoints.FOLDER / "progress.json").read_text())
    assert written["step"] == 6
    assert len(written["trace"]) == 2
    assert all(0 <= a <= 1 for point in written["trace"] for a in point["accuracies"])
