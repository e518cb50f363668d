"""A budget of processor time and memory for one program: what spends it, what does not, and what is said then."""

from __future__ import annotations

import gc
import time

import pytest

import cprograms
from cprograms import ProgramError, UsageError, budget
from cprograms.lowering import lower

LONG = "int f(int x) {\n" + "x = x * 3 + 1;\n" * 20_000 + "return x; }"


def _work(seconds: float) -> None:
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        budget.tick(100)


def test_work_beyond_the_budget_is_told_with_the_file_and_the_way_out():
    with pytest.raises(ProgramError) as error, budget.spending("f.c", 0.2):
        _work(1)
    (found,) = error.value.diagnostics
    assert str(found).splitlines() == [
        "f.c: error: reading this program takes more than 0.2 s of processor time",
        "  hint: make it smaller; --limit SECONDS allows more",
    ]


def test_waiting_and_what_is_not_reading_cost_nothing():
    with budget.shared(0.4):
        for _ in range(3):
            with budget.spending("f.c"):
                time.sleep(0.2)
                _work(0.02)
            end = time.thread_time() + 0.15
            while time.thread_time() < end:
                pass
        with budget.spending("f.c"):
            _work(0.02)


def test_stages_share_a_budget():
    def stages() -> None:
        for _ in range(3):
            with budget.spending("f.c"):
                _work(0.1)

    with pytest.raises(ProgramError), budget.shared(0.4):
        stages()
    with pytest.raises(ProgramError), budget.shared(0.4), budget.spending("f.c"), budget.spending("g.c"):
        _work(0.3)


def test_what_is_not_limited_may_take_its_time():
    assert budget.current() is None
    _work(0.01)


def test_memory_is_limited(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(budget, "_OWN_MEMORY", 2**25)
    kept = []

    def fill() -> None:
        for _ in range(1000):
            kept.append(bytearray(2**20))
            budget.tick(10_000)

    with pytest.raises(ProgramError, match="takes more than 1,024 MB of memory"), budget.spending("f.c"):
        fill()
    assert len(kept) < 100


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_a_limit_is_a_number_of_seconds(seconds: float):
    with pytest.raises(UsageError, match="a limit is a number of seconds above 0"):
        cprograms.load(source="int f(int x) { return x; }", limit=seconds)


def test_a_long_program_is_told_and_a_limit_lets_it_pass():
    with pytest.raises(ProgramError, match=r"<source>: error: reading this program takes more than 0\.5 s"):
        cprograms.load(source=LONG, limit=0.5)


def test_lowering_has_what_reading_left():
    program = cprograms.load(source="int f(int x) {\n" + "if (x > 3) x = x * 3 + 1;\n" * 2000 + "return x; }")
    with pytest.raises(ProgramError, match=r"takes more than 0\.01 s"), budget.shared(0.01):
        lower(program)
    assert lower(program).nodes


def test_the_garbage_collector_is_left_as_it_was():
    assert gc.get_freeze_count() == 0
    with budget.spending("f.c"):
        assert gc.get_freeze_count() > 0
        with budget.spending("f.c"):
            pass
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0
    gc.freeze()  # somebody else's
    with budget.spending("f.c"):
        pass
    frozen = gc.get_freeze_count()
    gc.unfreeze()
    assert frozen > 0
