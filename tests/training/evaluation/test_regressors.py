"""What a user would fit, each against a function that it can represent, and the comparison from end to end."""

from __future__ import annotations

import itertools
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="the extra [analysis] is not installed")

from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from cprograms.corpus import TINY
from cprograms.corpus.shards import ShardReport
from training.evaluation import regressor_comparison, regressors, systems
from training.evaluation.regressor_report import best_of, markdown, summary, won
from training.evaluation.regressors import MANY, REGRESSORS, leave_one_out_error
from training.evaluation.suites import executed, suite_programs
from training.evaluation.systems import System
from training.held_out import HeldOut, Predict
from training.script import run

LEARNABLE = {
    "Gaussian process": (lambda x: np.sin(2 * x[:, 0]) * x[:, 1], 1e-4),
    "boosting": (lambda x: np.where(x[:, 0] > 0.1, 1.0, -1.0), 0.1),
    "MLPRegressor": (lambda x: np.tanh(2 * x[:, 0] - x[:, 1]), 1e-2),
    "nearest row": (lambda x: np.sign(x[:, 0]), 0.3),
}


@pytest.fixture(autouse=True)
def looks(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """A clock of the regressors that goes by a second whenever it is looked at: no busy machine changes a result."""
    counted = itertools.count(1)
    monkeypatch.setattr(regressors, "time", SimpleNamespace(process_time=lambda: next(counted)))
    return counted


def rows(size: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (size, 3))


def relative_error(name: str, size: int, limit: float) -> float:
    """The error of a regressor on what it can represent, over the function's variance."""
    function, _ = LEARNABLE[name]
    x, fresh = rows(size, 0), rows(500, 1)
    predicted = REGRESSORS[name](x, function(x), 0, limit)(fresh)
    return float(np.mean((predicted - function(fresh)) ** 2) / function(fresh).var())


# --- Regressors ---


@pytest.mark.parametrize("name", REGRESSORS)
def test_learns_what_it_can_represent(name: str) -> None:
    assert relative_error(name, 64, 1000) < LEARNABLE[name][1]


@pytest.mark.parametrize("name", REGRESSORS)
def test_without_time_it_gives_what_it_tries_first(name: str, looks: Iterator[int]) -> None:
    assert relative_error(name, MANY + 10, 0.0) < 1
    assert next(looks) < 50, "it went on after its time was up"


def test_a_process_of_many_rows_errs_less_than_one_of_the_first() -> None:
    assert relative_error("Gaussian process", MANY + 100, 20) < relative_error("Gaussian process", MANY, 20)


def test_the_leave_one_out_error_is_that_of_leaving_one_out() -> None:
    x = rows(8, 0)
    y = np.sin(x[:, 0])
    process = GaussianProcessRegressor(RBF(0.7), alpha=0.01, optimizer=None)
    left_out = [y[i] - process.fit(np.delete(x, i, 0), np.delete(y, i)).predict(x[i : i + 1])[0] for i in range(len(x))]
    assert leave_one_out_error(process.fit(x, y)) == pytest.approx(np.mean(np.square(left_out)))


def test_every_regressor_says_what_its_results_depend_on() -> None:
    assert regressors.SETTINGS.keys() == REGRESSORS.keys()


# --- Figures ---


def line(suite: str, program: str, system: str, nmse: float) -> dict:
    return {
        **{"suite": suite, "program": program, "entry": program, "result": "return", "system": system},
        **{"arguments": 1, "nmse": nmse, "seconds": 1.0, "microseconds": 2.0},
    }


def unused(_held: HeldOut, _seed: int) -> Predict:
    raise AssertionError


ERRORS = {
    "-O1": [1.0, 1.0, 1.0],
    "-O2": [0.1, 0.3, 0.2],
    "Gaussian process": [0.2, 0.2, 0.2],
    "boosting": [0.4, 0.1, 0.4],
    "MLPRegressor": [0.4, 0.4, 0.4],
    "nearest row": [0.0, 0.0, 0.0],
}
COMPARED = [
    System(name, None if name == "-O2" else 64, unused, {}, name if name in REGRESSORS else None) for name in ERRORS
]


def test_wins_count_programs_and_halve_ties() -> None:
    suites = {"library": "a", "generated": "b"}
    places = [("library", 0), ("library", 1), ("generated", 2)]
    lines = [line(suite, suites[suite], s, ERRORS[s][i]) for suite, i in places for s in ERRORS]
    report = summary(lines, COMPARED)
    assert list(report["parts"]) == ["all", "library", "generated"]
    part = report["parts"]["all"]
    assert (part["programs"], part["results"]) == (2, 3)
    wins = part["wins"]["-O2"]
    assert wins["Gaussian process"]["share"]["value"] == pytest.approx(1.5 / 3)
    assert wins["Gaussian process"]["ratio"]["value"] == pytest.approx((2 * 2 / 3) ** (1 / 3))
    assert wins[best_of(64)]["ratio"]["value"] == pytest.approx((2 * 1 / 3) ** (1 / 3))
    assert wins["nearest row"]["share"]["value"] == 0
    assert part["systems"]["-O2"]["median"] == 0.2
    assert part["systems"]["-O2"]["rows"] is None
    difficulty = part["by_difficulty"][best_of(64)]
    assert [row["results"] for row in difficulty] == [0, 0, 3]
    assert difficulty[2]["-O2"] == pytest.approx(1.5 / 3)
    assert report["parts"]["generated"]["wins"]["-O2"]["Gaussian process"]["share"]["value"] == 0.5


def test_errors_below_a_billionth_are_equal() -> None:
    assert won(np.array([1e-12, 2e-9, np.inf]), np.array([1e-10, 1e-10, np.nan])).tolist() == [0.5, 0, 0.5]


def test_the_worst_are_those_of_the_last_of_ours_in_the_library() -> None:
    errors = {"-O1": 1.0, "Gaussian process": 0.2, "boosting": 0.1, "MLPRegressor": 0.3, "nearest row": 0.0}
    lines = [line("library", f"p{i}", s, e) for i in range(12) for s, e in ({"-O2": i / 20} | errors).items()]
    worst = summary(lines, COMPARED)["worst"]
    assert worst["system"] == "-O2"
    assert [row["result"] for row in worst["results"]] == [f"p{i}" for i in range(11, 1, -1)]
    assert worst["results"][0]["errors"] == pytest.approx({"-O1": 1.0, "-O2": 0.55, best_of(64): 0.1})


def test_shares_of_good_results_include_the_bar() -> None:
    lines = [line("generated", str(i), "-O1", e) for i, e in enumerate([1e-5, 1e-6, 1e-12, 0.1])]
    found = summary(lines, COMPARED[:1])["parts"]["generated"]["systems"]["-O1"]
    assert (found["at most 1e-05"], found["at most 1e-06"]) == (0.75, 0.5)


def test_regressors_alone_have_no_wins() -> None:
    others = [system for system in COMPARED if system.regressor]
    lines = [line("generated", "a", system.name, 0.1) for system in others]
    header = {"command": "c", "seed": 0, "compiler": "0123456789abcdef", "test_rows": 2000, "limit": 20.0}
    page = markdown(header | summary(lines, others))
    assert best_of(64) in page
    assert "beat" not in page


# --- The script ---


def of_a_constant(_held: HeldOut, _seed: int, _compiler: str | None) -> Predict:
    return lambda x: np.zeros(len(x))


@pytest.fixture
def script(load_script: Callable[[str], ModuleType], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with shards made in this process, regressors that cost nothing, and two systems of ours."""

    def in_this_process(function, jobs, settings, *, processes):
        for path, job in jobs.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                function(path, *job)
        return ShardReport()

    monkeypatch.setattr(regressor_comparison, "make_shards", in_this_process)
    monkeypatch.setattr(systems, "OURS", (("-O1", 64, partial(systems.at_level, 1)), ("-O2", None, of_a_constant)))
    monkeypatch.setattr(systems, "REGRESSORS", dict.fromkeys(REGRESSORS, regressors.nearest_row))
    return load_script("evaluate/regressors")


@pytest.fixture
def options(compiler: Path, tmp_path: Path) -> list[str]:
    given = ["--data", str(TINY), "--compiler", str(compiler), "--suites", "generated", "library", "--rows", "16", "24"]
    return [*given, "--work", str(tmp_path / "work"), "--out", str(tmp_path / "out"), "--programs", "2", "1"]


def written(folder: Path) -> dict[str, int]:
    return {f"{p.parent.name}/{p.name}": p.stat().st_mtime_ns for p in folder.glob("*/*.parquet")}


def test_the_script_goes_on_where_it_was(script: ModuleType, options: list[str], tmp_path: Path) -> None:
    assert run(script.PARSER, script.main, options) == 0
    report = json.loads((tmp_path / "out.json").read_text())
    assert list(report["parts"]) == ["all", "generated", "library"]
    assert report["parts"]["all"]["programs"] == 3
    assert report["parts"]["all"]["systems"]["-O2"]["geo"] > 0
    assert report["parts"]["all"]["systems"][best_of(24)]["rows"] == 24
    assert "the best of the three, 16 rows" in (tmp_path / "out.md").read_text()
    shards = written(tmp_path / "work")
    assert len(shards) == 3 * (len(systems.OURS) + 2 * len(REGRESSORS))
    assert run(script.PARSER, script.main, options) == 0
    assert written(tmp_path / "work") == shards
    assert json.loads((tmp_path / "out.json").read_text()) == report


def test_a_changed_system_and_further_programs_leave_the_others_as_they_are(
    script: ModuleType, options: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(script.PARSER, script.main, options) == 0
    before = written(tmp_path / "work")
    monkeypatch.setitem(regressors.SETTINGS, "boosting", ["another grid"])
    assert run(script.PARSER, script.main, [*options[:-1], "2"]) == 0
    after = written(tmp_path / "work")
    assert before.items() <= after.items()
    added = {name for name in after if name not in before}
    # A further program of every system, and boosting with two numbers of rows on those before.
    assert len(added) == len(systems.OURS) + 2 * len(REGRESSORS) + 2 * 3
    assert sum("boosting" in name for name in added) == 2 * 4


def test_a_system_can_be_chosen_and_measured_anew(
    script: ModuleType, options: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    chosen = ["--systems", "O1", "nearest row, 16 rows"]
    assert run(script.PARSER, script.main, [*options, *chosen]) == 0
    before = written(tmp_path / "work")
    assert {name.partition("-")[0] for name in before} == {"O1", "nearest"}
    assert run(script.PARSER, script.main, [*options, *chosen, "--fresh", "O1"]) == 0
    after = written(tmp_path / "work")
    assert before.keys() == after.keys()
    assert {name.partition("-")[0] for name in before if before[name] != after[name]} == {"O1"}
    assert run(script.PARSER, script.main, [*options, "--systems", "O7"]) == 2
    assert capsys.readouterr().err.startswith("error: no system 'O7'; there are O1; O2")
    assert run(script.PARSER, script.main, [*options, "3"]) == 2
    assert capsys.readouterr().err == "error: --programs is one number, or one for each of 2 suites\n"


def test_a_system_sees_no_more_rows_than_it_is_given(compiler: Path) -> None:
    comparison = regressor_comparison.Comparison(TINY, ("generated",), (1,), (), 0, 50, compiler=str(compiler))
    (program,) = suite_programs("generated", TINY, 1)
    for count in (24, None):
        seen: list[int] = []

        def fit(held: HeldOut, _seed: int, seen: list[int] = seen) -> Predict:
            seen.append(len(held.x))
            return lambda x: np.zeros(len(x))

        held = executed([program], count or 0, 50, 0)
        found = regressor_comparison.measure(System("", count, fit, {}), held[0], comparison)
        assert seen == [count or 0]
        assert found["nmse"] > 0


def test_a_missing_extra_is_named(
    load_script: Callable[[str], ModuleType],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = load_script("evaluate/regressors")
    for module in ("regressors", "regressor_comparison", "systems"):
        monkeypatch.delitem(sys.modules, f"training.evaluation.{module}")
    monkeypatch.setitem(sys.modules, "sklearn.ensemble", None)
    assert run(script.PARSER, script.main, ["--data", str(TINY), "--out", str(tmp_path / "out")]) == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: the regressors need scikit-learn: pip install 'surrogate-compiler[analysis]'"
    ]
