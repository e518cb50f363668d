"""Bad input of trainings, and what interrupts them: one clear error, and the last good checkpoint goes on."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.config import config_of, read_mapping
from training.hypernetwork.train import HypernetworkTrainer, TrainingConfig
from training.loop.command import command
from training.loop.trainer import WAIT, TrainingError
from training.starts.meta import MetaConfig, MetaTrainer

TEXT = """\
name: tiny
method: maml
steps: 6
batch_size: 2
warmup: 2
inner_steps: 1
rows: [4]
checkpoint_every: 2
validate_every: 100
"""


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(MetaTrainer, "validate", lambda self: {})


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(TEXT)
    return path


def trainer(config: Path, data: Path, out: Path) -> MetaTrainer:
    return MetaTrainer(config_of(MetaConfig, read_mapping(config), str(config)), data, out)


def weights(trainer: MetaTrainer) -> list[torch.Tensor]:
    return [w.detach().clone() for w in trainer.start.parameters()]


def interrupted(config: Path, data: Path, out: Path, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """A run that ends at the beginning of `step`."""
    run = trainer(config, data, out)
    real = run.train_step

    def train_step() -> dict:
        if run.step == step:
            raise KeyboardInterrupt
        return real()

    monkeypatch.setattr(run, "train_step", train_step)
    with pytest.raises(KeyboardInterrupt):
        run.run()


@pytest.fixture
def whole(config: Path, tiny_examples: Path, tmp_path: Path) -> list[torch.Tensor]:
    run = trainer(config, tiny_examples, tmp_path / "whole")
    run.run()
    return weights(run)


def resumed(config: Path, data: Path, out: Path, step: int) -> list[torch.Tensor]:
    run = trainer(config, data, out)
    run.resume()
    assert run.step == step
    run.run()
    return weights(run)


# --- Checkpoints ---


def test_an_interrupted_run_goes_on_as_if_it_had_not_been(
    config: Path, tiny_examples: Path, tmp_path: Path, whole: list, monkeypatch: pytest.MonkeyPatch
):
    interrupted(config, tiny_examples, tmp_path / "out", monkeypatch, step=5)
    assert all(
        torch.equal(a, b) for a, b in zip(resumed(config, tiny_examples, tmp_path / "out", 4), whole, strict=True)
    )


def test_the_last_step_is_in_a_checkpoint(config: Path, tiny_examples: Path, tmp_path: Path):
    config.write_text(TEXT.replace("steps: 6", "steps: 5", 1))
    run = trainer(config, tiny_examples, tmp_path)
    run.run()
    again = trainer(config, tiny_examples, tmp_path)
    again.resume()
    assert again.step == 5
    assert all(torch.equal(a, b) for a, b in zip(weights(again), weights(run), strict=True))


def test_each_process_draws_batches_of_its_own(
    config: Path, tiny_examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = trainer(config, tiny_examples, tmp_path)
    drawn = []
    real = run.losses

    def losses(rng: np.random.Generator) -> dict:
        drawn.append(rng.integers(0, 2**32, 4).tolist())
        return real(rng)

    monkeypatch.setattr(run, "losses", losses)
    for run.step in (0, 1):
        for rank in (0, 1, 0):
            monkeypatch.setattr(type(run.accelerator), "process_index", rank)
            run.train_step()
    assert drawn[0] == drawn[2]
    assert drawn[3] == drawn[5]
    assert len({tuple(d) for d in drawn}) == 4


@pytest.mark.parametrize("part", ["export", "swap"])
def test_an_interrupted_save_leaves_the_checkpoint_before(
    config: Path, tiny_examples: Path, tmp_path: Path, whole: list, monkeypatch: pytest.MonkeyPatch, part: str
):
    out = tmp_path / "out"
    run = trainer(config, tiny_examples, out)

    def stop(folder: Path) -> None:
        if run.step == 4:
            if part == "swap":  # between the two renames
                (out / "checkpoint").rename(out / "checkpoint.old")
            raise KeyboardInterrupt
        real(folder)

    real = getattr(run, part)
    monkeypatch.setattr(run, part, stop)
    with pytest.raises(KeyboardInterrupt):
        run.run()
    assert all(torch.equal(a, b) for a, b in zip(resumed(config, tiny_examples, out, 2), whole, strict=True))


@pytest.mark.parametrize("name", ["model.safetensors", "optimizer.bin", "progress.yaml"])
def test_a_damaged_checkpoint_gives_way_to_the_one_before(
    config: Path, tiny_examples: Path, tmp_path: Path, whole: list, capsys: pytest.CaptureFixture, name: str
):
    out = tmp_path / "whole"
    for folder, step in (("checkpoint", 4), ("checkpoint.old", None)):
        path = out / folder / name
        path.write_bytes(path.read_bytes()[:40])
        if step:
            assert all(torch.equal(a, b) for a, b in zip(resumed(config, tiny_examples, out, step), whole, strict=True))
            assert "checkpoint: the checkpoint is damaged" in capsys.readouterr().out
            path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(UsageError, match=r"checkpoint\.old: the checkpoint is damaged.*\n.*remove .* to start afresh"):
        trainer(config, tiny_examples, out).resume()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("inner_steps: 1", "inner_steps: 2"), "of other settings: inner_steps 1 instead of 2"),
        (("rows: [4]", "rows: [4, 8]"), r"rows \[4\] instead of \[4, 8\]"),
    ],
)
def test_a_checkpoint_of_another_config_is_named(
    config: Path, tiny_examples: Path, tmp_path: Path, whole: list, change: tuple[str, str], message: str
):
    config.write_text(TEXT.replace(*change))
    with pytest.raises(UsageError, match=message):
        trainer(config, tiny_examples, tmp_path / "whole").run()


@pytest.mark.parametrize("settings", ["7", "[7]"])
def test_a_checkpoint_whose_settings_are_none_is_damaged(
    config: Path, tiny_examples: Path, tmp_path: Path, whole: list, settings: str
):
    progress = tmp_path / "whole" / "checkpoint" / "progress.yaml"
    progress.write_text(f"{{step: 6, seconds: 1.0, settings: {settings}}}")
    shutil.rmtree(tmp_path / "whole" / "checkpoint.old")
    with pytest.raises(UsageError, match="the checkpoint is damaged"):
        trainer(config, tiny_examples, tmp_path / "whole").resume()


def hypernetwork_trainer(data: Path, out: Path, text_share: float = 0.5, **model) -> HypernetworkTrainer:
    model = {"hidden_size": 16, "layers": 1, "heads": 2, "surrogate_width": 8, "decoder_width": 8} | model
    c = TrainingConfig(steps=1, batch_size=2, mixed_precision="no", text_share=text_share, model=model)
    return HypernetworkTrainer(c, data, out)


def test_a_checkpoint_of_another_model_is_named(tiny_examples: Path, tmp_path: Path):
    hypernetwork_trainer(tiny_examples, tmp_path).save()
    with pytest.raises(UsageError, match=r"of other settings: model .*16.* instead of .*24"):
        hypernetwork_trainer(tiny_examples, tmp_path, hidden_size=24).run()
    with pytest.raises(UsageError, match=r"of other settings: model .* instead of .*'text': False"):
        hypernetwork_trainer(tiny_examples, tmp_path, text=False).run()


@pytest.mark.parametrize("text_share", [0, 1])
@pytest.mark.parametrize("text", [True, False])
def test_every_parameter_takes_part_in_every_step(tiny_examples: Path, tmp_path: Path, text: bool, text_share: float):
    """A distributed wrapper waits for the gradient of each."""
    run = hypernetwork_trainer(tiny_examples, tmp_path, text_share, text=text)
    run.losses(np.random.default_rng(0))["loss"].backward()
    assert all(p.grad is not None for p in run.model.parameters())
    assert all(torch.isfinite(p.grad).all() for p in run.model.parameters())


def test_a_finished_run_can_be_continued(config: Path, tiny_examples: Path, tmp_path: Path, whole: list):
    config.write_text(TEXT.replace("steps: 6", "steps: 8", 1))
    resumed(config, tiny_examples, tmp_path / "whole", 6)


def test_a_checkpoint_that_cannot_be_written_is_named(
    config: Path, tiny_examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = trainer(config, tiny_examples, tmp_path / "out")

    def full(folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(run, "export", full)
    with pytest.raises(TrainingError, match=r"cannot be written: .*No space left on device"):
        run.run()


def test_a_step_whose_gradient_is_not_finite_is_left_out(
    config: Path, tiny_examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = trainer(config, tiny_examples, tmp_path)
    before, real = weights(run), run.losses
    monkeypatch.setattr(run, "losses", lambda rng: {"loss": real(rng)["loss"] * torch.inf})
    run.train_step()
    assert all(torch.equal(a, b) for a, b in zip(weights(run), before, strict=True))
    monkeypatch.setattr(run, "losses", real)
    run.train_step()
    assert not torch.equal(weights(run)[0], before[0])


# --- Data ---


def edited(data: Path, out: Path, change) -> Path:
    """A copy of a folder of examples with the validation shard's table changed."""
    out.mkdir()
    for path in data.glob("*.parquet"):
        table = pq.read_table(path)
        pq.write_table(change(table) if path.name.startswith("validation") else table, out / path.name)
    return out


