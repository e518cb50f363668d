"""The picture of the first page: the function of `surrogate demo` beside its surrogates, a panel a level."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt

import cprograms
from cprograms.diagnostics import UsageError
from cprograms.program import Program
from surrogate.mlp.pipeline import compile_program

try:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
except ImportError:
    raise UsageError("plots need matplotlib: pip install 'surrogate-compiler[plot]'") from None

Values = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""Rows [n, 3] to values [n, 1]."""

LEVELS = {1: "-O1 reads its text and 64 rows", 2: "-O2 reads as many rows as help"}
SPEED, DRAGS = 40.0, (0.002, 0.006, 0.02)
COLOURS = ("#2a788e", "#7ad151", "#e08214")
STEP = 0.01  # degrees either way, for the C function's own derivative


def draw(kernel: Path, seed: int) -> Figure:
    """Distance against angle for three drags, and the last level's derivative: lines are the C function's."""
    program = cprograms.load(kernel)
    figure = Figure(figsize=(8.5, 2.7), layout="constrained")
    *panels, last = figure.subplots(1, len(LEVELS) + 1)
    for panel, (level, title) in zip(panels, LEVELS.items(), strict=True):
        surrogate = compile_program(program, opt_level=level, seed=seed)
        nmse = surrogate.check(seed=seed).nmse
        _draw(panel, f"{title}\nnMSE {nmse:.1g}", program.run, surrogate.outputs)
    _draw(last, "its derivative\nby the angle", _differences(program), lambda rows: surrogate.gradient(rows)[:, :, 1])
    panels[0].set_ylabel("distance, m", fontsize=8)
    last.set_ylabel("m / degree", fontsize=8)
    last.legend(fontsize=7, title="drag, 1/m", title_fontsize=7, frameon=False)
    return figure


def _draw(panel: Axes, title: str, true: Values, found: Values) -> None:
    panel.set_title(title, fontsize=9)
    panel.set_xlabel("angle, degrees", fontsize=8)
    panel.tick_params(labelsize=8)
    for drag, colour in zip(DRAGS, COLOURS, strict=True):
        lines, dots = _rows(141, drag), _rows(21, drag)
        panel.plot(lines[:, 1], true(lines)[:, 0], color=colour, linewidth=1.2, label=f"{drag:g}")
        panel.plot(dots[:, 1], found(dots)[:, 0], "o", color=colour, markersize=3)


def _rows(count: int, drag: float) -> npt.NDArray[np.float64]:
    """Rows [n, 3] along the angle."""
    return np.stack(np.broadcast_arrays(SPEED, np.linspace(11, 79, count), drag), axis=1)


def _differences(program: Program) -> Values:
    """Central differences of the C function by the angle."""
    step = np.array([0, STEP, 0])
    return lambda rows: (program.run(rows + step) - program.run(rows - step)) / (2 * STEP)
