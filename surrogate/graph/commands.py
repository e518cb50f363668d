"""What the command line says of a new artifact of the target graph."""

from __future__ import annotations

import textwrap

from surrogate.graph.artifact import GraphProgram
from surrogate.graph.card import graph_line
from surrogate.numeric.commands import domain_lines, program_warnings, report_lines
from surrogate.target import Summary

GREATEST_NMSE = 1e-9
"""Above it a program that is meant to be exact is not."""


def summary(program: GraphProgram) -> Summary:
    """Measure a new artifact and describe it. A smooth one is not meant to be exact."""
    report = program.check()
    lines = [
        f"function  {program.signature}",
        *domain_lines(program.signature),
        f"graph     {graph_line(program.module)}",
        *_constant_lines(program.module.labels),
        *report_lines(report),
    ]
    exact = program.module.smooth is not None or report.worst.nmse <= GREATEST_NMSE or report.worst.flat
    failure = None if exact else f"the graph is not the program: nMSE {report.worst.nmse:.4g} of {report.worst.name}"
    return Summary(program.config(), lines, program_warnings(program.program), failure)


def _constant_lines(labels: tuple[str, ...]) -> list[str]:
    wrapped = textwrap.wrap("; ".join(labels), 90, break_long_words=False)
    return [f"{'' if k else 'constants':9} {line}" for k, line in enumerate(wrapped)]
