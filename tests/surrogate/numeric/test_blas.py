"""numpy on one thread, as another package that finds libraries of threads says."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest.importorskip("threadpoolctl")
SCRIPT = """
import numpy as np
from threadpoolctl import threadpool_info
from surrogate.numeric.batches import one_thread

def threads():
    return [p["num_threads"] for p in threadpool_info() if p["internal_api"] == "openblas" and "numpy" in p["filepath"]]

before = threads()
with one_thread():
    with one_thread():
        np.ones((300, 300)) @ np.ones((300, 300))
    assert all(t == 1 for t in threads()), threads()
try:
    with one_thread():
        raise KeyError
except KeyError:
    pass
assert threads() == before, (threads(), before)
print(before)
"""


def test_numpys_threads_are_held_and_given_back() -> None:
    environment = {"OPENBLAS_NUM_THREADS": "2", "PATH": ""}
    done = subprocess.run([sys.executable, "-c", SCRIPT], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    if done.stdout.strip() == "[]":
        pytest.skip("numpy has no OpenBLAS of its own")
    assert done.stdout.strip() == "[2]"
