"""Taps of examples: their values are the program's, they are stored, and only what reads taps sees them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.corpus.format import Origin, Record, make_record, write_shard
from cprograms.corpus.rows import execute
from cprograms.diagnostics import UsageError
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from surrogate.mlp.parts.taps import KINDS
from tests import ROOT
from training.config import config_of, read_mapping
from training.examples.batches import as_read, make_batch
from training.examples.example import Example, examples_of, with_first_taps
from training.examples.shards import FEATURES, ExampleShard, write_examples
from training.hypernetwork.train import TrainingConfig

BRANCH = """
#pragma surrogate range(x, -4, 4)
#pragma surrogate range(y, -4, 4)
double f(double x, double y) { return x < y ? x * y : 3; }
"""
SMOOTH = "double f(double x) { return 3 * x; }"


@pytest.fixture(scope="module")
def records() -> list[Record]:
    programs = [cprograms.load(source=text) for text in (BRANCH, SMOOTH)]
    return [
        make_record(p, r.x, r.y, r.status, Origin("function", p.entry), graph=r.graph, behaviour=r.behaviour)
        for p, r in zip(programs, execute(programs, range(2)), strict=True)
    ]


@pytest.fixture(scope="module")
def examples(records: list[Record]) -> list[Example]:
    return [e for record in records for e in examples_of(record)]


def test_their_values_are_the_programs_on_the_same_rows(examples: list[Example]) -> None:
    branch, smooth = examples
    x, y = 4 * branch.x.astype(float).T
    assert [KINDS[k] for k in branch.graph.tap_kind] == ["flag", "node"]
    np.testing.assert_array_equal(branch.taps[:, 0], np.where(x < y, 1, -1))
    mid, reach = branch.graph.tap_scale[1]
    np.testing.assert_allclose(branch.taps[:, 1] * reach + mid, x * y, atol=1e-4)
    assert smooth.taps.shape == (len(smooth.y), 0)


def test_they_are_stored(records: list[Record], examples: list[Example], tmp_path: Path) -> None:
    write_shard(tmp_path / "corpus.parquet", records)
    write_examples(tmp_path / "examples.parquet", tmp_path / "corpus.parquet")
    shard = ExampleShard(tmp_path / "examples.parquet")
    for k, example in enumerate(examples):
        np.testing.assert_array_equal(shard[k].taps, example.taps)
        for name, part in vars(example.graph).items():
            np.testing.assert_array_equal(getattr(shard[k].graph, name), part, err_msg=name)


def test_a_shard_older_than_taps_is_named(
    records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_shard(tmp_path / "corpus.parquet", records)
    older = {name: feature for name, feature in FEATURES.items() if name != "added" and not name.startswith("tap")}
    with monkeypatch.context() as patch:
        patch.setattr("training.examples.shards.FEATURES", type(FEATURES)(older))
        write_examples(tmp_path / "examples.parquet", tmp_path / "corpus.parquet")
    with pytest.raises(UsageError, match=r"it lacks added, tap_kind, tap_node, tap_scale, taps"):
        ExampleShard(tmp_path / "examples.parquet")


def test_a_batch_has_them_behind_the_arguments(examples: list[Example]) -> None:
    reads, blind = HypernetworkConfig(taps=True), HypernetworkConfig()
    batch = make_batch(as_read(examples, reads), np.random.default_rng(0), dense=0)
    assert batch.x.shape[2] == 2 + 2
    assert sorted(map(tuple, batch.x[0].tolist())) == sorted(
        map(tuple, np.hstack([examples[0].x, examples[0].taps]).tolist())
    )
    assert not batch.x[1, :, 1:].any()
    assert batch.graphs.taps.shape == (2, 2)
    assert make_batch(as_read(examples, blind), np.random.default_rng(0), dense=0).x.shape[2] == 2
    assert with_first_taps(examples[0], 1).taps.shape[1] == 1


def test_the_training_of_the_packaged_weights_changes_what_reads_taps_alone() -> None:
    path = ROOT / "training" / "configs" / "taps.yaml"
    config = config_of(TrainingConfig, read_mapping(path), str(path))
    assert (config.taps_only, config.start, config.model["taps"]) == (True, "default", True)
