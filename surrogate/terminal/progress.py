"""The bar that long work shows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn


class Advance(Protocol):
    """Says how much of the work is done, and the figures of the moment, as they are shown."""

    def __call__(self, done: int, total: int, **figures: Any) -> None: ...


@contextmanager
def progress_bar(title: str, *figures: str) -> Iterator[Advance]:
    """On stderr, where that is a terminal: the share that is done, and these figures by name."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("  ".join(f"{name} {{task.fields[{name}]}}" for name in figures)),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        unknown: dict[str, Any] = dict.fromkeys(figures, "…")
        work = bar.add_task(title, total=None, **unknown)

        def advance(done: int, total: int, **shown: Any) -> None:
            bar.update(work, completed=done, total=total, **shown)

        yield advance
