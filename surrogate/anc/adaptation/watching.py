"""A descent on its way, in a folder: the program at each checkpoint, and what the checkpoints measured."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.files import replace_file
from cprograms.names import counted
from surrogate.anc.adaptation.gradient import Checkpoint, Watch
from surrogate.anc.decompiler.decompile import decompile
from surrogate.anc.decompiler.listing import listing
from surrogate.anc.pictures.curves import Curve, curves

TABLE, PICTURE = "curves.csv", "curves.png"
MEASURED = {
    "response": "error of the final tape",
    "time": "time loss",
    "iterations": "iterations",
    "gradient": "norm of the gradient",
}
"""What a checkpoint measures of each attempt, and what the picture calls it: the four that the authors draw."""


def watch_in(folder: Path, name: str) -> Watch:
    """Writes, at each checkpoint of the descent of program `name`, what came so far into a new or empty folder.

    `curves.csv` has a row for each checkpoint and attempt, `curves.png` draws them, and `step_00000.asm` and so on are
    the versions of the attempt that leads so far, with the probabilities of their choices. Raises UsageError for a
    folder that holds something, and where matplotlib is not installed.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder}: to watch a descent, a new or an empty folder is needed")
    curves(name, [])  # says at once what is not installed
    written: dict[int, int] = {}  # of each step, the attempt whose version is there

    def watch(checkpoints: Sequence[Checkpoint]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        leader = leading(checkpoints)
        for checkpoint in checkpoints:
            if written.get(checkpoint.step) != leader:
                text = version(checkpoint, leader, name)
                replace_file(folder / f"step_{checkpoint.step:05d}.asm", text.encode())
                written[checkpoint.step] = leader
        replace_file(folder / TABLE, table(checkpoints).encode())
        replace_file(folder / PICTURE, picture(checkpoints, leader, name))

    return watch


def leading(checkpoints: Sequence[Checkpoint]) -> int:
    """The attempt with the best version so far."""
    return int(np.max([checkpoint.score for checkpoint in checkpoints], axis=0).argmax())


def version(checkpoint: Checkpoint, attempt: int, name: str) -> str:
    """The program of an attempt at a checkpoint, as a listing."""
    told = (
        f"; attempt {attempt} after {counted(checkpoint.step, 'update')}: {checkpoint.right[attempt]:.0%} of the tapes"
        f" right, in {checkpoint.iterations[attempt]:.4g} iterations\n"
    )
    return told + listing(decompile(checkpoint.controller.one(attempt), name=name), name)


def table(checkpoints: Sequence[Checkpoint]) -> str:
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["step", "attempt", "right", *MEASURED])
    for c in checkpoints:
        for p in range(len(c.right)):
            figures = (c.right[p], *(getattr(c, name)[p] for name in MEASURED))
            rows.writerow([c.step, p, *(f"{figure:.6g}" for figure in figures)])
    return text.getvalue()


def picture(checkpoints: Sequence[Checkpoint], leader: int, name: str) -> bytes:
    steps = tuple(c.step for c in checkpoints)
    drawn = [
        Curve(about, steps, np.array([getattr(c, measured) for c in checkpoints]).T, leader)
        for measured, about in MEASURED.items()
    ]
    attempts = len(checkpoints[0].right)
    return curves(f"{name}: {counted(attempts, 'attempt')}, attempt {leader} leads", drawn)
