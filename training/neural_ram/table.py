"""The table of the ten tasks, in Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from surrogate.nram.settings import NRAM_TASKS
from training.markdown import table_lines

INTRODUCTION = """\
# A neural random-access machine learns tasks on a tape

Made by `python scripts/train/neural_ram.py --out docs/results/neural_ram`, and by the same with `--method search`, with
`--controller lstm`, and with `--cells N`. A seed is one `surrogate learn --machine nram --task TASK --seed SEED`.

Descent, the way of the paper, is rounds of restarts of a network, each with hyper-parameters of its own. Search has no
network: a round anneals the table of choices that circuits are, from random ones. A search's *restarts* are its rounds.
Either way rounds go on until one is right on 100 validation tapes of the size that is learned, with every choice made,
or no round is left. *Cells* are the sizes of the tapes that were learned from; no longer ones decide anything.

What is kept is run on 200 fresh tapes of that size and on 200 of twice the size; *exact* seeds are right on all. The
error is the mean share of wrong tapes over all seeds, with that of the best seed in brackets; *published* is that of
the paper's controllers, which were learned by descent, at the size that they were trained to; its layouts and sizes are
others. Tapes, restarts and seconds are means over the seeds; seconds are processor time of one core, on a machine that
other work used too. Where seeds were not exact, *most rounds* says how many they had.
"""


WAY = ("task", "method", "controller", "size")
"""How a row was learned."""
FRESH = 200
"""Tapes of each size that a controller is tried on, and on which its program is."""


def summary(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of each task, method, kind of controller and size what its seeds found, in the order of the tasks."""
    ways = {tuple(row[field] for field in WAY) for row in rows}
    return [
        _task(way, [row for row in rows if tuple(row[field] for field in WAY) == way])
        for name in NRAM_TASKS
        for way in sorted(way for way in ways if way[0] == name)
    ]


def _task(way: Sequence[Any], runs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    def mean(field: str) -> float:
        return sum(float(run[field]) for run in runs) / len(runs)

    programs = [run["program"] for run in runs if run["program"]]
    return {
        **dict(zip(WAY, way, strict=True)),
        "least": runs[0]["least"],
        "seeds": len(runs),
        "exact": sum(run["error"] == 0 for run in runs),
        "exact_twice": sum(run["error"] == 0 and run["error_twice"] == 0 for run in runs),
        "error": mean("error"),
        "best_error": min(run["error"] for run in runs),
        "error_twice": mean("error_twice"),
        "best_error_twice": min(run["error_twice"] for run in runs),
        "published_error": NRAM_TASKS[way[0]].published / 100,
        "most_rounds": max(run["most_rounds"] for run in runs),
        "tapes": round(mean("tapes")),
        "restarts": mean("restarts"),
        "processor_seconds": mean("processor_seconds"),
        "parameters": runs[0]["parameters"],
        "decompiled": len(programs),
        "agree": sum(program["agree"] == program["tapes"] for program in programs),
        "tried_by_gcc": sum(program["gcc"] is not None for program in programs),
        "gcc": sum(program["gcc"] == FRESH for program in programs),
        "least_lines": min((program["lines"] for program in programs), default=None),
    }


def table(rows: Sequence[dict[str, Any]]) -> str:
    """The page."""
    header = (
        *("task", "learned by", "cells", "exact", "exact at 2×", "error", "error at 2×", "published", "tapes"),
        *("most rounds", "restarts", "seconds", "programs", "gcc", "lines"),
    )
    lines = table_lines(header, map(_cells, summary(rows)), numbers=len(header) - 2)
    notes = (
        "*Programs* are exact controllers that were decompiled; of each, the controller, the assembly and the C leave\n"
        "the same tape on 200 more tapes, where nothing else is said. *gcc* counts those whose C, compiled by gcc\n"
        "with every operation modulo M, leaves what the sandbox leaves on 200 more tapes. *Lines* are those of the\n"
        "shortest, in instructions of the ANC machine.\n"
    )
    return "\n".join([INTRODUCTION, *lines, "", notes])


def _cells(t: dict[str, Any]) -> list[str]:
    disagree = t["decompiled"] - t["agree"]
    return [
        t["task"],
        "search" if t["method"] == "search" else f"descent, {t['controller'].upper()}",
        str(t["size"]) if t["least"] == t["size"] else f"{t['least']} to {t['size']}",
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
        f"{t['gcc']} of {t['tried_by_gcc']}" if t["tried_by_gcc"] else "–",
        "–" if t["least_lines"] is None else str(t["least_lines"]),
    ]
