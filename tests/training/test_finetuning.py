"""Batched fine-tuning against torch's own optimiser, and against the fine-tuning of a compile at -O2."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from surrogate.mlp.fitting.finetune import Descent, _steps, finetune
from surrogate.mlp.network import Scale, emitted_network, random_towers
from surrogate.mlp.parts.towers import Towers, join, outputs
from training.evaluation.suites import nmse
from training.finetuning import (
    OPTIMISERS,
    Adam,
    LevenbergMarquardt,
    Minibatches,
    Optimiser,
    TowerRows,
    best_checkpoint,
    fit,
)

ARGUMENTS = 2


def towers(count: int) -> tuple[list[Towers], Towers]:
    made = [random_towers(ARGUMENTS, 1, np.random.default_rng(i)) for i in range(count)]
    return made, join(made)


def rows(count: int, towers: int, seed: int = 0) -> TowerRows:
    x = torch.rand(towers, count, ARGUMENTS, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    scale = torch.arange(1.0, towers + 1)[:, None]
    return TowerRows(x, (torch.sin(scale * x[..., 0]) + x[..., 1] ** 2).double() * 10 - 3)


def sequential(tower: Towers) -> torch.nn.Sequential:
    """The same tower as torch's own layers."""
    n = torch.nn
    hidden = tower.w2.shape[-1]
    made = n.Sequential(n.Linear(ARGUMENTS, hidden), n.SiLU(), n.Linear(hidden, hidden), n.SiLU(), n.Linear(hidden, 1))
    values = [part for w in tower for part in (w[0, :, :-1], w[0, :, -1])]
    for parameter, value in zip(made.parameters(), values, strict=True):
        parameter.data = value.clone()
    return made


@pytest.mark.parametrize("size", [12, 5])  # all 12 rows a step, and fewer
def test_adam_is_torchs_own_a_tower_at_a_time(size: int) -> None:
    made, start = towers(3)
    given, rates = rows(12, 3), [0.001, 0.01, 0.03]
    y = given.standardised()
    adam = Adam(start, given.x, y, torch.tensor(rates), size, seed=4)
    for _ in range(20):
        adam.step()
    for i, tower in enumerate(made):
        network = sequential(tower)
        optimizer = torch.optim.Adam(network.parameters(), lr=rates[i])
        batches = Minibatches(12, size, seed=4)
        for _ in range(20):
            places = batches.draw()
            optimizer.zero_grad()
            torch.nn.functional.mse_loss(network(given.x[i, places])[:, 0], y[i, places]).backward()
            optimizer.step()
        linear = network[2]
        assert isinstance(linear, torch.nn.Linear)
        expected = torch.cat([linear.weight, linear.bias[:, None]], 1).detach()
        torch.testing.assert_close(adam.towers.w2[i], expected, rtol=1e-3, atol=1e-4)


def test_minibatches_draw_every_row_once_an_epoch() -> None:
    batches = Minibatches(12, 4, seed=0)
    epochs = [torch.cat([batches.draw() for _ in range(3)]) for _ in range(2)]
    assert all(sorted(e.tolist()) == list(range(12)) for e in epochs)
    assert epochs[0].tolist() != epochs[1].tolist()


def test_levenberg_marquardt_is_that_of_a_compile() -> None:
    """The same steps, stopped at the same place, as `surrogate.mlp.fitting.finetune` makes on one network."""
    made, start = towers(1)
    given = rows(40, 1)
    optimiser = Optimiser("", LevenbergMarquardt, steps=_steps(40, 1), size=1000, middle=1, factor=10)
    scaled = TowerRows(given.x, given.standardised().double())
    first = scaled.first(30)
    mean, std = first.moments()
    # What is fine-tuned at -O2 keeps the scale of the rows that were seen.
    network = emitted_network(made[0], Scale(mean[0].numpy(), std[0].numpy()), np.array([[-1.0, 1.0]] * ARGUMENTS))
    finetune(network, given.x[0].double().numpy(), scaled.y.T.numpy())
    descent = Descent(start, scaled.x, ((scaled.y - mean) / std).float())
    stop = best_checkpoint(every_step(optimiser), start, scaled, torch.ones(1), 0)
    for _ in range(int(stop)):
        descent.step()
    torch.testing.assert_close(descent.towers.w2[0, :, :-1], network.w2[0].detach(), rtol=1e-3, atol=1e-3)


