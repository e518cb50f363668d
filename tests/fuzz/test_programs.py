"""gcc, the sandbox and the graph give the same bits for random programs, of which none is undefined."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import cprograms
from tests.cprograms.native import GCC
from tests.fuzz import compare as comparison
from tests.fuzz.compare import BATCH, ROWS, Tally, compare, rows_of
from tests.fuzz.programs import program
from tests.fuzz.values import INT, INTEGERS, LLONG, UINT, ULONG, common, converted, result

pytestmark = pytest.mark.skipif(GCC is None, reason="gcc is not installed")
SHARDS = 110
"""Of BATCH seeds each: some 20,900 programs that the front end takes."""


def agree(seeds: range, folder: Path, checked: bool = False) -> Tally:
    tally = compare(seeds, folder, checked)
    assert tally.faults == []
    assert tally.programs + len(tally.refused) == len(seeds)
    assert all("pointer" in why or "address" in why for _, why in tally.refused)
    assert tally.programs > 0.8 * len(seeds)
    assert tally.graphs > 0.7 * tally.programs
    return tally


def test_some_agree_and_none_is_undefined(tmp_path: Path):
    agree(range(1_000_000, 1_000_100), tmp_path, checked=True)


def test_more_agree(tmp_path: Path):
    agree(range(2_000_000, 2_000_000 + BATCH), tmp_path)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("shard", range(SHARDS))
def test_many_agree(shard: int, tmp_path: Path):
    agree(range(BATCH * shard, BATCH * (shard + 1)), tmp_path, checked=shard % 10 == 0)


def test_the_whole_front_end_reads_them_as_well():
    for seed in range(3_000_000, 3_000_020):
        case = comparison._case(seed)
        if not case.refused:
            assert cprograms.load(source=program(seed).source).portable_text == case.program.portable_text


def test_a_wrong_operator_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def wrong(graph: object, rows: np.ndarray) -> np.ndarray:
        return right(graph, rows) + 1e-9

    right = comparison.evaluate
    monkeypatch.setattr(comparison, "evaluate", wrong)
    tally = compare(range(20), tmp_path)
    assert any("the graph" in fault for fault in tally.faults)
    assert not any("the sandbox" in fault for fault in tally.faults)


def test_programs_hold_what_they_should():
    text = "\n".join(program(seed).source for seed in range(400))
    for word in (
        *("struct", "enum", "typedef", "static const", "static inline", "switch", "default:", "break;", "continue;"),
        *("goto", "while", "do {", "for (", "return", "sizeof", "_Bool", "float", "double", "unsigned long", "char"),
        *("sqrt(", "fabs(", "floor(", "fma(", "fmin(", "copysign(", "__builtin_clz", "&&", "||", "<<", ">>", "++"),
        *("--", "+=", "<<=", " ? ", "h_8(&", "*p"),
    ):
        assert word in text, word
    assert re.search(r"\bh_0\(a0 - 1, ", text)  # recursion
    assert program(7) == program(7)


def test_rows_lie_in_the_domain():
    for seed in range(20):
        case = comparison._case(seed)
        rows = rows_of(case.program, seed)
        low, high = case.program.domain.T
        assert rows.shape == (ROWS, len(low))
        assert (rows >= low).all()
        assert (rows <= high).all()


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (INTEGERS[1], INTEGERS[5], INT),
        (INT, UINT, UINT),
        (UINT, LLONG, LLONG),
        (LLONG, ULONG, replace(ULONG, spellings=("unsigned long long", "long long unsigned"), rank=5)),
    ],
)
def test_usual_conversions(a, b, expected):
    assert common(a, b) == common(b, a) == expected


def test_bounds_know_what_is_undefined():
    whole = INT.bounds
    assert result("+", whole, (1, 1), INT) is None
    assert result("+", UINT.bounds, (1, 1), UINT) == UINT.bounds
    assert result("/", (0, 9), (-1, 1), INT) is None
    assert result("/", whole, (-1, -1), INT) is None
    assert result("%", (-9, 9), (3, 4), INT) == (-3, 3)
    assert result("<<", (-1, 1), (0, 1), INT) is None
    assert result("<<", (0, 1), (0, 32), INT) is None
    assert result(">>", (-8, 8), (1, 2), INT) == (-4, 4)
    assert converted((-1, 5), INT, UINT) == UINT.bounds
