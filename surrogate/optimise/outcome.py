"""From the rows that were run to what is told of them."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cprograms.diagnostics import Diagnostic, ProgramError
from cprograms.sandbox import run_with_status, why
from surrogate.numeric.rows import MOST_FAULTS
from surrogate.optimise.model import Model
from surrogate.optimise.optimum import Held, History, Optimum, Other
from surrogate.optimise.problem import MATCH, Points
from surrogate.optimise.refinement import Row, Truth
from surrogate.optimise.search import APART

_OTHERS = 3
"""Distinct optima that are told beside the best."""
_BORDER = 1e-6
"""How near an end is the end, in units of the domain."""
_REACH = 0.05
"""Another optimum is told where it is worse by at most this share of the objective's range."""


def optimum(truth: Truth, finished: bool, starts: int) -> Optimum:
    """What came of a search. Raises ProgramError where no row has finite results."""
    model, problem, best = truth.model, truth.model.problem, truth.best
    if not best.finite:
        raise ProgramError([_nothing(truth)])
    arguments, results = problem.arguments, [r.name for r in problem.signature.results]
    said = _said(model, best)
    sign = -1.0 if problem.maximise else 1.0
    return Optimum(
        title=problem.title,
        goal=None if problem.objective is None else problem.objective.text,
        signature=problem.signature,
        inputs=_named(model, best),
        fixed=tuple(arguments[k].name for k in sorted(problem.fixed)),
        borders=_borders(model, best),
        value=sign * best.aim * model.aim_range,
        surrogate_value=sign * said.aim,
        range=model.aim_range,
        results=dict(zip(results, best.y.tolist(), strict=True)),
        surrogate_results=dict(zip(results, said.y[0].tolist(), strict=True)),
        conditions=_conditions(model, best, said.y),
        matches=_matches(model, best, said.y),
        feasible=best.violation == 0,
        finished=finished,
        evaluations=len(truth.rows),
        starts=starts,
        others=tuple(Other(_named(model, row), sign * row.aim * model.aim_range) for row in _others(truth.rows, best)),
        history=_history(truth, sign),
        flat=model.flat,
    )


class _Said(NamedTuple):
    """What the surrogate, not corrected, says: results [1, R], and what is minimised."""

    y: Tensor
    aim: float


def _said(model: Model, row: Row) -> _Said:
    x = torch.from_numpy(row.x[None])
    with torch.no_grad():
        y: Tensor = model.module(x)
    return _Said(y, float(model.problem.aim(x, y, model.match_ranges)[0]))


def _named(model: Model, row: Row) -> dict[str, float]:
    return dict(zip((a.name for a in model.problem.arguments), row.x.tolist(), strict=True))


def _borders(model: Model, row: Row) -> dict[str, str]:
    """The free arguments at an end of their domain; one of two integers is always at one."""
    problem = model.problem
    found = {}
    for u, k, low, high in zip(row.u, problem.free, *problem.box, strict=True):
        if problem.arguments[k].type.is_integer and high - low < 2:
            continue
        if min(u, 1 - u) <= _BORDER:
            found[problem.arguments[k].name] = "lower" if u < 0.5 else "upper"
    return found


def _conditions(model: Model, row: Row, said: Tensor) -> tuple[Held, ...]:
    x, y = torch.from_numpy(row.x[None]), torch.from_numpy(row.y[None])
    told = zip(model.problem.conditions, row.gaps, model.gap_ranges, strict=False)
    return tuple(
        Held(c.text, c.what, float(c.shown(x, y)[0]), float(c.shown(x, said)[0]), max(float(gap), 0.0), float(width))
        for c, gap, width in told
    )


def _matches(model: Model, row: Row, said: Tensor) -> tuple[Held, ...]:
    x, y = torch.from_numpy(row.x[None]), torch.from_numpy(row.y[None])
    true, surrogate = (model.problem.matched(x, v)[0].tolist() for v in (y, said))
    told = zip(model.problem.matches, true, surrogate, model.match_ranges.tolist(), strict=True)
    return tuple(
        Held(m.text, m.value.text, v, s, max(abs(v - m.target) / width - MATCH, 0.0), width, m.target)
        for m, v, s, width in told
    )


def _others(rows: list[Row], best: Row) -> list[Row]:
    """Distinct rows that hold the conditions and are nearly as good, the best first."""
    kept = [best]
    for row in sorted(rows, key=lambda row: row.rank):
        near = row.violation == 0 and row.aim - best.aim <= _REACH
        if near and all(np.abs(row.u - other.u).max() > 2 * APART for other in kept):
            kept.append(row)
    return kept[1 : 1 + _OTHERS]


def _history(truth: Truth, sign: float) -> History:
    values: list[float] = [sign * row.aim * truth.model.aim_range if row.finite else math.nan for row in truth.rows]
    inputs: Points = np.stack([row.x for row in truth.rows])
    return History(inputs, np.array(values), np.array([row.violation for row in truth.rows]))


def _nothing(truth: Truth) -> Diagnostic:
    """That the program gave nothing, and why."""
    program, x = truth.program, np.stack([row.x for row in truth.rows])
    reasons = why(program, x, run_with_status(program, x))
    told = [*map(str, reasons[:MOST_FAULTS]), *([reasons[0].advice] if reasons else [])]
    message = f"'{program.entry}' gave no finite value on any of the {len(x)} rows that were tried"
    return Diagnostic(message, program.path, hint="; ".join(told) or "the objective or a condition is no number there")
