"""The towers' derivatives and the gradients of these, against autograd."""

from __future__ import annotations

import torch
from torch import Tensor

from surrogate.mlp.fitting.tangents import Equations, SobolevDescent, linearise, outputs
from surrogate.mlp.parts.towers import Towers
from surrogate.mlp.parts.towers import outputs as values_of


def drawn(count: int = 2, rows: int = 4, inputs: int = 3, hidden: int = 5) -> tuple[Towers, Equations]:
    generator = torch.Generator().manual_seed(0)

    def draw(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    towers = Towers(draw(count, hidden, inputs + 1), draw(count, hidden, hidden + 1), draw(count, 1, hidden + 1))
    of_rows = torch.tensor([0, 0, 2, 3, 3])
    weights = draw(count, rows + len(of_rows)).abs()
    return towers, Equations(
        draw(rows, inputs), draw(rows), of_rows, draw(len(of_rows), inputs), draw(len(of_rows)), weights
    )


def by_autograd(towers: Towers, equations: Equations) -> Tensor:
    """Values, then derivatives along the tangents, [B, E], differentiable in the weights."""
    z = equations.z.expand(len(towers.w1), -1, -1).clone().requires_grad_()
    values = values_of(towers, z)
    (slope,) = torch.autograd.grad(values.sum(), z, create_graph=True)
    return torch.cat([values, (slope[:, equations.rows] * equations.tangents).sum(-1)], dim=1)


def test_outputs_are_values_and_derivatives() -> None:
    towers, equations = drawn()
    expected = by_autograd(towers, equations)
    torch.testing.assert_close(outputs(towers, equations), expected)
    torch.testing.assert_close(linearise(towers, equations).outputs, expected)


def test_the_outer_products_are_the_jacobian() -> None:
    towers, equations = drawn()
    linear = linearise(towers, equations)
    jacobians = torch.autograd.functional.jacobian(  # type: ignore[no-untyped-call]
        lambda *layers: by_autograd(Towers(*layers), equations), tuple(towers)
    )
    for layer, jacobian in enumerate(jacobians):
        for tower in range(2):
            first, second = (s[layer][tower][:, :, None] for s in (linear.first, linear.second))
            inputs, changes = (a[layer][tower][:, None, :] for a in (linear.inputs, linear.changes))
            torch.testing.assert_close(first * inputs + second * changes, jacobian[tower, :, tower])


def test_steps_lower_the_weighted_error_and_leave_columns_of_zero() -> None:
    towers, equations = drawn(rows=6)
    towers, equations = (
        towers.map(Tensor.float),
        Equations(*(t if t.dtype == torch.int64 else t.float() for t in equations)),
    )
    columns = torch.ones(2, 4)
    columns[:, 1] = 0
    descent = SobolevDescent(towers, equations, columns)
    before = descent.error
    for _ in range(20):
        descent.step()
    assert (descent.error < before / 100).all()
    torch.testing.assert_close(descent.towers.w1[:, :, 1], towers.w1[:, :, 1])
