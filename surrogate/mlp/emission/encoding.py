"""What the hypernetwork reads: a graph as arrays, and a batch of graphs sorted so that each level is one slice."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from cprograms.graph import Graph, Node
from cprograms.ops import DTYPE_INDEX, INDEX
from cprograms.strata import QUANTILES, strata
from surrogate.mlp.emission.ordering import first_reads, operand_order
from surrogate.mlp.parts.taps import KINDS, Taps

MAX_TOKENS = 64
"""Graph nodes that the transformer attends to, beside the root and the arguments; of a larger graph, the last ones."""
LARGEST = 1e30
"""Magnitude to which what is said of a tap's scale is clamped, as strata are."""
CARRIED = 16
"""Carried variables that are told apart; those of a graph that has more share slots."""


@dataclass(frozen=True)
class EncodedGraph:
    """One result's graph in arrays; N nodes in post-order, the root last.

    `children` counts from 1, 0 means none; those that commute have an order of their own, see
    `surrogate.mlp.emission.ordering`. An argument's slot is its rank by first appearance. So programs that differ only
    in the order of their arguments, or of such operands, are one to the hypernetwork. `arguments[slot]` is the
    argument's index in the signature.

    T taps are nodes of the graph; those that the program computes nowhere, such as the comparison that a `max` makes,
    are the `added` nodes before the root, which the transformer does not attend to. A tap that this result does not
    read, as another does, is node 0. `tap_kind` is the place in `KINDS`, `tap_scale` the middle and reach in C units.
    """

    op: np.ndarray  # uint8 [N], the operator's place in `cprograms.ops.OPS`
    type: np.ndarray  # uint8 [N], the type's place in `cprograms.types.SCALARS`
    slot: np.ndarray  # uint8 [N], of an argument or a carried variable; else 0
    children: np.ndarray  # uint16 [N, 3]
    level: np.ndarray  # uint16 [N], 0 for leaves, else 1 + the highest child's
    strata: np.ndarray  # float32 [N, 7], see `cprograms.strata`
    arguments: np.ndarray  # uint8 [slots]
    added: int = 0
    tap_node: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint16))  # [T], counts from 1
    tap_kind: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.uint8))  # [T]
    tap_scale: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), dtype=np.float32))  # [T, 2]


def encode_results(graph: Graph, domain: np.ndarray, taps: Taps | None = None) -> list[EncodedGraph]:
    """Encode the graph of each result alone; what they share is estimated once."""
    if taps is not None:
        return _encode_tapped(graph, domain, taps)
    if len(graph.roots) == 1:
        return [encode(graph, domain)]
    known = strata(graph, domain)
    return [_encode(graph.of([root]), known[graph.needed([root])]) for root in graph.roots]


def encode(graph: Graph, domain: np.ndarray) -> EncodedGraph:
    """Encode a graph of one result; `domain` is float64 [arguments, 2]."""
    return _encode(graph, strata(graph, domain))


def _encode_tapped(graph: Graph, domain: np.ndarray, taps: Taps) -> list[EncodedGraph]:
    whole, places = _with_roots_of(graph, taps.graph)
    known = strata(whole, domain)
    scale = torch.stack([taps.mid, taps.reach], dim=1).clamp(-LARGEST, LARGEST).float().numpy()  # [T, 2]
    kinds = np.array([KINDS.index(kind) for kind in taps.kinds], dtype=np.uint8)  # [T]
    needed = [set(whole.needed([place])) for place in places]  # of each tap
    found = []
    for root in graph.roots:
        order = graph.needed([root])
        beside = [nodes.difference(order) for nodes in needed]
        # What stands beside is of this graph alone, and not made of its result, which other results may divide by.
        read = [
            not extra or (min(extra) >= len(graph.nodes) and root not in nodes)
            for extra, nodes in zip(beside, needed, strict=True)
        ]
        added = sorted(set().union(*(nodes for nodes, is_read in zip(beside, read, strict=True) if is_read)))
        order[-1:] = [*added, root]
        at = {i: place for place, i in enumerate(order)}
        nodes = [replace(n, children=tuple(at[c] for c in n.children)) for n in map(whole.nodes.__getitem__, order)]
        encoded = _encode(Graph(tuple(nodes), (len(nodes) - 1,), whole.tables), known[order])
        node = np.array([at[i] + 1 if is_read else 0 for i, is_read in zip(places, read, strict=True)], dtype=np.uint16)
        found.append(replace(encoded, added=len(added), tap_node=node, tap_kind=kinds, tap_scale=scale))
    return found


