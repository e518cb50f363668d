from __future__ import annotations

import numpy as np
import pytest
import torch

from surrogate.mlp.fitting.finetune import Descent, _steps, finetune, training_rows
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network
from surrogate.mlp.parts.towers import Towers, damped_step, linearise, mean_squares
from tests.surrogate.mlp.random_towers import random_emitted


def start(arguments: int = 2, results: int = 1, seed: int = 0) -> SurrogateNetwork:
    """A network with random weights of a sensible size."""
    network = emitted_network(*random_emitted(arguments, results, seed, hidden=16), np.array([[-1, 1.0]] * arguments))
    with torch.no_grad():
        for name in ("w2", "w3"):
            getattr(network, name).mul_(0.25)
        network.mean.zero_()
        network.std.fill_(1)
    return network


def rows(count: int, arguments: int = 2, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    x = np.random.default_rng(seed).uniform(-1, 1, (count, arguments))
    return x, np.sin(2 * x[:, :1]) + x[:, 1:2] ** 2


def error(network: SurrogateNetwork, x: np.ndarray, y: np.ndarray) -> float:
    return float(np.mean((network.predict(x) - y) ** 2))


def test_the_linearisation_is_the_jacobian() -> None:
    towers = start(results=2).towers.map(lambda w: w.double().detach())
    x = torch.rand(2, 5, 2, dtype=torch.float64)
    f, inputs, slopes = linearise(towers, x)

    def outputs(*layers: torch.Tensor) -> torch.Tensor:
        return linearise(Towers(*layers), x)[0]

    jacobians = torch.autograd.functional.jacobian(outputs, tuple(towers))  # type: ignore[no-untyped-call]
    for jacobian, a, s in zip(jacobians, inputs, slopes, strict=True):
        for tower in range(2):
            expected = jacobian[tower, :, tower]  # [K, out, in+1]
            torch.testing.assert_close(s[tower][:, :, None] * a[tower][:, None, :], expected)
    torch.testing.assert_close(mean_squares(towers, x, f), torch.zeros(2, dtype=torch.float64))


def test_a_step_is_the_formula_whatever_else_is_in_the_batch() -> None:
    """Two towers whose slopes differ a thousand times; the Jacobian is written out in numpy."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    unit, jitter = torch.tensor([1.0, 1e3], dtype=torch.float64)[:, None, None], 0.3
    inputs, slopes = [draw(2, 5, 3), draw(2, 5, 4)], [draw(2, 5, 4) * unit, draw(2, 5, 1) * unit]
    deviations = [(draw(2, 4).exp(), draw(2, 3).exp()), (draw(2, 1).exp(), draw(2, 4).exp())]
    residual, damping = draw(2, 5), torch.tensor([0.1, 2.0], dtype=torch.float64)
    steps, failed = damped_step(inputs, slopes, deviations, residual, damping, jitter)
    assert not failed.any()
    for b in range(2):
        jacobians = [np.einsum("ko,ki->koi", s[b], a[b]).reshape(5, -1) for s, a in zip(slopes, inputs, strict=True)]
        jacobian = np.concatenate(jacobians, axis=1)
        variance = np.concatenate([np.outer(rows[b], columns[b]).ravel() ** 2 for rows, columns in deviations])
        kernel = jacobian * variance @ jacobian.T
        damped = kernel + (damping[b].item() + jitter * kernel.diagonal().mean()) * np.eye(5)
        expected = variance * (jacobian.T @ np.linalg.solve(damped, residual[b].numpy()))
        np.testing.assert_allclose(np.concatenate([step[b].ravel() for step in steps]), expected, rtol=1e-9)


def test_learns_the_program() -> None:
    network, (x, y) = start(), rows(256)
    fresh = rows(1000, seed=2)
    before = error(network, *fresh)
    finetune(network, x, y)
    assert error(network, *fresh) < 1e-3 * before


@pytest.mark.parametrize("count", [2, 8, 40])
@pytest.mark.parametrize("seed", range(4))
def test_is_never_worse_on_the_held_out_rows(count: int, seed: int) -> None:
    network, (x, y) = start(seed=seed), rows(count, seed=seed)
    held_out = slice(training_rows(count), None)
    before = error(network, x[held_out], y[held_out])
    finetune(network, x, y)
    assert error(network, x[held_out], y[held_out]) <= before * (1 + 1e-5)


def test_starts_from_the_weights_that_held_out_rows_prefer() -> None:
    """Each tower for itself: of two networks, each knows one of two results."""
    (network, other), (x, _) = (start(results=2), start(results=2, seed=1)), rows(64)
    fresh = rows(1000, seed=2)[0]
    y = np.stack([network.predict(x)[:, 0], other.predict(x)[:, 1]], axis=1)
    truth = np.stack([network.predict(fresh)[:, 0], other.predict(fresh)[:, 1]], axis=1)
    finetune(network, x, y, others=[other])
    np.testing.assert_allclose(network.predict(fresh), truth, rtol=1e-4, atol=1e-4)


def test_steps_are_counted_on_the_early_network_and_made_from_the_other() -> None:
    """The early network is right, so that the other, which is not, takes no step."""
    early, network, (x, _) = start(), start(seed=1), rows(64)
    before = network.predict(x)
    finetune(network, x, early.predict(x), early)
    np.testing.assert_array_equal(network.predict(x), before)


def test_an_early_network_is_judged_by_its_own_scale() -> None:
    """It is right in units that are not those of the other network, so that the other takes no step."""
    early, network, (x, _) = start(), start(seed=1), rows(64)
    with torch.no_grad():
        early.mean.fill_(5)
        early.std.fill_(2)
    before = network.predict(x)
    finetune(network, x, early.predict(x), early)
    np.testing.assert_array_equal(network.predict(x), before)


@pytest.mark.parametrize("seed", range(3))
def test_as_many_steps_are_made_as_held_out_rows_prefer(seed: int) -> None:
    """Their errors after each step on the first rows alone, and the number of steps, are taken here."""
    network, (x, y) = start(seed=seed), rows(24, seed=seed)
    y = y + np.random.default_rng(seed).normal(0, 0.3, y.shape)  # of noise, more steps are soon worse
    inputs, targets = torch.from_numpy(x).float()[None], torch.from_numpy(y.T).float()
    before = network.towers.map(torch.detach)

    def error(towers: Towers) -> float:
        made = emitted_network(towers, Scale(np.zeros(1), np.ones(1)), np.array([[-1, 1.0]] * 2))
        return float(np.mean((made.predict(x[18:]) - y[18:]) ** 2))

    with torch.no_grad():
        first = Descent(before, inputs[:, :18], targets[:, :18])
        errors = [error(first.towers)]
        for _ in range(_steps(24, 1)):
            first.step()
            errors.append(error(first.towers))
        best = int(np.argmin(errors))
        assert 0 < best < len(errors) - 1
        whole = Descent(before, inputs, targets)
        for _ in range(best):
            whole.step()
    finetune(network, x, y)
    for found, expected in zip(network.towers, whole.towers, strict=True):
        torch.testing.assert_close(found, expected)


def test_weights_that_are_no_numbers_are_no_start() -> None:
    broken, (x, y) = start(), rows(64)
    with torch.no_grad():
        broken.w1.fill_(torch.nan)
    finetune(broken, x, y, others=[start(seed=1)])
    assert error(broken, x, y) < 1e-2


def test_keeps_a_network_that_is_right() -> None:
    network, (x, _) = start(), rows(64)
    before = {k: v.clone() for k, v in network.state_dict().items()}
    y = network.predict(x)
    finetune(network, x, y)
    assert error(network, x, y) < 1e-10
    for name in ("mid", "reach", "mean", "std"):
        assert torch.equal(before[name], network.state_dict()[name])


def test_no_step_raises_the_error_on_its_rows() -> None:
    x, y = rows(50)
    towers = start().towers.map(torch.detach)
    descent = Descent(towers, torch.from_numpy(x).float()[None], torch.from_numpy(y.T).float())
    errors = [descent.error.item()]
    for _ in range(20):
        with torch.no_grad():
            descent.step()
        errors.append(descent.error.item())
    assert errors == sorted(errors, reverse=True)
    assert errors[-1] < 0.1 * errors[0]


def test_towers_do_not_disturb_one_another() -> None:
    x, y = rows(80)
    both = np.concatenate([y, -3 * y + x[:, :1]], axis=1)
    together = start(results=2)
    alone = SurrogateNetwork(2, 1, 16)
    alone.load_state_dict({k: v if k in ("mid", "reach") else v[:1].clone() for k, v in together.state_dict().items()})
    fresh = rows(500, seed=3)[0]
    finetune(together, x, both)
    # The budget is shared, so that a tower in company takes fewer steps: give the lonely one as few.
    steps = _steps(80, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("surrogate.mlp.fitting.finetune._steps", lambda *_: steps)
        finetune(alone, x, both[:, :1])
    np.testing.assert_allclose(together.predict(fresh)[:, :1], alone.predict(fresh), atol=2e-3)


def test_the_regression_give_the_same_network() -> None:
    networks = [start(), start()]
    for network in networks:
        finetune(network, *rows(64))
    for a, b in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.equal(a, b)


def test_a_constant_stays_exact() -> None:
    network = start()
    with torch.no_grad():
        network.mean.fill_(7)
        network.std.zero_()
    x, _ = rows(20)
    finetune(network, x, np.full((20, 1), 7.0))
    assert (network.predict(x) == 7).all()


def test_more_rows_get_as_many_steps_and_fewer_rows_no_fewer() -> None:
    counts = [_steps(rows, 1) for rows in (1024, 768, 512, 256, 192, 64)]
    assert counts == [100, 100, 100, 100, 177, 200]
    assert [_steps(rows, 4) for rows in (1024, 256)] == [25, 25]


def test_more_rows_make_a_better_network() -> None:
    def fresh_error(count: int) -> float:
        network, x = start(seed=2), rows(count)[0]
        finetune(network, x, np.sin(6 * x[:, :1] * x[:, 1:2]))
        fresh, _ = rows(1000, seed=3)
        return error(network, fresh, np.sin(6 * fresh[:, :1] * fresh[:, 1:2]))

    assert fresh_error(512) < fresh_error(128)
