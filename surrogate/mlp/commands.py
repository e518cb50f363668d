"""What the command line says of a new surrogate, and of one that was fine-tuned."""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import cprograms
from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, UsageError
from cprograms.names import listed
from surrogate.container import ensure_free
from surrogate.mlp.artifact import Surrogate
from surrogate.mlp.card import network_line
from surrogate.mlp.fitting.tuning import Finetuning
from surrogate.numeric.check import Report
from surrogate.numeric.checking.errors import BAD_NMSE
from surrogate.numeric.commands import domain_lines, failing, measured_rows, program_warnings, progress_bar, stem
from surrogate.numeric.layout import report_lines
from surrogate.numeric.rows import MAX_ROWS
from surrogate.numeric.words import bad_results, number
from surrogate.target import Summary
from surrogate.terminal.console import OK, REJECTED, complain, in_one_line, print_json, report, warn
from surrogate.terminal.starting import INTERRUPTED


def summary(surrogate: Surrogate, max_nmse: float | None = None) -> Summary:
    """Measure a new surrogate, but not at -O0, which promises never to run the program, and describe it.

    Raises UsageError where there is a bound at -O0.
    """
    if surrogate.never_run and max_nmse is not None:
        raise UsageError("--max-nmse needs an error, and -O0 never runs the program; `surrogate check` does")
    if not surrogate.never_run:
        surrogate.check(timed=True)
    signature, safeguard = surrogate.signature, surrogate.origin.safeguard()
    if surrogate.measured is None:
        error = ["error     not measured: -O0 never runs the program; `surrogate check` does"]
    else:
        error = report_lines(surrogate.measured, signature, max_nmse)
        if surrogate.measured_data:
            error.append("          against the program, which measured rows need not agree with")
    network = network_line(surrogate.module, surrogate.operators)
    lines = [
        f"function  {signature}",
        *domain_lines(signature),
        f"network   {'; '.join(filter(None, (network, str(surrogate.origin), safeguard)))}",
        *error,
    ]
    program = surrogate.program
    warnings: list[str | Diagnostic] = [*program_warnings(program), *_error_warnings(surrogate)]
    failure = None if surrogate.measured is None else failing(surrogate.measured, max_nmse)
    return Summary(surrogate.config(), lines, warnings, failure)


def _error_warnings(surrogate: Surrogate) -> list[str]:
    report = surrogate.measured
    if report is None or surrogate.measured_data:
        return []
    warnings = []
    if report.trapped > report.rows / 10:
        why = f"{report.faults[0]}; {report.faults[0].advice}" if report.faults else "is it the right one?"
        warnings.append(f"{report.trapped:,} of {report.rows:,} rows of the domain gave no finite result: {why}")
    if (fallback := surrogate.origin.fallback()) and not _flat(report, surrogate.mean_only):
        warnings.append(f"{fallback}: the network is not clearly better")
    if bad := bad_results(report):
        of = f" of {listed([r.name for r in bad])}" if len(report.results) > 1 else ""
        worst = max((r.nmse for r in bad), key=lambda nmse: math.inf if math.isnan(nmse) else nmse)
        remedies = ["a narrower domain (--range)"]
        if surrogate.opt_level < 3:
            remedies.insert(0, f"-O{surrogate.opt_level + 1 if surrogate.opt_level > 0 else 2}")
        if surrogate.opt_level in (1, 2) and not surrogate.free_rows and surrogate.rows < MAX_ROWS:
            remedies.insert(0, "more rows (--rows)")
        warnings.append(
            f"this is a bad surrogate{of}: nMSE {number(worst)} is above {BAD_NMSE} (1 is a constant's error);"
            f" {' or '.join(remedies)} may help"
        )
    return warnings


def _flat(report: Report, results: Sequence[str]) -> bool:
    """Whether these results are constant to rounding, so that the mean is right."""
    return all(r.flat for r in report.results if r.name in results)


def finetune(options: argparse.Namespace, surrogate: Surrogate) -> int:
    output = Path(options.output or f"{stem(options.artifact, '.surrogate')}-finetuned.surrogate")
    ensure_free(output)
    program = None if options.program is None else cprograms.load(options.program)
    target = surrogate.program if program is None else program
    data, warning = (None, None) if options.data is None else measured_rows(options.data, target, options.result)
    with progress_bar("fine-tuning") as told:
        found = surrogate.finetune(
            data,
            rows=options.rows,
            mix=options.mix,
            seconds=options.seconds,
            steps=options.steps,
            target_nmse=options.target_nmse,
            result=options.result,
            ranges=options.ranges,
            program=program,
            width=options.width,
            plain=bool(options.plain),
            seed=options.seed or 0,
            told=told,
        )
    with announced(f"checking {output}"):
        summarised = summary(found)
        found.save(output)
    record = found.finetunings[-1]
    reached = options.target_nmse is None or record.after <= options.target_nmse
    warnings = [in_one_line(w) for w in (warning, *(summarised.warnings or [])) if w is not None]
    if options.json:
        told_of = {"artifact": str(output), "reached": reached, **record.as_dict(), "warnings": warnings}
        print_json(summarised.facts | told_of)
    else:
        report(f"{options.artifact} -> {output}", *(f"  {line}" for line in summarised.lines))
        for message in warnings:
            warn(message)
    if not record.finished:
        warn("interrupted; the best so far is kept")
        return INTERRUPTED
    if not reached:
        complain("surrogate", "error", _short_of(record, options))
    return OK if reached else REJECTED


def _short_of(record: Finetuning, options: argparse.Namespace) -> str:
    """That a target was not reached, and what would help."""
    helps = ["more time (--seconds)"]
    if options.data is None:
        helps += ["a narrower domain (--range)"] + (["more rows (--rows)"] if options.rows else [])
    else:
        helps += ["more data", "rows of the program beside them (--mix)"]
    return (
        f"the nMSE, {number(record.after)}, is above --target-nmse {options.target_nmse:g}; the best is kept;"
        f" {', '.join(helps[:-1])} or {helps[-1]} may help"
    )
