"""What -O3 fits, fitted to rows without a program, which may be few and noisy; from nothing, or from a network.

What can be solved for, polynomials and Gaussian processes, is compared by its leave-one-out error on all rows. What
competes beside them, towers above all, is compared with it on a held-out quarter. The least error of many is partly
luck, so that a part takes the place of a simpler one only where the rows are clearly likelier under it: the logarithm
of a Gaussian likelihood of k residuals, its variance being the likeliest, is -k/2 times that of their mean square.

Shapes: n rows, m held-out ones, A arguments, Z inputs (arguments, then taps), R results.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from cprograms.names import listed
from surrogate.mlp.fitting.choice import (
    MOST_TERMS,
    Array,
    Part,
    Problem,
    Rows,
    assembled,
    fitted,
    input_sets,
    make_problem,
    tower_parts,
)
from surrogate.mlp.fitting.finetune import Descent
from surrogate.mlp.fitting.hermite import fit_hermite
from surrogate.mlp.fitting.portfolio import Budget, compete
from surrogate.mlp.fitting.safeguards import errors
from surrogate.mlp.fitting.start import moments
from surrogate.mlp.fitting.tuning import LEAST_ROWS, carried_towers, kept_scale, old_parts, split_rows
from surrogate.mlp.network import HIDDEN, Scale, SurrogateNetwork, over_columns, random_towers, resized
from surrogate.mlp.parts.kernel import KINDS, Spread, fit_kernel, interpolate
from surrogate.mlp.parts.polynomial import EXACT, Chebyshev, Fit
from surrogate.mlp.parts.table import Table
from surrogate.mlp.parts.taps import Taps
from surrogate.mlp.parts.towers import Towers, choose, outputs
from surrogate.numeric.batches import one_thread

OUTSIDE = 0.1
"""How far outside its domain, in units of its reach, rows may be for a network's parts to stay as they are."""
LUCK, MORE_LUCK = 2.0, 4.6
"""What a likelihood's logarithm must gain for a part that is less simple, and for one that is the best of many."""
SEARCHED_ROWS, SOLVED_ROWS = 300, 2000
"""Rows that a process's hyperparameters are found from, and those that what is solved for reads."""
NOISY = 1e-5
"""A process's noise, as a share of its signal's variance, above which the rows have some."""
ROUGH = 0.05
"""A process that errs more than this is not helped by a search from no noise."""
STOPPED_STEPS, STOPPED_ROWS = 40, 512
"""Single steps of a tower, after each of which it is compared on the held-out rows: many fit the noise."""


@dataclass(frozen=True)
class Regression:
    """A network of rows; the nMSE [R] of its parts on rows that were left out or held out; slices of work."""

    network: SurrogateNetwork
    errors: npt.NDArray[np.float64]
    steps: int


class _Start(NamedTuple):
    """The towers to start from, and the parts of the old network [R] that compete as they are, if there are any."""

    towers: Towers
    parts: list[Part]


def regress(
    rows: Rows,
    names: list[str],
    budget: Budget,
    *,
    warm: SurrogateNetwork | None = None,
    hidden: int | None = None,
    plain: bool = False,
    seed: int = 0,
) -> Regression:
    """The network of finite rows x [n, A], y [n, R], n at least 2, whose arguments have these names.

    Its domain is the box of the rows, or that of the network that it starts from, `warm`, where they lie there.
    Arguments are matched by name where they have names in common, else by place. `hidden` is the width of the MLP, 64
    or that of `warm` by default; `plain` fits an MLP alone. The same input gives the same result, unless the budget is
    one of seconds.

    Raises ValueError for a `warm` of other arguments or results.
    """
    order = None if warm is None else _order(warm, names, rows[1].shape[1])
    old = warm if warm is None or order is None else reordered(warm, order)
    same = old is not None and order is not None and _inside(old, rows[0])
    fit, held = split_rows(rows, seed) if len(rows[0]) >= LEAST_ROWS else (rows, rows)
    problem = _problem(rows, fit, held, old if order else None, same)
    with one_thread(), torch.no_grad():
        start = _start(problem, old, names, hidden, held if same else None, seed)
        if len(rows[0]) < LEAST_ROWS:
            parts = _solved(problem, (problem.z, problem.y), start, plain)
        else:
            parts = _chosen(problem, start, budget, plain, seed)
        told = _shares(problem, parts)
        network = assembled(problem, [_exact(part) for part in parts])
    if old is not None and old.table is not None and order and (errors(old, held) <= told).all():
        network, told = deepcopy(old), errors(old, held)
    network.arguments = tuple(names)
    return Regression(network, told, budget.done)


