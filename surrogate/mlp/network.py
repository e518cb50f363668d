"""The emitted network: a C function's surrogate, C units in and C units out.

Each result of a program is a tower of its own, an MLP with two hidden layers over the same arguments; the towers are
stored and run together. Shapes: n rows, A arguments, R results, H hidden width.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

HIDDEN = 64


@dataclass(frozen=True)
class Towers:
    """R emitted MLPs over the same A inputs, which are scaled to [-1, 1] by the domain.

    `mean` and `std` [R], float64, take their standardised outputs back to C units; the deviation of a constant is 0.
    The rest is float32.
    """

    w1: np.ndarray  # [R, H, A]
    b1: np.ndarray  # [R, H]
    w2: np.ndarray  # [R, H, H]
    b2: np.ndarray  # [R, H]
    w3: np.ndarray  # [R, H]
    b3: np.ndarray  # [R]
    mean: np.ndarray
    std: np.ndarray


class SurrogateNetwork(nn.Module):
    """The MLP that mimics a program: [n, A] -> [n, R], both in C units.

    The domain's middle and reach (half its width), and the outputs' mean and deviation, are float64 buffers, so that a
    small variation on a large offset survives; between them the towers compute in the parameters' type, float32.
    Differentiable in its inputs and parameters. An argument whose domain is a single value is ignored: its reach is
    infinite.
    """

    mid: Tensor
    reach: Tensor
    mean: Tensor
    std: Tensor

    def __init__(self, arguments: int, results: int, hidden: int = HIDDEN):
        super().__init__()
        A, R, H = arguments, results, hidden
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
        """[n, A] -> [n, R], in the type of `x`."""
        return self.unscale(self.towers(self.scale(x))).to(x.dtype)

    def scale(self, x: Tensor) -> Tensor:
        """C units to [-1, 1] over the domain: [n, A] -> [n, A]. The middle is subtracted in float64."""
        return ((x.to(self.mid.dtype) - self.mid) / self.reach).to(self.w1.dtype)

    def towers(self, x: Tensor) -> Tensor:
        """Scaled inputs to standardised outputs: [n, A] -> [n, R]."""
        h = F.silu(x @ self.w1.mT + self.b1[:, None])  # [R, n, H]
        h = F.silu(h @ self.w2.mT + self.b2[:, None])  # [R, n, H]
        return (h @ self.w3[:, :, None]).squeeze(-1).T + self.b3  # [n, R]

    def unscale(self, y: Tensor) -> Tensor:
        """Standardised outputs to C units: [n, R] -> [n, R] in float64."""
        return self.mean + self.std * y.to(self.mean.dtype)

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters())

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The forward pass on numpy rows, without gradients: float64 [n, A] -> float64 [n, R]."""
        with torch.no_grad():
            return self(torch.from_numpy(np.ascontiguousarray(x, dtype=np.float64))).numpy()


def emitted_network(towers: Towers, domain: np.ndarray) -> SurrogateNetwork:
    """The network with the emitted weights and the domain (float64 [A, 2]) folded in."""
    results, hidden, arguments = towers.w1.shape
    network = SurrogateNetwork(arguments, results, hidden)
    middle, reach = input_scaling(domain)
    # Copies: the parameters must not alias the hypernetwork's arrays.
    tensors = {k: torch.tensor(v) for k, v in (vars(towers) | {"mid": middle, "reach": reach}).items()}
    network.load_state_dict(tensors)
    return network


def random_weights(
    arguments: int, results: int, rng: np.random.Generator, hidden: int = HIDDEN
) -> dict[str, np.ndarray]:
    """The weights of `Towers` drawn as torch's linear layers are: all uniform in ±1/√fan_in."""
    A, R, H = arguments, results, hidden

    def drawn(fan_in: int, *shape: int) -> np.ndarray:
        return rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(fan_in**0.5)

    return {
        "w1": drawn(A, R, H, A),
        "b1": drawn(A, R, H),
        "w2": drawn(H, R, H, H),
        "b2": drawn(H, R, H),
        "w3": drawn(H, R, H),
        "b3": drawn(H, R),
    }


def random_network(
    domain: np.ndarray, mean: np.ndarray, std: np.ndarray, seed: int, hidden: int = HIDDEN
) -> SurrogateNetwork:
    """A network that knows nothing but the domain [A, 2] and its outputs' means and deviations [R]."""
    weights = random_weights(len(domain), len(mean), np.random.default_rng(seed), hidden)
    return emitted_network(Towers(**weights, mean=mean, std=std), domain)


def input_scaling(domain: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and reach [A] of each argument's domain, float64 [A, 2]: inputs become (x - middle) / reach."""
    low, high = domain.T  # [A] each
    # Halves are taken before the difference: the whole range of double is a domain too.
    half = high / 2 - low / 2
    return low + half, np.where(half > 0, half, np.inf)
