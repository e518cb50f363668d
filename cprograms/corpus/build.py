"""A corpus from folders of shards: duplicates dropped, splits apart, a card."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cprograms.corpus.card import Statistics, card
from cprograms.corpus.format import FEATURES, GROUP, parquet_writer, shard_size
from cprograms.corpus.near import SIGNATURE, signature
from cprograms.corpus.shards import corpus_paths
from cprograms.corpus.splits import DEFAULT, SPLITS, Keys, Shares, assign, extend
from cprograms.diagnostics import UsageError

SHARD = 4000
"""Programs of a shard."""
_MARKS = ("skeleton", "graph")
_KEY_COLUMNS = ("source", "tokens", "skeleton", "graph", "behaviour", "origin")


def build(
    folders: Sequence[Path],
    output: Path,
    shares: Shares = DEFAULT,
    *,
    bases: Sequence[Path] = (),
    held: Mapping[str, str] = MappingProxyType({}),
) -> Statistics:
    """Write `output`/{train,validation,test}-*.parquet and a card, from the shards of `folders` in order.

    The programs of the corpora `bases` come first and keep their splits; those of `folders` are added to what is
    trained on, but for packages that `held` names with their split (`extend`). `output` is replaced whole when all is
    written. Raises UsageError for a folder without shards and for a package that no program is of, OSError.
    """
    known = {path: split for base in bases for path, split in _shards_of(base)}
    paths = [*known, *corpus_paths(folders)]
    keys, signatures = _read_keys(paths)
    if unknown := held.keys() - set(keys.packages):
        raise UsageError(f"no program is of the package {', '.join(sorted(unknown))}")
    if not bases:
        homes = assign(keys, signatures, shares)
    else:
        homes = extend(keys, signatures, [name for p, name in known.items() for _ in range(shard_size(p))], held)
    partial = output.with_name(f".{output.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    statistics = _write_splits(paths, homes, partial)
    (partial / "README.md").write_text(card(statistics))
    if output.exists():
        shutil.rmtree(output)
    partial.rename(output)
    return statistics


def _shards_of(corpus: Path) -> list[tuple[Path, str]]:
    """The shards of a corpus with their splits, some of which may be empty. Raises UsageError where all are."""
    found = [(path, split) for split in SPLITS for path in sorted(corpus.glob(f"{split}-*.parquet"))]
    if not found:
        raise UsageError(f"{corpus} holds no split of a corpus")
    return found


def _read_keys(paths: Sequence[Path]) -> tuple[Keys, np.ndarray]:
    """The keys and the MinHash signatures of all programs, in order."""
    keys = Keys()
    signatures: list[np.ndarray] = [np.empty((0, SIGNATURE), np.uint32)]
    for path in paths:
        rows = pq.read_table(path, columns=list(_KEY_COLUMNS)).to_pylist()
        for row in rows:
            marks = [f"{name} {row[name]}" for name in _MARKS if row[name]]
            marks += [f"behaviour {hash}" for hash in row["behaviour"]]
            keys.add(row["tokens"], marks, row["origin"]["package"])
        signatures.append(np.array([signature(row["source"]) for row in rows], np.uint32).reshape(-1, SIGNATURE))
    return keys, np.concatenate(signatures)


@dataclass
class _Split:
    """The shards of one split; rows wait until there are enough for a row group."""

    folder: Path
    name: str
    waiting: list[pa.Table] = field(default_factory=list)
    writer: pq.ParquetWriter | None = None
    written: int = 0
    shards: int = 0

    def add(self, table: pa.Table) -> None:
        self.waiting.append(table)
        if sum(t.num_rows for t in self.waiting) >= GROUP:
            rows = pa.concat_tables(self.waiting)
            full = rows.num_rows - rows.num_rows % GROUP
            self._write(rows.slice(0, full))
            self.waiting = [rows.slice(full)]

    def _write(self, table: pa.Table) -> None:
        if not table.num_rows:
            return
        if self.writer is None:
            self.writer = parquet_writer(self.folder / f"{self.name}-{self.shards:05d}.parquet")
            self.shards += 1
        self.writer.write_table(table, row_group_size=GROUP)
        self.written += table.num_rows
        if self.written >= SHARD:
            self._end()

    def _end(self) -> None:
        if self.writer is not None:
            self.writer.close()
        self.writer, self.written = None, 0

    def close(self) -> None:
        if self.waiting:
            self._write(pa.concat_tables(self.waiting))
        self._end()


def _write_splits(paths: Sequence[Path], homes: Sequence[str], folder: Path) -> Statistics:
    splits = {name: _Split(folder, name) for name in SPLITS}
    statistics = Statistics(Counter(homes))
    for table, part in _tables(paths, np.array(homes)):
        for name, split in splits.items():
            chosen = table.filter(pa.array(part == name))
            statistics.add(name, chosen)
            split.add(chosen)
    for split in splits.values():
        split.close()
    return statistics


def _tables(paths: Sequence[Path], homes: np.ndarray) -> Iterator[tuple[pa.Table, np.ndarray]]:
    """Every row group with the outcome of its rows."""
    schema = FEATURES.arrow_schema
    start = 0
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                table = file.read_row_group(group).cast(schema)
                yield table, homes[start : start + table.num_rows]
                start += table.num_rows
