"""One training run's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cprograms.diagnostics import UsageError
from training.config import config_of
from training.learning_to_execute.curricula import CURRICULA, Hardness
from training.learning_to_execute.tasks import LIMITS


@dataclass(frozen=True)
class ExecuteConfig:
    """The defaults are the published ones (Zaremba, Sutskever 2014, section 6, and its first public code)."""

    length: int  # the target's; nesting alike
    blocks: int  # at most: each is followed by a validation
    nesting: int = 1
    task: str = "programs"
    curriculum: str = "combined"
    hidden: int = 400
    layers: int = 2
    batch_size: int = 100  # streams a process
    unroll: int = 50
    windows: int = 100  # a block
    validation_windows: int = 10
    learning_rate: float = 0.5
    clip: float = 5.0
    decay: float = 0.8
    last_rate: float = 1e-3
    mastered: float = 0.95
    patience: int = 5
    seed: int = 0
    mixed_precision: str = "no"

    def __post_init__(self) -> None:
        """Raises UsageError for an unknown task or curriculum, or a hardness out of the task's range."""
        for name, value, known in (("task", self.task, LIMITS), ("curriculum", self.curriculum, CURRICULA)):
            if value not in known:
                raise UsageError(f"unknown {name} '{value}'; known are {', '.join(known)}")
        self.target.check(LIMITS[self.task])

    @property
    def target(self) -> Hardness:
        return Hardness(self.length, self.nesting)

    @classmethod
    def of(cls, values: Mapping[str, Any], place: str) -> ExecuteConfig:
        """As `training.config.config_of`."""
        return config_of(cls, values, place)
