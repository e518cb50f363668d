"""Which split each program belongs to, so that nothing alike lies on two sides."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from cprograms.corpus.near import near_pairs

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = (TRAIN, VALIDATION, TEST)
DUPLICATE, STRADDLING = "duplicate", "straddling"
"""What the programs are that no split gets: equal to an earlier one, or like one of another package's split."""
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


@dataclass(frozen=True)
class Key:
    """What a program is told by. `marks` are its hashes, each with its kind; `package` is "" for a generated one."""

    identity: str
    marks: tuple[str, ...]
    package: str


def assign(keys: Sequence[Key], signatures: np.ndarray, shares: Shares = DEFAULT) -> list[str]:
    """The split of each program, or why it is left out; `signatures` are those of `cprograms.corpus.near`.

    Of programs with one identity the first stays. Programs that share a mark or are near-duplicates form a group, which
    lies in one split. Harvested programs go by package; where a group has packages of several splits, those of the
    split with most of its harvested programs stay.
    """
    outcome = [DUPLICATE] * len(keys)
    kept = _first_ones(keys)
    packages = _packages(Counter(keys[i].package for i in kept if keys[i].package), shares.harvested)
    for group in _groups([keys[i].marks for i in kept], near_pairs(signatures[kept])):
        members = [kept[i] for i in group]
        homes = Counter(packages[keys[i].package] for i in members if keys[i].package)
        # Equal counts: the split that is named first.
        home = max(SPLITS, key=homes.__getitem__) if homes else _drawn(keys, members, shares.generated, len(kept))
        for i in members:
            foreign = keys[i].package and packages[keys[i].package] != home
            outcome[i] = STRADDLING if foreign else home
    return outcome


def _first_ones(keys: Sequence[Key]) -> np.ndarray:
    seen: dict[str, int] = {}
    for i, key in enumerate(keys):
        seen.setdefault(key.identity, i)
    return np.array(list(seen.values()), dtype=np.int64)


def _groups(marks: Sequence[Iterable[str]], near: np.ndarray) -> Iterator[np.ndarray]:
    """The connected components of programs linked by a mark or by a near pair."""
    n = len(marks)
    first: dict[str, int] = {}
    links = [(first.setdefault(mark, i), i) for i, own in enumerate(marks) for mark in own]
    edges = np.concatenate([np.array(links, dtype=np.int64).reshape(-1, 2), near])
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


def _drawn(keys: Sequence[Key], members: Sequence[int], share: float, total: int) -> str:
    """A group's split by a hash of its least identity: it stays as the corpus grows, unless the group changes."""
    if len(members) > max(_LARGEST * total, 8):
        return TRAIN
    place = int(_hash(min(keys[i].identity for i in members))[:8], 16) / 2**32
    return TEST if place < share else VALIDATION if place < 2 * share else TRAIN


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
