"""The LSTM beside surrogates on held-out programs: one model that reads and acts, or a small one made for each program.

Every system stands in for one result of one program; what it needs of that program is stated as rows.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.corpus.format import Record
from surrogate.mlp.emission.hypernetwork import Hypernetwork
from surrogate.mlp.network import SurrogateNetwork
from surrogate.mlp.pipeline import LEVEL_ROWS, build_network
from surrogate.numeric.checking.errors import result_error
from training.arrays import Array
from training.errors import geometric_mean
from training.held_out import HeldOut, Predict, scratch_network
from training.learning_to_execute.config import ExecuteConfig
from training.learning_to_execute.functions import FunctionRows, function_task, predict
from training.learning_to_execute.lstm import CharacterLSTM
from training.learning_to_execute.report import table
from training.learning_to_execute.train import ExecuteTrainer

FLOAT_BYTES = 4


@dataclass(frozen=True)
class StandIn:
    """What takes a result's place: rows x [n, A] to values [n], and what it costs."""

    predict: Predict
    parameters: int
    size: int  # bytes
    rows: int  # of the program it stands in for


System = Callable[[HeldOut], StandIn]


def functions_of(records: Sequence[Record]) -> list[FunctionRows]:
    """Each result of the programs of a corpus, with its finite rows."""
    found = []
    for record in records:
        text = record.program().text
        finite = np.isfinite(record.outputs).all(1)
        x, y = record.inputs[finite], record.outputs[finite]
        found += [FunctionRows(text, x, y[:, k]) for k in range(y.shape[1]) if len(y)]
    return found


def compiled(model: Hypernetwork, opt_level: int = 1) -> System:
    """The surrogate of a compile, at -O2 too from the rows that -O1 reads."""

    def make(held: HeldOut) -> StandIn:
        rows = LEVEL_ROWS[1]
        network = build_network(model, held.program, held.graph, held.x[:rows], held.y[:rows], opt_level)
        return _network(network, held.result, rows)

    return make


def from_scratch(seed: int) -> System:
    """A surrogate of random weights, fitted to the rows that a compile at -O1 reads, as -O2 fits."""

    def make(held: HeldOut) -> StandIn:
        return _network(scratch_network(held, LEVEL_ROWS[1], seed), held.result, LEVEL_ROWS[1])

    return make


def _network(network: SurrogateNetwork, result: int, rows: int) -> StandIn:
    parameters = sum(p.numel() for p in network.parameters()) // len(network.std)
    return StandIn(lambda x: network.predict(x)[:, result], parameters, FLOAT_BYTES * parameters, rows)


def nearest(held: HeldOut) -> StandIn:
    """A look-up in the rows that a compile at -O1 reads."""
    x, y = held.x[: LEVEL_ROWS[1]], held.y[: LEVEL_ROWS[1], held.result]
    return StandIn(lambda asked: nearest_row(x, y, held.program.domain, asked), 0, x.nbytes + y.nbytes, len(x))


def nearest_row(x: Array, y: Array, domain: Array, asked: Array) -> Array:
    """The results [n] of the nearest of rows x [K, A], y [K] to each asked [n, A].

    Distances are Euclidean in units of the arguments' ranges, the `domain` [A, 2].
    """
    width = domain[:, 1] - domain[:, 0]
    unit = np.where(width > 0, width, 1)
    distance = (((asked[:, None] - x[None]) / unit) ** 2).sum(-1)  # [n, K]
    found: Array = y[distance.argmin(1)]
    return found


def trained_lstm(config: ExecuteConfig, functions: Sequence[FunctionRows], out: Path) -> CharacterLSTM:
    """An LSTM trained on the functions' rows; `out` holds its checkpoint."""
    trainer = ExecuteTrainer(config, out, function_task(functions))
    trainer.run()
    model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
    assert isinstance(model, CharacterLSTM)
    return model


def lstm_of_all(model: CharacterLSTM) -> System:
    """One LSTM for every program: it reads the text and no row."""
    return lambda held: _lstm(model, held, rows=0)


def lstm_of_each(config: ExecuteConfig, out: Path) -> System:
    """An LSTM a program, trained on the rows that a compile at -O1 reads; `out` holds a folder a result."""

    def make(held: HeldOut) -> StandIn:
        x, y = held.x[: LEVEL_ROWS[1]], held.y[: LEVEL_ROWS[1], held.result]
        text = held.program.text
        folder = out / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}-{held.result}"
        return _lstm(trained_lstm(config, [FunctionRows(text, x, y)], folder), held, len(x))

    return make


def _lstm(model: CharacterLSTM, held: HeldOut, rows: int) -> StandIn:
    parameters = sum(p.numel() for p in model.parameters())
    return StandIn(lambda x: predict(model, held.program.text, x), parameters, FLOAT_BYTES * parameters, rows)


def compare(systems: dict[str, System], held: Sequence[HeldOut]) -> list[dict[str, Any]]:
    """A row a system: its nMSE on the test rows over all programs, and the means of what it costs a program."""
    table = []
    for name, make in systems.items():
        measured = [_measure(make(h), h) for h in held]
        errors, *costs = np.array(measured).T
        figures = dict(
            zip(("parameters", "bytes", "rows", "microseconds"), map(float, map(np.mean, costs)), strict=True)
        )
        table.append({"system": name, "geo": geometric_mean(errors), "median": float(np.median(errors)), **figures})
    return table


def _measure(system: StandIn, held: HeldOut) -> tuple[float, int, int, int, float]:
    """nMSE, parameters, bytes, rows, and microseconds of one of the test rows, which are predicted together."""
    started = time.perf_counter()
    predicted = system.predict(held.x_test)
    microseconds = 1e6 * (time.perf_counter() - started) / len(held.x_test)
    error = result_error("", held.y_test[:, held.result], predicted).nmse
    return error, system.parameters, system.size, system.rows, microseconds


def markdown(report: dict[str, Any]) -> str:
    """The page of a comparison: a table of all programs, and one of the first, of which each has an LSTM of its own."""
    parts = [
        "# The LSTM beside surrogates",
        f"`{report['command']}`, seed {report['seed']}. nMSE is the squared error over the true outputs' variance.",
    ]
    for name, about in (("all", "All programs"), ("first", "Those with an LSTM of their own")):
        rows = [
            [
                row["system"],
                f"{row['geo']:.2g}",
                f"{row['median']:.2g}",
                *(f"{row[cost]:,.0f}" for cost in ("parameters", "bytes", "rows")),
                f"{row['microseconds']:,.1f}",
            ]
            for row in report[name]
        ]
        header = ["system", "nMSE, geometric mean", "median", "parameters", "bytes", "rows needed", "µs an evaluation"]
        parts += [f"## {about}", table(header, rows)]
    return "\n\n".join(parts) + "\n"
