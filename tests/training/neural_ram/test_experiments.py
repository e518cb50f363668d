from __future__ import annotations

import json
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from surrogate.nram.learning import Settings
from surrogate.nram.search import SearchSettings
from surrogate.nram.settings import NRAM_TASKS, NramTask
from training.neural_ram import experiments
from training.neural_ram.experiments import measure_all, rows_of
from training.neural_ram.table import summary, table

SEARCH = SearchSettings(size=10, steps=3, rounds=2)
TINY = Settings(size=10, steps=3, rounds=1, restarts=4, kept=2, screen=5, updates=12, check=4)


def test_a_task_is_learned_measured_and_tabulated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "results" / "neural_ram"
    measure_all(out, ["access"], [0], rounds=1)
    (row,) = rows_of(out)
    assert (row["error"], row["error_twice"], row["restarts"]) == (0, 0, 32)
    assert row["program"]["agree"] == row["program"]["tapes"] == 200
    assert row["program"]["gcc"] == (200 if which("gcc") else None)
    assert "| access | descent, MLP | 10 | 1 of 1 | 1 of 1 | 0.0% (0.0%) |" in out.with_suffix(".md").read_text()
    (task,) = json.loads(out.with_suffix(".json").read_text())["tasks"]
    assert (task["exact"], task["exact_twice"], task["decompiled"], task["agree"]) == (1, 1, 1, 1)

    def again(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("what was measured is measured again")

    monkeypatch.setattr(experiments, "learn", again)
    measure_all(out, ["access"], [0], rounds=5)


def test_each_way_has_a_row_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NRAM_TASKS, "access", NramTask(TINY, SEARCH, 0))
    out = tmp_path / "neural_ram"
    measure_all(out, ["access"], [3], None, "search")
    measure_all(out, ["access"], [3], 1, controller="lstm")
    measure_all(out, ["access"], [3], 1, cells=9)
    found = {(t["method"], t["controller"], t["size"]): t for t in summary(rows_of(out))}
    assert set(found) == {("search", "mlp", 10), ("descent", "lstm", 10), ("descent", "mlp", 9)}
    searched = found["search", "mlp", 10]
    assert (searched["exact"], searched["exact_twice"], searched["decompiled"]) == (1, 1, 1)
    assert searched["parameters"] == 2**4 * (19 + 4 + 1)
    text = out.with_suffix(".md").read_text()
    assert all(f"| access | {way} |" in text for way in ("search", "descent, LSTM", "descent, MLP"))


def test_more_rounds_take_the_place_of_fewer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NRAM_TASKS, "copy", NramTask(TINY, SEARCH, 0))
    out = tmp_path / "neural_ram"
    for rounds in (1, 2, 1):
        measure_all(out, ["copy"], [3], rounds)
    (row,) = rows_of(out)
    assert (row["most_rounds"], row["rounds"], row["program"]) == (2, 2, None)


def test_an_interrupted_seed_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(NRAM_TASKS, "copy", NramTask(TINY, SEARCH, 0))
    from surrogate.nram import learning

    update, count = learning._Work.update, 0

    def interrupted(work: learning._Work) -> None:
        nonlocal count
        count += 1
        if count == 7:
            raise KeyboardInterrupt
        update(work)

    with monkeypatch.context() as patched:
        patched.setattr(learning._Work, "update", interrupted)
        with pytest.raises(KeyboardInterrupt):
            measure_all(tmp_path / "half", ["copy"], [3], None)
    assert rows_of(tmp_path / "half") == []
    measure_all(tmp_path / "half", ["copy"], [3], None)
    measure_all(tmp_path / "whole", ["copy"], [3], None)
    half, whole = rows_of(tmp_path / "half")[0], rows_of(tmp_path / "whole")[0]
    assert half | {"processor_seconds": 0} == whole | {"processor_seconds": 0}
    assert not list(tmp_path.glob("*.progress"))


def test_the_table_says_what_disagrees() -> None:
    run = {
        "task": "swap",
        "method": "descent",
        "controller": "mlp",
        "size": 8,
        "least": 6,
        "error": 0.0,
        "error_twice": 0.25,
        "tapes": 10,
        "most_rounds": 2,
        "restarts": 4,
        "processor_seconds": 1.0,
        "parameters": 5,
        "program": {"agree": 199, "tapes": 200, "lines": 12, "gcc": 198},
    }
    (task,) = summary([run])
    assert (task["exact"], task["exact_twice"], task["agree"], task["least_lines"]) == (1, 0, 0, 12)
    assert "| swap | descent, MLP | 6 to 8 |" in table([run])
    assert "| 1 (1 disagree) | 0 of 1 | 12 |" in table([run])
