"""The scale of each result at -O0: of what the hypernetwork predicts, and of what is read off the graph.

`cprograms.moments` interprets the graph: the program is not run, and the graph is not evaluated. The tower and the
polynomials that it finds are two readings of one text: a tower that they contradict varies less.

Shapes: n points of the domain, A arguments, R results.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from cprograms.graph import Graph
from cprograms.moments import Expansion, expand
from cprograms.program import Program, Result
from cprograms.sampling import sample
from surrogate.mlp.network import SurrogateNetwork

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


@torch.no_grad()
def settle_scale(network: SurrogateNetwork, program: Program, graph: Graph) -> None:
    """Set the mean and deviation of each result of an emitted network in place, and how far its tower is trusted."""
    reads = expand(graph, program.domain)
    x = sample(program, POINTS, 0, "sobol")
    outputs = network.outputs(network.inputs(torch.from_numpy(x))).double().numpy()  # [n, R]
    for k, (result, read) in enumerate(zip(program.results, reads, strict=True)):
        if network.std[k] == 0:
            continue  # a constant, which the graph knows exactly
        network.mean[k], network.std[k] = believed(float(network.mean[k]), float(network.std[k]), read, result)
        trust = trusted(outputs[:, k], read, x)
        network.w3[k] *= trust
        network.b3[k] *= trust


def believed(mean: float, std: float, read: Expansion, result: Result) -> tuple[float, float]:
    """The moments of a result, of the predicted ones and those that were read, as far as its type and range allow."""
    most = ABSURD if sure(read) else DOUBTED
    near = sure(read) or abs(read.mean - mean) <= max(read.std, std)
    if near and 0 < read.std <= most * std:
        mean, std = read.mean, read.std
    low, high = result.type.limits
    widest = high / 2 - low / 2  # of numbers within a range none deviate more
    if result.low is not None and result.high is not None:
        low, high = result.low, result.high
        widest = (high - low) / math.sqrt(12)
    return min(max(mean, low), high), min(std, widest)


def sure(read: Expansion) -> bool:
    return read.settled and read.share >= SURE


def trusted(outputs: np.ndarray, read: Expansion, x: np.ndarray) -> float:
    """What makes a tower's outputs [n] at points x [n, A] err least against what was read of the result: from 0 to 1.

    It is the slope of the least squares of the result over the outputs; where nothing is known of the result, their
    slope is `UNKNOWN`.
    """
    square = float((outputs * outputs).mean())
    if not read.settled or read.std <= 0 or not 0 < square < math.inf:
        return UNKNOWN
    explained = read(x)
    slope = float(((explained - explained.mean()) * (outputs - outputs.mean())).mean()) / (read.std * square)
    slope += (1 - read.share) * UNKNOWN
    return 1.0 if slope >= AGREED else max(slope, 0.0)
