"""Reports of harvests beside each other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cprograms.diagnostics import UsageError
from cprograms.harvest.comparison import Saved, page


def saved(
    folder: Path, name: str, counts: dict[str, int], programs: dict[str, dict[str, int]], files: int = 3
) -> Saved:
    (folder / name).mkdir()
    report = {
        "packages": ["p", "q"],
        "counts": {"files: found": files, **counts},
        "programs": programs,
        "seconds": {"read (files/s)": 1.4, "run (candidates/s)": 2.0},
    }
    (folder / name / "funnel.json").write_text(json.dumps(report))
    return Saved.of(name, folder / name)


def row(text: str, label: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {label} |"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_stages_forms_reasons_and_packages(tmp_path):
    rare = {f"function: not numeric: rare {k:02}": 1 for k in range(20)}
    before = saved(tmp_path, "before", {"functions: found": 1234, "function: not numeric: pointers": 700, **rare}, {})
    counts = {"functions: found": 1234, "function: distinct": 30, "function: run: kept": 40}
    forms = {"arrays: numeric": 9, "arrays: settings": 4, "arrays: distinct": 7, "state: distinct": 2}
    left = {"function: run: endless, or too deep": 5, "function: not linked: a helper is missing": 50}
    after = saved(tmp_path, "after", counts | forms | left, {"q": {"function": 30, "block": 9}})
    text = page([before, after], "python x.py")
    assert "$ python x.py" in text
    assert "Trees: p, q; 3 " in text
    assert row(text, "functions found") == ["1,234", "1,234"]
    assert row(text, "CPU seconds") == ["3", "3"]
    assert [r for r in text.splitlines() if r.startswith("| distinct |")] == [
        "| distinct | 0 | 30 |",
        "| distinct | 0 | 0 | 7 | 0 | 2 |",
    ]
    assert row(text, "not numeric: pointers") == ["700", "0"]
    assert row(text, "not linked: a helper is missing") == ["0", "50"]
    assert row(text, "run: endless, or too deep") == ["0", "5"]
    assert row(text, "6 further reasons") == ["6", "0"]
    assert (row(text, "p"), row(text, "q")) == (["0", "0"], ["0", "30"])
    assert "run: kept" not in text


def test_what_does_not_compare_is_told(tmp_path):
    one, other = saved(tmp_path, "one", {}, {}), saved(tmp_path, "other", {}, {}, files=4)
    with pytest.raises(UsageError, match="different trees"):
        page([one, other], "")
    with pytest.raises(UsageError, match="no report of a harvest"):
        Saved.of("none", tmp_path)
