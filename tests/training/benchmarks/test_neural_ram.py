from __future__ import annotations

import pytest

from training.benchmarks import neural_ram
from training.benchmarks.neural_ram import report


def test_the_figures_are_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("REPEATS", 1), ("PROPOSALS", 1000), ("EVALUATIONS", 3)):
        monkeypatch.setattr(neural_ram, name, value)
    found = report("access")
    assert all(value > 0 for value in found.values())
    # A batch costs more than one restart, and less than 64 of them.
    assert 1 < found["restarts_in_a_batch_over_alone"] < 64
    assert found["update_ms_of_64_restarts"] > found["update_ms_of_one_restart"]
