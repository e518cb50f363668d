"""Architectures at an equal budget: what each variant changes, and that a study goes on where it ended."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from surrogate.mlp.emission.hub import HypernetworkModel, PretrainedHypernetworkConfig
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from training.examples.batches import make_batch
from training.examples.shards import ExampleStore
from training.studies.architectures import (
    AS_PACKAGED,
    COLUMNS,
    VARIANTS,
    attended,
    low_rank,
    mixture,
    one_block,
    settings_of,
    study,
)

SMALL = {"hidden_size": 32, "surrogate_width": 16, "layers": 1, "heads": 4}


def new_model() -> HypernetworkModel:
    torch.manual_seed(0)
    return HypernetworkModel(PretrainedHypernetworkConfig(**SMALL))


def middle_layers(model: Hypernetwork, examples: Path) -> torch.Tensor:
    """[B, H (H+1)]: what is added to the base of the middle layer."""
    read = ExampleStore(examples, "train").evenly_spaced(40)
    with torch.no_grad():
        towers = model(make_batch(read, np.random.default_rng(0), dense=0).graphs).towers
        return (towers[1] - model.base2).flatten(1).double()


def rank(matrix: torch.Tensor) -> int:
    values = torch.linalg.svdvals(matrix)
    return int((values > 1e-5 * values[0]).sum())


@pytest.mark.parametrize(
    ("change", "most"),
    [
        pytest.param(low_rank(5), 6, id="five numbers and the bias"),
        pytest.param(mixture(5), 5, id="five bases"),
    ],
)
def test_a_middle_layer_of_few_numbers_has_their_rank(change, most: int, tiny_examples: Path) -> None:
    model = new_model()
    assert rank(middle_layers(model, tiny_examples)) > 10
    change(model)
    assert rank(middle_layers(model, tiny_examples)) == most


@pytest.mark.parametrize("change", [attended, one_block])
def test_a_change_of_the_composition_trains(change, tiny_examples: Path) -> None:
    model = new_model()
    before = middle_layers(model, tiny_examples)
    change(model)
    assert not torch.allclose(before, middle_layers(model, tiny_examples))
    batch = make_batch(ExampleStore(tiny_examples, "train").evenly_spaced(8), np.random.default_rng(0), dense=0)
    model(batch.graphs).towers[1].square().mean().backward()
    assert all(p.grad is not None for p in model.compose.parameters())


def test_variants_have_names_of_their_own_and_settings_that_exist() -> None:
    assert len({v.name for v in VARIANTS}) == len(VARIANTS)
    for variant in VARIANTS:
        config = settings_of(variant, {"batch_size": 4, "model": {"hidden_size": 128, "layers": 2}}, 100)
        assert (config.steps, config.warmup, config.batch_size) == (100, 5, 4)
        assert config.model["layers"] == variant.model.get("layers", 2)


def test_a_study_measures_what_it_has_not_yet(tiny_examples: Path, tmp_path: Path) -> None:
    # One process has one precision, and other tests of it have this one.
    settings = {"batch_size": 4, "model": SMALL, "mixed_precision": "no"}
    given = (settings, ["as packaged", "one head"], 0.2, tiny_examples, [tiny_examples], 4, tmp_path / "table")
    assert next(study("this", *given, tmp_path / "work")) == AS_PACKAGED.name
    document = json.loads((tmp_path / "table.json").read_text())
    [first], seconds = document["variants"], document["seconds"]
    assert list(study("this", *given, tmp_path / "work")) == ["one head"]
    kept, second = json.loads((tmp_path / "table.json").read_text())["variants"]
    assert kept == first
    assert first["parameters"] == second["parameters"]
    for found in (first, second):
        assert found["steps"] == max(1, round(0.2 / seconds[found["variant"]]))
        errors = found["errors"][tiny_examples.name]
        assert errors.keys() == COLUMNS.keys()
        assert all(1e-9 < e < 1e3 for e in errors.values())
    page = (tmp_path / "table.md").read_text().splitlines()
    row = next(line for line in page if line.startswith("| one head"))
    ratio = second["errors"][tiny_examples.name]["64 rows"] / first["errors"][tiny_examples.name]["64 rows"]
    assert row.endswith(f"({ratio:.2f}) |")
