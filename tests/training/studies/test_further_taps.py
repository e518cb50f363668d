"""Weights compared on validation examples: what each column reads."""

from __future__ import annotations

from pathlib import Path

import cprograms
from cprograms.corpus.format import Origin, make_record, write_shard
from cprograms.corpus.rows import execute
from surrogate.mlp.parts.taps import KINDS
from training.examples.shards import ExampleStore, write_examples
from training.studies.further_taps import compare, gates_alone

BRANCH = """
#pragma surrogate range(x, -4, 4)
#pragma surrogate range(y, -4, 4)
double f(double x, double y) { return x < y ? x * y : 3; }
"""


def test_columns_are_rows_and_taps(tmp_path: Path) -> None:
    program = cprograms.load(source=BRANCH)
    (ran,) = execute([program], [0])
    record = make_record(
        program, ran.x, ran.y, ran.status, Origin("function", "f"), graph=ran.graph, behaviour=ran.behaviour
    )
    write_shard(tmp_path / "records.parquet", [record])
    write_examples(tmp_path / "validation-00000.parquet", tmp_path / "records.parquet")
    [example] = ExampleStore(tmp_path, "validation").evenly_spaced(5)
    assert [KINDS[k] for k in example.graph.tap_kind] == ["flag", "node"]
    assert [KINDS[k] for k in gates_alone(example).graph.tap_kind] == ["flag"]
    page = compare("this", ["default"], [tmp_path], 5).splitlines()
    cells = page[-1].strip("| ").split(" | ")
    assert page[-3].strip("| ").split(" | ")[:3] == ["weights", "no taps, 0 rows", "gates, 0 rows"]
    assert cells[0] == "default"
    errors = list(map(float, cells[1:]))
    assert len(errors) == 9
    assert errors[7] < errors[6] / 2  # with 64 rows a gate tells the branch
