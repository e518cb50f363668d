"""The measured problems as a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from training.evaluation.optimisation.measure import Measured, median
from training.evaluation.optimisation.problems import CASES
from training.evaluation.optimisation.rivals import MOST, QUALITY, RIVALS, WEIGHT
from training.markdown import table_lines


def line(p: Measured) -> str:
    """A problem in a line, for those who wait."""
    return f"{p['name']}: " + ", ".join(f"{name} {tried['rows']}" for name, tried in p["tried"].items())


def ratio(p: Measured, ours: str, rival: str, whole: bool) -> float:
    """How many times as many rows a rival took, by the medians."""
    return median(p["tried"][rival]) / median(p["tried"][ours], whole)


def mean_ratio(problems: Iterable[Measured], ours: str, rival: str, whole: bool) -> float:
    """The geometric mean over the problems."""
    logs = [math.log(ratio(p, ours, rival, whole)) for p in problems]
    return math.exp(math.fsum(logs) / len(logs))


def markdown(document: dict[str, Any]) -> str:
    problems: list[Measured] = document["problems"]
    levels = [name for name in problems[0]["nmse"] if all(name in p["tried"] for p in problems)]
    first = levels[0]
    lost = [p["name"] for p in problems if min(ratio(p, first, r, False) for r in RIVALS) < 1]
    lines = [
        "# Optimising through a surrogate",
        "",
        f"Rows of the C program until one is within {QUALITY:g} of the best known value, and violates no condition by"
        f" more, both in units of their ranges (5th to 95th percentile of 4,096 uniform rows). Medians of"
        f" {len(document['seeds'])} seeds; a method that does not get there took {MOST:,}, the most it may run, and is"
        " in bold. The same rule stops all of them. COBYQA knows conditions; to the objective of differential"
        f" evolution and Nelder–Mead {WEIGHT:g} times the sum of the violations is added. Each begins anew at other"
        " points when it ends without getting there.",
        "",
        f"Measured: {len(problems)} of {len(CASES)} problems{_missing(problems)}. `{document['command']}`",
        "",
        *_table(problems, levels),
        "",
        "## How many times as many rows the others run",
        "",
        "Geometric means over the problems. With the compile, the rows that it read are counted as if every search"
        " needed a compile of its own.",
        "",
        *_means(problems, levels),
        "",
        f"Problems where one of the others runs fewer rows than the search through {first}, its compile not counted:"
        f" {', '.join(lost) or 'none'}.",
        "",
    ]
    return "\n".join(lines)


def _missing(problems: Sequence[Measured]) -> str:
    """The problems without figures."""
    names = [case.name for case in CASES if case.name not in {p["name"] for p in problems}]
    return f", all but {', '.join(names)}" if names else ""


def _table(problems: Sequence[Measured], levels: Sequence[str]) -> list[str]:
    header = ["problem", "arguments", "conditions", f"nMSE {levels[0]}", *levels, *RIVALS]
    rows = [
        [
            f"`{p['name']}`",
            str(p["dimensions"]),
            str(p["conditions"]),
            "∞" if p["nmse"][levels[0]] is None else f"{p['nmse'][levels[0]]:.1e}",
            *(_count(p, name) for name in (*levels, *RIVALS)),
        ]
        for p in problems
    ]
    return [*table_lines(header, rows, numbers=len(header) - 1)]


def _count(p: Measured, name: str) -> str:
    rows = median(p["tried"][name])
    return f"**{MOST:,}**" if rows >= MOST else f"{rows:,.0f}"


def _means(problems: Sequence[Measured], levels: Sequence[str]) -> list[str]:
    header = ["beside", *(f"{level}{of}" for level in levels for of in ("", ", with its compile"))]
    rows = [
        [rival, *(f"{mean_ratio(problems, level, rival, whole):.3g}" for level in levels for whole in (False, True))]
        for rival in RIVALS
    ]
    compiled = {level: sorted({p["tried"][level]["compiled"] for p in problems}) for level in levels}
    told = [
        f"{level} read {' to '.join(f'{n:,}' for n in dict.fromkeys((c[0], c[-1])))}" for level, c in compiled.items()
    ]
    return [*table_lines(header, rows, numbers=len(header) - 1), "", f"Rows of a compile: {'; '.join(told)}."]
