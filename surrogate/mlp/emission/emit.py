"""From graphs and rows to the weights of towers, in batches: the forward pass of `-O0` and `-O1`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor

from cprograms.graph import Graph
from cprograms.program import Argument
from cprograms.sampling import in_range
from surrogate.mlp.emission.encoding import EncodedGraph, collate, encode_results, without_text
from surrogate.mlp.emission.hypernetwork import Emission, Hypernetwork, gauss_newton
from surrogate.mlp.network import Scale, in_deviations, input_scaling
from surrogate.mlp.parts.taps import Taps
from surrogate.mlp.parts.towers import Towers, join, standardised
from surrogate.numeric.rows import output_moments

LOG_POINTS = 9
"""2^9 inputs: with four times as many, the error on validation programs is the same in three digits."""
LEAST = float(np.finfo(np.float64).tiny)
"""The least deviation that outputs are divided by."""


@dataclass(frozen=True)
class Request:
    """One program to emit towers for. `domain` is float64 [A, 2].

    `x` [K, A] and `y` [K, R] are executed rows in C units, finite, or None for the text alone. `scale` is the results'
    where it is known; rows override it. The towers read `taps` as well where the model knows taps, or else where rows
    are given: the Gauss–Newton steps then find their columns, from zero and with a prior deviation of one.
    """

    graph: Graph
    domain: np.ndarray
    x: np.ndarray | None = None
    y: np.ndarray | None = None
    scale: Scale | None = None
    taps: Taps | None = None

    def read_by(self, model: Hypernetwork) -> Taps | None:
        """The taps that the towers of a model read."""
        return self.taps if model.architecture.taps or self.x is not None else None


@dataclass(frozen=True)
class _Part:
    """What one tower is emitted from: a result of a requested program."""

    request: Request
    result: int
    graph: EncodedGraph
    taps: Taps | None

    @property
    def width(self) -> int:
        return 0 if self.taps is None else len(self.taps)

    @property
    def rows(self) -> int:
        return 0 if self.request.x is None else len(self.request.x)


def scale_inputs(x: np.ndarray, domain: np.ndarray) -> np.ndarray:
    """[n, A] in C units -> the same in [-1, 1], as the emitted network scales them."""
    middle, reach = input_scaling(domain)
    scaled: np.ndarray = (x - middle) / reach
    return scaled


@torch.no_grad()
def emit(model: Hypernetwork, requests: list[Request], batch_size: int = 100) -> list[tuple[Towers, Scale]]:
    """Emit every program's towers and its outputs' scale; those with equally many rows, and with taps or without, share
    batches."""
    parts = [part for request in requests for part in _parts(model, request)]
    alike: dict[tuple[int, bool], list[int]] = defaultdict(list)
    for i, part in enumerate(parts):
        alike[part.rows, part.width > 0].append(i)
    found: dict[int, tuple[Towers, Scale]] = {}
    for group in alike.values():
        # A batch takes as many steps as its deepest graph: deep ones go together.
        group.sort(key=lambda i: parts[i].graph.level[-1])
        for start in range(0, len(group), batch_size):
            batch = group[start : start + batch_size]
            found |= zip(batch, _emit_batch(model, [parts[i] for i in batch]), strict=True)
    in_order = iter(found[i] for i in range(len(parts)))
    return [_together([next(in_order) for _ in request.graph.roots]) for request in requests]


def _parts(model: Hypernetwork, request: Request) -> list[_Part]:
    taps = request.read_by(model)
    graphs = encode_results(request.graph, request.domain, taps if model.architecture.taps else None)
    read = graphs if model.architecture.text else [without_text(graph) for graph in graphs]
    return [_Part(request, k, graph, taps) for k, graph in enumerate(read)]


def _together(emitted: list[tuple[Towers, Scale]]) -> tuple[Towers, Scale]:
    """The towers and the scale of a program, from those of its results."""
    towers, scales = zip(*emitted, strict=True)
    return join(towers), Scale(*map(np.concatenate, zip(*scales, strict=True)))


def _emit_batch(model: Hypernetwork, batch: list[_Part]) -> list[tuple[Towers, Scale]]:
    """Each part's tower, over the arguments of its program, and its output's scale."""
    graphs = collate([p.graph for p in batch])
    width = graphs.arguments.shape[1]
    emission = model(graphs.to(model.device))
    if batch[0].rows:
        scales = [_row_scale(p) for p in batch]
        x, y = _rows(batch, scales, width)
        if not model.architecture.taps:
            emission = emission.widened(x.shape[2] - width)
        towers = gauss_newton(emission, x.to(model.device), y.to(model.device))
    else:
        scales = _text_scales(batch, emission)
        towers = standardised(emission.towers, _domain_points(batch, width).to(model.device))
    single = towers.map(Tensor.cpu).apart()
    return [(_over_signature(tower, p, width), scale) for tower, p, scale in zip(single, batch, scales, strict=True)]


def _over_signature(tower: Towers, part: _Part, width: int) -> Towers:
    """A tower [1, ...] over the slots of a batch and taps, as one over the arguments of the signature and its taps."""
    arguments, taps, A = part.graph.arguments.tolist(), range(part.width), len(part.request.domain)
    own = tower.of([*range(len(arguments)), *(width + k for k in taps)])
    return own.among(A + len(taps), [*arguments, *(A + k for k in taps)])


def _text_scales(batch: list[_Part], emission: Emission) -> list[Scale]:
    """What is known of each output's scale, or else what the hypernetwork says."""
    predicted = zip(emission.mean.double().cpu().numpy(), emission.std.double().cpu().numpy(), strict=True)
    return [
        Scale(np.array([mean]), np.array([std])) if p.request.scale is None else p.request.scale.of(p.result)
        for p, (mean, std) in zip(batch, predicted, strict=True)
    ]