def _with_roots_of(graph: Graph, other: Graph) -> tuple[Graph, list[int]]:
    """A graph with, behind its own nodes, those that another of the same program has beside; and where the roots of
    that one are."""

    def key(n: Node) -> tuple[str, str, tuple[int, ...], str]:
        return n.op, n.type.code, n.children, repr(n.value)  # as when they were made

    nodes = list(graph.nodes)
    known = {key(n): i for i, n in enumerate(nodes)}
    places: list[int] = []
    for n in other.nodes:
        moved = replace(n, children=tuple(places[c] for c in n.children))
        places.append(known.setdefault(key(moved), len(nodes)))
        if places[-1] == len(nodes):
            nodes.append(moved)
    return Graph(tuple(nodes), graph.roots, graph.tables), [places[root] for root in other.roots]


def without_taps(graph: EncodedGraph) -> EncodedGraph:
    """The same graph, none of its nodes a tap."""
    return first_taps(graph, 0)


def first_taps(graph: EncodedGraph, count: int) -> EncodedGraph:
    """The same graph with the first of its taps alone."""
    if count >= len(graph.tap_node):
        return graph
    graph = replace(
        graph,
        tap_node=graph.tap_node[:count],
        tap_kind=graph.tap_kind[:count],
        tap_scale=graph.tap_scale[:count],
    )
    if count or not graph.added:
        return graph
    root = len(graph.op) - 1
    kept = np.delete(np.arange(root + 1), np.s_[root - graph.added : root])
    parts = {name: getattr(graph, name)[kept] for name in ("op", "type", "slot", "children", "level", "strata")}
    return replace(graph, added=0, **parts)


def _encode(graph: Graph, known: np.ndarray) -> EncodedGraph:
    """`known` [N, 7] are the strata of its nodes."""
    n = len(graph.nodes)
    children = np.zeros((n, 3), dtype=np.uint16)
    level = np.zeros(n, dtype=np.uint16)
    slot = np.zeros(n, dtype=np.uint8)
    for i, node in enumerate(graph.nodes):
        children[i, : len(node.children)] = np.array(node.children, dtype=np.uint16) + 1
        level[i] = 1 + max(level[c] for c in node.children) if node.children else 0
        if node.op == "carry":
            slot[i] = int(node.value) % CARRIED
    op = np.array([INDEX[node.op] for node in graph.nodes], dtype=np.uint8)
    type = np.array([DTYPE_INDEX[node.type.code] for node in graph.nodes], dtype=np.uint8)
    children = operand_order(op, type, slot, children, level, known.astype(np.float32))
    reads = first_reads(op, children)
    slot[reads] = np.arange(len(reads))
    return EncodedGraph(
        op=op,
        type=type,
        slot=slot,
        children=children,
        level=level,
        strata=known.astype(np.float32),
        arguments=np.array([int(graph.nodes[i].value) for i in reads], dtype=np.uint8),
    )


def without_text(graph: EncodedGraph) -> EncodedGraph:
    """What the signature and the domain say alone: the arguments, in the signature's order, and their opaque result.

    The arguments are those that the graph reads; a node has room for three of them as its children. As nothing is known
    of the result but its type, its strata are those of a number uniform over [-1, 1].
    """
    order = np.argsort(graph.arguments)
    read = np.flatnonzero(graph.op == INDEX["arg"])
    nodes = np.append(read[np.argsort(graph.slot[read])][order], -1)
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
    taps: torch.Tensor  # int64 [B, taps], node of each
    tap_kind: torch.Tensor  # int64 [B, taps]
    tap_scale: torch.Tensor  # float32 [B, taps, 2]

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
    most = max(len(g.tap_node) for g in graphs)
    taps, kind = (np.zeros((len(graphs), most), dtype=np.int64) for _ in range(2))
    scale = np.zeros((len(graphs), most, 2), dtype=np.float32)
    for b, (g, start) in enumerate(zip(graphs, starts, strict=True)):
        apart = g.op == INDEX["arg"]
        at = np.flatnonzero(apart)
        arguments[b, g.slot[at]] = place[start + at + 1]
        apart[len(g.op) - 1 - g.added : -1] = True
        inner = np.flatnonzero(~apart)[-tokens.shape[1] :]
        tokens[b, : len(inner)] = place[start + inner + 1]
        own = len(g.tap_node)
        taps[b, :own] = place[np.where(g.tap_node, start + g.tap_node, 0)]
        kind[b, :own], scale[b, :own] = g.tap_kind, g.tap_scale
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
        taps=tensor(taps),
        tap_kind=tensor(kind),
        tap_scale=tensor(scale),
    )
