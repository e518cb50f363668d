"""Examples as parquet shards beside the corpus they were made from, read back as flat numpy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cprograms.corpus.format import read_shard
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from cprograms.program import MAX_ARGUMENTS
from surrogate.mlp.emission.encoding import EncodedGraph
from training.arrays import evenly_spaced
from training.examples.example import DENSE_ROWS, EXAMPLE_ROWS, Example, examples_of

_SEQUENCES = {
    "op": "uint8",
    "kind": "uint8",
    "slot": "uint8",
    "children": "uint16",
    "level": "uint16",
    "strata": "float32",
    "arguments": "uint8",
    "x": "float32",
    "y": "float32",
    "dense_node": "uint16",
    "dense_value": "float32",
    "dense_mean": "float64",
    "dense_std": "float64",
    "tap_node": "uint16",
    "tap_kind": "uint8",
    "tap_scale": "float32",
    "taps": "float32",
}
FEATURES = datasets.Features(
    {
        "program": datasets.Value("string"),
        "result": datasets.Value("int8"),
        "mean": datasets.Value("float64"),
        "std": datasets.Value("float64"),
        "added": datasets.Value("uint8"),
        **{name: datasets.List(datasets.Value(dtype)) for name, dtype in _SEQUENCES.items()},
    }
)


def record_of(example: Example) -> dict[str, Any]:
    """A row of the parquet file: what FEATURES names, arrays flat."""
    parts = vars(example) | vars(example.graph) | {"kind": example.graph.type}
    arrays = {name: parts[name] for name in _SEQUENCES}
    plain = {name: parts[name] for name in ("program", "result", "mean", "std", "added")}
    return {**plain, **{name: a.ravel() for name, a in arrays.items()}}


def write_examples(path: Path, corpus_shard: Path) -> None:
    """Write the examples of a corpus's shard as one parquet file, whole or not at all. Raises OSError."""
    records = [record_of(example) for record in read_shard(corpus_shard) for example in examples_of(record)]
    schema = FEATURES.arrow_schema
    columns = [pa.array([r[name] for r in records], type=schema.field(name).type) for name in FEATURES]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), sink, compression="zstd")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sink.getvalue().to_pybytes())


class ExampleShard:
    """The examples of one parquet file, by index, without a Python object an example.

    Raises UsageError for a file that is damaged, holds something else, or a number that is not finite.
    """

    def __init__(self, path: Path):
        try:
            if names := set(FEATURES) - set(pq.read_schema(path).names):
                raise UsageError(
                    f"{path}: not a shard of examples: it lacks {', '.join(sorted(names))}; encode the corpus again"
                )
            table = pq.read_table(path, columns=list(FEATURES))
        except (OSError, pa.ArrowException) as e:
            raise UsageError(f"{path}: not a shard of examples: {' '.join(str(e).split())[:200]}") from e
        self._flat: dict[str, np.ndarray] = {}
        self._starts: dict[str, np.ndarray] = {}
        for name in _SEQUENCES:
            column = table.column(name).combine_chunks()
            self._starts[name] = column.offsets.to_numpy()
            self._flat[name] = column.values.to_numpy()
        self._plain = {n: table.column(n).to_numpy() for n in ("result", "mean", "std", "added")}
        self.programs = table.column("program").to_pylist()
        self._check_finite(path)
        self.sizes = np.diff(self._starts["op"])
        self.arguments = _greatest(self._flat["arguments"], self._starts["arguments"]) + 1
        level = self._flat["level"]
        # The root is a graph's last node and its level the highest.
        self.depths = level[self._starts["op"][1:] - 1] if len(level) else level

    def _check_finite(self, path: Path) -> None:
        for name, values in (self._flat | self._plain).items():
            bad = np.flatnonzero(~np.isfinite(values))
            if len(bad):
                starts = self._starts.get(name)
                i = bad[0] if starts is None else np.searchsorted(starts, bad[0], side="right") - 1
                raise UsageError(
                    f"{path}: '{name}' of example {i} (program {self.programs[i]}) is not finite;"
                    " encode the corpus again"
                )

    def __len__(self) -> int:
        return len(self.programs)

    def _part(self, name: str, i: int) -> np.ndarray:
        return self._flat[name][self._starts[name][i] : self._starts[name][i + 1]]

    def __getitem__(self, i: int) -> Example:
        p = {name: self._part(name, i) for name in _SEQUENCES}
        graph = EncodedGraph(
            p["op"],
            p["kind"],
            p["slot"],
            p["children"].reshape(-1, 3),
            p["level"],
            p["strata"].reshape(-1, 7),
            p["arguments"],
            int(self._plain["added"][i]),
            p["tap_node"],
            p["tap_kind"],
            p["tap_scale"].reshape(-1, 2),
        )
        return Example(
            program=self.programs[i],
            result=int(self._plain["result"][i]),
            graph=graph,
            x=p["x"].reshape(EXAMPLE_ROWS, -1),
            y=p["y"],
            mean=float(self._plain["mean"][i]),
            std=float(self._plain["std"][i]),
            dense_node=p["dense_node"],
            dense_value=p["dense_value"].reshape(-1, DENSE_ROWS),
            dense_mean=p["dense_mean"],
            dense_std=p["dense_std"],
            taps=p["taps"].reshape(EXAMPLE_ROWS, -1),
        )


