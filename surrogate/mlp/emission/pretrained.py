"""Where trained surrogate compilers (hypernetworks) are found, and how they are loaded."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from os import PathLike
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors

from cprograms import options
from cprograms.diagnostics import UsageError, did_you_mean
from surrogate.mlp.emission.hypernetwork import Hypernetwork, HypernetworkConfig

WEIGHTS = Path(__file__).parents[1] / "weights"
DEFAULT = "default"


@dataclass(frozen=True)
class Compiler:
    """A loaded hypernetwork and the SHA-256 of its weights."""

    model: Hypernetwork
    sha256: str


def load_compiler(compiler: str | PathLike[str] | None = None) -> Compiler:
    """Load a hypernetwork by the name of a packaged one, or from a directory that `save_pretrained` wrote.

    Raises UsageError where there is none, or where its files do not fit together.
    """
    folder = _find(compiler)
    try:
        stored = json.loads((folder / "config.json").read_bytes())
        # A hypernetwork older than a field has its default.
        config = HypernetworkConfig(**{f.name: stored[f.name] for f in fields(HypernetworkConfig) if f.name in stored})
        content = (folder / "model.safetensors").read_bytes()
        # The initial weights are overwritten at once; drawing them must not move the caller's random state.
        with torch.random.fork_rng(devices=[]):
            model = Hypernetwork(config)
        model.load_state_dict(load_tensors(content))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as e:
        raise UsageError(f"{folder}: this hypernetwork does not load: {' '.join(str(e).split())[:200]}") from e
    return Compiler(model.eval(), hashlib.sha256(content).hexdigest())


def _find(compiler: str | PathLike[str] | None) -> Path:
    """The folder of a compiler; a directory wins over a packaged one of the same name."""
    asked = WEIGHTS / DEFAULT if compiler in (None, "") else Path(options.path("compiler", compiler))
    for folder in (asked, WEIGHTS / asked.name) if asked.name == str(asked) else (asked,):
        if (folder / "config.json").is_file() and (folder / "model.safetensors").is_file():
            return folder
    if compiler is None:
        raise UsageError("this installation holds no hypernetwork; name the directory of one: --compiler DIR")
    packaged = sorted(p.parent.name for p in WEIGHTS.glob("*/config.json"))
    raise UsageError(
        f"no surrogate compiler '{compiler}': neither a directory with config.json and model.safetensors, nor one of"
        f" the packaged ones; {did_you_mean(str(compiler), packaged)}there are {', '.join(packaged) or 'none'}"
    )
