"""Views of the tiny corpus that comes with the package, for tests of training."""

from __future__ import annotations

from pathlib import Path

import pytest

from cprograms.corpus import TINY
from training.examples.examples import write_views


@pytest.fixture(scope="session")
def tiny_views(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("views")
    for shard in TINY.glob("*.parquet"):
        write_views(folder / shard.name, shard)
    return folder
