"""The ten tasks, each learned from several seeds; every choice made, then run on fresh tapes. The making resumes."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from cprograms.files import replace_file, replace_json
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.nram.controller import Kind
from surrogate.nram.decompiler import DecompiledController, decompile
from surrogate.nram.learning import Learned, Settings, hard_accuracy, last_step, learn
from surrogate.nram.search import SearchSettings, search
from surrogate.nram.settings import NRAM_TASKS
from training.neural_ram.native import agreement
from training.neural_ram.table import FRESH, summary, table

SIZES = (1, 2)
"""Times the size that was learned."""
Row = dict[str, Any]
AnySettings = Settings | SearchSettings


def measure_all(
    out: Path,
    tasks: Sequence[str],
    seeds: Sequence[int],
    rounds: int | None,
    method: str = "descent",
    controller: Kind = "mlp",
    cells: int | None = None,
) -> None:
    """Measures what OUT.json does not hold yet, and writes OUT.md.

    `rounds` is the most for a seed. `cells` is the size of all tapes, in place of the task's own sizes.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    for name in tasks or list(NRAM_TASKS):
        settings = settings_of(name, rounds, method, controller, cells)
        for seed in seeds:
            about = {"task": name, "method": method, "controller": controller, "seed": seed, "size": settings.size}
            if not any(about.items() <= row.items() and _enough(row, settings) for row in rows_of(out)):
                checkpoint = out.with_suffix(f".{method}-{controller}-{name}-{settings.size}-{seed}.progress")
                _add(out, about, measure(name, settings, seed, checkpoint))
    replace_file(out.with_suffix(".md"), table(rows_of(out)).encode())


def settings_of(
    name: str, rounds: int | None, method: str = "descent", controller: Kind = "mlp", cells: int | None = None
) -> AnySettings:
    """Those of a task and a method, with what is asked for instead. Raises UsageError where they make no sense."""
    task = NRAM_TASKS[name]
    found: AnySettings = task.search if method == "search" else replace(task.settings, kind=controller)
    if rounds is not None:
        found = replace(found, rounds=rounds)
    if cells is not None:
        found = replace(found, size=cells, least=None, steps=last_step(found.steps, found.size, cells))
    return found


def _enough(row: Row, settings: AnySettings) -> bool:
    """Whether more rounds would change nothing: it was right on its validation tapes, or had as many."""
    return bool(row["accuracy"] == 1 or row["most_rounds"] >= settings.rounds)


def measure(name: str, settings: AnySettings, seed: int, checkpoint: Path) -> Row:
    """Learns a task from one seed. Raises KeyboardInterrupt where it was interrupted: the checkpoint goes on."""
    began = time.process_time()
    if isinstance(settings, SearchSettings):
        found = search(TASKS[name], settings, seed, checkpoint=checkpoint)
    else:
        found = learn(TASKS[name], settings, seed, checkpoint=checkpoint)
    if not found.finished:
        raise KeyboardInterrupt
    seconds = time.process_time() - began
    rng = np.random.default_rng([seed, 5])
    right = [
        hard_accuracy(found.controller, TASKS[name].unbiased(rng, FRESH, settings.size * k), settings.steps * k)
        for k in SIZES
    ]
    exact = all(share == 1 for share in right)
    row = described(settings, found) | {
        "error": 1 - right[0],
        "error_twice": 1 - right[1],
        "processor_seconds": round(seconds, 1),
        "program": _program(decompile(found.controller, TASKS[name], settings.steps, settings.size), name)
        if exact and found.controller.shape.kind == "mlp"
        else None,
    }
    print(json.dumps({"task": name, "seed": seed, **{k: v for k, v in row.items() if k != "program"}}), flush=True)
    return row


def described(settings: AnySettings, found: Learned) -> Row:
    """What was learned with, and what it took. The parameters of a search are the choices in its table."""
    return {
        "size": settings.size,
        "least": settings.shortest,
        "parameters": settings.choices if isinstance(settings, SearchSettings) else settings.shape.size,
        "tapes": found.tapes,
        "restarts": found.restarts,
        "rounds": found.rounds,
        "most_rounds": settings.rounds,
        "drawn": found.drawn,
        "accuracy": found.accuracy,
    }


def _program(found: DecompiledController, name: str) -> Row:
    """What an exact controller is as a program."""
    checked, m = found.program.check(FRESH), found.program.memory_size
    source = str(found.decompiled.source)  # what was compiled is of type 1
    return {
        "circuits": len(found.circuits),
        "lines": len(found.program.program),
        "memory_size": m,
        "agree": found.agreement.same,
        "tapes": found.agreement.tapes,
        "compiled_right": checked.right,
        "gcc": agreement(source, TASKS[name].unbiased(np.random.default_rng(6), FRESH, m).tape),
        "c": source,
        "task": name,
    }


def rows_of(out: Path) -> list[Row]:
    """What is measured already."""
    path = out.with_suffix(".json")
    return json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else []


def _add(out: Path, about: Row, found: Row) -> None:
    """Adds what was measured, in the place of what was measured with fewer rounds."""
    with FileLock(out.with_suffix(".lock")):
        rows = [row for row in rows_of(out) if not about.items() <= row.items()] + [about | found]
        document = {"tasks": summary(rows), "runs": rows}
        replace_json(out.with_suffix(".json"), document)
