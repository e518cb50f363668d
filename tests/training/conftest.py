"""For tests of training: examples of the tiny corpus that comes with the package, and a tiny hypernetwork."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from cprograms.corpus import TINY
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from tests.compilers import random_compiler
from training.examples.shards import write_examples

# These matrices are small; threads that wait for a busy core take many times longer.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    for shard in TINY.glob("*.parquet"):
        write_examples(folder / shard.name, shard)
    return folder


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of a tiny hypernetwork with random weights."""
    return random_compiler(tmp_path_factory.mktemp("compiler"), HypernetworkConfig(hidden_size=16, layers=1, heads=2))
