"""A run's state between two blocks, on disk: the weights and the progress are all of it, for SGD keeps nothing."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from cprograms.diagnostics import UsageError
from cprograms.files import json_bytes, read_file, write_directory
from training.checkpoints import other_settings
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.curricula import Hardness

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Progress:
    """Where a run stands after `block` blocks. `recent`: training accuracies since hardness or rate last changed."""

    current: Hardness
    rate: float
    block: int = 0
    recent: tuple[float, ...] = ()
    seconds: float = 0.0
    trace: tuple[dict[str, float], ...] = field(default=(), repr=False)  # a record a block, for the plots

    @classmethod
    def start(cls, config: ExecuteConfig) -> Progress:
        return cls(Hardness(1, 1), config.learning_rate)

    def finished(self, config: ExecuteConfig) -> bool:
        return self.block >= config.blocks or self.rate < config.last_rate

    def after(self, config: ExecuteConfig, training: float, validation: float) -> Progress:
        """The published schedule: harder, or at the target slower, once mastered or no longer improving."""
        record = {**self.current._asdict(), "rate": self.rate, "training": training, "validation": validation}
        step = replace(self, block=self.block + 1, trace=(*self.trace, record))
        stalled = len(self.recent) >= config.patience and self.recent[-config.patience] > training
        if validation <= config.mastered and not stalled:
            return replace(step, recent=(*self.recent, training))
        harder = self.current.harder(config.target)
        if harder is None:
            return replace(step, rate=self.rate * config.decay, recent=(training,))
        return replace(step, current=harder, recent=(training,))


def save(folder: Path, config: ExecuteConfig, alphabet: str, weights: Weights, progress: Progress) -> None:
    """Replace the checkpoint that may be there, atomically. Raises OSError where that fails; the old one then stays."""
    write_directory(
        folder,
        {
            "config.json": json_bytes({"alphabet": alphabet, "settings": asdict(config)}),
            "progress.json": json_bytes(asdict(progress) | {"current": progress.current._asdict()}),
            "model.safetensors": safetensors.torch.save({name: w.detach().cpu() for name, w in weights.items()}),
        },
    )


def load(folder: Path, config: ExecuteConfig, alphabet: str) -> tuple[Weights, Progress]:
    """The state that `save` wrote.

    Raises UsageError where a file is missing or damaged, or the run was one of another alphabet or other settings. Only
    the number of blocks may differ: a finished run can be continued.
    """
    try:
        written = json.loads(read_file(folder, "config.json"))
        values = json.loads(read_file(folder, "progress.json"))
        weights = safetensors.torch.load(read_file(folder, "model.safetensors"))
        values |= {"current": Hardness(**values["current"]), "recent": tuple(values["recent"])}
        progress = Progress(**values | {"trace": tuple(values["trace"])})
        characters, saved = written["alphabet"], dict(written["settings"])
    except (OSError, ValueError, KeyError, TypeError, SafetensorError) as e:
        raise UsageError(f"{folder}: the checkpoint is damaged ({e}); remove the folder to start afresh") from e
    if characters != alphabet:
        raise UsageError(f"{folder}: the checkpoint has another vocabulary, {characters!r} instead of {alphabet!r}")
    if other := other_settings(asdict(config), saved, {"blocks"}):
        raise UsageError(f"{folder}: the checkpoint is of other settings: {other}")
    return weights, progress
