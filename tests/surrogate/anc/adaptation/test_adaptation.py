"""The loss against the paper's sums over a recorded run; both methods on small runs of the paper's tasks."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation import both, gradient, hybrid
from surrogate.anc.adaptation.adapt import adapt
from surrogate.anc.adaptation.loss import execute
from surrogate.anc.adaptation.outcome import evaluate
from surrogate.anc.adaptation.prior import Pull
from surrogate.anc.adaptation.tasks import TASKS, Prior, Published
from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly, parse
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import Instruction, Op
from surrogate.anc.machine.interpreter import run_one
from surrogate.anc.machine.samples import Samples


def biased(name: str):
    return lambda rng, n: TASKS[name].sample(rng, n, biased=True)


def quiet(done: int, total: int) -> None:
    pass


def loss_by_the_sums(controller: Controller, tape, target, mask, w: Published, max_steps: int) -> float:
    """The four terms of Bunel et al. 2016, section 3.3, over the states of one program's run on one tape."""
    states = [machine.start(controller, tape[None, None])]
    while len(states) <= max_steps and states[-1].stopped.item() <= 0.9:
        states.append(machine.step(controller, states[-1]))
    stopped = [state.stopped.item() for state in states]
    errors = [((state.tape[0, 0] - target).square() * mask[:, None]).sum().item() for state in states]
    loss = w.alpha * errors[-1] + w.gamma * sum(1 - s for s in stopped)
    loss += w.beta * sum((stopped[t] - stopped[t - 1]) * errors[t] for t in range(1, len(states)))
    return loss + (w.delta * (1 - stopped[-1]) if stopped[-1] < 0.9 else 0)


@pytest.mark.parametrize("sharpness", [1.0, 3.0, 200.0])
@pytest.mark.parametrize("name", ["access", "increment"])
def test_the_loss_is_the_papers(name: str, sharpness: float) -> None:
    task = TASKS[name]
    program, settings = task.published(), dataclasses.replace(task.adaptation, alpha=2, beta=3, gamma=0.5, delta=7)
    controller = Controller.of([program] * 2, sharpness, torch.Generator().manual_seed(0)).double()
    samples = task.sample(np.random.default_rng(0), 6)
    tapes, targets = (machine.to_tape(torch.from_numpy(t)).double() for t in (samples.tape, samples.target))
    mask = torch.from_numpy(samples.mask).double()
    with torch.no_grad():
        parts = [part.unflatten(0, (2, 3)) for part in (tapes, targets, mask)]
        loss = execute(controller, *parts, settings, max_steps=12).loss
        for p in range(2):
            alone = Controller(*(parameter[p : p + 1] for parameter in controller.parameters()))
            rows = range(3 * p, 3 * p + 3)
            expected = sum(loss_by_the_sums(alone, tapes[i], targets[i], mask[i], settings, 12) for i in rows)
            assert loss[p].item() == pytest.approx(expected, rel=1e-9)


def test_evaluation_is_the_interpreters() -> None:
    task = TASKS["swap"]
    program = task.published()
    wrong = dataclasses.replace(program, registers=(0, 2, *program.registers[2:]))
    samples = task.sample(np.random.default_rng(1), 60)
    scores = evaluate(Controller.of([program, wrong]), samples, max_steps=20)
    for p, one in enumerate((program, wrong)):
        runs = run_one(one, samples.tape, 20)
        right = runs.stopped & ~((runs.tape != samples.target) & samples.mask).any(axis=1)
        assert scores.right[p] == pytest.approx(right.mean())
        assert scores.iterations[p] == pytest.approx(runs.steps.mean() + 1)
    assert scores.success(11).tolist() == [True, False]
    assert scores.success(10).tolist() == [False, False]  # no faster than before


