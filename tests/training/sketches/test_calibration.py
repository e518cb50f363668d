"""Fitted constants of physical models: as good as scipy's least squares on the C program, with fewer evaluations."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from training.sketches.calibration import TRUE, measure, measure_all


@pytest.mark.parametrize("name", TRUE)
def test_constants_are_found_as_well_as_by_scipy(name: str) -> None:
    found = measure(name, 300, 0.02, 0)
    assert found.error <= found.scipy_error + 1e-4
    assert found.evaluations < found.scipy_evaluations
    assert found.error < 0.05


def test_the_table(tmp_path: Path) -> None:
    measure_all(tmp_path / "table", 100, 0.02, 1)
    document = json.loads((tmp_path / "table.json").read_text())
    text = (tmp_path / "table.md").read_text()
    assert [m["model"] for m in document["models"]] == list(TRUE)
    assert all(f"`{name}.c`" in text for name in TRUE)
