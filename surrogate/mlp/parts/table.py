"""A table as a surrogate: where all arguments are integers and the domain is small, every result is known.

Shapes: n rows, A arguments, R results, N points of the domain.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor, nn

from cprograms.program import Program
from cprograms.sandbox import run

MOST_POINTS = 65_536


class Table(nn.Module):
    """The results at every point of a box of integers, in C units: [n, A] -> [n, R] float64.

    An input that is no integer is truncated, as C does it; one outside the box reads the nearest point. Where the
    program has no finite result, the table has NaN.
    """

    low: Tensor
    sizes: Tensor
    values: Tensor

    def __init__(self, low: Tensor, sizes: Tensor, values: Tensor):
        super().__init__()
        self.register_buffer("low", low)  # int64 [A], as `sizes`
        self.register_buffer("sizes", sizes)
        self.register_buffer("values", values)  # float64 [N, R], the last argument runs fastest

    def forward(self, x: Tensor) -> Tensor:
        place = torch.zeros_like(x[:, 0], dtype=torch.int64)
        for k in range(len(self.low)):
            # NaN has no place of its own.
            step = x[:, k].nan_to_num().clamp(-(2.0**62), 2.0**62).to(torch.int64) - self.low[k]
            place = place * self.sizes[k] + step.clamp(min=0).minimum(self.sizes[k] - 1)
        found = self.values[place]
        return found.masked_fill(x.isnan().any(1, keepdim=True), math.nan)


def make_table(program: Program) -> Table | None:
    """The table of a program, run at every point of its domain; None where that is too large or not of integers."""
    if not all(a.type.is_integer for a in program.arguments):
        return None
    low = [math.ceil(max(a.low, a.type.limits[0])) for a in program.arguments]
    high = [math.floor(min(a.high, a.type.limits[1])) for a in program.arguments]
    sizes = [last - first + 1 for first, last in zip(low, high, strict=True)]
    if min(sizes) < 1 or math.prod(sizes) > MOST_POINTS:
        return None
    axes = (np.arange(first, last + 1, dtype=np.float64) for first, last in zip(low, high, strict=True))
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, len(low))
    values = run(program, points)
    values[~np.isfinite(values)] = math.nan
    return Table(torch.tensor(low), torch.tensor(sizes), torch.from_numpy(values))
