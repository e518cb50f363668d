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

from cprograms.files import replace_file
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.nram.controller import Kind
from surrogate.nram.decompiler import DecompiledController, decompile
from surrogate.nram.learning import Learned, Settings, hard_accuracy, learn
from surrogate.nram.settings import NRAM_TASKS
from training.neural_ram.table import summary, table

FRESH = 200
"""Tapes of each size that a controller is tried on."""
SIZES = (1, 2)
"""Times the size that was learned."""
Row = dict[str, Any]


def measure_all(
    out: Path, tasks: Sequence[str], seeds: Sequence[int], rounds: int | None, controller: Kind = "mlp"
) -> None:
    """Measures what OUT.json does not hold yet, and writes OUT.md. `rounds` is the most for a seed."""
    out.parent.mkdir(parents=True, exist_ok=True)
    for name in tasks or list(NRAM_TASKS):
        settings = replace(NRAM_TASKS[name].settings, kind=controller)
        if rounds is not None:
            settings = replace(settings, rounds=rounds)
        for seed in seeds:
            about = {"task": name, "controller": controller, "seed": seed}
            if not any(about.items() <= row.items() and _enough(row, settings) for row in rows_of(out)):
                _add(out, about, measure(name, settings, seed, out.with_suffix(f".{name}-{seed}.progress")))
    replace_file(out.with_suffix(".md"), table(rows_of(out)).encode())


def _enough(row: Row, settings: Settings) -> bool:
    """Whether more rounds would change nothing: it was right on its validation tapes, or had as many."""
    return bool(row["accuracy"] == 1 or row["most_rounds"] >= settings.rounds)


def measure(name: str, settings: Settings, seed: int, checkpoint: Path) -> Row:
    """Learns a task from one seed. Raises KeyboardInterrupt where it was interrupted: the checkpoint goes on."""
    began = time.process_time()
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
        if exact and settings.kind == "mlp"
        else None,
    }
    print(json.dumps({"task": name, "seed": seed, **{k: v for k, v in row.items() if k != "program"}}), flush=True)
    return row


def described(settings: Settings, found: Learned) -> Row:
    """What was learned with, and what it took."""
    return {
        "size": settings.size,
        "parameters": settings.shape.size,
        "tapes": found.tapes,
        "restarts": found.restarts,
        "rounds": found.rounds,
        "most_rounds": settings.rounds,
        "drawn": found.drawn,
        "accuracy": found.accuracy,
    }


def _program(found: DecompiledController, name: str) -> Row:
    """What an exact controller is as a program."""
    checked = found.program.check(FRESH)
    return {
        "circuits": len(found.circuits),
        "lines": len(found.program.program),
        "memory_size": found.program.memory_size,
        "agree": found.agreement.same,
        "tapes": found.agreement.tapes,
        "compiled_right": checked.right,
        "c": found.decompiled.source,
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
        replace_file(out.with_suffix(".json"), (json.dumps(document, indent=1) + "\n").encode())
