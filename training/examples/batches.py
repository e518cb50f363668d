"""Batches of views: which views a training step sees, and their tensors."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from cprograms.diagnostics import UsageError
from cprograms.program import MAX_ARGUMENTS
from surrogate.mlp.encoding import GraphBatch, collate
from training.examples.examples import ROWS, View, ViewShard, hide_text


@dataclass(frozen=True)
class Batch:
    """B views with their rows in random order: scaled inputs and standardised outputs.

    The supervised nodes of all views come together; a node's number is its place in `graphs`.
    """

    graphs: GraphBatch
    x: torch.Tensor  # [B, R, A]
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


def make_batch(views: list[View], rng: np.random.Generator, dense: int, text: bool = True) -> Batch:
    """Pack views, shuffling each one's rows; at most `dense` supervised nodes a view. `text`: whether it is shown."""
    if not text:
        views = [hide_text(v) for v in views]
    graphs = collate([v.graph for v in views])
    rows = len(views[0].y)
    x = np.zeros((len(views), rows, graphs.arguments.shape[1]), dtype=np.float32)
    y = np.empty((len(views), rows), dtype=np.float32)
    nodes, dense_x, start = [], [], 0
    for b, v in enumerate(views):
        order = rng.permutation(rows)
        x[b, :, : v.x.shape[1]] = v.x[order]
        y[b] = v.y[order]
        picked = v.dense_node[:dense].astype(np.int64)
        nodes.append(start + picked)
        inputs = np.zeros((v.dense_value.shape[1], MAX_ARGUMENTS), dtype=np.float32)
        inputs[:, : v.x.shape[1]] = v.x[: len(inputs)]
        dense_x.append(np.broadcast_to(inputs, (len(picked), *inputs.shape)))
        start += len(v.graph.op)
    return Batch(
        graphs=graphs,
        x=torch.from_numpy(x),
        y=torch.from_numpy(y),
        mean=torch.tensor([v.mean for v in views], dtype=torch.float32),
        std=torch.tensor([v.std for v in views], dtype=torch.float32),
        dense_node=graphs.place[torch.from_numpy(np.concatenate(nodes))],
        dense_x=torch.from_numpy(np.concatenate(dense_x)),
        dense_y=torch.from_numpy(np.concatenate([v.dense_value[:dense] for v in views])),
        dense_mean=torch.from_numpy(np.concatenate([v.dense_mean[:dense] for v in views])).float(),
        dense_std=torch.from_numpy(np.concatenate([v.dense_std[:dense] for v in views])).float(),
    )


def pack_rows(views: list[View], rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """The views' rows in random order, argument i of the signature in column i: [B, R, A], [B, R]."""
    x = np.zeros((len(views), ROWS, MAX_ARGUMENTS), dtype=np.float32)
    y = np.empty((len(views), ROWS), dtype=np.float32)
    for b, v in enumerate(views):
        order = rng.permutation(ROWS)
        x[b][:, v.graph.arguments] = v.x[order]
        y[b] = v.y[order]
    return torch.from_numpy(x), torch.from_numpy(y)


def standardise_rows(y: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Given rows [B, K] by their own moments, and these [B, 1]."""
    mean = y.mean(1, keepdim=True)
    std = y.std(1, correction=0, keepdim=True).clamp_min(0.05)
    return (y - mean) / std, mean, std


class ViewStore:
    """The views of one split in a folder of shards.

    Of several processes each holds every n-th shard, or every n-th view where there are fewer shards than processes.
    Raises UsageError where the split is missing or empty, or a shard damaged.
    """

    def __init__(self, folder: Path, split: str, rank: int = 0, world: int = 1):
        paths = sorted(folder.glob(f"{split}-*.parquet"))
        if not paths:
            raise UsageError(f"{folder} holds no shard of the {split} split")
        by_shard = len(paths) >= world
        self.shards = [ViewShard(p) for p in (paths[rank::world] if by_shard else paths)]
        found = [(int(depth), s, i) for s, shard in enumerate(self.shards) for i, depth in enumerate(shard.depths)]
        # Sorted by depth: a batch from a window of neighbours has few levels that most of its graphs do not reach.
        found = sorted(found) if by_shard else sorted(found)[rank::world]
        if not found:
            raise UsageError(f"the {split} split of {folder} holds no view for process {rank + 1} of {world}")
        self.index = np.array(found)[:, 1:]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, i: int) -> View:
        shard, at = self.index[i]
        return self.shards[shard][at]

    def spread(self, count: int) -> list[View]:
        """So many views, or all that there are, evenly spread over the depths."""
        return [self[i] for i in np.linspace(0, len(self) - 1, min(count, len(self))).astype(int)]

    def draw(self, size: int, rng: np.random.Generator, depth: float) -> list[View]:
        """A random batch of views of similar depth; `depth` from 0 to 1, the shallowest and the deepest."""
        window = min(max(len(self) // 4, size), len(self))
        start = round(depth * (len(self) - window))
        return [self[start + i] for i in rng.integers(0, window, size)]
