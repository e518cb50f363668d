"""The page, figures and PNG grids of the pictures made with surrogates."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file, replace_json
from training.evaluation.pictures import EXACT, Application, Contender, Rendering, mean_ratio, ratios
from training.markdown import table_lines

try:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from PIL import Image
except ImportError:
    raise UsageError("a grid of pictures needs matplotlib: pip install 'surrogate-compiler[plot]'") from None

COLUMN, HEAD = 1.45, 0.3
"""Inches: a picture's width, and the height of the columns' titles."""
DPI = 100
Made = Mapping[str, Sequence[Rendering]]
"""The renderings by application's name."""


def write_report(
    made: Made, applications: Sequence[Application], entered: Sequence[Contender], folder: Path, header: dict[str, Any]
) -> str:
    """Write pictures.json, pictures.md and a PNG an application into the folder; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    summary = {a.name: _summary(made[a.name], entered) for a in applications}
    text = page_of(summary, applications, header)
    replace_json(folder / "pictures.json", header | {"applications": summary})
    replace_file(folder / "pictures.md", text.encode())
    for application in applications:
        replace_file(folder / f"{application.kernel}.png", grid(application, made[application.name], entered))
    return text


def _summary(made: Sequence[Rendering], entered: Sequence[Contender]) -> list[dict[str, Any]]:
    """A row a contender: SSIM and PSNR a picture in the mean over seeds, ratios of SSIM and their geometric mean."""
    rows = []
    for contender in entered:
        own = [r for r in made if r.method == contender.name]
        pictures = list(dict.fromkeys(r.picture for r in own))
        row: dict[str, Any] = {
            "method": contender.name,
            "rows": contender.rows,
            "ssim": {p: float(np.mean([r.ssim for r in own if r.picture == p])) for p in pictures},
            "psnr": {p: _finite(float(np.mean([r.psnr for r in own if r.picture == p]))) for p in pictures},
        }
        if contender.against:
            by_picture = ratios(made, contender.name, contender.against)
            row["ratio"] = {"against": contender.against, "pictures": by_picture} | mean_ratio(by_picture).as_dict()
        rows.append(row)
    return rows


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def page_of(
    summary: Mapping[str, list[dict[str, Any]]], applications: Sequence[Application], header: dict[str, Any]
) -> str:
    lines = [f"Command: `{header['command']}`, weights {header['compiler'][:12]}, {header['seconds']:.0f} s."]
    for application in applications:
        lines += ["", f"## {application.name.capitalize()}", "", *_table(summary[application.name])]
        lines += ["", f"![{application.name}]({application.kernel}.png)"]
    return "\n".join(lines) + "\n"


def _table(rows: list[dict[str, Any]]) -> Iterator[str]:
    pictures = list(rows[0]["ssim"])
    header = ["method", "SSIM", "PSNR, dB", "SSIM over random's, same rows (95 %)", *pictures]
    return table_lines(header, (_cells(row, pictures) for row in rows), numbers=len(header) - 1)


def _cells(row: dict[str, Any], pictures: Sequence[str]) -> list[str]:
    psnr = [v for v in row["psnr"].values() if v is not None]
    ratio = "1"
    by_picture = [f"{row['ssim'][p]:.3f}" for p in pictures]
    if found := row.get("ratio"):
        ratio = f"{found['value']:.3f} ({found['low']:.3f}–{found['high']:.3f})"
        by_picture = [f"{cell} ({found['pictures'][p]:.2f}×)" for cell, p in zip(by_picture, pictures, strict=True)]
    ssim = np.mean(list(row["ssim"].values()))
    mean_psnr = f"{np.mean(psnr):.1f}" if psnr else "–"
    return [row["method"], f"{ssim:.3f}", mean_psnr, ratio, *by_picture]


def grid(application: Application, made: Sequence[Rendering], entered: Sequence[Contender]) -> bytes:
    """A PNG: a row a picture; the exact picture, then each contender's with the first seed, its SSIM below."""
    methods = [EXACT, *(c.name for c in entered if c.shown)]
    pictures = list(dict.fromkeys(r.picture for r in made))
    seed = min(r.seed for r in made)
    shown = {(r.picture, r.method): r for r in made if r.seed == seed}
    heights = [shape[0] / shape[1] for shape in (shown[p, EXACT].image.shape for p in pictures)]
    width, height = COLUMN * len(methods), HEAD + sum(COLUMN * h + 0.18 for h in heights)
    figure = Figure(figsize=(width, height), dpi=DPI)
    places = figure.subplots(
        len(pictures),
        len(methods),
        squeeze=False,
        gridspec_kw={
            "height_ratios": heights,
            "left": 0.01,
            "right": 0.99,
            "bottom": 0.18 / height,
            "top": 1 - HEAD / height,
            "wspace": 0.04,
            "hspace": 0.18 / (COLUMN * float(np.mean(heights))),
        },
    )
    for i, picture in enumerate(pictures):
        for j, method in enumerate(methods):
            _show(places[i][j], shown[picture, method])
            if i == 0:
                places[i][j].set_title(method, fontsize=8)
    return _png(figure)


def _show(axes: Any, rendering: Rendering) -> None:
    axes.imshow(rendering.image, cmap="gray", vmin=0, vmax=1, interpolation="nearest", aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    label = rendering.picture.replace("_", " ") if rendering.method == EXACT else f"SSIM {rendering.ssim:.2f}"
    axes.set_xlabel(label, fontsize=7, labelpad=2)


def _png(figure: Figure) -> bytes:
    """With a palette of 256 colours: a third of the size, and no difference that one sees."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    picture = Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy())
    out = io.BytesIO()
    picture.quantize(256, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()
