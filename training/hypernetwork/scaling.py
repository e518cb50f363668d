"""How errors fall with examples and width: a power law, fitted to the validation figures of runs' logs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from cprograms.diagnostics import UsageError
from training.hypernetwork.train import VALIDATED_ROWS


@dataclass(frozen=True)
class Point:
    """One validation: geometric mean nMSE with so many rows, after so many examples, of a hypernetwork so wide."""

    run: str
    hidden_size: int
    examples: int
    rows: int
    error: float

    def as_dict(self) -> dict[str, Any]:
        """Under the keys of docs/results/scaling.json."""
        return {
            "run": self.run,
            "hidden_size": self.hidden_size,
            "views": self.examples,
            "rows": self.rows,
            "error": self.error,
        }


@dataclass(frozen=True)
class Law:
    """error = factor · examples^-by_examples · hidden_size^-by_width."""

    factor: float
    by_examples: float
    by_width: float

    def __call__(self, examples: int, hidden_size: int) -> float:
        return float(self.factor * examples**-self.by_examples * hidden_size**-self.by_width)

    def as_dict(self) -> dict[str, float]:
        """Under the keys of docs/results/scaling.json."""
        return {"factor": self.factor, "by_views": self.by_examples, "by_width": self.by_width}


@dataclass(frozen=True)
class Leg:
    """So many examples a step, for so many steps (None: to the end)."""

    examples: int
    steps: int | None = None

    @classmethod
    def parse(cls, text: str) -> Leg:
        """From "64x7000" or "128". Raises UsageError."""
        examples, _, steps = text.partition("x")
        if not examples.isdecimal() or not (steps.isdecimal() or text == examples):
            raise UsageError(f"a leg is EXAMPLES or EXAMPLESxSTEPS, such as 128 or 64x7000, not {text!r}")
        return cls(int(examples), int(steps) if steps else None)


def examples_after(steps: int, legs: Sequence[Leg]) -> int:
    """Examples that a run has seen after so many steps of its legs."""
    examples = 0
    for leg in legs:
        taken = steps if leg.steps is None else min(steps, leg.steps)
        examples += taken * leg.examples
        steps -= taken
    return examples


def points_of(run: Path, legs: Sequence[Leg]) -> list[Point]:
    """The validations in a run's log. Raises UsageError for a folder that holds no finished run."""
    try:
        config = json.loads((run / "checkpoint" / "model" / "config.json").read_bytes())
        log = EventAccumulator(str(run / "log")).Reload()
        found = {rows: log.Scalars(f"validation/geo_{rows}") for rows in VALIDATED_ROWS}
    except (OSError, ValueError, KeyError) as e:
        raise UsageError(f"{run}: no run with validations: {e}") from e
    return [
        Point(run.name, config["hidden_size"], examples_after(event.step, legs), rows, event.value)
        for rows, events in found.items()
        for event in events
    ]


def fit(points: list[Point]) -> Law:
    """Least squares on logarithms. The width's exponent is 0 where all points have one width.

    Raises UsageError for fewer than two numbers of examples.
    """
    if len({p.examples for p in points}) < 2:
        raise UsageError("a fit needs validations after at least two numbers of examples")
    widths = np.log([p.hidden_size for p in points])
    columns = [np.ones(len(points)), -np.log([p.examples for p in points])]
    if np.ptp(widths) > 0:
        columns.append(-widths)
    solution = np.linalg.lstsq(np.stack(columns, axis=1), np.log([p.error for p in points]), rcond=None)[0]
    return Law(float(np.exp(solution[0])), float(solution[1]), float(solution[2]) if len(columns) == 3 else 0.0)


def report(points: list[Point]) -> dict[str, Any]:
    """For each number of rows: what a law predicts of the widest network's last validation, and what was measured; with
    the points themselves, to plot.

    The law is fitted to the narrower networks; where all are equally wide, to the validations up to half as many
    examples.
    """
    laws = {}
    for rows in VALIDATED_ROWS:
        of_rows = [p for p in points if p.rows == rows]
        last = max(of_rows, key=lambda p: (p.hidden_size, p.examples))
        narrower = [p for p in of_rows if p.hidden_size < last.hidden_size]
        law = fit(narrower or [p for p in of_rows if 2 * p.examples <= last.examples])
        laws[str(rows)] = law.as_dict() | {
            "predicted": law(last.examples, last.hidden_size),
            "measured": last.error,
            "views": last.examples,
            "hidden_size": last.hidden_size,
        }
    return {"laws": laws, "points": [p.as_dict() for p in points]}
