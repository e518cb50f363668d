"""A shard function that goes wrong on demand; apart from the tests, so that worker processes start quickly."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def plain_shard(path: Path, trouble: str) -> None:
    """A shard whose making goes wrong: `trouble` is "" or the way, and, after a colon, a file that ends it."""
    kind, _, marker = trouble.partition(":")
    if kind and not (marker and Path(marker).exists()):
        if marker:
            Path(marker).touch()
        if kind == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        raise OSError(errno.ENOSPC, "No space left on device", str(path))
    table = pa.table({"id": ["one"]}).replace_schema_metadata({"counts": '{"made": 1}'})
    pq.write_table(table, path)
