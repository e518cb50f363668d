"""The error of -O1, -O2 and ever more of -O3 against time, a panel a function of the library, as JSON and a picture.

A row of `CURVES` is one way to fit: from a program and a seed to the seconds spent and the nMSE on fresh rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from cprograms.program import Program
from surrogate.mlp.pipeline import compile_program
from training.errors import bounded
from training.evaluation.suites import LIBRARY
from training.plots import image

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError:
    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None

Point = tuple[float, float]
"""Processor seconds since the start of the compile, and the nMSE on fresh rows then, the mean of the results."""
Curve = Callable[[Program, int], list[Point]]

FUNCTIONS = (
    *("dew_point", "kepler_anomaly", "black_scholes_call", "planck_radiance"),
    *("bilinear", "quaternion_rotate", "correlation5", "sobel"),
    *("day_of_week", "greatest_common_divisor", "box_overlap", "logistic_map"),
)
"""Smooth ones of few arguments, ones of many, and those that jump."""
COLUMNS = 4
CHECKED_ROWS = 2000


LEVELS: tuple[dict[str, Any], ...] = (
    {"opt_level": 1},
    {"opt_level": 2},
    *({"opt_level": 3, "steps": steps} for steps in (1, 2, 4, 8, 16)),
)
"""The points of a curve. Steps, unlike seconds, are as many on a busy machine."""


def compiled(options: Mapping[str, Any], program: Program, seed: int) -> list[Point]:
    """A compile for each point."""
    points = []
    for level in LEVELS:
        started = time.process_time()
        found = compile_program(program, seed=seed, **level, **options)
        seconds = time.process_time() - started
        points.append((seconds, found.check(rows=CHECKED_ROWS, seed=seed).nmse))
    return points


CURVES: Mapping[str, Curve] = {
    "the MLP alone": partial(compiled, {"plain": True}),
    "all parts": partial(compiled, {}),
}
"""The ways that are drawn, each a line in every panel."""


def measure(functions: Sequence[str], seed: int) -> dict[str, dict[str, list[Point]]]:
    """By function and way. Raises UsageError for a function that the library does not have."""
    return {
        name: {way: curve(cprograms.load(LIBRARY / f"{name}.c"), seed) for way, curve in CURVES.items()}
        for name in functions
    }


def draw(curves: Mapping[str, Mapping[str, Iterable[Point]]]) -> Figure:
    """A panel a function, both axes logarithmic and the same in all panels."""
    rows = -(-len(curves) // COLUMNS)
    figure = Figure(figsize=(8.5, 0.5 + 1.7 * rows), layout="constrained")
    panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False)
    for panel, (name, ways) in zip(panels.flat, curves.items(), strict=False):
        _panel(panel, name, ways)
    for panel in panels.flat[len(curves) :]:
        panel.set_axis_off()
    handles, labels = panels[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside upper center", ncols=len(labels), frameon=False, fontsize=8)
    figure.supxlabel("processor seconds", fontsize=8)
    figure.supylabel("nMSE", fontsize=8)
    return figure


def _panel(panel: Axes, name: str, ways: Mapping[str, Iterable[Point]]) -> None:
    for i, (way, points) in enumerate(ways.items()):
        seconds, errors = zip(*points, strict=True)
        panel.plot(seconds, bounded(np.array(errors)), marker=".", markersize=4, linewidth=1, color=f"C{i}", label=way)
    panel.set(xscale="log", yscale="log")
    panel.set_title(name, fontsize=8)
    panel.tick_params(labelsize=7)
    panel.minorticks_off()
    panel.grid(alpha=0.3)


def write(document: dict[str, Any], output: Path) -> None:
    """Write OUTPUT.json and OUTPUT.svg. Raises OSError."""
    output.parent.mkdir(parents=True, exist_ok=True)
    replace_json(output.with_suffix(".json"), document)
    replace_file(output.with_suffix(".svg"), image(draw(document["curves"]), "svg"))
