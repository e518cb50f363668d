"""The whole harvest: trees to shards, shards to distinct programs, and the funnel's report."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cprograms.corpus.format import Record, read_corpus, write_shard
from cprograms.corpus.shards import ShardReport, make_shards
from cprograms.harvest.funnel import Funnel, form_of
from cprograms.harvest.shard import ShardJob, write_harvested_shard
from cprograms.harvest.sources import Tree, distinct, open_tree

SHARD = 2000
"""Programs of a final shard."""


@dataclass(frozen=True)
class HarvestSettings:
    rows: int
    outline: bool
    licence_file: str | None = None
    most_parts: int = 0  # of each tree, spread over it; 0: all


def harvest(paths: Sequence[Path], output: Path, settings: HarvestSettings, *, processes: int = 1) -> Funnel:
    """Harvest source trees into `output`: parquet shards of distinct programs, funnel.json and funnel.md.

    The shards of the trees' parts, whatever they share, are kept in `output`/work, so that the same call goes on where
    an earlier one ended and later calls can add trees. Raises UsageError for a path that is no source tree and for a
    folder of other settings, OSError where the result cannot be written.
    """
    work = output / "work"
    trees = [open_tree(path, work / "unpacked", settings.licence_file) for path in paths]
    jobs = {
        work / "parts" / f"{name}-{k:03d}.parquet": (
            ShardJob(name, tree, files, work, settings.rows, settings.outline),
        )
        for name, tree in distinct(trees)
        for k, files in _parts(tree, settings.most_parts)
    }
    noted = {"rows": settings.rows, "outline": settings.outline, "version": version("surrogate-compiler")}
    report = make_shards(write_harvested_shard, jobs, noted, processes=processes) if jobs else ShardReport()
    made = [path for path in jobs if path.exists()]
    funnel = Funnel(tuple(sorted({t.package for t in trees})), _counts(trees, report), report, _times(made))
    _write_distinct(made, output, funnel)
    funnel.save(output)
    return funnel


def _parts(tree: Tree, most: int) -> list[tuple[int, tuple[str, ...]]]:
    """A tree's parts with their numbers: at most so many (0: all), evenly spread; twice as many are these and more."""
    parts = list(enumerate(tree.parts()))
    return [parts[i * len(parts) // most] for i in range(most)] if 0 < most < len(parts) else parts


def _counts(trees: Iterable[Tree], report: ShardReport) -> Counter[str]:
    counts = Counter(report.counts)
    for tree in trees:
        counts["files: found"] += len(tree.files) + sum(n for _, n in tree.skipped)
        for reason, n in tree.skipped:
            counts[f"files: {reason}"] += n
    return counts


def _times(parts: Iterable[Path]) -> Counter[str]:
    times: Counter[str] = Counter()
    for part in parts:
        path = part.with_suffix(".times.json")
        times.update(json.loads(path.read_text()) if path.exists() else {})
    return times


def _write_distinct(parts: Sequence[Path], output: Path, funnel: Funnel) -> None:
    """Write the programs of which no other has the same tokens or behaves the same: whole functions first."""
    records: list[Record] = []
    number = 0
    for record in _distinct(parts, funnel):
        records.append(record)
        if len(records) == SHARD:
            write_shard(output / f"{number:06d}.parquet", records)
            records, number = [], number + 1
    if records:
        write_shard(output / f"{number:06d}.parquet", records)
        number += 1
    for old in sorted(output.glob("*.parquet"))[number:]:
        old.unlink()


def _distinct(parts: Sequence[Path], funnel: Funnel) -> Iterator[Record]:
    texts: set[str] = set()
    behaviours: set[str] = set()
    for whole in (True, False):
        for record in read_corpus(sorted(parts)):
            kind = record.origin.kind
            if (kind == "function") != whole:
                continue
            if record.tokens in texts:
                funnel.counts[f"{kind}: the same text in another shard"] += 1
            elif behaviours.intersection(record.behaviour):
                funnel.counts[f"{kind}: the same outputs as another"] += 1
            else:
                texts.add(record.tokens)
                behaviours.update(record.behaviour)
                funnel.counts[f"{kind}: distinct"] += 1
                if whole:
                    funnel.counts[f"{form_of(record.program())}: distinct"] += 1
                funnel.packages[record.origin.package][kind] += 1
                yield record
