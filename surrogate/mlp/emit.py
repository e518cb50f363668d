"""From graphs and rows to the weights of towers, in batches: the forward pass of `-O0` and `-O1`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch

from cprograms.graph import Graph
from cprograms.program import Argument
from cprograms.sampling import in_range
from surrogate.mlp.encoding import EncodedGraph, collate, encode, without_text
from surrogate.mlp.hypernetwork import Hypernetwork, gauss_newton
from surrogate.mlp.network import Towers, input_scaling
from surrogate.mlp.rows import output_moments
from surrogate.mlp.towers import standardised

LOG_POINTS = 9
"""2^9 inputs: with four times as many, the error on validation programs is the same in three digits."""


@dataclass(frozen=True)
class Request:
    """One program to emit towers for. `domain` is float64 [A, 2].

    `x` [K, A] and `y` [K, R] are executed rows in C units, finite, or None for the text alone. `scale` gives the
    results' means and deviations where they are known, each float64 [R]; rows override it.
    """

    graph: Graph
    domain: np.ndarray
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    scale: tuple[np.ndarray, np.ndarray] | None = None


@dataclass
class _Tower:
    """One result on its way through the batch."""

    request: Request
    result: int
    graph: EncodedGraph
    layers: list[np.ndarray] | None = None
    mean: float = 0.0
    std: float = 1.0

    @property
    def rows(self) -> int:
        return 0 if self.request.x is None else len(self.request.x)


def scale_inputs(x: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """[n, A] in C units -> the same in [-1, 1], as the emitted network scales them."""
    middle, reach = input_scaling(domain)
    return (x - middle) / reach


@torch.no_grad()
def emit(model: Hypernetwork, requests: list[Request], batch_size: int = 100) -> list[Towers]:
    """Emit every program's towers; programs with equally many rows share batches."""
    by_rows: dict[int, list[_Tower]] = defaultdict(list)
    programs = []
    for request in requests:
        domain = request.domain
        graphs = [encode(request.graph.result(k), domain) for k in range(len(request.graph.roots))]
        read = graphs if model.settings.text else [without_text(graph) for graph in graphs]
        towers = [_Tower(request, k, graph) for k, graph in enumerate(read)]
        programs.append(towers)
        by_rows[towers[0].rows].extend(towers)
    for group in by_rows.values():
        # A batch takes as many steps as its deepest graph: deep ones go together.
        group.sort(key=lambda t: t.graph.level[-1])
        for start in range(0, len(group), batch_size):
            _emit_batch(model, group[start : start + batch_size])
    return [_gather(towers) for towers in programs]


def _emit_batch(model: Hypernetwork, batch: list[_Tower]) -> None:
    graphs = collate([t.graph for t in batch])
    emission = model(graphs.to(model.device))
    layers = emission.layers
    if batch[0].rows:
        x, y = _rows(batch, graphs.arguments.shape[1])
        layers = gauss_newton(emission, x.to(model.device), y.to(model.device))
    else:
        layers = standardised(layers, _domain_points(batch, graphs.arguments.shape[1]).to(model.device))
        for t, mean, std in zip(batch, emission.mean.tolist(), emission.std.tolist(), strict=True):
            given = t.request.scale
            t.mean, t.std = (mean, std) if given is None else (float(given[0][t.result]), float(given[1][t.result]))
    for i, t in enumerate(batch):
        t.layers = [w[i].cpu().numpy() for w in layers]


def _domain_points(batch: list[_Tower], width: int) -> torch.Tensor:
    """Scaled inputs [B, n, A] all over the domains; no program is run on them."""
    x = np.zeros((len(batch), 2**LOG_POINTS, width), dtype=np.float32)
    for own, t in zip(x, batch, strict=True):
        types = {int(n.value): n.type for n in t.request.graph.nodes if n.op == "arg"}
        for slot, k in enumerate(t.graph.arguments):
            ends = t.request.domain[k]
            values = in_range(
                Argument(f"argument {k + 1}", types[k], *ends), _unit_points(len(t.graph.arguments))[:, slot]
            )
            own[:, slot] = scale_inputs(values, ends)
    return torch.from_numpy(x)


@cache
def _unit_points(dimensions: int) -> np.ndarray:
    """Scrambled Sobol' points [n, dimensions] in [0, 1)."""
    points = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=0).draw_base2(LOG_POINTS, dtype=torch.double)
    return points.numpy()


def _rows(batch: list[_Tower], width: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The batch's rows, scaled: [B, K, A], [B, K]; takes note of each result's mean and deviation."""
    x = np.zeros((len(batch), batch[0].rows, width), dtype=np.float32)
    y = np.empty((len(batch), batch[0].rows), dtype=np.float32)
    for i, t in enumerate(batch):
        assert t.request.x is not None
        assert t.request.y is not None
        x[i, :, : len(t.graph.arguments)] = scale_inputs(t.request.x, t.request.domain)[:, t.graph.arguments]
        outputs = t.request.y[:, t.result]
        t.mean, std = output_moments(outputs)
        # Of a result that the rows show as constant, the tower learns that constant.
        t.std = max(std, 1e-9 * abs(t.mean), 1e-30)
        y[i] = (outputs / 2 - t.mean / 2) / t.std * 2  # the difference of large doubles overflows
    return torch.from_numpy(x), torch.from_numpy(y)


def _gather(towers: list[_Tower]) -> Towers:
    """Put a program's towers together, each argument's column at its place in the signature."""
    first, arguments = towers[0], len(towers[0].request.domain)
    assert first.layers is not None
    w1 = np.zeros((len(towers), first.layers[0].shape[0], arguments), dtype=np.float32)
    biases = []
    for k, t in enumerate(towers):
        assert t.layers is not None
        w1[k][:, t.graph.arguments] = t.layers[0][:, : len(t.graph.arguments)]
        biases.append(t.layers[0][:, -1])
    w2, w3 = (np.stack([t.layers[i] for t in towers if t.layers is not None]) for i in (1, 2))
    return Towers(
        w1=w1,
        b1=np.stack(biases),
        w2=w2[:, :, :-1],
        b2=w2[:, :, -1],
        w3=w3[:, 0, :-1],
        b3=w3[:, 0, -1],
        mean=np.array([t.mean for t in towers]),
        std=np.array([t.std for t in towers]),
    )
