"""Random emitted towers."""

from __future__ import annotations

import numpy as np

from surrogate.mlp.network import Towers


def random_towers(arguments: int, results: int, seed: int = 0, hidden: int = 8) -> Towers:
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> np.ndarray:
        return rng.standard_normal(shape).astype(np.float32)

    A, R, H = arguments, results, hidden
    return Towers(
        w1=draw(R, H, A),
        b1=draw(R, H),
        w2=draw(R, H, H),
        b2=draw(R, H),
        w3=draw(R, H),
        b3=draw(R),
        mean=rng.uniform(-100, 100, R),
        std=rng.uniform(0.1, 10, R),
    )
