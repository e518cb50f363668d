"""What takes long, said on a terminal while it does: one line on stderr with a spinner, gone when it is done."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status

_running: list[tuple[str, Status]] = []
"""What is being said, the innermost last. There is one line for all of it."""


@contextmanager
def announced(message: str) -> Iterator[None]:
    """Say on stderr, where that is a terminal, what is being done. Inside another announcement it takes its place."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    from rich.console import Console  # not quick to import
    from rich.markup import escape

    message = escape(message)
    if _running:
        before, status = _running[-1]
        status.update(message)
        _running.append((message, status))
        try:
            yield
        finally:
            _running.pop()
            status.update(before)
        return
    with Console(stderr=True).status(message) as status:
        _running.append((message, status))
        try:
            yield
        finally:
            _running.pop()
