"""One order for operands that commute, so that programs that differ in theirs alone are one to the hypernetwork.

A node's key is a hash of what is below it. An argument's, as no name tells one from another, is also of where it is
read, in the manner of colour refinement (Weisfeiler and Leman 1968). Of two operands the one of more levels comes
first, then the lower operator, then the lower key. Operands of equal keys play the same part.

Shapes: N nodes in post-order, the root last; children count from 1, 0 means none.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from cprograms.ops import COMMUTATIVE, INDEX

Keys = npt.NDArray[np.uint64]

ROUNDS = 2
"""Of refinement: how far around it an argument's key sees."""
COMMUTES = np.array(sorted(INDEX[name] for name in COMMUTATIVE))


def operand_order(
    op: np.ndarray, type: np.ndarray, slot: np.ndarray, children: np.ndarray, level: np.ndarray, strata: np.ndarray
) -> np.ndarray:
    """The children [N, 3], those that commute in their order; the parts are those of an `EncodedGraph`."""
    commutes = np.isin(op, COMMUTES)
    if not commutes.any():
        return children
    argument = op == INDEX["arg"]
    own = _mixed(op.astype(np.uint64), type.astype(np.uint64))
    own = _mixed(own, np.where(argument, 0, slot).astype(np.uint64))
    own[level == 0] = _mixed(own[level == 0], _bits(strata[level == 0]))
    keys = _from_below(own, children, level, commutes)
    for _ in range(ROUNDS):
        seen = _from_above(keys, children, level, commutes)
        keys = _from_below(np.where(argument, _mixed(own, seen), own), children, level, commutes)
    found = _sorted(children, commutes, level, op, keys)
    # Arguments that play the same part have one order, that in which they are read now, for all nodes.
    rank = np.zeros(len(op), dtype=np.uint64)
    reads = first_reads(op, found)
    rank[reads] = np.arange(1, len(reads) + 1)
    return _sorted(found, commutes, level, op, keys, _from_below(_mixed(own, rank), found, level, commutes))


def _sorted(children: np.ndarray, commutes: np.ndarray, level: np.ndarray, op: np.ndarray, *keys: Keys) -> np.ndarray:
    """The children [N, 3] with operands that commute sorted: by falling level, then by operator, then by the keys."""
    first, second = children[:, :2].astype(int).T - 1
    swapped, differs = np.zeros((2, len(children)), dtype=bool)
    for values in (level.max() - level, op, *keys):
        a, b = values[first], values[second]
        swapped |= ~differs & (a > b)
        differs |= a != b
    at = np.flatnonzero(commutes & swapped)
    found = children.copy()
    found[at, :2] = children[at, 1::-1]
    return found


def first_reads(op: np.ndarray, children: np.ndarray) -> list[int]:
    """The arguments' nodes in the order in which the root's operands, from the first on, come to read them."""
    found: list[int] = []
    known: set[int] = set()
    below, is_argument = children.tolist(), (op == INDEX["arg"]).tolist()
    stack = [len(op)]
    while stack:
        node = stack.pop()
        if node in known:
            continue
        known.add(node)
        if is_argument[node - 1]:
            found.append(node - 1)
        stack.extend(child for child in reversed(below[node - 1]) if child)
    return found


def _from_below(own: Keys, children: np.ndarray, level: np.ndarray, commutes: np.ndarray) -> Keys:
    """Each node's key [N] from its operands' keys."""
    keys = np.concatenate([np.zeros(1, dtype=np.uint64), own])  # row 0 stands for no node
    for nodes in _by_level(level)[1:]:
        below = keys[children[nodes]]  # [n, 3]
        both = commutes[nodes]
        below[both, :2] = np.sort(below[both, :2], axis=1)
        found = own[nodes]
        for column in below.T:
            found = _mixed(found, column)
        keys[nodes + 1] = found
    return keys[1:]


def _from_above(keys: Keys, children: np.ndarray, level: np.ndarray, commutes: np.ndarray) -> Keys:
    """What each node [N] is read by on the ways from the root: 0 where it is not."""
    seen = np.zeros(len(keys) + 1, dtype=np.uint64)
    seen[-1] = 1
    for nodes in reversed(_by_level(level)[1:]):
        read = nodes[seen[nodes + 1] > 0]
        by = _mixed(seen[read + 1], keys[read])
        for k, column in enumerate(children[read].T):
            place = np.where(commutes[read], 0, k).astype(np.uint64)
            np.add.at(seen, column, np.where(column > 0, _mixed(by, place), 0).astype(np.uint64))
    return seen[1:]


def _by_level(level: np.ndarray) -> list[np.ndarray]:
    order = np.argsort(level, kind="stable")
    return np.split(order, np.cumsum(np.bincount(level))[:-1])


def _bits(strata: np.ndarray) -> Keys:
    """A hash of each row of numbers [n, 7]."""
    found = np.zeros(len(strata), dtype=np.uint64)
    for column in np.ascontiguousarray(strata.T, dtype=np.float32).view(np.uint32):
        found = _mixed(found, column.astype(np.uint64))
    return found


def _mixed(a: Keys, b: Keys) -> Keys:
    """A hash of pairs of hashes, in which the order counts: the finaliser of SplitMix64 (Steele, Lea, Flood 2014)."""
    z = a * np.uint64(0x9E3779B97F4A7C15) + b + np.uint64(0x632BE59BD9B4E019)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Keys = z ^ (z >> np.uint64(31))
    return found
