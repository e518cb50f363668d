"""Programs over arrays, structs and state go all the way: a corpus of them is built, encoded and batched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.corpus.build import build
from cprograms.corpus.format import Origin, make_record, write_shard
from cprograms.corpus.rows import execute
from cprograms.corpus.splits import Shares
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from training.examples.batches import as_read, make_batch
from training.examples.shards import ExampleShard, write_examples

PROGRAMS = {
    "dot": "double dot(const double a[20], const double b[20]) "
    "{ double s = 0; for (int i = 0; i < 20; i++) s += a[i] * b[i]; return s; }",
    "turn": "struct v { float x, y; }; void turn(struct v *p, float s, float c) "
    "{ float x = p->x; p->x = x * c - p->y * s; p->y = x * s + p->y * c; }",
    "smooth": "#pragma surrogate state\nstatic double old; "
    "double smooth(double x) { old += 0.25 * (x - old); return old * x; }",
}


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> ExampleShard:
    folder: Path = tmp_path_factory.mktemp("wide")
    programs = [cprograms.load(source=text) for text in PROGRAMS.values()]
    ran = execute(programs, range(3))
    records = [
        make_record(p, r.x, r.y, r.status, Origin("function", p.entry), graph=r.graph, behaviour=r.behaviour)
        for p, r in zip(programs, ran, strict=True)
    ]
    write_shard(folder / "harvested" / "000000.parquet", records)
    build([folder / "harvested"], folder / "corpus", Shares(generated=0, harvested=0))
    write_examples(folder / "examples.parquet", folder / "corpus" / "train-00000.parquet")
    return ExampleShard(folder / "examples.parquet")


def test_each_result_is_an_example(shard: ExampleShard):
    results = {"dot": [40], "turn": [4, 4], "smooth": [2, 2]}
    assert sorted(shard.arguments) == sorted(n for counts in results.values() for n in counts)


def test_a_batch_holds_wide_ones_beside_narrow_ones(shard: ExampleShard):
    examples = [shard[k] for k in range(len(shard))]
    batch = make_batch(as_read(examples, HypernetworkConfig()), np.random.default_rng(0), dense=4)
    assert tuple(batch.x.shape) == (5, 192, 40)
    for k, example in enumerate(examples):
        used = example.x.shape[1]
        assert not batch.x[k, :, used:].any()
        assert sorted(batch.y[k].tolist()) == sorted(example.y.tolist())
    wide = next(e for e in examples if e.x.shape[1] == 40)
    assert np.abs(wide.x).max() <= 1
    # The domain is [-1, 1], so that the scaled inputs are the program's, in the order that the graph reads them.
    x = wide.x[:, np.argsort(wide.graph.arguments)].astype(float)
    expected = (x[:, :20] * x[:, 20:]).sum(axis=1)
    np.testing.assert_allclose(wide.y * wide.std + wide.mean, expected, atol=1e-5)
