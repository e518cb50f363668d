"""The protocol on the tiny corpus: a start that is right wins, grids are never chosen at an end, runs resume."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

import cprograms
from cprograms.corpus import TINY
from cprograms.diagnostics import UsageError
from surrogate.mlp.parts.taps import find_taps
from surrogate.mlp.parts.towers import Towers, join, outputs
from tests import ROOT
from training.evaluation import protocol_report
from training.evaluation.protocol import Measured, ProtocolConfig, prepare, prepare_validation, tuned, work_folder
from training.evaluation.protocol_run import evaluate
from training.evaluation.statistics import ratio
from training.evaluation.suites import Suite, executed, make_suite, nmse, suite_programs
from training.finetuning import OPTIMISERS
from training.grid_search import climb
from training.starts.table import Start, random_start, static_scale

LM, ADAM = OPTIMISERS["Levenberg–Marquardt"], OPTIMISERS["Adam"]
RANDOM = Start("random", random_start, static_scale)


@pytest.fixture(scope="module")
def suite() -> Suite:
    made, _, _ = make_suite(executed(suite_programs("generated", TINY, 6), 64, 200, 0), 64, 200)
    return made


def test_rows_are_the_sandboxs_and_smaller_sizes_are_prefixes(suite: Suite):
    programs = suite_programs("generated", TINY, 6)
    fewer, kept, _ = make_suite(executed(programs, 64, 200, 0), 16, 50)
    for task, small, held in zip(suite.tasks, fewer.tasks, kept, strict=True):
        np.testing.assert_array_equal(task.x[:16], small.x)
        np.testing.assert_allclose(cprograms.run(held.program, task.x)[:, held.result], task.y, rtol=1e-9)
    test = suite.test
    scaled = [
        t.domain[:, 0] + (t.domain[:, 1] - t.domain[:, 0]) / 2 * (test.x[i, :, : t.arguments].numpy() + 1)
        for i, t in enumerate(suite.tasks)
    ]
    for x, original in zip(scaled, suite.x_test, strict=True):
        np.testing.assert_allclose(x, original, rtol=1e-5, atol=1e-5 * np.abs(original).max())


def test_the_four_kernels_and_the_library_are_suites():
    assert [p.entry for p in suite_programs("parrot", TINY, 4)] == [
        "fft_twiddle", "inverse_kinematics", "colour_distance", "sobel",
    ]  # fmt: skip
    assert len(suite_programs("library", TINY, 10)) == 10
    with pytest.raises(UsageError, match="no suite 'cifar'; there are parrot, library, generated, harvested"):
        suite_programs("cifar", TINY, 10)
    with pytest.raises(UsageError, match="holds no harvested program"):
        suite_programs("harvested", TINY, 10)


def test_the_error_is_that_of_numpy(suite: Suite):
    towers = random_start(suite.tasks, 0)
    mean, std = suite.rows.moments()
    predicted = (outputs(towers, suite.test.x).double() * std + mean).numpy()
    true = suite.test.y.numpy()
    expected = ((predicted - true) ** 2).mean(1) / true.var(1)
    np.testing.assert_allclose(nmse(towers, mean, std, suite.test).numpy(), expected, rtol=1e-5)


def oracle(towers: dict[int, Towers]) -> Start:
    """Knows the answer: towers that give the outputs, by the task's key."""

    return Start("oracle", lambda tasks, _seed: join([towers[t.key] for t in tasks]), static_scale)


def test_a_start_that_knows_the_answer_wins(suite: Suite):
    """Programs whose outputs are towers' own: nothing beats a start from these towers."""
    answers = random_start(suite.tasks, 99)
    y = outputs(answers, suite.rows.x).double().numpy()
    y_test = outputs(answers, suite.test.x).double().numpy()
    # Standardised rows of a tower are another tower's: take the scale out of the problem.
    mean, std = y.mean(1, keepdims=True), y.std(1, keepdims=True)
    y, y_test = (y - mean) / std, (y_test - mean) / std
    tasks = [replace(t, y=v) for t, v in zip(suite.tasks, y, strict=True)]
    made = Suite(tasks, suite.x_test, list(y_test))
    w1, w2, w3 = answers
    w3 = w3 / torch.from_numpy(std[..., None]).float()
    w3[..., -1] -= torch.from_numpy(mean / std).float()
    known = {t.key: tower for t, tower in zip(tasks, Towers(w1, w2, w3).apart(), strict=True)}
    [ours] = tuned(oracle(known), made, 64, LM, [1.0], 0)
    [random] = tuned(RANDOM, made, 64, LM, [1.0], 0)
    found = ratio(random.errors[None], ours.errors[None], made.programs)
    assert found.value > 10
    assert found.low > 1
    assert (ours.errors < 1e-8).all()
    assert (ours.errors < random.errors).all()
    assert ours.traces[0].max() < 1e-8


