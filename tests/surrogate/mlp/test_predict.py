"""Predictions and runs from Python: inputs of all kinds, warnings, and what objects show of themselves."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import cprograms
import surrogate
from surrogate.cli import main
from surrogate.mlp.artifact import Surrogate

ROWS = np.array([[1, 0.5], [2, -1]])
SWAPPED = pd.DataFrame({"y": [0.5, -1], "x": [1, 2]})


def true(x: np.ndarray) -> np.ndarray:
    return np.asarray(3 * x[..., :1] - 2 * x[..., 1:] + 1)


def test_a_frame_goes_by_its_names(plane: Surrogate) -> None:
    expected = plane.predict(ROWS)
    for given in (SWAPPED, SWAPPED[["x", "y"]], SWAPPED.to_dict("list")):
        np.testing.assert_array_equal(plane.predict(given), expected)
        np.testing.assert_array_equal(plane(given), expected)
    np.testing.assert_array_equal(plane.predict(x=[1, 2], y=[0.5, -1]), expected)
    np.testing.assert_array_equal(plane(y=0.5, x=1), plane.predict([1, 0.5]))
    with pytest.raises(ValueError, match="there is no argument 'z'"):
        plane.predict(SWAPPED.rename(columns={"y": "z"}))


@pytest.mark.parametrize("shape", [(), (0,), (1,), (7,), (3, 5), (2, 1, 4), (2, 0)])
def test_any_batch_shape(plane: Surrogate, shape: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).uniform([0, -1], [4, 1], (*shape, 2))
    for found, tolerance in ((plane.predict(x), 0.5), (plane.program.run(x), 1e-12)):
        assert found.shape == (*shape, 1)
        np.testing.assert_allclose(found, true(x), atol=tolerance)
    flat = plane.predict(x.reshape(-1, 2))
    np.testing.assert_array_equal(plane.predict(x).reshape(-1, 1), flat)


def test_masked_rows_stay_masked(plane: Surrogate) -> None:
    x = np.ma.array(ROWS, mask=[[0, 1], [0, 0]])
    for found in (plane.predict(x), plane.program.run(x)):
        assert np.ma.getmaskarray(found).tolist() == [[True], [False]]
        assert np.isnan(np.asarray(found)[0, 0])
        np.testing.assert_allclose(found[1], true(ROWS[1]), atol=0.1)


def test_a_masked_constant_is_masked() -> None:
    """Its result does not depend on the inputs at all."""
    x = np.ma.array([[0.5]], mask=True)
    constant = cprograms.load(source="double f(double x) { return 3; }").run(x)
    assert np.ma.getmaskarray(constant).all()


def test_the_c_program_runs_with_names(plane: Surrogate) -> None:
    np.testing.assert_array_equal(plane.program.run(SWAPPED), true(ROWS))
    assert plane.program.run(x=2, y=-1).tolist() == [9]
    with pytest.raises(ValueError, match="no values for y"):
        plane.program.run(x=2)


def test_the_sandbox_reads_names_and_masks_too(plane: Surrogate) -> None:
    given: Any = SWAPPED
    np.testing.assert_array_equal(cprograms.run(plane.program, given), true(ROWS))
    masked = cprograms.run(plane.program, np.ma.array(ROWS, mask=[[0, 1], [0, 0]]))
    assert np.ma.getmaskarray(masked).tolist() == [[True], [False]]


def test_arguments_may_have_any_name() -> None:
    """Those of Python's methods, too."""
    program = cprograms.load(source="double f(double self, double rows, double columns) { return self - rows; }")
    assert program.run(self=3, rows=1, columns=0).tolist() == [2]


def test_a_row_that_traps_is_nan() -> None:
    program = cprograms.load(source="int f(int a, int b) { return a / b; }")
    np.testing.assert_array_equal(program.run([[7, 2], [7, 0]]), [[3], [np.nan]])


