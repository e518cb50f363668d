"""What a corpus stores of a program, as parquet with explicit features, and the way there and back.

A shard is one parquet file that `datasets.load_dataset("parquet", data_files=...)` reads without a loading script.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pycparser import c_ast, c_generator

from cprograms.corpus.tokens import canonical, digest, masked
from cprograms.files import replace_file
from cprograms.frontend.loading import load_expanded
from cprograms.program import Argument, Program, Result
from cprograms.types import SCALARS

PROGRAM_ROWS = 256
GROUP = 128
"""Records of a row group: what a reader holds in memory at a time."""

_TEXT, _REAL = datasets.Value("string"), datasets.Value("float64")
FEATURES = datasets.Features(
    {
        "id": _TEXT,
        "source": _TEXT,
        "entry": _TEXT,
        "signature": _TEXT,
        "arguments": datasets.List({"name": _TEXT, "type": _TEXT, "low": _REAL, "high": _REAL, "origin": _TEXT}),
        "results": datasets.List({"name": _TEXT, "type": _TEXT}),
        "tokens": _TEXT,
        "skeleton": _TEXT,
        "graph": _TEXT,
        "behaviour": datasets.List(_TEXT),
        "origin": {
            "kind": _TEXT,
            "package": _TEXT,
            "path": _TEXT,
            "line": datasets.Value("int32"),
            "function": _TEXT,
            "seed": datasets.Value("int64"),
        },
        "licence": _TEXT,
        "inputs": datasets.List(datasets.List(_REAL)),
        "outputs": datasets.List(datasets.List(_REAL)),
        "status": datasets.List(datasets.Value("uint8")),
    }
)
_COUNTS = b"counts"


@dataclass(frozen=True)
class Origin:
    """Where a program comes from, so that it can be found again.

    `kind` is "generated" (by `generate(seed)`), "function" (a whole function of a package) or the part of one that it
    is ("expression", "block", "iteration"). `path` and `line` are the place in the package, `function` the function of
    the package that it is, or is from.
    """

    kind: str
    package: str = ""
    path: str = ""
    line: int = 0
    function: str = ""
    seed: int | None = None


@dataclass(frozen=True, eq=False)
class Record:
    """One program of a corpus.

    `source` is self-contained C with its domain, extents, fixed numbers and state in pragmas:
    `cprograms.load(source=...)` gives the same arguments, results and parameters back. `signature` is the entry's
    prototype. `inputs` float64 [n, arguments]; `outputs` float64 [n, results], NaN where the row did not end
    well; `status` uint8 [n], a `cprograms.sandbox.Status` each. `tokens` hashes the tokens with canonical names,
    `skeleton` the same with numbers masked, `graph` the shape of the dataflow graph ("" where it is not followed);
    `behaviour` are hashes of the outputs on inputs shared with other programs (see `cprograms.corpus.rows`). `id` is
    the hash of `source` and `entry`.
    """

    source: str
    entry: str
    signature: str
    arguments: tuple[Argument, ...]
    results: tuple[Result, ...]
    tokens: str
    skeleton: str
    graph: str
    behaviour: tuple[str, ...]
    origin: Origin
    licence: str
    inputs: np.ndarray
    outputs: np.ndarray
    status: np.ndarray

    @property
    def id(self) -> str:
        return hashlib.sha256(f"{self.entry}\0{self.source}".encode()).hexdigest()[:16]

    def program(self) -> Program:
        """The program that the source says. Raises ProgramError where the source is none."""
        program = load_expanded(self.source)
        path = self.origin.path or "<corpus>"
        return replace(program, path=path, arguments=self.arguments, results=self.results)

    def as_row(self) -> dict[str, Any]:
        """Plain values and numpy arrays under the names of `FEATURES`."""
        return {
            "id": self.id,
            **{name: getattr(self, name) for name in _PLAIN},
            "arguments": [
                {"name": a.name, "type": a.type.code, "low": a.low, "high": a.high, "origin": a.origin}
                for a in self.arguments
            ],
            "results": [{"name": r.name, "type": r.type.code} for r in self.results],
            "behaviour": list(self.behaviour),
            "origin": asdict(self.origin),
            "inputs": self.inputs,
            "outputs": self.outputs,
            "status": self.status,
        }

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Record:
        """A record from a row of the data set, as `datasets` or `as_row` gives it."""
        arguments = tuple(
            Argument(a["name"], SCALARS[a["type"]], a["low"], a["high"], a["origin"]) for a in row["arguments"]
        )
        results = tuple(Result(r["name"], SCALARS[r["type"]]) for r in row["results"])
        n = len(row["status"])
        return cls(
            **{name: row[name] for name in _PLAIN},
            arguments=arguments,
            results=results,
            behaviour=tuple(row["behaviour"]),
            origin=Origin(**row["origin"]),
            inputs=_matrix(row["inputs"], n, len(arguments)),
            outputs=_matrix(row["outputs"], n, len(results)),
            status=np.asarray(row["status"], np.uint8),
        )


_PLAIN = ("source", "entry", "signature", "tokens", "skeleton", "graph", "licence")


def make_record(
    program: Program,
    inputs: np.ndarray,
    outputs: np.ndarray,
    status: np.ndarray,
    origin: Origin,
    *,
    graph: str = "",
    behaviour: Sequence[str] = (),
    licence: str = "",
) -> Record:
    """The record of a program and its rows; the text is the program's trimmed unit."""
    source = source_text(program)
    names = canonical(source)
    definition = next(n for n in program.unit.ext if isinstance(n, c_ast.FuncDef) and n.decl.name == program.entry)
    return Record(
        source=source,
        entry=program.entry,
        signature=c_generator.CGenerator().visit(definition.decl).strip(),
        arguments=program.arguments,
        results=program.results,
        tokens=digest(names),
        skeleton=digest(masked(names)),
        graph=graph,
        behaviour=tuple(behaviour),
        origin=origin,
        licence=licence,
        inputs=inputs,
        outputs=outputs,
        status=status,
    )


