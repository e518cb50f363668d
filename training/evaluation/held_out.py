"""The compiler's error on held-out generated programs, at each -O level and split by what the programs hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from pycparser import c_ast

from cprograms.corpus.format import Record, read_corpus
from cprograms.corpus.shards import corpus_paths
from cprograms.generate import accept
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.ops import OPS
from cprograms.program import Program
from cprograms.sampling import Method, sample
from cprograms.sandbox import run_many
from surrogate.mlp.check import result_error
from surrogate.mlp.emit import Request, emit
from surrogate.mlp.finetune import finetune
from surrogate.mlp.hypernetwork import Hypernetwork
from surrogate.mlp.network import SurrogateNetwork, emitted_network, random_network
from surrogate.mlp.pipeline import COMPILE_METHOD, ROWS, build_network, one_thread
from surrogate.mlp.rows import compile_seed, fresh_seed
from training.examples.zero_shot import geometric_mean

GROUP_OF = {op.name: op.group for op in OPS}


@dataclass(frozen=True)
class HeldOut:
    """One result of a held-out program, with the sandbox's rows: for compiling [K, A], [K, R] and for testing."""

    program: Program
    result: int
    graph: Graph
    x: np.ndarray
    y: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray


BATCH = 200
"""Programs that the sandbox compiles together."""


def learnable(record: Record) -> bool:
    """Whether no result explodes or is rare: generated programs are made so, harvested ones may not be."""
    return all(map(accept, (r.type for r in record.results), record.outputs.T))


def spread_records(
    corpus: Path, split: str, count: int, wanted: Callable[[Record], bool] = lambda record: True
) -> list[Record]:
    """At most so many learnable and wanted programs of a split, evenly spread over it.

    Raises UsageError where there is no such split.
    """
    paths = corpus_paths([corpus], f"{split}-*.parquet")
    # The split is read twice, as it may not fit into memory.
    places = [i for i, record in enumerate(read_corpus(paths)) if wanted(record) and learnable(record)]
    chosen = {places[i] for i in np.linspace(0, len(places) - 1, min(count, len(places))).astype(int)}
    return [record for i, record in enumerate(read_corpus(paths)) if i in chosen]


def held_out_programs(
    programs: Sequence[Program],
    test_rows: int = 1000,
    seed: int = 0,
    rows: int = ROWS[2],
    method: Method = COMPILE_METHOD,
) -> list[HeldOut]:
    """Each result of the programs, run in the sandbox; rows with a trap or an infinity are left out.

    `method` places the `rows` that a compile may read; the rows to test on are uniform.
    """
    held = []
    for start in range(0, len(programs), BATCH):
        part = programs[start : start + BATCH]
        inputs = [
            np.concatenate([sample(p, rows, compile_seed(seed), method), sample(p, test_rows, fresh_seed(seed))])
            for p in part
        ]
        for program, x, ran in zip(part, inputs, run_many(part, inputs), strict=True):
            finite = np.isfinite(ran.y).all(1)
            split = int(finite[:rows].sum())
            x, y = x[finite], ran.y[finite]
            graph = lower(program)
            held += [
                HeldOut(program, k, graph, x[:split], y[:split], x[split:], y[split:])
                for k in range(len(program.results))
            ]
    return held


def errors_at(model: Hypernetwork, held: list[HeldOut], opt_level: int, rows: int | None = None) -> np.ndarray:
    """nMSE [programs] of the networks that a compile at `opt_level` makes, on the test rows."""
    rows = ROWS[opt_level] if rows is None else rows
    return np.array(
        [network_error(h, build_network(model, h.program, h.graph, h.x[:rows], h.y[:rows], opt_level)) for h in held]
    )


def text_errors_with_scale(model: Hypernetwork, held: list[HeldOut]) -> np.ndarray:
    """nMSE [programs] at -O0 where the outputs' true mean and deviation are given."""
    requests = [Request(h.graph, h.program.domain, scale=(h.y_test.mean(0), h.y_test.std(0))) for h in held]
    networks = (emitted_network(t, h.program.domain) for t, h in zip(emit(model, requests), held, strict=True))
    return np.array([network_error(h, network) for h, network in zip(held, networks, strict=True)])


def scratch_network(held: HeldOut, rows: int, seed: int = 0) -> SurrogateNetwork:
    """A surrogate of random weights, fitted to the first `rows` rows as -O2 fits."""
    x, y = held.x[:rows], held.y[:rows]
    network = random_network(held.program.domain, y.mean(0), y.std(0), seed)
    with one_thread():
        finetune(network, x, y)
    return network


def network_error(held: HeldOut, network: SurrogateNetwork) -> float:
    """nMSE of a program's network in the held-out result, on the test rows."""
    k = held.result
    return result_error("", held.y_test[:, k], network.predict(held.x_test)[:, k]).nmse


class _Loops(c_ast.NodeVisitor):
    def __init__(self) -> None:
        self.found = False

    def visit_For(self, _node: c_ast.For) -> None:  # noqa: N802
        self.found = True

    visit_While = visit_DoWhile = visit_For  # noqa: N815


def _has_loop(program: Program) -> bool:
    visitor = _Loops()
    visitor.visit(program.unit)
    return visitor.found


def _uses(held: HeldOut, *groups: str) -> bool:
    return any(GROUP_OF[n.op] in groups for n in held.graph.result(held.result).nodes)


def _arguments(held: HeldOut) -> int:
    return sum(n.op == "arg" for n in held.graph.result(held.result).nodes)


CLASSES: dict[str, Callable[[HeldOut], bool]] = {
    "all": lambda h: True,
    "1-2 arguments": lambda h: _arguments(h) <= 2,
    "3-4 arguments": lambda h: 3 <= _arguments(h) <= 4,
    "5-8 arguments": lambda h: 5 <= _arguments(h) <= 8,
    "9-16 arguments": lambda h: _arguments(h) >= 9,
    "selects": lambda h: _uses(h, "select"),
    "no selects": lambda h: not _uses(h, "select"),
    "loops": lambda h: _has_loop(h.program),
    "loops not unrolled": lambda h: not h.graph.exact,
    "trigonometry": lambda h: _uses(h, "trigonometry"),
    "integer result": lambda h: h.program.results[h.result].type.is_integer,
    "floating result": lambda h: not h.program.results[h.result].type.is_integer,
}


def table(held: list[HeldOut], errors: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """A row a class of programs: its name, its size, and the geometric mean and median of each column of errors."""
    rows = []
    for name, belongs in CLASSES.items():
        mask = np.array([belongs(h) for h in held])
        row: dict[str, Any] = {"class": name, "programs": int(mask.sum())}
        for column, e in errors.items():
            part = e[mask]
            row[column] = {"geo": geometric_mean(part), "median": float(np.median(part))} if len(part) else None
        rows.append(row)
    return rows
