from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine.samples import Samples
from surrogate.nram import learning
from surrogate.nram.learning import Settings, learn, losses, size_of
from surrogate.nram.settings import NRAM_TASKS
from tests.surrogate.nram.conftest import access, increment

SMALL = Settings(size=10, steps=3, rounds=1, restarts=4, kept=2, screen=5, updates=12, check=4)


def test_all_ten_tasks_have_tapes_of_the_sizes_that_are_learned_and_tried() -> None:
    assert len(NRAM_TASKS) == 10
    for name, task in NRAM_TASKS.items():
        learning.ensure_sizes(TASKS[name], task.settings.shortest)
        for size in (task.settings.size, 2 * task.settings.size):
            assert TASKS[name].unbiased(np.random.default_rng(0), 20, size).mask.any(1).all()


def test_a_controller_that_does_the_task_has_no_loss() -> None:
    samples = TASKS["access"].unbiased(np.random.default_rng(0), 32, 10)
    assert losses(access(), samples, steps=3).tolist() == pytest.approx([0], abs=1e-5)
    # In one step it only keeps k, so most answers are wrong, and a wrong one costs -log of the least probability.
    wrong = float((samples.tape[:, 0] != samples.target[:, 0]).mean())
    expected = -math.log(learning.LEAST_PROBABILITY) * wrong
    assert losses(access(), samples, steps=1).tolist() == pytest.approx([expected], rel=1e-4)


def test_not_to_finish_has_its_price() -> None:
    samples = TASKS["increment"].unbiased(np.random.default_rng(0), 16, 7)
    length = samples.mask.sum(1) - 1
    halting = torch.tensor([0.25])
    for steps in (3, 9):
        price = losses(increment(), samples, steps, halting=halting) - losses(increment(), samples, steps)
        assert price.item() == pytest.approx(0.25 * float((length + 2 > steps).mean()), abs=1e-5)


def test_each_step_counts_by_the_probability_of_finishing_there() -> None:
    """Against the sum written out, for a controller whose willingness is no certainty."""
    controller = access()
    with torch.no_grad():
        controller.parts()["last_bias"][0, -1] += torch.tensor([49.0])  # of the circuits, one is at -1, one at 99
    samples = TASKS["access"].unbiased(np.random.default_rng(1), 16, 10)
    first = 1 / (1 + math.exp(1))  # the probability of finishing in the first step
    wrong = -math.log(learning.LEAST_PROBABILITY) * float((samples.tape[:, 0] != samples.target[:, 0]).mean())
    assert losses(controller, samples, steps=3).item() == pytest.approx(first * wrong, rel=1e-3)


def test_the_combined_curriculum_grows() -> None:
    settings = Settings(size=12, steps=10, least=4, updates=100)
    rng = np.random.default_rng(0)
    early, late = ([size_of(settings, rng, number) for _ in range(2000)] for number in (0, 99))
    assert set(early) == set(late) == set(range(4, 13))
    assert 0.5 < np.mean(np.array(early) <= 5) < 0.85
    assert np.mean(np.array(late) == 12) > 0.65
    assert size_of(replace(settings, least=None), rng, 0) == 12


def test_restarts_with_the_least_loss_go_on() -> None:
    work = learning._Work(TASKS["access"], SMALL, 1)
    while work.number < SMALL.screen - 1:
        work.update()
    work._descend()
    best = work.controller.weights.detach()[work.loss.argsort()[: SMALL.kept]].clone()
    work._keep(work.loss.argsort()[: SMALL.kept])
    assert torch.equal(work.controller.weights, best)
    assert len(work.drawing["rate"]) == len(work.moments[0]) == SMALL.kept


def test_learning_counts_what_it_saw() -> None:
    found = learn(TASKS["access"], replace(SMALL, rounds=2), 6)
    assert found.accuracy < 1
    assert (found.rounds, found.restarts, found.finished) == (2, 8, True)
    assert found.tapes == 2 * 16 * (4 * 5 + 2 * 7)


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b'\x08\0\0\0\0\0\0\0{"a": 1}'])
def test_a_checkpoint_that_is_damaged_is_not_gone_on_from(content: bytes, tmp_path: Path) -> None:
    whole = learn(TASKS["access"], SMALL, 3)
    checkpoint = tmp_path / "progress"
    checkpoint.write_bytes(content)
    again = learn(TASKS["access"], SMALL, 3, checkpoint=checkpoint)
    assert torch.equal(again.controller.weights, whole.controller.weights)
    assert not checkpoint.exists()


def test_a_checkpoint_of_other_settings_is_not_gone_on_from(tmp_path: Path) -> None:
    work = learning._Work(TASKS["access"], SMALL, 3)
    for _ in range(7):
        work.update()
    checkpoint = tmp_path / "progress"
    checkpoint.write_bytes(work.saved("another run"))
    found = learn(TASKS["access"], SMALL, 3, checkpoint=checkpoint)
    assert found.tapes == 16 * (4 * 5 + 2 * 7)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 0}, "size must be positive"),
        ({"steps": 2.5}, "steps"),
        ({"hidden": 0}, "hidden must be positive"),
        ({"kind": "cnn"}, "a controller is one of"),
        ({"batch": 17}, "in groups of 16"),
        ({"size": 65}, "at most 64 cells"),
        ({"registers": 9}, "8 registers"),
        ({"least": 11}, "the shortest tapes"),
        ({"least": 0}, "the shortest tapes"),
        ({"rate": (0.0, 1.0)}, "rate is a range of positive numbers"),
        ({"noise": (2.0, 1.0)}, "noise is a range of positive numbers"),
        ({"halting": (1.0, math.inf)}, "halting is a range of positive numbers"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(SMALL, **change)


def test_tapes_that_are_too_short_for_the_task_are_refused() -> None:
    with pytest.raises(UsageError, match="'merge' has no tapes of 10 cells"):
        learn(TASKS["merge"], SMALL)


def test_a_mask_that_counts_nothing_never_reaches_the_loss() -> None:
    """Every tape of every task has a cell that counts, so the mean over them is a number."""
    samples = Samples(*(part[:16] for part in vars(TASKS["swap"].unbiased(np.random.default_rng(0), 16, 8)).values()))
    assert bool(losses(access(), samples, steps=2).isfinite().all())
