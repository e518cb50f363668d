"""One problem: the rows that it takes through a surrogate, and by each rival."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Sequence
from typing import TypedDict

import numpy as np

import cprograms
import surrogate
from cprograms.program import Signature
from surrogate.graph.artifact import GraphProgram
from surrogate.mlp.artifact import Surrogate
from surrogate.optimise.optimising import optimise
from surrogate.optimise.problem import problem
from training.evaluation.optimisation.problems import Case
from training.evaluation.optimisation.rivals import MOST, RIVALS, Measure, best_known, rows_of

EVALUATIONS = 200
"""Rows that the search through a surrogate may run."""
GRAPH = "graph"
"""The level of the target graph, which has no rows of its own."""
PLAIN = "plain"
"""An MLP of the arguments alone, at -O2."""


class Tried(TypedDict):
    """A method: the rows of each seed until it hit, None where it did not, and the rows that its compile read."""

    rows: list[int | None]
    compiled: int


class Measured(TypedDict):
    """A problem, and what each method took."""

    name: str
    asked: str
    dimensions: int
    conditions: int
    nmse: dict[str, float | None]
    best: float
    seconds: float
    tried: dict[str, Tried]


def measured(case: Case, levels: Sequence[str], seeds: Sequence[int]) -> Measured:
    """All methods on one problem; `levels` are those of the compile, and "graph"."""
    program = cprograms.load(case.path)
    asked = problem(
        Signature.of(program),
        minimize=case.minimize,
        maximize=case.maximize,
        match=case.match,
        subject_to=case.subject_to,
        fix=case.fix,
    )
    measure = Measure(program, asked, 0)
    best = best_known(measure, 0)
    tried: dict[str, Tried] = {}
    nmse: dict[str, float | None] = {}
    began = time.process_time()
    for level in levels:
        nmse[level], tried[level] = _through(case, measure, best, level, seeds)
    seconds = time.process_time() - began
    for name, rival in RIVALS.items():
        tried[name] = {"rows": [rows_of(rival, measure, best, seed) for seed in seeds], "compiled": 0}
    return {
        "name": case.name,
        "asked": asked.title,
        "dimensions": len(asked.free),
        "conditions": len(measure.gap_ranges),
        "nmse": nmse,
        "best": best * measure.aim_range * (-1 if asked.maximise else 1),
        "seconds": round(seconds, 1),
        "tried": tried,
    }


def _through(case: Case, measure: Measure, best: float, level: str, seeds: Sequence[int]) -> tuple[float | None, Tried]:
    """The search through a surrogate, and its nMSE; the compile has the first seed."""
    artifact: Surrogate | GraphProgram
    if level == GRAPH:
        artifact, compiled = surrogate.compile(case.path, target="graph"), 0
    else:
        plain = level == PLAIN
        artifact = surrogate.compile(case.path, opt_level=2 if plain else int(level[2:]), seed=seeds[0], plain=plain)
        compiled = artifact.rows + artifact.held_out
    worst = artifact.check().worst.nmse
    rows: list[int | None] = []
    for seed in seeds:
        found = optimise(
            artifact,
            minimize=case.minimize,
            maximize=case.maximize,
            match=case.match,
            subject_to=case.subject_to,
            fix=case.fix,
            evaluations=EVALUATIONS,
            seed=seed,
        )
        hits = np.flatnonzero(measure.hits(found.history.inputs, best))
        rows.append(int(hits[0]) + 1 if len(hits) else None)
    return worst if math.isfinite(worst) else None, {"rows": rows, "compiled": compiled}


def median(tried: Tried, whole: bool = False) -> float:
    """The median of the rows of all seeds, with those of the compile where these count; a miss took all there are."""
    return statistics.median(MOST if rows is None else rows for rows in tried["rows"]) + whole * tried["compiled"]