def test_descent_lowers_the_loss_on_fresh_tapes() -> None:
    task = TASKS["swap"]
    program, settings = task.published(), dataclasses.replace(task.adaptation, steps=80)
    adapted = gradient.adapt(program, biased("swap"), settings, seeds=2, seed=0, progress=quiet).best
    before = Controller.of([program] * 2, settings.sharpness)
    losses = []
    for controller in (before, adapted):
        samples = task.sample(np.random.default_rng(7), 2 * 8, biased=True)
        parts = [torch.from_numpy(part).reshape(2, 8, -1) for part in (samples.tape, samples.target, samples.mask)]
        tape, target = (machine.to_tape(part) for part in parts[:2])
        with torch.no_grad():
            loss = execute(controller, tape, target, parts[2].float(), settings, settings.max_steps).loss
        losses.append(loss)
    assert (losses[1] < 0.5 * losses[0]).all()


def test_descent_is_the_same_for_the_same_seed() -> None:
    settings = dataclasses.replace(TASKS["access"].adaptation, steps=5)
    runs = [
        gradient.adapt(TASKS["access"].published(), biased("access"), settings, 2, seed, quiet).last
        for seed in (3, 3, 4)
    ]
    weights = [run.weight for run in runs]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


@pytest.mark.parametrize("name", ["access", "addition"])
def test_the_search_reaches_the_papers_ideal_with_exact_programs(name: str) -> None:
    task = TASKS[name]
    controllers = hybrid.adapt(task.published(), biased(name), 65, seeds=1, seed=0, progress=quiet)
    fresh = task.sample(np.random.default_rng(123), 1000, biased=True)
    runs = run_one(arg_max_program(controllers), fresh.tape, 65)
    assert runs.stopped.all()
    assert not ((runs.tape != fresh.target) & fresh.mask).any()
    assert runs.steps.mean() + 1 <= task.figures.ideal


def test_ctrl_c_keeps_what_was_found() -> None:
    task = TASKS["access"]

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    found = hybrid.adapt(task.published(), biased("access"), 10, seeds=100, seed=0, progress=interrupt)
    scores = evaluate(found, task.sample(np.random.default_rng(5), 50, biased=True), 10)
    assert 4 in scores.iterations  # the seed that was done
    assert scores.iterations[-1] == 6  # and one that was not begun: the program itself
    assert scores.right.tolist() == [1] * 100
    settings = dataclasses.replace(task.adaptation, steps=50)
    descended = gradient.adapt(task.published(), biased("access"), settings, 2, 0, interrupt).best
    assert all(torch.isfinite(parameter).all() for parameter in descended.parameters())


def test_the_search_refuses_what_it_cannot_start_from() -> None:
    tape = np.zeros((1, 4), dtype=int)
    impossible = Samples(tape, tape + 1, np.ones((1, 4), dtype=bool))
    stop = Assembly(4, (0,), (Instruction(Op.STOP),))
    with pytest.raises(UsageError, match="wrong on the samples"):
        hybrid.adapt(stop, lambda rng, n: impossible, 10, 1, 0, quiet)
    large = Assembly(300, (0,), (Instruction(Op.STOP),))
    with pytest.raises(UsageError, match="up to 256 cells"):
        hybrid.adapt(large, lambda rng, n: impossible, 10, 1, 0, quiet)


# --- Priors, and from scratch ---


def pulled(kind: str, step: int) -> tuple[Controller, Controller]:
    """A controller with the gradient of a prior of weight 3 and slope 0.5, and the program that it pulls towards."""
    program = TASKS["access"].published()
    controller = Controller.random(2, 10, 3, torch.Generator().manual_seed(1))
    Pull(program, Prior(kind, 3, 0.5)).add(controller, step)
    return controller, Controller.of([program], 1.0)


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
def test_a_prior_is_the_authors(kind: str) -> None:
    """Row by row: of a choice c, w (-1 at c, 1 elsewhere), or w times the softmax's Jacobian times 2 (p - c)."""
    controller, program = pulled(kind, step=4)
    weight = 3 / (1 + 0.5 * 4)
    grads = Controller(*(p.grad for p in controller.parameters()))
    parts = [(*c.split(c.weight), c.registers, c.start) for c in (controller, grads, program)]
    for logits, found, choice in zip(*([part.detach().double().numpy() for part in row] for row in parts), strict=True):
        for p in range(2):
            for at in np.ndindex(choice.shape[1:-1]):
                c, x = choice[0][at], logits[p][at]
                probability = np.exp(x) / np.exp(x).sum()
                jacobian = np.diag(probability) - np.outer(probability, probability)
                expected = (1 - 2 * c) if kind == "logits" else jacobian @ (2 * (probability - c))
                expected = weight * expected if c.any() else np.zeros_like(x)
                np.testing.assert_allclose(found[p][at], expected, rtol=1e-5, atol=1e-6)


