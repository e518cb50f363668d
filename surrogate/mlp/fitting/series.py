"""What the text says of a result as a polynomial, of the arguments and of taps: a second reading beside the tower's.

`cprograms.moments` expands the graph: no value of the program is computed. Where taps are read, it takes them for
further arguments, so that what jumps is exact and what is left is smooth. At -O0 the graph's values at points of the
domain say how much each reading counts. At -O1 the coefficients are the mean of a prior, which executed rows change:
Bayesian linear regression (Bishop 2006, "Pattern Recognition and Machine Learning", section 3.3).

Shapes: n rows, A arguments, T taps, Z = A + T inputs, N terms, R results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from numpy.polynomial import chebyshev, legendre

from cprograms.graph import Graph
from cprograms.moments import Expansion, series, sparse_series
from cprograms.program import Program
from cprograms.sampling import sample
from surrogate.mlp.fitting.choice import Part, Problem, Rows
from surrogate.mlp.network import SurrogateNetwork, in_deviations, input_scaling
from surrogate.mlp.parts.polynomial import EXACT, Fit, basis, joined, refitted
from surrogate.mlp.parts.taps import LIMIT, Taps, reading_taps

Array = npt.NDArray[np.float64]

DECAYS = (1.0, 0.5, 0.2, 0.05)
"""How much less a coefficient varies than one of a degree lower, in the prior."""
ROUNDING = 1e-13
"""A coefficient that is so much smaller than the greatest is left out."""
CLEAR = 0.9
"""What the error of a mixture must be, of the least of its readings, to take its place."""
POINTS, MOST_CORNERS = 256, 64
"""Where it is seen how far a number goes, of which a function is expanded: of the domain."""
ABSURD = 1e50
"""No result differs so much from its mean, in deviations of it."""
MOST_ROWS = 512
"""That change coefficients."""
NOISES = (1e-9, 1e-6, 1e-4, 1e-2, 1e-1, 1.0, 10.0)
"""The variance of a row's error, in units of what the prior says of a row's in the mean."""


class _Inputs(NamedTuple):
    """What polynomials read: the graph over the arguments and some taps, their scaling [Z], and points [n, Z] of them.

    `columns` are their places among the arguments and all taps, `flags` says which are ±1.
    """

    graph: Graph
    domain: Array
    middle: Array
    reach: Array
    points: Array
    flags: npt.NDArray[np.bool_]
    columns: list[int]
    taps: int


def text_series(program: Program, graph: Graph, taps: Taps | None) -> list[list[Fit]]:
    """The polynomials of each result [R], in C units, over Z inputs.

    They are those of the arguments; of them and the gates, if there are any; and of all taps, if there are others.
    Where one of them is all that the text says, it is the only one.
    """
    sets = [list[int]()]
    if taps and taps.gates:
        sets.append(taps.gates)
    if taps and len(taps.gates) < len(taps):
        sets.append(list(range(len(taps))))
    inputs = [_inputs(program, graph, taps, places) for places in sets]
    width = len(program.arguments) + (len(taps) if taps else 0)
    return [_of_result(inputs, k, width) for k in range(len(graph.roots))]


def _of_result(inputs: Sequence[_Inputs], k: int, width: int) -> list[Fit]:
    """The polynomials of a result over so many inputs. The gates are tried first."""
    found = []
    for own in (*inputs[1:], *inputs[:1]):
        made = sparse_series(own.graph.result(k), own.points, own.flags, own.taps, own.middle, own.reach)
        if made is not None:
            fit = _over(Fit(made.exponents.astype(np.int64), made.coefficients, np.inf), own.columns, width)
            if made.exact and np.abs(own.points[:, made.exponents.any(0)]).max(initial=0) < LIMIT:
                return [fit]  # no tap that it reads is cut off
            found.append(fit)
    for own in inputs:
        for expansion in series(own.graph.result(k), own.domain, own.taps):
            found += [_over(_fit(expansion, own.middle, own.reach), own.columns, width)]
    return found


def _inputs(program: Program, graph: Graph, taps: Taps | None, places: list[int]) -> _Inputs:
    domain, (middle, reach), A = program.domain, input_scaling(program.domain), len(program.arguments)
    x = np.concatenate([sample(program, POINTS, 0, "sobol"), _corners(domain)])
    points, flags = (x - middle) / reach, np.zeros(A, dtype=bool)
    if taps and places:
        some = taps.of(places)
        graph, domain = reading_taps(program, graph, some), np.concatenate([domain, some.ranges])
        middle, reach = (np.concatenate([a, b.numpy()]) for a, b in ((middle, some.mid), (reach, some.reach)))
        points = np.concatenate([points, some(torch.from_numpy(x)).numpy()], axis=1)
        flags = np.concatenate([flags, [kind == "flag" for kind in some.kinds]])
    columns = [*range(A), *(A + k for k in places)]
    return _Inputs(graph, domain, middle, reach, points, flags, columns, len(places))


def _corners(domain: Array) -> Array:
    """All of a domain [A, 2], or some: [n, A]."""
    A = len(domain)
    if 2**A <= MOST_CORNERS:
        ends = np.indices((2,) * A).reshape(A, -1).T
    else:
        ends = np.random.default_rng(0).integers(0, 2, (MOST_CORNERS, A))
    return domain[np.arange(A), ends]


def _over(fit: Fit, columns: list[int], width: int) -> Fit:
    """The same polynomial where its inputs are some of more."""
    exponents = np.zeros((len(fit.exponents), width), dtype=np.int64)
    exponents[:, columns] = fit.exponents
    return fit._replace(exponents=exponents)


def _fit(expansion: Expansion, middle: Array, reach: Array) -> Fit:
    """The polynomials over scaled inputs: Chebyshev's of (value - middle) / reach, where these are Legendre's of their
    own scaling."""
    own = list(expansion.arguments)
    exponents, coefficients = expansion.basis.exponents, expansion.coefficients
    place = {tuple(row): k for k, row in enumerate(exponents.tolist())}
    for d, k in enumerate(own):
        # An argument of one value, whose reach is infinite, is 0 when it is scaled.
        factor = reach[k] / expansion.reach[d] if np.isfinite(reach[k]) else 0.0
        step = (middle[k] - expansion.middle[d]) / expansion.reach[d]
        degrees, changed = exponents[:, d], np.zeros_like(coefficients)
        for degree, row in enumerate(_rewritten(int(degrees.max(initial=0)), factor, step)):
            from_ = degrees >= degree
            into = exponents[from_]
            into[:, d] = degree
            at = [place[tuple(e)] for e in into.tolist()]
            np.add.at(changed, at, row[degrees[from_]] * coefficients[from_])
        coefficients = changed
    # A domain of ±1 in all inputs: what is this small is rounding, beside the greatest.
    kept = np.abs(coefficients) > ROUNDING * np.abs(coefficients).max()
    wide = np.zeros((len(exponents), len(middle)), dtype=np.int64)
    wide[:, own] = exponents
    return Fit(wide[kept], coefficients[kept], np.inf)


def _rewritten(degree: int, factor: float, step: float) -> Array:
    """Column k has the coefficients of √(2k+1) P_k(factor z + step) in T_0(z) …: [degree + 1, degree + 1]."""
    z = np.cos(np.pi * (np.arange(degree + 1) + 0.5) / (degree + 1))
    values = legendre.legvander(factor * z + step, degree) * np.sqrt(2 * np.arange(degree + 1) + 1)
    return np.asarray(np.linalg.solve(chebyshev.chebvander(z, degree), values))


@torch.no_grad()
def mixture(fits: Sequence[Fit], outputs: Array, z: Array, y: Array) -> tuple[float, Fit | None]:
    """How much of a tower's outputs [n], and which polynomial beside it, come nearest to y [n] at inputs z [n, Z].

    All is standardised. Least squares of the readings, none of whose coefficients change. A polynomial that is no
    number somewhere, or far from all that may be, is left out; None where all are.
    """
    read = [(fit, values_of(fit, z)) for fit in fits]
    read = [(fit, values) for fit, values in read if possible(values) and np.ptp(values) > 0]
    columns = np.stack([outputs, *(values for _, values in read)], axis=1)  # [n, readings]
    middle, width = columns.mean(0), columns.std(0)
    width[~(width > 0)] = 1
    slopes = np.linalg.lstsq((columns - middle) / width, y - y.mean(), rcond=1e-10)[0] / width
    if not read:
        return float(slopes[0]), None
    constant = _constant(read[0][0], y.mean() - middle @ slopes)
    scaled = [
        fit._replace(coefficients=slope * fit.coefficients) for (fit, _), slope in zip(read, slopes[1:], strict=True)
    ]
    return float(slopes[0]), added([constant, *scaled])


def values_of(fit: Fit, z: Array) -> Array:
    """A polynomial at scaled inputs: [n, Z] -> [n]."""
    return np.asarray(basis(fit.exponents).terms(torch.from_numpy(z)).numpy() @ fit.coefficients)


def added(fits: Sequence[Fit]) -> Fit:
    """The sum of polynomials."""
    exponents, places = np.unique(np.concatenate([fit.exponents for fit in fits]), axis=0, return_inverse=True)
    coefficients = np.zeros(len(exponents))
    np.add.at(coefficients, places.reshape(-1), np.concatenate([fit.coefficients for fit in fits]))
    return Fit(exponents, coefficients, np.inf)


def standardised(fits: Sequence[Fit], mean: float, std: float) -> list[Fit]:
    """The same for outputs of a mean and deviation."""
    return [added([_scaled(fit, 1 / std), _constant(fit, -mean / std)]) for fit in fits]


def _scaled(fit: Fit, factor: float) -> Fit:
    return fit._replace(coefficients=factor * fit.coefficients)


def _constant(like: Fit, value: float) -> Fit:
    """A constant as a polynomial of as many inputs."""
    return Fit(np.zeros_like(like.exponents[:1]), np.array([value]), np.inf)


@torch.no_grad()
def adapted(fit: Fit, z: Array, y: Array) -> Fit | None:
    """The polynomial after rows z [n, Z], y [n], standardised; its error is that of each row left out.

    The prior's mean is what the text says, times what makes it come nearest to the rows. How fast the prior's deviation
    falls with the degree, and the noise, are those that err least where each row is left out. None where the terms are
    no numbers, or the rows too few.
    """
    z, y = z[:MOST_ROWS], y[:MOST_ROWS]
    terms = basis(fit.exponents).terms(torch.from_numpy(z)).numpy()  # [n, N]
    said = terms @ fit.coefficients
    if len(y) < 2 or not (np.isfinite(terms).all() and possible(said)):
        return None
    away = said - said.mean()
    square = float(away @ away)  # of the least numbers 0
    slope = float(away @ y) / square if square > 0 else 0.0
    left = y - y.mean() - slope * away
    best, error = None, np.inf
    for prior in (decay ** fit.exponents.sum(1) for decay in DECAYS):
        for coefficients, found in _posteriors(terms * prior, left):
            if found < error:
                best, error = prior * coefficients, found
    if best is None:
        return None
    constant = _constant(fit, y.mean() - slope * said.mean())
    return added([fit._replace(coefficients=slope * fit.coefficients + best), constant])._replace(error=error)


def _posteriors(terms: Array, left: Array) -> Iterator[tuple[Array, float]]:
    """The mean of the coefficients [N] for each noise, and the mean squared error of rows [n] that are left out."""
    widths, u = np.linalg.eigh(terms @ terms.T)
    widths, own = widths.clip(min=0), u.T @ left
    for noise in NOISES if widths.any() else ():
        damped = widths + noise * float(widths.mean())
        residual, open_ = left - u @ (widths / damped * own), 1 - (u * u) @ (widths / damped)
        with np.errstate(all="ignore"):
            error = float(((residual / open_) ** 2).mean())
        if np.isfinite(error):
            yield terms.T @ (u @ (own / damped)), error


@torch.no_grad()
def take_series(network: SurrogateNetwork, program: Program, graph: Graph, rows: Rows, held_out: Rows) -> None:
    """Put polynomials in the place of towers that err more on held-out rows, or beside them, in place.

    They are what the text says alone, and that after the rows x [K, A], y [K, R].
    """
    found = readings(network, text_series(program, graph, network.taps), rows, held_out)
    for k, (share, _) in enumerate(found):
        if share == 0:
            network.silence(k)
        network.weigh(k, share)
    network.polynomial = joined([fit for _, fit in found])


@torch.no_grad()
def readings(
    network: SurrogateNetwork, said: Sequence[list[Fit]], rows: Rows, held_out: Rows
) -> list[tuple[float, Fit | None]]:
    """How much of each tower [R], and which polynomial beside it, errs least on held-out rows, standardised.

    The polynomials are those that are `said` of each result, in C units, and these after the rows.
    """
    z, held_z = (network.inputs(torch.from_numpy(x)) for x, _ in (rows, held_out))
    outputs = network.outputs(held_z).double().numpy()  # [n, R]
    found: list[tuple[float, Fit | None]] = [(1.0, None)] * outputs.shape[1]
    for k, own in enumerate(said):
        mean, std = float(network.mean[k]), float(network.std[k])
        if std == 0:
            continue
        y, held_y = (in_deviations(values[:, k], mean, std) for _, values in (rows, held_out))
        fits = standardised(own, mean, std)
        changed = (adapted(fit, z.numpy(), y) for fit in fits)
        found[k] = _chosen([*fits, *filter(None, changed)], outputs[:, k], held_z.numpy(), held_y)
    return found


@torch.no_grad()
def series_parts(program: Program, graph: Graph, problem: Problem) -> list[Part]:
    """For each result [R] the polynomial that errs least on fresh rows, as the text says it or fitted to the rows."""
    found = []
    for k, read in enumerate(text_series(program, graph, problem.taps)):
        mean, std = float(problem.scale.mean[k]), float(problem.scale.std[k])
        fresh = problem.fresh_z, problem.fresh_y[:, k]
        fits = standardised(read, mean, std) if std > 0 else []
        best = min((_part(fit, *fresh) for fit in fits), key=lambda part: part.error, default=Part(np.inf))
        if EXACT < best.error < np.inf:
            again = (_part(fit, *fresh) for one in fits for fit in refitted(one, problem.z, problem.y[:, k]))
            best = min([best, *again], key=lambda part: part.error)
        found.append(best)
    return found


def _part(fit: Fit, z: Array, y: Array) -> Part:
    return Part(_mean_square(values_of(fit, z) - y), polynomial=fit)


def _chosen(fits: Sequence[Fit], outputs: Array, z: Array, y: Array) -> tuple[float, Fit | None]:
    """Of a tower's outputs [n], polynomials, and the mixture of all what errs least at held-out rows: see `mixture`.

    What the mixture errs on other rows is estimated by Akaike's final prediction error (1969), as its numbers come from
    these.
    """
    found: tuple[float, Fit | None] = (1.0, None)
    least = np.inf
    if np.isfinite(outputs).all():
        least = _mean_square(outputs - y)
    for fit in fits:
        error = _mean_square(values_of(fit, z) - y)
        if error < least:
            least, found = error, (0.0, fit)
    rows, numbers = len(y), len(fits) + 2
    if rows <= numbers or not np.isfinite(outputs).all():
        return found
    share, mixed = mixture(fits, outputs, z, y)
    error = _mean_square(share * outputs + (0 if mixed is None else values_of(mixed, z)) - y)
    clear = error * (rows + numbers) / (rows - numbers) < CLEAR * least
    return (share, mixed) if clear and least > EXACT else found


def possible(values: Array) -> bool:
    """Whether a result may have such standardised values: whether they are numbers, and not absurd ones."""
    return bool(np.abs(values).max(initial=0) < ABSURD)


def _mean_square(errors: Array) -> float:
    return float((errors**2).mean()) if possible(errors) else np.inf
