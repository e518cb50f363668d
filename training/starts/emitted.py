"""Starts that the hypernetwork emits, of the text or of it and rows, and towers of several programs as one batch.

Shapes: B tasks, K rows, A arguments, Z inputs, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from surrogate.mlp.emission.emit import Request, emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.fitting.start import known_scale
from surrogate.mlp.network import Scale, rescaled
from surrogate.mlp.parts.towers import Towers, join
from surrogate.mlp.pipeline import LEVEL_ROWS
from surrogate.numeric.rows import output_moments
from training.examples.example import ARGUMENTS
from training.starts.tasks import StartTask

MakeTowers = Callable[[Sequence[StartTask], int], Towers]
"""From tasks, whose rows are all that may be read, and a seed to their towers."""
Scaling = Callable[[Sequence[StartTask]], Scale]
"""From tasks to what can be known of their outputs' scale [B] without rows."""


def stack_towers(towers: Sequence[Towers]) -> Towers:
    """Towers of several programs as one batch: [B, H, Z+1], [B, H, H+1], [B, 1, H+1].

    Their inputs are padded to 16, or to the most that one has.
    """
    inputs = [t.w1.shape[2] - 1 for t in towers]
    width = max([ARGUMENTS, *inputs])
    return join([t.among(width, range(own)) for t, own in zip(towers, inputs, strict=True)])


def text_request(task: StartTask) -> Request:
    return Request(task.graph, task.domain, taps=task.taps)


def row_request(task: StartTask) -> Request:
    """With the task's rows, where it has any, as many as -O2 starts from."""
    if not len(task.x):
        return text_request(task)
    x, y = task.x[: LEVEL_ROWS[1]], task.y[: LEVEL_ROWS[1], None]
    return replace(text_request(task), x=x, y=y)


def text_start(model: Hypernetwork) -> MakeTowers:
    start = row_start(model)
    return lambda tasks, seed: start([t.first(0) for t in tasks], seed)


def row_start(model: Hypernetwork) -> MakeTowers:
    def start(tasks: Sequence[StartTask], _seed: int) -> Towers:
        emitted = emit(model, [row_request(t) for t in tasks])
        towers = [restandardised(*e, t) for e, t in zip(emitted, tasks, strict=True)]
        return stack_towers([over_inputs(own, t) for own, t in zip(towers, tasks, strict=True)])

    return start


def over_inputs(towers: Towers, task: StartTask) -> Towers:
    """With columns of zero for taps, which a model that knows none emits without rows."""
    return towers.widened(task.width + 1 - towers.w1.shape[2])


def restandardised(towers: Towers, scale: Scale, task: StartTask) -> Towers:
    """The tower of a start that has read some of the rows, in units of the moments of all of them."""
    if len(task.y) <= LEVEL_ROWS[1]:
        return towers
    mean, std = output_moments(task.y)
    return towers if std == 0 else rescaled(towers, scale, Scale(np.array([mean]), np.array([std])))


def predicted_scale(model: Hypernetwork) -> Scaling:
    """The hypernetwork's moments, within what is known of the program, as a compile at -O0 takes them."""

    def scale(tasks: Sequence[StartTask]) -> Scale:
        predicted = [own for _, own in emit(model, [text_request(t) for t in tasks])]
        none = np.empty((0, 1))
        known = [known_scale(p, [t.result], t.graph, none) for p, t in zip(predicted, tasks, strict=True)]
        return Scale(*map(np.concatenate, zip(*known, strict=True)))

    return scale
