"""The pages of docs/results are what their JSON documents give."""

from __future__ import annotations

import json
from typing import Any

import pytest

pytest.importorskip("matplotlib", reason="the extra [plot] is not installed")

from tests import ROOT
from training.evaluation.protocol_report import markdown

RESULTS = ROOT / "docs" / "results"


def document(name: str) -> dict[str, Any]:
    return json.loads((RESULTS / f"{name}.json").read_text())


def page(name: str) -> str:
    return (RESULTS / f"{name}.md").read_text()


MEASURED = sorted(path.stem for path in RESULTS.glob("*.json") if "suite" in json.loads(path.read_text()))


@pytest.mark.parametrize("name", MEASURED)
def test_the_protocols(name: str):
    d = document(name)
    plots = [f"{name}_{plot}.png" for plot in ("errors", "ratios")] if "errors" in d else []
    assert markdown(d, plots) == page(name)


def test_the_regressors():
    pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")
    from training.evaluation import regressor_report  # which needs the extra

    assert regressor_report.markdown(document("regressors")) == page("regressors")


def test_what_a_start_saves():
    from training.studies import finetuning

    assert finetuning.markdown(document("starts")) == page("starts")


def test_the_pictures():
    pytest.importorskip("skimage", reason="the extra [analysis] is not installed")
    from training.evaluation.picture_report import page_of  # which needs the extra
    from training.evaluation.pictures import APPLICATIONS

    d = document("pictures/pictures")
    assert page_of(d["applications"], APPLICATIONS, d) == page("pictures/pictures")


def test_the_lstm_beside_surrogates():
    from training.learning_to_execute.comparison import markdown

    assert markdown(document("learning_to_execute_functions")) == page("learning_to_execute_functions")
