"""Configs of training runs: dataclasses whose fields, the settings, a YAML file fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import yaml

from cprograms.diagnostics import UsageError

T = TypeVar("T")

_ASKED: dict[type, tuple[tuple[type, ...], str]] = {
    bool: ((bool,), "true or false"),
    int: ((int,), "a whole number"),
    float: ((int, float), "a number (YAML reads 1e-3 as text: write 0.001 or 1.0e-3)"),
    str: ((str,), "a text"),
    list: ((list,), "a list"),
    dict: ((dict,), "a mapping"),
}
"""What a YAML value must be for a setting of a type, and how that is said."""


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds. Raises UsageError where it cannot be read or holds something else."""
    try:
        values = yaml.safe_load(path.read_text())
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as e:
        raise UsageError(f"{path}: cannot be read: {e}") from e
    if not isinstance(values, dict):
        raise UsageError(f"{path}: a mapping of settings is needed")
    return values


def config_of(config_type: type[T], values: Mapping[str, Any], place: str) -> T:
    """The dataclass `config_type` with its fields from a mapping; a list becomes a tuple where the field is one.

    Raises UsageError, which names `place`, for a key that is not a setting, a missing one, or a value of another type.
    """
    known = {f.name: f for f in fields(config_type)}  # type: ignore[arg-type]
    if unknown := sorted(str(k) for k in values if k not in known):
        raise UsageError(f"{place}: unknown settings {', '.join(unknown)}; known are {', '.join(sorted(known))}")
    needed = (n for n, f in known.items() if f.default is MISSING and f.default_factory is MISSING)
    if missing := sorted(set(needed) - set(values)):
        raise UsageError(f"{place}: '{missing[0]}' is missing")
    hints = get_type_hints(config_type)
    return config_type(**{name: _checked(value, hints[name], f"{place}: '{name}'") for name, value in values.items()})


def _checked(value: Any, hint: Any, place: str) -> Any:
    if get_origin(hint) is tuple:
        if not isinstance(value, list | tuple) or not value:
            raise UsageError(f"{place}: a list is needed, not {value!r}")
        return tuple(_checked(item, get_args(hint)[0], place) for item in value)
    accepted, wanted = _ASKED[get_origin(hint) or hint]
    if not isinstance(value, accepted) or (isinstance(value, bool) and bool not in accepted):
        raise UsageError(f"{place}: {wanted} is needed, not {value!r}")
    return value
