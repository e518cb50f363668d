"""Batches of examples: what a training step sees, as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from cprograms.diagnostics import UsageError
from surrogate.mlp.emission.encoding import GraphBatch, collate
from surrogate.mlp.emission.hypernetwork import HypernetworkConfig
from training.examples.example import ARGUMENTS, EXAMPLE_ROWS, Example, hide_text, with_first_taps


@dataclass(frozen=True)
class Batch:
    """B examples with their rows in random order: scaled inputs and standardised outputs.

    The supervised nodes of all examples come together; a node's number is its place in `graphs`.
    """

    graphs: GraphBatch
    x: torch.Tensor  # [B, R, A + T], the taps after the arguments
    y: torch.Tensor  # [B, R]
    mean: torch.Tensor  # [B], in C units, as std
    std: torch.Tensor
    dense_node: torch.Tensor  # int64 [n]
    dense_x: torch.Tensor  # [n, P, 16]
    dense_y: torch.Tensor  # [n, P], standardised
    dense_mean: torch.Tensor  # [n], in C units, as dense_std
    dense_std: torch.Tensor

    def to(self, device: torch.device | str) -> Batch:
        return Batch(**{name: part.to(device) for name, part in vars(self).items()})


def as_read(examples: list[Example], architecture: HypernetworkConfig) -> list[Example]:
    """The examples without what a hypernetwork does not read: their text, or their taps."""
    if not architecture.text:
        return [hide_text(e) for e in examples]
    return examples if architecture.taps else [with_first_taps(e, 0) for e in examples]


def make_batch(examples: list[Example], rng: np.random.Generator, dense: int) -> Batch:
    """Pack examples, each one's rows shuffled, at most `dense` supervised nodes of each."""
    graphs = collate([e.graph for e in examples])
    rows, width = len(examples[0].y), graphs.arguments.shape[1]
    x = np.zeros((len(examples), rows, width + graphs.taps.shape[1]), dtype=np.float32)
    y = np.empty((len(examples), rows), dtype=np.float32)
    nodes, dense_x, start = [], [], 0
    for b, e in enumerate(examples):
        order = rng.permutation(rows)
        x[b, :, : e.x.shape[1]] = e.x[order]
        x[b, :, width : width + e.taps.shape[1]] = e.taps[order]
        y[b] = e.y[order]
        picked = e.dense_node[:dense].astype(np.int64)
        nodes.append(start + picked)
        inputs = np.zeros((e.dense_value.shape[1], ARGUMENTS), dtype=np.float32)
        if len(picked):
            inputs[:, : e.x.shape[1]] = e.x[: len(inputs)]
        dense_x.append(np.broadcast_to(inputs, (len(picked), *inputs.shape)))
        start += len(e.graph.op)
    return Batch(
        graphs=graphs,
        x=torch.from_numpy(x),
        y=torch.from_numpy(y),
        mean=torch.tensor([e.mean for e in examples], dtype=torch.float32),
        std=torch.tensor([e.std for e in examples], dtype=torch.float32),
        dense_node=graphs.place[torch.from_numpy(np.concatenate(nodes))],
        dense_x=torch.from_numpy(np.concatenate(dense_x)),
        dense_y=torch.from_numpy(np.concatenate([e.dense_value[:dense] for e in examples])),
        dense_mean=torch.from_numpy(np.concatenate([e.dense_mean[:dense] for e in examples])).float(),
        dense_std=torch.from_numpy(np.concatenate([e.dense_std[:dense] for e in examples])).float(),
    )


def pack_rows(examples: list[Example], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """The examples' rows in random order, argument i of the signature in column i: [B, R, A], [B, R].

    Raises UsageError for an example that reads an argument beyond the columns.
    """
    if wide := [e.program for e in examples if e.graph.arguments.max(initial=0) >= ARGUMENTS]:
        raise UsageError(f"program {wide[0]} has more than {ARGUMENTS} arguments")
    x = np.zeros((len(examples), EXAMPLE_ROWS, ARGUMENTS), dtype=np.float32)
    y = np.empty((len(examples), EXAMPLE_ROWS), dtype=np.float32)
    for b, e in enumerate(examples):
        order = rng.permutation(EXAMPLE_ROWS)
        x[b][:, e.graph.arguments] = e.x[order]
        y[b] = e.y[order]
    return torch.from_numpy(x), torch.from_numpy(y)


def standardise_rows(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Given rows [B, K] by their own moments, and these [B, 1]."""
    mean = y.mean(1, keepdim=True)
    std = y.std(1, correction=0, keepdim=True).clamp_min(0.05)
    return (y - mean) / std, mean, std
