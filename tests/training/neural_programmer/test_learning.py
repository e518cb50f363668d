"""Learning: gradients and their noise, losses, checkpoints, and a tiny version that learns in seconds."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from cprograms.diagnostics import UsageError
from tests import ROOT
from tests.training.neural_programmer.test_programs import decided, straightforward
from training.config import config_of
from training.neural_programmer import checkpoints
from training.neural_programmer.config import ProgrammerConfig
from training.neural_programmer.gradients import add_noise, clip, deviation
from training.neural_programmer.likelihood import LOSSES, selections
from training.neural_programmer.machine import Choice, compare, execute, given_of, tables_of
from training.neural_programmer.measure import accuracies, proved
from training.neural_programmer.programmer import NeuralProgrammer, questions_of
from training.neural_programmer.programs import OPERATIONS, Program, Step
from training.neural_programmer.questions import Ask, Table
from training.neural_programmer.train import ProgrammerTrainer

TINY = ProgrammerConfig(
    columns=1, steps=6, restarts=2, width=8, batch_size=4, noise=0.01, validate_every=3, checkpoint_every=2
)


LONG = replace(TINY, steps=100_000, validate_every=100_000)


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


@pytest.mark.parametrize("loss", LOSSES)
def test_the_right_program_has_no_loss_and_others_have(loss: str) -> None:
    batch = Ask(3, rows=(9, 9)).draw(np.random.default_rng(0), 20)
    for k in range(20):
        one = batch.part(slice(k, k + 1))
        right = decided(straightforward(one.question(0), one.columns(0)), one)
        tables, given = tables_of(one, 1), given_of(one, 1)
        assert LOSSES[loss](right, tables, given, 5.0).item() < 1e-3
        answers = execute(right, tables)
        wrong = given._replace(number=2 * answers.number + 10, cells=1 - answers.cells)
        assert LOSSES[loss](right, tables, wrong, 5.0).item() > 1e-2


@pytest.mark.parametrize("seed", range(4))
def test_the_marginal_loss_is_the_sum_over_all_programs(seed: int) -> None:
    """Each of the 9^4 is executed by itself. Columns and numbers are decided, the operations are not."""
    rng = np.random.default_rng(seed)
    batch = Ask(2, rows=(4, 4), size=5).draw(rng, 50)
    k = int(np.argmax((batch.prints == (seed % 2 == 0)) & batch.given.all(1)))
    one = batch.part(slice(k, k + 1))
    names = list(OPERATIONS)
    table, given = one.columns(0), given_of(one, 1)
    columns = [list(table)[c] for c in rng.integers(0, 2, 4)]
    numbers = [int(one.numbers[0, n]) for n in rng.integers(0, 2, 4)]
    choices = decided([Step("greater", c, n) for c, n in zip(columns, numbers, strict=True)], one)
    chances = torch.rand((4, 1, 1, 9), generator=torch.Generator().manual_seed(seed)).softmax(-1)
    soft = [c._replace(operation=p) for c, p in zip(choices, chances, strict=True)]
    total = 0.0
    for operations in product(range(9), repeat=4):
        steps = [Step(names[o], c, n) for o, c, n in zip(operations, columns, numbers, strict=True)]
        chance = float(np.prod([chances[t, 0, 0, o].item() for t, o in enumerate(operations)]))
        if loss := program_loss(steps, table, given.number.item(), given.cells[0, 0].numpy(), bool(given.prints)):
            total += chance * np.exp(-loss[0])
    found = LOSSES["marginal"](soft, tables_of(one, 1), given, 5.0).item()
    assert found == pytest.approx(-np.log(total), rel=1e-3)


def program_loss(
    steps: list[Step], table: Table, number: float, cells: np.ndarray, prints: bool
) -> tuple[float] | None:
    """A program's own loss; None for one that does not give what is asked, or half a difference."""
    answer, last = Program.of(steps).answer(table), steps[-1].operation
    if prints:
        if last != "assign":
            return None
        printed = np.zeros_like(cells)
        printed[list(answer.rows), list(table).index(steps[-1].column)] = 1
        wrong = (printed != cells).sum()
        return (5.0 * wrong * -np.log(1e-6) / len(cells),)
    whole = steps[0].operation in ("sum", "count") and steps[2].operation in ("sum", "count")
    if last not in ("sum", "count") and not (last == "difference" and whole):
        return None
    error = abs(np.arcsinh(answer.number - number))
    return (error**2 / 2 if error < 1 else error - 0.5,)


def test_what_selects_rows_is_all_that_may() -> None:
    batch = Ask(3, rows=(5, 5)).draw(np.random.default_rng(0), 30)
    choices = NeuralProgrammer(1, 8, seed=2)(questions_of(batch.asked, 1))
    steps = [Choice(*(part.flatten(0, 1) for part in choice)) for choice in choices]
    rows = [compare(tables_of(batch, 1).met[0], step.column, step.number) for step in steps[:3]]
    selected, likely = selections(steps, rows)
    assert selected.shape == (30, 15, 5)
    torch.testing.assert_close(likely.sum(1), torch.ones(30))


def test_a_tiny_version_learns_and_its_programs_are_what_is_asked(tmp_path: Path) -> None:
    """All questions of the language about one column, on tables twice as long and as large as those of the training;
    and as programs, which is for every table."""
    config = ProgrammerConfig(columns=1, steps=200, restarts=3, batch_size=24, validate_every=200)
    trainer = ProgrammerTrainer(config, tmp_path)
    before = max(trainer.validate())
    [point] = trainer.run().trace
    best = trainer.model.one(int(np.argmax(point["accuracies"])))
    larger = Ask(1, (60, 200), 200).draw(np.random.default_rng(5), 300)
    assert before < 0.2
    assert accuracies(best, larger).item() > 0.9
    assert proved(best, 1) > 0.9


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
from tests.training.neural_programmer.test_learning import LONG
from training.neural_programmer.train import ProgrammerTrainer
ProgrammerTrainer(LONG, Path(sys.argv[1])).run()
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
    trainer = ProgrammerTrainer(LONG, tmp_path)
    reached = trainer.progress.step
    assert reached > 0
    trainer.run(until=reached + 1)
    whole = ProgrammerTrainer(LONG, tmp_path / "whole")
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
        ({"loss": "mean"}, "unknown loss 'mean'; known are marginal, mixed"),
        ({"entropy": -0.1}, "'entropy' must not be negative"),
        ({"explore": 0.0}, "'explore' must be positive"),
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
