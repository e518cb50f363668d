"""What the hypernetwork trains on: a view is one result of one program of a corpus, encoded, with its rows.

Views are made from a corpus by one call, stored as parquet shards beside it, and read back as flat numpy arrays.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cprograms.corpus.format import Record, read_shard
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from cprograms.generate import accept
from cprograms.graph import Graph, evaluate_nodes
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.mlp.emit import scale_inputs
from surrogate.mlp.encoding import EncodedGraph, encode, without_text

ROWS = 192
DENSE_NODES = 8
DENSE_ROWS = 16

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
}
FEATURES = datasets.Features(
    {
        "program": datasets.Value("string"),
        "result": datasets.Value("int8"),
        "mean": datasets.Value("float64"),
        "std": datasets.Value("float64"),
        **{name: datasets.List(datasets.Value(dtype)) for name, dtype in _SEQUENCES.items()},
    }
)


@dataclass(frozen=True)
class View:
    """One result of one program, which `program` names by the corpus's id.

    `x` float32 [192, slots] is scaled to [-1, 1], `y` float32 [192] standardised by `mean` and `std`. `dense_value`
    float32 [nodes, 16] are standardised values of some inner nodes on the first 16 rows.
    """

    program: str
    result: int
    graph: EncodedGraph
    x: np.ndarray
    y: np.ndarray
    mean: float
    std: float
    dense_node: np.ndarray
    dense_value: np.ndarray
    dense_mean: np.ndarray
    dense_std: np.ndarray

    def as_record(self) -> dict:
        parts = vars(self) | vars(self.graph) | {"kind": self.graph.type}
        arrays = {name: parts[name] for name in _SEQUENCES}
        plain = {name: getattr(self, name) for name in ("program", "result", "mean", "std")}
        return {**plain, **{name: a.ravel() for name, a in arrays.items()}}


def hide_text(view: View) -> View:
    """The view of the same rows without the program's text, and so without inner nodes; see `without_text`."""
    none = slice(0)
    return replace(
        view,
        graph=without_text(view.graph),
        x=view.x[:, np.argsort(view.graph.arguments)],
        dense_node=view.dense_node[none],
        dense_value=view.dense_value[none],
        dense_mean=view.dense_mean[none],
        dense_std=view.dense_std[none],
    )


def views_of(record: Record) -> Iterator[View]:
    """The views of a program: one for each result that has 192 finite rows and is worth learning from."""
    program = record.program()
    graph = lower(program)
    for k, result in enumerate(program.results):
        y = record.outputs[:, k]
        keep = np.flatnonzero(np.isfinite(y))[:ROWS]
        if len(keep) == ROWS and accept(result.type, y):
            yield _view(record.id, program, k, graph.result(k), record.inputs[keep], y[keep])


def _view(id: str, program: Program, k: int, graph: Graph, x: np.ndarray, y: np.ndarray) -> View:
    encoded = encode(graph, program.domain)
    rng = np.random.default_rng([int(id, 16), k])
    mean, std = float(y.mean()), float(y.std())
    return View(
        program=id,
        result=k,
        graph=encoded,
        x=scale_inputs(x, program.domain)[:, encoded.arguments].astype(np.float32),
        y=((y - mean) / std).astype(np.float32),
        mean=mean,
        std=std,
        **_dense_targets(graph, x, rng),
    )


def _dense_targets(graph: Graph, x: np.ndarray, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Values of up to eight inner nodes that are finite and vary."""
    nodes, rows, means, stds = [], [], [], []
    if graph.exact:
        values, poisons = evaluate_nodes(graph, x)
        inner = [i for i, n in enumerate(graph.nodes[:-1]) if n.children and poisons[i] is None]
        for i in rng.permutation(inner)[: 2 * DENSE_NODES].astype(int):
            v = np.broadcast_to(values[i], len(x)).astype(np.float64)
            if np.isfinite(v).all() and np.abs(v).max() < 1e30 and v.std() > 1e-9 * (1 + abs(v.mean())):
                nodes.append(i)
                means.append(v.mean())
                stds.append(v.std())
                rows.append(((v[:DENSE_ROWS] - means[-1]) / stds[-1]).clip(-5, 5))
            if len(nodes) == DENSE_NODES:
                break
    return {
        "dense_node": np.array(nodes, dtype=np.uint16),
        "dense_value": np.array(rows, dtype=np.float32).reshape(-1, DENSE_ROWS),
        "dense_mean": np.array(means, dtype=np.float64),
        "dense_std": np.array(stds, dtype=np.float64),
    }


def write_views(path: Path, corpus_shard: Path) -> None:
    """Write the views of a corpus's shard as one parquet file, whole or not at all. Raises OSError."""
    records = [view.as_record() for record in read_shard(corpus_shard) for view in views_of(record)]
    schema = FEATURES.arrow_schema
    columns = [pa.array([r[name] for r in records], type=schema.field(name).type) for name in FEATURES]
    sink = pa.BufferOutputStream()
    pq.write_table(pa.Table.from_arrays(columns, schema=schema), sink, compression="zstd")
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sink.getvalue().to_pybytes())


class ViewShard:
    """The views of one parquet file, by index, without a Python object a view.

    Raises UsageError for a file that is damaged, holds something else, or a number that is not finite.
    """

    def __init__(self, path: Path):
        try:
            table = pq.read_table(path, columns=list(FEATURES))
        except (OSError, pa.ArrowException) as e:
            raise UsageError(f"{path}: not a shard of views: {' '.join(str(e).split())[:200]}") from e
        if names := set(FEATURES) - set(table.column_names):
            raise UsageError(f"{path}: not a shard of views: it lacks {', '.join(sorted(names))}")
        self._flat: dict[str, np.ndarray] = {}
        self._starts: dict[str, np.ndarray] = {}
        for name in _SEQUENCES:
            column = table.column(name).combine_chunks()
            self._starts[name] = column.offsets.to_numpy()
            self._flat[name] = column.values.to_numpy()
        self._plain = {n: table.column(n).to_numpy() for n in ("result", "mean", "std")}
        self.programs = table.column("program").to_pylist()
        self._check_finite(path)
        self.sizes = np.diff(self._starts["op"])
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
                    f"{path}: '{name}' of view {i} (program {self.programs[i]}) is not finite; encode the corpus again"
                )

    def __len__(self) -> int:
        return len(self.programs)

    def _part(self, name: str, i: int) -> np.ndarray:
        return self._flat[name][self._starts[name][i] : self._starts[name][i + 1]]

    def __getitem__(self, i: int) -> View:
        p = {name: self._part(name, i) for name in _SEQUENCES}
        graph = EncodedGraph(
            p["op"],
            p["kind"],
            p["slot"],
            p["children"].reshape(-1, 3),
            p["level"],
            p["strata"].reshape(-1, 7),
            p["arguments"],
        )
        return View(
            program=self.programs[i],
            result=int(self._plain["result"][i]),
            graph=graph,
            x=p["x"].reshape(ROWS, -1),
            y=p["y"],
            mean=float(self._plain["mean"][i]),
            std=float(self._plain["std"][i]),
            dense_node=p["dense_node"],
            dense_value=p["dense_value"].reshape(-1, DENSE_ROWS),
            dense_mean=p["dense_mean"],
            dense_std=p["dense_std"],
        )
