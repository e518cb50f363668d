"""What the hypernetwork reads: a graph as arrays, and a batch of graphs sorted so that each level is one slice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from cprograms.graph import Graph
from cprograms.ops import DTYPE_INDEX, INDEX
from cprograms.strata import QUANTILES, strata

MAX_TOKENS = 64
"""Graph nodes that the transformer attends to, beside the root and the arguments; of a larger graph, the last ones."""
CARRIED = 16
"""Carried variables that are told apart; those of a graph that has more share slots."""


@dataclass(frozen=True)
class EncodedGraph:
    """One result's graph in arrays; N nodes in post-order, the root last.

    `children` counts from 1, 0 means none. An argument's slot is its rank by first appearance: programs that differ in
    the order of their arguments only are one to the hypernetwork. `arguments[slot]` is the argument's index in the
    signature.
    """

    op: np.ndarray  # uint8 [N], the operator's place in `cprograms.ops.OPS`
    type: np.ndarray  # uint8 [N], the type's place in `cprograms.types.SCALARS`
    slot: np.ndarray  # uint8 [N], of an argument or a carried variable; else 0
    children: np.ndarray  # uint16 [N, 3]
    level: np.ndarray  # uint16 [N], 0 for leaves, else 1 + the highest child's
    strata: np.ndarray  # float32 [N, 7], see `cprograms.strata`
    arguments: np.ndarray  # uint8 [slots]


def encode_results(graph: Graph, domain: np.ndarray) -> list[EncodedGraph]:
    """Encode the graph of each result alone; what they share is estimated once."""
    if len(graph.roots) == 1:
        return [encode(graph, domain)]
    known = strata(graph, domain)
    return [_encode(graph.of([root]), known[graph.needed([root])]) for root in graph.roots]


def encode(graph: Graph, domain: np.ndarray) -> EncodedGraph:
    """Encode a graph of one result; `domain` is float64 [arguments, 2]."""
    return _encode(graph, strata(graph, domain))


def _encode(graph: Graph, known: np.ndarray) -> EncodedGraph:
    """`known` [N, 7] are the strata of its nodes."""
    n = len(graph.nodes)
    children = np.zeros((n, 3), dtype=np.uint16)
    level = np.zeros(n, dtype=np.uint16)
    slot = np.zeros(n, dtype=np.uint8)
    arguments: list[int] = []
    for i, node in enumerate(graph.nodes):
        children[i, : len(node.children)] = np.array(node.children, dtype=np.uint16) + 1
        level[i] = 1 + max(level[c] for c in node.children) if node.children else 0
        if node.op == "arg":
            slot[i] = len(arguments)
            arguments.append(int(node.value))
        elif node.op == "carry":
            slot[i] = int(node.value) % CARRIED
    return EncodedGraph(
        op=np.array([INDEX[node.op] for node in graph.nodes], dtype=np.uint8),
        type=np.array([DTYPE_INDEX[node.type.code] for node in graph.nodes], dtype=np.uint8),
        slot=slot,
        children=children,
        level=level,
        strata=known.astype(np.float32),
        arguments=np.array(arguments, dtype=np.uint8),
    )


def without_text(graph: EncodedGraph) -> EncodedGraph:
    """What the signature and the domain say alone: the arguments, in the signature's order, and their opaque result.

    The arguments are those that the graph reads; a node has room for three of them as its children. As nothing is known
    of the result but its type, its strata are those of a number uniform over [-1, 1].
    """
    order = np.argsort(graph.arguments)
    nodes = np.append(np.flatnonzero(graph.op == INDEX["arg"])[order], -1)
    unknown = np.linspace(-1, 1, 2 * QUANTILES + 1, dtype=np.float32)[1::2]
    children = np.zeros((len(nodes), 3), dtype=np.uint16)
    children[-1, : len(order)] = np.arange(1, len(order) + 1)[:3]
    level = np.zeros(len(nodes), dtype=np.uint16)
    level[-1] = len(order) > 0
    return EncodedGraph(
        op=np.append(graph.op[nodes[:-1]], np.uint8(INDEX["opaque"])),
        type=graph.type[nodes],
        slot=np.append(np.arange(len(order), dtype=np.uint8), np.uint8(0)),
        children=children,
        level=level,
        strata=np.vstack([graph.strata[nodes[:-1]], unknown]),
        arguments=graph.arguments[order],
    )


@dataclass(frozen=True)
class GraphBatch:
    """B graphs, their T nodes together, sorted by level. Node numbers count from 1; 0 stands for no node."""

    op: torch.Tensor  # int64 [T]
    type: torch.Tensor  # int64 [T]
    slot: torch.Tensor  # int64 [T]
    children: torch.Tensor  # int64 [T, 3]
    strata: torch.Tensor  # float32 [T, 7]
    levels: list[int]  # nodes on each level
    root: torch.Tensor  # int64 [B]
    arguments: torch.Tensor  # int64 [B, A], node of each slot
    tokens: torch.Tensor  # int64 [B, N], further nodes for the transformer
    place: torch.Tensor  # int64 [T], number in this batch of the nodes as they were given, one graph after another

    def to(self, device: torch.device | str) -> GraphBatch:
        moved: dict[str, Any] = {k: v.to(device) for k, v in vars(self).items() if isinstance(v, torch.Tensor)}
        return replace(self, **moved)


def collate(graphs: list[EncodedGraph]) -> GraphBatch:
    """Pack graphs into one batch."""
    sizes = np.array([len(g.op) for g in graphs])
    starts = np.cumsum(sizes) - sizes
    level = np.concatenate([g.level for g in graphs])
    order = np.argsort(level, kind="stable")
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[0] = 0
    place[order + 1] = np.arange(1, len(order) + 1)
    children = np.concatenate([np.where(g.children, g.children + s, 0) for g, s in zip(graphs, starts, strict=True)])
    width = max(1, *(len(g.arguments) for g in graphs))
    arguments = np.zeros((len(graphs), width), dtype=np.int64)
    tokens = np.zeros((len(graphs), int(min(sizes.max(), MAX_TOKENS))), dtype=np.int64)
    for b, (g, start) in enumerate(zip(graphs, starts, strict=True)):
        is_argument = g.op == INDEX["arg"]
        at = np.flatnonzero(is_argument)
        arguments[b, g.slot[at]] = place[start + at + 1]
        inner = np.flatnonzero(~is_argument)[-tokens.shape[1] :]
        tokens[b, : len(inner)] = place[start + inner + 1]
    tensor = torch.from_numpy
    return GraphBatch(
        op=tensor(np.concatenate([g.op for g in graphs])[order].astype(np.int64)),
        type=tensor(np.concatenate([g.type for g in graphs])[order].astype(np.int64)),
        slot=tensor(np.concatenate([g.slot for g in graphs])[order].astype(np.int64)),
        children=tensor(place[children][order]),
        strata=tensor(np.concatenate([g.strata for g in graphs])[order]),
        levels=np.bincount(level).tolist(),
        root=tensor(place[starts + sizes]),
        arguments=tensor(arguments),
        tokens=tensor(tokens),
        place=tensor(place[1:].copy()),
    )
