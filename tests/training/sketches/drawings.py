"""Pictures that are easy to tell, in the place of MNIST's and of drawn operators."""

from __future__ import annotations

import numpy as np

from training.sketches.mnist import Digits


def lit(count: int, kinds: int, seed: int) -> Digits:
    """Pictures of one lit pixel each, which tells the kind."""
    rng = np.random.default_rng(seed)
    said = rng.integers(0, kinds, count)
    x = np.zeros((count, 784), dtype=np.float32)
    x[np.arange(count), 70 * said + rng.integers(0, 3, count)] = 10.0
    return x, said


def splits(kinds: int) -> dict[str, Digits]:
    return {"train": lit(400, kinds, 2 * kinds), "test": lit(200, kinds, 2 * kinds + 1)}
