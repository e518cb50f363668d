"""The settings of one training: restarts in one batch, on tables of so many columns."""

from __future__ import annotations

from dataclasses import dataclass

from cprograms.diagnostics import UsageError
from training.loop.config import LoopConfig
from training.neural_programmer.likelihood import LOSSES
from training.neural_programmer.questions import MOST_COLUMNS, MOST_CONDITIONS


@dataclass(frozen=True, kw_only=True)
class ProgrammerConfig(LoopConfig):
    """A batch is of each restart. `loss` is one of LOSSES, `noise` the strength eta of `gradients.deviation`. The bonus
    for the entropy of the operations begins with `entropy` and falls to 0 in a part of the steps, `explore`."""

    columns: int
    restarts: int = 10
    width: int = 32
    noise: float = 0.0
    loss: str = "marginal"
    entropy: float = 0.1
    explore: float = 0.8
    conditions: int = MOST_CONDITIONS
    cells: float = 5.0  # the weight of the loss of printed cells beside that of numbers
    batch_size: int = 32
    learning_rate: float = 5e-3
    warmup: int = 50

    def __post_init__(self) -> None:
        """Raises UsageError for a number that makes no sense."""
        super().__post_init__()
        for name in ("restarts", "width", "cells", "explore"):
            if getattr(self, name) <= 0:
                raise UsageError(f"'{name}' must be positive, not {getattr(self, name)}")
        for name, least, most in (("columns", 1, MOST_COLUMNS), ("conditions", 0, MOST_CONDITIONS)):
            if not least <= getattr(self, name) <= most:
                raise UsageError(f"'{name}' is from {least} to {most}, not {getattr(self, name)}")
        for name in ("noise", "entropy"):
            if getattr(self, name) < 0:
                raise UsageError(f"'{name}' must not be negative, not {getattr(self, name)}")
        if self.loss not in LOSSES:
            raise UsageError(f"unknown loss '{self.loss}'; known are {', '.join(LOSSES)}")
        if self.mixed_precision != "no":
            raise UsageError("this training is in single precision: 'mixed_precision' is \"no\"")

    def bonus(self, step: int) -> float:
        """The weight of the entropy at a step."""
        return self.entropy * max(0.0, 1 - step / (self.steps * self.explore))
