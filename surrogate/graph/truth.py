"""The derivatives of a program, as its dataflow graph has them."""

from __future__ import annotations

from functools import partial

from cprograms.diagnostics import ProgramError
from cprograms.lowering import lower
from cprograms.program import Program
from surrogate.graph.module import GraphModule
from surrogate.numeric.batches import slopes
from surrogate.numeric.checking.gradients import Slopes


def program_slopes(program: Program) -> Slopes | None:
    """Derivatives [n, A] -> [n, R, A]; None where the graph is not exact: loops that are not unrolled may be long."""
    try:
        graph = lower(program)
    except ProgramError:  # it takes too long
        return None
    if not graph.exact:
        return None
    return partial(slopes, GraphModule(graph, [a.name for a in program.arguments]).requires_grad_(False))
