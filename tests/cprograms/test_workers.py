"""Workers end with the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

PARENT = """
import multiprocessing, os, sys, time
from concurrent.futures import ProcessPoolExecutor
from cprograms.workers import {initializer}

if __name__ == "__main__":
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), {initializer}) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 600).result()
"""


@pytest.mark.parametrize("initializer", ["die_with_parent", "begin_quietly"])
@pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")
def test_a_worker_ends_when_its_parent_is_killed(initializer: str, tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(PARENT.format(initializer=initializer))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE, text=True, env=environment) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        try:
            assert _runs(worker)
            parent.send_signal(signal.SIGKILL)
            deadline = time.monotonic() + 60
            while _runs(worker) and time.monotonic() < deadline:
                time.sleep(0.02)
            assert not _runs(worker)
        finally:
            parent.kill()
            with suppress(ProcessLookupError):
                os.kill(worker, signal.SIGKILL)


def _runs(process: int) -> bool:
    """Whether there is such a process, and it has not ended unnoticed."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
