"""Kernel heads against dense formulas, finite differences and refits."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from surrogate.mlp.parts.kernel import KINDS, KernelHead, Slopes, Spread, fit_kernel, head_from_tensors, interpolate

SMOOTH = ["gaussian", "matern 5/2"]


def function(z: Tensor) -> Tensor:
    return torch.sin(2 * z[:, 0]) * torch.exp(z[:, 1] / 2) + z[:, 2] ** 2


def observations(rows: int = 12) -> tuple[Tensor, Tensor, Slopes]:
    """Rows z [n, 3], y [n], and two derivatives of each third row, all three of the others."""
    z = torch.rand(rows, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 2 - 1
    z.requires_grad_()
    y = function(z)
    (known,) = torch.autograd.grad(y.sum(), z)
    places = [(r, d) for r in range(rows) for d in range(3 if r % 3 else 2)]
    r, d = (torch.tensor(each) for each in zip(*places, strict=True))
    return z.detach(), y.detach(), Slopes(r, torch.eye(3, dtype=torch.float64)[d], known[r, d])


def spread(noise: float = 1e-6) -> Spread:
    return Spread(torch.tensor([1.0, 0.6, 0.4], dtype=torch.float64), *(torch.tensor(noise).double(),) * 2)


def covariance(kind: str, a: Tensor, b: Tensor, rates: Tensor) -> Tensor:
    """Of two points, by the definition."""
    s = ((a - b) * rates).square().sum()
    if kind == "gaussian":
        return torch.exp(-s / 2)
    q = (5 * s + 1e-300).sqrt()
    return (1 + q + q**2 / 3) * torch.exp(-q)


def dense(kind: str, z: Tensor, slopes: Slopes, known: Spread) -> Tensor:
    """The covariance of all observations [N, N], its derivatives by central differences."""
    h = 1e-4
    points = [[(1.0, row)] for row in z]
    for row, tangent in zip(slopes.rows.tolist(), slopes.tangents, strict=True):
        points.append([(0.5 / h, z[row] + h * tangent), (-0.5 / h, z[row] - h * tangent)])
    found = torch.zeros(len(points), len(points), dtype=torch.float64)
    for i, left in enumerate(points):
        for j, right in enumerate(points):
            found[i, j] = sum(a * b * covariance(kind, p, q, known.rates) for a, p in left for b, q in right)
    noise = torch.full((len(points),), float(known.noise), dtype=torch.float64)
    curvature = 1.0 if kind == "gaussian" else 5 / 3
    noise[len(z) :] = known.slope_noise * curvature * (slopes.tangents * known.rates).square().sum(1)
    return found + torch.diag(noise)


@pytest.mark.parametrize("kind", SMOOTH)
def test_the_mean_is_that_of_the_dense_process(kind: str) -> None:
    z, y, slopes = observations()
    known = spread()
    head = interpolate(z, y, slopes, kind, known).head
    alpha = torch.linalg.solve(dense(kind, z, slopes, known), torch.cat([y, slopes.values]))
    asked = torch.rand(5, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    h = 1e-5
    for point in asked:
        right = [covariance(kind, point, row, known.rates) for row in z]
        for row, t in zip(slopes.rows.tolist(), slopes.tangents, strict=True):
            ends = [covariance(kind, point, z[row] + sign * h * t, known.rates) for sign in (1, -1)]
            right.append((ends[0] - ends[1]) / (2 * h))
        torch.testing.assert_close(head(point[None])[0], torch.stack(right) @ alpha, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("kind", SMOOTH)
def test_the_head_goes_through_values_and_derivatives(kind: str) -> None:
    z, y, slopes = observations()
    head = interpolate(z, y, slopes, kind, spread(1e-11)).head
    z = z.clone().requires_grad_()
    found = head(z)
    torch.testing.assert_close(found, y, rtol=0, atol=1e-5)
    (change,) = torch.autograd.grad(found.sum(), z)
    along = (change[slopes.rows] * slopes.tangents).sum(1)
    torch.testing.assert_close(along, slopes.values, rtol=0, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_radial_derivatives(kind: str) -> None:
    s = torch.linspace(0.1, 9, 7, dtype=torch.float64, requires_grad=True)
    value, first, second = KINDS[kind](s)
    (slope,) = torch.autograd.grad(value.sum(), s, create_graph=True)
    (curvature,) = torch.autograd.grad(slope.sum(), s)
    torch.testing.assert_close(first, -2 * slope)
    torch.testing.assert_close(second, 4 * curvature)


@pytest.mark.parametrize("with_slopes", [True, False])
def test_left_out_is_a_refit_without_the_row(with_slopes: bool) -> None:
    z, y, slopes = observations()
    given = slopes if with_slopes else None
    residuals = interpolate(z, y, given, "gaussian", spread()).residuals
    for row in range(len(z)):
        kept = [k for k in range(len(z)) if k != row]
        rest = None
        if given is not None:
            use = given.rows != row
            rest = Slopes(*(t[use] for t in given))
            rest = rest._replace(rows=rest.rows - (rest.rows > row).long())
        refit = interpolate(z[kept], y[kept], rest, "gaussian", spread()).head
        torch.testing.assert_close(residuals[row], y[row] - refit(z[[row]])[0], rtol=1e-5, atol=1e-8)


def test_derivatives_help_and_unread_inputs_are_not_read() -> None:
    z, y, slopes = observations(30)
    z = torch.cat([z, torch.rand(30, 1, dtype=torch.float64)], dim=1)
    wide = slopes._replace(tangents=torch.nn.functional.pad(slopes.tangents, (0, 1)))
    fresh = torch.rand(500, 4, generator=torch.Generator().manual_seed(2), dtype=torch.float64) * 2 - 1
    errors = []
    for given in (None, wide):
        fit = fit_kernel(z, y, given, inputs=[0, 1, 2])
        assert fit.head.read.tolist() == [True, True, True, False]
        errors.append(float((fit.head(fresh).detach() - function(fresh)).square().mean()))
    assert errors[1] < errors[0] / 100


def test_the_same_rows_give_the_same_head() -> None:
    z, y, slopes = observations()
    one, other = (fit_kernel(z, y, slopes).head.state_dict() for _ in range(2))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_equal_rows_and_constant_values_still_factorise() -> None:
    z = torch.zeros(6, 2, dtype=torch.float64)
    for y in (torch.ones(6), torch.arange(6.0)):
        fit = fit_kernel(z, y.double())
        assert math.isfinite(fit.error)


def test_a_head_over_fewer_or_more_inputs_is_the_same() -> None:
    z, y, slopes = observations()
    head = fit_kernel(z, y, slopes, inputs=[0, 2]).head
    torch.testing.assert_close(head.of([0, 2])(z[:, [0, 2]]), head(z))
    torch.testing.assert_close(head.widened(2)(torch.cat([z, z[:, :2]], dim=1)), head(z))


def test_gradients_at_a_centre_are_finite() -> None:
    z, y, _ = observations()
    for kind in KINDS:
        at = z.clone().requires_grad_()
        interpolate(z, y, None, kind, spread()).head(at).sum().backward()
        assert at.grad is not None
        assert at.grad.isfinite().all()


def damaged() -> dict[str, dict[str, Tensor]]:
    one = torch.ones(4, 2, dtype=torch.float64)
    whole = KernelHead(one, one[0], one[:, 0], one)
    good = {name: tensor.detach() for name, tensor in whole.state_dict().items()}
    head_from_tensors(good, 2)
    return {
        "centres": good | {"centres": torch.ones(4, 3).double()},
        "no rows": good | {"centres": torch.ones(0, 2).double(), "weights": torch.ones(0).double()},
        "rates": good | {"rates": -good["rates"]},
        "weights": good | {"weights": torch.full((4,), math.nan).double()},
        "type": good | {"weights": torch.ones(4)},
        "slopes": good | {"slopes": torch.ones(3, 2).double()},
        "kind": good | {"place": torch.tensor(7)},
        "several kinds": good | {"place": torch.tensor([0, 1])},
    }


@pytest.mark.parametrize("tensors", damaged().values(), ids=damaged())
def test_damaged_tensors_are_refused(tensors: dict[str, Tensor]) -> None:
    with pytest.raises(ValueError, match=r"kernel|slopes"):
        head_from_tensors(tensors, 2)


def test_missing_tensors_are_refused() -> None:
    with pytest.raises(KeyError):
        head_from_tensors({"centres": torch.from_numpy(np.ones((2, 2)))}, 2)
