"""The scale of each result at -O0: of what the hypernetwork predicts, and of what is read off the graph.

Of a plain surrogate `cprograms.moments` interprets the graph: neither is the program run nor the graph evaluated. The
tower and the polynomials that it finds are two readings of one text: a tower that they contradict varies less.

Others read taps, whose scaling evaluates nodes of the graph on inputs of the domain. There the results are evaluated as
well, where the graph has no loops: this is not the program, but it gives the program's values.

Shapes: n points of the domain, A arguments, R results.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch

from cprograms.graph import Graph, evaluate
from cprograms.moments import expand
from cprograms.program import Program, Result
from cprograms.sampling import sample
from surrogate.mlp.network import SurrogateNetwork
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


class Reading(NamedTuple):
    """What is known of a result: its moments, and at points of the domain so much of it as explains `share` of its
    variance, `explained` [n], NaN where it is undefined.

    It is not `settled` where more than that is guessed, and it is `exact` where nothing is.
    """

    mean: float
    std: float
    share: float
    explained: np.ndarray
    settled: bool = True
    exact: bool = False

    @property
    def sure(self) -> bool:
        return self.settled and self.share >= SURE


@torch.no_grad()
def settle_scale(network: SurrogateNetwork, program: Program, graph: Graph, evaluated: bool = False) -> None:
    """Set the mean and deviation of each result of an emitted network in place, and how far its tower is trusted.

    Where the graph may be `evaluated`, and can be, its values on inputs of the domain say both.
    """
    x = sample(program, POINTS, 0, "sobol")
    outputs = network.outputs(network.inputs(torch.from_numpy(x))).double().numpy()  # [n, R]
    readings = _evaluated(graph, x) if evaluated and graph.exact else _read(graph, program.domain, x)
    for k, (result, reading) in enumerate(zip(program.results, readings, strict=True)):
        if network.std[k] == 0:
            continue  # a constant, which the graph knows exactly
        network.mean[k], network.std[k] = believed(float(network.mean[k]), float(network.std[k]), reading, result)
        trust = trusted(outputs[:, k], reading)
        network.w3[k] *= trust
        network.b3[k] *= trust


def _read(graph: Graph, domain: np.ndarray, x: np.ndarray) -> list[Reading]:
    return [Reading(e.mean, e.std, e.share, e(x), e.settled) for e in expand(graph, domain)]


def _evaluated(graph: Graph, x: np.ndarray) -> list[Reading]:
    found = []
    for values in evaluate(graph, x).T:
        finite = values[np.isfinite(values)]
        mean, std = output_moments(finite) if len(finite) else (0.0, 0.0)
        found.append(Reading(mean, std, 1.0, values, exact=True))
    return found


def believed(mean: float, std: float, reading: Reading, result: Result) -> tuple[float, float]:
    """The moments of a result, of the predicted ones and those that were read, as far as its type and range allow."""
    most = math.inf if reading.exact else ABSURD if reading.sure else DOUBTED
    near = reading.sure or abs(reading.mean - mean) <= max(reading.std, std)
    if near and 0 < reading.std <= most * std:
        mean, std = reading.mean, reading.std
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
