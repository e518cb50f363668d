"""How far generated programs are from harvested ones: divergences, a classifier's score, and shares of traits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from random import Random

from cprograms.corpus.distance import Profile, distances, profile, traits
from cprograms.corpus.format import Record, read_corpus
from cprograms.corpus.shards import corpus_paths
from cprograms.diagnostics import UsageError

MIN_SIZE = 50


def measure(command: str, harvested: Path, generated: Sequence[Path], count: int, seed: int) -> str:
    """The tables for folders of shards; at most `count` programs of each are drawn. Raises UsageError."""
    real = drawn(harvested, count, seed)
    return report(command, real, {folder.name: profiles(drawn(folder, count, seed)) for folder in generated})


def drawn(folder: Path, count: int, seed: int) -> list[Record]:
    """A random sample of the programs of a folder of shards: of random shards that hold ten times as many."""
    random, paths = Random(seed), corpus_paths([folder])
    records = list(islice(read_corpus(random.sample(paths, len(paths))), 10 * count))
    return random.sample(records, min(count, len(records)))


def profiles(records: Sequence[Record]) -> list[Profile]:
    return [profile(record.program()) for record in records]


def halves(records: Sequence[Record]) -> tuple[list[Profile], list[Profile]]:
    """Two halves of about equal size without a package in common."""
    packages: dict[str, list[Record]] = {}
    for record in records:
        packages.setdefault(record.origin.package, []).append(record)
    parts: tuple[list[Record], list[Record]] = ([], [])
    for _, own in sorted(packages.items(), key=lambda item: (-len(item[1]), item[0])):
        min(parts, key=len).extend(own)
    return profiles(parts[0]), profiles(parts[1])


def report(command: str, real: Sequence[Record], made: dict[str, list[Profile]]) -> str:
    """The tables; every divergence is between as many programs as the harvested halves have.

    Raises UsageError where the harvested programs are of one package only.
    """
    first, second = halves(real)
    size = min(len(first), len(second), *(len(own) for own in made.values()))
    if size < MIN_SIZE:
        raise UsageError(f"at least {MIN_SIZE} programs of two harvested packages, and of each folder, are needed")
    harvested = profiles(real)
    columns = {"harvested, two halves by package": distances(first[:size], second[:size])}
    columns |= {name: distances(harvested[:size], own[:size]) for name, own in made.items()}
    shares = {"harvested": traits(harvested), **{name: traits(own) for name, own in made.items()}}
    return (
        f"Command: `{command}`; {size} programs a side.\n\n"
        + _table("distance", columns, "{:.3f}")
        + "\n"
        + _table("share of programs with", shares, "{:.2f}")
    )


def _table(title: str, columns: dict[str, dict[str, float]], form: str) -> str:
    rows = next(iter(columns.values()))
    lines = [f"| {title} | {' | '.join(columns)} |", "|---|" + "---:|" * len(columns)]
    lines += [f"| {row} | {' | '.join(form.format(c[row]) for c in columns.values())} |" for row in rows]
    return "\n".join(lines) + "\n"
