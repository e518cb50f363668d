"""The start that a plain compile gives: it is that compile's own tower, and of rows it reads no others to choose by."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.fitting.finetune import training_rows
from surrogate.mlp.parts.towers import Towers, outputs
from surrogate.mlp.pipeline import compile_program
from training.evaluation.suites import Suite, make_suite, nmse
from training.held_out import held_out_programs
from training.starts.compiled import Compiled
from training.starts.emitted import row_start, text_start
from training.starts.tasks import StartTask

torch.set_num_threads(1)

SOURCES = (
    "#pragma surrogate range(a, -2, 9)\ndouble product(double a, double b) { return a * b + 1; }",
    "#include <math.h>\ndouble wave(double x, double y) { return sin(2 * x) + 0.3 * y * y; }",
    "typedef struct { double p, q; } pair;\npair both(double a, double b, double c)"
    " { pair r = {a * b + c, b * b}; return r; }",
)


@pytest.fixture(scope="module")
def model(compiler: Path) -> Hypernetwork:
    return load_compiler(compiler).model


@pytest.fixture(scope="module")
def suite() -> Suite:
    programs = [cprograms.load(source=source) for source in SOURCES]
    made, _, _ = make_suite(held_out_programs(programs, 200, 0, 64), 64, 200)
    return made


def given(towers: Towers, tasks: list[StartTask]) -> np.ndarray:
    """Standardised outputs at all rows of the tasks: [B, K]."""
    return outputs(towers, Suite(tasks, [], []).rows.x).double().numpy()


def test_without_rows_it_is_the_tower_and_the_scale_of_a_plain_compile(
    compiler: Path, model: Hypernetwork, suite: Suite
) -> None:
    start = Compiled(model)
    bare = [t.first(0) for t in suite.tasks]
    mean, std = start.scale(bare)
    found = given(start.towers(bare, 0), suite.tasks) * std[:, None] + mean[:, None]
    programs = {p.entry: p for p in (cprograms.load(source=source) for source in SOURCES)}
    for own, task in zip(found, suite.tasks, strict=True):
        program = programs[task.alone.entry]
        surrogate = compile_program(program, opt_level=0, plain=True, compiler=compiler)
        k = [r.name for r in program.results].index(task.result.name)
        expected = surrogate.module.predict(task.x)[:, k]
        # Of a program of several results each tower is taught in fewer steps.
        tolerance = 1e-3 if len(program.results) == 1 else 0.05
        np.testing.assert_allclose(own, expected, atol=tolerance * np.ptp(expected))


def test_what_polynomials_say_is_learned(model: Hypernetwork, suite: Suite) -> None:
    """The untrained model says nothing of use; the polynomials of these programs are exact or nearly so."""
    start = Compiled(model)
    for rows in (0, 16, 64):
        tasks = [t.first(rows) for t in suite.tasks]
        scale = suite.rows.first(rows).moments() if rows else suite.test.moments()
        plain = row_start(model)(tasks, 0) if rows else text_start(model)(tasks, 0)
        taught, before = (nmse(towers, *scale, suite.test) for towers in (start.towers(tasks, 0), plain))
        assert (taught < 0.05).all()
        assert (taught < 0.5 * before).sum() >= 3


def test_with_taps_polynomials_of_them_are_learned(compiler: Path, model: Hypernetwork) -> None:
    """A jump, which no polynomial of the arguments has: the tower reads it as a tap."""
    program = cprograms.load(source="double f(double x, double y) { return x > 0.2 ? x * y + 1 : y; }")
    held = held_out_programs([program], 200, 0, 64)
    [tapped, plain] = [make_suite(held, 64, 200, taps)[0] for taps in (None, "none")]
    for rows in (0, 32):
        errors = []
        for suite in (tapped, plain):
            scale = suite.rows.first(rows).moments() if rows else suite.test.moments()
            errors.append(nmse(Compiled(model).towers([suite.tasks[0].first(rows)], 0), *scale, suite.test).item())
        assert errors[0] < 5e-3 < errors[1]
    bare = tapped.tasks[0].first(0)
    surrogate = compile_program(program, opt_level=0, compiler=compiler)
    mean, std = Compiled(model).scale([bare])
    assert mean[0] == pytest.approx(surrogate.module.mean.item(), rel=1e-6)
    assert std[0] == pytest.approx(surrogate.module.std.item(), rel=1e-6)


def test_the_last_quarter_of_the_rows_says_whether_a_tower_is_taught(model: Hypernetwork, suite: Suite) -> None:
    """Where these rows are what the tower of the others gives, no polynomial errs less."""
    tasks = [t.first(12) for t in suite.tasks]
    seen = training_rows(12)
    of_others = given(row_start(model)([t.first(seen) for t in tasks], 0), tasks)
    agreed = [
        replace(t, y=np.append(t.y[:seen], own[seen:] * t.y[:seen].std() + t.y[:seen].mean()))
        for t, own in zip(tasks, of_others, strict=True)
    ]
    for a, b in zip(Compiled(model).towers(agreed, 0), row_start(model)(agreed, 0), strict=True):
        torch.testing.assert_close(a, b)
    taught, emitted = Compiled(model).towers(tasks, 0), row_start(model)(tasks, 0)
    assert not any(torch.equal(a, b) for a, b in zip(taught.w2, emitted.w2, strict=True))


def test_it_depends_on_no_row_beside_its_own(model: Hypernetwork, suite: Suite) -> None:
    changed = [replace(t, y=np.where(np.arange(64) < 16, t.y, -t.y)) for t in suite.tasks]
    for a, b in zip(
        *(Compiled(model).towers([t.first(16) for t in of], 0) for of in (suite.tasks, changed)), strict=True
    ):
        assert torch.equal(a, b)


def test_a_task_is_taught_once(model: Hypernetwork, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    start, few = Compiled(model), [t.first(8) for t in suite.tasks]
    before = start.towers(few, 0)
    monkeypatch.setattr("training.starts.compiled.emit", lambda _model, requests: [][: len(requests)])
    assert all(map(torch.equal, before, start.towers(few, 1)))
    other = [replace(t, y=t.y + 1) for t in few]
    with pytest.raises(ValueError, match="zip"):
        start.towers(other, 0)
