"""Large networks learn with products in bfloat16, where the processor has instructions for them: three times as fast.

Weights, what is optimised, and everything but the products stay in float32, and so does a program that is run.
"""

from __future__ import annotations

import torch
from torch import nn

LARGE = 1 << 15
"""A network whose largest layer has at least so many weights gains by it."""


def halves(networks: nn.Module, restarts: int) -> bool:
    """Whether the networks, of so many restarts at once, are learned in bfloat16 here."""
    fast = torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
    return bool(fast) and any(p.numel() >= LARGE * restarts for p in networks.parameters())


def halved(enabled: bool) -> torch.autocast:
    """A context in which products are taken in bfloat16."""
    return torch.autocast("cpu", torch.bfloat16, enabled=enabled)