def test_a_strong_prior_keeps_the_program() -> None:
    task = TASKS["swap"]
    for kind in ("logits", "probabilities"):
        settings = dataclasses.replace(task.adaptation, steps=100, prior=Prior(kind, 1000))
        last = gradient.adapt(task.published(), biased("swap"), settings, 2, 0, quiet).last
        assert (
            arg_max_program(last.one(1)).instructions == arg_max_program(Controller.of([task.published()])).instructions
        )


def test_from_scratch_nothing_is_known() -> None:
    task = TASKS["access"]
    settings = dataclasses.replace(task.adaptation, steps=2, from_scratch=True)
    descent = gradient.adapt(task.published(), biased("access"), settings, 2, 0, quiet)
    weight = descent.checkpoints[0].controller.weight.detach()
    assert weight.abs().max() <= 10**-0.5
    assert not torch.equal(weight[0], weight[1])
    assert weight.std() == pytest.approx(10**-0.5 / 3**0.5, rel=0.1)


# --- The search from what a descent finds ---

FAST = """memory 10
registers r0=0 r1=4 r2=?
 0 r1 = READ r1
 1 r2 = WRITE r0, r1
 2 r2 = STOP
"""
WRONG = FAST.replace("r1=4", "r1=5")


def test_the_search_starts_from_proposals_that_are_right_and_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hybrid, "ROUNDS", 0)
    task = TASKS["access"]
    program, fast, wrong = task.published(), parse(FAST), parse(WRONG)
    starts = [fast, wrong, None, program]
    found = hybrid.adapt(program, biased("access"), 10, 4, 0, quiet, starts)
    generic = arg_max_program(Controller.of([program]))
    assert [arg_max_program(found.one(p)) for p in range(4)] == [arg_max_program(Controller.of([fast]))] + 3 * [generic]


def test_of_both_the_faster_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two descents, to a faster program with soft rows and to a wrong one; the search finds nothing."""
    task = TASKS["access"]
    program, settings = task.published(), task.adaptation
    soft = Controller.of([parse(text) for text in (FAST, WRONG)], sharpness=6)
    scores = np.ones(2)
    checkpoint = gradient.Checkpoint(settings.steps, soft, scores, scores, scores, scores, scores)
    monkeypatch.setattr(gradient, "adapt", lambda *given: gradient.Descent([checkpoint]))
    monkeypatch.setattr(hybrid, "adapt", lambda *given: Controller.of([program] * 2))
    found = both.adapt(program, biased("access"), settings, 2, 0, quiet)
    assert torch.equal(found.weight[0], soft.weight[0])
    assert torch.equal(found.weight[1], Controller.of([program]).weight[0])
    assert torch.equal(found.registers[0], soft.registers[0])
    assert torch.equal(found.start[1], Controller.of([program]).start[0])


def test_both_methods_run_together() -> None:
    settings = dataclasses.replace(TASKS["access"].adaptation, steps=2)
    program = TASKS["access"].published()
    found = adapt(program, task="access", method="both", settings=settings, stop_gradient="exact", seeds=2)
    alone = adapt(program, task="access", method="hybrid", seeds=2)
    assert found.finished
    assert found.attempts == alone.attempts
