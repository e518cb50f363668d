"""Fine-tuning: a surrogate goes on from what it is, and nothing is lost or claimed on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from cprograms.diagnostics import UsageError
from cprograms.sampling import sample
from surrogate.mlp.network import resized
from surrogate.mlp.parts.towers import outputs
from tests.surrogate.mlp.fitting.test_finetune import start

BUMPS = """\
#include <math.h>
#pragma surrogate range(x, 0, 3)
#pragma surrogate range(y, -1, 1)
double bumps(double x, double y) { return sin(4 * x) * exp(-y * y) + (y > 0.5 ? x : 0); }
"""
TWO = """\
#pragma surrogate range(x, 0, 1)
typedef struct { double alpha, gamma; } pair;
pair f(double x) { pair r = {1 / (1.05 - x), x * x}; return r; }
"""


@pytest.fixture(scope="module")
def bumps() -> surrogate.Surrogate:
    return surrogate.compile(source=BUMPS, plain=True)


def test_it_gets_better_and_says_so(bumps: surrogate.Surrogate) -> None:
    before = bumps.check(1000).nmse
    tuned = bumps.finetune(steps=2)
    record = tuned.finetunings[-1]
    assert tuned.check(1000).nmse < 1e-3 * before
    assert record.after < record.before == pytest.approx(before, rel=0.3)
    assert record.seconds is None
    assert "20,000 executed rows" in str(record)
    assert bumps.check(1000).nmse == before  # another one was made
    assert tuned.finetune(steps=1).finetunings[0] == record


def test_the_same_steps_give_the_same(bumps: surrogate.Surrogate) -> None:
    x = sample(bumps.program, 100, 0)
    one, two = (bumps.finetune(steps=2, plain=True).predict(x) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_what_is_good_already_is_kept() -> None:
    exact = surrogate.compile(source=BUMPS, opt_level=2)
    again = exact.finetune(steps=1)
    assert again.check(1000).nmse <= 2 * exact.check(1000).nmse


def test_measured_rows_pull_it_away_from_the_program(bumps: surrogate.Surrogate) -> None:
    x = sample(bumps.program, 400, 5)
    y = 2 * bumps.program.run(x) + 1
    tuned = bumps.fit(x, y, steps=2)
    held = sample(bumps.program, 500, 9)
    wanted = 2 * bumps.program.run(held) + 1
    assert np.mean((tuned.predict(held) - wanted) ** 2) / wanted.var() < 0.01
    assert tuned.check(500).nmse > 0.5  # against the program
    assert "400 measured rows" in tuned.finetunings[-1].source


def test_a_mix_lies_between(bumps: surrogate.Surrogate) -> None:
    x = sample(bumps.program, 400, 5)
    shifted = bumps.program.run(x) + 1
    held = sample(bumps.program, 500, 9)
    found = {
        mix: float((bumps.finetune((x, shifted), mix=mix, steps=2).predict(held) - bumps.program.run(held)).mean())
        for mix in (0.25, 0.75)
    }
    assert found[0.25] == pytest.approx(0.25, abs=0.1)
    assert found[0.75] == pytest.approx(0.75, abs=0.1)


def test_one_result_alone_may_change() -> None:
    made = surrogate.compile(source=TWO, plain=True)
    x = sample(made.program, 200, 1)
    tuned = made.finetune(steps=2, result="alpha")
    np.testing.assert_array_equal(tuned.predict(x)[:, 1], made.predict(x)[:, 1])
    assert tuned.check(500).results[0].nmse < 0.1 * made.check(500).results[0].nmse


def test_a_wider_domain_goes_on_from_the_old_one(bumps: surrogate.Surrogate) -> None:
    wider = bumps.finetune(steps=2, ranges={"x": (-1, 4)})
    assert (wider.arguments[0].low, wider.arguments[0].high) == (-1, 4)
    assert wider.check(1000).nmse < 1e-2
    assert wider.finetunings[-1].before > bumps.check(1000).nmse
    assert wider.program.arguments[0].low == -1


def test_another_program_goes_on_from_the_old_surrogate(bumps: surrogate.Surrogate) -> None:
    changed = cprograms.load(source=BUMPS.replace("sin(4 * x)", "sin(4.5 * x)").replace("bumps", "waves"))
    moved = bumps.finetune(steps=2, program=changed)
    assert moved.entry == "waves"
    assert moved.check(1000).nmse < 1e-3
    other = cprograms.load(source=TWO)
    with pytest.raises(UsageError, match="are not those of the surrogate"):
        bumps.finetune(steps=1, program=other)


def test_it_may_become_small(bumps: surrogate.Surrogate) -> None:
    small = bumps.finetune(steps=2, width=8)
    assert small.module.w1.shape == (1, 8, 2)
    assert small.check(1000).nmse < 0.2


def test_exactly_so_many_rows_are_run(bumps: surrogate.Surrogate, monkeypatch: pytest.MonkeyPatch) -> None:
    from surrogate.mlp.fitting import tuning

    asked = []
    original = tuning.executed_rows
    monkeypatch.setattr(tuning, "executed_rows", lambda p, n, *rest: asked.append(n) or original(p, n, *rest))
    tuned = bumps.finetune(steps=1, rows=40)
    assert asked == [40]
    assert "40 executed rows" in tuned.finetunings[-1].source


def test_it_survives_its_artifact(bumps: surrogate.Surrogate, tmp_path: Path) -> None:
    tuned = bumps.finetune(steps=1)
    tuned.save(tmp_path / "t")
    loaded = surrogate.load(tmp_path / "t")
    assert isinstance(loaded, surrogate.Surrogate)
    assert loaded.finetunings == tuned.finetunings
    x = sample(tuned.program, 50, 0)
    np.testing.assert_array_equal(loaded.predict(x), tuned.predict(x))
    assert "fine-tuned on 20,000 executed rows" in (tmp_path / "t" / "README.md").read_text()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mix": 0.5}, "needs --data"),
        ({"rows": 3}, "at least 4"),
        ({"result": "beta"}, "no result 'beta'"),
        ({"result": "return", "ranges": {"x": (0, 1)}}, "keeps the others"),
        ({"width": 0}, "at least 1"),
        ({"steps": 1, "seconds": 1}, "not both"),
    ],
)
def test_what_makes_no_sense_is_refused(bumps: surrogate.Surrogate, options: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        bumps.finetune(**options)  # type: ignore[arg-type]


def test_rows_that_are_no_rows_are_refused(bumps: surrogate.Surrogate) -> None:
    with pytest.raises(ValueError, match="finite"):
        bumps.fit([[0, 0], [1, np.nan], [2, 0], [1, 1]], [1, 2, 3, 4])
    with pytest.raises(ValueError, match="results of shape"):
        bumps.fit([[0, 0], [1, 1]], [[1, 2], [3, 4]])
    with pytest.raises(UsageError, match="2 rows of data are too few"):
        bumps.fit([[0, 0], [1, 1]], [1, 2])


def test_constant_data_give_that_constant(bumps: surrogate.Surrogate) -> None:
    x = sample(bumps.program, 20, 0)
    assert bumps.fit(x, np.full(20, 7.0), steps=1).predict(x).ravel() == pytest.approx(np.full(20, 7.0))


@pytest.mark.parametrize("hidden", [16, 24])
def test_a_wider_tower_computes_the_same(hidden: int) -> None:
    towers = start(results=2).towers.map(torch.Tensor.detach)
    x = torch.rand(2, 30, 2)
    torch.testing.assert_close(outputs(resized(towers, hidden), x), outputs(towers, x))
    assert resized(towers, hidden).w2.shape == (2, hidden, hidden + 1)


def test_a_narrower_tower_keeps_the_units_that_matter() -> None:
    towers = start(results=2).towers.map(torch.Tensor.detach)
    wide = resized(towers, 40)
    x = torch.rand(2, 30, 2)
    torch.testing.assert_close(outputs(resized(wide, 16), x), outputs(towers, x))
