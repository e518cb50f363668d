"""Where all arguments are integers and few, a surrogate is a table: the program's values at every point."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import cprograms
import surrogate
from surrogate.mlp.parts.table import make_table

GCD = """\
#pragma surrogate range(a, -2, 9)
#pragma surrogate range(b, 1, 12)
int gcd(int a, int b) { while (b) { int t = a % b; a = b; b = t; } return a; }
"""
TRAPS = "#pragma surrogate range(n, -3, 3)\nint f(int n) { return 12 / n; }"


def test_it_holds_every_value() -> None:
    program = cprograms.load(source=GCD)
    table = make_table(program)
    assert table is not None
    points = np.array([[a, b] for a in range(-2, 10) for b in range(1, 13)], dtype=float)
    expected = [np.sign(a or 1) * 0 + _gcd(int(a), int(b)) for a, b in points]
    assert table(torch.from_numpy(points))[:, 0].tolist() == expected


def _gcd(a: int, b: int) -> int:
    """C's remainder has the sign of the dividend."""
    while b:
        a, b = b, int(np.fmod(a, b))
    return a


def test_inputs_are_truncated_and_the_nearest_point_stands_for_what_is_outside() -> None:
    table = make_table(cprograms.load(source=GCD))
    assert table is not None
    x = torch.tensor([[4.9, 6.2], [1e30, 6.0], [-1e30, 6.0], [torch.nan, 6.0]], dtype=torch.float64)
    found = table(x)[:, 0].tolist()
    assert found[:3] == [2, 3, _gcd(-2, 6)]
    assert np.isnan(found[3])


def test_where_the_program_traps_it_knows_nothing() -> None:
    table = make_table(cprograms.load(source=TRAPS))
    assert table is not None
    found = table(torch.arange(-3.0, 4, dtype=torch.float64)[:, None])[:, 0]
    assert found.tolist()[:3] + found.tolist()[4:] == [-4, -6, -12, 12, 6, 4]
    assert found[3].isnan()


@pytest.mark.parametrize(
    "source",
    [
        "double f(double x) { return x; }",
        "#pragma surrogate range(n, 0, 65536)\nint f(int n) { return n; }",
        "int f(int n, float x) { return n; }",
    ],
)
def test_what_is_too_large_or_no_integer_has_none(source: str) -> None:
    assert make_table(cprograms.load(source=source)) is None


def test_it_is_an_artifact_like_another(tmp_path: object) -> None:
    made = surrogate.compile(source=GCD, opt_level=3)
    assert made.check(500).nmse == 0
    assert made.config()["parts"] == ["a table of 144 points"]
    made.save(f"{tmp_path}/gcd")
    loaded = surrogate.load(f"{tmp_path}/gcd")
    assert isinstance(loaded, surrogate.Surrogate)
    assert loaded.predict([[8, 12], [9, 6]]).ravel().tolist() == [4, 3]
    tuned = loaded.finetune(seconds=0.5)
    assert tuned.check(200).nmse == 0
