"""-O2: the parts of a surrogate, fitted to rows that cost nothing.

Each result takes the part that errs least on fresh rows: a polynomial of the arguments, of them and the gates, or of
them and all taps; or a tower, whose weights Levenberg–Marquardt finds from the emitted ones, with taps or without.

Shapes: n rows to fit to, m fresh rows to choose by, A arguments, T taps, Z = A + T inputs, R results.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from surrogate.mlp.fitting.growth import Growth, planned
from surrogate.mlp.network import Scale, SurrogateNetwork, emitted_network, in_deviations, input_scaling, pruned
from surrogate.mlp.parts import polynomial
from surrogate.mlp.parts.kernel import KernelHead
from surrogate.mlp.parts.table import Table
from surrogate.mlp.parts.taps import Taps
from surrogate.mlp.parts.towers import Towers, join, mean_squares

Array = npt.NDArray[np.float64]
Rows = tuple[Array, Array]

SECONDS = 0.35
"""What the towers' steps are planned to take of one core; the polynomials take about as long."""
RACE, RACE_ROWS = 0.25, ((256, 1.0),)
"""The share of it, and its rows, after which the towers with taps, or those without, are given up."""
MOST_TERMS, ROWS_PER_TERM = 500, 8
"""Of a polynomial, and how many rows each term needs."""
LONG, LITTLE, SMALL = 100, 8.0, 1e-5
"""Terms above which a polynomial may be slower than a tower in batches of torch: it must err that many times less than
one that errs no more than this."""


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

    def tensors(
        self, results: list[int], fresh: bool = False, dtype: torch.dtype = torch.float32
    ) -> tuple[Tensor, Tensor]:
        """What towers of these results read, and should give: [n, Z], [len(results), n]."""
        z, y = (self.fresh_z, self.fresh_y) if fresh else (self.z, self.y)
        return torch.from_numpy(z).to(dtype), torch.from_numpy(y.T[results]).to(dtype)


class Part(NamedTuple):
    """What stands for one result: a tower [1, ...] over Z inputs, a polynomial or a kernel; and its error on the fresh
    rows."""

    error: float
    tower: Towers | None = None
    polynomial: polynomial.Fit | None = None
    kernel: KernelHead | None = None


def make_problem(rows: Rows, fresh: Rows, domain: Array, scale: Scale, taps: Taps | None) -> Problem:
    """The problem of executed rows x [n, A], y [n, R] in C units; see `surrogate.mlp.network.SurrogateNetwork`."""
    middle, reach = input_scaling(domain)
    std = np.where(scale.std > 0, scale.std, 1)

    def inputs(x: Array) -> Array:
        scaled = (x - middle) / reach
        return scaled if taps is None else np.concatenate([scaled, taps(torch.from_numpy(x)).numpy()], axis=1)

    z, fresh_z = (inputs(x) for x, _ in (rows, fresh))
    y, fresh_y = (in_deviations(y, scale.mean, std) for _, y in (rows, fresh))
    return Problem(z, y, fresh_z, fresh_y, domain, scale, taps)


@torch.no_grad()
def fitted(
    problem: Problem,
    start: Towers,
    seed: int,
    seconds: float = SECONDS,
    plain: bool = False,
    best: Sequence[Part] = (),
) -> list[Part]:
    """The best part of each result [R], of `best` and of what is fitted.

    `start` are the towers to start from, over Z inputs; `plain` ones only grow better.
    """
    best = list(best) or [Part(np.inf)] * problem.y.shape[1]
    for parts in () if plain else polynomials(problem):
        best = [min(a, b, key=lambda part: part.error) for a, b in zip(best, parts, strict=True)]
    open_ = [k for k, part in enumerate(best) if part.error > polynomial.EXACT and problem.scale.std[k] > 0]
    for k, part in zip(open_, _towers(problem, start, open_, seed, seconds), strict=True):
        best[k] = preferred(best[k], part)
    return best


def preferred(part: Part, tower: Part) -> Part:
    """What errs less; but of a long polynomial, which may be slower, and a tower that errs little more, the tower."""
    long = part.polynomial is not None and len(part.polynomial.coefficients) > LONG
    return tower if tower.error < (LITTLE if long and tower.error < SMALL else 1) * part.error else part


