"""Records and shards: what is written comes back, `datasets` reads it plainly, and the source is the program."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
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
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.sandbox import Status, run, run_with_status
from tests.cprograms.graphs import terms


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
        assert terms(lower(parsed)) == terms(lower(loaded)) == terms(lower(program))
        assert parsed.arguments == loaded.arguments == program.arguments
        assert parsed.results == loaded.results
        assert parsed.entry == loaded.entry
        assert record.signature in parsed.text


WIDE = {
    "an array that is read": "double f(const double w[9], double x) { return w[0] * x + w[8]; }",
    "an array in and out": "void f(double *w) { for (int i = 0; i < 4; i++) w[i] = w[i] * 2 + i; }",
    "an array that is written": "void f(double x, float o[3]) { for (int i = 0; i < 3; i++) o[i] = x * i; }",
    "a matrix": "double f(float m[2][3]) { return m[0][0] * m[1][2] - m[0][2] * m[1][0]; }",
    "an extent that is given": "#pragma surrogate size(w, 5)\ndouble f(const double *w, int i) { return w[i] * 2; }",
    "a number that is fixed": "#pragma surrogate fix(n, 8)\n"
    "double f(const double *a, int n) { double s = 0; for (int i = 0; i < n; i++) s += a[i] * i; return s; }",
    "a struct by value": "struct q { double x; struct { int k; float m[2]; } in; };\n"
    "double f(struct q a) { return a.x * a.in.k + a.in.m[1]; }",
    "a struct through a pointer": "typedef struct { double sum; int n; double old[2]; } s;\n"
    "double f(s *p, double x) { p->sum += x; p->n++; p->old[1] = p->old[0]; p->old[0] = x; return p->sum / 2; }",
    "several results": "double f(double x, double *half, int *sign) { *half = x / 2; *sign = x < 0; return x * x; }",
    "a pun": "typedef unsigned u;\n"
    "u f(float x, u *o) { union { float f; u n; } p; p.f = x; *o = p.n >> 1; return p.n; }",
    "state": "#pragma surrogate state\nstatic double sum; static int n;\n"
    "double f(double x) { sum += x; n++; return sum * 0.5 + n; }",
    "state that something else changes": "static int n = 3; void set(int k) { n = k; }\n"
    "#pragma surrogate entry(f)\n#pragma surrogate state\ndouble f(double x) { return x * n; }",
    "state that is not asked for": "static double sum = 2; double f(double x) { sum += x; return sum * x; }",
    "a call that some rows reach": "void gone(void); double f(double x) { if (x > 2) gone(); return x * x; }",
    "64 of each": "#pragma surrogate size(a, 64)\n"
    "void f(double *a) { for (int i = 0; i < 64; i++) a[i] = a[63 - i] * i; }",
}


@pytest.mark.parametrize("name", WIDE)
def test_what_works_on_objects_comes_back(name: str, tmp_path: Path):
    """From parquet: the same signature, parameters and domain, and the rows that the first program gives."""
    given = cprograms.load(source=WIDE[name])
    given = replace(given, arguments=tuple(replace(a, low=a.low * 3, high=a.high * 3) for a in given.arguments))
    x = sample(given, 50, 0)
    ran = run_with_status(given, x)
    write_shard(tmp_path / "a.parquet", [make_record(given, x, ran.y, ran.status, Origin("function", path="a.c"))])
    (record,) = read_shard(tmp_path / "a.parquet")
    assert (record.inputs.shape, record.outputs.shape) == (x.shape, ran.y.shape)
    for read in (record.program(), cprograms.load(source=record.source)):
        assert described(read) == described(given)
        np.testing.assert_array_equal(run(read, record.inputs), record.outputs)
        assert terms(lower(read)) == terms(lower(given))


def described(program: Program) -> list[object]:
    domain = [(a.name, a.type, a.low, a.high) for a in program.arguments]
    parts = (program.entry, program.results, program.parameters, program.returned, program.restored)
    return [domain, *parts]


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
