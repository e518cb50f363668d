"""The six programs of the ANC paper adapted to their biased inputs by both methods: a table whose making resumes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock

from cprograms.files import replace_file, replace_json
from surrogate.anc.adaptation.adapt import adapt
from surrogate.anc.adaptation.gradient import Checkpoint
from surrogate.anc.adaptation.tasks import TASKS, Prior, Published, TapeTask
from surrogate.anc.decompiler.reading import arg_max_program

ADAPTED = [name for name, task in TASKS.items() if task.adaptation is not None]
METHODS: dict[str, dict[str, Any]] = {
    "hybrid": {"method": "hybrid"},
    "published": {"method": "published", "stop_gradient": "published"},
    "exact": {"method": "published", "stop_gradient": "exact"},
    "both": {"method": "both"},
}
"""What is compared, with the options of `adapt`: the search, the descent with either gradient, and the search from what
a descent finds."""
GRID: dict[str, tuple[Any, ...]] = {
    "optimiser": ("sgd", "adam"),
    "learning_rate": (0.01, 0.1, 1.0),
    "alpha": (1, 10),
    "gamma": (0, 0.1),
    "delta": (0, 1, 5, 10, 20),
    "sharpness": (2, 3, 4, 5),
    "steps": (500, 1000, 2000, 4000),
    "prior": (Prior("logits", 0.01), Prior("probabilities", 0.1)),
    "from_scratch": (True,),
}
"""Around a task's published settings, one is changed at a time."""
HEADER = """\
Made by `python scripts/evaluate/anc_adaptation.py --methods METHOD --seeds {seeds} --seed SEED`, the search on two
cores, the descents on one that other work used too. Every run starts at the published program. *hybrid* is the search;
*published* the paper's descent with the authors' backward pass, *exact* the same descent with the true gradient of the
paper's loss, *both* the search from what a descent finds (10 seeds). Iterations count the initial state, as the paper
does; *generic* is the program before, *learned* the mean and the best over the successes. A success is right on all of
100 fresh tapes of the biased distribution, in fewer iterations than before; of a descent, at the best of 21
checkpoints, and *at the last* one. *Ideal* is the share of seeds that are right in no more iterations than the paper's
ideal row. Types: 1 exact assembly, 2 soft jumps only, 3 other soft choices. Seconds are for all seeds.
"""


def measure_all(
    out: Path,
    tasks: Sequence[str],
    methods: Sequence[str],
    grids: Sequence[str],
    seeds: int,
    grid_seeds: int,
    seed: int,
) -> None:
    """Measures what OUT.json does not hold yet and writes OUT.md; `grids` are tasks whose settings are varied."""
    for method, name in product(methods, tasks or ADAPTED):
        measure(out, TASKS[name], method, None, seeds, seed)
    for name in grids:
        for settings in grid(TASKS[name]):
            measure(out, TASKS[name], "published", settings, grid_seeds, seed)
    replace_file(out.with_suffix(".md"), table(_rows(out)).encode())


def grid(task: TapeTask) -> Iterator[Published]:
    """The published settings and those in which one is another."""
    assert task.adaptation is not None
    yield task.adaptation
    for name, values in GRID.items():
        for value in values:
            if value != getattr(task.adaptation, name):
                varied: dict[str, Any] = {name: value}
                yield replace(task.adaptation, **varied)


