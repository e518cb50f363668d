"""Which of many to take where a few must stand for all."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def evenly_spaced(length: int, count: int) -> npt.NDArray[np.int64]:
    """`count` places of `length`, or all that there are, from the first to the last."""
    return np.linspace(0, length - 1, min(count, length)).astype(np.int64)
