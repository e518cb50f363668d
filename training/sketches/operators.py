"""Pictures of + - x /, drawn by code as jittered strokes by four authors; no handwritten ones are at hand."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from training.sketches.mnist import Digits

SIDE = 28
STROKES = (
    (((0.0, -1.0), (0.0, 1.0)), ((-1.0, 0.0), (1.0, 0.0))),
    (((-1.0, 0.0), (1.0, 0.0)),),
    (((-0.8, -0.8), (0.8, 0.8)), ((-0.8, 0.8), (0.8, -0.8))),
    (((-0.6, 0.9), (0.6, -0.9)),),
)
"""The ends (x, y) of the strokes of +, -, x and /, y downwards."""
JOINTS = 5
"""Points of a stroke that shake."""


@dataclass(frozen=True)
class Author:
    """A hand: the mean half-length of strokes in pixels, their half-width, the angle that all lean by, in radians, and
    the deviation in pixels with which a stroke shakes."""

    size: float
    width: float
    lean: float
    shake: float


AUTHORS = (Author(8, 0.8, 0.0, 0.3), Author(6, 1.2, 0.1, 0.5), Author(9, 0.6, -0.1, 0.6), Author(7, 1.5, 0.05, 0.4))


def drawn(operator: int, author: Author, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """A picture of an operator by an author, [SIDE SIDE] in 0 ... 1: turned, stretched, off its place and shaken."""
    turn = author.lean + rng.normal(0, 0.08)
    stretch = author.size * rng.uniform(0.85, 1.15, 2)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    centre = (SIDE - 1) / 2 + rng.uniform(-2, 2, 2)
    width, blur = author.width * rng.uniform(0.8, 1.3), rng.uniform(0.3, 0.6)
    y, x = np.mgrid[:SIDE, :SIDE]
    pixels = np.stack([x.ravel(), y.ravel()], axis=1)
    nearest = np.full(len(pixels), np.inf)
    for start, end in STROKES[operator]:
        along = np.linspace(np.array(start), np.array(end), JOINTS)  # [JOINTS, 2]
        line = along * stretch @ rotation.T + centre + rng.normal(0, author.shake, (JOINTS, 2))
        for a, b in pairwise(line):
            nearest = np.minimum(nearest, _distance(pixels, a, b))
    return np.asarray(1 / (1 + np.exp((nearest - width) / blur)), dtype=np.float32)


def _distance(
    points: npt.NDArray[np.int64], a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Of points [n, 2] from the segment a b: [n]."""
    along = np.clip((points - a) @ (b - a) / max(float((b - a) @ (b - a)), 1e-9), 0, 1)
    return np.asarray(np.linalg.norm(points - a - along[:, None] * (b - a), axis=1))


def operators(seed: int = 0, each: int = 200) -> dict[str, Digits]:
    """The pictures [n, SIDE SIDE] and operators [n]: `each` of every operator, as many by each author. Three quarters
    are to learn from, "train", and the rest is "test"."""
    rng = np.random.default_rng(seed)
    kinds = np.tile(np.arange(len(STROKES)), each)
    authors = np.repeat(np.arange(each) % len(AUTHORS), len(STROKES))
    pictures = np.stack([drawn(k, AUTHORS[a], rng) for k, a in zip(kinds, authors, strict=True)])
    order, cut = rng.permutation(len(kinds)), len(kinds) * 3 // 4
    return {
        split: (pictures[places], kinds[places].astype(np.int64))
        for split, places in (("train", order[:cut]), ("test", order[cut:]))
    }
