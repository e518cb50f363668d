"""The LSTM beside surrogates: what each stands in for, and what it costs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.corpus import TINY
from cprograms.lowering import lower
from cprograms.sampling import sample
from cprograms.sandbox import run
from surrogate.mlp.emission.pretrained import load_compiler
from surrogate.mlp.pipeline import LEVEL_ROWS
from training.held_out import HeldOut, evenly_spaced_records
from training.learning_to_execute.comparison import (
    compare,
    compiled,
    from_scratch,
    functions_of,
    lstm_of_each,
    markdown,
    nearest,
    nearest_row,
)
from training.learning_to_execute.config import ExecuteConfig

SOURCE = """
#pragma surrogate range(a, 0, 10)
double f(double a, double b) { return a * b + 1; }
"""


@pytest.fixture(scope="module")
def held() -> HeldOut:
    program = cprograms.load(source=SOURCE)
    x = sample(program, LEVEL_ROWS[1] + 30, 0)
    y = run(program, x)
    return HeldOut(
        program, 0, lower(program), x[: LEVEL_ROWS[1]], y[: LEVEL_ROWS[1]], x[LEVEL_ROWS[1] :], y[LEVEL_ROWS[1] :]
    )


def test_the_systems_are_measured_on_the_test_rows(held: HeldOut, tmp_path: Path):
    values = {"task": "functions", "length": 1, "blocks": 1, "hidden": 8, "batch_size": 2, "windows": 2}
    systems = {
        "compiled": compiled(load_compiler().model),
        "from scratch": from_scratch(seed=0),
        "nearest row": nearest,
        "LSTM": lstm_of_each(ExecuteConfig.of(values | {"validation_windows": 4}, "test"), tmp_path),
    }
    rows = {row["system"]: row for row in compare(systems, [held])}
    assert list(rows) == list(systems)
    assert rows["compiled"]["geo"] < 0.1
    assert rows["from scratch"]["geo"] < 0.1
    true, looked_up = held.y_test[:, 0], nearest(held).predict(held.x_test)
    assert rows["nearest row"]["geo"] == pytest.approx(np.mean((looked_up - true) ** 2) / true.var())
    assert rows["LSTM"]["geo"] > rows["nearest row"]["geo"]  # it has seen two windows
    hidden = 64
    assert rows["compiled"]["parameters"] == hidden * 3 + hidden * (hidden + 1) + hidden + 1
    assert rows["from scratch"]["parameters"] == rows["compiled"]["parameters"]
    assert rows["nearest row"]["bytes"] == LEVEL_ROWS[1] * 3 * 8
    assert all(row["rows"] == LEVEL_ROWS[1] and row["microseconds"] > 0 for row in rows.values())


def test_functions_are_the_results_of_a_corpus_with_their_finite_rows():
    records = evenly_spaced_records(TINY, "train", count=6)
    functions = functions_of(records)
    assert len(functions) == sum(len(r.results) for r in records)
    assert all(np.isfinite(f.y).all() and len(f.x) == len(f.y) > 0 for f in functions)
    # The text is C that gives these rows.
    program = cprograms.load(source=records[0].source, entry=records[0].entry)
    np.testing.assert_array_equal(run(program, functions[0].x)[:, 0], functions[0].y)
    assert functions[0].text == program.text


def test_each_result_gets_an_lstm_of_its_own(held: HeldOut, tmp_path: Path):
    values = {"task": "functions", "length": 1, "blocks": 1, "hidden": 8, "batch_size": 2, "windows": 2}
    make = lstm_of_each(ExecuteConfig.of(values | {"validation_windows": 4}, "test"), tmp_path)
    make(held)
    make(replace(held, program=cprograms.load(source=SOURCE.replace("+ 1", "+ 2"))))
    assert len(list(tmp_path.iterdir())) == 2


def test_the_nearest_row_is_nearest_in_units_of_the_domain():
    x, y = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1000.0]]), np.array([1.0, 2.0, 3.0])
    asked = np.array([[0.4, 200.0], [0.9, 100.0], [0.4, 700.0]])
    assert nearest_row(x, y, np.array([[0, 1], [0, 1000]]), asked).tolist() == [1, 2, 3]
    assert nearest_row(x, y, np.array([[0, 1], [5, 5]]), np.array([[0.2, 5.0]])).shape == (1,)


def test_the_page_has_a_row_for_each_system():
    row = {"system": "a surrogate", "geo": 0.0123, "median": 2.5, "parameters": 4539.9, "bytes": 18159.5, "rows": 64.0}
    report = {"command": "python x", "seed": 3, "all": [row | {"microseconds": 8.32}], "first": []}
    assert "| a surrogate | 0.012 | 2.5 | 4,540 | 18,160 | 64 | 8.3 |" in markdown(report).splitlines()
