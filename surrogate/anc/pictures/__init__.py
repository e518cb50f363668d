"""Pictures of exact programs: the controller's matrices as heat maps, and a run as registers and tape over time."""

from __future__ import annotations

from collections.abc import Sequence

from cprograms.names import counted
from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine.assembly import Assembly, size_line
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.tracing import TraceStep
from surrogate.anc.pictures.grids import matrix_grids, trace_grid
from surrogate.anc.pictures.html import grids_page, run_page
from surrogate.anc.pictures.png import figure


def matrix_picture(name: str, controller: Controller, tape: int, form: str) -> bytes:
    """A picture of the matrices of the program `name`, with `tape` cells that are not local arrays'.

    `form` is "html" (a page on its own) or "png". Raises UsageError for a PNG where matplotlib is not installed.
    """
    title, grids = f"{name}: {size_line(arg_max_program(controller), tape)}", matrix_grids(controller)
    return figure(title, grids) if form == "png" else grids_page(title, grids)


def run_picture(name: str, assembly: Assembly, steps: Sequence[TraceStep], form: str) -> bytes:
    """A picture of the steps of a run of the program `name`, `assembly`. Raises as `matrix_picture`."""
    title, grid = f"{name}: a run of {counted(len(steps), 'step')}", trace_grid(steps)
    return figure(title, [grid]) if form == "png" else run_page(title, grid, assembly, steps)
