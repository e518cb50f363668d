"""The training loop: it learns, resumes as if it had not been killed, and runs on two processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from cprograms.diagnostics import UsageError
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig
from surrogate.mlp.parts.towers import outputs
from tests import ROOT
from training.config import config_of, read_mapping
from training.examples.batches import as_read, make_batch
from training.examples.shards import ExampleStore
from training.hypernetwork.stages import read_settings
from training.hypernetwork.train import Objective, TrainingConfig, draw_plan, fewer_taps, initial_model, main

CONFIG = """\
steps: 12
batch_size: 8
warmup: 2
rows: [4, 8]
checkpoint_every: 4
validate_every: 100
mixed_precision: "no"
model: {hidden_size: 16, layers: 1, heads: 2, surrogate_width: 8, decoder_width: 8}
"""


CONFIGS = ROOT / "training" / "configs"


@pytest.fixture
def one_thread() -> Iterator[None]:
    """As in a process of its own: with more threads, sums may be made in another order."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(CONFIG)
    return path


def run(monkeypatch: pytest.MonkeyPatch, config: Path, data: Path, out: Path, *options: str) -> int:
    """The command in this process: its exit code."""
    arguments = ["training.hypernetwork", str(config), "--data", str(data), "-o", str(out), *options]
    monkeypatch.setattr(sys, "argv", arguments)
    return main()


def launched(config: Path, data: Path, out: Path, *launcher: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, which the test's time limit ends."""
    return subprocess.run(
        [sys.executable, *launcher, str(config), "--data", str(data), "-o", str(out)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true"},
        capture_output=True,
        text=True,
    )


def weights(out: Path) -> dict[str, torch.Tensor]:
    return load_file(out / "checkpoint" / "model" / "model.safetensors")


KILLED = """\
import os, signal, sys
from training.hypernetwork import train

step = train.HypernetworkTrainer.train_step

def killed(trainer):
    if trainer.step == 6:
        os.kill(os.getpid(), signal.SIGKILL)
    return step(trainer)

train.HypernetworkTrainer.train_step = killed
sys.exit(train.main())
"""
"""The command, killed between its first checkpoint and its second."""


def test_a_killed_run_goes_on_as_if_it_had_not_been(
    config: Path,
    tiny_examples: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    one_thread: None,
):
    assert run(monkeypatch, config, tiny_examples, tmp_path / "whole") == 0
    said = capfd.readouterr()
    assert "shards" not in said.out + said.err  # the bar of the model's one file
    killed = tmp_path / "killed"
    assert launched(config, tiny_examples, killed, "-c", KILLED).returncode == -signal.SIGKILL
    assert run(monkeypatch, config, tiny_examples, killed) == 0
    assert "resuming from step 4" in capfd.readouterr().out
    whole, resumed = weights(tmp_path / "whole"), weights(killed)
    assert all(torch.equal(whole[name], resumed[name]) for name in whole)


def test_two_processes_train_one_model(config: Path, tiny_examples: Path, tmp_path: Path):
    launch = ["-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2", "--main_process_port", "0"]
    done = launched(config, tiny_examples, tmp_path / "two", *launch, "-m", "training.hypernetwork")
    assert done.returncode == 0, done.stderr[-3000:]
    assert "2 processes" in done.stdout
    trained = weights(tmp_path / "two")
    assert all(torch.isfinite(w).all() for w in trained.values())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("steps: 3\nstep_size: 1", "unknown settings step_size"),
        ("batch_size: 3", "'steps' is missing"),
        ("- 1", "a mapping of settings is needed"),
    ],
)
def test_a_bad_config_is_named(tmp_path: Path, text: str, message: str):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=message):
        config_of(TrainingConfig, read_mapping(path), str(path))


