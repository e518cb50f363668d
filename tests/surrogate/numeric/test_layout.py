"""What is printed of a measured error fits the terminal, and marks what passes."""

from __future__ import annotations

import io
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import surrogate
from cprograms.columns import width
from cprograms.program import Argument, Result, Signature
from cprograms.types import DOUBLE, INT
from surrogate import cli
from surrogate.numeric.check import Report
from surrogate.numeric.checking.bounds import Bound
from surrogate.numeric.checking.errors import ResultError, WorstRow, result_error
from surrogate.numeric.checking.gradients import GradientError, Gradients
from surrogate.numeric.checking.regions import Region
from surrogate.numeric.checking.speed import Speed
from surrogate.numeric.commands import failing
from surrogate.numeric.layout import report_lines, table
from surrogate.numeric.words import bars_words, gradient_line, worst_line
from surrogate.terminal import console

ESCAPE = re.compile(r"\x1b\[[\d;]*m")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def named(count: int, name: str = "state.body[{}].momentum") -> tuple[list[str], Report, Signature]:
    """A report of everything there is, of so many results and arguments."""
    names = [name.format(k) for k in range(count)]
    errors = tuple(
        ResultError(n, 0.01 * k, 1 - 0.01 * k, 3e-5 * k, 1, 1, 1e-5, 2.123e-5, 0.011, 0.3, 5 * k, 1e-3)
        for k, n in enumerate(names)
    )
    zeros = tuple([0.123456] * count)
    report = Report(
        2000,
        10,
        0,
        errors,
        (),
        WorstRow(names[-1], zeros, zeros, tuple(v + 1 for v in zeros)),
        (
            Region(names[-1], 0.61, 0.2, "x0", 0, 0.2),
            Region(names[-1], 0.7, 0.3, condition="x0 < 0.5", line=3, file="f.c"),
        ),
        Gradients(500, 3, "graph", tuple(GradientError(f"x{k}", names[0], 0.1 * k, 1.0, 2) for k in range(count))),
        tuple(Bound(n, 1e-5, 2e-5) for n in names),
        Speed(10, 5e4, 500, 10_000),
    )
    arguments = tuple(Argument(f"x{k}", DOUBLE) for k in range(count))
    return names, report, Signature("f", arguments, tuple(Result(n, DOUBLE, 0, 1) for n in names))


@pytest.mark.parametrize("most", [60, 80, 100, 120])
@pytest.mark.parametrize("count", [1, 3, 16, 40])
@pytest.mark.parametrize("max_nmse", [None, 0.05])
def test_all_of_it_fits(count: int, most: int, max_nmse: float | None, monkeypatch: pytest.MonkeyPatch) -> None:
    _, report, signature = named(count)
    out = Terminal()
    for name in ("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", str(most))
    monkeypatch.setattr(sys, "stdout", out)
    console.report("f", *(f"  {line}" for line in report_lines(report, signature, max_nmse)))
    assert "\x1b[36mgradient" in out.getvalue()
    lines = ESCAPE.sub("", out.getvalue()).splitlines()
    assert max(map(width, lines)) <= most
    # No line of the table is broken: each has its own result and all figures that there is room for.
    if count > 1:
        head = next(k for k, line in enumerate(lines) if line.split()[0] == "result")
        shown = min(count, 8 if count > 16 else 16)
        cells = [re.split(r"  +", line[14:] if max_nmse else line[12:]) for line in lines[head : head + 1 + shown]]
        assert {len(c) for c in cells} == {len(cells[0])}
        assert len(cells[0]) == 7 or most < 100


def test_marks_say_which_results_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    _, report, _ = named(4, "r{}")
    lines = table(report.results, 0.015, None)
    assert [line[0] for line in lines] == [" ", "✓", "✓", "✗", "✗"]
    assert [line[2:].split()[0] for line in lines] == ["result", "r0", "r1", "r2", "r3"]
    undefined = table([ResultError("r", math.nan, math.nan, 1.0)], 1e9, None)
    assert undefined[1].startswith("✗")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert table(report.results, 0.015, None)[1].startswith("\x1b[32m✓\x1b[0m r0")
    assert table(report.results, 0.015, None)[4].startswith("\x1b[31m✗\x1b[0m r3")
    monkeypatch.setenv("NO_COLOR", "1")
    assert table(report.results, 0.015, None)[4].startswith("✗ r3")


def test_names_that_are_too_long_keep_their_ends() -> None:
    names, report, _ = named(2, "a.very.long.name.of.some.thing[{}].x")
    line = table(report.results, None, 80)[1]
    assert re.match(r"a\.\S*…\S*\]\.x ", line)
    assert names[0] in table(report.results, None, None)[1]


