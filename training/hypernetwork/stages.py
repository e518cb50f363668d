"""A config in stages: one training after the other, each from the weights of the one before."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from pathlib import Path
from typing import Any

from cprograms.diagnostics import UsageError
from training.config import read_mapping


def read_settings(path: Path, stage: str | None = None) -> dict[str, Any]:
    """The settings of a training that a YAML file holds: all of it, or of one of its `stages`.

    A stage has the settings of the one before with those that it names in their place. Raises UsageError where the
    file cannot be read, and for a stage that it has not.
    """
    values = read_mapping(path)
    if "stages" not in values:
        if stage is not None:
            raise UsageError(f"{path}: there are no stages, hence no stage '{stage}'")
        return values
    stages = _stages(values, path)
    if stage is None:
        raise UsageError(f"{path}: which of its stages? --stage is one of {', '.join(stages)}")
    if stage not in stages:
        raise UsageError(f"{path}: no stage '{stage}'; there are {', '.join(stages)}")
    return stages[stage]


def _stages(values: Mapping[str, Any], path: Path) -> dict[str, dict[str, Any]]:
    """Every stage with all its settings, in their order."""
    changes = values["stages"]
    if set(values) != {"stages"} or not isinstance(changes, dict):
        raise UsageError(f"{path}: 'stages' is needed alone, with a mapping of settings for each")
    if bad := [name for name, settings in changes.items() if not isinstance(settings, dict)]:
        raise UsageError(f"{path}: stage '{bad[0]}': a mapping of settings is needed")
    return dict(zip(changes, accumulate(changes.values(), lambda before, change: before | change), strict=True))
