"""Times themselves are never asserted: machines differ, and are busy."""

from __future__ import annotations

import time

import numpy as np
import pytest

import cprograms
from cprograms.sampling import sample
from surrogate.numeric.check import check
from surrogate.numeric.checking.speed import BATCH, Speed, speed_of
from surrogate.numeric.words import nanoseconds, speed_line


def test_both_are_timed_on_rows_of_the_domain() -> None:
    program = cprograms.load(source="double f(double x, double y) { return x * y; }", ranges={"x": (5, 6)})
    sizes = set()

    def outputs(x: np.ndarray) -> np.ndarray:
        assert ((x[:, 0] >= 5) & (x[:, 0] <= 6)).all()
        sizes.add(len(x))
        return x[:, :1]

    found = speed_of(program, outputs, sample(program, 30, 0))
    assert found is not None
    assert min(found.program, found.alone, found.batched) > 0
    assert {1, found.batch} <= sizes
    assert max(sizes) <= BATCH
    assert Speed.from_dict(found.as_dict()) == found


def test_what_else_a_machine_does_is_not_counted() -> None:
    program = cprograms.load(source="double f(double x) { return x; }")

    def outputs(x: np.ndarray) -> np.ndarray:
        time.sleep(0.02)  # as where others have the processor
        return x

    found = speed_of(program, outputs, sample(program, 30, 0))
    assert found is not None
    assert found.alone < 0.02e9
    assert found.batch == BATCH


def test_a_call_that_is_long_in_itself_is_of_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    program = cprograms.load(source="double f(double x) { return x; }")
    sizes = set()

    def run(program: cprograms.Program, rows: np.ndarray) -> np.ndarray:
        until = time.thread_time() + 0.005
        while time.thread_time() < until:
            sizes.add(len(rows))
        return rows

    monkeypatch.setattr("surrogate.numeric.checking.speed.run", run)
    speed_of(program, lambda x: x, sample(program, 30, 0))
    assert max(sizes) > 100


def test_a_report_is_the_same_at_any_speed() -> None:
    program = cprograms.load(source="double f(double x) { return x; }")
    timed, untimed = (check(program, lambda x: x, 50, timed=timed) for timed in (True, False))
    assert timed == untimed
    assert (timed.speed is None, untimed.speed is None) == (False, True)


@pytest.mark.parametrize(
    ("time", "text"), [(0.5, "0.5 ns"), (12.345, "12.3 ns"), (1500, "1.5 µs"), (2.5e6, "2.5 ms"), (3e9, "3 s")]
)
def test_times_have_the_unit_that_they_need(time: float, text: str) -> None:
    assert nanoseconds(time) == text


def test_which_is_faster_is_said() -> None:
    line = speed_line(Speed(program=2e6, alone=5e4, batched=4e6, batch=10_000))
    assert line == (
        "C program 2 ms in the sandbox; surrogate 50 µs alone (40 × faster), 4 ms in batches of 10,000 (2 × slower)"
    )
    assert "(170,000 × slower)" in speed_line(Speed(10, 1.6666e6, 10, 100))


@pytest.mark.parametrize("wrong", [{"program_ns": 0}, {"alone_ns": -1}, {"batch": 2.5}, {"batched_ns": None}])
def test_no_speed_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Speed.from_dict(Speed(1, 2, 3, 4).as_dict() | wrong)
