"""Atomic writes: either the old files are there, or the new ones, whatever interrupts."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

PENDING = ".surrogate-pending"
"""A folder in a directory: files that count in the place of those beside it, as a writer was killed while it put them
there. The next writer does. What a writer was killed over before they counted has a suffix."""
_LONGEST_NAME = 255
"""Bytes of a file's name, in all file systems that are in use."""
_STALE = ".stale"
"""In it, the names of the files that go with those it replaces."""


def write_directory(directory: Path, files: Mapping[str, bytes], stale: Collection[str] = ()) -> None:
    """Put files into a directory, all or none, in the place of those of their names; those named `stale` go with them.

    Whatever else is in the directory is never touched. Where there is no directory, it is made. `read_file` never sees
    some of the new files without the others, even where the writer is killed.

    Raises OSError where that fails; nothing is left behind then and the files are as they were.
    """
    # Through a symbolic link, what it points to is written, not the link.
    directory = Path(os.path.realpath(directory))
    if not directory.exists():
        _make(directory, files)
        return
    with _locked(directory):
        _settle(directory)
        _remove_unfinished(directory)
        _ensure_replaceable(directory, [*files, *stale])
        staged = directory / f"{PENDING}.{secrets.token_hex(6)}"
        try:
            _fill(staged, {**files, _STALE: json.dumps(sorted(stale)).encode()})
            staged.rename(directory / PENDING)  # from here on the new files count
            _sync(directory)
            _settle_or_undo(directory, staged)
        finally:
            shutil.rmtree(staged, ignore_errors=True)


def read_file(directory: Path, name: str) -> bytes:
    """The content of a file that `write_directory` wrote. Raises OSError where there is none."""
    try:
        return (directory / PENDING / name).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return (directory / name).read_bytes()


def file_names(directory: Path) -> set[str]:
    """The names of the files in a directory, its folders left out. Raises OSError where it is no directory."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return _file_names(directory) | _file_names(directory / PENDING) - {_STALE}
    return _file_names(directory)


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


def replace_json(target: Path, document: object) -> None:
    """Put a JSON file at `target`, as `replace_file` does."""
    replace_file(target, json_bytes(document))


def json_bytes(document: object) -> bytes:
    """A document as the content of a JSON file that people read, too."""
    return (json.dumps(document, indent=1) + "\n").encode()


def _file_names(directory: Path) -> set[str]:
    with os.scandir(directory) as entries:
        return {entry.name for entry in entries if not entry.is_dir()}


def _make(directory: Path, files: Mapping[str, bytes]) -> None:
    fresh = _sibling(directory)
    try:
        _fill(fresh, files)
        fresh.rename(directory)
    finally:
        # By now this is nothing, or what an interrupt left.
        shutil.rmtree(fresh, ignore_errors=True)


def _settle(directory: Path) -> None:
    """Put the pending files in their places. May be interrupted, and done again."""
    pending = directory / PENDING
    if not pending.is_dir():
        return
    for name in os.listdir(pending):
        if name != _STALE:
            (pending / name).replace(directory / name)
    with suppress(FileNotFoundError):
        for name in json.loads((pending / _STALE).read_bytes()):
            (directory / name).unlink(missing_ok=True)
        (pending / _STALE).unlink()
    pending.rmdir()


def _settle_or_undo(directory: Path, staged: Path) -> None:
    """Settle, through an interrupt as well; where the first file already fails, the files back to `staged`."""
    pending = directory / PENDING
    count = len(os.listdir(pending))
    try:
        _settle(directory)
    except OSError:
        if len(os.listdir(pending)) == count:
            pending.rename(staged)
        raise
    except BaseException:
        _settle(directory)
        raise


def _remove_unfinished(directory: Path) -> None:
    for left in directory.glob(f"{PENDING}.*"):
        shutil.rmtree(left, ignore_errors=True)


def _ensure_replaceable(directory: Path, names: Collection[str]) -> None:
    for path in (directory / name for name in names):
        if path.is_dir() and not path.is_symlink():
            raise IsADirectoryError(errno.EISDIR, f"{path.name} is a directory")


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """One writer at a time; a killed one frees it. Where the system or its file system has no locks, without."""
    with _opened(directory) as descriptor:
        with suppress(ImportError, OSError, ValueError):
            from fcntl import LOCK_EX, flock  # there is none on Windows

            flock(descriptor, LOCK_EX)
        yield


def _fill(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    for name, content in files.items():
        _write_durably(folder / name, content)
    _sync(folder)


def _write_durably(path: Path, content: bytes) -> None:
    """A full disk may only show when the data is flushed: before the rename, not after it."""
    with open(path, "wb") as f:
        f.write(content)
        f.flush()
        os.fsync(f.fileno())


def _sync(folder: Path) -> None:
    """The names in a folder to the disk, as far as its file system does that."""
    with _opened(folder) as descriptor, suppress(OSError):
        os.fsync(descriptor)


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """A descriptor of a folder; an invalid one where the system has none (Windows)."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        yield -1
        return
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _sibling(target: Path) -> Path:
    """A name beside the target, on the same file system, that nothing else has; no longer than a name may be."""
    suffix = f".{secrets.token_hex(6)}"
    beginning = os.fsencode(target.name)[: _LONGEST_NAME - len(suffix) - 1]
    return target.with_name(f".{os.fsdecode(beginning)}{suffix}")
