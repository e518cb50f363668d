"""Both gradients of the choices of STOP against sums over the steps, in float64, that know nothing of autograd."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation.adapt import adapt
from surrogate.anc.adaptation.loss import execute
from surrogate.anc.adaptation.tasks import TASKS, Published
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Instruction, Op
from surrogate.anc.machine.machine import StopGradient

LINES = 6
NEVER = -1000.0


def stop_or_increment(logits: np.ndarray) -> Controller:
    """A program whose line t stops with probability sigmoid(logits[t]) and counts in r0 otherwise; no tape changes."""
    program = Assembly(LINES + 2, (0,), (Instruction(Op.INC, 0, None, 0),) * (LINES + 2))
    controller = Controller.of([program]).double()
    with torch.no_grad():
        instructions, *_ = controller.split(controller.weight)
        instructions.fill_(NEVER)
        instructions[..., Op.INC] = 0
        instructions[0, :LINES, Op.STOP] = torch.from_numpy(logits)
        controller.start.mul_(10)
    return controller


def by_the_sums(e: np.ndarray, w: Published, error: float) -> dict[StopGradient, np.ndarray]:
    """The loss's derivative by each line's probability e of STOP, where every tape costs `error`: both gradients."""
    s = np.concatenate([[0.0], 1 - np.cumprod(1 - e)])  # s[t]: stopped by step t
    steps = len(e) if s[-1] <= 0.9 else int(np.argmax(s > 0.9))
    g = np.full(steps, -float(w.gamma))  # g[t - 1]: the loss's derivative by s_t, the other s being constants
    g[-1] += w.beta * error  # of the telescoping beta sum (s_t - s_(t-1)) error
    g[-1] -= w.delta * (s[steps] < 0.9)
    found = {"published": np.zeros(len(e)), "exact": np.zeros(len(e))}
    for t in range(1, steps + 1):
        for later in range(t, steps + 1):
            found["published"][t - 1] += (1 - s[t - 1]) * g[later - 1]
            found["exact"][t - 1] += (1 - s[t - 1]) * np.prod(1 - e[t:later]) * g[later - 1]
    return found


@pytest.mark.parametrize("stop_gradient", ["published", "exact"])
@pytest.mark.parametrize("highest", [0.3, 0.95])  # never stops with 0.9; stops on the way
def test_a_choice_of_stop_gets_the_sum_over_later_steps(stop_gradient: StopGradient, highest: float) -> None:
    e = np.random.default_rng(3).uniform(0.05, highest, LINES)
    weights = Published("sgd", 1, 1.0, 5, 0, beta=3, gamma=0.7, delta=11, steps=1, max_steps=LINES)
    weights = dataclasses.replace(weights, stop_gradient=stop_gradient)
    controller = stop_or_increment(np.log(e / (1 - e)))
    tape, target = (machine.to_tape(torch.full((1, 1, LINES + 2), value)).double() for value in (2, 4))
    mask = torch.zeros(1, 1, LINES + 2).double()
    mask[..., :3] = 1
    execution = execute(controller, tape, target, mask, weights, LINES)
    execution.loss.sum().backward()
    expected = by_the_sums(e, weights, error=3 * 2.0)
    instructions, *_ = controller.split(controller.weight.grad)
    found = instructions[0, :LINES, Op.STOP].numpy() / (e * (1 - e))
    np.testing.assert_allclose(found, expected[stop_gradient], rtol=1e-10, atol=1e-12)
    assert not np.allclose(expected["published"], expected["exact"], rtol=0.01)


def derivative(name: str, stop_gradient: StopGradient) -> torch.Tensor:
    """The gradient of a task's loss on a tape by the weights, at its published program."""
    controller, parts, settings = beginning(name)
    settings = dataclasses.replace(settings, stop_gradient=stop_gradient)
    execute(controller, *parts, settings, settings.max_steps).loss.sum().backward()
    return controller.weight.grad


