"""Curves over the updates of a descent as a PNG, by matplotlib, which is an optional dependency."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.anc.pictures.png import DPI, matplotlib_figure

WIDTH, HEIGHT, TITLE = 4.2, 2.6, 0.45  # inches of a panel, and of what stands above all
PLAIN, MARKED, TEXT = "#9db8d6", "#d9480f", "#52606d"


@dataclass(frozen=True)
class Curve:
    """A panel: `values` [P, steps], a line each, of which the one of `marked` stands out."""

    about: str
    steps: tuple[int, ...]
    values: npt.NDArray[np.float64]
    marked: int


def curves(title: str, drawn: Sequence[Curve]) -> bytes:
    """The panels in rows of two. Raises UsageError where matplotlib is not installed."""
    rows = max(1, -(-len(drawn) // 2))
    canvas = matplotlib_figure((2 * WIDTH, rows * HEIGHT + TITLE))
    canvas.suptitle(title, fontsize=11, fontweight="bold", x=0.02, ha="left")
    for place, curve in enumerate(drawn, 1):
        axes = canvas.add_subplot(rows, 2, place)
        axes.plot(curve.steps, curve.values.T, color=PLAIN, linewidth=0.6, alpha=0.6)
        axes.plot(curve.steps, curve.values[curve.marked], color=MARKED, linewidth=1.8)
        axes.set_title(curve.about, fontsize=9, loc="left")
        axes.tick_params(labelsize=7, colors=TEXT)
        axes.set_ylim(bottom=0)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        axes.set_xlabel("updates", fontsize=8, color=TEXT)
    canvas.tight_layout(rect=(0, 0, 1, 0.97))
    content = io.BytesIO()
    canvas.savefig(content, format="png", dpi=DPI)
    return content.getvalue()
