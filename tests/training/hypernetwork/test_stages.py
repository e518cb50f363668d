"""Configs in stages: what each stage's settings are, and bad files."""

from __future__ import annotations

from pathlib import Path

import pytest

from cprograms.diagnostics import UsageError
from tests import ROOT
from training.config import config_of
from training.hypernetwork.stages import read_settings
from training.hypernetwork.train import TrainingConfig

PACKAGED = ROOT / "training" / "configs" / "packaged.yaml"
EVERY = {"batch_size": 64, "floor": 0.01, "adapted_floor": 0.001, "scaled_weight": 0.5}
FIRST = {"steps": 16200, "learning_rate": 0.001, "warmup": 300, "decay_from": 0.65, "text_share": 0.4}
FIRST |= {"rows": [4, 8, 16, 32, 64, 64, 64], "checkpoint_every": 500, "validate_every": 2000}
FIRST |= {"model": {"gauss_newton_steps": 3, "hidden_size": 128, "layers": 2, "surrogate_width": 64}}
SECOND = {"steps": 8000, "learning_rate": 0.0007, "warmup": 200, "decay_from": 0.4, "text_share": 0.5}
SECOND |= {"rows": [4, 8, 16, 32, 64, 64], "checkpoint_every": 500, "validate_every": 2000}
SECOND |= {"start": "runs/default/checkpoint/model", "model": {"gauss_newton_steps": 3}}
LATER = {"steps": 17000, "learning_rate": 0.0007, "warmup": 200, "decay_from": 0.35, "text_share": 0.5}
LATER |= {"rows": [4, 8, 8, 16, 32, 64], "checkpoint_every": 1000, "validate_every": 3000}
LATER |= {"model": {"gauss_newton_steps": 3}}
STAGES = {
    "default": FIRST,
    "continued": SECOND,
    "third": LATER | {"start": "runs/continued/checkpoint/model", "seed": 1},
    "fourth": LATER | {"start": "runs/third/checkpoint/model", "seed": 2},
    "fifth": LATER | {"start": "runs/fourth/checkpoint/model", "seed": 3, "text_share": 0.7},
    "sixth": LATER | {"start": "runs/fifth/checkpoint/model", "seed": 4, "rows": [4, 8, 16, 32, 64, 64, 64]},
}
"""What the packaged weights were trained with."""


@pytest.mark.parametrize("stage", STAGES)
def test_the_packaged_weights_stages_are_those_that_they_were_trained_with(stage: str):
    settings = read_settings(PACKAGED, stage)
    assert settings == EVERY | STAGES[stage]
    config_of(TrainingConfig, settings, stage)


def test_a_stage_has_the_settings_of_the_one_before(tmp_path: Path):
    path = tmp_path / "stages.yaml"
    path.write_text("stages: {a: {steps: 1, seed: 2}, b: {steps: 3}, c: {seed: 4, floor: 0.5}}")
    assert read_settings(path, "c") == {"steps": 3, "seed": 4, "floor": 0.5}


def test_a_file_without_stages_is_one_training(tmp_path: Path):
    path = tmp_path / "plain.yaml"
    path.write_text("steps: 3")
    assert read_settings(path) == {"steps": 3}
    with pytest.raises(UsageError, match=r"plain\.yaml: there are no stages, hence no stage 'a'"):
        read_settings(path, "a")


@pytest.mark.parametrize(
    ("text", "stage", "message"),
    [
        ("stages: {a: {steps: 1}, b: {}}", None, "which of its stages.* one of a, b"),
        ("stages: {a: {steps: 1}}", "z", "no stage 'z'; there are a"),
        ("stages: {a: 3}", "a", "stage 'a': a mapping of settings is needed"),
        ("stages: [a]", "a", "'stages' is needed alone"),
        ("stages: {a: {steps: 1}}\nsteps: 2", "a", "'stages' is needed alone"),
    ],
)
def test_bad_stages_are_named(tmp_path: Path, text: str, stage: str | None, message: str):
    path = tmp_path / "bad.yaml"
    path.write_text(text)
    with pytest.raises(UsageError, match=f"bad.yaml: {message}"):
        read_settings(path, stage)
