"""Revising choices one at a time, by how often the decided program is right: for what gradients do not lead out of.

A restart may have most of a program, and one choice wrong: no small step of it makes anything better, as of a `goto`
whose every part must be right at once. Each value of each choice is tried in its place, in all restarts at once.
"""

from __future__ import annotations

import numpy as np
import torch

from surrogate.sketch.data import Examples
from surrogate.sketch.model import Model

EXAMPLES = 300
"""That values are compared on."""
SWEEPS = 4
"""Over all choices, at most; a sweep that changes nothing is the last."""


@torch.no_grad()
def revise(model: Model, examples: Examples) -> int:
    """Make a choice another wherever the program is right more often with it; how many choices were revised."""
    assert examples.results is not None
    said = model.said(examples.inputs, hard=True)

    def right(other: tuple[int, int] | None = None) -> np.ndarray:
        found = model.answers(examples.inputs, block=len(examples), other=other, said=said)
        return np.asarray((found == examples.results).all(-1).sum(1))  # [R]

    best, revised = right(), 0
    for _ in range(SWEEPS):
        before = revised
        for key, logits in model.choices.items():
            tried = np.stack([right((int(key), rank)) for rank in range(1, logits.shape[-1])])  # [values - 1, R]
            ranks = tried.argmax(0) + 1
            for restart in np.flatnonzero(tried.max(0) > best):
                order = logits[restart].argsort(descending=True)
                first, other = order[0], order[ranks[restart]]
                logits[restart, [first, other]] = logits[restart, [other, first]]
                best[restart] = tried[ranks[restart] - 1, restart]
                revised += 1
        if revised == before:
            break
    return revised
