"""Pictures of exact programs: the controller's matrices as heat maps, and a run as registers and tape over time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from surrogate.anc.pictures.grids import matrix_grids, trace_grid

if TYPE_CHECKING:
    from surrogate.anc.machine.tracing import TraceStep
    from surrogate.anc.program import AncProgram


def picture(program: AncProgram, steps: Sequence[TraceStep] | None, kind: str) -> bytes:
    """A picture of the matrices, or of the steps of a run, as "html" (a page on its own) or "png" (needs matplotlib).

    Raises UsageError for a PNG where matplotlib is not installed.
    """
    grids = matrix_grids(program) if steps is None else [trace_grid(steps)]
    if kind == "png":
        from surrogate.anc.pictures.png import figure

        return figure(_title(program, steps), grids)

    from surrogate.anc.pictures.html import page

    return page(_title(program, steps), grids).encode()


def _title(program: AncProgram, steps: Sequence[TraceStep] | None) -> str:
    from surrogate.anc.card import size_line

    what = size_line(program) if steps is None else f"a run of {len(steps):,} steps"
    return f"{program.entry}: {what}"
