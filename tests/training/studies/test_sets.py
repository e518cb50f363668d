"""The sets that studies measure on, and the scripts that do, on the corpus that is stored with the product."""

from __future__ import annotations

import json
import runpy
import sys
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.corpus import TINY
from cprograms.diagnostics import UsageError
from tests import ROOT
from training.held_out import held_out_programs, varying
from training.studies.sets import chosen, error_figures, sets


def test_the_sets_are_those_of_a_corpus_and_the_library() -> None:
    found = dict(sets(TINY))
    assert list(found)[-1] == "library"
    tested, validated = found["generated, test"](), found["generated, validation"]()
    assert tested
    assert not {p.source for p in tested} & {p.source for p in validated}


def test_so_many_programs_of_the_sets_that_are_asked_for() -> None:
    every = dict(sets(TINY))
    asked = Namespace(sets=["generated, test"], programs=2)
    ((name, programs),) = chosen(asked, sets(TINY))
    assert name == "generated, test"
    assert [p.source for p in programs] == [p.source for p in every[name]()[:2]]
    few = [(name, lambda: programs) for name in ("first", "second")]
    of_all = list(chosen(Namespace(sets=None, programs=None), few))
    assert of_all == [("first", programs), ("second", programs)]
    with pytest.raises(UsageError, match="no set 'tests'; there are generated, validation; harvested, validation;"):
        list(chosen(Namespace(sets=["library", "tests"], programs=1), sets(TINY)))


def test_results_that_vary_and_have_rows_come_program_by_program() -> None:
    sources = [
        "struct r { double a, b, c; }; struct r f(double x) { struct r r = { x, 2, x * x }; return r; }",
        "double f(double x) { return 4; }",
        "double sqrt(double); double f(double x) { return sqrt(x); }",  # half of its rows are no numbers
    ]
    held = held_out_programs([cprograms.load(source=source) for source in sources], test_rows=200, rows=64)
    assert [[h.result for h in own] for own in varying(held)] == [[0, 2], [0]]
    assert [[h.result for h in own] for own in varying(held, 64)] == [[0, 2]]


def test_errors_in_figures() -> None:
    found = error_figures(np.array([0.0, 1e-4, 1.0, np.nan]), "worse")
    assert found == pytest.approx({"geo": (1e-9 * 1e-4 * 1e6) ** 0.25, "median": 0.50005, "exact": 0.25, "worse": 0.25})


@pytest.mark.parametrize("study", ["series", "scale", "kinds"])
def test_a_study_writes_a_page_and_its_figures(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--data", str(TINY), "--sets", "generated, test", "--programs", "1", "--rows", "50"]
    monkeypatch.setattr(sys, "argv", [f"{study}.py", *options, "--out", str(tmp_path / "found")])
    with pytest.raises(SystemExit) as done:
        runpy.run_path(str(ROOT / "scripts" / "study" / f"{study}.py"), run_name="__main__")
    assert done.value.code == 0, capsys.readouterr().err
    found = json.loads((tmp_path / "found.json").read_text())
    assert (found["rows"], found["seed"]) == (50, 0)
    assert len(found["sets"]) == 1
    assert "## Generated, test" in (tmp_path / "found.md").read_text()
