"""What is made of an emitted network at -O0: the scale of each result, and how much each reading of the text counts.

Of a plain surrogate `cprograms.moments` interprets the graph: neither is the program run nor the graph evaluated. The
tower is taught what polynomials of the text say (see `surrogate.mlp.fitting.teaching`); one of which they say nothing
varies less where the interpretation contradicts it.

Others read taps, whose scaling evaluates nodes of the graph on inputs of the domain. There the results are evaluated as
well, loops and all, where nothing is opaque: this is not the program, but it gives the program's values. They say the
scale, and how much the tower and each polynomial of `surrogate.mlp.fitting.series` count. No other number is theirs.

Shapes: n points of the domain, A arguments, R results.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cprograms.graph import Graph, evaluate
from cprograms.moments import expand
from cprograms.program import Program, Result
from cprograms.sampling import sample
from surrogate.graph.module import GraphModule
from surrogate.mlp.fitting.derived import executable_graph
from surrogate.mlp.fitting.series import mixture, possible, standardised, text_series, values_of
from surrogate.mlp.fitting.teaching import Lesson, teach
from surrogate.mlp.network import SurrogateNetwork, in_deviations
from surrogate.mlp.parts.polynomial import Fit, joined
from surrogate.numeric.rows import output_moments

SURE = 0.15
"""An interpretation is sure of itself where polynomials of the arguments explain so much of a result's variance."""
DOUBTED, ABSURD = 2.0, 150.0
"""A deviation so many times the predicted one is not believed, where the interpretation is not sure, and where it is:
of two that differ, the lesser errs less. Chosen on programs that were generated, and on functions of newlib, musl,
libnova and R."""
POINTS = 512
"""Where towers and polynomials are compared."""
UNKNOWN = 0.5
"""How far a tower is believed in what the polynomials leave open."""
AGREED = 0.7
"""A tower that is to be scaled by so much or more stays as it is."""
MOST_WIDTH = 1.5
"""A polynomial whose deviation is so many times the result's, or more, is not believed."""


class Reading(NamedTuple):
    """What is read of a result: its moments, and at points of the domain so much of it as explains `share` of its
    variance, `explained` [n], NaN where it is undefined.

    It is not `settled` where more than that is guessed.
    """

    mean: float
    std: float
    share: float
    explained: np.ndarray
    settled: bool = True

    @property
    def sure(self) -> bool:
        return self.settled and self.share >= SURE


@torch.no_grad()
def settle(
    network: SurrogateNetwork,
    program: Program,
    graph: Graph,
    evaluated: bool = False,
    read: Sequence[list[Fit]] | None = None,
) -> list[Lesson]:
    """Set the mean and deviation of each result of an emitted network in place, and how far its tower is trusted.

    Where the graph may be `evaluated`, and can be, its values on inputs of the domain say both, and how much of the
    polynomials to add that are `read` of each result [R], by default all that the text says. Elsewhere its moments say
    the scale, and the polynomials teach the tower. Those that were taught are returned.
    """
    x = sample(program, POINTS, 0, "sobol")
    z = network.inputs(torch.from_numpy(x))
    outputs = network.outputs(z).double().numpy()  # [n, R]
    read = text_series(program, graph, network.taps) if read is None else read
    varying = [k for k in range(len(network.mean)) if network.std[k] > 0]  # the graph knows constants exactly
    known: set[int] = set()
    values = _values(program, graph, x) if evaluated else None
    if values is not None:
        known = _settle_by_values(network, program, varying, read, z.numpy(), outputs, values)
    unknown = [k for k in varying if k not in known]
    return _settle_by_moments(network, program, graph, unknown, read, x, z, outputs) if unknown else []


def _values(program: Program, graph: Graph, x: np.ndarray) -> np.ndarray | None:
    """What the graph, or one with loops that are computed, gives at inputs [n, A]: [n, R]; None where it cannot be."""
    if graph.exact:
        return evaluate(graph, x)
    executable = executable_graph(program, graph)
    return None if executable is None else GraphModule(executable, [a.name for a in program.arguments]).predict(x)


