"""A tiny hypernetwork with random weights: the rows' Gauss–Newton steps make its surrogates meaningful all the same."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

import surrogate
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from tests import ROOT
from tests.compilers import random_compiler

# These matrices are small; threads that wait for a busy core take many times longer.
torch.set_num_threads(1)

PLANE = """\
#pragma surrogate range(x, 0, 4)
#pragma surrogate range(y, -1, 1)
double plane(double x, double y) { return 3 * x - 2 * y + 1; }
"""


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the hypernetwork."""
    return random_compiler(tmp_path_factory.mktemp("compiler"), HypernetworkConfig(hidden_size=32, layers=1, heads=2))


@pytest.fixture
def plane(compiler: Path) -> Surrogate:
    """A tower of a program that every one should get right: an affine one of two arguments."""
    return surrogate.compile(source=PLANE, compiler=compiler, plain=True)


@pytest.fixture
def plane_file(tmp_path: Path) -> Path:
    path = tmp_path / "plane.c"
    path.write_text(PLANE)
    return path


@pytest.fixture
def in_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands, and the processes that they are run in, start in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))


@pytest.fixture
def artifact(plane: Surrogate, in_own_folder: None) -> str:
    plane.save("plane.surrogate")
    return "plane.surrogate"


@pytest.fixture
def interruptible() -> Iterator[None]:
    """Ctrl-C interrupts this process and those that it starts, even where it was started with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
