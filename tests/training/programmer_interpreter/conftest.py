"""A small network that has learned to sort, which tests of this room share."""

from __future__ import annotations

import pytest
import torch

from training.programmer_interpreter.config import InterpreterConfig
from training.programmer_interpreter.train import InterpreterTrainer

SMALL = {"traces": 600, "hidden": 64, "batch_size": 96, "steps": 400, "rounds": 3, "learning_rate": 1e-2}
TINY = {"traces": 12, "hidden": 8, "embedding": 4, "key": 4, "batch_size": 8, "steps": 6, "rounds": 2}


def tiny(task: str = "sort", **values: object) -> InterpreterConfig:
    return InterpreterConfig.of({"task": task} | TINY | values, "test")


@pytest.fixture(scope="session")
def sorting(tmp_path_factory: pytest.TempPathFactory) -> InterpreterTrainer:
    torch.set_num_threads(1)
    trainer = InterpreterTrainer(
        InterpreterConfig.of({"task": "sort"} | SMALL, "test"), tmp_path_factory.mktemp("sort")
    )
    trainer.run()
    return trainer
