"""The emitted network: a C function's surrogate, C units in and C units out.

Each result of a program is a tower of its own, an MLP with two hidden layers over the same arguments; the towers are
stored and run together. Shapes: n rows, A arguments, R results, H hidden width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
import torch.fx
from torch import Tensor, nn
from torch.nn import functional as F

from surrogate.mlp.parts.kernel import KernelHead
from surrogate.mlp.parts.polynomial import Chebyshev
from surrogate.mlp.parts.table import Table
from surrogate.mlp.parts.taps import Taps
from surrogate.mlp.parts.towers import Towers
from surrogate.numeric.batches import as_rows, like_inputs, predicted

# Tracers of torch.fx take them as steps of their own: what they decide by shapes and types is decided anew in every
# call of what was traced.
torch.fx.wrap("as_rows")
torch.fx.wrap("like_inputs")

HIDDEN, MOST_HIDDEN = 64, 1024
"""Of a tower: those that the hypernetwork emits, and the most that one may have."""
AT_ONCE = 4096
"""Rows of a prediction that are computed at once: what the parts make of them stays in the processor's cache."""


class Scale(NamedTuple):
    """What takes standardised outputs to C units; the deviation of a constant is 0."""

    mean: np.ndarray  # float64 [R], as `std`
    std: np.ndarray

    def of(self, result: int) -> Scale:
        """That of one result, [1] each."""
        return Scale(self.mean[[result]], self.std[[result]])


