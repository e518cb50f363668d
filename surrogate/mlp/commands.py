"""What the command line does with surrogates."""

from __future__ import annotations

import argparse
import math

from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, UsageError
from cprograms.program import Program, bound
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.card import BAD_NMSE, bad_results, error_line, network_line, number, trapped_line
from surrogate.mlp.check import Report
from surrogate.mlp.rows import MAX_ROWS
from surrogate.mlp.tables import parse_values, read_rows, row_warning, table_text
from surrogate.target import Summary
from surrogate.terminal.console import OK, REJECTED, complain, print_json, warn, write_output
from surrogate.terminal.console import report as print_report


def summary(surrogate: Surrogate) -> Summary:
    """Measure a new surrogate, but not at -O0, which promises never to run the program, and describe it."""
    if surrogate.opt_level > 0:
        surrogate.check()
    signature, safeguard = surrogate.signature, surrogate.origin.safeguard()
    if surrogate.measured is None:
        error = ["error     not measured: -O0 never runs the program; `surrogate check` does"]
    else:
        error = _report_lines(surrogate.measured)
    lines = [
        f"function  {signature}",
        *(f"{'' if i else 'domain':9} {line}" for i, line in enumerate(signature.domain_lines())),
        f"network   {network_line(surrogate.module)}; {'; '.join(filter(None, (str(surrogate.origin), safeguard)))}",
        *error,
    ]
    program = surrogate.program
    warnings: list[str | Diagnostic] = [
        *program.warnings,
        *_entry_warning(program),
        *_domain_warning(program),
        *_error_warnings(surrogate),
    ]
    return Summary(surrogate.config(), lines, warnings)


def _report_lines(report: Report) -> list[str]:
    trapped = f" ({report.trapped:,} without finite results left out)" if report.trapped else ""
    measured = f"on {report.rows:,} fresh rows{trapped}"
    if len(report.results) == 1:
        return [f"error     {error_line(report.results[0])} {measured}"]
    return [
        f"error     mean of the results: {error_line(report)} {measured}",
        *(f"          {r.name}: {error_line(r)}" for r in report.results),
    ]


def _entry_warning(program: Program) -> list[str]:
    if not program.users:
        return []
    meant = program.users[-1]
    return [f"'{program.entry}' is a helper of '{meant}', which is not numeric; --entry {meant} says why"]


def _domain_warning(program: Program) -> list[str]:
    unset = [a for a in program.arguments if a.origin == "default"]
    if not unset:
        return []
    assumed = {f"{bound(a.low)} to {bound(a.high)}" for a in unset}
    if len(assumed) == 1:
        names, ranges = ", ".join(a.name for a in unset), assumed.pop()
        lie = "lies" if len(unset) == 1 else "lie"
        return [f"nothing declares where {names} {lie}: {ranges} is assumed; say so with --range"]
    ranges = ", ".join(f"{bound(a.low)} to {bound(a.high)} for {a.name}" for a in unset)
    return [f"nothing declares where {', '.join(a.name for a in unset)} lie: {ranges} is assumed; say so with --range"]


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


def run(options: argparse.Namespace, surrogate: Surrogate) -> int:
    if (options.input is None) == (not options.values):
        raise UsageError("give either one value an argument or --input CSV")
    names = [a.name for a in surrogate.arguments]
    x = parse_values(options.values, names) if options.input is None else read_rows(options.input, names)
    found = (row_warning(x, surrogate.arguments), surrogate.measured and trapped_line(surrogate.measured))
    warnings = [warning for warning in found if warning]
    y = surrogate.module.predict(x)
    results = [r.name for r in surrogate.results]
    if options.json:
        finite = [[v if math.isfinite(v) else None for v in row] for row in y.tolist()]
        rows = [dict(zip(results, row, strict=True)) for row in finite]
        print_json({"artifact": options.artifact, "rows": rows, "warnings": warnings})
        return OK
    for warning in warnings:
        warn(warning)
    header = None if options.input is None and options.output is None else results
    write_output(options.output, table_text(y, header))
    return OK


def check(options: argparse.Namespace, surrogate: Surrogate) -> int:
    with announced(f"checking {options.artifact}"):
        report = surrogate.check(2000 if options.rows is None else options.rows, options.seed)
    # A comparison with NaN is false: an undefined error passes no bound.
    passed = options.max_nmse is None or report.worst.nmse <= options.max_nmse
    if options.json:
        print_json({"artifact": options.artifact, "passed": passed, "max_nmse": options.max_nmse, **report.as_dict()})
        return OK if passed else REJECTED
    print_report(options.artifact, *(f"  {line}" for line in _report_lines(report)))
    if not passed:
        of = f" of {report.worst.name}" if len(report.results) > 1 else ""
        nmse = f"nMSE{of}, {number(report.worst.nmse)},"
        complain("surrogate", "error", f"the {nmse} is above --max-nmse {options.max_nmse:g}")
    return OK if passed else REJECTED