def input_sets(problem: Problem) -> list[list[int]]:
    """What a part may read, as columns: the arguments, them and the gates, them and all taps; each once."""
    taps = problem.taps
    sets = [[*problem.arguments]]
    if taps and taps.gates:
        sets.append([*problem.arguments, *problem.columns(taps.gates)])
    if taps and len(taps.gates) < len(taps):
        sets.append([*range(problem.z.shape[1])])
    return sets


def polynomials(problem: Problem, most_terms: int = MOST_TERMS) -> Iterator[list[Part]]:
    """A polynomial for each set of inputs; each a part a result."""
    flags = set(problem.columns(problem.taps.flags)) if problem.taps else set()
    fresh = problem.fresh_z, problem.fresh_y
    rows = ROWS_PER_TERM * most_terms
    for inputs in input_sets(problem):
        found = polynomial.fit_polynomials(
            problem.z[:rows], problem.y[:rows], fresh, inputs, flags & set(inputs), most_terms
        )
        yield [Part(fit.error, polynomial=fit) for fit in found]


def _towers(problem: Problem, start: Towers, results: list[int], seed: int, seconds: float) -> list[Part]:
    """A tower for some results, with taps or without, as errs less on the fresh rows after a part of the time."""
    if not results:
        return []
    count, taps = len(results), problem.z.shape[1] - len(problem.domain)
    starts = start.map(lambda w: w[results])
    if not taps:
        growth = Growth(starts, *problem.tensors(results), None, seed)
        growth.run(planned(seconds, count))
        return tower_parts(problem, growth.towers, results)
    columns = torch.ones(2 * count, problem.z.shape[1] + 1)
    columns[:count, len(problem.domain) : -1] = 0
    growth = Growth(join([starts] * 2), *problem.tensors(results * 2), columns, seed)
    growth.run(planned(RACE * seconds, 2 * count, RACE_ROWS))
    errors = torch.tensor([part.error for part in tower_parts(problem, growth.towers, results * 2)])
    growth.keep(errors.view(2, count).argmin(0) * count + torch.arange(count))
    growth.run(planned((1 - RACE) * seconds, count))
    return tower_parts(problem, growth.towers, results)


def tower_parts(problem: Problem, towers: Towers, results: list[int]) -> list[Part]:
    """Towers [B, ...] over Z inputs as parts, with their errors; each stands for one of `results` [B]."""
    z, y = problem.tensors(results, fresh=True, dtype=towers.w1.dtype)
    errors = mean_squares(towers, z.expand(len(results), -1, -1), y).nan_to_num(torch.inf)
    return [Part(error, tower=tower) for error, tower in zip(errors.tolist(), towers.apart(), strict=True)]


def assembled(problem: Problem, parts: list[Part]) -> SurrogateNetwork:
    """The network of a part a result."""
    towers = _joined_towers(parts, problem.z.shape[1])
    skip = polynomial.joined([part.polynomial for part in parts])
    kernels = {k: part.kernel for k, part in enumerate(parts) if part.kernel is not None}
    return pruned(emitted_network(towers, problem.scale, problem.domain, problem.taps, skip, kernels))


def _joined_towers(parts: list[Part], width: int) -> Towers:
    """The towers of all results; one of zeros where a result has none, and no hidden unit where none has one."""
    known = [part.tower for part in parts if part.tower is not None]
    hidden = known[0].w1.shape[1] if known else 0
    shapes = (hidden, width + 1), (hidden, hidden + 1), (1, hidden + 1)
    nothing = Towers(*(torch.zeros(1, *shape) for shape in shapes))
    return join([part.tower or nothing for part in parts])


def table_network(table: Table, problem: Problem) -> SurrogateNetwork:
    """The network that is a table."""
    nothing = [Part(np.inf)] * problem.y.shape[1]
    network = emitted_network(_joined_towers(nothing, len(problem.domain)), problem.scale, problem.domain)
    network.table = table
    return network