def _settle_by_values(
    network: SurrogateNetwork,
    program: Program,
    results: list[int],
    read: Sequence[list[Fit]],
    z: np.ndarray,
    outputs: np.ndarray,
    values: np.ndarray,
) -> set[int]:
    """Of results of which the graph's values [n, R] at inputs z [n, Z] are known; these results are returned.

    One that is the same number at all of them becomes that number.
    """
    found: list[Fit | None] = [None] * len(read)
    settled = set()
    for k in results:
        finite = np.isfinite(values[:, k])
        if not finite.any():
            continue
        settled.add(k)
        if np.ptp(values[finite, k]) == 0:
            network.mean[k], network.std[k] = float(values[finite, k][0]), 0
            network.silence(k)
            continue
        mean, std = within(*output_moments(values[finite, k]), program.results[k])
        network.mean[k], network.std[k] = mean, std
        y = in_deviations(values[finite, k], mean, std)
        share, found[k] = mixture(standardised(read[k], mean, std), outputs[finite, k], z[finite], y)
        network.weigh(k, share)
    network.polynomial = joined(found)
    return settled


def _settle_by_moments(
    network: SurrogateNetwork,
    program: Program,
    graph: Graph,
    results: list[int],
    read: Sequence[list[Fit]],
    x: np.ndarray,
    z: Tensor,
    outputs: np.ndarray,
) -> list[Lesson]:
    """Results of which no value is known: their moments, and what the polynomials that are read teach their towers."""
    expansions = expand(graph, program.domain)
    lessons: list[np.ndarray | None] = [None] * len(outputs.T)
    for k in results:
        own = expansions[k]
        reading = Reading(own.mean, own.std, own.share, own(x), own.settled)
        mean, std = believed(float(network.mean[k]), float(network.std[k]), reading, program.results[k])
        network.mean[k], network.std[k] = mean, std
        lessons[k] = lesson(outputs[:, k], reading, [values_of(fit, z.numpy()) / std for fit in read[k]])
        if lessons[k] is None:
            network.weigh(k, trusted(outputs[:, k], reading))
    return teach(network, z, lessons)


def believed(mean: float, std: float, reading: Reading, result: Result) -> tuple[float, float]:
    """The moments of a result, of the predicted ones and those that were read, as far as its type and range allow."""
    most = ABSURD if reading.sure else DOUBTED
    near = reading.sure or abs(reading.mean - mean) <= max(reading.std, std)
    if near and 0 < reading.std <= most * std:
        mean, std = reading.mean, reading.std
    return within(mean, std, result)


def within(mean: float, std: float, result: Result) -> tuple[float, float]:
    """Moments as far as a result's type and range allow."""
    low, high = result.type.limits
    widest = high / 2 - low / 2  # of numbers within a range none deviate more
    if result.low is not None and result.high is not None:
        low, high = result.low, result.high
        widest = (high - low) / math.sqrt(12)
    return min(max(mean, low), high), min(std, widest)


def trusted(outputs: np.ndarray, reading: Reading) -> float:
    """What makes a tower's outputs [n] err least against what was read of the result there: from 0 to 1.

    It is the slope of the least squares of the result over the outputs; where nothing is known of the result, their
    slope is `UNKNOWN`.
    """
    known = np.isfinite(reading.explained)
    explained, outputs = reading.explained[known], outputs[known]
    square = float((outputs * outputs).mean()) if len(outputs) else 0.0
    if not reading.settled or reading.std <= 0 or not 0 < square < math.inf:
        return UNKNOWN
    explained = (explained - explained.mean()) / reading.std
    slope = float((explained * outputs).mean()) / square + (1 - reading.share) * UNKNOWN
    return 1.0 if slope >= AGREED else max(slope, 0.0)


def lesson(outputs: np.ndarray, reading: Reading, said: Sequence[np.ndarray]) -> np.ndarray | None:
    """What a tower of these outputs [n] should give there, standardised, by polynomials that are `said` of the result.

    It is that of the greatest deviation that a result may have, and of the tower what has nothing in common with it, as
    far as the polynomial leaves anything open. None where no polynomial can be believed.
    """
    widths = [float(values.std()) if possible(values) else math.inf for values in said]
    fit = [k for k, width in enumerate(widths) if 0 < width <= MOST_WIDTH]
    if not (reading.settled and reading.std > 0 and fit):
        return None
    best = max(fit, key=widths.__getitem__)
    share = min(max(reading.share, widths[best] ** 2), 1)
    explained, outputs = said[best] - said[best].mean(), outputs - outputs.mean()
    apart = outputs - (outputs @ explained) / (explained @ explained) * explained
    square = float(apart @ apart)
    more = min((1 - share) * UNKNOWN * float(outputs @ outputs) / square, 1) if square > 0 else 0.0
    lesson: np.ndarray = explained + more * apart
    return lesson
