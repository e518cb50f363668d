"""The measurement of taps: what is compared, and on which results."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.emission.pretrained import Compiler
from training.evaluation import taps as evaluation
from training.evaluation.taps import (
    CHOICES,
    COMPILED,
    COMPILED_PLAIN,
    GATED,
    LEVELS,
    UNREAD,
    measure,
    measure_all,
)
from training.held_out import HeldOut, held_out_programs

GATE = "#pragma surrogate range(x, -4, 4)\ndouble f(double x, double y) { return x < y ? x * y : 3; }"
SMOOTH = "double f(double x, double y) { return 3 * x - y / 4 + 1; }"


@pytest.fixture(scope="module")
def model() -> Hypernetwork:
    """Its heads say something of taps, the plain ones what they say untrained."""
    torch.manual_seed(0)
    config = HypernetworkConfig(hidden_size=16, layers=1, heads=2, surrogate_width=8, taps=True)
    found = Hypernetwork(config).eval()
    torch.nn.init.normal_(found.taps.column_head.weight, std=0.5)
    return found


@pytest.fixture(scope="module")
def held() -> list[HeldOut]:
    return held_out_programs([cprograms.load(source=text) for text in (GATE, SMOOTH)], test_rows=200, rows=64)


def test_each_result_is_measured_with_each_choice(model: Hypernetwork, held: list[HeldOut]) -> None:
    gate, smooth = measure(model, held)
    assert (gate.gated, smooth.gated) == (True, False)
    for level in LEVELS:
        errors = gate.errors[level]
        assert set(errors) == {*CHOICES, UNREAD, COMPILED_PLAIN, COMPILED}
        assert len({errors[name] for name in ("plain", "gates", "24 taps")}) == 3
        assert errors["4 taps"] == errors["24 taps"]  # there are two
        towers = [error for name, error in smooth.errors[level].items() if name not in (COMPILED, COMPILED_PLAIN)]
        if level != "-O0":  # where the plain one has another scale
            assert towers == pytest.approx([smooth.errors[level]["plain"]] * 6, rel=1e-3)
    # Where nothing is said of taps, the text alone finds no use for them, and rows do.
    given = gate.errors["-O0, scale given"]
    assert given[UNREAD] == pytest.approx(given["plain"])
    assert gate.errors["-O1"][UNREAD] != pytest.approx(gate.errors["-O1"]["plain"])


def test_the_page_has_a_line_a_suite_and_level(
    model: Hypernetwork, held: list[HeldOut], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation, "load_compiler", lambda _: Compiler(model, "0" * 64))
    monkeypatch.setattr(evaluation, "held_of", lambda *_: held)
    page = measure_all(tmp_path / "taps", ["library"], tmp_path, 2, 0, None)
    assert (tmp_path / "taps.md").read_text() == page
    assert page.count("| library | 2 |") == page.count("| library | 1 |") == len(LEVELS) + 1
    report = json.loads((tmp_path / "taps.json").read_text())
    classes = report["suites"]["library"]
    measured = measure(model, held)
    logs = [np.log(max(m.errors["-O1"]["gates"], 1e-9)) for m in measured]
    assert classes["all results"]["-O1"]["gates"] == pytest.approx(np.exp(np.mean(logs)))
    assert classes[GATED]["results"] == 1
