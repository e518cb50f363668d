"""What the command line says of a new artifact of the target graph, and of one whose constants were fitted."""

from __future__ import annotations

import argparse
import textwrap
from pathlib import Path

from cprograms.announcements import announced
from cprograms.diagnostics import UsageError
from surrogate.container import ensure_free
from surrogate.graph.artifact import GraphProgram
from surrogate.graph.card import graph_line
from surrogate.graph.fit import constant_line
from surrogate.numeric.commands import domain_lines, failing, measured_rows, program_warnings, stem
from surrogate.numeric.layout import report_lines
from surrogate.numeric.words import number
from surrogate.target import Summary
from surrogate.terminal.console import OK, REJECTED, complain, print_json, report, warn

GREATEST_NMSE = 1e-9
"""Above it a program that is meant to be exact is not."""


def summary(program: GraphProgram, max_nmse: float | None = None) -> Summary:
    """Measure a new artifact and describe it. A smooth one is not meant to be exact."""
    report = program.check(timed=True)
    lines = [
        f"function  {program.signature}",
        *domain_lines(program.signature),
        f"graph     {graph_line(program.module)}",
        *_constant_lines(program.module.labels),
        *report_lines(report, program.signature, max_nmse),
    ]
    wrong = [r for r in report.results if not (r.nmse <= GREATEST_NMSE or r.flat or program.module.smooth is not None)]
    worst = max(wrong, key=lambda r: r.rank, default=None)
    failure = None if worst is None else f"the graph is not the program: nMSE {worst.nmse:.4g} of {worst.name}"
    failure = failure or failing(report, max_nmse)
    return Summary(program.config(), lines, program_warnings(program.program), failure)


def _constant_lines(labels: tuple[str, ...]) -> list[str]:
    wrapped = textwrap.wrap("; ".join(labels), 90, break_long_words=False)
    return [f"{'' if k else 'constants':9} {line}" for k, line in enumerate(wrapped)]


def finetune(options: argparse.Namespace, program: GraphProgram) -> int:
    """Fit the constants to measured rows."""
    if options.data is None:
        raise UsageError("a graph is exact already: its constants are fitted to measured rows, --data FILE")
    output = Path(options.output or f"{stem(options.artifact, '.graph')}-finetuned.graph")
    ensure_free(output)
    (x, y), warning = measured_rows(options.data, program.program, None)
    with announced(f"fitting the constants of {options.artifact}"):
        found = program.fit(x, y)
        program.check()
        program.save(output)
    reached = options.target_nmse is None or found.after <= options.target_nmse
    if options.json:
        warnings = [] if warning is None else [warning]
        print_json({"artifact": str(output), "reached": reached, **found.as_dict(), "warnings": warnings})
    else:
        lines = [
            f"rows      {found.rows:,} measured ones: nMSE {number(found.before)} before, {number(found.after)} after"
        ]
        lines += [f"{'' if k else 'constants':9} {constant_line(c)}" for k, c in enumerate(found.constants)]
        report(f"{options.artifact} -> {output}", *(f"  {line}" for line in lines))
        if warning is not None:
            warn(warning)
    if not reached:
        message = f"the nMSE, {number(found.after)}, is above --target-nmse {options.target_nmse:g}; the best is kept"
        complain("surrogate", "error", f"{message}; a surrogate (--target mlp) may come nearer")
    return OK if reached else REJECTED
