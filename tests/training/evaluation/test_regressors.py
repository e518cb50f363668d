"""What a user would fit, each against a function that it can represent, and the comparison from end to end."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")

from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from cprograms.corpus import TINY
from cprograms.corpus.shards import ShardReport
from training.evaluation import regressor_comparison, regressors
from training.evaluation.regressor_comparison import SYSTEMS, summary
from training.evaluation.regressors import REGRESSORS, leave_one_out_error
from training.script import run

LEARNABLE = {
    "Gaussian process": (lambda x: np.sin(2 * x[:, 0]) * x[:, 1], 1e-4),
    "boosting": (lambda x: np.where(x[:, 0] > 0.1, 1.0, -1.0), 0.1),
    "MLPRegressor": (lambda x: np.tanh(2 * x[:, 0] - x[:, 1]), 1e-2),
    "nearest row": (lambda x: np.sign(x[:, 0]), 0.3),
}


def rows(count: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (count, 3))


@pytest.mark.parametrize("name", REGRESSORS)
def test_learns_what_it_can_represent(name: str) -> None:
    function, tolerance = LEARNABLE[name]
    x, fresh = rows(64, 0), rows(500, 1)
    predicted = REGRESSORS[name](x, function(x), 0)(fresh)
    assert np.mean((predicted - function(fresh)) ** 2) < tolerance * function(fresh).var()


def test_the_leave_one_out_error_is_that_of_leaving_one_out() -> None:
    x = rows(8, 0)
    y = np.sin(x[:, 0])
    process = GaussianProcessRegressor(RBF(0.7), alpha=0.01, optimizer=None)
    left_out = [y[i] - process.fit(np.delete(x, i, 0), np.delete(y, i)).predict(x[i : i + 1])[0] for i in range(len(x))]
    assert leave_one_out_error(process.fit(x, y)) == pytest.approx(np.mean(np.square(left_out)))


def line(program: str, system: str, nmse: float, rows: int = 64) -> dict:
    return {"program": program, "rows": rows, "system": system, "nmse": nmse, "seconds": 1.0, "microseconds": 2.0}


def test_wins_count_programs_and_halve_ties() -> None:
    errors = {
        "-O1": [1.0, 1.0, 1.0],
        "-O2": [0.1, 0.3, 0.2],
        "Gaussian process": [0.2, 0.2, 0.2],
        "boosting": [0.4, 0.1, 0.4],
        "MLPRegressor": [0.4, 0.4, 0.4],
        "nearest row": [0.0, 0.0, 0.0],
    }
    lines = [line(p, s, errors[s][i]) for i, p in enumerate(["a", "a", "b"]) for s in SYSTEMS]
    (part,) = summary(lines)
    assert (part["programs"], part["results"]) == (2, 3)
    wins = part["wins"]["-O2"]
    assert wins["Gaussian process"]["share"]["value"] == pytest.approx(1.5 / 3)
    assert wins["Gaussian process"]["ratio"]["value"] == pytest.approx((2 * 2 / 3) ** (1 / 3))
    assert wins["the best of the three"]["ratio"]["value"] == pytest.approx((2 * 1 / 3) ** (1 / 3))
    assert wins["nearest row"]["share"]["value"] == 0
    assert part["systems"]["-O2"]["median"] == 0.2
    assert [row["results"] for row in part["by_difficulty"]] == [0, 0, 3]
    assert part["by_difficulty"][2]["-O2"] == pytest.approx(1.5 / 3)


@pytest.fixture
def script(load_script: Callable[[str], ModuleType]) -> ModuleType:
    return load_script("evaluate/regressors")


def test_the_script_goes_on_where_it_was(
    script: ModuleType, compiler: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def in_this_process(function, jobs, settings, *, processes):
        for path, job in jobs.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                function(path, *job)
        return ShardReport()

    monkeypatch.setattr(regressor_comparison, "make_shards", in_this_process)
    monkeypatch.setattr(regressor_comparison, "REGRESSORS", dict.fromkeys(REGRESSORS, regressors.nearest_row))
    options = ["--data", str(TINY), "--compiler", str(compiler), "--programs", "6", "--rows", "16", "24"]
    options += ["--work", str(tmp_path / "work"), "--out", str(tmp_path / "out")]
    assert run(script.PARSER, script.main, options) == 0
    report = json.loads((tmp_path / "out.json").read_text())
    assert [part["rows"] for part in report["rows"]] == [16, 24]
    for part in report["rows"]:
        assert part["programs"] == 6
        assert part["systems"]["-O2"]["geo"] > 0
    assert "## 24 rows" in (tmp_path / "out.md").read_text()
    shards = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").glob("*.parquet")}
    assert len(shards) == 2
    assert run(script.PARSER, script.main, options) == 0
    assert {p: p.stat().st_mtime_ns for p in shards} == shards
    assert json.loads((tmp_path / "out.json").read_text()) == report


def test_a_missing_extra_is_named(
    script: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for module in ("regressors", "regressor_comparison"):
        monkeypatch.delitem(sys.modules, f"training.evaluation.{module}")
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    assert run(script.PARSER, script.main, ["--data", str(TINY), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: the regressors need scikit-learn: pip install 'surrogate-compiler[analysis]'"
    ]
