"""Surrogates beside what a user would fit to the same rows, on held-out programs, in shards that a rerun finds.

-O2 reads as many rows as the regressors and -O1, the first ones of the compile's.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cprograms.cache import key
from cprograms.corpus.format import Record
from cprograms.corpus.shards import make_shards
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from surrogate.mlp.emit import scale_inputs
from surrogate.mlp.hypernetwork import Hypernetwork
from surrogate.mlp.pipeline import build_network
from surrogate.mlp.pretrained import load_compiler
from surrogate.numeric.check import result_error
from training.arrays import Array
from training.errors import bounded, geometric_mean
from training.evaluation.regressors import REGRESSORS, TUNED, Regressor
from training.evaluation.statistics import estimate, geometric
from training.held_out import HeldOut, Predict, evenly_spaced_records, held_out_programs
from training.markdown import table_lines

LEVELS = {"-O1": 1, "-O2": 2}
SYSTEMS = (*LEVELS, *REGRESSORS)
BEST = "the best of the three"
DIFFICULTY = (0.0, 1e-5, 1e-3, np.inf)
"""Bounds of the best regressor's error by which results are told apart."""
SHARD = 5
"""Programs a shard."""
Line = dict[str, Any]


@dataclass(frozen=True)
class ComparisonConfig:
    """What is compared: programs evenly spread over a split of a corpus, the numbers of rows, the seed."""

    data: Path
    programs: int
    rows: tuple[int, ...]
    seed: int = 0
    compiler: str | None = None
    split: str = "test"


def compare(comparison: ComparisonConfig, folder: Path, processes: int = 1) -> list[Line]:
    """A line a system, a result of a program and a number of rows: its nMSE and times.

    `folder` keeps the shards, which the same call finds again. Raises UsageError where it holds those of another
    comparison, where there is no such split, or where a shard failed.
    """
    records = evenly_spaced_records(comparison.data, comparison.split, comparison.programs)
    settings = {
        "programs": [r.id for r in records],
        "rows": comparison.rows,
        "seed": comparison.seed,
        "compiler": load_compiler(comparison.compiler).sha256,
    }
    parts = [records[i : i + SHARD] for i in range(0, len(records), SHARD)]
    jobs = {folder / f"{i:05}.parquet": (part, comparison) for i, part in enumerate(parts)}
    report = make_shards(measure_shard, jobs, settings, processes=processes)
    for name, error in report.failures.items():
        raise UsageError(f"{folder / name}: {error}")
    return [line for path in jobs for line in pq.read_table(path).to_pylist()]


def measure_shard(path: Path, records: Sequence[Record], comparison: ComparisonConfig) -> None:
    model = load_compiler(comparison.compiler).model
    programs = [r.program() for r in records]
    held = held_out_programs(programs, seed=comparison.seed, rows=max(comparison.rows))
    lines = [line for h in held for rows in comparison.rows for line in measure(model, h, rows, comparison.seed)]
    table = BytesIO()
    pq.write_table(pa.Table.from_pylist(lines), table)
    replace_file(path, table.getvalue())


def measure(model: Hypernetwork, held: HeldOut, rows: int, seed: int) -> list[Line]:
    """Every system on one result: what it was, its nMSE, the seconds to fit, the microseconds an evaluation."""
    makers = {name: _level(model, held, rows, level) for name, level in LEVELS.items()}
    makers |= {name: _regressor(regressor, held, rows, seed) for name, regressor in REGRESSORS.items()}
    lines = []
    for name, make in makers.items():
        started = time.perf_counter()
        predict = make()
        fitted = time.perf_counter()
        predicted = predict(held.x_test)
        ended = time.perf_counter()
        error = result_error("", held.y_test[:, held.result], predicted).nmse
        lines.append(
            {
                "program": key(held.program.text)[:16],
                "result": held.result,
                "arguments": len(held.program.arguments),
                "rows": rows,
                "system": name,
                "nmse": error,
                "seconds": fitted - started,
                "microseconds": 1e6 * (ended - fitted) / len(held.x_test),
            }
        )
    return lines


def _level(model: Hypernetwork, held: HeldOut, rows: int, level: int) -> Callable[[], Predict]:
    def make() -> Predict:
        network = build_network(model, held.program, held.graph, held.x[:rows], held.y[:rows], level)
        return lambda x: network.predict(x)[:, held.result]

    return make


def _regressor(regressor: Regressor, held: HeldOut, rows: int, seed: int) -> Callable[[], Predict]:
    def make() -> Predict:
        domain, y = held.program.domain, held.y[:rows, held.result]
        mean, std = y.mean(), y.std()
        if np.ptp(y) == 0:
            return lambda x: np.full(len(x), y[0])
        predict = regressor(scale_inputs(held.x[:rows], domain), (y - mean) / std, seed)
        return lambda x: mean + std * predict(scale_inputs(x, domain))

    return make


