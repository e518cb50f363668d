"""Results of held-out programs with the sandbox's rows: what starts, surrogates and other models are measured on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from cprograms.corpus.format import Record, read_corpus
from cprograms.corpus.shards import corpus_paths
from cprograms.generate import accept
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.program import Program
from cprograms.sampling import Method, sample
from cprograms.sandbox import run_many
from surrogate.mlp.fitting.finetune import finetune
from surrogate.mlp.fitting.start import COMPILE_METHOD
from surrogate.mlp.network import Scale, SurrogateNetwork, random_network
from surrogate.mlp.pipeline import LEVEL_ROWS
from surrogate.numeric.batches import one_thread
from surrogate.numeric.checking.errors import result_error
from surrogate.numeric.rows import compile_seed, fresh_seed
from training.arrays import Array, evenly_spaced

Predict = Callable[[Array], Array]
"""Inputs [n, A] in C units to values [n] of one result."""


@dataclass(frozen=True)
class HeldOut:
    """One result of a held-out program, with the sandbox's rows: for compiling [K, A], [K, R] and for testing."""

    program: Program
    result: int
    graph: Graph
    x: Array
    y: Array
    x_test: Array
    y_test: Array


BATCH = 200
"""Programs that the sandbox compiles together."""


def learnable(record: Record) -> bool:
    """Whether no result explodes or is rare: generated programs are made so, harvested ones may not be."""
    return all(map(accept, (r.type for r in record.results), record.outputs.T))


def evenly_spaced_records(
    corpus: Path, split: str, count: int, wanted: Callable[[Record], bool] = lambda record: True
) -> list[Record]:
    """At most so many learnable and wanted programs of a split, evenly spread over it.

    Raises UsageError where there is no such split.
    """
    paths = corpus_paths([corpus], f"{split}-*.parquet")
    # The split is read twice, as it may not fit into memory.
    places = [i for i, record in enumerate(read_corpus(paths)) if wanted(record) and learnable(record)]
    chosen = {places[i] for i in evenly_spaced(len(places), count)}
    return [record for i, record in enumerate(read_corpus(paths)) if i in chosen]


def held_out_programs(
    programs: Sequence[Program],
    test_rows: int = 1000,
    seed: int = 0,
    rows: int = LEVEL_ROWS[2],
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


def varying(held: Iterable[HeldOut], least_rows: int = 0) -> Iterator[list[HeldOut]]:
    """Program by program the results that vary on the rows to test on, and have so many rows to compile from."""
    for _, group in groupby(held, key=lambda h: id(h.program)):
        results = [h for h in group if len(h.x) >= least_rows and len(h.y_test) and np.ptp(h.y_test[:, h.result]) > 0]
        if results:
            yield results


def scratch_network(held: HeldOut, rows: int, seed: int = 0) -> SurrogateNetwork:
    """A surrogate of random weights, fitted to the first `rows` rows as -O2 fits."""
    x, y = held.x[:rows], held.y[:rows]
    network = random_network(held.program.domain, Scale(y.mean(0), y.std(0)), seed)
    with one_thread():
        finetune(network, x, y)
    return network


def network_error(held: HeldOut, network: SurrogateNetwork) -> float:
    """nMSE of a program's network in the held-out result, on the test rows."""
    k = held.result
    return result_error("", held.y_test[:, k], network.predict(held.x_test)[:, k]).nmse
