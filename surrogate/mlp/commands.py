"""The commands on surrogates: compile, run, check, inspect."""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cprograms.diagnostics import ProgramError, UsageError
from surrogate.console import (
    OK,
    REJECTED,
    artifact_path,
    print_json,
    reject_options,
    source_options,
    warn,
    write_output,
)

if TYPE_CHECKING:
    from cprograms.program import Program
    from surrogate.mlp.check import Report
    from surrogate.mlp.surrogate import Surrogate

EXACT_ONLY = {"memory_size": "--memory-size", "tape": "--tape", "registers": "--registers"}


def compile_command(options: argparse.Namespace) -> int:
    reject_options(options, EXACT_ONLY, "is of --target anc")
    started = time.perf_counter()
    import cprograms

    program = cprograms.load(**source_options(options), ranges=dict(options.ranges))
    output = artifact_path(options, program.entry, ".surrogate")

    from surrogate.mlp.pipeline import compile_program

    opt_level = 1 if options.opt_level is None else options.opt_level
    surrogate = compile_program(
        program,
        opt_level=opt_level,
        rows=options.rows,
        seed=options.seed or 0,
        compiler=options.compiler,
    )
    # -O0 promises never to run the program.
    if opt_level > 0:
        surrogate.check()
    surrogate.save(output)
    seconds = time.perf_counter() - started
    warnings = [*_entry_warning(program), *_compile_warnings(surrogate)]
    if options.json:
        from surrogate.mlp.artifact import config_of

        print_json(config_of(surrogate) | {"artifact": str(output), "seconds": seconds, "warnings": warnings})
    else:
        _print_summary(surrogate, options.file, output, seconds)
        for warning in warnings:
            print(f"{options.file}: warning: {warning}", file=sys.stderr)
    return OK


def _print_summary(surrogate: Surrogate, file: str, output: Path, seconds: float) -> None:
    from surrogate.mlp.describe import domain_lines, network_line, rows_line, signature

    print(f"{file} -> {output}")
    print(f"  function  {signature(surrogate.entry, surrogate.arguments, surrogate.results)}")
    for i, line in enumerate(domain_lines(surrogate.arguments)):
        print(f"  {'' if i else 'domain':9} {line}")
    print(f"  network   {network_line(surrogate)}; {rows_line(surrogate)}")
    if surrogate.measured is None:
        print("  error     not measured: -O0 never runs the program; `surrogate check` does")
    else:
        _print_report(surrogate.measured)
    print(f"  time      {seconds:.2f} s")


def _print_report(report: Report) -> None:
    from surrogate.mlp.describe import error_line

    trapped = f" ({report.trapped:,} without finite results left out)" if report.trapped else ""
    print(f"  error     {error_line(report)} on {report.rows:,} fresh rows{trapped}")
    if len(report.results) > 1:
        for r in report.results:
            print(f"            {r.name}: {error_line(r)}")


def _entry_warning(program: Program) -> list[str]:
    if not program.users:
        return []
    meant = program.users[-1]
    return [f"'{program.entry}' is a helper of '{meant}', which is not numeric; --entry {meant} says why"]


def _compile_warnings(surrogate: Surrogate) -> list[str]:
    from surrogate.mlp.describe import BAD_NMSE, number

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


def run_command(options: argparse.Namespace, surrogate: Surrogate) -> int:
    from surrogate.mlp.tables import parse_values, read_rows, row_warning, table_text

    reject_options(options, {"tape": "--tape", "steps": "--steps"}, "is for programs of --target anc")
    if (options.input is None) == (not options.values):
        raise UsageError("give either one value an argument or --input CSV")
    names = [a.name for a in surrogate.arguments]
    x = parse_values(options.values, names) if options.input is None else read_rows(options.input, names)
    warning = row_warning(x, surrogate.arguments)
    y = surrogate.predict(x)
    results = [r.name for r in surrogate.results]
    if options.json:
        finite = [[v if math.isfinite(v) else None for v in row] for row in y.tolist()]
        rows = [dict(zip(results, row, strict=True)) for row in finite]
        print_json({"artifact": options.artifact, "rows": rows, "warnings": [warning] if warning else []})
        return OK
    if warning:
        warn(warning)
    header = None if options.input is None and options.output is None else results
    write_output(options.output, table_text(y, header))
    return OK


def check_command(options: argparse.Namespace, surrogate: Surrogate) -> int:
    reject_options(options, {"tapes": "--tapes", "steps": "--steps"}, "is for programs of --target anc")
    report = surrogate.check(2000 if options.rows is None else options.rows, options.seed)
    # A comparison with NaN is false: an undefined error passes no bound.
    passed = options.max_nmse is None or report.nmse <= options.max_nmse
    if options.json:
        print_json({"artifact": options.artifact, "passed": passed, "max_nmse": options.max_nmse, **report.as_dict()})
        return OK if passed else REJECTED
    print(options.artifact)
    _print_report(report)
    if not passed:
        print(f"surrogate: the nMSE is above --max-nmse {options.max_nmse:g}", file=sys.stderr)
    return OK if passed else REJECTED


def inspect_command(options: argparse.Namespace) -> int:
    from cprograms.frontend.loading import describe

    described = describe(**source_options(options), ranges=dict(options.ranges))
    functions = [c.as_dict() for c in described.candidates]
    if described.program is None:
        if options.json:
            diagnostics = [d.as_dict() for d in described.diagnostics]
            print_json({"numeric": False, "diagnostics": diagnostics, "functions": functions})
        else:
            print(ProgramError(described.diagnostics), file=sys.stderr)
        return REJECTED

    from surrogate.mlp.inspection import function_lines, inspect_lines, inspection

    found = inspection(described.program)
    if options.json:
        print_json({"numeric": True, **found, "functions": functions})
    else:
        print("\n".join([*inspect_lines(described.program, found), *function_lines(described.candidates)]))
    return OK