def test_strengths_fine_tuned_together_are_those_fine_tuned_alone(suite: Suite):
    few = suite.of({t.key for t in suite.tasks[:4]})
    together = tuned(RANDOM, few, 16, OPTIMISERS["Adam"], [0.001, 0.01], 0)
    for strength, outcome in zip([0.001, 0.01], together, strict=True):
        [alone] = tuned(RANDOM, few, 16, OPTIMISERS["Adam"], [strength], 0)
        assert np.mean(alone.stops == outcome.stops) > 0.7  # rounding may move a stop
        assert np.median(np.abs(np.log(alone.errors / outcome.errors))) < 0.05


def test_a_grid_is_extended_until_its_best_value_is_inside():
    seen = []

    def errors(strengths: list[float]) -> list[float]:
        seen.extend(strengths)
        return [1 + np.log10(s / 1000) ** 2 for s in strengths]

    best, tried = climb(errors, middle=1, factor=10)
    assert best == pytest.approx(1000)
    assert seen == pytest.approx([0.1, 1, 10, 100, 1000, 10000])
    assert min(tried) < best < max(tried)


def test_a_grid_without_an_end_fails_loudly():
    with pytest.raises(UsageError, match="still falls at the end of the grid"):
        climb(lambda strengths: [1 / s for s in strengths], middle=1, factor=10)


def test_a_flat_grid_keeps_its_middle():
    assert climb(lambda strengths: [1.0 + s * 1e-5 for s in strengths], middle=1, factor=10)[0] == 1


@pytest.fixture
def settings(compiler: Path) -> ProtocolConfig:
    return ProtocolConfig(
        "generated", str(TINY), 2, 2, sizes=(8,), seeds=1, test_rows=50, compiler=str(compiler), optimisers=("Adam",)
    )


def test_a_run_writes_tables_and_plots_and_resumes(settings: ProtocolConfig, tmp_path: Path):
    def run(command: str) -> str:
        return evaluate(settings, ["text + rows"], tmp_path / "docs" / "tiny", tmp_path / "work", 1, command)

    page = run("first")
    document = json.loads((tmp_path / "docs" / "tiny.json").read_text())
    assert list(document["errors"]) == ["random", "text + rows"]
    assert document["ratios"]["random"]["8"]["value"] == 1
    assert {f"tiny_{n}.{k}" for n in ("errors", "ratios") for k in ("png", "svg")} < {
        p.name for p in (tmp_path / "docs").iterdir()
    }
    assert "| random |" in page
    assert "(tiny_errors.png)" in page
    figures = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").rglob("*.json")}
    [victim] = [p for p in figures if p.name == "start-random-8.json"]
    victim.unlink()
    assert run("first").split("\n")[3:] == page.split("\n")[3:]
    again = {p: p.stat().st_mtime_ns for p in (tmp_path / "work").rglob("*.json")}
    assert [p.name for p in again if again[p] != figures[p]] == [victim.name]
    assert "Levenberg" not in json.dumps(json.loads((tmp_path / "docs" / "tiny.json").read_text())["choices"])


def test_towers_with_taps_are_measured_by_the_starts_that_read_them(settings: ProtocolConfig, tmp_path: Path):
    tapped = replace(settings, taps=True, programs=4)
    page = evaluate(tapped, ["text + rows"], tmp_path / "tapped", tmp_path / "work", 1, "")
    document = json.loads((tmp_path / "tapped.json").read_text())
    assert list(document["errors"]) == ["random", "text + rows"]
    prepared = prepare(tapped)
    taps = [find_taps(h.program, h.graph.result(h.result)) for h in prepared.held]
    assert document["taps"]["results"] == sum(t is not None for t in taps) > 0
    assert document["taps"]["number"] == sum(map(len, filter(None, taps))) / len(taps)
    assert f"beside the arguments: {document['taps']['results']} results have any" in page
    assert "left out: constant, wrong text, wrong text + rows, those learned" in page
    assert "table" not in document  # the compiler's levels are plain ones
    with pytest.raises(UsageError, match=r"no start 'wrong text'; there are random, text.*others read no taps"):
        evaluate(tapped, ["wrong text"], tmp_path / "tapped", tmp_path / "work", 1, "")


