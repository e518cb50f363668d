"""Training examples: their rows are the program's, shards read back what was written, and splits do not leak."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import datasets
import numpy as np
import pytest

import cprograms
from cprograms.corpus import TINY
from cprograms.corpus.format import Record, read_shard
from cprograms.diagnostics import UsageError
from cprograms.lowering import lower
from cprograms.ops import INDEX
from cprograms.sampling import sample
from cprograms.sandbox import Status
from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.network import Scale
from surrogate.mlp.parts.towers import Towers
from training.examples.batches import make_batch
from training.examples.example import EXAMPLE_ROWS, Example, examples_of, hide_text
from training.examples.shards import FEATURES, ExampleShard, ExampleStore, record_of, write_examples
from training.examples.zero_shot import zero_shot_errors
from training.held_out import evenly_spaced_records, held_out_programs, learnable

SHARD = TINY / "validation-00000.parquet"


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    return {record.id: record for record in read_shard(SHARD)}


@pytest.fixture(scope="module")
def examples(records: dict[str, Record]) -> list[Example]:
    return [example for record in records.values() for example in examples_of(record)]


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shard") / SHARD.name
    write_examples(path, SHARD)
    return path


def test_rows_are_what_the_sandbox_gives(examples: list[Example], records: dict[str, Record]):
    shares = []
    for example in examples[:12]:
        program = cprograms.load(source=records[example.program].source)
        domain = program.domain[example.graph.arguments]
        x = np.tile(program.domain.mean(1), (EXAMPLE_ROWS, 1))
        x[:, example.graph.arguments] = domain.mean(1) + example.x * (domain[:, 1] - domain[:, 0]) / 2
        for j, argument in enumerate(program.arguments):
            if argument.type.is_integer:
                x[:, j] = np.rint(x[:, j])
        y = cprograms.run(program, x)[:, example.result]
        shares.append(np.isclose((y - example.mean) / example.std, example.y, rtol=1e-3, atol=1e-3).mean())
    # Inputs went through float32, so a comparison or a rounding may fall the other way on a few rows; one program may
    # be chaotic.
    assert sorted(shares)[1] > 0.95


def test_a_shard_reads_back_what_was_written(examples: list[Example], shard: Path):
    stored = ExampleShard(shard)
    assert len(stored) == len(examples)
    for i, example in enumerate(examples):
        ours, theirs = record_of(example), record_of(stored[i])
        for name in FEATURES:
            np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_a_shard_is_a_plain_dataset_and_the_same_every_time(shard: Path, tmp_path: Path):
    loaded = datasets.load_dataset("parquet", data_files=str(shard), cache_dir=str(tmp_path), split="train")
    assert loaded.features == FEATURES
    again = tmp_path / "again.parquet"
    write_examples(again, SHARD)
    assert again.read_bytes() == shard.read_bytes()


def test_examples_are_standardised_and_bounded(examples: list[Example]):
    for example in examples:
        assert example.y.shape == (EXAMPLE_ROWS,)
        assert abs(example.y.mean()) < 1e-3
        assert example.y.std() == pytest.approx(1, abs=1e-3)
        assert np.abs(example.x).max() <= 1 + 1e-6
        assert np.isfinite(example.dense_value).all()


def test_rows_that_did_not_end_well_are_left_out(records: dict[str, Record]):
    record = next(r for r in records.values() if len(r.results) == 1)
    outputs, status = record.outputs.copy(), record.status.copy()
    outputs[:10], status[:10] = np.nan, Status.DIVISION
    (example,) = examples_of(replace(record, outputs=outputs, status=status))
    np.testing.assert_allclose(
        example.y * example.std + example.mean, outputs[10 : 10 + EXAMPLE_ROWS, 0], rtol=1e-5, atol=1e-5
    )
    outputs[: len(outputs) - EXAMPLE_ROWS + 1] = np.nan
    assert not list(examples_of(replace(record, outputs=outputs)))


def test_held_out_programs_are_those_of_a_split(records: dict[str, Record]):
    chosen = evenly_spaced_records(TINY, "validation", 5)
    assert len(chosen) == 5
    assert all(r.id in records for r in chosen)
    held = held_out_programs([r.program() for r in chosen], test_rows=50, rows=20)
    assert len(held) == sum(len(r.results) for r in chosen)
    for h in held:
        np.testing.assert_allclose(cprograms.run(h.program, h.x_test), h.y_test, rtol=1e-9)


def test_a_program_that_explodes_is_not_learnable(records: dict[str, Record]):
    record = next(iter(records.values()))
    assert learnable(record)
    outputs = record.outputs.copy()
    outputs[3] = 1e200
    assert not learnable(replace(record, outputs=outputs))


def test_a_batch_numbers_its_supervised_nodes(examples: list[Example]):
    picked = examples[:5]
    batch = make_batch(picked, np.random.default_rng(0), dense=3)
    flat = np.concatenate([v.graph.op[v.dense_node[:3]] for v in picked])
    np.testing.assert_array_equal(batch.graphs.op[batch.dense_node - 1].numpy(), flat)


def test_an_empty_split_is_named(shard: Path):
    with pytest.raises(UsageError, match="holds no shard of the other split"):
        ExampleStore(shard.parent, "other")


def test_processes_share_the_examples(shard: Path, examples: list[Example]):
    parts = [ExampleStore(shard.parent, "validation", rank, 3) for rank in range(3)]
    ids = [(part[i].program, part[i].result) for part in parts for i in range(len(part))]
    assert sorted(ids) == sorted((v.program, v.result) for v in examples)


def test_a_hypernetwork_without_text_tells_programs_apart_by_their_rows_only():
    """Two programs of one signature and domain, whose bodies share nothing: one emission, but for the rows."""
    first = "#include <math.h>\nfloat f(float a, int b, float c) { return sinf(a) * b + c; }"
    second = "float f(float a, int b, float c) { float s = c > 0.5f ? c * c : 2; return s - a / (b * b + 3); }"
    programs = [cprograms.load(source=s, ranges={"b": (-5, 7)}) for s in (first, second)]
    x = sample(programs[0], 8, seed=0)
    ys = [cprograms.run(p, x) for p in programs]
    model = Hypernetwork(HypernetworkConfig(hidden_size=16, surrogate_width=8, decoder_width=8, text=False)).eval()
    blind = emit(model, [Request(lower(p), p.domain) for p in programs])
    given = emit(model, [Request(lower(p), p.domain, x, y) for p, y in zip(programs, ys, strict=True)])
    crossed = emit(model, [Request(lower(p), p.domain, x, y) for p, y in zip(programs, ys[::-1], strict=True)])
    assert same(*blind)
    assert not same(*given)
    assert same(given[0], crossed[1])
    assert same(given[1], crossed[0])


def same(one: tuple[Towers, Scale], other: tuple[Towers, Scale]) -> bool:
    """The same towers and scale."""
    return all(np.array_equal(a, b) for x, y in zip(one, other, strict=True) for a, b in zip(x, y, strict=True))


def test_hiding_the_text_moves_inputs_to_the_signatures_order(examples: list[Example]):
    for example in examples:
        hidden = hide_text(example)
        assert list(hidden.graph.arguments) == sorted(example.graph.arguments)
        for slot, argument in enumerate(hidden.graph.arguments):
            place = list(example.graph.arguments).index(argument)
            np.testing.assert_array_equal(hidden.x[:, slot], example.x[:, place])
            (was,) = np.flatnonzero((example.graph.op == INDEX["arg"]) & (example.graph.slot == place))
            node = slot
            np.testing.assert_array_equal(hidden.graph.strata[node], example.graph.strata[was])
            assert hidden.graph.type[node] == example.graph.type[was]


def test_hidden_text_reaches_training_and_validation_alike(examples: list[Example]):
    """What an example's own graph says makes no difference where the text is hidden."""
    model = Hypernetwork(HypernetworkConfig(hidden_size=16, surrogate_width=8, decoder_width=8, text=False)).eval()
    some = examples[:6]
    np.testing.assert_array_equal(
        zero_shot_errors(model, some, rows=8), zero_shot_errors(model, [hide_text(v) for v in some], rows=8)
    )
