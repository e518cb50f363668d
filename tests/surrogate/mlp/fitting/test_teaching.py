"""Plain towers that polynomials of the text teach, against the program in the sandbox."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from cprograms.diagnostics import UsageError
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import run
from surrogate.mlp.fitting.finetune import training_rows
from surrogate.mlp.fitting.safeguards import held_out_rows
from surrogate.mlp.fitting.start import COMPILE_METHOD
from surrogate.mlp.fitting.teaching import teach, teach_exactly, teach_rows
from surrogate.mlp.network import Scale, SurrogateNetwork, random_network
from surrogate.numeric.rows import compile_seed, executed_rows

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


def test_the_errors_of_a_lesson_are_those_before_and_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = "struct r { double sine; int step; }; " + (
        "double sin(double); struct r f(double x, double y) { struct r r = { sin(2 * x) + y, x > y }; return r; }"
    )
    program = cprograms.load(source=source)
    made = surrogate.compile(source=source, plain=True)
    assert [lesson.result for lesson in made.taught] == [0]  # no polynomial says more of the step than its tower
    monkeypatch.setattr("surrogate.mlp.pipeline.teach_rows", lambda *_: [])
    emitted = surrogate.compile(source=source, plain=True)
    assert emitted.taught == ()
    x, y = held_out_rows(program, 0)
    _, executed = executed_rows(program, 64, compile_seed(0), COMPILE_METHOD)
    errors = [float(((s.predict(x) - y)[:, 0] ** 2).mean() / executed[:, 0].var()) for s in (emitted, made)]
    assert made.taught[0][1:] == pytest.approx(errors, rel=1e-2)
    # It is said wherever the weights are told of.
    before, after = (f"{v:.4g}" for v in made.taught[0][1:])
    said = "by Gauss–Newton steps; then polynomials of the text taught the towers of sine: nMSE on held-out rows"
    made.save(tmp_path / "made")
    loaded = surrogate.load(tmp_path / "made")
    assert isinstance(loaded, surrogate.Surrogate)
    assert loaded.taught == made.taught
    for text in (str(made.origin), str(loaded.origin), (tmp_path / "made" / "README.md").read_text()):
        assert f"{said} {before} before, {after} after" in text
    described = {"result": "sine", "held_out_before": made.taught[0].before, "held_out_after": made.taught[0].after}
    assert made.config()["taught"] == [described]


def test_a_lesson_without_rows_has_no_errors() -> None:
    made = surrogate.compile(source=SQUARES, plain=True, opt_level=0)
    assert made.config()["taught"] == [{"result": "return"}]
    assert str(made.origin) == "the weights come from its text alone; polynomials of the text taught the tower"
    exactly = surrogate.compile(source=SQUARES, plain=True, opt_level=2, rows=32)
    assert exactly.taught == ((0, None, None),)
    assert "polynomials of the text taught the tower), then fine-tuned on 32" in str(exactly.origin)
    assert "taught" not in surrogate.compile(source=SQUARES).config()


@pytest.mark.parametrize("wrong", [{"result": "other"}, {"result": "return", "held_out_before": -1.0}, {}])
def test_a_lesson_that_no_compile_gives_is_refused(wrong: dict[str, object], tmp_path: Path) -> None:
    surrogate.compile(source=SQUARES, plain=True, opt_level=0).save(tmp_path / "s")
    config = json.loads((tmp_path / "s" / "config.json").read_text())
    (tmp_path / "s" / "config.json").write_text(json.dumps(config | {"taught": [wrong]}))
    with pytest.raises(UsageError):
        surrogate.load(tmp_path / "s")


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
