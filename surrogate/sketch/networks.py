"""The networks of learned functions, R of each at once: one a restart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Generator, Tensor, nn

from cprograms.frontend.sketching import Learned


class Networks(nn.Module):
    """R multilayer perceptrons of one shape: [P, inputs] -> logits [R, P, outputs], ReLU between layers."""

    def __init__(self, restarts: int, widths: Sequence[int], generator: Generator) -> None:
        super().__init__()
        self.widths = tuple(widths)
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for inputs, outputs in pairwise(widths):
            weight = torch.randn(restarts, inputs, outputs, generator=generator) * math.sqrt(2 / inputs)
            self.weights.append(nn.Parameter(weight))
            self.biases.append(nn.Parameter(torch.zeros(restarts, 1, outputs)))

    @property
    def shape(self) -> str:
        """As in "784-256-256-10"."""
        return "-".join(map(str, self.widths))

    def forward(self, x: Tensor) -> Tensor:
        found = x  # [P, inputs], then [R, P, width]
        for k, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            found = torch.matmul(found, weight) + bias
            if k + 1 < len(self.weights):
                found = found.relu()
        return found

    @torch.no_grad()
    def one(self, restart: int) -> Networks:
        """The network of one restart, as R = 1."""
        made = Networks(1, self.widths, torch.Generator())
        for mine, theirs in zip(made.parameters(), self.parameters(), strict=True):
            mine.copy_(theirs[restart : restart + 1])
        return made


def widths_of(function: Learned, modulus: int) -> tuple[int, ...]:
    """The width of each layer of a learned function's network, inputs and outputs among them: whole numbers come in
    one-hot."""
    inputs = function.size if function.takes == "picture" else function.size * modulus
    return (inputs, *function.hidden, max(function.values, 1))


def all_numbers(size: int, modulus: int) -> Tensor:
    """All tuples of whole numbers, one-hot: [modulus ^ size, size modulus], the last number running faster."""
    places = torch.cartesian_prod(*[torch.arange(modulus)] * size).reshape(-1, size)
    return nn.functional.one_hot(places, modulus).flatten(1).to(torch.get_default_dtype())


class Library(nn.ModuleDict):
    """Networks by the names of the functions that they are."""

    def of(self, name: str) -> Networks:
        found = self[name]
        assert isinstance(found, Networks)
        return found