def beginning(name: str) -> tuple[Controller, tuple[torch.Tensor, ...], Published]:
    task = TASKS[name]
    settings = dataclasses.replace(task.adaptation, beta=3, gamma=0.2, sharpness=3)
    controller = Controller.of([task.published()], settings.sharpness, torch.Generator().manual_seed(0)).double()
    samples = task.sample(np.random.default_rng(0), 1, biased=True)
    tape, target = (machine.to_tape(torch.from_numpy(part))[None].double() for part in (samples.tape, samples.target))
    return controller, (tape, target, torch.from_numpy(samples.mask)[None].double()), settings


@pytest.mark.parametrize("name", ["access", "swap", "increment"])
def test_of_a_whole_machine_only_the_way_through_stop_differs(name: str) -> None:
    """The published gradient is that of a loss in which each e_t[STOP] has the formula's sum as its coefficient."""
    controller, (tape, target, mask), w = beginning(name)
    states = [machine.start(controller, tape)]
    stops, errors = [], []
    for _ in range(w.max_steps):
        rows = torch.bmm(states[-1].line, controller.weight)
        stops.append(controller.split(rows)[0].softmax(-1)[0, 0, Op.STOP])
        states.append(machine.step(controller, states[-1]))
        errors.append((((states[-1].tape - target).square().sum(-1)) * mask).sum())
        if not states[-1].running.any():
            break
    s = [state.stopped.item() for state in states]
    error = [e.item() for e in errors]
    g = [-w.gamma + w.beta * (error[t] - (error[t + 1] if t + 1 < len(error) else 0)) for t in range(len(error))]
    g[-1] -= w.delta * (s[-1] < 0.9)
    through_stop = sum((1 - s[t]) * sum(g[t:]) * stop for t, stop in enumerate(stops))
    through_tape = sum(w.beta * (s[t + 1] - s[t]) * e for t, e in enumerate(errors)) + w.alpha * errors[-1]
    (through_stop + through_tape).backward()
    expected, found = controller.weight.grad, derivative(name, "published")
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)
    exact = derivative(name, "exact")
    assert not np.allclose(found, exact, rtol=1e-3)


@pytest.mark.parametrize("name", ["access", "swap"])
def test_the_exact_gradient_is_that_of_finite_differences(name: str) -> None:
    controller, parts, settings = beginning(name)
    found = derivative(name, "exact")[0]
    rng, h = np.random.default_rng(1), 1e-6
    for line, column in zip(rng.integers(0, len(found), 20), rng.integers(0, 11, 20), strict=True):
        values = []
        for sign in (1, -1):
            with torch.no_grad():
                controller.weight[0, line, column] += sign * h
                values.append(execute(controller, *parts, settings, settings.max_steps).loss.item())
                controller.weight[0, line, column] -= sign * h
        assert (values[0] - values[1]) / (2 * h) == pytest.approx(float(found[line, column]), rel=1e-4, abs=1e-6)


def test_the_switch_is_the_published_methods() -> None:
    program, settings = TASKS["access"].published(), dataclasses.replace(TASKS["access"].adaptation, steps=3)
    weights: dict[StopGradient | None, torch.Tensor] = {}

    def keep(gradient: StopGradient | None) -> None:
        options = {"settings": settings, "stop_gradient": gradient, "seeds": 2}
        adapt(program, task="access", method="published", watch=lambda c: weights.update({gradient: c}), **options)

    for gradient in (None, "published", "exact"):
        keep(gradient)
    last = {gradient: checkpoints[-1].controller.weight for gradient, checkpoints in weights.items()}
    assert torch.equal(last[None], last["published"])
    assert not torch.allclose(last[None], last["exact"], rtol=1e-3)
    with pytest.raises(UsageError, match="there are published and exact"):
        adapt(program, task="access", method="published", stop_gradient="true")
    with pytest.raises(UsageError, match="a search has no gradient"):
        adapt(program, task="access", stop_gradient="exact")
