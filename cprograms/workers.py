"""Worker processes end with the process that started them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from functools import cache


@cache
def die_with_parent() -> None:
    """Where the process that started this one is killed, end it too: it would go on beside the next run.

    The first thing that a worker does.
    """
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def begin_quietly() -> None:
    """As `die_with_parent`; and Ctrl-C ends the parent alone, which lets the jobs at work be finished."""
    die_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
