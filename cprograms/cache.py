"""A content-addressed, size-bounded cache of files, safe with several processes."""

from __future__ import annotations

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

LIMIT = 512 * 2**20
_DIGEST_BYTES = 32


def root() -> Path:
    """The cache directory: $SURROGATE_CACHE, or `surrogate` under $XDG_CACHE_HOME or ~/.cache."""
    if configured := os.environ.get("SURROGATE_CACHE"):
        return Path(configured)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "surrogate"


def key(*parts: str) -> str:
    """A name for what `parts` determine."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _digest(key: str, payload: bytes) -> bytes:
    return hashlib.sha256(key.encode() + b"\0" + payload).digest()


class Cache:
    """Byte strings by key in `folder`; the least recently used go when their sum exceeds `limit` bytes.

    An entry is the SHA-256 of its key and bytes, followed by the bytes, so that one that was truncated, altered or
    moved reads as absent.
    """

    def __init__(self, folder: Path, limit: int = LIMIT):
        self.folder, self.limit = folder, limit

    def get(self, key: str) -> bytes | None:
        """The bytes stored under `key`, or None where there are none that are whole."""
        path = self.folder / key
        try:
            stored = path.read_bytes()
        except OSError:
            return None
        payload = stored[_DIGEST_BYTES:]
        if _digest(key, payload) != stored[:_DIGEST_BYTES]:
            return None
        with suppress(OSError):
            os.utime(path)  # the time of last use, which `_evict` goes by
        return payload

    def put(self, key: str, payload: bytes) -> None:
        """Store `payload` under `key`. Raises OSError where the folder cannot be written."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomically(self.folder / key, _digest(key, payload) + payload)
        self._evict()

    def _evict(self) -> None:
        """Remove the least recently used entries. Another process may remove them first, or be about to read them."""
        entries = []
        with os.scandir(self.folder) as found:
            for entry in found:
                with suppress(OSError):
                    status = entry.stat()
                    entries.append((status.st_mtime_ns, status.st_size, entry.path))
        excess = sum(size for _, size, _ in entries) - self.limit
        for _, size, path in sorted(entries):
            if excess <= 0:
                return
            with suppress(OSError):
                os.unlink(path)
            excess -= size


def write_atomically(path: Path, content: bytes) -> None:
    """Write through a temporary sibling, so that readers see the old file or the new one. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".tmp-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
