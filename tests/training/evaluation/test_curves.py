"""The picture of error against time: a panel a function, small, and the same bytes for the same curves."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")

from cprograms.program import Program
from training.evaluation import curves
from training.evaluation.curves import FUNCTIONS, Point, draw
from training.evaluation.suites import LIBRARY
from training.plots import image
from training.script import run

MADE = {name: {"a": [(0.1, 1e-2), (1.0, 1e-12)], "b": [(0.2, float("inf"))]} for name in FUNCTIONS}


def test_the_functions_are_twelve_of_the_library() -> None:
    assert len(set(FUNCTIONS)) == 12
    assert all((LIBRARY / f"{name}.c").exists() for name in FUNCTIONS)


def test_a_panel_a_function() -> None:
    figure = draw(MADE)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == list(FUNCTIONS)
    assert shown[0].get_lines()[0].get_ydata() == pytest.approx([1e-2, 1e-9])
    assert len(draw({"dew_point": MADE["dew_point"]}).axes) == curves.COLUMNS


def test_the_picture_is_small_and_the_same_again() -> None:
    picture = image(draw(MADE), "svg")
    assert picture == image(draw(MADE), "svg")
    assert len(picture) < 200_000
    assert ElementTree.fromstring(picture).tag.endswith("svg")


def test_the_script_writes_figures_and_picture(
    load_script: Callable[[str], ModuleType], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def curve(program: Program, seed: int) -> list[Point]:
        return [(1.0, len(program.arguments)), (2.0, seed + 0.5)]

    monkeypatch.setattr(curves, "CURVES", {"one": curve})
    script = load_script("evaluate/curves")
    assert run(script.PARSER, script.main, ["bilinear", "sobel", "--seed", "3", "--out", str(tmp_path / "out")]) == 0
    document = json.loads((tmp_path / "out.json").read_text())
    assert document["curves"] == {"bilinear": {"one": [[1, 6], [2, 3.5]]}, "sobel": {"one": [[1, 9], [2, 3.5]]}}
    assert (tmp_path / "out.svg").read_bytes() == image(draw(document["curves"]), "svg")
