"""A tiny hypernetwork with random weights, and scripts as modules."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from types import ModuleType

import pytest
import torch
from safetensors.torch import save_file

from surrogate.mlp.hypernetwork import Hypernetwork, HypernetworkConfig
from tests import ROOT

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


@pytest.fixture(scope="session")
def load_script() -> Callable[[str], ModuleType]:
    """A script by its name."""

    def load(name: str) -> ModuleType:
        path = ROOT / "scripts" / f"{name}.py"
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    return load
