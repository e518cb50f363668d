"""The page on the corpus: its example runs, and it names what there is."""

from __future__ import annotations

import re
from pathlib import Path

import datasets
import pytest

from cprograms.corpus import TINY
from cprograms.corpus.format import FEATURES, read_corpus
from cprograms.corpus.splits import SPLITS
from cprograms.generate.recipe import recipes
from tests import ROOT

PAGE = (ROOT / "docs" / "corpus.md").read_text()


def test_the_example_runs(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path)
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "docs/corpus.md", "exec"), {})
    assert "#pragma surrogate range(" in capsys.readouterr().out


def test_every_field_is_described():
    table = PAGE[PAGE.index("## Format") : PAGE.index("## Rows")]
    assert set(re.findall(r"`(\w+)`", table)) >= set(FEATURES)


def test_the_counts_are_right():
    assert f"{len(recipes(True)) + len(recipes(False))} whole functions" in PAGE
    assert sum(p.stat().st_size for p in TINY.iterdir()) < 2e6
    records = list(read_corpus(sorted(TINY.glob("*.parquet"))))
    assert 200 < len(records) < 300
    assert all(r.origin.kind == "generated" and r.inputs.shape[0] == 256 for r in records)
    assert {p.name.split("-")[0] for p in TINY.glob("*.parquet")} == set(SPLITS)
