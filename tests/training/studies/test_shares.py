"""Counting what people write at each place, on programs that were written for it."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

import cprograms
from cprograms.generate import generate, shares
from training.studies.shares import compared, counted, page, tables

REAL = """
#include <math.h>
typedef float real;
double f(double x, int n, unsigned char c) {
    static const double w[2] = {1.5, 2.5};
    double y = (x + 2.0f) * w[n & 1];
    if (x > 0 && !n) y += sqrtf(-x) / 3;
    y -= (real)(n << 4 | 0xff);
    return n ? y * 2u : x - 1 - y;
}
"""
WHOLE = "int g(int a) { int b = a % 7 + ~a; b = -b; return b; }"


def test_what_stands_where() -> None:
    found = counted([cprograms.load(source=REAL), cprograms.load(source=WHOLE)])
    expected = {
        "types, real": "f64 i32 u8",
        "=, real": "*",
        "*L, real": "+ name",
        "*R, real": "name whole",
        "+L, real": "name",
        "+R, real": "point",
        "&L, real": "name",
        "&R, real": "whole",
        "if, real": "logic",
        "logicL, real": "compare",
        "logicR, real": "not",
        "compareL, real": "name",
        "compareR, real": "whole",
        "not, real": "name",
        "+=, real": "/ cast",
        "/L, real": "call",
        "/R, real": "whole",
        "call, real": "negative",
        "negative, real": "name",
        "cast, real": "|",
        "|L, real": "<<",
        "|R, real": "whole",
        "<<L, real": "name",
        "<<R, real": "whole",
        "return, real": "?",
        "?C, real": "name",
        "?T, real": "*",
        "?F, real": "-",
        "-L, real": "- name",
        "-R, real": "whole name",
        "comparisons, real": ">",
        "changes, real": "+= -=",
        "calls, real": "sqrt",
        "casts, real": "f32",
        "points, real": "2.0",
        "masks, real": "1 0xff",
        "shifts, real": "4",
        "wholes scaling, real": "3 2",
        "wholes summed, real": "1",
        "wholes compared, real": "0",
        "types, whole": "i32",
        "=, whole": "+ negative",
        "+L, whole": "%",
        "+R, whole": "~",
        "%L, whole": "name",
        "%R, whole": "whole",
        "~, whole": "name",
        "negative, whole": "name",
        "wholes scaling, whole": "7",
    }
    assert found == {table: Counter(entries.split()) for table, entries in expected.items()}


def test_a_table_is_as_far_as_what_would_have_to_move() -> None:
    weights = {entry.split()[0]: float(entry.split()[1]) for entry in shares.REAL_CHANGES.table.split(",")}
    same = {name: round(100 * weight) for name, weight in weights.items()}
    found = {c.name: c for c in compared({"changes, real": Counter(same), "shifts, whole": Counter({"77": 5})})}
    assert found["changes, real"].distance == pytest.approx(0)
    assert found["shifts, whole"].distance == pytest.approx(1)
    same["+="] -= 1000
    same["|="] = 1000
    (moved,) = (c for c in compared({"changes, real": Counter(same)}) if c.count)
    assert moved.distance == pytest.approx(0.1)
    text = page("c", 7, [moved])
    assert "7 harvested programs." in text
    assert "| `changes, real` | 10,000 | 0.10 | +=" in text
    assert "\\|= 10" in text


def test_literals_without_an_entry_are_the_others() -> None:
    (points,) = (c for c in compared({"points, real": Counter({"1.0": 1, "77.5": 2, "1e9": 1})}) if c.count)
    assert points.shares == {"other": 0.75, "1.0": 0.25}


def test_the_generator_s_own_programs_are_near_its_tables() -> None:
    programs = [generate(np.random.SeedSequence((5, k))) for k in range(300)]
    found = {c.name: c for c in compared(counted(programs))}
    assert set(found) == set(tables())
    near = [found[name] for name in ("*R, real", "-L, real", "comparisons, real", "types, real")]
    assert all(c.count > 100 and c.distance < 0.3 for c in near)
