"""Exact programs as HTML: matrices and runs as inline SVG, and a run that one steps through with a slider."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from surrogate.anc.decompiler.softness import register_name
from surrogate.anc.machine.assembly import Assembly, instruction_text
from surrogate.anc.machine.tracing import TraceStep, effect
from surrogate.anc.pictures.grids import DRAWN_STEPS, Grid
from surrogate.anc.pictures.shades import LEVELS, level, shade_styles
from surrogate.report.page import Section, page

CELL, GAP, LETTER, LINE = 18, 12, 7.0, 16  # pixels


def grids_page(title: str, grids: Sequence[Grid]) -> bytes:
    """A page of grids alone."""
    return page(title, "", [Section("The controller", grids_body(grids))], styles=shade_styles())


def run_page(title: str, grid: Grid, assembly: Assembly, steps: Sequence[TraceStep]) -> bytes:
    """A page of a run alone."""
    return page(title, "", run_sections(grid, assembly, steps), run_data(assembly, steps), shade_styles())


# --- Grids ---


def grids_body(grids: Sequence[Grid]) -> str:
    """Grids of one kind, and what their colours mean."""
    scale = "".join(f'<g class="s{k}"><rect x="{k * 8}" width="8" height="12"/></g>' for k in range(LEVELS))
    shown, most = ("value", "M − 1") if grids[0].text else ("probability", "1")
    key = f'<svg class="grid" width="{8 * LEVELS}" height="12" aria-hidden="true">{scale}</svg>'
    figures = "\n".join(_figure(grid) for grid in grids)
    return f'<p class="scale-key">{shown} 0 {key} {most}</p>\n<div class="grids">\n{figures}\n</div>'


def _figure(grid: Grid) -> str:
    left = LETTER * max(len(name) for name in grid.rows) + 10
    top = _top(grid)
    x = [left + CELL * c + GAP * sum(gap <= c for gap in grid.gaps) for c in range(len(grid.columns))]
    width, height = x[-1] + CELL + 2, top + CELL * len(grid.rows) + 2
    parts = [*_column_names(grid, x, top), *_row_names(grid, left, top)]
    for r in range(len(grid.rows)):
        parts += [_cell(grid, r, c, x[c], top + CELL * r) for c in range(len(grid.columns))]
    caption = f"<figcaption><b>{_subscript(grid.name)}</b> {escape(grid.about)}</figcaption>"
    about = escape(f"{grid.name}: {grid.about}")
    svg = f'<svg class="grid" role="img" aria-label="{about}" width="{width:.0f}" height="{height:.0f}">'
    return f'<figure class="wide">{caption}{svg}{"".join(parts)}</svg></figure>'


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
    framed = " written" if (r, c) in grid.marked else ""
    place = f'x="{x + 0.5:.1f}" y="{y + 0.5:.1f}" width="{CELL - 1}" height="{CELL - 1}"'
    label = f'<text class="value" x="{x + CELL / 2:.1f}" y="{y + 13:.1f}">{shown}</text>' if grid.text else ""
    return f'<g class="s{level(value)}{framed}"><title>{tip}</title><rect {place}/>{label}</g>'


# --- A run ---


def run_sections(grid: Grid, assembly: Assembly, steps: Sequence[TraceStep]) -> list[Section]:
    """The run step by step, with a slider, and all of it at once."""
    return [
        Section("The run, step by step", _machine(assembly, steps), "Step by step"),
        Section("The whole run", grids_body([grid]), "Run"),
    ]


def _machine(assembly: Assembly, steps: Sequence[TraceStep]) -> str:
    """The machine before the first step; the script moves it on."""
    registers, tape = _start(assembly, steps)
    lines = "".join(
        f'<li data-line="{k}">{escape(instruction_text(i))}</li>' for k, i in enumerate(assembly.instructions)
    )
    boxes = {
        kind: "".join(_box(kind, k, name, value, assembly.memory_size) for k, (name, value) in enumerate(content))
        for kind, content in (
            ("register", [(register_name(r), value) for r, value in enumerate(registers)]),
            ("cell", [(str(c), value) for c, value in enumerate(tape)]),
        )
    }
    last = min(len(steps), DRAWN_STEPS)
    return (
        '<div id="step-by-step"><div class="slider"><label for="step">step <output>0</output>'
        '<span class="said"></span></label><div class="stepper"><button type="button" class="back"'
        ' aria-label="a step back">◀</button>'
        f'<input id="step" type="range" min="0" max="{last}" value="0">'
        '<button type="button" class="on" aria-label="a step on">▶</button></div></div>'
        f'<div class="machine"><ol class="listing" start="0">{lines}</ol><div>'
        f'<h3>registers</h3><div class="slots">{boxes["register"]}</div>'
        f'<h3>tape</h3><div class="slots">{boxes["cell"]}</div></div></div></div>'
    )


def _box(kind: str, k: int, name: str, value: int | None, memory_size: int) -> str:
    shown = "?" if value is None else str(value)
    return (
        f'<span class="slot s{_level(value, memory_size)}" data-{kind}="{k}"><small>{name}</small><b>{shown}</b></span>'
    )


def _level(value: int | None, memory_size: int) -> int:
    return 0 if not value else max(1, level(value / (memory_size - 1)))


def _start(assembly: Assembly, steps: Sequence[TraceStep]) -> tuple[list[int | None], list[int]]:
    """Registers and tape before the first step."""
    before = {cell: value for cell, (value, _) in steps[0].changed.items()}
    return list(assembly.registers), [before.get(cell, value) for cell, value in enumerate(steps[0].tape)]


def run_data(assembly: Assembly, steps: Sequence[TraceStep]) -> dict[str, Any]:
    """What the script shows of each step: the line, what it does, and what is there after it."""
    registers, tape = _start(assembly, steps)
    start = {"line": steps[0].line, "said": "before the first step", "registers": registers, "tape": tape}
    return {
        "run": {
            "levels": [_level(value, assembly.memory_size) for value in range(assembly.memory_size)],
            "steps": [
                start | {"registers": ["?" if r is None else r for r in registers], "out": [], "cells": []},
                *(
                    {
                        "line": s.line,
                        "said": f"{instruction_text(s.instruction)}: {effect(s)}".removesuffix(": "),
                        "registers": list(s.registers),
                        "tape": list(s.tape),
                        "out": [] if s.instruction.out is None else [s.instruction.out],
                        "cells": list(s.changed),
                    }
                    for s in steps[:DRAWN_STEPS]
                ),
            ],
        }
    }
