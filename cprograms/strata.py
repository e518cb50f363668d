"""The strata of a graph: how its nodes' values are distributed over a domain, estimated without executing it."""

from __future__ import annotations

import numpy as np

from cprograms.graph import Graph, Node
from cprograms.ops import apply
from cprograms.types import Scalar

QUANTILES = 7


def strata(graph: Graph, domain: np.ndarray) -> np.ndarray:
    """A static estimate of every node's distribution: float64 [nodes, 7], the means of seven equal strata of values.

    `domain` is float64 [arguments, 2]. Nothing is executed: each operator is applied once to its children's strata, as
    if they were independent (the same node twice counts as one), in the manner of an abstract interpretation.
    """
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    found: list[np.ndarray] = []
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            c = [found[i] for i in node.children]
            if node.op == "const":
                q = np.full(QUANTILES, float(node.value))
            elif node.op == "arg":
                low, high = domain[int(node.value)]
                q = _typed(low + (high - low) * levels, node.type).astype(np.float64)
            elif node.op in ("carry", "opaque"):
                q = _reduce(np.concatenate(c), node.type)
            elif node.op == "loop":
                q = _reduce(np.concatenate(c[1:]), node.type)
            elif node.op == "sel":
                q = _mixture(np.mean(c[0] != 0) if graph.nodes[node.children[0]].type.is_integer else 0.5, c[1], c[2])
            elif node.op == "lookup":
                table = graph.tables[int(node.value)]
                q = _reduce(table[np.clip(c[0], 0, len(table) - 1).astype(int)].astype(np.float64), node.type)
            else:
                q = _propagate(graph, node, c)
            found.append(np.nan_to_num(np.clip(q, -1e30, 1e30)))
    return np.array(found)


def _propagate(graph: Graph, node: Node, c: list[np.ndarray]) -> np.ndarray:
    types = [graph.nodes[i].type for i in node.children]
    args = [_typed(q, t) for q, t in zip(c, types, strict=True)]
    if len(args) == 2 and node.children[0] != node.children[1]:
        args = [args[0][:, None], args[1][None, :]]
    value, trap = apply(node.op, node.type, args)
    if node.type.kind == "uint" and node.type.bits >= 32 and node.op in ("sub", "cast"):
        # Defined, but what wraps around to four billion is seldom meant.
        wrapped = args[0] < (args[1] if node.op == "sub" else 0)
        trap = wrapped if trap is None else trap | wrapped
    value = np.asarray(value, dtype=np.float64)
    if trap is not None and np.any(trap) and not np.all(trap):
        value = value[~np.broadcast_to(trap, value.shape)]
    return _reduce(value.ravel(), node.type)


def _typed(q: np.ndarray, type: Scalar) -> np.ndarray:
    if not type.is_integer:
        return np.asarray(q, type.dtype)
    low, high = type.limits
    return np.asarray(np.clip(np.rint(q), low, min(high, 2**62)), type.dtype)


def _reduce(values: np.ndarray, type: Scalar) -> np.ndarray:
    """Seven strata of a sample of any size: their means, or their middle values for an integer type."""
    values = np.sort(values[np.isfinite(values)])
    if not len(values):
        return np.zeros(QUANTILES)
    if len(values) % QUANTILES:
        at = np.arange(len(values) * QUANTILES) // QUANTILES
        values = values[at]
    parts = values.reshape(QUANTILES, -1)
    return parts[:, parts.shape[1] // 2] if type.is_integer else parts.mean(1)


def _mixture(p: float, yes: np.ndarray, no: np.ndarray) -> np.ndarray:
    """Strata of a value that is `yes` with probability p, else `no`."""
    values = np.concatenate([yes, no])
    weights = np.concatenate([np.full(QUANTILES, p), np.full(QUANTILES, 1 - p)])
    order = np.argsort(values, kind="stable")
    edges = np.cumsum(weights[order]) / weights.sum()
    levels = (np.arange(QUANTILES) + 0.5) / QUANTILES
    return values[order][np.minimum(np.searchsorted(edges, levels), 2 * QUANTILES - 1)]
