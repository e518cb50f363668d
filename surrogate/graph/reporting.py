"""The page of a graph: what it says of itself."""

from __future__ import annotations

import argparse

from surrogate.graph.artifact import GraphProgram
from surrogate.graph.card import graph_line
from surrogate.numeric.commands import stem
from surrogate.report.about import About
from surrogate.report.commands import report_numeric


def report_page(options: argparse.Namespace, program: GraphProgram) -> int:
    """Write its page."""
    smooth = program.module.smooth
    made = [f"A C function as a graph in torch: {graph_line(program.module)}."]
    if program.fitted:
        made.append(f"Its constants were fitted to {program.fitted:,} measured rows, which need not agree with the C.")
    compiling = ["surrogate", "compile", "program.c", "--target", "graph"]
    compiling += [] if smooth is None else ["--smooth", repr(smooth)]
    output = options.output or f"{stem(options.artifact, '.graph')}.html"
    return report_numeric(options, program, About(made, compiling), output)
