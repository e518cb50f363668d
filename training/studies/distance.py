"""How far generated programs are from harvested ones: divergences, a classifier's scores, and shares of traits.

The harvested packages are of two sides, by a hash of their names: the generator's shares were counted on one, so that
figures are taken on the other.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from random import Random

from cprograms.corpus.distance import Profile, distances, profile, traits
from cprograms.corpus.format import Record, read_corpus
from cprograms.corpus.shards import corpus_paths
from cprograms.diagnostics import UsageError

MIN_SIZE = 50


def measure(
    command: str, harvested: Path, generated: Sequence[Path], count: int, seed: int, side: int | None = None
) -> str:
    """The tables for folders of shards; at most `count` programs of each are drawn, harvested ones of a side only.

    Raises UsageError.
    """
    real = drawn(harvested, count, seed, side)
    return report(command, real, {folder.name: drawn(folder, count, seed) for folder in generated})


def drawn(folder: Path, count: int, seed: int, side: int | None = None) -> list[Record]:
    """A random sample of the programs of a folder of shards: of random shards that hold ten times as many."""
    random, paths = Random(seed), corpus_paths([folder])
    records = read_corpus(random.sample(paths, len(paths)))
    if side is not None:
        records = (record for record in records if side_of(record.origin.package) == side)
    found = list(islice(records, 10 * count))
    return random.sample(found, min(count, len(found)))


def side_of(package: str) -> int:
    """The side of a package, 0 or 1: the generator's shares were counted on packages of side 0."""
    return int(hashlib.sha256(package.encode()).hexdigest(), 16) % 2


def profiles(records: Sequence[Record]) -> list[Profile]:
    return [profile(record.program()) for record in records]


def packages(records: Sequence[Record]) -> list[str]:
    """The package of each; a generated program is one of its own."""
    return [record.origin.package or record.id for record in records]


def halves(records: Sequence[Record]) -> tuple[list[Record], list[Record]]:
    """Two halves of about equal size without a package in common."""
    own_of: dict[str, list[Record]] = {}
    for record in records:
        own_of.setdefault(record.origin.package, []).append(record)
    parts: tuple[list[Record], list[Record]] = ([], [])
    for _, own in sorted(own_of.items(), key=lambda item: (-len(item[1]), item[0])):
        min(parts, key=len).extend(own)
    return parts


def report(command: str, real: Sequence[Record], made: dict[str, list[Record]]) -> str:
    """The tables; every divergence is between as many programs as the harvested halves have.

    Raises UsageError where the harvested programs are of one package only.
    """
    first, second = halves(real)
    size = min(len(first), len(second), *(len(own) for own in made.values()))
    if size < MIN_SIZE:
        raise UsageError(f"at least {MIN_SIZE} programs of two harvested packages, and of each folder, are needed")
    columns = {"harvested, two halves by package": between(first[:size], second[:size])}
    columns |= {name: between(real[:size], own[:size]) for name, own in made.items()}
    shares = {"harvested": real, **made}
    return (
        f"Command: `{command}`; {size} programs a side.\n\n"
        + _table("distance", columns, "{:.3f}")
        + "\n"
        + _table("share of programs with", {name: traits(profiles(own)) for name, own in shares.items()}, "{:.2f}")
    )


def between(a: Sequence[Record], b: Sequence[Record]) -> dict[str, float]:
    return distances(profiles(a), profiles(b), (packages(a), packages(b)))


def _table(title: str, columns: dict[str, dict[str, float]], form: str) -> str:
    rows = next(iter(columns.values()))
    lines = [f"| {title} | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {row} | {' | '.join(_cell(c[row], form) for c in columns.values())} |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: float, form: str) -> str:
    return "–" if math.isnan(value) else form.format(value)