def test_bars_are_those_of_the_suite_and_of_what_towers_read(settings: ProtocolConfig):
    """Errors of 1 for random, 0.05 for what was compiled, and 0.5 for the wrong text."""
    errors = {"random": 1.0, "text + rows": 0.05, "compiled": 0.02, "wrong text + rows": 0.5}
    sizes, both = (8, 32, 512), np.array([0, 1])
    steps = {"strength": 1.0, "error": 1.0}
    fits = {
        (m, n, "Adam", 1.0): {"errors": [[e, e]], "traces": np.full((1, len(ADAM.checkpoints()), 2), e).tolist()}
        for m, e in errors.items()
        for n in sizes
    }
    starts = {
        (m, n): {scale: [[e, e]] for scale in ("given", "predicted", "rows")}
        for m, e in errors.items()
        for n in (0, 4, 8, 32, 64, 512)
    }
    measured = Measured(
        list(errors), sizes, both, starts, {(m, n): {"Adam": steps} for m in errors for n in sizes}, fits
    )

    def found(**change: object) -> dict[str, tuple[float, bool]]:
        config = replace(settings, **change)  # type: ignore[arg-type]
        rows = protocol_report.bars(config, None, measured, protocol_report.figures(measured))
        return {row["what"]: (row["bar"], row["met"]) for row in rows}

    plain, tapped, harvested = found(), found(taps=True), found(suite="harvested")
    assert plain["2: random ÷ text + rows, n = 0, given"] == (25, False)
    assert plain["2: random ÷ compiled, n = 0, given"] == (25, True)
    assert plain["2: random ÷ text + rows, n = 8"] == (12, True)
    assert tapped["2: random ÷ text + rows, n = 8"] == (15, True)
    assert "2: random ÷ text + rows, n = 512" not in tapped
    assert harvested["2: random ÷ text + rows, n = 8"] == (8, True)
    assert plain["4: wrong text + rows ÷ text + rows, 8 rows, no fine-tuning"] == (20, False)
    assert plain["4: wrong text + rows ÷ compiled, 8 rows, no fine-tuning"] == (20, True)


def test_validation_programs_may_be_of_another_corpus(settings: ProtocolConfig, tmp_path: Path):
    for split in ("test", "validation"):
        (tmp_path / split).mkdir()
        for shard in TINY.glob(f"{split}-*.parquet"):
            shutil.copy(shard, tmp_path / split)
    apart = replace(settings, data=str(tmp_path / "test"), validation_data=str(tmp_path / "validation"))
    assert work_folder(tmp_path, apart, "") != work_folder(tmp_path, replace(apart, validation_data=None), "")
    pairs = [(prepare(apart).suites[0], prepare(settings).suites[0])]
    pairs += [(prepare_validation(apart), prepare_validation(settings))]
    for own, expected in pairs:
        assert [t.key for t in own.tasks] == [t.key for t in expected.tasks]
        np.testing.assert_array_equal(own.rows.x, expected.rows.x)
    with pytest.raises(UsageError, match="validation"):
        prepare_validation(replace(apart, validation_data=None))


def test_another_compiler_or_seed_is_another_folder(settings: ProtocolConfig, tmp_path: Path):
    folders = {
        work_folder(tmp_path, settings, "a"),
        work_folder(tmp_path, settings, "b"),
        work_folder(tmp_path, replace(settings, seed=1), "a"),
        work_folder(tmp_path, replace(settings, taps=True), "a"),
    }
    assert len(folders) == 4
    assert work_folder(tmp_path, replace(settings, sizes=(8,)), "a") == work_folder(tmp_path, settings, "a")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--suite", "cifar"], "no suite 'cifar'"),
        (["--suite", "harvested"], "holds no harvested program"),
        (["--suite", "generated", "--data", "nowhere"], "nowhere holds no shard (test-*.parquet)"),
        (["--suite", "generated", "--sizes", "2"], "a size must be at least 4 rows"),
        (["--suite", "generated", "--taps", "--sizes"], "without sizes there is nothing to fine-tune"),
        (["--suite", "generated", "--optimisers", "SGD"], "no optimiser 'SGD'; there are Adam, Levenberg–Marquardt"),
    ],
)
def test_bad_input_is_named(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    script = ROOT / "scripts" / "evaluate" / "protocol.py"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [str(script), "--data", str(TINY), "--out", str(tmp_path / "out"), *arguments])
    with pytest.raises(SystemExit) as stopped:
        runpy.run_path(str(script), run_name="__main__")
    assert stopped.value.code == 2
    said = capsys.readouterr().err.strip().split("\n")
    assert said[-1].startswith("error: ")
    assert message in said[-1]


def test_an_unknown_start_and_a_missing_folder_are_named(settings: ProtocolConfig, tmp_path: Path):
    with pytest.raises(UsageError, match=r"no start 'maml'; there are random, constant, text.*need --baselines"):
        evaluate(settings, ["maml"], tmp_path / "out", tmp_path / "work", 1, "")
    with pytest.raises(UsageError, match="no such folder of baselines"):
        evaluate(replace(settings, baselines=str(tmp_path / "none")), None, tmp_path / "out", tmp_path, 1, "")
