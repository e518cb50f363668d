"""Functions beside their surrogates: what is measured, and the page of it."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import cprograms
from surrogate.replace.building import compiler
from tests import ROOT
from tests.surrogate.replace.native import needs_gcc
from training.benchmarks.speed import CHOSEN, EXPENSIVE, GOOD, Kind, Speed, measure, page, takes_scalars

SLOW = """\
/* Series: the sum of some cosines. */
#include <math.h>
#pragma surrogate range(x, 0, 3)
double slow(double x) {
    double sum = 0;
    for (int i = 1; i <= 3000; i++)
        sum += cos(x / i) / i;
    return sum;
}
"""
FAST = """\
/* Nothing: a sum. */
double fast(double x, double y) { return x + y; }
"""


@needs_gcc
def test_a_slow_function_is_faster_as_a_surrogate_and_a_fast_one_is_not(tmp_path: Path) -> None:
    for name, text in (("slow", SLOW), ("fast", FAST)):
        (tmp_path / f"{name}.c").write_text(text)
    by = compiler()
    slow = measure(tmp_path / "slow.c", 1, 0, by, every=False)
    assert (slow.name, slow.about, slow.arguments, slow.results) == ("slow", "Series", 1, 1)
    assert slow.nanoseconds > 3000  # a cosine and two divisions take a nanosecond at the very least
    assert slow.best is not None
    assert slow.best.nmse <= GOOD
    assert slow.ratio > 20
    fast = measure(tmp_path / "fast.c", 1, 0, by, every=False)
    assert (fast.kinds, fast.best, fast.ratio) == ((), None, 0)
    assert fast.nanoseconds < 10


def speed(name: str, nanoseconds: float, *kinds: tuple[str, float, float]) -> Speed:
    return Speed(name, "Series", 2, 1, nanoseconds, tuple(Kind(n, ns, e, ("mlp",)) for n, ns, e in kinds))


def test_the_page_counts_what_is_faster_and_what_is_not() -> None:
    expensive = [
        speed("a", 6000, (CHOSEN, 300, 1e-7), ("8", 10, 1e-2), ("16", 12, 1e-5)),
        speed("b", 100, (CHOSEN, 50, 1e-5), ("8", 10, math.inf)),
    ]
    library = [speed("c", 40, (CHOSEN, 8, 1e-6)), speed("d", 20, (CHOSEN, 80, 1e-6)), speed("e", 2)]
    header = {"compiler": "gcc -O3", "command": "python x", "steps": 4, "functions": 5}
    document = header | {"expensive": [s.as_dict() for s in expensive], "library": [s.as_dict() for s in library]}
    text = page(json.loads(json.dumps(document, allow_nan=False)))
    prose = " ".join(text.split())
    assert "1 of 2 are at least 50 times faster" in prose
    rows = {line.split("`")[1]: line.split("|")[1:-1] for line in text.splitlines() if line.startswith("| `")}
    cells = {name: [cell.strip() for cell in row] for name, row in rows.items()}
    assert cells["a"][3:] == ["6,000", "300", "(10)", "12", "–", "–", "16", "1.0e-05", "500"]
    assert cells["b"][-3:] == [CHOSEN, "1.0e-05", "2"]
    assert cells["c"][-1] == "5"
    assert cells["d"][-1] == "0.25"
    assert "e" not in cells
    assert "1 are faster as surrogates" in prose
    assert "(4.0 times in the geometric mean)" in prose
    assert "1 take less than 10 ns" in prose


def test_the_expensive_kernels_take_scalars_and_declare_their_domain() -> None:
    paths = sorted(EXPENSIVE.glob("*.c"))
    assert len(paths) == 10
    for path in paths:
        program = cprograms.load(path)
        assert program.entry == path.stem
        assert takes_scalars(program)
        assert all(a.origin == "pragma" for a in program.arguments)
    assert not takes_scalars(cprograms.load(source="double f(double *x) { return x[0] + x[1]; }"))


def test_the_committed_page_is_what_its_figures_give_and_passes_the_bar() -> None:
    document = json.loads((ROOT / "docs" / "results" / "speed.json").read_text())
    assert (ROOT / "docs" / "speed.md").read_text() == page(document)
    assert sum(d["ratio"] >= 50 for d in document["expensive"]) >= 5


@pytest.mark.parametrize("name", ["hurwitz_zeta", "debye_heat", "american_put", "implied_volatility", "coil_field"])
def test_expensive_kernels_are_right(name: str) -> None:
    """Against scipy, or a law that holds."""
    program = cprograms.load(EXPENSIVE / f"{name}.c")
    value = {
        "hurwitz_zeta": lambda run: (run([[2.5, 1.5]])[0, 0], 0.5902563850764314),
        "debye_heat": lambda run: (run([[2.0]])[0, 0], 3 * (1 - 1 / 80)),  # 3 - 3 / (20 t²) where it is hot
        "american_put": lambda run: (run([[0.7, 0.15, 0.2]])[0, 0], 0.3),  # far in the money it is exercised at once
        "implied_volatility": lambda run: (run([[1.0, 1.0, 0.0796557]])[0, 0], 0.2),
        "coil_field": lambda run: (run([[0.0, 0.0, 2.0]])[0, 0], 0.5 / 2**0.5),
    }[name]
    found, expected = value(program.run)
    assert found == pytest.approx(expected, rel=2e-3)
