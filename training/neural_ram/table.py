"""The table of the ten tasks, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surrogate.nram.settings import NRAM_TASKS
from training.markdown import table_lines

INTRODUCTION = """\
# A neural random-access machine learns tasks on a tape

Made by `python scripts/train/neural_ram.py --out docs/results/neural_ram`. A seed is one `surrogate learn --machine
nram --task TASK --seed SEED`: rounds of restarts, each with hyper-parameters of its own, until one is right on 100
validation tapes of the size that is learned, with every choice made, or no round is left. What it keeps is run on 200
fresh tapes of that size and on 200 of twice the size; *exact* seeds are right on all. The error is the mean share of
wrong tapes over all seeds, with that of the best seed in brackets; *published* is that of the paper's controllers at
the size that they were trained to, whose layouts and sizes are others. Tapes, restarts and seconds are means over the
seeds; seconds are processor time of one core, on a machine that other work used too. Where seeds were not exact, *most
rounds* says how many they had.
"""


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each task and kind of controller what its seeds found, in the order of the tasks."""
    found = []
    for name in NRAM_TASKS:
        for kind in sorted({row["controller"] for row in rows if row["task"] == name}, reverse=True):
            runs = [row for row in rows if row["task"] == name and row["controller"] == kind]
            found.append(_task(name, kind, runs))
    return found


def _task(name: str, kind: str, runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def mean(field: str) -> float:
        return sum(float(run[field]) for run in runs) / len(runs)

    programs = [run["program"] for run in runs if run["program"]]
    return {
        "task": name,
        "controller": kind,
        "size": runs[0]["size"],
        "seeds": len(runs),
        "exact": sum(run["error"] == 0 for run in runs),
        "exact_twice": sum(run["error"] == 0 and run["error_twice"] == 0 for run in runs),
        "error": mean("error"),
        "best_error": min(run["error"] for run in runs),
        "error_twice": mean("error_twice"),
        "best_error_twice": min(run["error_twice"] for run in runs),
        "published_error": NRAM_TASKS[name].published / 100,
        "most_rounds": max(run["most_rounds"] for run in runs),
        "tapes": round(mean("tapes")),
        "restarts": mean("restarts"),
        "processor_seconds": mean("processor_seconds"),
        "parameters": runs[0]["parameters"],
        "decompiled": len(programs),
        "agree": sum(program["agree"] == program["tapes"] for program in programs),
        "least_lines": min((program["lines"] for program in programs), default=None),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The page."""
    header = (
        *("task", "controller", "cells", "exact", "exact at 2×", "error", "error at 2×", "published", "tapes"),
        *("most rounds", "restarts", "seconds", "programs", "lines"),
    )
    lines = table_lines(header, map(_cells, summary(rows)), numbers=len(header) - 2)
    notes = (
        "*Programs* are exact controllers that were decompiled; of each, the controller, the assembly and the C leave\n"
        "the same tape on 200 more tapes, where nothing else is said. *Lines* are those of the shortest, in\n"
        "instructions of the ANC machine.\n"
    )
    return "\n".join([INTRODUCTION, *lines, "", notes])


def _cells(t: dict[str, Any]) -> list[str]:
    disagree = t["decompiled"] - t["agree"]
    return [
        t["task"],
        t["controller"].upper(),
        str(t["size"]),
        f"{t['exact']} of {t['seeds']}",
        f"{t['exact_twice']} of {t['seeds']}",
        f"{t['error']:.1%} ({t['best_error']:.1%})",
        f"{t['error_twice']:.1%} ({t['best_error_twice']:.1%})",
        f"{t['published_error']:.1%}",
        f"{t['tapes']:,}",
        str(t["most_rounds"]),
        f"{t['restarts']:.0f}",
        f"{t['processor_seconds']:.0f}",
        f"{t['decompiled']}" + (f" ({disagree} disagree)" if disagree else ""),
        "–" if t["least_lines"] is None else str(t["least_lines"]),
    ]
