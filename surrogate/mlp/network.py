"""The emitted network: a C function's surrogate, C units in and C units out.

Each result of a program is a tower of its own, an MLP with two hidden layers over the same arguments; the towers are
stored and run together. Shapes: n rows, A arguments, R results, H hidden width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional as F

from surrogate.mlp.towers import Towers
from surrogate.numeric.batches import as_rows, like_inputs

# Tracers of torch.fx take them as steps of their own: what they decide by shapes and types is decided anew in every call
# of what was traced.
torch.fx.wrap("as_rows")
torch.fx.wrap("like_inputs")

HIDDEN = 64


class Scale(NamedTuple):
    """What takes standardised outputs to C units; the deviation of a constant is 0."""

    mean: np.ndarray  # float64 [R], as `std`
    std: np.ndarray

    def of(self, result: int) -> Scale:
        """That of one result, [1] each."""
        return Scale(self.mean[[result]], self.std[[result]])


class SurrogateNetwork(nn.Module):
    """The MLP that mimics a program: [..., A] -> [..., R], both in C units.

    The domain's middle and reach (half its width), and the outputs' mean and deviation, are float64 buffers, so that a
    small variation on a large offset survives; between them the towers compute in the parameters' type, float32.
    Differentiable in its inputs and parameters. An argument whose domain is a single value is ignored: its reach is
    infinite. `arguments` are the names of the inputs, for messages.
    """

    mid: Tensor
    reach: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, arguments: int, results: int, hidden: int = HIDDEN):
        super().__init__()
        A, R, H = arguments, results, hidden
        self.arguments = tuple(f"argument {i + 1}" for i in range(A))
        self.w1 = nn.Parameter(torch.zeros(R, H, A))
        self.b1 = nn.Parameter(torch.zeros(R, H))
        self.w2 = nn.Parameter(torch.zeros(R, H, H))
        self.b2 = nn.Parameter(torch.zeros(R, H))
        self.w3 = nn.Parameter(torch.zeros(R, H))
        self.b3 = nn.Parameter(torch.zeros(R))
        self.register_buffer("mid", torch.zeros(A, dtype=torch.float64))
        self.register_buffer("reach", torch.ones(A, dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(R, dtype=torch.float64))
        self.register_buffer("std", torch.ones(R, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        """[..., A] -> [..., R] for any batch shape, in the floating type of `x`, else in torch's default type.

        Raises ValueError for a last axis of another length than A, and for complex numbers.
        """
        rows = as_rows(x, self.arguments)
        return like_inputs(self.unscale(self.outputs(self.scale(rows))), x)

    def scale(self, x: Tensor) -> Tensor:
        """C units to [-1, 1] over the domain: [n, A] -> [n, A]. The middle is subtracted in float64."""
        return ((x.to(self.mid.dtype) - self.mid) / self.reach).to(self.w1.dtype)

    def outputs(self, x: Tensor) -> Tensor:
        """Scaled inputs to standardised outputs: [n, A] -> [n, R]."""
        h = F.silu(x @ self.w1.mT + self.b1[:, None])  # [R, n, H]
        h = F.silu(h @ self.w2.mT + self.b2[:, None])  # [R, n, H]
        return (h @ self.w3[:, :, None]).squeeze(-1).T + self.b3  # [n, R]

    def unscale(self, y: Tensor) -> Tensor:
        """Standardised outputs to C units: [n, R] -> [n, R] in float64."""
        return self.mean + self.std * y.to(self.mean.dtype)

    @property
    def towers(self) -> Towers:
        """The weights as a batch of R towers: [R, H, A+1], [R, H, H+1], [R, 1, H+1]."""
        return Towers(
            torch.cat([self.w1, self.b1[..., None]], dim=-1),
            torch.cat([self.w2, self.b2[..., None]], dim=-1),
            torch.cat([self.w3, self.b3[:, None]], dim=-1)[:, None],
        )

    @torch.no_grad()
    def hold(self, towers: Towers) -> None:
        """Take the weights of R towers; what was there is overwritten."""
        w1, w2, w3 = towers
        values = w1[..., :-1], w1[..., -1], w2[..., :-1], w2[..., -1], w3[:, 0, :-1], w3[:, 0, -1]
        for parameter, value in zip(self.parameters(), values, strict=True):
            parameter.copy_(value)

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The forward pass on numpy rows, without gradients: float64 [..., A] -> float64 [..., R]."""
        with torch.no_grad():
            y: Tensor = self(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64)))
        return y.numpy()


def emitted_network(towers: Towers, scale: Scale, domain: np.ndarray) -> SurrogateNetwork:
    """The network of R towers, with their outputs' scale and the domain (float64 [A, 2]) folded in."""
    results, hidden, columns = towers.w1.shape
    network = SurrogateNetwork(columns - 1, results, hidden)
    network.hold(towers)
    network.mid[:], network.reach[:] = (torch.tensor(v) for v in input_scaling(domain))
    network.mean[:], network.std[:] = (torch.tensor(v) for v in scale)
    return network


def random_towers(arguments: int, results: int, rng: np.random.Generator, hidden: int = HIDDEN) -> Towers:
    """R towers drawn as torch's linear layers are: all uniform in ±1/√fan_in."""

    def layer(outputs: int, inputs: int) -> Tensor:
        """[R, outputs, inputs+1]"""
        drawn = [rng.uniform(-1, 1, (results, outputs, columns)) for columns in (inputs, 1)]
        return torch.from_numpy(np.concatenate(drawn, axis=-1).astype(np.float32) / np.float32(inputs**0.5))

    return Towers(layer(hidden, arguments), layer(hidden, hidden), layer(1, hidden))


def random_network(domain: np.ndarray, scale: Scale, seed: int, hidden: int = HIDDEN) -> SurrogateNetwork:
    """A network that knows nothing but the domain [A, 2] and its outputs' scale."""
    towers = random_towers(len(domain), len(scale.mean), np.random.default_rng(seed), hidden)
    return emitted_network(towers, scale, domain)


def input_scaling(domain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and reach [A] of each argument's domain, float64 [A, 2]: inputs become (x - middle) / reach."""
    low, high = domain.T  # [A] each
    # Halves are taken before the difference: the whole range of double is a domain too.
    half = high / 2 - low / 2
    return low + half, np.where(half > 0, half, np.inf)