def source_text(program: Program) -> str:
    """The trimmed unit as C, with pragmas before the entry: its extents, its domain, and its name where not last."""
    ext = program.unit.ext
    at = next(i for i, n in enumerate(ext) if isinstance(n, c_ast.FuncDef) and n.decl.name == program.entry)
    pragmas = [f"#pragma {text}" for text in program.pragmas]
    if any(isinstance(n, c_ast.FuncDef) for n in ext[at + 1 :]):
        pragmas.insert(0, f"#pragma surrogate entry({program.entry})")
    before, after = (str(c_generator.CGenerator().visit(c_ast.FileAST(part))) for part in (ext[:at], ext[at:]))
    return before + "\n".join(pragmas) + "\n" + after.rstrip() + "\n"


def _matrix(values: Any, n: int, width: int) -> np.ndarray:
    return np.asarray(values, dtype=np.float64).reshape(n, width)


def write_shard(path: Path, records: Iterable[Record], counts: Mapping[str, int] | None = None) -> None:
    """Write records as one parquet file: the same bytes for the same records, and whole or not at all.

    `counts` (what was tried, kept and dropped, by reason) is stored with the file. Raises OSError.
    """
    sink = pa.BufferOutputStream()
    with parquet_writer(sink, counts) as writer:
        for group in _batched(records, GROUP):
            writer.write_table(_table(group, writer.schema))
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, sink.getvalue().to_pybytes())


def parquet_writer(sink: Path | pa.NativeFile, counts: Mapping[str, int] | None = None) -> pq.ParquetWriter:
    """A writer of tables with the columns of `FEATURES`; `counts` as in `write_shard`."""
    schema = FEATURES.arrow_schema
    schema = schema.with_metadata({**(schema.metadata or {}), _COUNTS: json.dumps(dict(counts or {}), sort_keys=True)})
    numbers = [f"{name}.list.element.list.element" for name in ("inputs", "outputs")]
    plain = [name for name in FEATURES if name not in ("inputs", "outputs")]
    return pq.ParquetWriter(sink, schema, compression="zstd", use_dictionary=plain, use_byte_stream_split=numbers)


def _batched(records: Iterable[Record], size: int) -> Iterator[list[Record]]:
    remaining = iter(records)
    while group := list(islice(remaining, size)):
        yield group


def _table(records: Sequence[Record], schema: pa.Schema) -> pa.Table:
    rows = [r.as_row() for r in records]
    arrays = []
    for field in schema:
        column = [row[field.name] for row in rows]
        if field.name in ("inputs", "outputs"):
            arrays.append(_nested(column, field.type))
        elif field.name == "status":
            arrays.append(_lists([len(s) for s in column], pa.array(np.concatenate(column)), field.type))
        else:
            arrays.append(pa.array(column, type=field.type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _nested(matrices: Sequence[np.ndarray], type: pa.DataType) -> pa.Array:
    """Matrices [n, width] as an arrow column of lists of lists."""
    flat = pa.array(np.concatenate([m.ravel() for m in matrices]))
    inner = _lists(np.repeat([m.shape[1] for m in matrices], [len(m) for m in matrices]), flat, type.value_type)
    return _lists([len(m) for m in matrices], inner, type)


def _lists(lengths: Sequence[int] | np.ndarray, values: pa.Array, type: pa.DataType) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, type=type)


def read_shard(path: Path) -> Iterator[Record]:
    """The records of a shard, one row group in memory at a time."""
    with pq.ParquetFile(path) as file:
        for group in range(file.num_row_groups):
            yield from _records(file.read_row_group(group))


def _records(table: pa.Table) -> Iterator[Record]:
    columns = {name: table.column(name).to_pylist() for name in FEATURES if name not in ("inputs", "outputs")}
    columns |= {name: _matrices(table.column(name).combine_chunks()) for name in ("inputs", "outputs")}
    for i in range(table.num_rows):
        yield Record.from_row({name: column[i] for name, column in columns.items()})


def _matrices(column: pa.ListArray) -> list[np.ndarray]:
    """The matrices, flat; views into the column's memory."""
    flat = column.flatten().flatten().to_numpy()
    inner = column.flatten().value_lengths().to_numpy()
    places = np.concatenate([[0], np.cumsum(inner)])
    ends = places[np.concatenate([[0], np.cumsum(column.value_lengths().to_numpy())])]
    return [flat[a:b] for a, b in pairwise(ends)]


def read_corpus(paths: Iterable[Path]) -> Iterator[Record]:
    """The records of several shards, in order."""
    for path in paths:
        yield from read_shard(path)


def shard_counts(path: Path) -> dict[str, int]:
    """What was counted when the shard was made."""
    return dict(json.loads((pq.read_schema(path).metadata or {}).get(_COUNTS, b"{}")))


def shard_size(path: Path) -> int:
    """The number of records."""
    return int(pq.read_metadata(path).num_rows)
