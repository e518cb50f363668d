"""Examples of the tiny corpus that comes with the package, for tests of training."""

from __future__ import annotations

from pathlib import Path

import pytest

from cprograms.corpus import TINY
from training.examples.shards import write_examples


@pytest.fixture(scope="session")
def tiny_examples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("examples")
    for shard in TINY.glob("*.parquet"):
        write_examples(folder / shard.name, shard)
    return folder