def test_a_folder_without_data_is_named(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    assert run(monkeypatch, config, tmp_path, tmp_path / "out") == 2
    assert "holds no shard of the train split" in capsys.readouterr().err


def test_the_loss_without_rows_counts_the_error_of_the_predicted_scale(tiny_examples: Path):
    torch.manual_seed(0)
    model = Hypernetwork(HypernetworkConfig(hidden_size=16, layers=1, heads=2, surrogate_width=8, decoder_width=8))
    config = TrainingConfig(steps=1, batch_size=4, queries=32, scaled_weight=0.7)
    examples = ExampleStore(tiny_examples, "train").draw(4, np.random.default_rng(0), 0.5)
    batch = make_batch(as_read(examples, model.architecture), np.random.default_rng(1), dense=0)
    parts = Objective(model, config)(batch, 0)
    emission = model(batch.graphs)
    in_c_units = emission.std[:, None] * outputs(emission.towers, batch.x[:, :32]) + emission.mean[:, None]
    error = ((in_c_units - (batch.y[:, :32] * batch.std[:, None] + batch.mean[:, None])) / batch.std[:, None]).abs()
    huber = torch.where(error < 1, error**2, 2 * error - 1).mean(1)
    torch.testing.assert_close(parts["scaled"], torch.log(1 + huber / config.floor).mean())
    others = config.dense_weight * parts["dense"] + config.moment_weight * (parts["moments"] + parts["scale"])
    torch.testing.assert_close(parts["loss"], parts["text"] + 0.7 * parts["scaled"] + others)


def test_a_run_may_start_from_finished_weights(config: Path, tmp_path: Path):
    settings = config_of(TrainingConfig, read_mapping(config), "config")
    finished = initial_model(settings)
    finished.save_pretrained(tmp_path / "finished")
    start = replace(settings, model={}, start=str(tmp_path / "finished"))
    assert all(torch.equal(a, b) for a, b in zip(initial_model(start).parameters(), finished.parameters(), strict=True))
    with pytest.raises(UsageError, match="of another 'model'"):
        initial_model(replace(start, model={"surrogate_width": 4}))


@pytest.mark.parametrize("at", [0, 0.5, 1])
def test_a_batch_holds_examples_of_the_depth_asked_for(tiny_examples: Path, at: float):
    store = ExampleStore(tiny_examples, "train")
    depths = sorted(int(depth) for shard in store.shards for depth in shard.depths)
    quarter = len(depths) // 4
    start = round(at * (len(depths) - quarter))
    drawn = [int(v.graph.level[-1]) for s in range(8) for v in store.draw(quarter, np.random.default_rng(s), at)]
    # Eight times a quarter: what is rarest there is drawn with probability over 0.999.
    assert (min(drawn), max(drawn)) == (depths[start], depths[start + quarter - 1])


def test_processes_agree_on_a_step_and_steps_differ():
    config = TrainingConfig(steps=10, text_share=0.5)
    plans = [draw_plan(config, step) for step in range(200)]
    assert plans == [draw_plan(config, step) for step in range(200)]
    assert 70 < sum(rows == 0 for rows, _ in plans) < 130
    assert {rows for rows, _ in plans} == {0, *config.rows}
    assert np.histogram([depth for _, depth in plans], 4, (0, 1))[0].min() > 30


def test_the_learning_rate_warms_up_stays_and_falls():
    c = TrainingConfig(steps=1000, learning_rate=1.0, warmup=10, decay_from=0.5)
    assert c.rate(0) == pytest.approx(0.1)
    assert c.rate(10) == c.rate(499) == 1.0
    assert c.rate(750) == pytest.approx(0.5)
    assert c.rate(1000) == 0


def test_the_hypernetwork_without_text_has_the_settings_of_the_other():
    blind, default = read_settings(CONFIGS / "rows_only.yaml"), read_settings(CONFIGS / "packaged.yaml", "default")
    schedule = {name: blind[name] for name in ("steps", "decay_from", "validate_every")}
    assert blind == default | schedule | {"text_share": 0, "model": default["model"] | {"text": False}}


@pytest.fixture
def taps_config(config: Path, tmp_path: Path) -> Path:
    """A training of what reads taps alone, behind tiny weights that know none."""
    settings = config_of(TrainingConfig, read_mapping(config), "config")
    torch.manual_seed(3)
    initial_model(settings).save_pretrained(tmp_path / "plain")
    path = tmp_path / "taps.yaml"
    shared = CONFIG[: CONFIG.index("model:")]
    path.write_text(f"{shared}start: {tmp_path / 'plain'}\ntaps_only: true\nmodel: {{taps: true}}\n")
    return path


def test_only_what_reads_taps_is_trained_and_a_killed_run_goes_on(
    taps_config: Path, tiny_examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None
):
    assert run(monkeypatch, taps_config, tiny_examples, tmp_path / "whole") == 0
    before = load_file(tmp_path / "plain" / "model.safetensors")
    whole = weights(tmp_path / "whole")
    assert all(torch.equal(whole[name], before[name]) for name in before)
    assert {name for name in whole if name not in before} == {name for name in whole if name.startswith("taps.")}
    assert whole["taps.column_head.weight"].any()
    assert whole["taps.middle_head.weight"].any()
    killed = tmp_path / "killed"
    launch = ["-m", "accelerate.commands.launch", "--num_processes", "1"]
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    assert launched(taps_config, tiny_examples, killed, *launch, str(script)).returncode != 0
    assert (killed / "checkpoint").exists()
    assert run(monkeypatch, taps_config, tiny_examples, killed) == 0
    assert all(torch.equal(whole[name], resumed) for name, resumed in weights(killed).items())


def test_taps_alone_are_not_trained_from_nothing():
    with pytest.raises(UsageError, match="'taps_only' needs weights to 'start' from"):
        TrainingConfig(steps=1, taps_only=True, model={"taps": True})


def test_some_examples_have_fewer_taps(tiny_examples: Path):
    store = ExampleStore(tiny_examples, "train")
    example = max((store[i] for i in range(len(store))), key=lambda e: e.taps.shape[1])
    most = example.taps.shape[1]
    assert most > 3
    drawn = [fewer_taps(example, np.random.default_rng(seed), 0.3, 0.3) for seed in range(400)]
    counts = [e.taps.shape[1] for e in drawn]
    assert all(len(e.graph.tap_node) == e.taps.shape[1] for e in drawn)
    # Of a share f that has 0 to `most` of them, one in most + 1 has none and one has all.
    assert counts.count(0) / 400 == pytest.approx(0.3 + 0.3 / (most + 1), abs=0.1)
    assert counts.count(most) / 400 == pytest.approx(0.4 + 0.3 / (most + 1), abs=0.1)
    assert all(fewer_taps(example, np.random.default_rng(seed), 0.0, 0.0) is example for seed in range(9))