def _row_scale(part: _Part) -> Scale:
    assert part.request.y is not None
    mean, std = output_moments(part.request.y[:, part.result])
    # Of a result that the rows show as constant, the tower learns that constant.
    return Scale(np.array([mean]), np.array([max(std, 1e-9 * abs(mean), LEAST)]))


def _rows(batch: list[_Part], scales: list[Scale], width: int) -> tuple[Tensor, Tensor]:
    """The batch's rows, scaled, the taps after the arguments: [B, K, A + T], [B, K]."""
    x = np.zeros((len(batch), batch[0].rows, width + max(p.width for p in batch)), dtype=np.float32)
    y = np.empty((len(batch), batch[0].rows), dtype=np.float32)
    for i, (p, scale) in enumerate(zip(batch, scales, strict=True)):
        assert p.request.x is not None
        assert p.request.y is not None
        x[i, :, : len(p.graph.arguments)] = scale_inputs(p.request.x, p.request.domain)[:, p.graph.arguments]
        if p.taps is not None:
            x[i, :, width : width + p.width] = p.taps(torch.from_numpy(p.request.x)).numpy()
        y[i] = in_deviations(p.request.y[:, p.result], scale.mean, scale.std)
    return torch.from_numpy(x), torch.from_numpy(y)


def _domain_points(batch: list[_Part], width: int) -> Tensor:
    """Scaled inputs [B, n, A + T] all over the domains, the taps after the arguments; no program is run on them."""
    x = np.zeros((len(batch), 2**LOG_POINTS, width + max(p.width for p in batch)), dtype=np.float32)
    for own, p in zip(x, batch, strict=True):
        types = {int(n.value): n.type for n in p.request.graph.nodes if n.op == "arg"}
        # What the result does not read has one value: taps of other results alone may read it.
        given = np.tile(p.request.domain[:, 0], (len(own), 1))  # [n, arguments of the signature], in C units
        for slot, k in enumerate(p.graph.arguments):
            ends = p.request.domain[k]
            points = _unit_points(len(p.graph.arguments))[:, slot]
            given[:, k] = in_range(Argument(f"argument {k + 1}", types[k], *ends), points)
            own[:, slot] = scale_inputs(given[:, k], ends)
        if p.taps is not None:
            own[:, width : width + p.width] = p.taps(torch.from_numpy(given)).numpy()
    return torch.from_numpy(x)


@cache
def _unit_points(dimensions: int) -> np.ndarray:
    """Scrambled Sobol' points [n, dimensions] in [0, 1)."""
    engine = torch.quasirandom.SobolEngine(dimensions, scramble=True, seed=0)  # type: ignore[no-untyped-call]
    return engine.draw_base2(LOG_POINTS, dtype=torch.double).numpy()
