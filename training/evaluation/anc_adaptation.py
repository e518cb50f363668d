"""The six programs of the ANC paper adapted to their biased inputs by both methods: a table whose making resumes."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

from filelock import FileLock

from cprograms.files import replace_file
from surrogate.anc.adaptation.adapt import METHODS
from surrogate.anc.adaptation.tasks import TASKS, Published, TapeTask
from surrogate.anc.machine.controller import Controller
from surrogate.anc.program import AncProgram

ADAPTED = [name for name, task in TASKS.items() if task.adaptation is not None]
GRID = {"learning_rate": (0.1, 1.0), "alpha": (1, 10), "gamma": (0, 0.1), "sharpness": (2, 3, 4, 5)}
GRID_STEPS = 1000
HEADER = """\
Made by `python scripts/evaluate/anc_adaptation.py --methods METHOD --seeds {seeds} --seed SEED` on 2 cores: the
descent in processes of one thread, three at a time (two threads make it slower), the search in one process of two
threads. Every run starts at the published program. Iterations count the initial state, as the paper does; *generic*
is the program before, *learned* the mean and the best over the successes. A success is right on all of 100 fresh
tapes of the biased distribution, in fewer iterations than before; *ideal* is the share of seeds that are right in no
more iterations than the paper's ideal row. Types: 1 exact assembly, 2 soft jumps only, 3 other soft choices. Seconds
are for all seeds.
"""


def measure_all(
    out: Path,
    tasks: Sequence[str],
    methods: Sequence[str] | None,
    grids: Sequence[str],
    seeds: int,
    grid_seeds: int,
    seed: int,
) -> None:
    """Measures what OUT.json does not hold yet and writes OUT.md; `grids` are tasks whose settings are varied."""
    for method, name in product(methods or METHODS, tasks or ADAPTED):
        measure(out, TASKS[name], method, None, seeds, seed)
    for name in grids:
        for settings in grid(TASKS[name]):
            measure(out, TASKS[name], "published", settings, grid_seeds, seed)
    replace_file(out.with_suffix(".md"), table(_rows(out)).encode())


def grid(task: TapeTask) -> Iterator[Published]:
    assert task.adaptation is not None
    for values in product(*GRID.values()):
        varied: dict[str, Any] = dict(zip(GRID, values, strict=True))
        yield replace(task.adaptation, optimiser="adam", steps=GRID_STEPS, **varied)


def measure(out: Path, task: TapeTask, method: str, settings: Published | None, seeds: int, seed: int) -> None:
    """Adds a row to OUT.json, unless it is there."""
    about = {
        "task": task.name,
        "method": method,
        "settings": None if settings is None else asdict(settings),
        "seeds": seeds,
        "seed": seed,
    }
    if any(about.items() <= row.items() for row in _rows(out)):
        return
    program = AncProgram(task.name, "", task.memory_size, Controller.of([task.published()]))
    started = time.perf_counter()
    found = program.adapt(task=task.name, method=method, settings=settings, seeds=seeds, seed=seed)
    assert task.figures is not None
    ideal = [a for a in found.attempts if a.right == 1 and a.iterations <= task.figures.ideal]
    row = (
        about
        | found.as_dict()
        | {
            "ideal_rate": len(ideal) / seeds,
            "seconds": round(time.perf_counter() - started, 1),
            "program": None if found.best is None else str(found.best.program),
        }
    )
    with FileLock(out.with_suffix(".lock")):
        rows = [*_rows(out), row]
        out.parent.mkdir(parents=True, exist_ok=True)
        replace_file(out.with_suffix(".json"), (json.dumps(rows, indent=1) + "\n").encode())
    print(json.dumps({k: v for k, v in row.items() if k not in ("attempts", "program")}), flush=True)


def _rows(out: Path) -> list[dict[str, Any]]:
    path = out.with_suffix(".json")
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else []


def table(rows: list[dict[str, Any]]) -> str:
    header = HEADER.format(seeds=rows[0]["seeds"])
    main_rows = sorted(
        (r for r in rows if r["settings"] is None), key=lambda r: (ADAPTED.index(r["task"]), r["method"])
    )
    lines = [
        header,
        "| task | method | seed | generic | learned (best) | success | ideal | types 1/2/3 | seconds"
        " | paper: learned, ideal, success |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|",
        *(_line(row) for row in main_rows),
    ]
    grids = [row for row in rows if row["settings"] is not None]
    if grids:
        lines += ["", "## Grid of the published method", "", *_grid_lines(grids)]
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


def _grid_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    yield f"Adam, {GRID_STEPS} steps, {rows[0]['seeds']} seeds; the other hyper-parameters are the task's."
    yield ""
    yield f"| task | {' | '.join(GRID)} | success | learned (best) |"
    yield f"|---|{'--:|' * (len(GRID) + 2)}"
    for row in sorted(rows, key=lambda r: (ADAPTED.index(r["task"]), -r["success_rate"])):
        values = [f"{row['settings'][name]:g}" for name in GRID]
        yield f"| {row['task']} | {' | '.join(values)} | {row['success_rate']:.0%} | {_learned(row)} |"
