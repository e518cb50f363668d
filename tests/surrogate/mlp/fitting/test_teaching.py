"""Plain towers that polynomials of the text teach, against the program in the sandbox."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import run
from surrogate.mlp.fitting.finetune import training_rows
from surrogate.mlp.fitting.teaching import teach, teach_exactly, teach_rows
from surrogate.mlp.network import Scale, SurrogateNetwork, random_network
from surrogate.numeric.rows import executed_rows

SQUARES = """\
#pragma surrogate range(a, -3, 3)
#pragma surrogate range(b, 0, 2)
#pragma surrogate range(c, -1, 1)
double f(double a, double b, double c) { return a * a - 2 * a * b + c * b * b + 1; }
"""
TWO = """\
struct pair { double first, second; };
struct pair f(double x, double y) { struct pair p = {x * y, x > y ? 1 : -1}; return p; }
"""


def standardised(program: Program, seed: int = 0) -> SurrogateNetwork:
    """Random towers in the scale of the program's outputs."""
    _, y = executed_rows(program, 4000, 7)
    return random_network(program.domain, Scale(y.mean(0), y.std(0)), seed)


def nmse(network: SurrogateNetwork, program: Program) -> np.ndarray:
    x = sample(program, 2000, 11)
    y = run(program, x)
    errors: np.ndarray = ((network.predict(x) - y) ** 2).mean(0) / y.var(0)
    return errors


def test_a_tower_learns_its_lesson_and_the_others_stay() -> None:
    program = cprograms.load(source=TWO)
    network = standardised(program)
    before = [w[1].clone() for w in network.towers]
    z = network.inputs(torch.from_numpy(sample(program, 512, 1)))
    teach(network, z, [3 * (z[:, 0] * z[:, 1]).numpy(), None])
    fresh = network.inputs(torch.from_numpy(sample(program, 2000, 11)))
    torch.testing.assert_close(network.outputs(fresh)[:, 0].double(), 3 * fresh[:, 0] * fresh[:, 1], atol=0.02, rtol=0)
    assert all(torch.equal(a, b[1]) for a, b in zip(before, network.towers, strict=True))


def test_a_lesson_that_is_no_number_is_not_taught() -> None:
    network = standardised(cprograms.load(source=SQUARES))
    before = network.towers
    teach(network, torch.zeros(8, 3), [np.array([0.0] * 7 + [np.inf])])
    assert all(torch.equal(a, b) for a, b in zip(before, network.towers, strict=True))


def test_at_o0_a_plain_tower_is_taught_by_the_text_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("the program was run, or its graph evaluated")

    with monkeypatch.context() as patched:
        patched.setattr("cprograms.sandbox.run", forbidden)
        patched.setattr("surrogate.mlp.fitting.scale.evaluate", forbidden)
        made = surrogate.compile(source=SQUARES, opt_level=0, plain=True)
    assert nmse(made.module, cprograms.load(source=SQUARES))[0] < 1e-4
    assert made.module.polynomial is None
    assert made.module.taps is None


def test_after_rows_no_tower_errs_more_on_those_held_out() -> None:
    program = cprograms.load(source=TWO)
    network = standardised(program)
    rows, held_out = executed_rows(program, 64, 1), executed_rows(program, 256, 2)

    def errors() -> np.ndarray:
        found: np.ndarray = ((network.predict(held_out[0]) - held_out[1]) ** 2).mean(0)
        return found

    before = errors()
    teach_rows(network, program, lower(program), rows, held_out)
    assert (errors() <= before).all()
    assert nmse(network, program)[0] < 1e-4


@pytest.mark.parametrize("count", [8, 64])
def test_few_rows_are_enough_where_the_text_says_the_rest(count: int) -> None:
    program = cprograms.load(source=SQUARES)
    x, y = executed_rows(program, count, 3)
    network, early = standardised(program), standardised(program, seed=1)
    teach_exactly(network, early, program, lower(program), x, y)
    assert nmse(network, program)[0] < 1e-4
    assert nmse(early, program)[0] < 1e-4


def test_rows_that_contradict_the_text_teach_nothing() -> None:
    """The polynomial's coefficients may move; where they still err more than the tower does, it stays as it is."""
    program = cprograms.load(source=SQUARES)
    network, early = standardised(program), standardised(program)
    x, _ = executed_rows(program, 16, 3)
    y = network.predict(x)  # what the tower says already
    before = network.towers
    teach_exactly(network, early, program, lower(program), x, y)
    assert training_rows(len(x)) == 12
    assert all(torch.equal(a, b) for a, b in zip(before, network.towers, strict=True))
