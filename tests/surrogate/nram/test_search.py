"""Circuits found by search: what is found against fresh tapes, and its machine against the one in plain Python."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine.samples import Samples
from surrogate.nram import search as searching
from surrogate.nram.circuits import Circuits, circuits_of, controller_of, run
from surrogate.nram.learning import hard_accuracy, last_step
from surrogate.nram.modules import MODULES
from surrogate.nram.rendering import live_circuit
from surrogate.nram.search import SearchSettings, search
from surrogate.nram.settings import NRAM_TASKS
from tests.surrogate.nram.conftest import increment

ACCESS = SearchSettings(size=10, steps=3)
TINY = replace(ACCESS, tapes=8, proposals=40, rounds=3)


@pytest.mark.parametrize("name", ["access", "copy"])
def test_a_task_is_learned_in_seconds(name: str) -> None:
    settings = NRAM_TASKS[name].search
    found = search(TASKS[name], settings, 3)
    assert (found.accuracy, found.finishing, found.finished) == (1, 1, True)
    rng = np.random.default_rng(9)
    for times in (1, 2):
        samples = TASKS[name].unbiased(rng, 100, settings.size * times)
        assert hard_accuracy(found.controller, samples, settings.steps * times) == 1


def test_all_tasks_have_tapes_of_all_sizes_that_are_searched_and_tried() -> None:
    for name, task in NRAM_TASKS.items():
        for size in (*range(task.search.shortest, task.search.size + 1), 2 * task.search.size):
            assert TASKS[name].unbiased(np.random.default_rng(0), 20, size).mask.any(1).all()


def random_circuits(registers: int, seed: int) -> Circuits:
    return searching._random(registers, np.random.default_rng(seed))


@pytest.mark.parametrize("registers", [1, 4, 6])
def test_circuits_become_a_controller_and_that_circuits_again(registers: int) -> None:
    circuits = random_circuits(registers, 1)
    again = circuits_of(controller_of(circuits))
    assert np.array_equal(again.sources, circuits.sources)
    assert np.array_equal(again.finish, circuits.finish)


@pytest.mark.parametrize("seed", range(8))
def test_what_circuits_cost_is_what_their_runs_leave_wrong(seed: int) -> None:
    """search.c against the interpreter, for random circuits, tapes of two sizes and random targets."""
    rng = np.random.default_rng(seed)
    circuits, settings = random_circuits(4, seed), SearchSettings(size=12, steps=7)
    parts = []
    for m in (9, 12):
        tape = rng.integers(0, m, size=(40, m))
        left = run(controller_of(circuits), tape, last_step(7, 12, m)).tape
        target = np.where(rng.random(tape.shape) < 0.3, left, rng.integers(0, m, size=tape.shape))
        mask = rng.random(tape.shape) < 0.5
        mask[:, 0] = True
        parts.append(Samples(tape, target, mask))
    annealing = searching._Annealing(settings, rng)
    annealing.set_tapes(parts)
    assert np.array_equal(annealing.anneal(circuits, 0, (1.0, 1.0)).sources, circuits.sources)
    expected, unfinished, reached = [], [], np.zeros(2**4, dtype=bool)
    for part in parts:
        found = run(controller_of(circuits), part.tape, last_step(7, 12, part.tape.shape[1]))
        expected += list(((found.tape != part.target) & part.mask).sum(1) / part.mask.sum(1))
        unfinished += list(~found.finished)
        reached |= found.reached
    error, length = searching._kernel().arrays["costs"]
    assert error == pytest.approx(np.mean(expected))
    met = [live_circuit(circuits, int(state)) for state in np.flatnonzero(reached)]
    modules = [q for circuit in met for q, _ in circuit.modules if MODULES[q].row.operands]
    assert length == pytest.approx(len(met) + len(modules) + 10 * np.mean(unfinished))


def test_right_circuits_become_shorter_and_stay_right() -> None:
    circuits = circuits_of(increment())
    settings, rng = SearchSettings(size=10, least=6, steps=12, registers=2), np.random.default_rng(0)
    annealing = searching._Annealing(settings, rng)
    annealing.set_tapes([TASKS["increment"].unbiased(rng, 40, m) for m in (6, 10)])
    costs = searching._kernel().arrays["costs"]
    annealing.anneal(circuits, 0, (1.0, 1.0))
    before = costs.copy()
    shorter = annealing.anneal(circuits, 100_000, (0.01, 0.0003), 1e-3)
    assert before[0] == costs[0] == 0
    assert costs[1] <= before[1]
    samples = TASKS["increment"].unbiased(rng, 200, 10)
    assert hard_accuracy(controller_of(shorter), samples, 12) == 1


def test_the_same_seed_finds_the_same() -> None:
    one, two, other = (search(TASKS["access"], TINY, seed) for seed in (5, 5, 6))
    assert torch.equal(one.controller.weights, two.controller.weights)
    assert not torch.equal(one.controller.weights, other.controller.weights)
    assert (one.rounds, one.restarts, one.finished) == (3, 3, True)
    assert one.tapes == 3 * 8


def test_an_interrupted_search_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, checkpoint = search(TASKS["access"], TINY, 5), tmp_path / "progress"
    update = searching._Search.update

    def interrupted(work: searching._Search) -> None:
        if work.round == 2:
            raise KeyboardInterrupt
        update(work)

    with monkeypatch.context() as patched:
        patched.setattr(searching._Search, "update", interrupted)
        half = search(TASKS["access"], TINY, 5, checkpoint=checkpoint)
    assert (half.finished, half.rounds, checkpoint.exists()) == (False, 2, True)
    again = search(TASKS["access"], TINY, 5, checkpoint=checkpoint)
    assert torch.equal(again.controller.weights, whole.controller.weights)
    assert (again.rounds, again.tapes, checkpoint.exists()) == (3, whole.tapes, False)


def test_an_interruption_before_the_first_round_leaves_something(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(work: searching._Search) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(searching._Search, "update", interrupted)
    found = search(TASKS["access"], TINY, 5)
    assert (found.finished, found.rounds) == (False, 0)
    assert 0 <= found.accuracy < 1


@pytest.mark.parametrize("content", [b"", b"\xff" * 40, b'\x08\0\0\0\0\0\0\0{"a": 1}'])
def test_a_checkpoint_that_is_damaged_is_not_gone_on_from(content: bytes, tmp_path: Path) -> None:
    checkpoint = tmp_path / "progress"
    checkpoint.write_bytes(content)
    found = search(TASKS["access"], TINY, 5, checkpoint=checkpoint)
    assert torch.equal(found.controller.weights, search(TASKS["access"], TINY, 5).controller.weights)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tapes": 0}, "tapes must be positive"),
        ({"tapes": 513}, "at most 512 tapes"),
        ({"proposals": 0}, "proposals must be positive"),
        ({"rounds": -1}, "rounds must be positive"),
        ({"size": 65}, "at most 64 cells"),
        ({"registers": 9}, "8 registers"),
        ({"least": 11}, "the shortest tapes"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        replace(TINY, **change)


def test_tapes_that_are_too_short_for_the_task_are_refused() -> None:
    with pytest.raises(UsageError, match="'merge' has no tapes of 10 cells"):
        search(TASKS["merge"], TINY)
