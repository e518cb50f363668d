"""The compile of a program for the target graph, from end to end."""

from __future__ import annotations

import math
from dataclasses import replace

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.graph import Graph
from cprograms.lowering import lower
from cprograms.lowering.entry import MOST_NODES
from cprograms.program import Program
from surrogate.graph.artifact import GraphProgram
from surrogate.graph.constants import lines_of
from surrogate.graph.module import GraphModule


def compile_program(program: Program, smooth: float | None = None) -> GraphProgram:
    """Compile a program to a torch module that computes it.

    `smooth` is the temperature of selects, in the units of what is compared; see `GraphModule`.

    Raises ProgramError for a program that the graph does not follow, such as a recursion that is not known to end soon,
    UsageError for a temperature that is no positive number.
    """
    if smooth is not None and not (smooth > 0 and math.isfinite(smooth)):
        raise UsageError(f"the temperature of smooth selects is a positive number, not {smooth:g}")
    graph = _lowered(program)
    names = [a.name for a in program.arguments]
    made = GraphProgram(
        entry=program.entry,
        arguments=program.arguments,
        results=program.results,
        text=program.portable_text,
        module=GraphModule(graph, names, smooth, lines_of(graph, program)),
    )
    made.program = program  # it need not be read again, and knows the user's file
    return made


def _lowered(program: Program) -> Graph:
    try:
        return lower(program, executable=True, max_nodes=MOST_NODES)
    except ProgramError as e:
        hint = "--target mlp takes every numeric program"
        raise ProgramError([replace(d, hint=d.hint or hint) for d in e.diagnostics]) from e
