"""The threads of numpy's own matrix products and factorisations, which torch does not set.

A wheel of numpy brings an OpenBLAS in a folder beside the package. Another numpy, with a system's library, has none
there, and is left as it is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np


@contextmanager
def one_numpy_thread() -> Iterator[None]:
    """Run numpy's OpenBLAS on one thread, as far as it is found."""
    calls = _calls()
    if calls is None:
        yield
        return
    get, put = calls
    threads = get()
    put(1)
    try:
        yield
    finally:
        put(threads)


@cache
def _calls() -> tuple[Callable[[], int], Callable[[int], None]] | None:
    """What says how many threads there are, and what sets it. The names differ by how OpenBLAS was built."""
    package = Path(np.__file__).parent
    folders = package.with_name("numpy.libs"), package / ".dylibs"
    for path in (path for folder in folders for path in sorted(folder.glob("*openblas*"))):
        library = ctypes.CDLL(str(path))  # the one that numpy has loaded
        for prefix, suffix in product(("scipy_", ""), ("64_", "")):
            names = [f"{prefix}openblas_{verb}_num_threads{suffix}" for verb in ("get", "set")]
            if all(hasattr(library, name) for name in names):
                get, put = (getattr(library, name) for name in names)
                get.restype, put.argtypes, put.restype = ctypes.c_int, [ctypes.c_int], None
                return get, put
    return None