class SurrogateNetwork(nn.Module):
    """The network that mimics a program: [..., A] -> [..., R], both in C units.

    Its inputs are the arguments, scaled to [-1, 1] over the domain, and the `taps` where it has some. Its output is the
    sum of its parts: the MLP, one tower a result, of no hidden unit where it has none; a `polynomial`; and `kernels`,
    by the numbers of the results that have one. With a `table` it has no other part. The domain's middle and reach
    (half its width), and the outputs' mean and deviation, are float64 buffers, so that a small variation on a large
    offset survives; between them the towers compute in the parameters' type, `dtype`. Differentiable in its inputs and
    parameters. An argument whose domain is a single value is ignored: its reach is infinite. `arguments` are the names
    of the inputs, for messages.
    """

    mid: Tensor
    reach: Tensor
    mean: Tensor
    std: Tensor

    def __init__(
        self,
        arguments: int,
        results: int,
        hidden: int = HIDDEN,
        taps: Taps | None = None,
        polynomial: Chebyshev | None = None,
        dtype: torch.dtype = torch.float32,
        table: Table | None = None,
        kernels: Mapping[int, KernelHead] | None = None,
    ):
        super().__init__()
        A, R, H = arguments, results, hidden
        Z = A + (len(taps) if taps else 0)
        self.arguments = tuple(f"argument {i + 1}" for i in range(A))
        self.w1 = nn.Parameter(torch.zeros(R, H, Z, dtype=dtype))
        self.b1 = nn.Parameter(torch.zeros(R, H, dtype=dtype))
        self.w2 = nn.Parameter(torch.zeros(R, H, H, dtype=dtype))
        self.b2 = nn.Parameter(torch.zeros(R, H, dtype=dtype))
        self.w3 = nn.Parameter(torch.zeros(R, H, dtype=dtype))
        self.b3 = nn.Parameter(torch.zeros(R, dtype=dtype))
        self.register_buffer("mid", torch.zeros(A, dtype=torch.float64))
        self.register_buffer("reach", torch.ones(A, dtype=torch.float64))
        self.register_buffer("mean", torch.zeros(R, dtype=torch.float64))
        self.register_buffer("std", torch.ones(R, dtype=torch.float64))
        self.taps, self.polynomial, self.table = taps, polynomial, table
        self.kernels = nn.ModuleDict({str(k): head for k, head in sorted((kernels or {}).items())})

    def forward(self, x: Tensor) -> Tensor:
        """[..., A] -> [..., R] for any batch shape, in the floating type of `x`, else in torch's default type.

        Raises ValueError for a last axis of another length than A, and for complex numbers.
        """
        rows = as_rows(x, self.arguments)
        if self.table is not None:
            return like_inputs(self.table(rows), x)
        return like_inputs(self.unscale(self.outputs(self.inputs(rows))), x)

    def inputs(self, x: Tensor) -> Tensor:
        """C units to what the parts read: [n, A] -> [n, Z] float64. The middle is subtracted in float64."""
        x = x.to(self.mid.dtype)
        scaled = (x - self.mid) / self.reach
        return scaled if self.taps is None else torch.cat([scaled, self.taps(x)], dim=1)

    def outputs(self, z: Tensor) -> Tensor:
        """Inputs to standardised outputs: [n, Z] -> [n, R]."""
        found, exact = self.tower_outputs(z.to(self.w1.dtype)), z.to(self.mid.dtype)
        if self.polynomial is not None:
            found = found + self.polynomial(exact)
        return found + self.kernel_outputs(exact) if len(self.kernels) else found

    def kernel_outputs(self, z: Tensor) -> Tensor:
        """What the kernels make of the inputs: [n, Z] -> [n, R], 0 for a result that has none."""
        none = z.new_zeros(z.shape[0])
        results = (str(k) for k in range(self.mean.shape[0]))
        return torch.stack([self.kernels[k](z) if k in self.kernels else none for k in results], dim=1)

    def tower_outputs(self, z: Tensor) -> Tensor:
        """What the MLP makes of its inputs: [n, Z] -> [n, R]."""
        h = F.silu(z @ self.w1.mT + self.b1[:, None])  # [R, n, H]
        h = F.silu(h @ self.w2.mT + self.b2[:, None])  # [R, n, H]
        return (h @ self.w3[:, :, None]).squeeze(-1).T + self.b3  # [n, R]

    def unscale(self, y: Tensor) -> Tensor:
        """Standardised outputs to C units: [n, R] -> [n, R] in float64."""
        return self.mean + self.std * y.to(self.mean.dtype)

    @property
    def towers(self) -> Towers:
        """The weights as a batch of R towers: [R, H, Z+1], [R, H, H+1], [R, 1, H+1]."""
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
        for parameter, value in zip(self.tower_parameters, values, strict=True):
            parameter.copy_(value)

    def hold_nothing(self) -> None:
        """Have towers of no hidden unit, which are 0."""
        shapes = {"w1": (0, self.w1.shape[2]), "b1": (0,), "w2": (0, 0), "b2": (0,), "w3": (0,), "b3": ()}
        for name, shape in shapes.items():
            setattr(self, name, nn.Parameter(torch.zeros(len(self.mean), *shape, dtype=self.w1.dtype)))

    @property
    def tower_parameters(self) -> tuple[nn.Parameter, ...]:
        """The weights and biases of the MLP."""
        return self.w1, self.b1, self.w2, self.b2, self.w3, self.b3

    @torch.no_grad()
    def weigh(self, result: int, share: float) -> None:
        """Make a tower's outputs so many times what they are."""
        self.w3[result] *= share
        self.b3[result] *= share

    @torch.no_grad()
    def silence(self, result: int) -> None:
        """Make every part give 0 for a result."""
        for weights in self.tower_parameters:
            weights[result] = 0
        if self.polynomial is not None:
            self.polynomial.coefficients[result] = 0
        if str(result) in self.kernels:
            del self.kernels[str(result)]

    @property
    def heads(self) -> dict[int, KernelHead]:
        """The kernels by the numbers of their results."""
        return {int(k): head for k, head in self.kernels.items() if isinstance(head, KernelHead)}

    @property
    def parameter_count(self) -> int:
        return sum(p.numel() for p in self.parameters() if p.requires_grad)

    def predict(self, x: np.ndarray) -> np.ndarray:
        """The forward pass on numpy rows, without gradients: float64 [..., A] -> float64 [..., R]."""
        return predicted(self, x, AT_ONCE)


def emitted_network(
    towers: Towers,
    scale: Scale,
    domain: np.ndarray,
    taps: Taps | None = None,
    polynomial: Chebyshev | None = None,
    kernels: Mapping[int, KernelHead] | None = None,
) -> SurrogateNetwork:
    """The network of R towers and other parts, with their outputs' scale and the domain (float64 [A, 2]) folded in."""
    results, hidden, _ = towers.w1.shape
    network = SurrogateNetwork(len(domain), results, hidden, taps, polynomial, towers.w1.dtype, kernels=kernels)
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


def in_deviations(values: np.ndarray, mean: float | np.ndarray, std: float | np.ndarray) -> np.ndarray:
    """Outputs in C units as standardised ones. Halves: the difference of large doubles overflows."""
    return np.asarray((values / 2 - mean / 2) / std * 2)


def rescaled(towers: Towers, old: Scale, new: Scale) -> Towers:
    """R towers whose standardised outputs had one scale, as towers of another: C units stay."""
    unit = torch.from_numpy(np.where(new.std > 0, new.std, 1))
    w3 = towers.w3.double() * (torch.from_numpy(old.std) / unit)[:, None, None]  # [R, 1, H+1]
    w3[:, 0, -1] += (torch.from_numpy(old.mean) - torch.from_numpy(new.mean)) / unit
    return towers._replace(w3=w3.to(towers.w3.dtype))


