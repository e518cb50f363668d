"""Random emitted towers."""

from __future__ import annotations

import numpy as np
import torch

from surrogate.mlp.network import Scale
from surrogate.mlp.parts.towers import Towers


def random_emitted(arguments: int, results: int, seed: int = 0, hidden: int = 8) -> tuple[Towers, Scale]:
    """Normal weights of deviation 1, with a scale."""
    rng = np.random.default_rng(seed)

    def draw(*shape: int) -> torch.Tensor:
        return torch.from_numpy(rng.standard_normal(shape).astype(np.float32))

    A, R, H = arguments, results, hidden
    towers = Towers(draw(R, H, A + 1), draw(R, H, H + 1), draw(R, 1, H + 1))
    return towers, Scale(rng.uniform(-100, 100, R), rng.uniform(0.1, 10, R))
