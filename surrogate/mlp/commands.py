"""What the command line says of a new surrogate."""

from __future__ import annotations

import math

from cprograms.diagnostics import Diagnostic
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.card import network_line
from surrogate.numeric.commands import domain_lines, program_warnings, report_lines
from surrogate.numeric.rows import MAX_ROWS
from surrogate.numeric.words import BAD_NMSE, bad_results, number
from surrogate.target import Summary


def summary(surrogate: Surrogate) -> Summary:
    """Measure a new surrogate, but not at -O0, which promises never to run the program, and describe it."""
    if surrogate.opt_level > 0:
        surrogate.check()
    signature, safeguard = surrogate.signature, surrogate.origin.safeguard()
    if surrogate.measured is None:
        error = ["error     not measured: -O0 never runs the program; `surrogate check` does"]
    else:
        error = report_lines(surrogate.measured)
    network = network_line(surrogate.module, surrogate.operators)
    lines = [
        f"function  {signature}",
        *domain_lines(signature),
        f"network   {'; '.join(filter(None, (network, str(surrogate.origin), safeguard)))}",
        *error,
    ]
    program = surrogate.program
    warnings: list[str | Diagnostic] = [*program_warnings(program), *_error_warnings(surrogate)]
    return Summary(surrogate.config(), lines, warnings)


def _error_warnings(surrogate: Surrogate) -> list[str]:
    report = surrogate.measured
    if report is None:
        return []
    warnings = []
    if report.trapped > report.rows / 10:
        warnings.append(
            f"{report.trapped:,} of {report.rows:,} rows of the domain gave no finite result: is it the right one?"
        )
    if fallback := surrogate.origin.fallback():
        warnings.append(f"{fallback}: the network is not clearly better")
    if bad := bad_results(report):
        of = f" of {', '.join(r.name for r in bad)}" if len(report.results) > 1 else ""
        worst = max((r.nmse for r in bad), key=lambda nmse: math.inf if math.isnan(nmse) else nmse)
        remedies = ["a narrower domain (--range)"]
        if surrogate.opt_level < 2:
            remedies.insert(0, "-O2")
        elif surrogate.rows < MAX_ROWS:
            remedies.insert(0, "more rows (--rows)")
        warnings.append(
            f"this is a bad surrogate{of}: nMSE {number(worst)} is above {BAD_NMSE} (1 is a constant's error);"
            f" {' or '.join(remedies)} may help"
        )
    return warnings
