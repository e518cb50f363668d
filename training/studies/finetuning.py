"""What fine-tuning gains by its start: emitted weights against random ones, to the error that the random ones end with.

By each optimiser alone, every start at the strength that suits it best, with the jobs and the stopping rule of the
protocol (training/evaluation/protocol.py). Seconds are those of one tower on one core: the steps' and, of an emitted
start, the hypernetwork's. Shapes: U results, S seeds, C checkpoints.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from surrogate.numeric.batches import one_thread
from training.arrays import Array, evenly_spaced
from training.errors import bounded
from training.evaluation.protocol import (
    BASELINE,
    Bench,
    Measured,
    ProtocolConfig,
    make_bench,
    measure,
    prepare,
    prepare_validation,
    work_folder,
)
from training.evaluation.statistics import geometric, ratio, steps_ratio, steps_to
from training.finetuning import OPTIMISERS, Optimiser
from training.markdown import table_lines
from training.starts.table import TEXT, TEXT_AND_ROWS, Start
from training.starts.tasks import StartTask

SIZES = (64, 256, 1000, 2000)
METHODS = (BASELINE, TEXT, TEXT_AND_ROWS)
BARS = {"Adam": 25.0, "Levenberg–Marquardt": 3.7}
"""Of `text + rows`: the least ratio of epochs."""
ALL = "all"
TIMED_STEPS, TIMED_TASKS = 20, 5
Cell = dict[str, Any]


def study(config: ProtocolConfig, compiler: str, work: Path, processes: int) -> dict[str, Any]:
    """Figures of one suite by optimiser, start and number of rows; `compiler` is the hash of the weights.

    What `work` holds of it is not measured again. Raises UsageError as the protocol does.
    """
    bench = make_bench(prepare(config).suites, prepare_validation(config), config)
    folder = work_folder(work, config, compiler)
    suite = bench.suites[0]
    found = {}
    for name in config.optimisers:
        measured = measure(bench, replace(config, optimisers=(name,)), METHODS, folder, processes, lambda jobs: None)
        found[name] = _by_start(bench, measured, OPTIMISERS[name])
    return {"programs": len(np.unique(suite.programs)), "results": len(suite), "optimisers": found}


def _by_start(bench: Bench, measured: Measured, optimiser: Optimiser) -> dict[str, dict[str, Cell]]:
    steps = {size: step_seconds(optimiser, bench, size) for size in measured.sizes}
    table = {}
    for method in METHODS[1:]:
        starts = {size: start_seconds(bench.starts[method], bench.suites[0].tasks, size) for size in measured.sizes}
        cells = {
            str(size): saved(measured, method, size, optimiser, steps[size], starts[size]) for size in measured.sizes
        }
        table[method] = {**cells, ALL: _over_sizes(measured, method, optimiser)}
    return table


def saved(measured: Measured, method: str, size: int, optimiser: Optimiser, a_step: float, a_start: float) -> Cell:
    """One start at one number of rows, against random weights.

    `epochs`: how many times fewer epochs to random's final error, with an interval, and the share that reaches it;
    `error`: random's error ÷ its own where both are fine-tuned; `seconds`: means until that error, and their
    difference. A step takes `a_step` seconds, the start itself `a_start`.
    """
    fits = [measured.fit(m, size, optimiser.name) for m in (BASELINE, method)]
    base, own = (np.array(fit["traces"]) for fit in fits)  # [S, C, U]
    logs, reached = steps_ratio(base, own, optimiser.checkpoints())
    errors = [np.array(fit["errors"]) for fit in fits]  # [S, U]
    return {
        "epochs": geometric(logs, measured.programs).as_dict() | {"reached": float(reached.mean())},
        "error": ratio(errors[0], errors[1], measured.programs).as_dict(),
        "seconds": seconds_saved(base, own, optimiser.checkpoints(), a_step, a_start),
    }


def seconds_saved(base: Array, own: Array, checkpoints: Sequence[int], a_step: float, a_start: float) -> Cell:
    """Mean seconds of random weights and of a start until random's final error, of their traces [S, C, U].

    What never reaches that error counts with all steps of the budget, the least that it can take.
    """
    targets = bounded(base)[:, -1]
    random = steps_to(base, targets, checkpoints) * a_step
    start = np.minimum(steps_to(own, targets, checkpoints), checkpoints[-1]) * a_step + a_start
    return {"random": float(random.mean()), "start": float(start.mean()), "saved": float((random - start).mean())}


def _over_sizes(measured: Measured, method: str, optimiser: Optimiser) -> Cell:
    """The geometric mean over numbers of rows of the ratio of epochs, and the mean share that gets there."""
    logs, shares = [], []
    for size in measured.sizes:
        base, own = (np.array(measured.fit(m, size, optimiser.name)["traces"]) for m in (BASELINE, method))
        ratios, reached = steps_ratio(base, own, optimiser.checkpoints())
        logs.append(ratios)
        shares.append(reached.mean())
    epochs = geometric(np.mean(logs, axis=0), measured.programs).as_dict()
    return {"epochs": epochs | {"reached": float(np.mean(shares))}}


# --- Time ---


@torch.no_grad()
def step_seconds(optimiser: Optimiser, bench: Bench, size: int) -> float:
    """Processor seconds of a step of one tower, the middle one by its number of arguments, on one core."""
    suite = bench.suites[0]
    part = slice(len(suite) // 2, len(suite) // 2 + 1)
    task = suite.tasks[part][0]
    rows = suite.rows.first(size).part(part, task.arguments)
    start = bench.starts[BASELINE].towers([task], bench.seed).of(range(task.arguments))
    strength = torch.tensor([optimiser.middle])
    with one_thread():
        stepper = optimiser.make(start, rows.x, rows.standardised(), strength, optimiser.size, bench.seed)
        stepper.step()
        started = time.process_time()
        for _ in range(TIMED_STEPS):
            stepper.step()
        return (time.process_time() - started) / TIMED_STEPS


@torch.no_grad()
def start_seconds(start: Start, tasks: Sequence[StartTask], rows: int) -> float:
    """Processor seconds to make a start, the median of some tasks."""
    some = [tasks[i].first(rows) for i in evenly_spaced(len(tasks), TIMED_TASKS)]
    seconds = []
    with one_thread():
        start.towers(some[:1], 0)
        for task in some:
            started = time.process_time()
            start.towers([task], 0)
            seconds.append(time.process_time() - started)
    return statistics.median(seconds)


# --- The page ---


def bars(suites: dict[str, Any]) -> list[dict[str, Any]]:
    """A row a suite and optimiser: the least ratio of epochs, what was measured, whether it is met."""
    found = []
    for suite, figures in suites.items():
        for name, bar in BARS.items():
            if name in figures["optimisers"]:
                value = figures["optimisers"][name][TEXT_AND_ROWS][ALL]["epochs"]["value"]
                found.append({"what": f"{suite}, {name}", "bar": bar, "value": value, "met": value >= bar})
    return found


def markdown(document: dict[str, Any]) -> str:
    lines = [
        f"Command: `{document['command']}`, weights {document['compiler'][:12]}.",
        f"Seeds {document['seed']} to {document['seed'] + document['seeds'] - 1}. Intervals are 95 %, over programs.",
        "",
        *table_lines(["epochs: random ÷ text + rows", "at least", "measured", ""], map(_bar, document["bars"])),
    ]
    for suite, figures in document["suites"].items():
        for optimiser, table in figures["optimisers"].items():
            title = (
                f"{suite.capitalize()}, by {optimiser}: {figures['results']} results of {figures['programs']} programs"
            )
            lines += ["", f"## {title}", "", *_table(table)]
    return "\n".join(lines) + "\n"


def _bar(bar: dict[str, Any]) -> list[str]:
    return [bar["what"], f"{bar['bar']:g}", f"{bar['value']:.1f}", "met" if bar["met"] else "missed"]


def _table(table: dict[str, dict[str, Cell]]) -> Iterator[str]:
    """A row a start and figure, a column a number of rows."""
    figures: dict[str, Callable[[Cell], str]] = {
        "epochs: random ÷ own": lambda c: f"{_interval(c['epochs'])}, {c['epochs']['reached']:.0%}",
        "error: random ÷ own": lambda c: _interval(c["error"]) if "error" in c else "",
        "seconds: random, own": lambda c: _seconds(c, "random", "start"),
        "seconds saved": lambda c: _seconds(c, "saved"),
    }
    columns = list(next(iter(table.values())))
    rows = (
        [f"{start}, {name}", *(show(cells[c]) for c in columns)]
        for start, cells in table.items()
        for name, show in figures.items()
    )
    return table_lines(["start", *columns], rows)


def _interval(cell: Cell) -> str:
    return f"{cell['value']:.1f} ({cell['low']:.1f}–{cell['high']:.1f})"


def _seconds(cell: Cell, *names: str) -> str:
    return ", ".join(f"{cell['seconds'][name]:.3f}" for name in names) if "seconds" in cell else ""
