"""What the checkpoints of trainings share: their optimisers' state as named tensors, and whether settings agree."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from torch import Tensor

Moments = dict[int, dict[str, Tensor]]
"""An optimiser's state of each parameter, by its place."""


def named(moments: Moments) -> dict[str, Tensor]:
    """An optimiser's state as safetensors hold it: "3.exp_avg" is that of parameter 3."""
    return {f"{place}.{name}": value for place, found in moments.items() for name, value in found.items()}


def placed(tensors: Mapping[str, Tensor]) -> Moments:
    """The inverse of `named`. Raises ValueError for another name."""
    moments: Moments = {}
    for name, value in tensors.items():
        place, what = name.split(".")
        moments.setdefault(int(place), {})[what] = value
    return moments


def other_settings(asked: Mapping[str, Any], saved: Mapping[str, Any], may_differ: Collection[str] = ()) -> str:
    """The settings that are not as asked for, in words; empty where all are. None stands for one that is not there."""
    names = sorted((asked.keys() | saved.keys()) - set(may_differ))
    other = [name for name in names if saved.get(name) != asked.get(name)]
    return ", ".join(f"{name} {saved.get(name)} instead of {asked.get(name)}" for name in other)