class every_step(Optimiser):  # noqa: N801
    """An optimiser with a checkpoint at each step."""

    def __init__(self, other: Optimiser):
        super().__init__(**vars(other))

    def checkpoints(self) -> list[int]:
        return list(range(self.steps + 1))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_fine_tuning_learns_and_stops_at_the_start_where_the_start_is_right(name: str) -> None:
    optimiser, strength = OPTIMISERS[name], torch.tensor([OPTIMISERS[name].middle] * 2)
    _, start = towers(2)
    given, test = rows(64, 2), rows(500, 2, seed=1)
    mean, std = given.moments()
    stop = best_checkpoint(optimiser, start, given, strength, 0)
    tuned = fit(optimiser, start, given, strength, 0, stop)
    assert (nmse(tuned, mean, std, test) < 0.05 * nmse(start, mean, std, test)).all()
    # Rows that the tower gives exactly: no step improves on it.
    exact = TowerRows(given.x, torch.zeros(2, 64).double())
    zero = start._replace(w3=torch.zeros_like(start.w3))
    assert best_checkpoint(optimiser, zero, exact, strength, 0).tolist() == [0, 0]


def test_each_tower_stops_at_its_own_step() -> None:
    optimiser = OPTIMISERS["Levenberg–Marquardt"]
    _, start = towers(2)
    given, strength = rows(20, 2), torch.ones(2)
    seen = []
    fit(optimiser, start, given, strength, 0, torch.tensor([3, 7]), lambda step, w: seen.append((step, w[2].clone())))
    assert [step for step, _ in seen] == [0, 1, 2, 3, 4, 5, 6, 7]
    assert torch.equal(seen[3][1][0], seen[7][1][0])
    assert not torch.equal(seen[3][1][1], seen[7][1][1])


def test_checkpoints_are_dense_first_and_end_with_the_budget() -> None:
    for o in OPTIMISERS.values():
        found = o.checkpoints()
        assert found[:6] == [0, 1, 2, 3, 4, 5]
        assert found[-1] == o.steps
        assert found == sorted(set(found))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_as_many_steps_are_made_as_are_asked_for(name: str) -> None:
    """And the start, which others go on from, stays as it is."""
    optimiser = OPTIMISERS[name]
    _, start = towers(2)
    before = start.map(torch.clone)
    given, strength = rows(20, 2), torch.tensor([optimiser.middle] * 2)
    tuned = fit(optimiser, start, given, strength, 0, torch.tensor([0, 3]))
    stepper = optimiser.make(before.map(torch.clone), given.x, given.standardised(), strength, optimiser.size, 0)
    with torch.no_grad():
        for _ in range(3):
            stepper.step()
    for found, first, stepped, kept in zip(tuned, before, stepper.towers, start, strict=True):
        assert torch.equal(kept, first)
        assert torch.equal(found[0], first[0])
        assert torch.equal(found[1], stepped[1])


def test_held_out_rows_shape_neither_the_descent_nor_the_scale() -> None:
    """They are three times as large: errors in the first rows' units, after each step on the first rows alone."""
    optimiser = every_step(OPTIMISERS["Levenberg–Marquardt"])
    _, start = towers(6)
    given = rows(24, 6)
    noise = torch.randn(6, 24, generator=torch.Generator().manual_seed(0)).double()
    y = given.y + 2 * noise
    y[:, 18:] = 3 * y[:, 18:] + 4
    found = best_checkpoint(optimiser, start, TowerRows(given.x, y), torch.ones(6), 0)
    first = y[:, :18].numpy()
    mean, std = first.mean(1, keepdims=True), first.std(1, keepdims=True)
    descent = Descent(start, given.x[:, :18], torch.from_numpy((first - mean) / std).float())
    errors = []
    with torch.no_grad():
        for step in range(optimiser.steps + 1):
            if step:
                descent.step()
            made = outputs(descent.towers, given.x[:, 18:]).double().numpy() * std + mean
            errors.append(((made - y[:, 18:].numpy()) ** 2).mean(1))
    assert found.tolist() == np.argmin(errors, axis=0).tolist()
    assert len(set(found.tolist())) > 2
