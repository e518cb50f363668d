"""A run's state between two steps, on disk: the restarts' weights, Adam's moments, and how far they have come."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import safetensors.torch
from safetensors import SafetensorError
from torch import Tensor

from cprograms.diagnostics import UsageError
from cprograms.files import json_bytes, read_file, write_directory
from training.checkpoints import Moments, named, other_settings, placed
from training.config import config_of
from training.loop.config import MAY_DIFFER, plain
from training.neural_programmer.config import ProgrammerConfig

FOLDER = "checkpoint"


@dataclass(frozen=True)
class Progress:
    """Where a run stands. `trace` has a record for each validation: the step, and the restarts' accuracies."""

    step: int = 0
    seconds: float = 0.0
    trace: tuple[dict[str, list[float] | int], ...] = ()


@dataclass(frozen=True)
class State:
    weights: dict[str, Tensor]
    moments: Moments
    progress: Progress


def save(out: Path, config: ProgrammerConfig, state: State) -> None:
    """Replace the checkpoint that may be there, atomically. Raises OSError where that fails; the old one then stays."""
    write_directory(
        out / FOLDER,
        {
            "config.json": json_bytes(plain(config)),
            "progress.json": json_bytes(asdict(state.progress)),
            "model.safetensors": safetensors.torch.save(dict(state.weights)),
            "adam.safetensors": safetensors.torch.save(named(state.moments)),
        },
    )


def load(out: Path) -> tuple[ProgrammerConfig, State]:
    """What `save` wrote. Raises UsageError where there is none, or where a file is missing or damaged."""
    folder = out / FOLDER
    if not folder.is_dir():
        raise UsageError(f"{out}: holds no checkpoint of a training")
    try:
        config = config_of(ProgrammerConfig, json.loads(read_file(folder, "config.json")), "config.json")
        values = json.loads(read_file(folder, "progress.json"))
        progress = Progress(**values | {"trace": tuple(values["trace"])})
        weights = safetensors.torch.load(read_file(folder, "model.safetensors"))
        moments = placed(safetensors.torch.load(read_file(folder, "adam.safetensors")))
    except (OSError, ValueError, KeyError, TypeError, UsageError, SafetensorError) as e:
        raise UsageError(f"{folder}: the checkpoint is damaged ({e}); remove the folder to start afresh") from e
    return config, State(weights, moments, progress)


def resumed(out: Path, config: ProgrammerConfig) -> State | None:
    """The state to go on from; None where there is none. Raises UsageError for a damaged one, or other settings."""
    if not (out / FOLDER).exists():
        return None
    written, state = load(out)
    if other := other_settings(plain(config), plain(written), MAY_DIFFER):
        raise UsageError(f"{out}: the checkpoint is of other settings: {other}; give another output folder")
    return state
