"""-O2 of exactly K rows: what a result's values and derivatives at these rows say, and no row to choose by.

Derivatives are the graph's, so they cost no run of the program. Candidates are polynomials, Gaussian processes and
towers, of values alone or of derivatives too, with taps or without. Each is judged by the squared error of a row's
value where the row is left out, its derivatives as well: in closed form where the fit is linear, in folds for towers.

Shapes: n rows, A arguments, T taps, Z = A + T inputs, R results, D derivatives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cprograms.graph import Graph
from cprograms.program import Program
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.fitting.choice import Part, Problem, Rows, assembled, input_sets, make_problem
from surrogate.mlp.fitting.derived import observed_slopes
from surrogate.mlp.fitting.hermite import fit_hermite
from surrogate.mlp.fitting.safeguards import average_unsure
from surrogate.mlp.fitting.series import adapted, standardised, text_series
from surrogate.mlp.fitting.start import emitted_towers, known_scale, moments
from surrogate.mlp.fitting.tangents import Equations, SobolevDescent, outputs
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.parts.kernel import KINDS, Slopes, fit_kernel
from surrogate.mlp.parts.polynomial import EXACT, Fit
from surrogate.mlp.parts.taps import Taps
from surrogate.mlp.parts.towers import Towers, join
from surrogate.numeric.rows import GAUSS_NEWTON_ROWS

FOLDS = 4
"""Of towers; rows of a fold are neighbours in the Sobol' sequence, which cover the domain."""
SPACING, MOST_WEIGHT = 0.5, 0.25
"""A derivative's equation weighs this share of the distance between rows, and at most so much of a value's."""
MOST_TERMS = 400
"""Of a polynomial."""
CLOSE = 1e-10
"""An error below which no tower is tried, whose digits are those of float32; below `EXACT` nothing else is."""
MOST_EQUATIONS, STEPS, WORK = 320, 60, 1.2e9
"""Of a tower: the most equations of a step, the most steps, and squared equations in all: a plan without a clock."""
TOWER_SHARE = 0.6
"""What a small error of a tower in folds is multiplied by, since it comes from three quarters of the rows; one of 1,
the mean's, stays what it is."""
SEARCHED = 512
"""Observations that the kernels' hyperparameters come from."""
FEWEST = 2 * FOLDS
"""Rows that folds need."""


class Exact(NamedTuple):
    """The network of exactly K rows, the results that are the mean as nothing is clearly better, and how many
    derivatives it read."""

    network: SurrogateNetwork
    averaged: list[int]
    derivatives: int


class Candidate(NamedTuple):
    """A part, whose error is that of rows left out, and what it is, for reports."""

    name: str
    part: Part


class Observed(NamedTuple):
    """What is known of one result: z [n, Z] and y [n] in float64; derivatives; the columns that it may read, in sets
    from few to many, and which of them are flags; and the polynomials that the text says."""

    z: Tensor
    y: Tensor
    slopes: Slopes | None
    sets: list[list[int]]
    flags: set[int]
    said: list[Fit]

    @property
    def weight(self) -> float:
        """Of a derivative's equation."""
        spacing = 2 * len(self.y) ** (-1 / max(1, len(self.sets[0])))
        return float(min(SPACING * spacing, MOST_WEIGHT))


def fit_exactly(hypernetwork: Hypernetwork, program: Program, graph: Graph, taps: Taps | None, rows: Rows) -> Exact:
    """The network of rows x [K, A], y [K, R] and nothing else, beside the text and the graph."""
    x, y = rows
    scale = known_scale(moments(y), program.results, graph, y)
    problem = make_problem(rows, (x[:0], y[:0]), program.domain, scale, taps)
    slopes = observed_slopes(program, graph, taps, rows, scale)
    read = [set(graph.result(k).arguments) for k in range(y.shape[1])]
    said = [
        standardised(fits, mean, std) if std > 0 else []
        for fits, mean, std in zip(text_series(program, graph, taps), *scale, strict=True)
    ]
    shares = [np.setdiff1d(np.arange(len(x)), fold)[:GAUSS_NEWTON_ROWS] for fold in ([], *folds(len(x)))]
    starts = [
        emitted_towers(program, graph, (x[share], y[share]), scale, hypernetwork)
        for share in shares
        if len(x) >= FEWEST
    ]
    parts = fitted_exactly(problem, slopes, read, said, starts)
    network = assembled(problem, parts)
    averaged = average_unsure(network, [part.error for part in parts], len(x))
    return Exact(network, averaged, sum(len(known.rows) for known in slopes if known))


@torch.no_grad()
def fitted_exactly(
    problem: Problem,
    slopes: Sequence[Slopes | None],
    read: Sequence[set[int]],
    said: Sequence[list[Fit]],
    starts: Sequence[Towers],
) -> list[Part]:
    """The part of each result [R] that errs least on rows left out; the error is that.

    `slopes` are the derivatives, `read` the arguments that each result depends on, and `said` its polynomials of the
    text. `starts` are the towers [R, ...]
    over the arguments that were emitted from all rows, then those of each of `folds`, from the other rows; or none.
    """
    best = []
    for k in range(problem.y.shape[1]):
        if problem.scale.std[k] == 0:
            best.append(Part(0.0))
            continue
        own = [Towers(*(w[[k]] for w in towers)) for towers in starts]
        found = candidates(observed(problem, k, slopes[k], read[k], said[k]), own)
        best.append(min((candidate.part for candidate in found), key=lambda part: part.error))
    return best


