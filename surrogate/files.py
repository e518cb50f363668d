"""Atomic writes: either the old file or directory is there, or the new one, whatever interrupts."""

from __future__ import annotations

import ctypes
import os
import shutil
import sys
import tempfile
from pathlib import Path

_AT_FDCWD = -100
_RENAME_EXCHANGE = 2


def replace_directory(target: Path, files: dict[str, bytes]) -> None:
    """Put a directory of the given files at `target`, in the place of the directory that may be there.

    Raises OSError where that fails; nothing is left behind then and `target` is as it was.
    """
    # Through a symbolic link, the directory that it points to is replaced, not the link.
    target = Path(os.path.realpath(target))
    fresh = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        fresh.chmod(0o777 & ~_umask())
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
    handle, name = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
    fresh = Path(name)
    try:
        os.close(handle)
        fresh.chmod(0o666 & ~_umask())
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
    """Swap two directories: in one step where the system can (Linux), else by two renames that are undone on failure."""
    if sys.platform == "linux":
        swapped = ctypes.CDLL(None).renameat2(
            _AT_FDCWD, os.fsencode(fresh), _AT_FDCWD, os.fsencode(target), _RENAME_EXCHANGE
        )
        if swapped == 0:
            return
    aside = fresh.with_name(fresh.name + ".old")
    target.rename(aside)
    try:
        fresh.rename(target)
    except BaseException:
        aside.rename(target)
        raise
    aside.rename(fresh)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
