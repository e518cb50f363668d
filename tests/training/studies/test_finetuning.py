"""What a start saves, from traces that are given; the bars and the page of a study."""

from __future__ import annotations

import numpy as np
import pytest

from training.evaluation.protocol import BASELINE, Measured
from training.finetuning import OPTIMISERS
from training.starts.table import TEXT, TEXT_AND_ROWS
from training.studies.finetuning import ALL, BARS, bars, markdown, saved, seconds_saved

ADAM = OPTIMISERS["Adam"]
CHECKPOINTS = ADAM.checkpoints()


def falling(reached: list[int]) -> np.ndarray:
    """Traces [1, C, U] of results whose error falls from 1 to 0.1 at some checkpoints, to 1e-3 at the last."""
    traces = np.ones((len(CHECKPOINTS), len(reached)))
    for k, place in enumerate(reached):
        traces[place:, k] = 0.1
    return traces[None]


def test_seconds_are_those_until_randoms_final_error() -> None:
    base, own = falling([20, 30]), falling([10, 0])
    found = seconds_saved(base, own, CHECKPOINTS, 0.5, 2.0)
    random = 0.5 * (CHECKPOINTS[20] + CHECKPOINTS[30]) / 2
    start = 2.0 + 0.5 * (CHECKPOINTS[10] + 1) / 2  # one that needs no step counts as one step
    assert found == pytest.approx({"random": random, "start": start, "saved": random - start})


def test_what_never_reaches_the_error_counts_with_all_steps() -> None:
    found = seconds_saved(falling([20]), np.ones((1, len(CHECKPOINTS), 1)), CHECKPOINTS, 1.0, 0.0)
    assert found["start"] == CHECKPOINTS[-1]


def measured(own: list[int]) -> Measured:
    """Two results of two programs with 64 rows: random's error falls at checkpoints 20 and 30, a start's at `own`."""
    choices = {(method, 64): {"Adam": {"strength": 1.0, "error": 1.0}} for method in (BASELINE, TEXT)}
    traces = {BASELINE: falling([20, 30]), TEXT: falling(own)}
    errors = {BASELINE: [[0.1, 0.1]], TEXT: [[0.05, 0.1]]}
    fits = {(m, 64, "Adam", 1.0): {"traces": traces[m].tolist(), "errors": errors[m]} for m in traces}
    return Measured([BASELINE, TEXT], (64,), np.array([0, 1]), {}, choices, fits)


def test_epochs_and_errors_are_ratios_of_random_to_the_start() -> None:
    found = saved(measured([10, 10]), TEXT, 64, ADAM, 1.0, 0.0)
    epochs = np.sqrt(CHECKPOINTS[20] * CHECKPOINTS[30]) / CHECKPOINTS[10]
    assert found["epochs"]["value"] == pytest.approx(epochs)
    assert found["epochs"]["reached"] == 1
    assert found["error"]["value"] == pytest.approx(np.sqrt(2))


def document() -> dict:
    cell = {"value": 26.0, "low": 20.0, "high": 30.0, "reached": 0.5}
    sized = {"epochs": cell, "error": cell, "seconds": {"random": 2.0, "start": 0.5, "saved": 1.5}}
    table = {start: {"64": sized, ALL: {"epochs": cell}} for start in (TEXT, TEXT_AND_ROWS)}
    suites = {"library": {"programs": 1, "results": 2, "optimisers": dict.fromkeys(BARS, table)}}
    header = {"command": "c", "seed": 0, "seeds": 1, "compiler": "0123456789abcdef"}
    return header | {"bars": bars(suites), "suites": suites}


def test_the_bars_are_of_all_numbers_of_rows() -> None:
    adam, steps = document()["bars"]
    assert (adam["what"], adam["bar"], adam["value"], adam["met"]) == ("library, Adam", 25.0, 26.0, True)
    assert steps["bar"] == 3.7


def test_the_page_has_a_table_a_suite_and_optimiser() -> None:
    page = markdown(document())
    assert "| library, Adam | 25 | 26.0 | met |" in page
    assert "## Library, by Levenberg–Marquardt: 2 results of 1 programs" in page
    assert "| text + rows, epochs: random ÷ own | 26.0 (20.0–30.0), 50% | 26.0 (20.0–30.0), 50% |" in page
    assert "| text, seconds: random, own | 2.000, 0.500 |  |" in page
