"""What the command line does with compiled numeric programs, and what it says of them."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, UsageError
from cprograms.names import enough, listed, result_columns
from cprograms.program import Program, Signature, bound, domain_groups
from surrogate.numeric.artifact import NumericArtifact
from surrogate.numeric.bounded import bounded_facts, bounded_lines, bounded_table
from surrogate.numeric.check import Report
from surrogate.numeric.checking.bounds import Bounded
from surrogate.numeric.exact import both, exact_facts, exact_table, reason_warning, side_by_side
from surrogate.numeric.layout import report_lines
from surrogate.numeric.tables import parse_values, read_rows, row_facts, row_warning, table_text
from surrogate.numeric.words import number, trapped_line
from surrogate.terminal.console import OK, REJECTED, complain, print_json, report, warn, write_output


def domain_lines(signature: Signature) -> list[str]:
    """The domain, a line an argument or an array."""
    return [f"{'' if i else 'domain':9} {line}" for i, line in enumerate(signature.domain_lines())]


def program_warnings(program: Program) -> list[str | Diagnostic]:
    """What a user may not have meant: of the program's pragmas, its state, its domain."""
    return [*program.warnings, *_domain_warning(program)]


def _domain_warning(program: Program) -> list[str]:
    unset = [a for a in program.arguments if a.origin == "default"]
    if not unset:
        return []
    assumed = {f"{bound(a.low)} to {bound(a.high)}" for a in unset}
    if len(assumed) == 1:
        names, ranges = listed([a.name for a in unset]), assumed.pop()
        lie = "lies" if len(unset) == 1 else "lie"
        return [f"nothing declares where {names} {lie}: {ranges} is assumed; say so with --range"]
    groups = [f"{bound(a.low)} to {bound(a.high)} for {name}" for name, a in domain_groups(unset)]
    ranges, names = enough(groups, len(unset)), listed([a.name for a in unset])
    return [f"nothing declares where {names} lie: {ranges} is assumed; say so with --range"]


def run(options: argparse.Namespace, artifact: NumericArtifact) -> int:
    if (options.input is None) == (not options.values):
        raise UsageError("give either one value an argument or --input CSV")
    names = [a.name for a in artifact.arguments]
    if options.input is None:
        x = parse_values(options.values, artifact.arguments)
    else:
        x = read_rows(options.input, names, [a.type for a in artifact.arguments])
    if options.exact and options.bounds:
        raise UsageError("--exact runs the C program, and leaves nothing to bound: give either --exact or --bounds")
    with announced(f"running {options.artifact}"):
        exact = both(artifact.program, artifact.outputs, x) if options.exact else None
        y = artifact.outputs(x) if exact is None else exact.surrogate
        bounded = Bounded(y, *artifact.error_bars(x)) if options.bounds else None
    of_program = artifact.measured and trapped_line(artifact.measured) if exact is None else reason_warning(exact)
    warnings = [warning for warning in (row_warning(x, artifact.arguments), of_program) if warning]
    columns = result_columns(names, [r.name for r in artifact.results])
    if options.json:
        beside = {} if exact is None else exact_facts(columns, exact)
        beside |= {} if bounded is None else bounded_facts(columns, bounded)
        print_json({"artifact": options.artifact, "rows": row_facts(columns, y), **beside, "warnings": warnings})
        return OK
    for warning in warnings:
        warn(warning)
    single = options.input is None and options.output is None
    if exact is not None:
        text = side_by_side(columns, exact) if single else exact_table(columns, exact)
    elif bounded is not None:
        text = bounded_lines(columns, bounded) if single else bounded_table(columns, bounded)
    else:
        text = table_text(y, None if single else columns)
    write_output(options.output, text)
    return OK


def check(options: argparse.Namespace, artifact: NumericArtifact) -> int:
    with announced(f"checking {options.artifact}"):
        measured = artifact.check(2000 if options.rows is None else options.rows, options.seed, timed=True)
    failure = failing(measured, options.max_nmse)
    passed = failure is None
    if options.json:
        print_json({"artifact": options.artifact, "passed": passed, "max_nmse": options.max_nmse, **measured.as_dict()})
        return OK if passed else REJECTED
    lines = report_lines(measured, artifact.signature, options.max_nmse)
    report(options.artifact, *(f"  {line}" for line in lines))
    if failure is not None:
        complain("surrogate", "error", failure)
    return OK if passed else REJECTED


def failing(measured: Report, max_nmse: float | None) -> str | None:
    """What to say where a result errs more than the bound, if there is one."""
    # A comparison with NaN is false: an undefined error passes no bound.
    if max_nmse is None or measured.worst.rank <= max_nmse:
        return None
    of = f" of {measured.worst.name}" if len(measured.results) > 1 else ""
    return f"the nMSE{of}, {number(measured.worst.nmse)}, is above --max-nmse {max_nmse:g}"


def measured_rows(
    path: str, program: Program, result: str | None
) -> tuple[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]], str | None]:
    """Measured rows of a file, x [n, arguments] and y [n, results], and what to say of those outside the domain.

    Where one `result` alone may change, the others need no column: they are what the program gives. Raises UsageError
    as `surrogate.numeric.tables.read_rows` does.
    """
    arguments, results = [a.name for a in program.arguments], [r.name for r in program.results]
    wanted = [result] if result in results else results
    rows = read_rows(path, [*arguments, *result_columns(arguments, wanted)], [a.type for a in program.arguments])
    x, y = rows[:, : len(arguments)], rows[:, len(arguments) :]
    if len(wanted) < len(results):
        whole = program.run(x)
        whole[:, results.index(wanted[0])] = y[:, 0]
        kept = np.isfinite(whole).all(1)
        x, y = x[kept], whole[kept]
    return (x, y), row_warning(x, program.arguments)


def stem(artifact: str, suffix: str) -> str:
    """The name of an artifact's directory, whatever the path calls it (`.`), without the suffix of its target."""
    return os.path.basename(os.path.abspath(artifact)).removesuffix(suffix)


@contextmanager
def progress_bar(title: str) -> Iterator[Callable[[float, float], None]]:
    """On stderr, where that is a terminal: the share that is done, and the error."""
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  nMSE {task.fields[error]}"),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as bar:
        work = bar.add_task(title, total=1.0, error="…")
        yield lambda share, error: bar.update(work, completed=share, error=number(error))
