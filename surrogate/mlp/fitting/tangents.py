"""Levenberg–Marquardt on values and derivatives: Sobolev training (Czarnecki et al. 2017) of towers.

A derivative of a tower's output along a tangent of its inputs is what forward differentiation carries; its own gradient
to a layer's weights is the sum of two outer products, as that of the output is one. So the kernel of all equations
needs Gram matrices alone, and no Jacobian is formed.

Shapes: B towers, n rows, D derivatives, E = n + D equations, Z inputs, H hidden width.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional as F

from surrogate.mlp.fitting.finetune import DEVIATIONS, JITTER, next_damping
from surrogate.mlp.parts.towers import Towers, choose, positive_solve, silu_slope, with_one


class Equations(NamedTuple):
    """What B towers are to give, the same rows with weights of each tower's own: float32 all.

    Values: z [n, Z], y [n]. Derivatives: of row `rows` int64 [D], along `tangents` [D, Z], `slopes` [D]. `weights` are
    [B, E], the values' first; an equation of weight 0 does not count.
    """

    z: Tensor
    y: Tensor
    rows: Tensor
    tangents: Tensor
    slopes: Tensor
    weights: Tensor

    @property
    def targets(self) -> Tensor:
        """[E]"""
        return torch.cat([self.y, self.slopes])


class Linear(NamedTuple):
    """Outputs [B, E] and, a layer each, the two outer products of their gradients: an equation's gradient to a layer is
    `first` ⊗ `inputs` + `second` ⊗ `changes`, of [B, E, out] and [B, E, in+1]."""

    outputs: Tensor
    first: list[Tensor]
    inputs: list[Tensor]
    second: list[Tensor]
    changes: list[Tensor]


def outputs(towers: Towers, equations: Equations) -> Tensor:
    """Values, then derivatives: [B, E]."""
    w1, w2, w3 = towers
    rows = equations.rows
    z1 = with_one(equations.z) @ w1.mT  # [B, n, H]
    z2 = with_one(F.silu(z1)) @ w2.mT
    values = with_one(F.silu(z2)) @ w3.mT  # [B, n, 1]
    change = silu_slope(z1)[:, rows] * (equations.tangents @ w1[:, :, :-1].mT)  # [B, D, H]
    change = silu_slope(z2)[:, rows] * (change @ w2[:, :, :-1].mT)
    return torch.cat([values, change @ w3[:, :, :-1].mT], dim=1).squeeze(-1)


def linearise(towers: Towers, equations: Equations) -> Linear:
    """See `Linear`. Dots are changes along a tangent, of the row that it belongs to."""
    w1, w2, w3 = towers
    r, count = equations.rows, len(towers.w1)
    a0 = with_one(equations.z).expand(count, -1, -1)  # [B, n, Z+1]
    z1 = a0 @ w1.mT  # [B, n, H]
    a1 = with_one(F.silu(z1))
    z2 = a1 @ w2.mT  # [B, n, H]
    a2 = with_one(F.silu(z2))
    slope1, slope2 = silu_slope(z1), silu_slope(z2)  # [B, n, H]
    a0_dot = F.pad(equations.tangents, (0, 1)).expand(count, -1, -1)  # [B, D, Z+1]
    z1_dot = a0_dot @ w1.mT  # [B, D, H]
    a1_dot = F.pad(slope1[:, r] * z1_dot, (0, 1))
    z2_dot = a1_dot @ w2.mT
    a2_dot = F.pad(slope2[:, r] * z2_dot, (0, 1))
    s3 = torch.ones_like(a2[:, :, :1])  # [B, n, 1]
    s2 = w3[:, :, :-1] * slope2  # [B, n, H]
    back = s2 @ w2[:, :, :-1]
    s1 = back * slope1
    s2_dot = w3[:, :, :-1] * silu_curvature(z2)[:, r] * z2_dot  # [B, D, H]
    s1_dot = (s2_dot @ w2[:, :, :-1]) * slope1[:, r] + back[:, r] * silu_curvature(z1)[:, r] * z1_dot
    values, dots, inputs = [s1, s2, s3], [s1_dot, s2_dot, torch.zeros_like(a2_dot[:, :, :1])], [a0, a1, a2]
    return Linear(
        torch.cat([a2 @ w3.mT, a2_dot @ w3.mT], dim=1).squeeze(-1),
        [torch.cat([s, dot], dim=1) for s, dot in zip(values, dots, strict=True)],
        [torch.cat([a, a[:, r]], dim=1) for a in inputs],
        [torch.cat([torch.zeros_like(s), s[:, r]], dim=1) for s in values],
        [torch.cat([torch.zeros_like(a), d], dim=1) for a, d in zip(inputs, [a0_dot, a1_dot, a2_dot], strict=True)],
    )


@dataclass
class SobolevDescent:
    """Steps of B towers on equations; `columns` [B, Z+1] as `surrogate.mlp.fitting.finetune.Descent` has them."""

    towers: Towers
    equations: Equations
    columns: Tensor

    def __post_init__(self) -> None:
        self.damping = torch.ones(len(self.columns))
        self.error = self._errors(outputs(self.towers, self.equations))

    def step(self) -> None:
        """Try one step; each tower takes it where it lowers its weighted error."""
        linear = linearise(self.towers, self.equations)
        steps, failed = self._steps(linear)
        tried = Towers(*(w + step for w, step in zip(self.towers, steps, strict=True)))
        error = self._errors(outputs(tried, self.equations))
        better = (error < self.error) & ~failed
        self.towers = choose(better, tried, self.towers)
        self.error = torch.where(better, error, self.error)
        self.damping = next_damping(self.damping, better)

    def _errors(self, found: Tensor) -> Tensor:
        return ((found - self.equations.targets) * self.equations.weights).square().sum(1)

    def _steps(self, linear: Linear) -> tuple[list[Tensor], Tensor]:
        """As `surrogate.mlp.parts.towers.damped_step`, of weighted equations."""
        weights = self.equations.weights[..., None]
        kernel = torch.zeros(1)
        parts = []
        for layer, deviation in enumerate(DEVIATIONS):
            columns = self.columns[:, None] if layer == 0 else torch.ones(1)
            first, second = (weights * s[layer] for s in (linear.first, linear.second))
            inputs, changes = linear.inputs[layer] * columns, linear.changes[layer] * columns
            mixed = (first @ second.mT) * (inputs @ changes.mT)
            own = (first @ first.mT) * (inputs @ inputs.mT) + (second @ second.mT) * (changes @ changes.mT)
            kernel = kernel + deviation**2 * (own + mixed + mixed.mT)
            parts.append((deviation**2, columns, first, inputs, second, changes))
        diagonal = kernel.diagonal(dim1=-2, dim2=-1)
        diagonal.add_((self.damping + JITTER[diagonal.dtype] * diagonal.mean(-1))[:, None])
        residual = (self.equations.targets - linear.outputs) * self.equations.weights
        alpha, failed = positive_solve(kernel, residual.unsqueeze(-1))  # [B, E, 1]
        steps = [
            variance * ((first * alpha).mT @ inputs + (second * alpha).mT @ changes) * columns
            for variance, columns, first, inputs, second, changes in parts
        ]
        return steps, failed


def silu_curvature(z: Tensor) -> Tensor:
    """The second derivative of z σ(z)."""
    s = torch.sigmoid(z)
    return s * (1 - s) * (2 + z * (1 - 2 * s))
