"""A tiny hypernetwork with random weights."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig

# These matrices are small; threads that wait for a busy core take many times longer.
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def compiler(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the hypernetwork."""
    folder = tmp_path_factory.mktemp("compiler")
    torch.manual_seed(0)
    settings = HypernetworkConfig(hidden_size=16, layers=1, heads=2)
    save_file(Hypernetwork(settings).state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(asdict(settings)))
    return folder
