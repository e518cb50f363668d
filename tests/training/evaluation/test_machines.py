"""The table of all machines: it says what the results say, and nothing where there are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.evaluation import machines
from training.evaluation.machines import MACHINES, TASKS, UNKNOWN, measure, page, write

RESULTS = ROOT / "docs" / "results"


@pytest.fixture(autouse=True)
def one_task(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few programs are compiled: the library's tests compile them all."""
    monkeypatch.setattr(machines, "TASKS", ("access", "addition"))


def test_without_results_only_what_is_compiled_is_known(tmp_path: Path):
    rows = measure(tmp_path)
    assert len(rows) == 2 * len(MACHINES)
    assert {(row.task, row.machine) for row in rows if row.exact} == {("access", "compiled"), ("addition", "compiled")}
    assert page(rows, "python x.py").count(UNKNOWN) == 2 * (len(MACHINES) - 1) + 1
    write(tmp_path, "python x.py")
    assert {path.name for path in tmp_path.iterdir()} == {"machines.json", "machines.md", "machines.svg"}
    assert len(json.loads((tmp_path / "machines.json").read_text())["rows"]) == 2 * len(MACHINES)


def test_what_is_read_is_what_the_results_say(tmp_path: Path):
    run = {
        "settings": {"task": "addition", "version": "recursive", "traces": 70},
        "seconds": {"traces": 3.0, "training": 4.0},
        "learned": 1234,
    }
    proofs = [{"holds": True}, {"holds": False}]
    records = [run | {"proof": proof} for proof in proofs] + [run | {"proof": None, "settings": {"version": "loop"}}]
    (tmp_path / "programmer_interpreter.json").write_text(json.dumps({"records": records}))
    nram = {"task": "access", "method": "descent", "controller": "mlp", "size": 6, "seeds": 10}
    nram |= {"exact": 9, "exact_twice": 8}
    nram |= {"tapes": 5000, "processor_seconds": 12.3, "parameters": 99, "least_lines": 7}
    others = [{"controller": "lstm", "exact": 1}, {"size": 5, "exact": 2}, {"method": "search", "exact": 10}]
    (tmp_path / "neural_ram.json").write_text(json.dumps({"tasks": [nram, *(nram | other for other in others)]}))
    by = {(row.task, row.machine): row for row in measure(tmp_path)}
    learned = by["addition", "NPI"]
    assert (learned.exact, learned.seeds, learned.seconds, learned.seen) == (1, 2, 7, "70 traces")
    wired = by["access", "NRAM"]
    assert (wired.exact, wired.seeds, wired.generalises) == (9, 10, "8 of 10 seeds to twice 6 cells")
    assert wired.size == "99 weights, or 7 lines"
    assert (by["access", "NRAM search"].exact, by["access", "NRAM search"].size) == (10, "99 choices, or 7 lines")


def test_the_repositorys_results_are_read():
    by = {(row.task, row.machine): row for row in measure(RESULTS)}
    assert by["addition", "adapted"].exact == 100
    assert by["addition", "sketch"].seeds == 4
    assert len(TASKS) > 10


@pytest.mark.parametrize(
    ("content", "said"), [("{", "damaged"), ('{"records": [{}]}', "do not say"), ("[]", "do not say")]
)
def test_damaged_results_are_told(tmp_path: Path, content: str, said: str):
    (tmp_path / "programmer_interpreter.json").write_text(content)
    with pytest.raises(UsageError, match=said):
        measure(tmp_path)