def with_nan(name: str):
    def change(table: pa.Table) -> pa.Table:
        values = table.column(name).to_pylist()
        if isinstance(values[3], list):
            values[3][0] = float("nan")
        else:
            values[3] = float("nan")
        i = table.column_names.index(name)
        return table.set_column(i, name, pa.array(values, type=table.schema.field(name).type))

    return change


@pytest.mark.parametrize("name", ["x", "y", "strata", "mean"])
def test_a_row_that_is_not_a_number_is_named(config: Path, tiny_examples: Path, tmp_path: Path, name: str):
    data = edited(tiny_examples, tmp_path / "data", with_nan(name))
    with pytest.raises(UsageError, match=rf"validation-00000.parquet: '{name}' of example 3 .* is not finite"):
        trainer(config, data, tmp_path / "out")


def test_a_split_without_examples_is_named(config: Path, tiny_examples: Path, tmp_path: Path):
    data = edited(tiny_examples, tmp_path / "data", lambda table: table.slice(0, 0))
    with pytest.raises(UsageError, match=r"the validation split of .* holds no example"):
        trainer(config, data, tmp_path / "out")


def test_a_file_that_is_no_shard_is_named(config: Path, tiny_examples: Path, tmp_path: Path):
    data = edited(tiny_examples, tmp_path / "data", lambda table: table.drop_columns(["strata"]))
    with pytest.raises(UsageError, match=r"not a shard of examples: .*strata"):
        trainer(config, data, tmp_path / "out")
    shard = data / "validation-00000.parquet"
    shard.write_bytes(shard.read_bytes()[:1000])
    with pytest.raises(UsageError, match=r"validation-00000.parquet: not a shard of examples"):
        trainer(config, data, tmp_path / "out")


