"""What a figure of the protocol may read: rows, seeds and programs, against the same steps taken one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
import torch

import cprograms
from cprograms.lowering import lower
from surrogate.mlp.parts.towers import Towers, outputs
from training.evaluation import protocol
from training.evaluation.protocol import Bench, fit_job, start_job, tune_job, tuned
from training.evaluation.suites import Suite, make_suite
from training.finetuning import OPTIMISERS, best_checkpoint, fit
from training.held_out import HeldOut, held_out_programs
from training.starts.table import Start, random_start, static_scale
from training.starts.tasks import StartTask

LM = OPTIMISERS["Levenberg–Marquardt"]
SOURCES = (
    "double f(double x) { return x * x; }",
    "double f(double x, double y) { return x * y - 0.3 * y; }",
    "double f(double a, double b, double c) { return a * b * c + a; }",
)


def suite_of(seed: int, sources: Sequence[str] = SOURCES) -> Suite:
    programs = [cprograms.load(source=source) for source in sources]
    made, _, _ = make_suite(held_out_programs(programs, 60, seed, 32), 32, 60)
    return made


@pytest.fixture(scope="module")
def suite() -> Suite:
    return suite_of(0)


class Spied:
    """A random start that depends on the number of rows it is given, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, frozenset[int]]] = []
        """Rows, seed, keys of the tasks."""

    def __call__(self, tasks: Sequence[StartTask], seed: int) -> Towers:
        rows = len(tasks[0].x)
        self.asked.append((rows, seed, frozenset(t.key for t in tasks)))
        return random_start(tasks, rows)

    @property
    def start(self) -> Start:
        return Start("spied", self, static_scale)


def test_a_stop_is_chosen_by_a_start_that_has_not_read_the_held_out_rows(suite: Suite) -> None:
    """The start of 12 of 16 rows stops, that of all 16 goes on from there, in units of the 16 rows' moments."""
    [outcome] = tuned(Spied().start, suite, 16, LM, [1.0], 0)
    arguments = max(t.arguments for t in suite.tasks)
    early, late = (random_start(suite.tasks, rows).of(range(arguments)) for rows in (12, 16))
    rows, ones = suite.rows.first(16).part(slice(None), arguments), torch.ones(len(suite))
    stops = best_checkpoint(LM, early, rows, ones, 0)
    assert outcome.stops.tolist() == stops.tolist()
    fitted = fit(LM, late, rows, ones, 0, stops)
    y, test = rows.y.numpy(), suite.test.y.numpy()
    given = outputs(fitted, suite.test.x[:, :, :arguments]).double().numpy()
    predicted = given * y.std(1, keepdims=True) + y.mean(1, keepdims=True)
    expected = ((predicted - test) ** 2).mean(1) / test.var(1)
    np.testing.assert_allclose(outcome.errors, expected, rtol=1e-4)
    np.testing.assert_allclose(outcome.traces[-1], expected, rtol=1e-4)


@pytest.fixture
def bench() -> tuple[Bench, Spied]:
    """Two seeds of the test suite, whose programs are not those of the validation suite."""
    spied = Spied()
    validation = suite_of(9, ["double g(double x, double z) { return x - z * z; }"])
    return Bench([suite_of(0), suite_of(1)], validation, {"spied": spied.start}, seed=5), spied


def keys(suite: Suite) -> frozenset[int]:
    return frozenset(t.key for t in suite.tasks)


def test_each_seed_has_starts_and_rows_of_its_own(bench: tuple[Bench, Spied]) -> None:
    made, spied = bench
    figures = fit_job(made, "spied", 8, LM.name, 1.0)
    assert [(rows, seed) for rows, seed, _ in spied.asked] == [(6, 5), (8, 5), (6, 6), (8, 6)]
    assert all(of == keys(made.suites[0]) for *_, of in spied.asked)
    assert figures["errors"][0] != figures["errors"][1]
    spied.asked.clear()
    start_job(made, "spied", 4)
    assert [(rows, seed) for rows, seed, _ in spied.asked] == [(4, 5), (4, 6)]


def test_strengths_are_chosen_on_the_validation_programs(bench: tuple[Bench, Spied]) -> None:
    made, spied = bench
    for optimiser in (LM.name, protocol.NO_STEPS):
        tune_job(made, "spied", 8, optimiser)
    assert {of for *_, of in spied.asked} == {keys(made.validation)}


def test_a_start_is_measured_in_units_of_the_rows_that_it_reads(suite: Suite) -> None:
    errors = protocol.start_errors(Spied().start, suite, 8, 0)["rows"]
    y, test = suite.rows.y[:, :8].numpy(), suite.test.y.numpy()
    given = outputs(random_start(suite.tasks, 8), suite.test.x).double().numpy()
    predicted = given * y.std(1, keepdims=True) + y.mean(1, keepdims=True)
    np.testing.assert_allclose(errors, ((predicted - test) ** 2).mean(1) / test.var(1), rtol=1e-4)


def test_a_result_that_does_not_vary_on_the_rows_to_test_on_is_left_out(suite: Suite) -> None:
    program = cprograms.load(source=SOURCES[0])
    x = np.linspace(-1, 1, 40)[:, None]
    flat = np.where(np.arange(40)[:, None] < 20, 1.0, x)
    held = HeldOut(program, 0, lower(program), x, x**2, x, x**2)
    made, kept, left_out = make_suite([held, replace(held, y_test=flat)], 8, 20)
    assert (len(made), kept, left_out) == (1, [held], ["f: return"])


def test_rows_that_trap_are_missing_on_their_own_side() -> None:
    """Half of the inputs divide by zero; the rows are those of the sandbox, none of them on both sides."""
    program = cprograms.load(
        source="#pragma surrogate range(k, 0, 1)\ndouble f(int k, double x) { return x / k + 1 / k; }"
    )
    [held] = held_out_programs([program], 400, 3, 200, "uniform")
    assert 60 < len(held.x) < 140
    assert 140 < len(held.x_test) < 260
    assert not np.isin(held.x[:, 1], held.x_test[:, 1]).any()
    for x, y in ((held.x, held.y), (held.x_test, held.y_test)):
        assert (x[:, 0] == 1).all()
        np.testing.assert_array_equal(y[:, 0], x[:, 1] + 1)
