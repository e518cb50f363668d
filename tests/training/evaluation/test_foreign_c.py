"""The measurement on public C, on small trees and programs made here."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pycparser import CParser

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.program import Argument, Parameter, Program, Result
from cprograms.types import DOUBLE, Array
from tests import ROOT
from training.evaluation.foreign_c import checking, inspection, measure, native, reasons, report
from training.evaluation.foreign_c.checking import DIFFERS, EQUAL, EXACT, ROUNDED
from training.evaluation.foreign_c.inspection import Function, Inspected, Refusal, inspect
from training.evaluation.foreign_c.pace import pace
from training.evaluation.foreign_c.repositories import (
    HELD_OUT,
    STUDIED,
    ForeignFile,
    Repository,
    files_of,
    read_repositories,
)

needs_gcc = pytest.mark.skipif(native.GCC is None, reason="there is no gcc")

KERNELS = """
static double squared(double x) { return x * x; }
double area(double r) { return 3.0 * squared(r); }
int steps(int n) { for (;;) n++; }
double spoken(double x) { return undefined_function(x); }
"""


def tree(folder: Path, **files: str) -> list[ForeignFile]:
    """A repository o/n with these files, a name each without `.c`."""
    root = folder / "sources" / "o+n"
    root.mkdir(parents=True)
    for name, text in files.items():
        (root / f"{name}.c").write_text(text)
    return files_of([Repository("o/n", "0" * 40, ("*.c",))], folder / "sources", folder / "work")


def test_the_list_names_twenty_eight_repositories_and_ten_others():
    sets = read_repositories()
    names = [r.repository for found in sets.values() for r in found]
    assert [len(sets[name]) for name in (STUDIED, HELD_OUT)] == [28, 10]
    assert len(set(names)) == 38
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+", name) for name in names)
    assert all(re.fullmatch(r"[0-9a-f]{40}", r.commit) for found in sets.values() for r in found)


def test_files_are_those_of_the_patterns_once_each(tmp_path: Path):
    tree(tmp_path, a="int x;", b="int y;")
    found = files_of(
        [Repository("o/n", "0" * 40, ("a.c", "*.c"), ("include",), ("N=3",))], tmp_path / "sources", tmp_path
    )
    assert [f.name for f in found] == ["a.c", "b.c"]
    assert found[0].include == (str(tmp_path / "sources" / "o+n" / "include"),)
    assert found[0].defines == ("N=3",)


@pytest.mark.parametrize(
    ("repository", "said"),
    [(Repository("p/q", "c" * 40, ("*.c",)), "check out p/q"), (Repository("o/n", "c" * 40, ("*.f",)), "no file")],
)
def test_what_is_not_checked_out_is_said(repository: Repository, said: str, tmp_path: Path):
    tree(tmp_path, a="int x;")
    with pytest.raises(UsageError, match=said):
        files_of([repository], tmp_path / "sources", tmp_path)


def test_headers_that_a_build_links_are_found(tmp_path: Path):
    (tmp_path / "o+n" / "deep").mkdir(parents=True)
    (tmp_path / "o+n" / "deep" / "n.h").write_text("#define THREE 3.0\n")
    (tmp_path / "o+n" / "f.c").write_text("#include <lib/n.h>\ndouble f(double x) { return THREE * x; }\n")
    (file,) = files_of([Repository("o/n", "0" * 40, ("f.c",), linked=True)], tmp_path, tmp_path / "work")
    assert [f.accepted for f in inspect(file).functions] == [True]


def test_each_function_of_a_file_is_accepted_or_refused_with_a_reason(tmp_path: Path):
    text = '#include <math.h>\ndouble f(double x) { return sin(x); }\nint g(int n) { __asm__("nop"); return n; }\n'
    (file,) = tree(tmp_path, a=text)
    f, g = inspect(file).functions
    assert (f.name, f.line, f.accepted) == ("f", 2, True)
    assert (g.name, g.line, g.accepted) == ("g", 3, False)
    assert g.refusals[0].message
    assert ":3" in g.refusals[0].place


def test_functions_count_where_the_file_cannot_be_read(tmp_path: Path):
    text = "double f(double x) { return x; }\n#error no such machine\ndouble g(double x) { return x; }\n"
    (file,) = tree(tmp_path, a=text)
    found = inspect(file)
    assert [f.name for f in found.functions] == ["f", "g"]
    assert not any(f.accepted for f in found.functions)
    assert not found.crash


def test_a_breakdown_is_recorded_and_no_function_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def broken(*args: object, **options: object) -> None:
        raise KeyError("what nobody expected")

    monkeypatch.setattr(inspection, "describe", broken)
    (file,) = tree(tmp_path, a=KERNELS)
    found = inspect(file)
    assert "what nobody expected" in found.crash
    assert [f.name for f in found.functions] == ["squared", "area", "steps", "spoken"]
    assert not any(f.accepted for f in found.functions)


def test_an_inspection_survives_its_file(tmp_path: Path):
    (file,) = tree(tmp_path, a=KERNELS)
    found = inspect(file)
    assert Inspected.from_json(found.as_json()) == found


def refusal(message: str, hint: str = "") -> Refusal:
    return Refusal(message, hint, "a.c:1")


def test_a_refusal_has_its_kind_and_an_unknown_one_its_message_without_names():
    assert reasons.kind_of(refusal("'f' needs to know how much", "--size w=N or size(w, N)")) == reasons.EXTENT
    assert reasons.kind_of(refusal("'a.h' file not found")) == "a header is missing"
    assert reasons.kind_of(refusal("'x' is 3 too blue")) == "… is … too blue"


def test_the_funnel_counts_first_any_and_only():
    pointer, unknown = refusal("reading through a pointer is not numeric"), refusal("'a.h' file not found")
    functions = [
        Function("f", 1, ()),
        Function("g", 2, (pointer, pointer)),
        Function("h", 3, (unknown, pointer)),
    ]
    assert report.funnel(functions) == [
        ["reads through a pointer", "1", "2", "1"],
        ["a header is missing", "1", "1", "0"],
    ]


def test_results_differ_beyond_a_millionth_and_nan_is_nan():
    y = np.array([1.0, 1.0, np.nan, np.nan, np.inf, 1e-12])
    other = np.array([1.0 + 1e-7, 1.0 + 1e-5, np.nan, 1.0, np.inf, 2e-12])
    assert checking.differing(y, other).tolist() == [False, True, False, True, False, True]
    assert checking.differing(y, other, 1.0).tolist() == [False, True, False, True, False, False]


@needs_gcc
def test_gccs_code_gives_what_numpy_does():
    program = cprograms.load(source="double f(double x, int n) { return n * x + 0.5; }")
    x = np.array([[0.25, 3.0], [-1.0, -7.0]])
    (found,) = native.run_native([program], [x])
    np.testing.assert_array_equal(found.y[:, 0], x[:, 1] * x[:, 0] + 0.5)
    assert found.status.tolist() == [native.ENDED] * 2


def handed(text: str, length: int) -> Program:
    """`void f(const double *x, double *out)`: `length` numbers in, as many out; put together by hand."""
    plain = cprograms.load(source="double f(double x, double out) { return x + out; }")
    unit = CParser().parse(text)
    numbers, none = tuple(range(length)), (None,) * length
    return replace(
        plain,
        arguments=tuple(Argument(f"x[{k}]", DOUBLE) for k in numbers),
        results=tuple(Result(f"out[{k}]", DOUBLE) for k in numbers),
        unit=unit,
        parameters=(
            Parameter("x", Array(DOUBLE, length), "pointer", numbers, none, none),
            Parameter("out", Array(DOUBLE, length), "pointer", none, numbers, none),
        ),
        returned=0,
    )


SUMS = "void f(const double *x, double out[]) { double s = 0; for (int i = 0; i < 3; i++) out[i] = s += x[i]; }"
BEYOND = "void f(const double *x, double *out) { for (int i = 0; i <= 3; i++) out[i] = x[0]; }"
NOWHERE = "void f(const double *x, double *out) { out = (double *)0; *out = x[0]; }"
COUNTS = "void f(const double *x, double *out) { static double n; for (int i = 0; i < 3; i++) out[i] = ++n + x[i]; }"


@needs_gcc
def test_what_is_handed_over_by_pointer_is_read_and_written():
    x = np.random.default_rng(0).normal(size=(5, 3))
    (found,) = native.run_native([handed(SUMS, 3)], [x])
    np.testing.assert_allclose(found.y, np.cumsum(x, axis=1), rtol=1e-15)


@needs_gcc
@pytest.mark.parametrize(
    "text",
    [
        "double f(int n, double a[n]) { return a[0] + a[2] * n; }",
        "double f(int n, const double a[static n + 1]) { return a[0] - a[2] * n; }",
        "double f(int n, double a[*]);\ndouble f(int n, double a[n]) { return a[1] + n; }",
        "static double g(int n, double a[n][3]) { return a[n - 1][1]; }\ndouble f(double a[2][3]) { return g(2, a); }",
    ],
)
def test_parameters_of_variable_length_are_handed_over(text: str):
    program = cprograms.load(source=text, sizes={} if "a[2][3]" in text else {"a": 3})
    x = np.rint(np.random.default_rng(0).uniform(1, 9, (5, len(program.arguments))))
    (found,) = native.run_native([program], [x])
    assert (found.reason, found.status.tolist()) == ("", [native.ENDED] * 5)
    np.testing.assert_array_equal(found.y, cprograms.run(program, x))


@needs_gcc
def test_writing_beside_it_and_nowhere_are_seen_and_cost_nobody_else():
    x = np.ones((4, 3))
    beyond, nowhere, sums = native.run_native([handed(t, 3) for t in (BEYOND, NOWHERE, SUMS)], [x] * 3)
    assert beyond.status.tolist() == [native.GUARD] * 4
    assert nowhere.status.tolist() == [native.NOT_RUN] * 4
    np.testing.assert_array_equal(sums.y, np.tile([1.0, 2.0, 3.0], (4, 1)))


@needs_gcc
def test_nothing_lives_on_from_row_to_row():
    program = handed(COUNTS, 3)
    assert native.keeps(program)
    assert not native.keeps(handed(SUMS, 3))
    (found,) = native.run_native([program], [np.zeros((4, 3))])
    np.testing.assert_array_equal(found.y, np.tile([1.0, 2.0, 3.0], (4, 1)))


@needs_gcc
def test_what_gcc_refuses_says_why_and_costs_nobody_else():
    broken = handed("void f(const double *x, double *out) { out[0] = x[0] + no_such_name; }", 3)
    x = np.ones((2, 3))
    found, sums = native.run_native([broken, handed(SUMS, 3)], [x, x])
    assert "no_such_name" in found.reason
    assert not sums.reason


@needs_gcc
def test_gccs_code_may_call_the_sandboxs_library():
    program = cprograms.load(source="#include <math.h>\nfloat f(float x, double y) { return powf(x, 3) * sinh(y); }")
    x = np.random.default_rng(0).uniform(0, 1, (500, 2)).astype(np.float32).astype(float)
    (own,) = native.run_native([program], [x], musl=True)
    np.testing.assert_array_equal(own.y, cprograms.run(program, x))


@needs_gcc
def test_a_checked_function_is_equal_exact_and_counted(tmp_path: Path):
    (file,) = tree(tmp_path, a=KERNELS)
    found = inspect(file)
    (checked,) = checking.check([found], rows=50, seed=0)
    by_name = {c.name: c for c in checked}
    assert (by_name["area"].native, by_name["area"].graph, by_name["area"].evaluated) == (EQUAL, EXACT, EQUAL)
    assert sum((by_name["area"].statuses or {}).values()) == 50
    assert not any(c.crash for c in checked)
    assert checking.from_json(checking.as_json(checked)) == checked


def test_rounding_that_cancels_is_told_from_a_difference():
    program = cprograms.load(source="double f(double x) { return x; }")
    notes: list[str] = []
    x = np.array([[1.0], [2.0]])
    y = np.array([[1.0], [1e-12]])
    assert checking._compared(program, x, y, np.array([[1.0], [2e-12]]), "gcc", notes.append) == ROUNDED
    assert checking._compared(program, x, y, np.array([[2.0], [1e-12]]), "gcc", notes.append) == DIFFERS
    assert "x=1" in notes[1]


@needs_gcc
def test_the_page_counts_what_the_files_hold_and_nothing_is_done_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    files = tree(tmp_path, a="double f(double x) { return x * x; }", b='int g(int n) { __asm__("nop"); return n; }')
    measurement = measure.Measurement(20, 0, 1, tmp_path / "work")
    first = measurement.measure(files)
    monkeypatch.setattr(measure.Measurement, "_parallel", lambda self, title, work, jobs: iter(()))
    assert measurement.measure(files) == first
    text = report.page({STUDIED: first}, "python script.py", None)
    assert "2 functions in 2 files, 1 accepted (50.0 %)" in text
    assert "| o/n | 2 | 2 | 1 | 50.0 % |" in text
    assert "compared for 1 functions" in text
    report.write_examples(first, tmp_path / "examples")
    lists = Counter(path.name for path in (tmp_path / "examples").glob("*.txt"))
    assert len(lists) == 2


def test_a_sample_is_of_the_files_and_in_their_order(tmp_path: Path):
    files = tree(tmp_path, **{f"f{k:02d}": "int x;" for k in range(30)})
    chosen = measure.sampled(files, 10, seed=0)
    assert len(chosen) == 10
    assert chosen == sorted(chosen, key=files.index)
    assert measure.sampled(files, 99, seed=0) == files


def test_a_checkout_beside_itself_takes_as_long_and_accepts_the_same(tmp_path: Path):
    files = tree(tmp_path, a=KERNELS, b=KERNELS)
    found = pace(files, ROOT)
    assert found.accepted == found.before_accepted
    assert 0.3 < found.ratio < 3
    with pytest.raises(UsageError, match="no checkout"):
        pace(files, tmp_path)
