"""Whole programs with surrogates: the page of results, and the pictures beside each other."""

from __future__ import annotations

import io
import json
from types import SimpleNamespace

import numpy as np
import pytest

from tests import ROOT
from training.evaluation.replace import APPLICATIONS, GAP, PROGRAMS, page, side_by_side

RESULTS = ROOT / "docs" / "results"


def test_the_committed_page_is_what_its_figures_give() -> None:
    document = json.loads((RESULTS / "replace.json").read_text())
    assert page(document["programs"], document) == (RESULTS / "replace.md").read_text()
    assert [row["name"] for row in document["programs"]] == [a.name for a in APPLICATIONS]
    assert all((RESULTS / row["picture"]).exists() for row in document["programs"] if "picture" in row)


def test_every_application_is_a_program_of_the_library() -> None:
    assert {a.name for a in APPLICATIONS} == {path.stem for path in PROGRAMS.glob("*.c")}


def test_two_pictures_and_ten_times_their_difference() -> None:
    image = pytest.importorskip("PIL.Image", reason="the extra [analysis] is not installed")
    one = b"P6 2 1 255\n" + bytes([10, 20, 30, 200, 200, 200])
    other = b"P6 2 1 255\n" + bytes([10, 23, 30, 100, 200, 200])
    found = side_by_side(SimpleNamespace(given={"stdout": one}, gives={"stdout": other}))
    assert found is not None
    pixels = np.asarray(image.open(io.BytesIO(found)))
    assert pixels.shape == (1, 6 + 2 * GAP, 3)
    assert pixels[0, -2:].tolist() == [[0, 30, 0], [255, 0, 0]]
    assert side_by_side(SimpleNamespace(given={"stdout": b"1.5\n"}, gives={"stdout": b"1.6\n"})) is None