# --- What is fitted, and what it starts from ---


def _order(warm: SurrogateNetwork, names: list[str], results: int) -> list[int] | None:
    """The old argument that each new one is; None where some are in one only."""
    old = list(warm.arguments)
    if len(warm.mean) != results:
        raise ValueError(f"warm_start has {len(warm.mean)} results, y has {results}")
    if set(old) == set(names):
        return [old.index(name) for name in names]
    if set(old) & set(names):
        return None
    if len(old) != len(names):
        raise ValueError(f"warm_start takes {listed(old)}; X has {len(names)} columns, {listed(names)}")
    return list(range(len(names)))


def reordered(network: SurrogateNetwork, order: list[int]) -> SurrogateNetwork:
    """The same network whose arguments come in another order: the k-th is the old `order[k]`-th."""
    if order == sorted(order):
        return network
    columns = [*order, *range(len(order), network.w1.shape[2])]
    taps = network.taps and _reordered_taps(network.taps, order)
    return over_columns(network, columns, taps, network.table and _reordered_table(network.table, order))


def _reordered_taps(taps: Taps, order: list[int]) -> Taps:
    places = {old: new for new, old in enumerate(order)}
    nodes = tuple(replace(n, value=places[int(n.value)]) if n.op == "arg" else n for n in taps.graph.nodes)
    found = Taps(taps.arguments, replace(taps.graph, nodes=nodes), taps.kinds)
    found.mid.copy_(taps.mid)
    found.reach.copy_(taps.reach)
    return found


def _reordered_table(table: Table, order: list[int]) -> Table:
    values = table.values.view(*table.sizes.tolist(), -1).permute(*order, len(order))
    return Table(table.low[order], table.sizes[order], values.reshape(table.values.shape))


def _domain(network: SurrogateNetwork) -> Array:
    """[A, 2]; see `surrogate.mlp.network.input_scaling`."""
    mid, reach = network.mid.numpy(), network.reach.numpy()
    half = np.where(np.isfinite(reach), reach, 0)
    return np.stack([mid - half, mid + half], axis=1)


def _inside(network: SurrogateNetwork, x: Array) -> bool:
    """Whether rows lie in the network's domain, or nearly."""
    low, high = _domain(network).T
    room = OUTSIDE * (high / 2 - low / 2)
    return bool(((x >= low - room) & (x <= high + room)).all())


def _problem(rows: Rows, fit: Rows, held: Rows, old: SurrogateNetwork | None, same: bool) -> Problem:
    """What is to be fitted: in the old network's domain and scale where it is the same, and with its taps."""
    x, y = rows
    scale = moments(y)
    constant = np.ptp(y, axis=0) == 0
    scale = Scale(np.where(constant, y[0], scale.mean), np.where(constant, 0, scale.std))
    if old is None or not same:
        domain = np.stack([x.min(0), x.max(0)], axis=1)
    else:
        domain, scale = _domain(old), kept_scale(old, scale)
    return make_problem(fit, held, domain, scale, None if old is None else old.taps)


