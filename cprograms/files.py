"""Atomic writes: either the old file or directory is there, or the new one, whatever interrupts."""

from __future__ import annotations

import ctypes
import os
import secrets
import shutil
import sys
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_directory(target: Path, files: dict[str, bytes]) -> None:
    """Put a directory of the given files at `target`, in the place of the directory that may be there.

    Raises OSError where that fails; nothing is left behind then and `target` is as it was.
    """
    # Through a symbolic link, the directory that it points to is replaced, not the link.
    target = Path(os.path.realpath(target))
    fresh = _sibling(target)
    fresh.mkdir()
    try:
        for name, content in files.items():
            _write_durably(fresh / name, content)
        if target.exists():
            _exchange(fresh, target)
        else:
            fresh.rename(target)
    finally:
        # By now this is the old directory, or what an interrupt left of the new one, or nothing.
        shutil.rmtree(fresh, ignore_errors=True)


def replace_file(target: Path, content: bytes) -> None:
    """Put a file at `target`, replacing the one that may be there. Raises OSError where that fails."""
    target = Path(os.path.realpath(target))
    if target.exists() and not target.is_file():
        # A device or a pipe (/dev/stdout) is written to, not replaced.
        target.write_bytes(content)
        return
    fresh = _sibling(target)
    try:
        _write_durably(fresh, content)
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)


def _write_durably(path: Path, content: bytes) -> None:
    """A full disk may only show when the data is flushed: before the rename, not after it."""
    with open(path, "wb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())


def _exchange(fresh: Path, target: Path) -> None:
    """Swap two directories: in one step where the system can (Linux), else by two renames, undone on failure."""
    if sys.platform == "linux":
        rename = getattr(ctypes.CDLL(None), "renameat2", None)
        places = (_AT_FDCWD, os.fsencode(fresh), _AT_FDCWD, os.fsencode(target))
        if rename is not None and rename(*places, _RENAME_EXCHANGE) == 0:
            return
    aside = fresh.with_name(fresh.name + ".old")
    target.rename(aside)
    try:
        fresh.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    aside.rename(fresh)


def _sibling(target: Path) -> Path:
    """A name beside the target, on the same file system, that nothing else has."""
    return target.with_name(f".{target.name}.{secrets.token_hex(6)}")
