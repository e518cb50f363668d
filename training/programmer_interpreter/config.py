"""One training run's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cprograms.diagnostics import UsageError
from training.config import config_of
from training.programmer_interpreter.tasks import TASKS

SIZES = {"hidden": 1024, "layers": 4, "embedding": 1024, "key": 1024, "batch_size": 65536, "traces": 1_000_000}
"""The largest of each size."""


@dataclass(frozen=True)
class InterpreterConfig:
    """`traces` runs of the C program are learned from, in up to `rounds` rounds of `steps` steps, until all is learned.

    They are on problems of all sizes that the task is trained on, or `only` on those of one, where that is not 0. The
    learning rate falls linearly within a round, to `last_rate` of what it was.
    """

    task: str
    version: str = "recursive"
    only: int = 0
    traces: int = 3000
    hidden: int = 128
    layers: int = 1
    embedding: int = 256
    key: int = 32
    batch_size: int = 64
    steps: int = 1200
    rounds: int = 6
    learning_rate: float = 7e-3
    last_rate: float = 0.02
    clip: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        """Raises UsageError for an unknown task or version, and for a number that makes no sense."""
        if self.task not in TASKS:
            raise UsageError(f"unknown task '{self.task}'; known are {', '.join(TASKS)}")
        if self.version not in TASKS[self.task].files:
            known = ", ".join(TASKS[self.task].files)
            raise UsageError(f"'{self.task}' has no version '{self.version}'; it has {known}")
        most = TASKS[self.task].trained
        if not 0 <= self.only <= most:
            raise UsageError(f"'only' is a size from 1 to {most}, or 0 for all of them, not {self.only}")
        for name in ("steps", "rounds", "learning_rate", "last_rate", "clip"):
            if getattr(self, name) <= 0:
                raise UsageError(f"'{name}' must be positive, not {getattr(self, name)}")
        for name, most in SIZES.items():
            if not 1 <= getattr(self, name) <= most:
                raise UsageError(f"{name} {getattr(self, name)} is out of range: 1 to {most} are possible")
        if self.seed < 0:
            raise UsageError(f"'seed' must not be negative, not {self.seed}")

    @classmethod
    def of(cls, values: Mapping[str, Any], place: str) -> InterpreterConfig:
        """As `training.config.config_of`."""
        return config_of(cls, values, place)

    @property
    def name(self) -> str:
        """Of a run, and of its folder: `sort-loop-0`, `sort-loop-only-2-0`."""
        only = f"-only-{self.only}" if self.only else ""
        return f"{self.task}-{self.version}{only}-{self.seed}"

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the problems that are traced."""
        return (self.only,) if self.only else tuple(range(1, TASKS[self.task].trained + 1))

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted over all rounds."""
        done = step % self.steps / self.steps
        return self.learning_rate * max(self.last_rate, 1 - done)