def _greatest(values: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Of each part of the values, int64 [parts]; -1 of an empty one."""
    found = np.full(len(starts) - 1, -1)
    filled = np.flatnonzero(np.diff(starts))
    if len(filled):
        found[filled] = np.maximum.reduceat(values, starts[filled])
    return found


class ExampleStore:
    """The examples of one split in a folder of shards.

    Of several processes each holds every n-th shard, or every n-th example where there are fewer shards than processes.
    Where there is a number of `most_arguments`, those that read later arguments are `left_out`, a number, too. Raises
    UsageError where the split is missing or empty, or a shard damaged.
    """

    def __init__(self, folder: Path, split: str, rank: int = 0, world: int = 1, *, most_arguments: int = MAX_ARGUMENTS):
        paths = sorted(folder.glob(f"{split}-*.parquet"))
        if not paths:
            raise UsageError(f"{folder} holds no shard of the {split} split")
        by_shard = len(paths) >= world
        self.shards = [ExampleShard(p) for p in (paths[rank::world] if by_shard else paths)]
        kept = [np.flatnonzero(shard.arguments <= most_arguments) for shard in self.shards]
        self.left_out = sum(map(len, self.shards)) - sum(map(len, kept))
        found = [(int(self.shards[s].depths[i]), s, int(i)) for s, places in enumerate(kept) for i in places]
        # Sorted by depth: a batch from a window of neighbours has few levels that most of its graphs do not reach.
        found = sorted(found) if by_shard else sorted(found)[rank::world]
        if not found:
            raise UsageError(f"the {split} split of {folder} holds no example for process {rank + 1} of {world}")
        self.index = np.array(found)[:, 1:]

    def __len__(self) -> int:
        return len(self.index)

    def __getitem__(self, i: int) -> Example:
        shard, at = map(int, self.index[i])
        return self.shards[shard][at]

    def evenly_spaced(self, count: int) -> list[Example]:
        """So many examples, or all that there are, evenly spread over the depths."""
        return [self[i] for i in evenly_spaced(len(self), count)]

    def draw(self, size: int, rng: np.random.Generator, depth: float) -> list[Example]:
        """A random batch of examples of similar depth; `depth` from 0 to 1, the shallowest and the deepest."""
        window = min(max(len(self) // 4, size), len(self))
        start = round(depth * (len(self) - window))
        return [self[start + i] for i in rng.integers(0, window, size)]
