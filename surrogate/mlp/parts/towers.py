"""A tower, the MLP that stands for one result of a program, as batched functions; and the damped Gauss–Newton step on
towers that training, -O1 and -O2 share.

Shapes: B towers, K rows, A arguments, H hidden width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar, cast

import torch
from torch import Tensor
from torch.nn import functional as F


class Towers(NamedTuple):
    """B MLPs with two hidden layers over the same A arguments; biases are the last columns.

    Inputs are scaled to [-1, 1] by the domain, outputs are standardised. As a tuple it is its three layers.
    """

    w1: Tensor  # [B, H, A+1]
    w2: Tensor  # [B, H, H+1]
    w3: Tensor  # [B, 1, H+1]

    def map(self, change: Callable[[Tensor], Tensor]) -> Towers:
        """The same change to every layer."""
        return Towers(*map(change, self))

    def apart(self) -> list[Towers]:
        """Each tower as a batch of its own, [1, ...]."""
        return [Towers(*layers) for layers in zip(*(w.unsqueeze(1) for w in self), strict=True)]

    def of(self, arguments: Sequence[int]) -> Towers:
        """With the columns of these arguments only, in this order: w1 becomes [B, H, len(arguments)+1]."""
        columns = torch.tensor([*arguments, self.w1.shape[2] - 1], device=self.w1.device)
        return self._replace(w1=self.w1.index_select(2, columns))

    def widened(self, columns: int) -> Towers:
        """With so many further inputs, which are not read yet: w1 becomes [B, H, A+columns+1]."""
        w1 = F.pad(self.w1, (0, columns))
        w1[:, :, -1] = self.w1[:, :, -1]
        w1[:, :, self.w1.shape[2] - 1 : -1] = 0
        return self._replace(w1=w1)

    def among(self, arguments: int, places: Sequence[int]) -> Towers:
        """Over more arguments, of which those that are read have these places: w1 becomes [B, H, arguments+1]."""
        w1 = self.w1.new_zeros(*self.w1.shape[:2], arguments + 1)
        w1[:, :, [*places, arguments]] = self.w1
        return self._replace(w1=w1)


def join(parts: Sequence[Towers]) -> Towers:
    """All the towers of some batches, one batch after another."""
    return Towers(*(torch.cat(layer) for layer in zip(*parts, strict=True)))


def choose(mask: Tensor, yes: Towers, no: Towers) -> Towers:
    """Towers of `yes` where the mask [B] is set, else of `no`."""
    return Towers(*(torch.where(mask[:, None, None], a, b) for a, b in zip(yes, no, strict=True)))


Deviations = Sequence[tuple[Tensor, Tensor]]
"""How far the weights of each layer are expected to move: an outer product of its rows' [B, out] and its columns' [B,
in+1] deviations."""

P = ParamSpec("P")
T = TypeVar("T")


def full_precision(function: Callable[P, T]) -> Callable[P, T]:
    """Keep a function out of mixed precision: weights need their digits, small matrices gain nothing from bfloat16."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        with torch.autocast("cpu", enabled=False), torch.autocast("cuda", enabled=False):
            return function(*args, **kwargs)

    return run


def with_one(a: Tensor) -> Tensor:
    """[..., n] -> [..., n+1], the last column 1."""
    return F.pad(a, (0, 1), value=1.0)


@full_precision
def outputs(towers: Towers, x: Tensor) -> Tensor:
    """Apply B towers to inputs scaled to [-1, 1]: [B, K, A] -> [B, K]."""
    w1, w2, w3 = towers
    h = F.silu(with_one(x) @ w1.mT)  # [B, K, H]
    h = F.silu(with_one(h) @ w2.mT)  # [B, K, H]
    return (with_one(h) @ w3.mT).squeeze(-1)  # [B, K]


def mean_squares(towers: Towers, x: Tensor, y: Tensor) -> Tensor:
    """[B]: mean squared errors on rows x [B, K, A], y [B, K]."""
    return (outputs(towers, x) - y).square().mean(1)


def standardised(towers: Towers, x: Tensor) -> Towers:
    """Move towers towards mean 0 and deviation 1 over inputs x [B, K, A], as the outputs that they stand for have.

    The mean is taken out, a deviation above 1 as well; one below 1 is raised to its square root: where a tower knows
    little of its program it varies less, and not all of that is an error.
    """
    w3 = towers.w3
    f = outputs(towers, x)  # [B, K]
    std = f.std(1, correction=0, keepdim=True).clamp_min(0.01)  # [B, 1]
    shifted = torch.cat([w3[:, 0, :-1], w3[:, 0, -1:] - f.mean(1, keepdim=True)], dim=-1)  # [B, H+1]
    return towers._replace(w3=(shifted / torch.where(std < 1, std.sqrt(), std)).unsqueeze(1))