def _start(
    problem: Problem, old: SurrogateNetwork | None, names: list[str], hidden: int | None, held: Rows | None, seed: int
) -> _Start:
    """Random towers, or the old network's. Its parts compete where it has held-out rows of its own domain."""
    inputs, results = problem.z.shape[1], problem.y.shape[1]
    width = hidden or (old.w1.shape[1] if old is not None else 0) or HIDDEN
    random = random_towers(inputs, results, np.random.default_rng(seed), width)
    if old is None:
        return _Start(random, [])
    parts = old_parts(old, problem, held) if held is not None and old.table is None else []
    if old.w1.shape[1] not in (0, width):
        parts = [part if part.tower is None else Part(np.inf) for part in parts]
    parts = [_measured(problem, part, k) for k, part in enumerate(parts)]
    if not old.w1.shape[1]:
        return _Start(random, parts)
    carried = carried_towers(old, list(old.arguments), names, problem, list(range(results)))
    known = carried.w3[:, 0, :-1].any(1)
    resized_ = resized(carried, width, seed).map(lambda w: w.to(random.w1.dtype))
    return _Start(choose(known, resized_, random), parts)


# --- The choice ---


def _chosen(problem: Problem, start: _Start, budget: Budget, plain: bool, seed: int) -> list[Part]:
    """The part of each result: the best that competed where the held-out rows clearly say so, else what was solved."""
    fitting = problem.z, problem.y
    known = [_measured(problem, part, k) for k, part in enumerate(_solved(problem, fitting, start, plain))]
    best = _better(_better(start.parts, known), _stopped(problem, start.towers))
    best = fitted(problem, start.towers, seed, plain=plain, best=best)
    best = compete(problem, start.towers, best, seed, budget, plain)
    everything = _solved(problem, _all_rows(problem), start, plain)
    rows = len(problem.fresh_y)
    return [
        part if _gain(known[k].error, part.error, rows) > MORE_LUCK else everything[k] for k, part in enumerate(best)
    ]


def _gain(error: float, less: float, rows: int) -> float:
    """How much likelier rows are of a smaller mean squared error, as a logarithm."""
    if not less < error:
        return 0.0
    return rows / 2 * (math.log(min(error, 1e300)) - math.log(max(less, EXACT)))


def _all_rows(problem: Problem) -> tuple[Array, Array]:
    return np.concatenate([problem.z, problem.fresh_z]), np.concatenate([problem.y, problem.fresh_y])


def _solved(problem: Problem, rows: tuple[Array, Array], start: _Start, plain: bool) -> list[Part]:
    """What the leave-one-out errors choose for each result on rows z [n, Z], y [n, R], with that error.

    From simple to not: the old part, which has seen no row, the mean, the line, processes, polynomials.
    """
    z, y = (a[:SOLVED_ROWS] for a in rows)
    found = []
    for k in range(y.shape[1]):
        candidates = [] if not start.parts else [(LUCK, _old(start.parts[k], z, y[:, k]))]
        candidates.append((LUCK, _mean(y[:, k], start.towers, plain)))
        if not plain and problem.scale.std[k] > 0:
            candidates += _solutions(problem, torch.from_numpy(z), torch.from_numpy(y[:, k].copy()))
        best = candidates[0][1]
        for luck, part in candidates[1:]:
            if _gain(best.error, part.error, len(z)) > luck:
                best = part
        found.append(best)
    return found


def _old(part: Part, z: Array, y: Array) -> Part:
    """With its error on rows."""
    if not np.isfinite(part.error):
        return part
    error = (_outputs(part, torch.from_numpy(z)) - torch.from_numpy(y)).square().mean()
    return part._replace(error=float(error.nan_to_num(torch.inf)))


def _mean(y: Array, start: Towers, plain: bool) -> Part:
    """The mean of a result [n], as a polynomial, or as a tower where there is to be nothing else."""
    mean, error = float(y.mean()), float(y.var()) * (len(y) / (len(y) - 1)) ** 2
    if not plain:
        exponents = np.zeros((1, start.w1.shape[2] - 1), dtype=np.int64)
        return Part(error, polynomial=Fit(exponents, np.array([mean]), error))
    tower = start.map(lambda w: torch.zeros_like(w[:1]))
    tower.w3[0, 0, -1] = mean
    return Part(error, tower=tower)