def folds(rows: int) -> list[list[int]]:
    """The rows of each fold."""
    ends = [rows * k // FOLDS for k in range(FOLDS + 1)]
    return [list(range(a, b)) for a, b in pairwise(ends)]


def observed(problem: Problem, result: int, slopes: Slopes | None, read: set[int], said: list[Fit]) -> Observed:
    """What is known of a result. Inputs that do not vary on the rows are not read."""
    z = torch.from_numpy(problem.z)
    varies = {j for j in range(z.shape[1]) if z[:, j].max() - z[:, j].min() > 1e-9}
    arguments = set(problem.arguments)
    sets: list[list[int]] = []
    for columns in input_sets(problem):
        kept = [j for j in columns if j in varies and (j in read or j not in arguments)]
        if kept and kept not in sets:
            sets.append(kept)
    flags = set(problem.columns(problem.taps.flags)) if problem.taps else set()
    return Observed(z, torch.from_numpy(problem.y[:, result].copy()), slopes, sets or [[0]], flags, said)


def candidates(known: Observed, starts: Sequence[Towers]) -> Iterator[Candidate]:
    """All that are worth trying, the cheap ones first; an error of `EXACT` or `CLOSE` leaves out what follows."""
    best = float("inf")
    for candidate in _linear(known):
        best = min(best, candidate.part.error)
        yield candidate
        if best < EXACT:
            return
    if best > CLOSE and starts:
        yield from _towers(known, starts)


def _linear(known: Observed) -> Iterator[Candidate]:
    for said in known.said:
        changed = adapted(said, known.z.numpy(), known.y.numpy())
        if changed is not None:
            yield Candidate("polynomial of the text", Part(changed.error, polynomial=changed))
    for columns in known.sets:
        for slopes in _with_and_without(known.slopes):
            flags = known.flags & set(columns)
            fit = fit_hermite(known.z, known.y, slopes, known.weight, columns, flags, MOST_TERMS)
            name = f"polynomial of {len(columns)}{_words(slopes)}"
            yield Candidate(name, Part(fit.error, polynomial=fit))
    for columns in known.sets:
        for kind in KINDS:
            start = None
            for slopes in reversed(_with_and_without(known.slopes)):
                kernel = fit_kernel(known.z, known.y, slopes, kind, columns, start, SEARCHED)
                start = kernel.spread
                name = f"{kind} of {len(columns)}{_words(slopes)}"
                yield Candidate(name, Part(kernel.error, kernel=kernel.head))


def _with_and_without(slopes: Slopes | None) -> list[Slopes | None]:
    return [None] if slopes is None else [slopes, None]


def _words(slopes: Slopes | None) -> str:
    return " with derivatives" if slopes else ""


def _towers(known: Observed, starts: Sequence[Towers]) -> Iterator[Candidate]:
    """Towers by Levenberg–Marquardt, with derivatives or without, of the arguments or of all inputs."""
    taps = known.z.shape[1] + 1 - starts[0].w1.shape[2]
    towers = join([start.widened(taps) for start in starts])
    for columns in known.sets[:1] + known.sets[1:][-1:]:
        reads = torch.zeros(len(towers.w1), known.z.shape[1] + 1)
        reads[:, [*columns, -1]] = 1
        for slopes in _with_and_without(known.slopes):
            error, tower = _descended(towers, _equations(known, slopes), reads)
            error *= TOWER_SHARE + (1 - TOWER_SHARE) * min(1.0, error) ** 2
            yield Candidate(f"tower of {len(columns)}{_words(slopes)}", Part(error, tower))


def _equations(known: Observed, slopes: Slopes | None) -> Equations:
    """For the tower of all rows, then for those of the folds, in which the fold's rows weigh nothing."""
    n = len(known.y)
    if slopes is None:
        none = known.z.new_zeros(0, known.z.shape[1])
        slopes = Slopes(torch.zeros(0, dtype=torch.long), none, none[:, 0])
    slopes = slopes.some(max(0, MOST_EQUATIONS - n))
    weights = torch.ones(1 + FOLDS, n)
    for k, rows in enumerate(folds(n)):
        weights[1 + k, rows] = 0
    weights = torch.cat([weights, known.weight * weights[:, slopes.rows]], dim=1)
    return Equations(
        known.z.float(), known.y.float(), slopes.rows, slopes.tangents.float(), slopes.values.float(), weights
    )


def _descended(towers: Towers, equations: Equations, reads: Tensor) -> tuple[float, Towers]:
    """The tower of all rows after the step at which the folds' towers err least on their rows; and that error."""
    n = len(equations.y)
    left_out = equations.weights[1:, :n] == 0  # [FOLDS, n]
    descent = SobolevDescent(towers, equations, reads)
    best, least = towers, torch.inf
    for step in range(1 + _steps(equations)):
        if step:
            descent.step()
        found = outputs(descent.towers.map(lambda w: w[1:]), equations)[:, :n]
        error = float((found - equations.y)[left_out].square().mean().nan_to_num(torch.inf))
        if error < least:
            best, least = descent.towers, error
    return least, best.map(lambda w: w[:1])


def _steps(equations: Equations) -> int:
    return int(min(STEPS, max(10, WORK / (equations.weights.shape[0] * equations.weights.shape[1] ** 2 * 40))))
