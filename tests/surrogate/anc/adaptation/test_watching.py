"""What a watched descent leaves in its folder, against the checkpoints and controllers that it was called with."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation import gradient
from surrogate.anc.adaptation.loss import execute
from surrogate.anc.adaptation.outcome import evaluate
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.adaptation.watching import watch_in
from surrogate.anc.machine.assembly import parse
from surrogate.anc.machine.machine import to_tape

TASK = TASKS["access"]
SEEDS, STEPS, VALIDATIONS = 3, 40, 8


@pytest.fixture(autouse=True, scope="module")
def few() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gradient, "VALIDATIONS", VALIDATIONS)
        yield


def descend(watch: gradient.Watch | None = None) -> gradient.Descent:
    settings = dataclasses.replace(TASK.adaptation, steps=STEPS, gamma=0.1, beta=0.5)
    draw = lambda rng, n: TASK.sample(rng, n, biased=True)  # noqa: E731
    return gradient.adapt(TASK.published(), draw, settings, SEEDS, 1, lambda done, total: None, watch)


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[gradient.Descent, Path]:
    pytest.importorskip("matplotlib")
    folder = tmp_path_factory.mktemp("descent") / "way"
    return descend(watch_in(folder, "access")), folder


def test_a_checkpoint_measures_its_programs(watched: tuple[gradient.Descent, Path]) -> None:
    descent, _ = watched
    assert [c.step for c in descent.checkpoints] == list(range(0, STEPS + 1, STEPS // VALIDATIONS))
    validation = TASK.sample(np.random.default_rng(1), gradient.VALIDATION_TAPES, biased=True)
    settings = dataclasses.replace(TASK.adaptation, gamma=0.1, beta=0.5)
    for checkpoint in (descent.checkpoints[0], descent.checkpoints[5], descent.checkpoints[-1]):
        scores = evaluate(checkpoint.controller, validation, settings.max_steps)
        assert checkpoint.right.tolist() == scores.right.tolist()
        assert checkpoint.iterations == pytest.approx(scores.iterations)
        parts = [torch.from_numpy(p)[None] for p in (validation.tape, validation.target, validation.mask)]
        for p in range(SEEDS):
            with torch.no_grad():
                one = checkpoint.controller.one(p)
                found = execute(one, to_tape(parts[0]), to_tape(parts[1]), parts[2].float(), settings, 10)
            assert checkpoint.response[p] == pytest.approx(found.response.mean().item(), rel=1e-4)
            assert checkpoint.time[p] == pytest.approx(found.time.mean().item(), rel=1e-4, abs=1e-6)
    assert (descent.checkpoints[0].gradient == 0).all()
    assert (descent.checkpoints[1].gradient > 0).all()


def test_the_best_is_the_best_checkpoint_of_each(watched: tuple[gradient.Descent, Path]) -> None:
    descent, _ = watched
    for p in range(SEEDS):
        best = max(descent.checkpoints, key=lambda c: (c.right[p], -c.iterations[p]))
        kept = descent.best.one(p)
        for one, other in zip(kept.parameters(), best.controller.one(p).parameters(), strict=True):
            assert torch.equal(one, other)


def test_a_watched_descent_leaves_its_programs_and_curves(watched: tuple[gradient.Descent, Path]) -> None:
    descent, folder = watched
    names = {f"step_{c.step:05d}.asm" for c in descent.checkpoints}
    assert {path.name for path in folder.iterdir()} >= {"curves.csv", "curves.png", *names}
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((folder / "curves.csv").read_text().splitlines()))
    assert len(rows) == SEEDS * len(descent.checkpoints)
    for row in rows:
        checkpoint = next(c for c in descent.checkpoints if c.step == int(row["step"]))
        for name in ("right", "iterations", "response", "time", "gradient"):
            assert float(row[name]) == pytest.approx(getattr(checkpoint, name)[int(row["attempt"])], rel=1e-5)
    generic = parse((folder / "step_00000.asm").read_text())
    assert [i.op for i in generic.instructions] == [i.op for i in TASK.published().instructions]
    leaders = {path.read_text().split(" after")[0] for path in folder.glob("*.asm")}
    assert len(leaders) == 1  # all of the attempt that leads at the end


def test_watching_changes_nothing(watched: tuple[gradient.Descent, Path]) -> None:
    descent, _ = watched
    assert torch.equal(descend().last.weight, descent.last.weight)


def test_a_folder_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").touch()
    with pytest.raises(UsageError, match="a new or an empty folder is needed"):
        watch_in(tmp_path, "access")
    with pytest.raises(UsageError, match="a new or an empty folder is needed"):
        watch_in(tmp_path / "mine", "access")


def test_without_matplotlib_it_is_said_before_the_descent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    with pytest.raises(UsageError, match="needs matplotlib"):
        watch_in(tmp_path, "access")


def test_ctrl_c_leaves_what_came_so_far(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")

    def interrupt(done: int, total: int) -> None:
        if done == 7:
            raise KeyboardInterrupt

    draw = lambda rng, n: TASK.sample(rng, n, biased=True)  # noqa: E731
    watch = watch_in(tmp_path, "access")
    gradient.adapt(TASK.published(), draw, TASK.adaptation, 2, 0, interrupt, watch)
    assert {path.name for path in tmp_path.glob("*.asm")} == {"step_00000.asm", "step_00007.asm"}
    assert (tmp_path / "curves.csv").read_text().count("\n7,") == 2
