"""The study of errors by kinds of programs: what is of which kind, and the table."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

import cprograms
from tests import ROOT
from training.held_out import held_out_programs
from training.studies.kinds import KINDS, LEVELS, Measured, kind_sets, markdown, measure, table

HEAD = "#include <math.h>\n#pragma surrogate range(n, 1, 9)\n"
OF_ONE_KIND = {
    "loops not unrolled": "double f(double x, int n) { for (int i = 0; i < 1000; i++) x = x * 0.9 + n; return x; }",
    "selects": "double f(double x, double n) { return n > 5 ? x * n : x; }",
    "remainders": "double f(double x, double n) { return fmod(x + 9, n); }",
    "roundings": "double f(double x, double n) { return floor(3 * x) * n; }",
    "trigonometry": "double f(double x, double n) { return sin(x) * n; }",
    "exponentials and powers": "double f(double x, double n) { return exp(x) * n; }",
    "varying divisors": "double f(double x, double n) { return x / n; }",
    "special functions": "double f(double x, double n) { return erf(x) * n; }",
    "none of these": "double f(double x, double n) { return x * x * n / 3; }",
}


@pytest.mark.parametrize("kind", OF_ONE_KIND)
def test_a_program_is_of_its_kind_alone(kind: str) -> None:
    (held,) = held_out_programs([cprograms.load(source=HEAD + OF_ONE_KIND[kind])], test_rows=50, rows=0)
    assert {name for name, belongs in KINDS.items() if belongs(held)} == {"all", kind}


def test_it_is_measured_at_each_level_and_a_constant_is_left_out() -> None:
    sources = [OF_ONE_KIND["none of these"], "int f(int n) { return 4; }"]
    (found,) = measure(None, [cprograms.load(source=HEAD + source) for source in sources], 300, 0)
    assert set(found.errors) == set(LEVELS)
    assert found.errors["-O0"] < 1e-12
    assert found.errors["-O0 --plain"] > 1e-9


def test_the_table_counts_each_kind() -> None:
    program = cprograms.load(source=HEAD + OF_ONE_KIND["selects"])
    errors = [1e-20, 1e-5, math.nan]
    measured = [Measured(program, 0, frozenset({"all", "selects"}), {"-O0": e}) for e in errors]
    found = table(measured)
    assert set(found) == {"all", "selects"}
    assert found["all"]["results"] == 3
    assert found["all"]["-O0"]["geo"] == pytest.approx((1e-9 * 1e-5 * 1e6) ** (1 / 3))
    assert found["all"]["-O0"]["median"] == 1e-5
    assert (found["all"]["-O0"]["exact"], found["all"]["-O0"]["worse"]) == pytest.approx((1 / 3, 1 / 3))
    page = markdown({"command": "c", "compiler": "0123456789abcdef", "rows": 9, "sets": {"mine": found}})
    assert "| selects | 3 | 0.0022 / 1e-05 | 33 % | 33 % |" in page


def test_validation_sets_come_first() -> None:
    tiny = ROOT / "cprograms" / "corpus" / "tiny"
    names = [name for name, _ in kind_sets(tiny, Path("nowhere"))]
    assert names == [*(n for n in names if "validation" in n), *(n for n in names if "validation" not in n)]
    assert "harvested, more validation" in names
