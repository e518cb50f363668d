"""The evaluation of the target graph on a few functions, and the committed page."""

from __future__ import annotations

import json

from tests import ROOT
from training.evaluation import graph

RESULTS = ROOT / "docs" / "results"
NAMES = ["luminance", "greatest_common_divisor", "ackermann"]


def test_what_is_followed_is_exact():
    luminance, divisor, ackermann = graph.exactness(NAMES, 200, 0)
    assert (luminance["constants"], luminance["nmse"]) == (3, 0)
    assert (divisor["loops"], divisor["nmse"]) == (1, 0)
    assert "recursion" in ackermann["why"]
    assert ackermann["nmse"] is None


def test_constants_are_found_again():
    (luminance,) = graph.constants(NAMES, 200, 0)
    assert luminance["before"] is not None
    assert luminance["before"] > 1e-6
    assert luminance["after"] is not None
    assert luminance["after"] < 1e-20


def test_speed_is_a_ratio():
    luminance, divisor = graph.speed(NAMES, 0, rows=500, repeats=1)
    assert min(luminance["to_sandbox"], luminance["to_mlp"], divisor["to_sandbox"]) > 0


def test_the_page_is_what_its_document_gives():
    d = json.loads((RESULTS / "graph.json").read_text())
    assert graph.markdown(d) == (RESULTS / "graph.md").read_text()


def test_the_bars_hold():
    d = json.loads((RESULTS / "graph.json").read_text())
    assert sum(f["nmse"] is not None and f["nmse"] <= graph.EXACT for f in d["exactness"]) >= 122
    found = [f["after"] is not None and f["after"] < graph.FOUND for f in d["constants"]]
    assert sum(found) >= 0.55 * len(found)
