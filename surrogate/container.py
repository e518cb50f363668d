"""Artifacts on disk: a directory of `config.json`, tensors, the C program and a `README.md` card.

The configuration records the SHA-256 of every other file but the card, and of its own values; an artifact that was
truncated or edited does not load. The tensors are safetensors, so that loading an artifact runs no code.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar

from safetensors import SafetensorError

from cprograms.diagnostics import ProgramError, UsageError, did_you_mean
from cprograms.files import file_names, read_file, write_directory
from surrogate.version import __version__

T = TypeVar("T")
R = TypeVar("R")

FORMAT = "surrogate"
FORMAT_VERSION = 1
CARD = "README.md"
CONFIG = "config.json"
_DIRECTIVE = re.compile(r"^[ \t\f\v]*(?:#|%:|\?\?=)(?!\s*pragma\s+surrogate\b).*", re.MULTILINE)


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
    """Write an artifact, all or nothing; of one that was there, the files that it lists are replaced or removed.

    Other files in its directory stay. Raises UsageError where something else than an artifact is in the way, a file
    that the artifact does not list included, or where writing fails (permissions, a full disk).
    """
    target = Path(path)
    ensure_free(target, files)
    config = config | {"sha256": {name: _sha256(content) for name, content in files.items() if name != CARD}}
    config["seal"] = seal(config)
    text = json.dumps(config, indent=2, allow_nan=False) + "\n"
    try:
        write_directory(target, {**files, CONFIG: text.encode()}, stale=_own_files(target) - {*files, CONFIG})
    except OSError as e:
        raise UsageError(f"{target}: cannot be written: {e.strerror or e}") from e


def ensure_free(target: Path, names: Iterable[str] = ()) -> None:
    """Before long work: raises UsageError where an artifact with files of these names has no place at `target`.

    Something else than an artifact is there, or a file that the artifact there does not list; or there is no folder.
    """
    if not target.parent.is_dir():
        reason = errno.ENOTDIR if target.parent.exists() else errno.ENOENT
        raise UsageError(f"{target}: cannot be written: {os.strerror(reason)}")
    if target.exists() and not is_artifact(target):
        raise UsageError(f"{target}: exists and is not a surrogate artifact; it will not be overwritten")
    own = _own_files(target)
    for name in (CONFIG, *names):
        if name not in own and os.path.lexists(target / name):
            raise UsageError(f"{target / name}: is no file of the artifact; it will not be overwritten")


def read(path: str | PathLike[str], decode: Callable[[dict[str, Any], dict[str, bytes]], T]) -> T:
    """What `decode` makes of an artifact's configuration and its files.

    The files, by name, are those that the configuration has a SHA-256 of. KeyError, TypeError, ValueError,
    OverflowError, AttributeError, RuntimeError and SafetensorError of `decode` say that they do not fit together.

    Raises UsageError for what is not an artifact, was truncated or edited, or comes from a newer version.
    """
    source = Path(path)
    config = _read_config(source)
    try:
        if config.pop("seal", None) != seal(config):
            raise UsageError(f"{source}: damaged artifact: config.json was edited (its seal does not fit)")
        json.dumps(config, allow_nan=False)  # what no artifact states: infinities, and what is no number
        files = {name: _read_whole(source, name, sha256) for name, sha256 in config["sha256"].items()}
        return decode(config, files)
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError, RuntimeError, SafetensorError) as e:
        raise UsageError(f"{source}: damaged artifact: config.json does not describe its files ({_brief(e)})") from e


def ensure_same(config: Mapping[str, Any], described: Mapping[str, Any]) -> None:
    """Raises ValueError where a configuration says something else than what was read describes.

    Who wrote it, and what was measured, do not follow from the files.
    """
    for name, value in described.items():
        if name not in ("library_version", "measured") and config.get(name) != value:
            raise ValueError(f"{name} is {config.get(name)!r}, not {value!r}")


def self_contained(program: bytes) -> str:
    """The C of an artifact. Raises ValueError where it is not UTF-8, or has directives: it holds all that it needs."""
    text = program.decode()
    if found := _DIRECTIVE.search(text):
        raise ValueError(f"'{found[0].strip()}' in a C program that needs no other file")
    return text


def first_message(e: ProgramError | UsageError) -> str:
    """What is wrong with a program in one line."""
    return e.diagnostics[0].message if isinstance(e, ProgramError) else str(e)


def is_artifact(path: Path) -> bool:
    """True for a directory whose configuration says that it is an artifact, of any version, damaged or not."""
    try:
        return bool(json.loads(read_file(path, CONFIG))["format"] == FORMAT)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return False


def _own_files(path: Path) -> set[str]:
    """The files that are there of those that an artifact lists, with its card and its configuration.

    None where there is no artifact.
    """
    if not is_artifact(path):
        return set()
    listed = json.loads(read_file(path, CONFIG)).get("sha256")
    return file_names(path) & {CONFIG, CARD, *(listed if isinstance(listed, dict) else ())}


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
        config = json.loads(read_file(source, CONFIG))
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
        content = read_file(source, name)
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


# --- What was measured ---


@dataclass(frozen=True)
class Measurement(Generic[R]):
    """A report, and the fingerprint of what it is about: of other weights a measured error says nothing."""

    report: R
    fingerprint: str

    def of(self, fingerprint: str) -> R | None:
        """The report where it is about what has this fingerprint."""
        return self.report if fingerprint == self.fingerprint else None


def fingerprint(*parts: bytes) -> str:
    """A SHA-256 of all that a measured error depends on."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()
