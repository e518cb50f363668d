"""The start that a compile gives: an emitted tower that polynomials of the text have taught."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from cprograms.sampling import sample
from surrogate.mlp.emission.emit import emit
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.fitting.finetune import training_rows
from surrogate.mlp.fitting.scale import settle
from surrogate.mlp.fitting.series import text_series
from surrogate.mlp.fitting.start import COMPILE_METHOD, known_scale
from surrogate.mlp.fitting.teaching import POINTS, teach, teach_fits, teachers
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network
from surrogate.mlp.parts.polynomial import Fit
from surrogate.mlp.parts.towers import Towers
from training.starts.emitted import over_inputs, restandardised, row_request, stack_towers
from training.starts.tasks import StartTask


class Compiled:
    """What `surrogate compile --plain` makes of the text, or of it and rows; of which it reads no others to choose by.

    A tower is emitted and taught what polynomials of the text say (see `surrogate.mlp.fitting.teaching`). Of rows, the
    last quarter says whether: what it compares has read the others alone. Tower and teacher are then made of them all.
    Of tasks with taps, tower and polynomials read these: what a compile has as a polynomial beside a tower becomes one
    tower. What was made of a task stays known, as teaching takes long.
    """

    def __init__(self, model: Hypernetwork):
        self.model = model
        self._known: dict[tuple[int, bytes], tuple[Towers, Scale]] = {}
        self._said: dict[int, list[list[Fit]]] = {}

    def towers(self, tasks: Sequence[StartTask], _seed: int) -> Towers:
        return stack_towers([towers for towers, _ in self._made(tasks)])

    def scale(self, tasks: Sequence[StartTask]) -> Scale:
        return Scale(*map(np.concatenate, zip(*(scale for _, scale in self._made(tasks)), strict=True)))

    def _made(self, tasks: Sequence[StartTask]) -> list[tuple[Towers, Scale]]:
        keys = [(t.key, t.y.tobytes()) for t in tasks]
        new = {key: task for key, task in zip(keys, tasks, strict=True) if key not in self._known}
        self._known |= zip(new, self._taught(list(new.values())), strict=True)
        return [self._known[key] for key in keys]

    def _taught(self, tasks: Sequence[StartTask]) -> Iterator[tuple[Towers, Scale]]:
        """The tower of each task, in units of its rows' moments, and its output's scale."""
        whole = emit(self.model, [row_request(t) for t in tasks])
        early = emit(self.model, [row_request(_training_part(t)) for t in tasks])
        for task, complete, first in zip(tasks, whole, early, strict=True):
            yield self._taught_by_rows(task, complete, first) if len(task.y) else _taught_by_text(task, *complete)

    def _taught_by_rows(
        self, task: StartTask, whole: tuple[Towers, Scale], early: tuple[Towers, Scale]
    ) -> tuple[Towers, Scale]:
        """From towers that were emitted with all rows of a task, and with those that do not decide."""
        network, first = _network(task, *whole), _network(_training_part(task), *early)
        if task.key not in self._said:
            self._said[task.key] = text_series(task.alone, task.graph, task.taps)
        [found] = teachers(network, first, self._said[task.key], task.x, task.y[:, None])
        teach_fits(network, task.alone, [found and found[1]])
        return restandardised(network.towers.map(Tensor.detach), whole[1], task), whole[1]


def _training_part(task: StartTask) -> StartTask:
    return task.first(training_rows(len(task.y))) if len(task.y) else task


def _network(task: StartTask, towers: Towers, scale: Scale) -> SurrogateNetwork:
    known = known_scale(scale, task.alone.results, task.graph, task.y[:, None])
    return emitted_network(over_inputs(towers, task), known, task.domain, task.taps)


def _taught_by_text(task: StartTask, towers: Towers, scale: Scale) -> tuple[Towers, Scale]:
    network = _network(task, towers, scale)
    if task.taps is None:
        settle(network, task.alone, task.graph)
    elif task.graph.exact:
        _settle_as_one(network, task)
    return network.towers.map(Tensor.detach), Scale(network.mean.numpy(), network.std.numpy())


@torch.no_grad()
def _settle_as_one(network: SurrogateNetwork, task: StartTask) -> None:
    """Teach a tower what it and the polynomials beside it give together, as values of the graph weigh them."""
    emitted = network.towers
    settle(network, task.alone, task.graph, evaluated=True)
    z = network.inputs(torch.from_numpy(sample(task.alone, POINTS, 0, COMPILE_METHOD)))
    lessons = network.outputs(z).double().T.numpy()
    network.polynomial = None
    network.hold(emitted)
    teach(network, z, list(lessons))
