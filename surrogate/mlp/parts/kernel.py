"""A kernel head as a part of a surrogate: a Gaussian process's mean, of values and, where there are some, derivatives.

The covariance of f(z) and f(c) is φ(s), s = Σ_j ((z_j − c_j) / l_j)², up to a factor that the mean does not need. That
of a derivative is the derivative of φ (Solak et al. 2003; Rasmussen & Williams 2006, §9.4), so that the derivatives of
a program are observations as its values are. Lengths and noise come from the marginal likelihood (ibid., equation 5.8).

Shapes: n rows, Z inputs, M centres, D derivatives, N = M + D observations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

Array = npt.NDArray[np.float64]
Radial = Callable[[Tensor], tuple[Tensor, Tensor, Tensor]]
"""Squared distances s to φ(s), −2 φ'(s) and 4 φ''(s)."""

LENGTHS = (0.03, 300.0)
NOISES = (1e-13, 1.0)
"""Bounds of the noise's variance, as a share of the signal's: C programs have none, the least keeps digits."""
USUAL_LENGTH, SPREAD = 2.0, 2.0
"""The lengths that the fit expects, and their logarithm's deviation: an argument of little effect has a long one."""
UNLIKELY = 1e12
"""The loss of a covariance that does not factorise: finite, as the search interpolates."""
STARTS = (1.0, 4.0)
"""Lengths that the searches start from."""
MOST_OBSERVATIONS = 1100
"""Values and derivatives that are factorised together; further derivatives are left out."""
WORK, MOST_STEPS = 3e9, 60
"""Cubed observations that a search may take in all, and its steps: a plan that depends on no clock."""
JITTERS = (0.0, 1e-12, 1e-10, 1e-8, 1e-6)
"""Added to the diagonal, the first with which it factorises."""


