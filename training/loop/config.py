"""The config that every training by the loop has."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from cprograms.diagnostics import UsageError


@dataclass(frozen=True, kw_only=True)
class LoopConfig:
    """Settings that every training has."""

    steps: int
    batch_size: int = 64  # examples a process and step
    learning_rate: float = 1e-3
    warmup: int = 300
    decay_from: float = 0.7  # share of the steps after which the learning rate falls linearly to zero
    clip: float = 1.0
    seed: int = 0
    checkpoint_every: int = 1000
    validate_every: int = 2000
    mixed_precision: str = "no"

    def __post_init__(self) -> None:
        """Raises UsageError for a number that makes no sense."""
        for name in ("steps", "batch_size", "learning_rate", "warmup", "clip", "checkpoint_every", "validate_every"):
            if getattr(self, name) <= 0:
                raise UsageError(f"'{name}' must be positive, not {getattr(self, name)}")
        if self.mixed_precision not in ("no", "bf16"):
            raise UsageError(f"'mixed_precision' is \"no\" or bf16, not {self.mixed_precision!r}")

    def rate(self, step: int) -> float:
        """The learning rate: warm-up, constant, then linear decay."""
        warm = min(1.0, (step + 1) / self.warmup)
        left = (self.steps - step) / max(1, self.steps * (1 - self.decay_from))
        return self.learning_rate * warm * min(1.0, max(left, 0.0))


MAY_DIFFER = {"steps", "checkpoint_every", "validate_every"}
"""Settings that a resumed run need not share with its checkpoint: a finished run can be continued."""


def plain(config: LoopConfig) -> dict[str, Any]:
    """The settings as YAML gives them back: lists instead of tuples."""
    settings: dict[str, Any] = json.loads(json.dumps(asdict(config)))
    return settings
