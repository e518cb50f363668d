"""Records and shards: what is written comes back, `datasets` reads it plainly, and the source is the program."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import datasets
import numpy as np
import pytest

import cprograms
from cprograms.corpus.format import (
    FEATURES,
    GROUP,
    Origin,
    Record,
    make_record,
    read_shard,
    shard_counts,
    shard_size,
    write_shard,
)
from cprograms.corpus.generated import generated_records
from cprograms.generate import generate
from cprograms.lowering import lower
from cprograms.sandbox import Status, run_with_status


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(generated_records(range(GROUP + 20)))


@pytest.fixture(scope="module")
def shard(records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("shard") / "000000.parquet"
    write_shard(path, records, {"tried": GROUP + 20})
    return path


def assert_same(a: Record, b: Record) -> None:
    ours, theirs = a.as_row(), b.as_row()
    for name in FEATURES:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)


def test_a_shard_reads_back_what_was_written(records: list[Record], shard: Path):
    stored = list(read_shard(shard))
    assert len(stored) == len(records) == shard_size(shard) > GROUP
    for ours, theirs in zip(records, stored, strict=True):
        assert_same(ours, theirs)
    assert shard_counts(shard) == {"tried": GROUP + 20}


def test_the_same_records_give_the_same_bytes(records: list[Record], shard: Path, tmp_path: Path):
    write_shard(tmp_path / "again.parquet", iter(records), {"tried": GROUP + 20})
    assert (tmp_path / "again.parquet").read_bytes() == shard.read_bytes()


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_reads_it_without_a_script(records: list[Record], shard: Path, tmp_path: Path, streaming: bool):
    loaded = datasets.load_dataset(
        "parquet", data_files=str(shard), cache_dir=str(tmp_path), split="train", streaming=streaming
    )
    assert loaded.features == FEATURES
    for record, row in zip(records[:10], loaded, strict=False):
        assert_same(record, Record.from_row(row))


def test_an_empty_shard_is_a_data_set_too(tmp_path: Path):
    write_shard(tmp_path / "empty.parquet", [])
    assert list(read_shard(tmp_path / "empty.parquet")) == []


def test_the_source_is_the_program(records: list[Record]):
    for record in records[:40]:
        program, loaded = generate(record.origin.seed), cprograms.load(source=record.source)
        parsed = record.program()
        assert lower(parsed).nodes == lower(loaded).nodes == lower(program).nodes
        assert parsed.arguments == loaded.arguments == program.arguments
        assert parsed.results == loaded.results
        assert parsed.entry == loaded.entry
        assert record.signature in parsed.text


def test_rows_are_what_the_source_gives(records: list[Record]):
    for record in records[:10]:
        again = run_with_status(cprograms.load(source=record.source), record.inputs)
        np.testing.assert_allclose(record.outputs, again.y, rtol=1e-9)
        np.testing.assert_array_equal(record.status, again.status)


def test_an_entry_before_other_functions_is_named():
    text = "int g(int); int f(int a) { return a > 9 ? a : g(a + 1); } int g(int a) { return f(2 * a); }"
    program = cprograms.load(source=text, entry="f", ranges={"a": (1, 50)})
    x = np.arange(1.0, 51)[:, None]
    ran = run_with_status(program, x)
    record = make_record(program, x, ran.y, ran.status, Origin("function", "p", "a/b.c", 3, "f"), licence="MIT")
    assert "#pragma surrogate entry(f)" in record.source
    assert cprograms.load(source=record.source).entry == "f"
    assert record.program().domain.tolist() == [[1, 50]]


def test_undefined_rows_are_told(tmp_path: Path):
    program = cprograms.load(source="#pragma surrogate range(b, 0, 3)\nint f(int a, int b) { return 100 / b + a; }")
    x = np.array([[0.0, 0], [0, 1], [0, 3]])
    ran = run_with_status(program, x)
    write_shard(tmp_path / "a.parquet", [make_record(program, x, ran.y, ran.status, Origin("function"))])
    (record,) = read_shard(tmp_path / "a.parquet")
    assert record.status.tolist() == [Status.DIVISION, Status.OK, Status.OK]
    assert np.isnan(record.outputs[:, 0]).tolist() == [True, False, False]


def test_seeds_find_a_program_again(records: list[Record]):
    counts: Counter[str] = Counter()
    assert [r.origin.seed for r in generated_records(range(20), counts=counts)] == [
        r.origin.seed for r in records if r.origin.seed < 20
    ]
    assert counts.pop("tried") == counts.total() == 20