def summary(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """For each number of rows: errors and times of every system, and how often each level has the lower error."""
    return [
        {"rows": rows} | _summary([line for line in lines if line["rows"] == rows])
        for rows in sorted({line["rows"] for line in lines})
    ]


def _summary(lines: Sequence[Line]) -> dict[str, Any]:
    programs = np.array([line["program"] for line in lines if line["system"] == SYSTEMS[0]])
    errors = {name: np.array([line["nmse"] for line in lines if line["system"] == name]) for name in SYSTEMS}
    # The least error on the test rows, which no user could choose by.
    errors[BEST] = np.min([errors[name] for name in TUNED], axis=0)
    return {
        "programs": len(set(programs)),
        "results": len(programs),
        "systems": {name: _system(e, [line for line in lines if line["system"] == name]) for name, e in errors.items()},
        "wins": {
            level: {name: _wins(errors[level], e, programs) for name, e in errors.items() if name not in LEVELS}
            for level in LEVELS
        },
        "by_difficulty": _by_difficulty(errors),
    }


def _by_difficulty(errors: dict[str, np.ndarray]) -> list[dict[str, Any]]:
    """How often each level beats the best of the three, where that one's error is small, middling or large."""
    found = []
    for low, high in itertools.pairwise(DIFFICULTY):
        part = (errors[BEST] >= low) & (errors[BEST] < high)
        wins = {level: float(_won(errors[level][part], errors[BEST][part]).mean()) for level in LEVELS if part.any()}
        found.append({"from": low, "below": high if np.isfinite(high) else None, "results": int(part.sum()), **wins})
    return found


def _system(errors: np.ndarray, lines: Sequence[Line]) -> dict[str, Any]:
    figures: dict[str, float | None] = {"geo": geometric_mean(errors), "median": float(np.median(bounded(errors)))}
    for time_of in ("seconds", "microseconds"):
        figures[time_of] = float(np.mean([line[time_of] for line in lines])) if lines else None
    return figures


def _wins(ours: np.ndarray, theirs: np.ndarray, programs: np.ndarray) -> dict[str, Any]:
    """Share of results on which ours has the lower error, equal ones half, and the geometric mean of theirs / ours."""
    wins = _won(ours, theirs)
    share = estimate(lambda weights: weights @ wins / weights.sum(1), programs)
    return {"share": share.as_dict(), "ratio": geometric(np.log(bounded(theirs) / bounded(ours)), programs).as_dict()}


def _won(ours: Array, theirs: Array) -> Array:
    """1 where ours has the lower error, 1/2 where both are equal."""
    ours, theirs = bounded(ours), bounded(theirs)
    wins: Array = (ours < theirs) + 0.5 * (ours == theirs)
    return wins


def markdown(report: dict[str, Any]) -> str:
    lines = [f"Command: `{report['command']}`, seed {report['seed']}, weights {report['compiler'][:12]}."]
    for part in report["rows"]:
        lines += ["", f"## {part['rows']} rows, {part['results']} results of {part['programs']} programs", ""]
        lines += [*_systems_table(part["systems"]), "", *_wins_table(part["wins"]), ""]
        lines += _difficulty_table(part["by_difficulty"])
    return "\n".join(lines) + "\n"


def _systems_table(systems: dict[str, dict[str, Any]]) -> Iterator[str]:
    def cells(name: str, figures: dict[str, Any]) -> list[str]:
        times = [f"{figures[k]:.3g}" if figures[k] is not None else "–" for k in ("seconds", "microseconds")]
        return [name, f"{figures['geo']:.5f}", f"{figures['median']:.5f}", *times]

    header = ["system", "nMSE, geo", "median", "seconds to fit", "µs an evaluation"]
    return table_lines(header, (cells(*system) for system in systems.items()), numbers=4)


def _wins_table(wins: dict[str, dict[str, Any]]) -> Iterator[str]:
    against = list(wins["-O2"])
    rows = ([level, *(_cell(own[name]) for name in against)] for level, own in wins.items())
    return table_lines(["beats, and error ratio", *against], rows)


def _difficulty_table(rows: list[dict[str, Any]]) -> Iterator[str]:
    def cells(row: dict[str, Any]) -> list[str]:
        errs = f"from {row['from']:g}" + (f" to {row['below']:g}" if row["below"] else "")
        return [errs, str(row["results"]), *(f"{row[level]:.0%}" if level in row else "–" for level in LEVELS)]

    header = [f"where {BEST} errs", "results", *(f"{level} beats it" for level in LEVELS)]
    return table_lines(header, map(cells, rows), numbers=len(header) - 1)


def _cell(wins: dict[str, Any]) -> str:
    share, ratio = wins["share"], wins["ratio"]
    of_results = f"{share['value']:.0%} ({share['low']:.0%}–{share['high']:.0%})"
    return f"{of_results}, {ratio['value']:.2f}× ({ratio['low']:.2f}–{ratio['high']:.2f})"
