"""Pictures of dials, drawn by code; what is known of each is the pressure alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

SIDE = 12
NOISE = 0.05


def dials(count: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Examples of cprograms/library/sketch/gauge.c: `dial` [count, SIDE SIDE], and the pressures as `result`.

    A needle of a pixel's width turns by three quarters of a circle from 0 to 10.
    """
    rng = np.random.default_rng(seed)
    pressure = rng.uniform(0, 10, count)
    angle = np.pi * (0.75 + 1.5 * pressure / 10)[:, None, None]
    y, x = np.mgrid[:SIDE, :SIDE] - (SIDE - 1) / 2
    across, along = x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)
    picture = np.exp(-(across**2)) * (along > 0) + rng.normal(0, NOISE, (count, SIDE, SIDE))
    return {"dial": picture.reshape(count, -1).astype(np.float32), "result": pressure}