# --- Settings ---


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (TEXT + "outer_rate: 1", "unknown settings outer_rate; known are batch_size, "),
        (TEXT.replace("method: maml", ""), "'method' is missing"),
        (TEXT + "inner_rate: 1e-3", r"'inner_rate': a number \(YAML reads 1e-3 as text: .* is needed, not '1e-3'"),
        (TEXT.replace("steps: 6", "steps: 6.5", 1), "'steps': a whole number is needed, not 6.5"),
        (TEXT + "first_order: 1", "'first_order': true or false is needed, not 1"),
        (TEXT.replace("[4]", "4"), "'rows': a list is needed, not 4"),
        (TEXT.replace("[4]", "[4, true]"), "'rows': a whole number is needed, not True"),
        (TEXT.replace("[4]", "[150]"), r"'rows' \[150\] and 64 'queries' do not fit"),
        (TEXT.replace("maml", "mammal"), "unknown method 'mammal'; known are pretrained, maml, reptile"),
        (TEXT.replace("batch_size: 2", "batch_size: 0"), "'batch_size' must be positive, not 0"),
        (TEXT + "mixed_precision: no", "'mixed_precision': a text is needed, not False"),
    ],
)
def test_a_bad_setting_is_named(config: Path, text: str, message: str):
    config.write_text(text)
    with pytest.raises(UsageError, match=message):
        config_of(MetaConfig, read_mapping(config), str(config))


