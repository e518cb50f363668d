"""-O2: the parts of a surrogate, fitted to rows that cost nothing.

Each result takes the part that errs least on fresh rows: a polynomial of the arguments, of them and the gates, or of
them and all taps; or a tower, whose weights Levenberg–Marquardt finds from the emitted ones, with taps or without.

Shapes: n rows to fit to, m fresh rows to choose by, A arguments, T taps, Z = A + T inputs, R results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from surrogate.mlp import polynomial
from surrogate.mlp.growth import Growth, planned
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network, input_scaling, pruned
from surrogate.mlp.taps import Taps
from surrogate.mlp.towers import Towers, join, mean_squares

Array = npt.NDArray[np.float64]
Rows = tuple[Array, Array]

SECONDS = 0.35
"""What the towers' steps are planned to take of one core; the polynomials take about as long."""
RACE = 0.25
"""The share of it after which the towers with taps, or those without, are given up."""
MOST_TERMS = 500
"""Of a polynomial."""


@dataclass(frozen=True)
class Problem:
    """What is fitted: inputs z [n, Z] and standardised results y [n, R], then the same on fresh rows; float64 all."""

    z: Array
    y: Array
    fresh_z: Array
    fresh_y: Array
    domain: Array
    scale: Scale
    taps: Taps | None

    @property
    def arguments(self) -> range:
        """The columns of the arguments."""
        return range(len(self.domain))

    def columns(self, taps: Collection[int]) -> list[int]:
        """The columns of some taps."""
        return [len(self.domain) + k for k in taps]

    def tensors(self, fresh: bool) -> tuple[Tensor, Tensor]:
        """What towers read: [n, Z], [R, n] in float32."""
        z, y = (self.fresh_z, self.fresh_y) if fresh else (self.z, self.y)
        return torch.from_numpy(z).float(), torch.from_numpy(y.T.copy()).float()


class Part(NamedTuple):
    """What stands for one result: a tower [1, ...] over Z inputs or a polynomial; and its error on the fresh rows."""

    error: float
    tower: Towers | None = None
    polynomial: polynomial.Fit | None = None


def make_problem(rows: Rows, fresh: Rows, domain: Array, scale: Scale, taps: Taps | None) -> Problem:
    """The problem of executed rows x [n, A], y [n, R] in C units; see `surrogate.mlp.network.SurrogateNetwork`."""
    middle, reach = input_scaling(domain)
    std = np.where(scale.std > 0, scale.std, 1)

    def inputs(x: Array) -> Array:
        scaled = (x - middle) / reach
        return scaled if taps is None else np.concatenate([scaled, taps(torch.from_numpy(x)).numpy()], axis=1)

    def standardised(y: Array) -> Array:
        return np.asarray((y / 2 - scale.mean / 2) / std * 2)  # the difference of large doubles overflows

    z, fresh_z = (inputs(x) for x, _ in (rows, fresh))
    y, fresh_y = (standardised(y) for _, y in (rows, fresh))
    return Problem(z, y, fresh_z, fresh_y, domain, scale, taps)


@torch.no_grad()
def fitted(problem: Problem, emitted: Towers, seed: int, seconds: float = SECONDS, plain: bool = False) -> list[Part]:
    """The best part of each result [R]. `emitted` are the towers to start from, over the arguments; `plain` ones only
    grow better."""
    best = [Part(np.inf)] * problem.y.shape[1]
    for parts in () if plain else _polynomials(problem):
        best = [min(a, b, key=lambda part: part.error) for a, b in zip(best, parts, strict=True)]
    open_ = [k for k, part in enumerate(best) if part.error > polynomial.EXACT and problem.scale.std[k] > 0]
    for k, part in zip(open_, _towers(problem, emitted, open_, seed, seconds), strict=True):
        best[k] = min(best[k], part, key=lambda part: part.error)
    return best


def _polynomials(problem: Problem) -> Iterator[list[Part]]:
    """Polynomials of the arguments, of them and the gates, and of them and all taps; each a part a result."""
    taps = problem.taps
    flags = problem.columns(taps.flags) if taps else []
    sets = [[*problem.arguments]]
    if taps and taps.gates:
        sets.append([*problem.arguments, *problem.columns(taps.gates)])
    if taps and len(taps.gates) < len(taps):
        sets.append([*range(problem.z.shape[1])])
    fresh = problem.fresh_z, problem.fresh_y
    for inputs in sets:
        found = polynomial.fit_polynomials(problem.z, problem.y, fresh, inputs, set(flags) & set(inputs), MOST_TERMS)
        yield [Part(fit.error, polynomial=fit) for fit in found]


def _towers(problem: Problem, emitted: Towers, results: list[int], seed: int, seconds: float) -> list[Part]:
    """A tower for some results, with taps or without, as errs less on the fresh rows after a part of the time."""
    if not results:
        return []
    count, taps = len(results), problem.z.shape[1] - len(problem.domain)
    starts = emitted.map(lambda w: w[results]).widened(taps)
    z, y = problem.tensors(fresh=False)
    ways = 2 if taps else 1
    columns = torch.ones(ways * count, z.shape[1] + 1)
    columns[:count, len(problem.domain) : -1] = 0 if taps else 1
    growth = Growth(join([starts] * ways), z, y[results * ways], columns, seed)
    race, *rest = planned(seconds * (RACE if taps else 1), ways * count), *planned(seconds * (1 - RACE), count)
    growth.run(race[:1] if taps else race)
    if taps:
        errors = _errors(problem, growth.towers, results * ways).view(ways, count)
        growth.keep(errors.nan_to_num(torch.inf).argmin(0) * count + torch.arange(count))
        growth.run(rest)
    errors = _errors(problem, growth.towers, results).nan_to_num(torch.inf)
    return [Part(float(error), tower=tower) for error, tower in zip(errors, growth.towers.apart(), strict=True)]


def _errors(problem: Problem, towers: Towers, results: list[int]) -> Tensor:
    z, y = problem.tensors(fresh=True)
    return mean_squares(towers, z.expand(len(results), -1, -1), y[results])


def assembled(problem: Problem, parts: list[Part]) -> SurrogateNetwork:
    """The network of a part a result."""
    towers = _joined_towers(parts, problem.z.shape[1])
    skip = polynomial.joined([part.polynomial for part in parts])
    return pruned(emitted_network(towers, problem.scale, problem.domain, problem.taps, skip))


def _joined_towers(parts: list[Part], width: int) -> Towers:
    """The towers of all results; one of zeros where a result has none, and no hidden unit where none has one."""
    known = [part.tower for part in parts if part.tower is not None]
    hidden = known[0].w1.shape[1] if known else 0
    shapes = (hidden, width + 1), (hidden, hidden + 1), (1, hidden + 1)
    nothing = Towers(*(torch.zeros(1, *shape) for shape in shapes))
    return join([part.tower or nothing for part in parts])