def _solutions(problem: Problem, z: Tensor, y: Tensor) -> Iterator[tuple[float, Part]]:
    """The line, processes and polynomials of rows z [n, Z], y [n], each with its leave-one-out error, and its luck."""
    flags = set(problem.columns(problem.taps.flags)) if problem.taps else set()
    sets = input_sets(problem)
    yield LUCK, _polynomial(z, y, sets[0], flags, 1)
    polynomials = [_polynomial(z, y, inputs, flags, MOST_TERMS) for inputs in sets]
    if min(part.error for part in polynomials) > EXACT:
        for inputs in sets:
            for kind in KINDS:
                yield from ((LUCK, part) for part in _processes(z, y, inputs, kind))
    yield from ((MORE_LUCK, part) for part in polynomials)


def _processes(z: Tensor, y: Tensor, inputs: list[int], kind: str) -> Iterator[Part]:
    """Processes on rows z [n, Z], y [n]: searched for from much noise, and where little is found from none as well."""
    few = torch.linspace(0, len(z) - 1, min(len(z), SEARCHED_ROWS)).round().long()
    rates, noise = (torch.full(size, value, dtype=z.dtype) for size, value in ((z.shape[1:], 0.5), ((), 0.03)))
    for start in (Spread(rates, noise, noise), None):
        spread = fit_kernel(z[few], y[few], kind=kind, inputs=inputs, start=start).spread
        fit = interpolate(z, y, None, kind, spread)
        yield Part(fit.error, kernel=fit.head)
        if spread.noise > NOISY or fit.error > ROUGH:
            return


def _polynomial(z: Tensor, y: Tensor, inputs: list[int], flags: set[int], terms: int) -> Part:
    fit = fit_hermite(z, y, None, 0.0, inputs, flags & set(inputs), terms)
    return Part(fit.error, polynomial=fit)


def _better(first: list[Part], second: list[Part]) -> list[Part]:
    if not first:
        return second
    return [min(pair, key=lambda part: part.error) for pair in zip(first, second, strict=True)]


def _stopped(problem: Problem, start: Towers) -> list[Part]:
    """Towers after the step at which each errs least on the held-out rows."""
    results = list(range(problem.y.shape[1]))
    z, y = problem.tensors(results)
    descent = Descent(start, z[:STOPPED_ROWS].expand(len(results), -1, -1), y[:, :STOPPED_ROWS])
    best = tower_parts(problem, start, results)
    for _ in range(STOPPED_STEPS):
        descent.step()
        best = _better(best, tower_parts(problem, descent.towers, results))
    return best


def _measured(problem: Problem, part: Part, result: int) -> Part:
    """With its mean squared error on the held-out rows, in standardised units; one without a number stays so."""
    return part if part.error == np.inf else part._replace(error=float(_squares(problem, part, result).mean()))


def _squares(problem: Problem, part: Part, result: int) -> Array:
    """The squared errors [m] of a part on the held-out rows, in standardised units; infinite where it has no number."""
    found = _outputs(part, torch.from_numpy(problem.fresh_z)).numpy()
    with np.errstate(over="ignore"):
        squares: Array = (found - problem.fresh_y[:, result]) ** 2
    return np.where(np.isnan(squares), np.inf, squares)


def _outputs(part: Part, z: Tensor) -> Tensor:
    """What a part makes of inputs: [n, Z] -> [n] float64."""
    found = z.new_zeros(len(z))
    if part.tower is not None:
        found = found + outputs(part.tower, z[None].to(part.tower.w1.dtype))[0].double()
    if part.polynomial is not None:
        coefficients = torch.from_numpy(part.polynomial.coefficients)[None]
        found = found + Chebyshev(torch.from_numpy(part.polynomial.exponents), coefficients)(z)[:, 0]
    return found if part.kernel is None else found + part.kernel(z)


def _shares(problem: Problem, parts: list[Part]) -> Array:
    """The parts' errors as shares [R] of the variance of all rows."""
    found = np.array([part.error for part in parts])
    spread = np.asarray(_all_rows(problem)[1].var(0))
    shares = np.full(len(found), np.inf)
    shares[found == 0] = 0
    np.divide(found, spread, out=shares, where=spread > 0)
    return shares


def _exact(part: Part) -> Part:
    """Its tower in float64: single rows then give what they give among others."""
    return part if part.tower is None else part._replace(tower=part.tower.map(Tensor.double))
