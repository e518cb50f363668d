"""Tiny hypernetworks, as directories that `--compiler` takes."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig


def random_compiler(folder: Path, settings: HypernetworkConfig) -> Path:
    """The folder, with a hypernetwork of random weights, the same each time."""
    torch.manual_seed(0)
    save_file(Hypernetwork(settings).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(asdict(settings)))
    return folder