def test_the_worst_result_comes_first_and_the_mean_is_not_told() -> None:
    _, report, signature = named(3, "r{}")
    lines = report_lines(report, signature)
    assert lines[0].startswith("error     r2 errs most of 3 results: nMSE 0.02,")
    text = "\n".join(lines)
    assert "r0: leaves" not in text  # it does not
    assert "r1: leaves its declared range on 5 rows, by at most 0.001" in text
    assert "worst     r2 is 1.123 instead of 0.1235 at x0 = 0.1235, x1" in text
    assert "x0 < 0.5 (f.c:3): 70 % of the squared error of r2 on 30 % of the rows" in text
    assert "gradient  errs by 0 % in x0 of r0, 10 % in x1 of r0, 20 % in x2 of r0" in text


def test_the_worst_row_is_told_so_that_it_can_be_found_again() -> None:
    arguments = (Argument("day", DOUBLE, 2440000, 2470000), Argument("code", INT, -32768, 32767), Argument("x", DOUBLE))
    row = WorstRow("return", (2440268.25, -32767.0, 0.123456), (1.0,), (2.0,))
    line = worst_line(row, Signature("f", arguments, (Result("return", DOUBLE),)))
    assert line == "2 instead of 1 at day = 2440268, code = -32767, x = 0.1235"


def test_a_constant_that_is_met_is_not_what_errs_most(capsys: pytest.CaptureFixture[str]) -> None:
    """Its nMSE is infinite by rounding alone, and passes every bound."""
    wave = np.sin(np.arange(200.0))
    met = result_error("one", np.ones(200), np.ones(200) + 1e-16 * wave + 2e-16)
    off = result_error("wave", wave, 0.9 * wave)
    none = result_error("none", np.zeros(200), 1e-15 * wave, whole=True)
    assert (met.nmse, none.nmse) == (math.inf, 0)
    assert result_error("none", np.zeros(200), 1e-15 * wave).nmse == math.inf
    report = Report(200, 0, 0, (met, off, none), ())
    assert report.worst is off
    assert failing(report, 0.05) is None
    assert failing(report, 1e-3) == "the nMSE of wave, 0.01, is above --max-nmse 0.001"
    signature = Signature("f", (), tuple(Result(n, DOUBLE) for n in ("one", "wave", "none")))
    lines = report_lines(report, signature, 0.05)
    assert lines[0].startswith("error     wave errs most of 3 results: nMSE 0.01")
    assert [line.split()[:2] for line in lines[2:5]] == [["✓", "one"], ["✓", "wave"], ["✓", "none"]]


def test_derivatives_that_are_off_by_the_same_are_counted() -> None:
    alike = tuple(GradientError(f"x{k}", f"y{k % 2}", 1e-9, 1.0, 2e-9) for k in range(5))
    line = "errs by <0.001 % in each of 5 arguments (of its size; root mean squares of 500 rows)"
    assert gradient_line(Gradients(500, 0, "graph", alike), True) == line
    assert gradient_line(Gradients(500, 0, "graph", alike[:2]), False).startswith(
        "errs by <0.001 % in x0, <0.001 % in x1"
    )
    one = (*alike, GradientError("z", "y0", 0.5, 1.0, 1.0))
    assert gradient_line(Gradients(500, 0, "graph", one), False).count(" % in ") == 6


def test_slices_whose_bars_are_alike_are_not_told() -> None:
    alike = Bound("y", 2e-14, 3e-14, "x", (0, 1, 2), ((2e-14, 2e-14), (2e-14, 3e-14)))
    assert bars_words(alike) == "±2e-14 for 90 % of inputs, ±3e-14 for 99 %"
    apart = Bound("y", 2e-14, 3e-14, "x", (0, 1, 2), ((1e-14, 2e-14), (2e-14, 3e-14)))
    assert bars_words(apart).endswith("; by x, 90 % from ±1e-14 in [0, 1] to ±2e-14 in [1, 2]")


def test_an_older_report_says_what_it_has() -> None:
    report = Report(500, 0, 0, (ResultError("return", 0.01, 0.99, 0.5),))
    signature = Signature("f", (Argument("x", DOUBLE),), (Result("return", DOUBLE),))
    assert report_lines(report, signature) == ["error     nMSE 0.01, R² 0.99, greatest error 0.5 on 500 fresh rows"]


def test_rounding_is_not_told_as_an_error(in_own_folder: None, capsys: pytest.CaptureFixture[str]) -> None:
    Path("f.c").write_text("double f(double x) { return 3 * x; }")
    assert cli.main(["compile", "f.c", "--target", "graph"]) == 0
    out = capsys.readouterr().out
    assert "nMSE 0" in out
    assert "worst" not in out
    assert "where" not in out
    assert "instead of" not in Path("f.graph/README.md").read_text()


def test_a_range_that_the_program_itself_leaves_is_told(compiler: Path) -> None:
    source = "#pragma surrogate range(return, 0, 1)\ndouble f(double x) { return x; }"
    s = surrogate.compile(source=source, compiler=compiler)
    report = s.check(rows=400)
    lines = report_lines(report, s.signature)
    [line] = [line for line in lines if line.startswith("range")]
    assert re.fullmatch(r"range     the program itself leaves its declared range on (\d+) rows", line)
    assert 150 < report.results[0].program_outside < 250
