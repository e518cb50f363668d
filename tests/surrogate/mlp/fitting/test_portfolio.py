"""-O3: what competes, what gets more of the time, and when it ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator

import numpy as np
import pytest

import surrogate
from cprograms.diagnostics import UsageError
from surrogate.mlp.fitting import portfolio
from surrogate.mlp.fitting.choice import Part, Problem, make_problem
from surrogate.mlp.fitting.portfolio import Budget, budget_of, compete
from surrogate.mlp.network import Scale, random_towers

HARD = """\
#include <math.h>
#pragma surrogate range(x, -2, 2)
#pragma surrogate range(y, -2, 2)
double f(double x, double y) { return sin(3 * x * y) / (1.5 + cos(x)); }
"""


def problem() -> Problem:
    x = np.random.default_rng(0).uniform(-1, 1, (40, 1))
    return make_problem((x, x), (x, x), np.array([[-1.0, 1]]), Scale(np.zeros(1), np.ones(1)), None)


def compete_among(monkeypatch: pytest.MonkeyPatch, falls: dict[str, float], budget: Budget) -> tuple[list[str], Part]:
    """The ways that were given a slice, in order; each way's error falls by its factor."""
    order: list[str] = []

    def way(name: str, fall: float) -> Iterator[Part]:
        error = 1.0
        while True:
            order.append(name)
            error *= fall
            yield Part(error)

    monkeypatch.setattr(portfolio, "_ways", lambda *_: [way(name, fall) for name, fall in falls.items()])
    given = problem()
    start = random_towers(1, 1, np.random.default_rng(0), 4)
    (best,) = compete(given, start, [Part(math.inf)], 0, budget)
    return order, best


def test_each_is_tried_and_what_falls_fastest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    order, best = compete_among(monkeypatch, {"slow": 0.9, "fast": 0.1, "stuck": 1.0}, Budget(slices=8))
    assert sorted(order[:3]) == ["fast", "slow", "stuck"]
    assert order[3:].count("fast") >= 4
    assert len(order) == 8
    assert best.error == pytest.approx(0.1 ** order.count("fast"))


def test_it_ends_at_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    heard = []
    budget = Budget(slices=100, target=1e-3, told=lambda share, error: heard.append((share, error)))
    order, best = compete_among(monkeypatch, {"fast": 0.1}, budget)
    assert best.error <= 1e-3
    assert len(order) == len(heard) == budget.done < 10
    assert [share for share, _ in heard] == pytest.approx([k / 100 for k in range(1, len(heard) + 1)])


def test_ctrl_c_keeps_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(share: float, error: float) -> None:
        if share >= 0.5:
            raise KeyboardInterrupt

    budget = Budget(slices=10, told=interrupt)
    order, best = compete_among(monkeypatch, {"fast": 0.5}, budget)
    assert budget.interrupted
    assert len(order) == 5
    assert best.error == pytest.approx(0.5**5)


def test_seconds_end_it_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    times = itertools.count()
    monkeypatch.setattr(portfolio.time, "monotonic", lambda: float(next(times)))
    order, _ = compete_among(monkeypatch, {"stuck": 1.0}, Budget(seconds=10, target=0, started=0.0))
    assert 1 <= len(order) <= 10


def test_steps_repeat_bit_for_bit_and_more_of_them_are_no_worse() -> None:
    def made(steps: int) -> surrogate.Surrogate:
        return surrogate.compile(source=HARD, opt_level=3, steps=steps, taps="none")

    one, same, more = made(3), made(3), made(9)
    x = np.random.default_rng(0).uniform(-2, 2, (100, 2))
    np.testing.assert_array_equal(one.predict(x), same.predict(x))
    assert more.check(1000).nmse <= 1.2 * one.check(1000).nmse
    assert more.check(1000).nmse < surrogate.compile(source=HARD, opt_level=2, taps="none").check(1000).nmse


@pytest.mark.parametrize(
    ("seconds", "steps", "target", "said"),
    [
        (1, 1, None, "not both"),
        (0, None, None, "seconds must be a positive number"),
        (math.inf, None, None, "seconds must be a positive number"),
        (None, 0, None, "at least 1"),
        (None, None, -1e-3, "target_nmse must be a positive number"),
        ("10", None, None, "seconds must be a positive number"),
    ],
)
def test_budgets_that_make_no_sense_are_refused(seconds: object, steps: object, target: object, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        budget_of(seconds, steps, target, None)  # type: ignore[arg-type]


def test_a_budget_is_of_o3_alone() -> None:
    with pytest.raises(UsageError, match="of -O3"):
        surrogate.compile(source=HARD, opt_level=2, seconds=1)
    with pytest.raises(UsageError, match="rows cost nothing at -O3"):
        surrogate.compile(source=HARD, opt_level=3, rows=64)
