"""What the command line does with surrogates."""

from __future__ import annotations

import argparse
import math

from cprograms.announcements import announced
from cprograms.diagnostics import UsageError
from cprograms.program import Program
from surrogate.console import OK, REJECTED, complain, print_json, warn, write_output
from surrogate.console import report as print_report
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.card import BAD_NMSE, error_line, network_line, number, rows_line, trapped_line
from surrogate.mlp.check import Report
from surrogate.mlp.tables import parse_values, read_rows, row_warning, table_text
from surrogate.target import Summary


def summary(surrogate: Surrogate) -> Summary:
    """Measure a new surrogate, but not at -O0, which promises never to run the program, and describe it."""
    if surrogate.opt_level > 0:
        surrogate.check()
    signature = surrogate.signature
    if surrogate.measured is None:
        error = ["error     not measured: -O0 never runs the program; `surrogate check` does"]
    else:
        error = _report_lines(surrogate.measured)
    lines = [
        f"function  {signature}",
        *(f"{'' if i else 'domain':9} {line}" for i, line in enumerate(signature.domain_lines())),
        f"network   {network_line(surrogate.module)}; {rows_line(surrogate.opt_level, surrogate.rows)}",
        *error,
    ]
    return Summary(surrogate.config(), lines, [*_entry_warning(surrogate.program), *_error_warnings(surrogate)])


def _report_lines(report: Report) -> list[str]:
    trapped = f" ({report.trapped:,} without finite results left out)" if report.trapped else ""
    lines = [f"error     {error_line(report)} on {report.rows:,} fresh rows{trapped}"]
    if len(report.results) > 1:
        lines += [f"          {r.name}: {error_line(r)}" for r in report.results]
    return lines


def _entry_warning(program: Program) -> list[str]:
    if not program.users:
        return []
    meant = program.users[-1]
    return [f"'{program.entry}' is a helper of '{meant}', which is not numeric; --entry {meant} says why"]


def _error_warnings(surrogate: Surrogate) -> list[str]:
    report = surrogate.measured
    if report is None:
        return []
    warnings = []
    if report.trapped > report.rows / 10:
        warnings.append(
            f"{report.trapped:,} of {report.rows:,} rows of the domain gave no finite result: is it the right one?"
        )
    # An undefined error is a bad one.
    if not report.nmse <= BAD_NMSE:
        remedies = ["-O2"] if surrogate.opt_level < 2 else ["more rows (--rows)"]
        remedies.append("a narrower domain (--range)")
        warnings.append(
            f"this is a bad surrogate: nMSE {number(report.nmse)} is above {BAD_NMSE} (1 is a constant's error);"
            f" {' or '.join(remedies)} may help"
        )
    unset = [a.name for a in surrogate.arguments if a.origin == "default"]
    if warnings and unset:
        warnings.append(f"nothing declares where {', '.join(unset)} lie: -1 to 1 is assumed; say so with --range")
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
    passed = options.max_nmse is None or report.nmse <= options.max_nmse
    if options.json:
        print_json({"artifact": options.artifact, "passed": passed, "max_nmse": options.max_nmse, **report.as_dict()})
        return OK if passed else REJECTED
    print_report(options.artifact, *(f"  {line}" for line in _report_lines(report)))
    if not passed:
        complain("surrogate", "error", f"the nMSE is above --max-nmse {options.max_nmse:g}")
    return OK if passed else REJECTED
