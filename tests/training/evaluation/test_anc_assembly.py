"""The script that compares compiled programs with the published ones."""

from __future__ import annotations

import json

import pytest

from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.machine.assembly import parse
from training.evaluation import anc_assembly
from training.script import run


def test_the_table_and_the_document_say_the_same(load_script, tmp_path, capsys):
    out = tmp_path / "quality.md"
    options = ["access", "copy", "--samples", "50", "--seed", "3", "--out", str(out), "--json"]
    script = load_script("evaluate/anc_assembly")
    assert run(script.PARSER, script.main, options) == 0
    access, copy = json.loads(capsys.readouterr().out)["programs"]
    assert access["published"] == {"lines": 5, "registers": 3, "unbiased": 5, "biased": 5}
    assert access["compiled"]["lines"] == 5
    assert copy["published"]["biased"] is None
    text = out.read_text()
    assert "--samples 50 --seed 3" in text
    assert "| 10 | 5 → 5 |" in text
    assert f"{copy['published']['unbiased']:.2f} → {copy['compiled']['unbiased']:.2f} | – |" in text


def test_what_needs_more_is_marked_and_what_is_rejected_is_a_dash():
    cost = anc_assembly.Cost(lines=5, registers=3, unbiased=5.0, biased=None)
    worse = anc_assembly.Cost(lines=6, registers=3, unbiased=4.0, biased=None)
    text = anc_assembly.table([anc_assembly.Row("a", 9, cost, worse), anc_assembly.Row("b", 9, cost, None)], 1, 0)
    assert "| 5 → 6 ▲ | 3 → 3 | 5.00 → 4.00 | – |" in text
    assert "| 5 → – | 3 → – | 5.00 → – | – |" in text


def test_a_wrong_program_is_refused():
    wrong = parse("memory 10\nregisters r0=0\n0 r0 = WRITE r0, r0\n1 STOP")
    with pytest.raises(ValueError, match="wrong result"):
        anc_assembly.cost(wrong, TASKS["access"], 50, 0)
