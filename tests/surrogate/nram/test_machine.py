from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from cprograms.diagnostics import UsageError
from surrogate.nram import circuits, machine
from surrogate.nram.controller import Controller, Shape, choose
from surrogate.nram.modules import MODULES, OPERANDS, wires
from tests.surrogate.nram import oracle
from tests.surrogate.nram.conftest import access, increment


def distributions(p: int, r: int, m: int, seed: int, b: int = machine.LANES) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(p, OPERANDS + r, r + len(MODULES), b, generator=generator)
    for w, wire in enumerate(wires(r)):
        logits[:, w, wire.sources(r) :] = -torch.inf
    registers, tape = (3 * torch.randn(p, n, m, b, generator=generator) for n in (r, m))
    return logits.softmax(2), registers.softmax(2), tape.softmax(2)


def test_the_modules_are_the_papers_in_their_order() -> None:
    assert tuple(module.name for module in MODULES) == oracle.ORDER
    assert [module.row.operands for module in MODULES] == [oracle.operands(name) for name in oracle.ORDER]


@pytest.mark.parametrize(("p", "r", "m", "b"), [(1, 1, 2, 16), (2, 3, 5, 32), (1, 2, 12, 16)])
def test_a_step_over_distributions_is_that_of_an_enumeration(p: int, r: int, m: int, b: int) -> None:
    choices, registers, tape = distributions(p, r, m, seed=r, b=b)
    after = machine.step(choices, machine.State(registers, tape))
    expected = oracle.soft_step(choices, registers, tape)
    torch.testing.assert_close(after.registers, expected[0], atol=1e-6, rtol=0)
    torch.testing.assert_close(after.tape, expected[1], atol=1e-6, rtol=0)


def test_the_derivatives_of_a_step_are_those_of_an_enumeration() -> None:
    other = [part.requires_grad_() for part in distributions(2, 4, 6, seed=9)]  # leaves its derivatives behind
    torch.autograd.grad(machine.step(other[0], machine.State(other[1], other[2])).tape.square().sum(), other)
    leaves = [part.requires_grad_() for part in distributions(2, 3, 5, seed=1)]
    weights = [torch.randn(part.shape, generator=torch.Generator().manual_seed(k)) for k, part in enumerate(leaves[1:])]
    found = machine.step(leaves[0], machine.State(leaves[1], leaves[2]))
    got = torch.autograd.grad([found.registers, found.tape], leaves, weights)
    wanted = torch.autograd.grad(oracle.soft_step(*leaves), leaves, weights)
    for a, b in zip(got, wanted, strict=True):
        assert float(b.abs().max()) > 0.1
        torch.testing.assert_close(a, b, atol=1e-5, rtol=1e-5)


def test_what_flows_back_through_a_step_is_clipped() -> None:
    choices, registers, tape = (part.requires_grad_() for part in distributions(1, 2, 4, seed=2))
    found = machine.step(choices, machine.State(registers, tape), clip=0.01)
    _, one, two = torch.autograd.grad(
        found.registers[:, :, 1].sum() + found.tape[:, 1, 1].sum(), (choices, registers, tape)
    )
    assert float(one.abs().max()) == pytest.approx(0.01)
    assert float(two.abs().max()) == pytest.approx(0.01)


def test_the_bonus_is_the_derivative_of_the_entropy() -> None:
    logits = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    bonus = torch.tensor([0.5, 0.0])[:, None, None, None]
    weights = torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1))
    (got,) = torch.autograd.grad((choose(logits, bonus) * weights).sum(), logits)
    chosen = logits.softmax(2)
    entropy = -(chosen * chosen.log()).sum(2, keepdim=True)
    (wanted,) = torch.autograd.grad((chosen * weights).sum() - (bonus * entropy).sum(), logits)
    torch.testing.assert_close(got, wanted)


@settings(max_examples=30)
@given(st.integers(1, 3), st.integers(2, 9), st.integers(0, 2**32 - 1))
def test_a_hard_step_is_that_of_plain_python(r: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    sources = np.array([rng.integers(0, wire.sources(r), 4) for wire in wires(r)]).T
    registers, tape = rng.integers(0, m, (4, r)), rng.integers(0, m, (4, m))
    after = circuits.step(sources, registers, tape)
    for i in range(4):
        expected = oracle.hard_step(sources[i].tolist(), registers[i].tolist(), tape[i].tolist())
        assert (after[0][i].tolist(), after[1][i].tolist()) == expected


@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_a_controller_with_sharp_choices_computes_what_its_circuits_do(kind: str) -> None:
    controller = Controller.random(Shape(kind, 3, 8), torch.full((2,), 3.0), torch.Generator().manual_seed(4))  # type: ignore[arg-type]
    tapes = np.random.default_rng(0).integers(0, 6, (16, 6))
    state, hidden, parts = machine.start(np.stack([tapes] * 2), 3), None, controller.parts()
    with torch.no_grad():
        for steps in range(1, 5):
            logits, _, hidden = controller(parts, state.zero, hidden)
            state = machine.step((1e6 * logits).softmax(2), state)
            left = state.tape.argmax(2).permute(0, 2, 1).numpy()  # [P, B, M]
            each = circuits.run_each(controller, tapes, steps)[0]
            for p in range(2):
                found = circuits.run(controller.one(p), tapes, steps)
                assert np.array_equal(found.tape, each[p])
                going = found.steps == steps
                assert np.array_equal(left[p][going], found.tape[going])


def test_controllers_that_are_written_down_do_their_tasks() -> None:
    found = circuits.run(access(), np.array([[2, 5, 6, 7, 1, 0, 3, 2]]), 10)
    assert found.tape.tolist() == [[7, 5, 6, 7, 1, 0, 3, 2]]
    assert (found.steps.tolist(), found.stopped.tolist()) == ([2], [True])
    found = circuits.run(increment(), np.array([[3, 7, 0, 5, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0]]), 10)
    assert found.tape.tolist() == [[4, 0, 0, 5, 0, 0, 0, 0], [2, 0, 0, 0, 0, 0, 0, 0]]
    assert found.steps.tolist() == [4, 3]


def test_a_run_is_given_up_after_the_steps() -> None:
    for last, most, stopped in ((9, 3, False), (3, None, True), (3, 5, True)):
        found = circuits.run(increment(), np.full((1, 8), 1), last, most)
        assert (found.steps.tolist(), found.stopped.tolist(), found.finished.tolist()) == ([3], [stopped], [False])


@pytest.mark.parametrize(
    ("r", "m", "b", "message"),
    [(9, 4, 16, "9 registers"), (2, 65, 16, "65 cells"), (2, 4, 8, "groups of 16"), (2, 4, 2**17, "fewer tapes")],
)
def test_sizes_that_the_machine_does_not_take_are_refused(r: int, m: int, b: int, message: str) -> None:
    state = machine.State(torch.zeros(1, r, m, b), torch.zeros(1, 1, 1, 1).expand(1, m, m, b))
    choices = torch.zeros(1, 1, 1, 1).expand(1, OPERANDS + r, r + len(MODULES), b)
    with pytest.raises(UsageError, match=message):
        machine.step(choices, state)
