"""Which split each program belongs to, so that nothing alike lies on two sides."""

from __future__ import annotations

import hashlib
import sys
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cprograms.corpus.near import near_pairs

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
DUPLICATE, STRADDLING = "duplicate", "straddling"
"""What the programs are that no split gets: equal to an earlier one, or like one of a split that is not theirs."""
_LARGEST = 0.01
"""Share of the corpus from which a group of generated programs is trained on."""


@dataclass(frozen=True)
class Shares:
    """The least share of programs that is held out twice, as validation and as test split.

    `generated`: of the generated programs; `harvested`: of the harvested ones, in whole packages.
    """

    generated: float = 1 / 64
    harvested: float = 0.1


DEFAULT = Shares()


class Keys:
    """What programs are told by, as arrays, so that millions of programs fit in memory.

    `identities` uint64 [n]; `marks` uint64 [m], hashes of what related programs share, and `owners` [m], whose they
    are; `packages` [n] with "" for a generated program.
    """

    def __init__(self) -> None:
        self.identities, self.marks, self.owners = array("Q"), array("Q"), array("Q")
        self.packages: list[str] = []

    def __len__(self) -> int:
        return len(self.packages)

    def add(self, identity: str, marks: Iterable[str], package: str) -> None:
        """The next program: equal ones have one identity, related ones a mark in common."""
        for mark in marks:
            self.marks.append(_hash(mark))
            self.owners.append(len(self))
        self.identities.append(_hash(identity))
        self.packages.append(sys.intern(package))


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def assign(keys: Keys, signatures: np.ndarray, shares: Shares = DEFAULT) -> list[str]:
    """The split of each program, or why it is left out; `signatures` are those of `cprograms.corpus.near`.

    Of programs with one identity the first stays. Programs that share a mark or are near-duplicates form a group, which
    lies in one split. Harvested programs go by package; where a group has packages of several splits, those of the
    split with most of its harvested programs stay.
    """
    outcome = [DUPLICATE] * len(keys)
    identities, packages = np.asarray(keys.identities), keys.packages
    kept = np.sort(np.unique(identities, return_index=True)[1])
    homes = _packages(Counter(packages[i] for i in kept if packages[i]), shares.harvested)
    edges = np.concatenate([_marked(keys, kept), near_pairs(signatures[kept])])
    for group in _groups(edges, len(kept)):
        members = kept[group]
        found = Counter(homes[packages[i]] for i in members if packages[i])
        # Equal counts: the split that is named first.
        home = max(SPLITS, key=found.__getitem__) if found else _drawn(identities[members], shares.generated, len(kept))
        for i in members:
            outcome[i] = STRADDLING if packages[i] and homes[packages[i]] != home else home
    return outcome


def extend(
    keys: Keys, signatures: np.ndarray, homes: Sequence[str], held: Mapping[str, str] = MappingProxyType({})
) -> list[str]:
    """The outcomes of `assign`, but for the first programs, which keep their `homes`.

    A further program is held out if its package is in `held`, which says in which split, else trained on. It is left
    out if it equals an earlier one, or if it shares a mark with, is a near-duplicate of or comes from the same package
    as a program that is held out in another split: what is known stays, and test programs before those of validation.
    """
    known = np.arange(len(keys)) < len(homes)
    outcome = np.array([*homes, *[DUPLICATE] * (len(keys) - len(homes))], dtype=object)
    first = np.unique(np.asarray(keys.identities), return_index=True)[1]
    new = first[~known[first]]
    outcome[new] = [held.get(keys.packages[i], TRAIN) for i in new]
    near = near_pairs(signatures)
    kept = known.copy()
    for split in (TEST, VALIDATION, TRAIN):
        elsewhere = kept & np.isin(outcome, [s for s in (TEST, VALIDATION) if s != split])
        ours = ~known & (outcome == split)
        outcome[ours & _alike(keys, near, elsewhere)] = STRADDLING
        kept |= outcome == split
    return [str(found) for found in outcome]


def _alike(keys: Keys, near: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Which programs share a mark or a package with one of the `chosen` (bool [n]), or are near-duplicates of one."""
    marks, owners = np.asarray(keys.marks), np.asarray(keys.owners, dtype=np.int64)
    packages = np.array(keys.packages, dtype=object)
    alike: np.ndarray = np.isin(packages, [name for name in {*packages[chosen]} if name])
    alike[owners[np.isin(marks, marks[chosen[owners]])]] = True
    for a, b in (near.T, near.T[::-1]):
        alike[b[chosen[a]]] = True
    return alike


def _marked(keys: Keys, kept: np.ndarray) -> np.ndarray:
    """Pairs [p, 2] of places in `kept` that link all programs of each mark."""
    place = np.full(len(keys), -1)
    place[kept] = np.arange(len(kept))
    owners = place[np.asarray(keys.owners, dtype=np.int64)]
    marks, owners = np.asarray(keys.marks)[owners >= 0], owners[owners >= 0]
    order = np.argsort(marks, kind="stable")
    same = marks[order][1:] == marks[order][:-1]
    return np.stack([owners[order][1:][same], owners[order][:-1][same]], axis=1)


def _groups(edges: np.ndarray, n: int) -> Iterator[np.ndarray]:
    """The connected components of n programs."""
    graph = coo_array((np.ones(len(edges), bool), (edges[:, 0], edges[:, 1])), shape=(n, n))
    _, labels = connected_components(graph, directed=False)
    order = np.argsort(labels, kind="stable")
    yield from np.split(order, np.flatnonzero(np.diff(labels[order])) + 1)


def _packages(sizes: Counter[str], share: float) -> dict[str, str]:
    """Whole packages, in the order of a hash, are test until there are enough, then validation, then train."""
    wanted = share * sizes.total()
    held: defaultdict[str, int] = defaultdict(int)
    homes = {}
    for package in sorted(sizes, key=_hash):
        home = next((s for s in (TEST, VALIDATION) if held[s] < wanted), TRAIN)
        held[home] += sizes[package]
        homes[package] = home
    return homes


def _drawn(identities: np.ndarray, share: float, total: int) -> str:
    """A group's split by a hash of its least identity: it stays as the corpus grows, unless the group changes."""
    if len(identities) > max(_LARGEST * total, 8):
        return TRAIN
    place = _hash(str(identities.min())) / 2**64
    return TEST if place < share else VALIDATION if place < 2 * share else TRAIN
