"""Pictures of seven-segment clocks, drawn by code: moved, dimmed and noisy; what is known of each is the time alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

HEIGHT, WIDTH = 12, 8
SEGMENTS = (
    (slice(0, 1), slice(1, 7)),
    (slice(1, 5), slice(0, 1)),
    (slice(1, 5), slice(7, 8)),
    (slice(5, 6), slice(1, 7)),
    (slice(6, 11), slice(0, 1)),
    (slice(6, 11), slice(7, 8)),
    (slice(11, 12), slice(1, 7)),
)
"""Rows and columns of each segment, from top to bottom."""
LIT = ("1110111", "0010010", "1011101", "1011011", "0111010", "1101011", "1101111", "1010010", "1111111", "1111011")
"""The segments of each digit."""
NOISE = 0.1


def drawn(digit: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """A picture of a digit, [HEIGHT WIDTH]: a pixel off its place at most, at 60 to 100 % of full light."""
    picture = np.zeros((HEIGHT, WIDTH))
    for lit, place in zip(LIT[digit], SEGMENTS, strict=True):
        picture[place] = int(lit)
    moved = np.roll(picture, rng.integers(-1, 2, 2), (0, 1)).ravel()
    return np.asarray(moved * rng.uniform(0.6, 1.0) + rng.normal(0, NOISE, moved.size))


def clocks(count: int, seed: int) -> dict[str, npt.NDArray[Any]]:
    """Examples of cprograms/library/sketch/clock.c: `face` [count, 4, HEIGHT WIDTH], and the minutes as `result`."""
    rng = np.random.default_rng(seed)
    minutes = rng.integers(0, 24 * 60, count)
    hours, left = np.divmod(minutes, 60)
    digits = np.stack([hours // 10, hours % 10, left // 10, left % 10], axis=1)
    face = np.array([drawn(int(d), rng) for d in digits.ravel()])
    return {"face": face.reshape(count, 4, -1).astype(np.float32), "result": minutes}
