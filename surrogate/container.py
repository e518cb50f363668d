"""Artifacts on disk: a directory of `config.json`, tensors, the C program and a `README.md` card.

The configuration records the SHA-256 of every other file but the card, and of its own values; an artifact that was
truncated or edited does not load. The tensors are safetensors, so that loading an artifact runs no code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar

from safetensors import SafetensorError

from cprograms.diagnostics import UsageError, did_you_mean
from cprograms.files import replace_directory
from surrogate.version import __version__

T = TypeVar("T")

FORMAT = "surrogate"
FORMAT_VERSION = 1
CARD = "README.md"


def header(target: str, entry: str) -> dict[str, Any]:
    """What the configuration of every artifact begins with."""
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "library_version": __version__,
        "target": target,
        "entry": entry,
    }


def write(path: str | PathLike[str], config: dict[str, Any], files: Mapping[str, bytes]) -> None:
    """Write an artifact, all or nothing; an artifact that was there is replaced at once.

    Raises UsageError where something else than an artifact is in the way, or where writing fails (permissions, a full
    disk).
    """
    target = Path(path)
    ensure_free(target)
    config = config | {"sha256": {name: _sha256(content) for name, content in files.items() if name != CARD}}
    config["seal"] = seal(config)
    text = json.dumps(config, indent=2, allow_nan=False) + "\n"
    try:
        replace_directory(target, {**files, "config.json": text.encode()})
    except OSError as e:
        raise UsageError(f"{target}: cannot be written: {e.strerror or e}") from e


def ensure_free(target: Path) -> None:
    """Raises UsageError where something else than an artifact is at `target`."""
    if target.exists() and not is_artifact(target):
        raise UsageError(f"{target}: exists and is not a surrogate artifact; it will not be overwritten")


def read(path: str | PathLike[str], decode: Callable[[dict[str, Any], dict[str, bytes]], T]) -> T:
    """What `decode` makes of an artifact's configuration and its files.

    The files, by name, are those that the configuration has a SHA-256 of. KeyError, TypeError, ValueError,
    AttributeError, RuntimeError and SafetensorError of `decode` say that they do not fit together.

    Raises UsageError for what is not an artifact, was truncated or edited, or comes from a newer version.
    """
    source = Path(path)
    config = _read_config(source)
    if config.pop("seal", None) != seal(config):
        raise UsageError(f"{source}: damaged artifact: config.json was edited (its seal does not fit)")
    try:
        files = {name: _read_whole(source, name, sha256) for name, sha256 in config["sha256"].items()}
        return decode(config, files)
    except (KeyError, TypeError, ValueError, AttributeError, RuntimeError, SafetensorError) as e:
        raise UsageError(f"{source}: damaged artifact: config.json does not describe its files ({_brief(e)})") from e


def is_artifact(path: Path) -> bool:
    """True for a directory whose configuration says that it is an artifact, of any version, damaged or not."""
    try:
        return bool(json.loads((path / "config.json").read_bytes())["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def seal(config: dict[str, Any]) -> str:
    """The SHA-256 of a configuration's values, whatever its layout."""
    return _sha256(json.dumps(config, sort_keys=True).encode())


def _read_config(source: Path) -> dict[str, Any]:
    if not source.exists():
        guess = did_you_mean(source.name, (p.name for p in source.parent.glob("*") if is_artifact(p)))
        raise UsageError(f"{source}: no such artifact; {guess}`surrogate compile` makes one from a C file")
    if not source.is_dir():
        is_c = source.suffix in (".c", ".h")
        made = f"; `surrogate compile {source}` makes one of it" if is_c else ""
        raise UsageError(f"{source}: not a surrogate artifact but a {'C ' if is_c else ''}file{made}")
    if not (source / "config.json").exists():
        raise UsageError(f"{source}: not a surrogate artifact: a directory without config.json")
    try:
        config = json.loads((source / "config.json").read_bytes())
    except (OSError, ValueError, RecursionError) as e:
        what = "config.json cannot be read" if isinstance(e, OSError) else "config.json is not JSON"
        raise UsageError(f"{source}: not a surrogate artifact: {what}") from e
    if not isinstance(config, dict) or config.get("format") != FORMAT:
        raise UsageError(f"{source}: not a surrogate artifact: config.json is of something else")
    version = config.get("format_version")
    if not isinstance(version, int) or version < 1:
        raise UsageError(f"{source}: damaged artifact: format version {version!r}")
    if version > FORMAT_VERSION:
        newer = config.get("library_version", "a newer version")
        raise UsageError(
            f"{source}: written by surrogate-compiler {newer} in format {version}; this is {__version__}, which reads"
            f" format {FORMAT_VERSION}: upgrade to read it"
        )
    return config


def _read_whole(source: Path, name: str, sha256: str) -> bytes:
    if Path(name).name != name:
        raise ValueError(f"'{name}' is not the name of a file")
    try:
        content = (source / name).read_bytes()
    except OSError as e:
        raise UsageError(f"{source}: damaged artifact: {name}: {e.strerror}") from e
    if _sha256(content) != sha256:
        raise UsageError(f"{source}: damaged artifact: {name} was truncated or edited (its SHA-256 has changed)")
    return content


def _brief(e: Exception) -> str:
    """An exception in one short line: state-dict errors run over many."""
    text = f"missing {e}" if isinstance(e, KeyError) else " ".join(str(e).split())
    return text if len(text) <= 160 else text[:159] + "…"


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
