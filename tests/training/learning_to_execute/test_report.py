"""The page of a grid's results, from made-up records."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
import yaml

from cprograms.diagnostics import UsageError
from training.learning_to_execute.grid import RECORDS, Plan, Record, read_records
from training.learning_to_execute.report import accuracy_table, findings, last_round, relative_table, write_report

PLAN = {
    "rounds": 2,
    "settings": {"blocks": 4, "hidden": 16, "batch_size": 8},
    "experiments": {
        "programs": {"length": [1, 2], "nesting": [1], "curriculum": ["baseline", "naive", "combined"]},
        "memorisation": {
            "task": ["memorise plain", "memorise doubled and inverted"],
            "length": [5, 65],
            "curriculum": ["combined"],
        },
    },
}
ACCURACIES = [0.5, 0.4, 0.6, 0.2, 0.25, 0.24, 0.9, 0.8, 0.95, 0.7]
"""Of one round's runs, in order."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(PLAN, sort_keys=False))
    return path


def records_of(plan: Plan, rounds: int) -> list[Record]:
    """Each round adds 0.01 to the accuracies."""
    rest = {"block": 2, "characters": 2_500_000}
    return [
        {"experiment": e.name, **combination, "round": r, "accuracy": a + (r - 1) / 100, **rest}
        for r in range(1, rounds + 1)
        for (e, combination, _), a in zip(plan.runs(), ACCURACIES, strict=True)
    ]


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


def test_the_tables_hold_the_accuracies_and_what_the_findings_come_to(path: Path):
    records = records_of(Plan.read(path, seed=0), rounds=1)
    programs, copies = records[:6], records[6:]
    assert rows(accuracy_table(programs)) == [
        ["length", "nesting", "baseline", "naive", "combined"],
        ["---"] * 5,
        ["1", "1", "50.0%", "40.0%", "**60.0%**"],
        ["2", "1", "20.0%", "**25.0%**", "24.0%"],
    ]
    assert rows(relative_table(programs))[2:] == [["1", "1", "-20.0%", "+20.0%"], ["2", "1", "+25.0%", "+20.0%"]]
    assert [row[1] for row in rows(findings(programs, copies))[2:]] == [
        "in 1 of 2 cells",
        "in 1 of 2 cells",
        "in 1 of 2 cases",
    ]


def test_the_last_complete_round_counts(path: Path):
    plan = Plan.read(path, seed=0)
    records = records_of(plan, rounds=2)
    assert [r["round"] for r in last_round("programs", 6, records)] == [2] * 6
    assert [r["round"] for r in last_round("programs", 6, records[:-5])] == [1] * 6
    with pytest.raises(UsageError, match="no round of 'memorisation' is complete: 3 of 4 runs"):
        last_round("memorisation", 4, records[:9])


def test_the_page_names_its_command_and_its_plots_are_there(path: Path, tmp_path: Path):
    plan = Plan.read(path, seed=3)
    docs = tmp_path / "docs"
    write_report(plan, records_of(plan, rounds=1), docs, "python scripts/x.py", seed=3)
    page = (docs / "learning_to_execute.md").read_text()
    assert "python scripts/x.py\n\nwith seed 3" in page
    assert "16 cells a layer" in page
    figures = json.loads((docs / "results" / "learning_to_execute.json").read_text())
    assert figures["seed"] == 3
    assert [r["accuracy"] for r in figures["records"]] == ACCURACIES
    assert {"torch", "numpy"} <= set(figures["versions"])
    plots = sorted(docs.glob("results/*.svg"))
    assert len(plots) == 3
    for plot in plots:
        assert f"](results/{plot.name})" in page
        assert ElementTree.parse(plot).getroot().tag.endswith("svg")


def test_the_same_records_give_the_same_bytes(path: Path, tmp_path: Path):
    plan = Plan.read(path, seed=0)
    contents = []
    for name in ("a", "b"):
        write_report(plan, records_of(plan, rounds=1), tmp_path / name, "command", seed=0)
        contents.append({p.name: p.read_bytes() for p in (tmp_path / name).rglob("*.*")})
    assert contents[0] == contents[1]


def test_damaged_records_are_named(tmp_path: Path):
    (tmp_path / RECORDS).write_text("[{")
    with pytest.raises(UsageError, match=r"records\.json: damaged"):
        read_records(tmp_path)


def test_a_plan_of_other_experiments_has_no_page(path: Path, tmp_path: Path):
    plan = replace(Plan.read(path, seed=0), experiments=())
    with pytest.raises(UsageError, match="the page is of the experiments programs and memorisation"):
        write_report(plan, [], tmp_path / "docs", "command", seed=0)
    assert not (tmp_path / "docs").exists()
