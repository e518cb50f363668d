"""Candidates on trial: what one of them breaks is lost alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from cprograms.harvest import trial
from cprograms.harvest.trial import tried
from tests.cprograms.harvest.trees import harvested_text

SOURCE = "\n".join(f"double f{k}(double x, double y) {{ return x * y + {k} * x / (2 + y * y); }}" for k in range(1, 8))


def test_a_candidate_that_breaks_the_trial_costs_no_other(tmp_path, monkeypatch):
    found = list(harvested_text(tmp_path, SOURCE).values())
    plain: Counter[str] = Counter()
    expected = {kept.candidate.program.entry: kept.rows.y for kept in tried(found, 64, plain)}
    infer = trial.infer

    def breaks(program):
        if program.entry == "f3":
            raise RecursionError
        return infer(program)

    monkeypatch.setattr(trial, "infer", breaks)
    counts: Counter[str] = Counter()
    kept = {kept.candidate.program.entry: kept.rows.y for kept in tried(found, 64, counts)}
    assert len(expected) == 14
    assert kept.keys() == expected.keys() - {"f3"}
    for name, y in kept.items():
        np.testing.assert_array_equal(y, expected[name])
    assert counts == plain - Counter({"function: run: kept": 1}) + Counter({"function: run: RecursionError": 1})


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interruption_is_no_fault_of_a_candidate(tmp_path, monkeypatch, error):
    def interrupted(_program):
        raise error

    monkeypatch.setattr(trial, "infer", interrupted)
    with pytest.raises(error):
        tried(list(harvested_text(tmp_path, SOURCE).values()), 64, Counter())
