"""Training views: their rows are the program's, shards read back what was written, and splits do not leak."""

from __future__ import annotations

from pathlib import Path

import datasets
import numpy as np
import pytest

import cprograms
from cprograms.generate import generate
from training.batches import ViewStore, make_batch
from training.views import FEATURES, ROWS, View, ViewShard, split_of, views_of, write_shard


@pytest.fixture(scope="module")
def views() -> list[View]:
    return [view for seed in range(60) for view in views_of(seed)]


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shard") / "000000.parquet"
    write_shard(path, 0, 60)
    return path


def test_rows_are_what_the_sandbox_gives(views: list[View]):
    for view in views[:12]:
        program = generate(view.seed)
        domain = program.domain[view.graph.arguments]
        x = np.tile(program.domain.mean(1), (ROWS, 1))
        x[:, view.graph.arguments] = domain.mean(1) + view.x * (domain[:, 1] - domain[:, 0]) / 2
        for j, argument in enumerate(program.arguments):
            if argument.type.is_integer:
                x[:, j] = np.rint(x[:, j])
        y = cprograms.run(program, x)[:, view.result]
        # Inputs went through float32, so a comparison or a rounding may fall the other way on a few rows.
        close = np.isclose((y - view.mean) / view.std, view.y, rtol=1e-3, atol=1e-3)
        assert close.mean() > 0.95, view.seed


def test_a_shard_reads_back_what_was_written(views: list[View], shard: Path):
    stored = ViewShard(shard)
    assert len(stored) == len(views)
    for i, view in enumerate(views):
        ours, theirs = view.as_record(), stored[i].as_record()
        for name in FEATURES:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_a_shard_is_a_plain_dataset_and_the_same_every_time(shard: Path, tmp_path: Path):
    loaded = datasets.load_dataset("parquet", data_files=str(shard), cache_dir=str(tmp_path), split="train")
    assert loaded.features == FEATURES
    again = tmp_path / "again.parquet"
    write_shard(again, 0, 60)
    assert again.read_bytes() == shard.read_bytes()


def test_views_are_standardised_and_bounded(views: list[View]):
    for view in views:
        assert view.y.shape == (ROWS,)
        assert abs(view.y.mean()) < 1e-3
        assert view.y.std() == pytest.approx(1, abs=1e-3)
        assert np.abs(view.x).max() <= 1 + 1e-6
        assert np.isfinite(view.dense_value).all()


def test_equal_skeletons_share_a_split(views: list[View]):
    """Programs that differ in constants and in the order of arguments have one skeleton, and so one split."""
    first = cprograms.load(source="double f(double a, double b) { return a * 2.5 - b; }")
    second = cprograms.load(source="double g(double p, double q) { double t = q * 7.0; return t - p; }")
    from cprograms.lowering import lower

    assert lower(first).skeleton() == lower(second).skeleton()
    splits = {split_of(v.skeleton) for v in views}
    assert "train" in splits


def test_a_batch_numbers_its_supervised_nodes(views: list[View]):
    picked = views[:5]
    batch = make_batch(picked, np.random.default_rng(0), dense=3)
    flat = np.concatenate([v.graph.op[v.dense_node[:3]] for v in picked])
    np.testing.assert_array_equal(batch.graphs.op[batch.dense_node - 1].numpy(), flat)


def test_an_empty_split_is_named(shard: Path):
    with pytest.raises(ValueError, match=r"split of .* is empty"):
        ViewStore(shard.parent, "no such split")
