"""Losses that trainings share."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def program_errors(error: Tensor) -> Tensor:
    """[..., Q] -> [...]: the mean over rows of twice Huber's function, which is a square up to an error of 1."""
    return nn.functional.huber_loss(error, torch.zeros_like(error), reduction="none").mul(2).mean(-1)


def program_loss(error: Tensor, floor: float) -> Tensor:
    """[B, Q] -> []: the logarithm of a program's error makes an easy program's progress count as well."""
    return torch.log1p(program_errors(error) / floor).mean()