def test_one_call_warns_once_of_rows_outside_the_domain(plane: Surrogate) -> None:
    x = np.array([[[1, 0.5], [5, 0]], [[-1, 0], [2, 9]]])
    for call in (plane.predict, plane):
        with pytest.warns(surrogate.OutOfDomainWarning) as caught:
            call(x)
        assert len(caught) == 1
        assert "3 of 4 rows are outside the domain (x in [0, 4], y in [-1, 1])" in str(caught[0].message)
        assert caught[0].filename == __file__
    assert issubclass(surrogate.OutOfDomainWarning, UserWarning)


def test_no_warning_inside_the_domain_or_of_what_is_missing(plane: Surrogate) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        plane.predict([[0, -1], [4, 1], [np.nan, 0]])
        plane.predict(np.ma.array([[99, 0]], mask=[[1, 0]]))
        plane.predict(np.zeros((0, 2)))
        plane.check(rows=100)


def test_the_module_names_the_arguments(plane: Surrogate, tmp_path: Path) -> None:
    plane.save(tmp_path / "s")
    for s in (plane, surrogate.load(tmp_path / "s")):
        assert isinstance(s, Surrogate)
        with pytest.raises(ValueError, match=r"the last axis is x, y; not \[4, 3\]"):
            s.module(torch.zeros(4, 3))


def assert_fits_a_screen(text: str) -> None:
    lines = text.splitlines()
    assert len(lines) <= 12, text
    assert max(map(len, lines)) <= 100, text


def test_a_surrogate_shows_itself(plane: Surrogate) -> None:
    shown = repr(plane)
    assert_fits_a_screen(shown)
    for part in ("double plane(double x, double y)", "-O1", "x in [0, 4], y in [-1, 1]", "not measured"):
        assert part in shown
    report = plane.check(rows=100)
    assert f"nMSE {report.nmse:.4g}" in repr(plane)
    assert f"nmse={report.nmse:.4g}" in repr(report)
    assert_fits_a_screen(repr(report))
    assert "finite" not in repr(plane)
    for part in ("double plane(double x, double y)", "<source>", "x in [0, 4], y in [-1, 1]"):
        assert part in repr(plane.program)


def test_the_largest_signature_fits_a_screen(compiler: Path) -> None:
    takes = ", ".join(f"unsigned long long a_rather_long_name_{i}" for i in range(16))
    source = f"struct p {{ double a, b, c, d; }}; struct p f({takes}) {{ struct p r = {{ 1, 2, 3, 4 }}; return r; }}"
    compiled = surrogate.compile(source=source, compiler=compiler)
    compiled.check(rows=50)
    for shown in (compiled, compiled.measured, compiled.program):
        assert_fits_a_screen(repr(shown))


def test_an_exact_program_shows_itself() -> None:
    program = surrogate.compile(source="void f(int *mem) { mem[0] = mem[1]; }", target="anc")
    assert "not checked yet" in repr(program)
    program.check(10)
    assert_fits_a_screen(repr(program))
    for part in ("void f(int *)", "3 lines", "all 10 random tapes right"):
        assert part in repr(program)


HALF = "#include <math.h>\ndouble above(double x) { return sqrt(x - 0.5); }"


def test_a_domain_without_results_in_part_is_said(
    compiler: Path, in_own_folder: None, capsys: pytest.CaptureFixture[str]
) -> None:
    compiled = surrogate.compile(source=HALF, ranges={"x": (0, 1)}, compiler=compiler)
    report = compiled.check(rows=400)
    # The program itself says how many: half of the domain is below the root's.
    assert report.trapped_share == pytest.approx(0.5, abs=0.1)
    said = f"no finite result on {report.trapped} of 400 rows"
    assert said in " ".join(repr(compiled).split())
    compiled.save("s")
    capsys.readouterr()
    assert main(["run", "s", "0.75"]) == 0
    assert f"warning: the program gave {said}" in capsys.readouterr().err
    assert main(["run", "s", "2", "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)["warnings"]
    assert "outside the domain" in first
    assert said in second
