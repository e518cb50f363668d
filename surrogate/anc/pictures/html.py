"""A picture as one HTML page: inline SVG and CSS, nothing to load."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from surrogate.anc.pictures.grids import Grid
from surrogate.anc.pictures.shades import ink, shade

CELL, GAP, LETTER, LINE = 18, 12, 7.0, 16  # pixels
STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; background: #fff; margin: 2rem auto; max-width: 76rem;
  padding: 0 1.5rem; }
h1 { font-size: 1.35rem; font-weight: 650; margin: 0 0 .3rem; }
.key { color: #52606d; margin: 0 0 1.5rem; display: flex; align-items: center; gap: .5rem; flex-wrap: wrap; }
.grids { display: flex; flex-wrap: wrap; gap: 1.8rem 2.6rem; align-items: flex-start; }
figure { margin: 0; max-width: 100%; overflow-x: auto; }
figcaption { margin-bottom: .4rem; color: #52606d; }
figcaption b { color: #1f2933; }
svg { display: block; }
svg text { font: 11.5px ui-monospace, "DejaVu Sans Mono", monospace; fill: #52606d; white-space: pre; }
svg .cell text, svg text.value { text-anchor: middle; }
"""


def page(title: str, grids: Sequence[Grid]) -> str:
    """The whole page."""
    scale = "".join(f'<rect x="{i * 12}" width="12" height="12" fill="{shade(i / 10)}"/>' for i in range(11))
    shown = "value" if grids[0].text else "probability"
    key = f'<svg width="132" height="12" aria-hidden="true">{scale}</svg>'
    figures = "\n".join(_figure(grid) for grid in grids)
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
        f'<p class="key">{shown} 0 {key} {"M − 1" if grids[0].text else "1"}</p>\n'
        f'<div class="grids">\n{figures}\n</div>\n</body>\n</html>\n'
    )


def _figure(grid: Grid) -> str:
    left = LETTER * max(len(name) for name in grid.rows) + 10
    top = _top(grid)
    x = [left + CELL * c + GAP * sum(gap <= c for gap in grid.gaps) for c in range(len(grid.columns))]
    width, height = x[-1] + CELL + 2, top + CELL * len(grid.rows) + 2
    parts = [*_column_names(grid, x, top), *_row_names(grid, left, top)]
    for r in range(len(grid.rows)):
        parts += [_cell(grid, r, c, x[c], top + CELL * r) for c in range(len(grid.columns))]
    caption = f"<figcaption><b>{_subscript(grid.name)}</b> {escape(grid.about)}</figcaption>"
    return f'<figure>{caption}<svg width="{width:.0f}" height="{height:.0f}">{"".join(parts)}</svg></figure>'


def _subscript(name: str) -> str:
    letter, _, index = name.partition("_")
    return f"{letter}<sub>{index}</sub>" if index else escape(name)


def _top(grid: Grid) -> float:
    """The room above the cells: for the columns' names, and for the legend, which is written upwards."""
    return LINE + (LETTER * max(map(len, grid.legend)) + 10 if grid.legend else 0)


def _column_names(grid: Grid, x: Sequence[float], top: float) -> list[str]:
    names = [
        f'<text class="value" x="{at + CELL / 2:.1f}" y="{top - 5:.1f}">{escape(name)}</text>'
        for name, at in zip(grid.columns, x, strict=True)
    ]
    legend = [
        f'<text transform="translate({at + CELL / 2 + 4:.1f} {top - LINE - 4:.1f}) rotate(-90)">{escape(text)}</text>'
        for text, at in zip(grid.legend, x, strict=False)
    ]
    return names + legend


def _row_names(grid: Grid, left: float, top: float) -> list[str]:
    return [
        f'<text x="{left - 8:.1f}" y="{top + CELL * r + 13:.1f}" text-anchor="end">{escape(name)}</text>'
        for r, name in enumerate(grid.rows)
    ]


def _cell(grid: Grid, r: int, c: int, x: float, y: float) -> str:
    value = float(grid.shade[r, c])
    shown = grid.text[r][c] if grid.text else f"{value:.3f}"
    tip = escape(f"{grid.rows[r].strip()} · {grid.columns[c]}: {shown}")
    frame = ' stroke="#d9480f" stroke-width="2"' if (r, c) in grid.marked else ' stroke="#d5dbe1"'
    place = f'x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{CELL - 1}" height="{CELL - 1}"'
    box = f'<rect {place} fill="{shade(value)}"{frame}/>'
    label = ""
    if grid.text:
        label = f'<text class="value" x="{x + CELL / 2:.1f}" y="{y + 13:.1f}" style="fill:{ink(value)}">{shown}</text>'
    return f"<g><title>{tip}</title>{box}{label}</g>"