def _gaussian(s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    e = torch.exp(-s / 2)
    return e, e, e


def _matern_five_halves(s: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    q = (5 * s).clamp_min(1e-30).sqrt()
    e = torch.exp(-q)
    return (1 + q + q * q / 3) * e, 5 / 3 * (1 + q) * e, 25 / 3 * e


KINDS: dict[str, Radial] = {
    "gaussian": _gaussian,
    "matern 5/2": _matern_five_halves,
}
"""From smooth to rough; Rasmussen & Williams 2006, §4.2.1."""


class KernelHead(nn.Module):
    """Σ_m k(z, c_m) a_m + Σ_md ∂k(z, c_m)/∂c_md b_md, float64: [n, Z] -> [n].

    `centres` are [M, Z] and `weights` a [M]. `slopes` b are [M, Z], or [0, Z] where no derivatives were observed.
    `rates` [Z] are the inverse lengths 1 / l; an input of rate 0 is not read. `kind` is a name of `KINDS`.
    """

    centres: Tensor
    rates: Tensor
    place: Tensor

    def __init__(self, centres: Tensor, rates: Tensor, weights: Tensor, slopes: Tensor, kind: str = "gaussian"):
        super().__init__()
        self.kind = kind
        self.register_buffer("centres", centres)
        self.register_buffer("rates", rates)
        self.register_buffer("place", torch.tensor(list(KINDS).index(kind)))
        self.weights, self.slopes = nn.Parameter(weights), nn.Parameter(slopes)

    def forward(self, z: Tensor) -> Tensor:
        """[n, Z] -> [n]."""
        z, c = z * self.rates, self.centres * self.rates
        value, first, _ = KINDS[self.kind](_squares(z, c))  # [n, M] each
        found = value @ self.weights
        if self.slopes.shape[0] == 0:
            return found
        b = self.slopes * self.rates
        return found + (first * (z @ b.T - (c * b).sum(1))).sum(1)

    @property
    def read(self) -> Tensor:
        """Which inputs [Z] it reads."""
        return self.rates != 0

    def of(self, columns: list[int]) -> KernelHead:
        """With these inputs only."""
        rates, slopes = self.rates[columns], self.slopes.detach()[:, columns]
        return KernelHead(self.centres[:, columns], rates, self.weights.detach(), slopes, self.kind)

    def widened(self, columns: int) -> KernelHead:
        """With so many further inputs, which are not read."""
        pad = nn.functional.pad
        centres, slopes = (pad(t, (0, columns)) for t in (self.centres, self.slopes.detach()))
        return KernelHead(centres, pad(self.rates, (0, columns)), self.weights.detach(), slopes, self.kind)


def head_from_tensors(tensors: dict[str, Tensor], inputs: int) -> KernelHead:
    """The head of what `state_dict` gave. Raises KeyError or ValueError for what is no head over so many inputs."""
    centres, rates, weights, slopes = (tensors[name] for name in ("centres", "rates", "weights", "slopes"))
    rows = centres.shape[0] if centres.ndim else -1
    shapes = [(rows, inputs), (inputs,), (rows,)]
    if [tuple(t.shape) for t in (centres, rates, weights)] != shapes or rows < 1:
        raise ValueError("a kernel of other inputs")
    if tuple(slopes.shape) not in ((rows, inputs), (0, inputs)):
        raise ValueError(f"slopes of shape {tuple(slopes.shape)} for {rows} centres")
    if tensors["place"].ndim or not 0 <= int(tensors["place"]) < len(KINDS):
        raise ValueError("a kernel of an unknown kind")
    numbers = centres, rates, weights, slopes
    if any(t.dtype != torch.float64 or not t.isfinite().all() for t in numbers) or (rates < 0).any():
        raise ValueError("a kernel of other numbers than finite doubles")
    return KernelHead(*numbers, kind=list(KINDS)[int(tensors["place"])])


class Slopes(NamedTuple):
    """Observed derivatives: of row `rows` int64 [D] along `tangents` [D, Z] they are `values` [D]."""

    rows: Tensor
    tangents: Tensor
    values: Tensor

    def along(self, inputs: list[int]) -> Slopes:
        """Those that change some of these inputs."""
        return Slopes(*(t[self.tangents[:, inputs].any(1)] for t in self))

    def before(self, row: int) -> Slopes:
        """Those of the rows before one."""
        return Slopes(*(t[self.rows < row] for t in self))

    def some(self, count: int) -> Slopes:
        """At most so many of them, evenly spread."""
        if len(self.rows) <= count:
            return self
        chosen = torch.linspace(0, len(self.rows) - 1, max(count, 0)).round().long()
        return Slopes(*(t[chosen] for t in self))


class Spread(NamedTuple):
    """What the marginal likelihood chooses: inverse lengths [Z], and the noise's share of the variance of values and of
    derivatives."""

    rates: Tensor
    noise: Tensor
    slope_noise: Tensor


class KernelFit(NamedTuple):
    """A head, what each value [n] differs by from its prediction without the row, and the hyperparameters."""

    head: KernelHead
    residuals: Tensor
    spread: Spread

    @property
    def error(self) -> float:
        """The mean squared leave-one-row-out error."""
        return float(self.residuals.square().mean())


def fit_kernel(
    z: Tensor,
    y: Tensor,
    slopes: Slopes | None = None,
    kind: str = "gaussian",
    inputs: list[int] | None = None,
    start: Spread | None = None,
    searched: int = MOST_OBSERVATIONS,
) -> KernelFit:
    """The process of rows z [n, Z], y [n] in float64, y about standardised, and of derivatives; of some inputs only.

    `start`, of an earlier fit, replaces the search's own starts. The hyperparameters come from so many observations at
    most, the first rows and some of their derivatives. Derivatives beyond `MOST_OBSERVATIONS` are left out altogether.
    The residuals leave a row's value and derivatives out together; the hyperparameters have seen them.
    """
    columns = list(range(z.shape[1])) if inputs is None else inputs
    n = min(len(y), searched)
    slopes = slopes and slopes.along(columns)
    few = slopes and slopes.before(n).some(searched - n)
    own = few and Slopes(few.rows, few.tangents[:, columns], few.values)
    spread = _likeliest(z[:n, columns], y[:n], own, kind, start and start._replace(rates=start.rates[columns]))
    rates = z.new_zeros(z.shape[1])
    rates[columns] = spread.rates
    return interpolate(z, y, slopes and slopes.some(MOST_OBSERVATIONS - len(y)), kind, spread._replace(rates=rates))


@torch.no_grad()
def interpolate(z: Tensor, y: Tensor, slopes: Slopes | None, kind: str, spread: Spread) -> KernelFit:
    """The head of given hyperparameters on rows z [n, Z], y [n], which may be more than they were chosen by."""
    covariance = _covariance(z, slopes, kind, spread)
    targets = y if slopes is None else torch.cat([y, slopes.values])
    factor = _factorised(covariance)
    inverse = torch.cholesky_inverse(factor)
    alpha = torch.cholesky_solve(targets[:, None], factor)[:, 0]
    used = (spread.rates != 0).to(z.dtype)
    b = z.new_zeros(0, z.shape[1])
    if slopes is not None and len(slopes.rows):
        b = z.new_zeros(len(z), z.shape[1])
        b.index_add_(0, slopes.rows, alpha[len(y) :, None] * slopes.tangents * used)
    head = KernelHead(z * used, spread.rates, alpha[: len(y)], b, kind)
    rows = torch.arange(len(y)) if slopes is None else torch.cat([torch.arange(len(y)), slopes.rows])
    return KernelFit(head, left_out(inverse, alpha, rows, len(y)), spread)


def left_out(inverse: Tensor, alpha: Tensor, rows: Tensor, count: int) -> Tensor:
    """What each row's value differs by from its prediction where all observations of the row are left out: [count].

    Of the inverse C⁻¹ [N, N] of a covariance and α = C⁻¹ y [N]: the residual of a block I is (C⁻¹_II)⁻¹ α_I (Rasmussen
    & Williams 2006, equation 5.12, for blocks). `rows` [N] are the observations' rows, the values' first.
    """
    places = torch.argsort(rows, stable=True)
    sizes = torch.bincount(rows, minlength=count)
    widest = int(sizes.max())
    within = torch.arange(widest) < sizes[:, None]  # [count, widest]
    blocks = torch.zeros(count, widest, dtype=torch.long)
    blocks[within] = places
    own = inverse[blocks[:, :, None], blocks[:, None, :]]  # [count, widest, widest]
    both = within[:, :, None] & within[:, None, :]
    own = torch.where(both, own, torch.eye(widest, dtype=own.dtype))
    right = torch.where(within, alpha[blocks], 0)[..., None]
    found, _ = torch.linalg.solve_ex(own, right)
    residuals: Tensor = found[:, 0, 0]
    return residuals.nan_to_num(torch.inf, torch.inf, torch.inf)


def _squares(z: Tensor, c: Tensor) -> Tensor:
    """Squared distances [n, M] of scaled points."""
    return ((z * z).sum(1)[:, None] + (c * c).sum(1) - 2 * z @ c.T).clamp_min(0)


def _covariance(z: Tensor, slopes: Slopes | None, kind: str, spread: Spread) -> Tensor:
    """Of all observations, values first: [N, N], the noise on the diagonal. Differentiable in the spread."""
    scaled = z * spread.rates
    value, first, second = KINDS[kind](_squares(scaled, scaled))  # [n, n] each
    if slopes is None or not len(slopes.rows):
        return value + spread.noise * torch.eye(len(z), dtype=z.dtype)
    r, t = slopes.rows, slopes.tangents * spread.rates  # [D], [D, Z]
    along = scaled @ t.T - (scaled[r] * t).sum(1)  # [n, D]: (z_i − z_r(d)) · t_d, scaled
    mixed = first[:, r] * along  # cov(f(z_i), ∂f_d)
    apart = t @ t.T
    both = first[r][:, r] * apart - second[r][:, r] * -(along[r] * along[r].T)
    noise = torch.cat([spread.noise.expand(len(z)), spread.slope_noise * first[0, 0] * apart.diagonal()])
    joined = torch.cat([torch.cat([value, mixed], 1), torch.cat([mixed.T, both], 1)])
    return joined + torch.diag(noise)


def _factorised(covariance: Tensor) -> Tensor:
    """The Cholesky factor, with as little jitter as it takes. Raises ValueError where none is enough."""
    unit = covariance.diagonal()
    factor: Tensor
    for jitter in JITTERS:
        factor, failed = torch.linalg.cholesky_ex(covariance + torch.diag(jitter * unit))
        if not failed:
            return factor
    raise ValueError("a covariance that does not factorise")


def _likeliest(z: Tensor, y: Tensor, slopes: Slopes | None, kind: str, start: Spread | None) -> Spread:
    """The hyperparameters of the greatest marginal likelihood times the lengths' prior."""
    targets = y if slopes is None else torch.cat([y, slopes.values])
    steps = int(min(MOST_STEPS, max(8, WORK / len(targets) ** 3)))

    def loss(theta: Array) -> tuple[float, Array]:
        return _unlikelihood(torch.from_numpy(theta), z, targets, slopes, kind)

    if start is not None:
        starts = [_packed(start)]
    else:
        starts = [np.array([*[-np.log(length)] * z.shape[1], np.log(1e-6), np.log(1e-6)]) for length in STARTS]
    low = np.log([*[1 / LENGTHS[1]] * z.shape[1], NOISES[0], NOISES[0]])
    high = np.log([*[1 / LENGTHS[0]] * z.shape[1], NOISES[1], NOISES[1]])
    found = [_minimised(loss, theta, low, high, steps) for theta in starts]
    return _unpacked(torch.from_numpy(min(found, key=lambda pair: pair[1])[0]))


def _minimised(
    loss: Callable[[Array], tuple[float, Array]], start: Array, low: Array, high: Array, evaluations: int
) -> tuple[Array, float]:
    """The best point of about so many evaluations within a box, and its loss, by L-BFGS-B."""
    from scipy.optimize import minimize  # takes long to import, and most compiles do without

    found = minimize(
        loss,
        np.clip(start, low, high),
        jac=True,
        method="L-BFGS-B",
        bounds=list(zip(low, high, strict=True)),
        options={"maxfun": evaluations},
    )
    return found.x, float(found.fun)


def _packed(spread: Spread) -> Array:
    packed: Array = torch.cat([spread.rates, spread.noise[None], spread.slope_noise[None]]).log().numpy()
    return packed


def _unpacked(theta: Tensor) -> Spread:
    values = theta.exp()
    return Spread(values[:-2], values[-2], values[-1])


def _unlikelihood(theta: Tensor, z: Tensor, targets: Tensor, slopes: Slopes | None, kind: str) -> tuple[float, Array]:
    """The negative logarithm of likelihood times prior, the signal's variance being the likeliest, and its gradient.

    Of N observations with covariance σ² C it is N log σ² / 2 + log |C| / 2, σ² = yᵀ C⁻¹ y / N, and its gradient to C is
    (C⁻¹ − α αᵀ / σ²) / 2, α = C⁻¹ y: autograd differentiates C alone.
    """
    theta = theta.requires_grad_()
    with torch.enable_grad():
        covariance = _covariance(z, slopes, kind, _unpacked(theta))
    fixed = covariance.detach()
    factor, failed = torch.linalg.cholesky_ex(fixed)
    if failed:
        return UNLIKELY, np.zeros(len(theta))
    alpha = torch.cholesky_solve(targets[:, None], factor)  # [N, 1]
    variance = (targets @ alpha[:, 0] / len(targets)).clamp_min(1e-300)
    gradient = (torch.cholesky_inverse(factor) - alpha @ alpha.T / variance) / 2
    (slope,) = torch.autograd.grad(covariance, theta, gradient)
    off = (-theta.detach()[:-2] - np.log(USUAL_LENGTH)) / SPREAD
    slope[:-2] -= off / SPREAD
    loss = len(targets) * variance.log() / 2 + factor.diagonal().log().sum() + off.square().sum() / 2
    return float(loss), slope.detach().numpy()
