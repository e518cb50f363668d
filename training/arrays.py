"""Arrays of figures: their types, and which places to take where a few must stand for all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]


def evenly_spaced(length: int, count: int) -> Integers:
    """`count` places of `length`, or all that there are, from the first to the last."""
    return np.linspace(0, length - 1, min(count, length)).astype(np.int64)
