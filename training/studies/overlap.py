"""Which results of the library have the dataflow graph of a training example, constants masked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.lowering import lower
from surrogate.mlp.emission.encoding import encode
from training.evaluation.suites import LIBRARY

COLUMNS = {"op": np.uint8, "kind": np.uint8, "slot": np.uint8, "children": np.uint16}
"""What a graph is, but for its constants and its arguments' domains."""
Key = tuple[bytes, ...]


def graphs_of_examples(folder: Path) -> Iterator[Key]:
    for path in sorted(folder.glob("train-*.parquet")):
        for batch in pq.read_table(path, columns=list(COLUMNS)).to_batches():
            columns = [batch.column(name).to_numpy(zero_copy_only=False) for name in COLUMNS]
            yield from (_key(arrays) for arrays in zip(*columns, strict=True))


def graphs_of_library() -> Iterator[tuple[str, Key]]:
    for path in sorted(LIBRARY.glob("*.c")):
        program = cprograms.load(path)
        graph = lower(program)
        for k, result in enumerate(program.results):
            encoded = encode(graph.result(k), program.domain)
            name = path.stem if len(program.results) == 1 else f"{path.stem}.{result.name}"
            yield name, _key([getattr(encoded, c).ravel() for c in COLUMNS])


def _key(arrays: Sequence[np.ndarray]) -> Key:
    return tuple(np.asarray(a, dtype=t).tobytes() for a, t in zip(arrays, COLUMNS.values(), strict=True))


def report(folders: Sequence[Path]) -> str:
    """Raises UsageError where the folders hold no encoded examples."""
    trained = {key for folder in folders for key in graphs_of_examples(folder)}
    if not trained:
        raise UsageError("these folders hold no train-*.parquet of encoded examples")
    library = list(graphs_of_library())
    shared = [name for name, key in library if key in trained]
    return f"{len(shared)} of the library's {len(library)} results: {', '.join(shared)}"
