"""The script that compares compiled programs with the published ones."""

from __future__ import annotations

import importlib.util
import json
import sys
from types import ModuleType

import pytest

from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine.assembly import parse
from tests import ROOT


@pytest.fixture(scope="module")
def script() -> ModuleType:
    path = ROOT / "scripts" / "evaluate" / "anc_assembly.py"
    spec = importlib.util.spec_from_file_location("compare_anc_assembly", path)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["compare_anc_assembly"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_and_the_document_say_the_same(script, tmp_path, monkeypatch, capsys):
    out = tmp_path / "quality.md"
    options = ["access", "copy", "--samples", "50", "--seed", "3", "--out", str(out), "--json"]
    monkeypatch.setattr(sys, "argv", ["compare_anc_assembly.py", *options])
    script.main()
    access, copy = json.loads(capsys.readouterr().out)["programs"]
    assert access["published"] == {"lines": 5, "registers": 3, "unbiased": 5, "biased": 5}
    assert access["compiled"]["lines"] == 5
    assert copy["published"]["biased"] is None
    text = out.read_text()
    assert "--samples 50 --seed 3" in text
    assert "| 10 | 5 → 5 |" in text
    assert f"{copy['published']['unbiased']:.2f} → {copy['compiled']['unbiased']:.2f} | – |" in text


def test_what_needs_more_is_marked_and_what_is_rejected_is_a_dash(script):
    cost = script.Cost(lines=5, registers=3, unbiased=5.0, biased=None)
    worse = script.Cost(lines=6, registers=3, unbiased=4.0, biased=None)
    text = script.table([script.Row("a", 9, cost, worse), script.Row("b", 9, cost, None)], 1, 0)
    assert "| 5 → 6 ▲ | 3 → 3 | 5.00 → 4.00 | – |" in text
    assert "| 5 → – | 3 → – | 5.00 → – | – |" in text


def test_a_wrong_program_is_refused(script):
    wrong = parse("memory 10\nregisters r0=0\n0 r0 = WRITE r0, r0\n1 STOP")
    with pytest.raises(ValueError, match="wrong result"):
        script.cost(wrong, TASKS["access"], 50, 0)