def measure(out: Path, task: TapeTask, method: str, settings: Published | None, seeds: int, seed: int) -> None:
    """Adds a row to OUT.json, unless it is there. `method` is one of METHODS."""
    about = {
        "task": task.name,
        "method": method,
        "settings": None if settings is None else asdict(settings),
        "seeds": seeds,
        "seed": seed,
    }
    if any(about.items() <= row.items() for row in _rows(out)):
        return
    started = time.perf_counter()
    seen: list[Checkpoint] = []
    watch = None if method == "hybrid" else lambda checkpoints: seen.append(checkpoints[-1])
    found = adapt(
        task.published(), task=task.name, settings=settings, seeds=seeds, seed=seed, watch=watch, **METHODS[method]
    )
    assert task.figures is not None
    ideal = [a for a in found.attempts if a.right == 1 and a.iterations <= task.figures.ideal]
    row = (
        found.as_dict()
        | about
        | {
            "ideal_rate": len(ideal) / seeds,
            "curve": [_point(checkpoint, found.generic) for checkpoint in seen],
            "seconds": round(time.perf_counter() - started, 1),
            "program": None if found.best is None else str(arg_max_program(found.best.controller)),
        }
    )
    with FileLock(out.with_suffix(".lock")):
        rows = [*_rows(out), row]
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_json(out.with_suffix(".json"), rows)
    told = {
        name: row[name] for name in ("task", "method", "seeds", "seed", "success_rate", "iterations_after", "types")
    }
    told |= {
        "settings": row["settings"],
        "last": row["last"] and row["last"]["success_rate"],
        "seconds": row["seconds"],
    }
    print(json.dumps(told), flush=True)


def _point(checkpoint: Checkpoint, generic: float) -> dict[str, float]:
    """What a checkpoint measured, over its seeds: the share that succeeds on the validation tapes, and means."""
    success = (checkpoint.right == 1) & (checkpoint.iterations < generic)
    means = {name: float(np.mean(getattr(checkpoint, name))) for name in ("response", "time", "iterations", "gradient")}
    return {"step": checkpoint.step, "success": float(success.mean()), **means}


def _rows(out: Path) -> list[dict[str, Any]]:
    path = out.with_suffix(".json")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def table(rows: list[dict[str, Any]]) -> str:
    header = HEADER.format(seeds=rows[0]["seeds"])
    main_rows = sorted(
        (r for r in rows if r["settings"] is None),
        key=lambda r: (ADAPTED.index(r["task"]), list(METHODS).index(r["method"]), r["seed"]),
    )
    lines = [
        header,
        "| task | method | seed | generic | learned (best) | success | at the last | ideal | types 1/2/3 | seconds"
        " | paper: learned, ideal, success |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_line(row) for row in main_rows),
    ]
    grids = [row for row in rows if row["settings"] is not None]
    if grids:
        lines += ["", "## Around the published settings", "", *_grid_lines(grids)]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any]) -> str:
    paper = TASKS[row["task"]].figures
    assert paper is not None
    cells = [
        row["task"],
        row["method"],
        str(row["seed"]),
        f"{row['iterations_before']:.1f}",
        _learned(row),
        f"{row['success_rate']:.0%}",
        _last(row),
        f"{row['ideal_rate']:.0%}",
        "/".join(str(row["types"][kind]) for kind in "123"),
        f"{row['seconds']:.0f}",
        f"{paper.learned:g}, {paper.ideal:g}, {paper.success:.0%}",
    ]
    return f"| {' | '.join(cells)} |"


def _learned(row: dict[str, Any]) -> str:
    if row["iterations_after"] is None:
        return "–"
    return f"{row['iterations_after']:.1f} ({row['iterations_best']:.1f})"


def _last(row: dict[str, Any]) -> str:
    return "–" if row["last"] is None else f"{row['last']['success_rate']:.0%}"


def _grid_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"The descent with the authors' backward pass, {rows[0]['seeds']} seeds; one setting is another at a time."
    yield ""
    yield "| task | settings | success | at the last | learned (best) |"
    yield "|---|---|--:|--:|--:|"
    for row in sorted(rows, key=lambda r: ADAPTED.index(r["task"])):
        yield f"| {row['task']} | {_varied(row)} | {row['success_rate']:.0%} | {_last(row)} | {_learned(row)} |"


def _varied(row: dict[str, Any]) -> str:
    """What is not as published."""
    adaptation = TASKS[row["task"]].adaptation
    assert adaptation is not None
    published = asdict(adaptation)
    varied = [_setting(name, value) for name, value in row["settings"].items() if value != published[name]]
    return ", ".join(varied) or "as published"


def _setting(name: str, value: Any) -> str:
    if name == "prior":
        return f"a prior on {value['kind']}, weight {value['weight']:g}"
    return "from scratch" if name == "from_scratch" else f"{name} {value}".replace("_", " ")