@pytest.mark.parametrize(
    ("model", "message"),
    [({"width": 3}, "'model': unknown settings width"), ({"layers": "two"}, "'layers': a whole number is needed")],
)
def test_a_bad_setting_of_the_model_is_named(model: dict, message: str):
    with pytest.raises(UsageError, match=message):
        config_of(TrainingConfig, {"steps": 1, "model": model}, "config")


OF_OTHER_ROOMS = ("packaged", "learning_to_execute", "neural_programmer", "programmer_interpreter")
"""What the names of configs begin with that are of other forms; their rooms have tests of their own."""


@pytest.mark.parametrize("path", sorted((ROOT / "training" / "configs").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_configs_that_come_with_the_package_are_read(path: Path):
    if not path.stem.startswith(OF_OTHER_ROOMS):
        values = read_mapping(path)
        config_of(MetaConfig if "method" in values else TrainingConfig, values, str(path))


# --- The command line ---


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: Path | str) -> int:
    monkeypatch.setattr(sys, "argv", ["training.starts", *map(str, arguments)])
    return command("", MetaConfig, MetaTrainer)


def test_wrong_usage_is_one_line_and_exit_code_2(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    assert exit_code(monkeypatch, config, "--data", tmp_path, "-o", tmp_path / "out") == 2
    assert capsys.readouterr().err == f"error: {tmp_path} holds no shard of the train split\n"


def test_a_run_that_cannot_go_on_ends_with_exit_code_1(
    config: Path, tiny_examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    def full(self: MetaTrainer, folder: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(MetaTrainer, "export", full)
    assert exit_code(monkeypatch, config, "--data", tiny_examples, "-o", tmp_path / "out") == 1
    said = capsys.readouterr().err.splitlines()
    assert said[0].startswith("error: ")
    assert said[1] == "The same command goes on from the last checkpoint."


def test_an_interrupt_ends_quietly(
    config: Path, tiny_examples: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    def interrupt(self: MetaTrainer) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(MetaTrainer, "train_step", interrupt)
    assert exit_code(monkeypatch, config, "--data", tiny_examples, "-o", tmp_path / "out") == 130
    assert capsys.readouterr().err == ""


# --- Two processes ---


def children(pid: int) -> list[int]:
    return [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="finds the workers in /proc")
def test_a_killed_worker_ends_the_run_and_the_same_command_goes_on(config: Path, tiny_examples: Path, tmp_path: Path):
    config.write_text(TEXT.replace("steps: 6", "steps: 100000", 1))
    launch = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    arguments = ["training.starts", str(config), "--data", str(tiny_examples), "-o", str(tmp_path / "out")]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "ACCELERATE_USE_CPU": "true"}
    run = subprocess.Popen(
        [*launch, "--main_process_port", "0", "-m", *arguments], cwd=ROOT, env=environment, stderr=subprocess.PIPE
    )
    while not (tmp_path / "out" / "checkpoint").exists() and run.poll() is None:
        time.sleep(0.05)
    os.kill(children(run.pid)[-1], signal.SIGKILL)
    run.communicate()
    assert run.returncode not in (0, None)
    config.write_text(TEXT.replace("steps: 6", "steps: 100001", 1))
    resumed = trainer(config, tiny_examples, tmp_path / "out")
    resumed.resume()
    assert resumed.step >= 2
    assert WAIT.total_seconds() < 3600
