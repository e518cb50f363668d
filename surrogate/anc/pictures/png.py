"""A picture as a PNG, by matplotlib, which is an optional dependency."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

from cprograms.diagnostics import UsageError
from surrogate.anc.pictures.grids import Grid
from surrogate.anc.pictures.shades import ink, shade

CELL, LETTER, MARGIN, CAPTION, TITLE = 0.2, 0.078, 0.35, 0.6, 0.7  # inches
WIDEST = 13.0  # inches
GAP = 0.6  # cells
DPI = 150


def figure(title: str, grids: Sequence[Grid]) -> bytes:
    """The grids beside one another, in bands. Raises UsageError where matplotlib is not installed."""
    bands = _bands(grids)
    width = max(MARGIN + sum(map(_width, band)) for band in bands)
    width = max(width, 2 * MARGIN + LETTER * 1.35 * len(title))
    height = TITLE + MARGIN + sum(_above(band) + _height(band) for band in bands)
    canvas = matplotlib_figure((width, height))
    canvas.text(MARGIN / width, 1 - 0.3 / height, title, fontsize=12, fontweight="bold", va="center")
    canvas.text(MARGIN / width, 1 - 0.56 / height, _key(grids[0]), fontsize=9, color="#52606d", va="center")
    y = height - TITLE
    for band in bands:
        x, y = MARGIN, y - _above(band)
        for grid in band:
            x += _names_width(grid)
            rows, columns = CELL * len(grid.rows), CELL * _columns(grid)
            _draw(canvas.add_axes((x / width, (y - rows) / height, columns / width, rows / height)), grid)
            x += columns + MARGIN
        y -= _height(band)
    content = io.BytesIO()
    canvas.savefig(content, format="png")
    return content.getvalue()


def matplotlib_figure(size: tuple[float, float]) -> Any:
    """An empty figure of so many inches. Raises UsageError where matplotlib is not installed."""
    try:
        from matplotlib.figure import Figure
    except ImportError as e:
        raise UsageError(
            "a .png needs matplotlib (pip install surrogate-compiler[plot]); an .html picture does not"
        ) from e
    return Figure(figsize=size, dpi=DPI)


def _key(grid: Grid) -> str:
    return "white is 0, dark blue is M − 1" if grid.text else "white is probability 0, dark blue is 1"


def _bands(grids: Sequence[Grid]) -> list[list[Grid]]:
    """Grids that fit beside one another."""
    bands: list[list[Grid]] = [[]]
    for grid in grids:
        if bands[-1] and MARGIN + sum(map(_width, bands[-1])) + _width(grid) > WIDEST:
            bands.append([])
        bands[-1].append(grid)
    return bands


def _width(grid: Grid) -> float:
    return max(_names_width(grid) + CELL * _columns(grid), LETTER * len(grid.about) + 0.5) + MARGIN


def _names_width(grid: Grid) -> float:
    return LETTER * max(map(len, grid.rows)) + 0.1


def _above(band: Sequence[Grid]) -> float:
    """The room for captions and the names of columns."""
    return CAPTION + max(LETTER * max(map(len, grid.legend)) if grid.legend else 0 for grid in band)


def _height(band: Sequence[Grid]) -> float:
    return CELL * max(len(grid.rows) for grid in band) + 0.1


def _columns(grid: Grid) -> float:
    return len(grid.columns) + GAP * len(grid.gaps)


def _draw(axes: Any, grid: Grid) -> None:
    from matplotlib.patches import Rectangle

    x = [c + GAP * sum(gap <= c for gap in grid.gaps) for c in range(len(grid.columns))]
    axes.set(xlim=(0, _columns(grid)), ylim=(len(grid.rows), 0))
    for r in range(len(grid.rows)):
        for c, at in enumerate(x):
            value, marked = float(grid.shade[r, c]), (r, c) in grid.marked
            edge, line = ("#d9480f", 1.4) if marked else ("#d5dbe1", 0.4)
            patch = Rectangle(
                (at, r), 1, 1, facecolor=shade(value), edgecolor=edge, linewidth=line, zorder=2 + marked, clip_on=False
            )
            axes.add_patch(patch)
            if grid.text:
                style = {"color": ink(value), "fontsize": 6.5, "ha": "center", "va": "center", "zorder": 4}
                axes.text(at + 0.5, r + 0.52, grid.text[r][c], **style)
    _names(axes, grid, x)


def _names(axes: Any, grid: Grid, x: Sequence[float]) -> None:
    mono = {"family": "monospace", "fontsize": 7, "color": "#52606d"}
    for r, name in enumerate(grid.rows):
        axes.text(-0.35, r + 0.55, name, ha="right", va="center", **mono)
    for name, at in zip(grid.columns, x, strict=True):
        axes.text(at + 0.5, -0.25, name, ha="center", va="bottom", **mono)
    for text, at in zip(grid.legend, x, strict=False):
        axes.text(at + 0.5, -1.15, text, ha="center", va="bottom", rotation=90, **mono)
    above = 1.5 + (0.9 * LETTER * max(map(len, grid.legend)) / CELL if grid.legend else 0)
    letter, _, index = grid.name.partition("_")
    name = f"${letter}_{{{index}}}$" if index else grid.name
    axes.text(0, -above, f"{name}  {grid.about}", fontsize=9, color="#1f2933", va="bottom")
    axes.axis("off")
