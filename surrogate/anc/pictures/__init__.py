"""Pictures of exact programs: the controller's matrices as heat maps, and a run as registers and tape over time."""

from __future__ import annotations

from collections.abc import Sequence

from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine.assembly import size_line
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.tracing import TraceStep
from surrogate.anc.pictures.grids import Grid, matrix_grids, trace_grid
from surrogate.anc.pictures.html import page
from surrogate.anc.pictures.png import figure


def matrix_picture(name: str, controller: Controller, tape: int, form: str) -> bytes:
    """A picture of the matrices of the program `name`, with `tape` cells that are not local arrays'.

    `form` is "html" (a page on its own) or "png". Raises UsageError for a PNG where matplotlib is not installed.
    """
    return _picture(f"{name}: {size_line(arg_max_program(controller), tape)}", matrix_grids(controller), form)


def run_picture(name: str, steps: Sequence[TraceStep], form: str) -> bytes:
    """A picture of the steps of a run of the program `name`. Raises as `matrix_picture`."""
    return _picture(f"{name}: a run of {len(steps):,} steps", [trace_grid(steps)], form)


def _picture(title: str, grids: Sequence[Grid], form: str) -> bytes:
    return figure(title, grids) if form == "png" else page(title, grids).encode()
