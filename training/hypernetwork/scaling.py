"""How errors fall with views and width: a power law, fitted to the validation figures of runs' logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cprograms.diagnostics import UsageError

ROWS = (0, 8, 64)
"""The numbers of rows that a training validates with."""


@dataclass(frozen=True)
class Point:
    """One validation: geometric mean nMSE with so many rows, after so many views, of a hypernetwork so wide."""

    run: str
    hidden_size: int
    views: int
    rows: int
    error: float


@dataclass(frozen=True)
class Law:
    """error = factor · views^-by_views · hidden_size^-by_width."""

    factor: float
    by_views: float
    by_width: float

    def __call__(self, views: int, hidden_size: int) -> float:
        return self.factor * views**-self.by_views * hidden_size**-self.by_width


@dataclass(frozen=True)
class Leg:
    """So many views a step, for so many steps (None: to the end)."""

    views: int
    steps: int | None = None

    @classmethod
    def parse(cls, text: str) -> Leg:
        """From "64x7000" or "128". Raises UsageError."""
        views, _, steps = text.partition("x")
        if not views.isdecimal() or not (steps.isdecimal() or text == views):
            raise UsageError(f"a leg is VIEWS or VIEWSxSTEPS, such as 128 or 64x7000, not {text!r}")
        return cls(int(views), int(steps) if steps else None)


def views_after(steps: int, legs: Sequence[Leg]) -> int:
    """Views that a run has seen after so many steps of its legs."""
    views = 0
    for leg in legs:
        taken = steps if leg.steps is None else min(steps, leg.steps)
        views += taken * leg.views
        steps -= taken
    return views


def points_of(run: Path, legs: Sequence[Leg]) -> list[Point]:
    """The validations in a run's log. Raises UsageError for a folder that holds no finished run."""
    try:
        config = json.loads((run / "checkpoint" / "model" / "config.json").read_bytes())
        log = EventAccumulator(str(run / "log")).Reload()
        found = {rows: log.Scalars(f"validation/geo_{rows}") for rows in ROWS}
    except (OSError, ValueError, KeyError) as e:
        raise UsageError(f"{run}: no run with validations: {e}") from e
    return [
        Point(run.name, config["hidden_size"], views_after(event.step, legs), rows, event.value)
        for rows, events in found.items()
        for event in events
    ]


def fit(points: list[Point]) -> Law:
    """Least squares on logarithms. The width's exponent is 0 where all points have one width.

    Raises UsageError for fewer than two numbers of views.
    """
    if len({p.views for p in points}) < 2:
        raise UsageError("a fit needs validations after at least two numbers of views")
    widths = np.log([p.hidden_size for p in points])
    columns = [np.ones(len(points)), -np.log([p.views for p in points])]
    if np.ptp(widths) > 0:
        columns.append(-widths)
    solution = np.linalg.lstsq(np.stack(columns, axis=1), np.log([p.error for p in points]), rcond=None)[0]
    return Law(float(np.exp(solution[0])), float(solution[1]), float(solution[2]) if len(columns) == 3 else 0.0)


def report(points: list[Point]) -> dict[str, Any]:
    """For each number of rows: what a law predicts of the widest network's last validation, and what was measured; with
    the points themselves, to plot.

    The law is fitted to the narrower networks; where all are equally wide, to the validations up to half as many views.
    """
    laws = {}
    for rows in ROWS:
        of_rows = [p for p in points if p.rows == rows]
        last = max(of_rows, key=lambda p: (p.hidden_size, p.views))
        narrower = [p for p in of_rows if p.hidden_size < last.hidden_size]
        law = fit(narrower or [p for p in of_rows if 2 * p.views <= last.views])
        laws[str(rows)] = asdict(law) | {
            "predicted": law(last.views, last.hidden_size),
            "measured": last.error,
            "views": last.views,
            "hidden_size": last.hidden_size,
        }
    return {"laws": laws, "points": [asdict(p) for p in points]}
