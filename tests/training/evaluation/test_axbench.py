"""The script that measures the AxBench kernels, and the committed page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests import ROOT
from training.evaluation import axbench
from training.script import run

RESULTS = ROOT / "docs" / "results"
NAMES = ["fft", "kmeans"]


@pytest.fixture(scope="module")
def measured(load_script: Any, compiler: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The document and the page that the script writes."""
    out = tmp_path_factory.mktemp("axbench") / "axbench"
    options = ["--rows", "200", "--seeds", "2", "--steps", "1", "--compiler", str(compiler), "--out", str(out)]
    script = load_script("evaluate/axbench")
    assert run(script.PARSER, script.main, [*NAMES, *options]) == 0
    return json.loads(out.with_suffix(".json").read_text()), out.with_suffix(".md").read_text()


def table(page: str) -> dict[str, list[str]]:
    """The rows of the page's first table, by the name in their first cell."""
    rows = page[page.index("| kernel | arguments") :].split("\n\n")[0].splitlines()[2:]
    return {row.split("`")[1] if "`" in row else "": [c.strip() for c in row.strip("|").split("|")][1:] for row in rows}


def test_the_document_has_every_seed_level_and_result(measured: tuple[dict[str, Any], str]) -> None:
    kernels = measured[0]["kernels"]
    assert [(k["name"], k["arguments"], k["results"]) for k in kernels] == [("fft", 1, 2), ("kmeans", 6, 1)]
    for kernel in kernels:
        assert list(kernel["nmse"]) == list(kernel["made"]) == ["-O1", "-O2", "fine-tuned", "-O2, plain"]
        assert {np.shape(errors) for errors in kernel["nmse"].values()} == {(2, kernel["results"])}
        assert axbench.errors(kernel, "-O2")[0] < 0.1
        assert axbench.errors(kernel, "fine-tuned")[1] <= 1.5 * axbench.errors(kernel, "-O2")[1]


def test_the_page_says_what_the_document_says(measured: tuple[dict[str, Any], str]) -> None:
    document, page = measured
    rows = table(page)
    for kernel in document["kernels"]:
        e = np.maximum([kernel["nmse"][level] for level in axbench.LEVELS], 1e-9)  # [levels, seeds, results]
        shown = np.array(rows[kernel["name"]], dtype=float)
        assert shown[:2].tolist() == [kernel["arguments"], kernel["results"]]
        np.testing.assert_allclose(shown[2::2], np.exp(np.log(e).mean((1, 2))), rtol=0.05)
        np.testing.assert_allclose(shown[3::2], np.exp(np.log(e.max(2)).mean(1)), rtol=0.05)
    assert "`void fftSinCos(float x, float *s, float *c)`" in page
    assert "`x` float 0 to 1 → `s`, `c` float" in page


def test_an_infinite_error_is_the_bound() -> None:
    kernel: Any = {"nmse": {"-O1": [[None, 1e-30]]}}
    assert axbench.errors(kernel, "-O1") == pytest.approx((np.sqrt(1e6 * 1e-9), 1e6))


def test_the_committed_page_is_what_its_document_gives() -> None:
    document = json.loads((RESULTS / "axbench.json").read_text())
    assert axbench.markdown(document) == (RESULTS / "axbench.md").read_text()
    assert {k["name"] for k in document["kernels"]} == {path.stem for path in axbench.AXBENCH.glob("*.c")}