def pruned(network: SurrogateNetwork) -> SurrogateNetwork:
    """The same network without the taps that no part reads, and without an MLP that is 0 beside a polynomial.

    The given one is left as it is; it is returned where there is nothing to leave out.
    """
    idle = network.polynomial is not None and not (network.w3.any() or network.b3.any())
    if network.taps is None and not idle:
        return network
    read = network.w1.flatten(0, 1).any(0) & torch.tensor(not idle)  # [Z]
    if network.polynomial is not None:
        read = read | network.polynomial.exponents.any(0)
    for head in network.heads.values():
        read = read | head.read
    A, given = len(network.mid), network.taps
    taps = [k for k in range(len(read) - A) if read[A + k]]
    columns = [*range(A), *(A + k for k in taps)]
    found = over_columns(network, columns, given.of(taps) if given is not None and taps else None)
    if idle:
        found.hold_nothing()
    return found


def over_columns(
    network: SurrogateNetwork, columns: Sequence[int], taps: Taps | None, table: Table | None = None
) -> SurrogateNetwork:
    """The same network over some of its inputs, in this order: all arguments, then those of `taps`."""
    A, skip = len(network.mid), network.polynomial
    arguments, inputs = list(columns[:A]), list(columns)
    found = SurrogateNetwork(
        A,
        len(network.mean),
        network.w1.shape[1],
        taps,
        skip and Chebyshev(skip.exponents[:, inputs], skip.coefficients.detach().clone()),
        network.w1.dtype,
        table,
        {k: head.of(inputs) for k, head in network.heads.items()},
    )
    found.hold(network.towers.of(inputs))
    for name in ("mid", "reach"):
        getattr(found, name).copy_(getattr(network, name)[arguments])
    for name in ("mean", "std"):
        getattr(found, name).copy_(getattr(network, name))
    found.arguments = tuple(network.arguments[k] for k in arguments)
    return found


def tapped(network: SurrogateNetwork, taps: Taps | None) -> SurrogateNetwork:
    """An emitted network with taps that it does not read yet; one that has taps stays as it is."""
    if taps is None or network.taps is not None:
        return network
    scale = Scale(network.mean.numpy(), network.std.numpy())
    wider = emitted_network(network.towers.widened(len(taps)), scale, np.zeros((len(network.mid), 2)), taps)
    wider.mid.copy_(network.mid)
    wider.reach.copy_(network.reach)
    return wider


def resized(towers: Towers, hidden: int, seed: int = 0) -> Towers:
    """R towers of another width. Wider ones compute the same: what is new reads at random and is not read yet.

    Narrower ones keep the units of the greatest weights, and must be fitted again.
    """
    width = towers.w1.shape[1]
    if hidden < width:
        first = _greatest(towers.w1, towers.w2, hidden)  # [R, hidden]
        second = _greatest(towers.w2, towers.w3, hidden)
        return Towers(_rows(towers.w1, first), _columns(_rows(towers.w2, second), first), _columns(towers.w3, second))
    results, _, columns = towers.w1.shape
    fresh = random_towers(columns - 1, results, np.random.default_rng(seed), hidden).map(
        lambda w: w.to(towers.w1.dtype)
    )
    fresh.w1[:, :width] = towers.w1
    fresh.w2[:, :width, width:-1] = 0
    fresh.w3[:, :, width:-1] = 0
    for new, old in ((fresh.w2[:, :width], towers.w2), (fresh.w3, towers.w3)):
        new[:, :, :width] = old[:, :, :-1]
        new[:, :, -1] = old[:, :, -1]
    return fresh


def _greatest(into: Tensor, out: Tensor, count: int) -> Tensor:
    """The units [R, count] whose weights are greatest: the norm of what they read times that of what reads them."""
    weight = torch.linalg.vector_norm(into, dim=2) * torch.linalg.vector_norm(out[:, :, :-1], dim=1)
    return torch.sort(torch.topk(weight, count, dim=1).indices, dim=1).values


def _rows(w: Tensor, units: Tensor) -> Tensor:
    return w.gather(1, units[:, :, None].expand(-1, -1, w.shape[2]))


def _columns(w: Tensor, units: Tensor) -> Tensor:
    """The columns of some units, and the bias."""
    kept = torch.cat([units, units.new_full((len(units), 1), w.shape[2] - 1)], dim=1)
    return w.gather(2, kept[:, None].expand(-1, w.shape[1], -1))
