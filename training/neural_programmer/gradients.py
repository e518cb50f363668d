"""What becomes of a gradient before a step: each restart's is clipped by itself, and noise is added to it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

DECAY = 0.55


def deviation(strength: float, step: int) -> float:
    """Of the noise at a step, from 0: its variance is strength / (1 + step)^0.55 (Neelakantan et al. 2015, "Adding
    gradient noise improves learning for very deep networks", equation 1)."""
    return float((strength / (1 + step) ** DECAY) ** 0.5)


def clip(parameters: Sequence[Tensor], most: float) -> Tensor:
    """Scale the gradients of each restart, the first axis of every parameter, to a norm of at most `most` over all of
    its parameters; the norms before: [R]."""
    gradients = [p.grad for p in parameters if p.grad is not None]
    norms = torch.stack([g.flatten(1).square().sum(1) for g in gradients]).sum(0).sqrt()
    factors = (most / norms.clamp_min(1e-12)).clamp(max=1.0)
    for gradient in gradients:
        gradient.mul_(factors.reshape(-1, *[1] * (gradient.dim() - 1)))
    return norms


def add_noise(parameters: Sequence[Tensor], spread: float, generator: torch.Generator) -> None:
    """Gaussian, of the deviation `spread`, on every gradient."""
    for p in parameters:
        if p.grad is not None:
            p.grad.add_(torch.randn(p.shape, generator=generator), alpha=spread)
