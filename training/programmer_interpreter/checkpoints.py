"""A run's state on disk: weights, the optimiser's, and how far it is."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from cprograms.diagnostics import UsageError
from cprograms.files import json_bytes, read_file, write_directory
from training.checkpoints import named, other_settings, placed
from training.programmer_interpreter.config import InterpreterConfig
from training.programmer_interpreter.frames import Codes
from training.programmer_interpreter.network import ProgrammerInterpreter

MAY_DIFFER = {"rounds"}
"""Settings that a resumed run need not share with its checkpoint."""


@dataclass
class Progress:
    """`step` counts over all rounds, `seconds` are the processor's. `done`: nothing is left to be learned."""

    step: int = 0
    seconds: float = 0.0
    done: bool = False


def save(
    folder: Path,
    config: InterpreterConfig,
    model: ProgrammerInterpreter,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
) -> None:
    """Replace the checkpoint that may be there, atomically. Raises OSError where that fails; the old one then stays."""
    memories = [len(memory.keys) for memory in model.known]
    written = {"codes": asdict(model.codes), "memories": memories, "settings": asdict(config)}
    moments = named(optimizer.state_dict()["state"])
    write_directory(
        folder,
        {
            "config.json": json_bytes(written),
            "progress.json": json_bytes(asdict(progress)),
            "model.safetensors": safetensors.torch.save(_plain(model.state_dict())),
            "optimizer.safetensors": safetensors.torch.save(_plain(moments)),
        },
    )


def load(
    folder: Path, config: InterpreterConfig, model: ProgrammerInterpreter, optimizer: torch.optim.Optimizer
) -> Progress:
    """Take up the state that `save` wrote.

    Raises UsageError where a file is missing or damaged, or the run was one of other programs or other settings.
    """
    try:
        written = json.loads(read_file(folder, "config.json"))
        values = json.loads(read_file(folder, "progress.json"))
        progress = Progress(values["step"], values["seconds"], values["done"])
        weights = safetensors.torch.load(read_file(folder, "model.safetensors"))
        state = placed(safetensors.torch.load(read_file(folder, "optimizer.safetensors")))
        _check(folder, config, model.codes, written)
        model.load_state_dict(weights)
        optimizer.load_state_dict({**optimizer.state_dict(), "state": state})
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as e:
        raise _damaged(folder, e) from e
    return progress


def trained(folder: Path) -> tuple[ProgrammerInterpreter, InterpreterConfig]:
    """The network of a checkpoint. Raises UsageError where it is damaged, or was taught programs later on."""
    try:
        written = json.loads(read_file(folder, "config.json"))
        config = InterpreterConfig.of(written["settings"], str(folder))
        codes, memories = Codes(**written["codes"]), written["memories"]
        model = new_model(config, codes)
        if len(memories) > 1:
            raise UsageError(f"{folder}: the checkpoint was taught more programs; give that of the core")
        model.load_state_dict(safetensors.torch.load(read_file(folder, "model.safetensors")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as e:
        raise _damaged(folder, e) from e
    return model, config


def new_model(config: InterpreterConfig, codes: Codes) -> ProgrammerInterpreter:
    return ProgrammerInterpreter(codes, config.hidden, config.layers, config.embedding, config.key)


def _check(folder: Path, config: InterpreterConfig, codes: Codes, written: dict[str, Any]) -> None:
    if written["codes"] != asdict(codes):
        raise UsageError(f"{folder}: the checkpoint is of other programs; remove the folder to start afresh")
    if other := other_settings(asdict(config), written["settings"], MAY_DIFFER):
        raise UsageError(f"{folder}: the checkpoint is of other settings: {other}")


def _damaged(folder: Path, error: Exception) -> UsageError:
    said = " ".join(str(error).split())[:200]
    return UsageError(f"{folder}: the checkpoint is damaged ({said}); remove the folder to start afresh")


def _plain(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().contiguous() for name, value in tensors.items()}