def linearise(towers: Towers, x: Tensor) -> tuple[Tensor, list[Tensor], list[Tensor]]:
    """Outputs [B, K], each layer's inputs [B, K, in+1], and the output's slopes to each layer's sums [B, K, out]."""
    w1, w2, w3 = towers
    a0 = with_one(x)  # [B, K, A+1]
    z1 = a0 @ w1.mT  # [B, K, H]
    a1 = with_one(F.silu(z1))  # [B, K, H+1]
    z2 = a1 @ w2.mT  # [B, K, H]
    a2 = with_one(F.silu(z2))  # [B, K, H+1]
    f = (a2 @ w3.mT).squeeze(-1)  # [B, K]
    s3 = torch.ones_like(f).unsqueeze(-1)  # [B, K, 1]
    s2 = w3[:, :, :-1] * silu_slope(z2)  # [B, K, H]
    s1 = (s2 @ w2[:, :, :-1]) * silu_slope(z1)  # [B, K, H]
    return f, [a0, a1, a2], [s1, s2, s3]


def squares_gradient(towers: Towers, x: Tensor, y: Tensor, into: list[Tensor]) -> None:
    """The gradient of the mean squared error of towers on rows x [B, K, A], y [B, K], a layer each."""
    f, inputs, slopes = linearise(towers, x)
    residual = (2 / x.shape[1] * (f - y)).unsqueeze(-1)
    for s, a, gradient in zip(slopes, inputs, into, strict=True):
        torch.bmm((s * residual).mT, a, out=gradient)


class _PositiveSolve(torch.autograd.Function):
    """Autograd would differentiate the factorisation, which takes far longer than the solution's own gradient."""

    @staticmethod
    def forward(ctx: Any, matrix: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
        factor, info = torch.linalg.cholesky_ex(matrix)
        failed = info != 0
        if failed.any():
            factor = torch.where(failed[:, None, None], torch.eye(len(matrix[0])).to(factor), factor)
        solution = torch.cholesky_solve(right, factor).masked_fill(failed[:, None, None], 0)
        ctx.save_for_backward(factor, solution, failed)
        ctx.mark_non_differentiable(failed)
        return solution, failed

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor]:
        factor, solution, failed = ctx.saved_tensors
        to_right = torch.cholesky_solve(gradients[0], factor).masked_fill(failed[:, None, None], 0)
        return -to_right @ solution.mT, to_right


def positive_solve(matrix: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """M⁻¹ r of symmetric positive definite matrices [B, n, n] and r [B, n, 1]; and which M failed to factorise [B].

    Those have solution 0. The gradients, for g the solution's, are M⁻¹ g to r and −(M⁻¹ g)(M⁻¹ r)ᵀ to M, which holds
    where M is made symmetric.
    """
    solve = cast(Callable[[Tensor, Tensor], tuple[Tensor, Tensor]], _PositiveSolve.apply)
    return solve(matrix, right)


def damped_step(
    inputs: list[Tensor], slopes: list[Tensor], deviations: Deviations, residual: Tensor, damping: Tensor, jitter: float
) -> tuple[list[Tensor], Tensor]:
    """The step S² Jᵀ (J S² Jᵀ + λ I)⁻¹ r, a layer each, and which towers failed to factorise [B] (their step is zero).

    `inputs` and `slopes` are of `linearise`, S of `deviations`, r is the residual [B, K], λ the damping [B] plus
    `jitter` times the kernel's mean diagonal, which keeps float32 factorising. As S is an outer product a layer, the
    K × K kernel is an elementwise product of two Gram matrices and no Jacobian is formed: O(K² H + K H²) beside the
    Cholesky's K³.
    """
    kernel = residual.new_zeros(1)
    for a, s, (rows, columns) in zip(inputs, slopes, deviations, strict=True):
        scaled_a, scaled_s = a * columns[:, None], s * rows[:, None]  # [B, K, in+1], [B, K, out]
        kernel = kernel + (scaled_s @ scaled_s.mT) * (scaled_a @ scaled_a.mT)  # [B, K, K]
    diagonal = kernel.diagonal(dim1=-2, dim2=-1)  # [B, K], a view
    diagonal.add_((damping + jitter * diagonal.mean(-1))[:, None])
    alpha, failed = positive_solve(kernel, residual.unsqueeze(-1))  # [B, K, 1], [B]
    steps = [
        ((s * rows[:, None] ** 2) * alpha).mT @ (a * columns[:, None] ** 2)  # [B, out, in+1]
        for a, s, (rows, columns) in zip(inputs, slopes, deviations, strict=True)
    ]
    return steps, failed


def silu_slope(z: Tensor) -> Tensor:
    """The derivative of z σ(z)."""
    s = torch.sigmoid(z)
    return s * (1 + z * (1 - s))
