"""What the command line does with programs of the register machine."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar

from cprograms.announcements import announced
from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from cprograms.names import counted
from surrogate.anc.adaptation.adapt import Adaptation
from surrogate.anc.adaptation.outcome import Progress
from surrogate.anc.adaptation.watching import watch_in
from surrogate.anc.artifact import FILES
from surrogate.anc.card import report_line
from surrogate.anc.check import ExactReport, Mismatch
from surrogate.anc.decompiler.listing import listing
from surrogate.anc.machine.assembly import size_line
from surrogate.anc.machine.interpreter import MAX_STEPS
from surrogate.anc.machine.samples import read_samples
from surrogate.anc.machine.tracing import trace_lines
from surrogate.anc.pictures import matrix_picture, run_picture
from surrogate.anc.program import AncProgram
from surrogate.anc.running import Run
from surrogate.container import ensure_free
from surrogate.target import Summary
from surrogate.terminal.console import OK, REJECTED, coloured, columns, print_json, report, warn, wrapped, write_output
from surrogate.terminal.starting import INTERRUPTED

COMPILE_TAPES = 100
"""Random tapes that a compile is checked on."""


def summary(program: AncProgram) -> Summary:
    """Check a new program on a few tapes, and describe it."""
    checked = program.check(COMPILE_TAPES)
    lines = [
        f"function  void {program.entry}(int *)",
        f"program   {size_line(program.program, program.tape)}",
        f"check     {report_line(checked)}",
    ]
    return Summary(program.as_dict(), lines, failure=None if checked.passed else _failure(checked))


def _failure(report: ExactReport) -> str:
    """What is wrong with a program whose check did not pass."""
    if report.right + report.unfinished < report.tapes - report.endless:
        return "the compiled program differs from the C program; `surrogate check` shows where"
    return f"not every tape ended within {MAX_STEPS:,} steps; `surrogate check --steps` allows more"


def run(options: argparse.Namespace, program: AncProgram) -> int:
    return show_run(options, program.run(tape_of(options), **steps_of(options)), "stopped")


def show_run(options: argparse.Namespace, ended: Run, end: str) -> int:
    """Prints the tape that a run left, and how it came to its end; the exit code."""
    if options.json:
        result = {"tape": ended.tape.tolist(), "steps": ended.steps, "stopped": ended.stopped}
        print_json({"artifact": options.artifact, **result})
    else:
        print(",".join(map(str, ended.tape.tolist())))
        print(f"{end if ended.stopped else 'given up'} after {counted(ended.steps, 'step')}")
    return exit_code(options, ended.stopped, ended.steps)


def trace(options: argparse.Namespace, program: AncProgram) -> int:
    steps = program.trace(tape_of(options), **steps_of(options))
    stopped = steps[-1].halted
    if options.json:
        document = {"artifact": options.artifact, "steps": [s.as_dict() for s in steps]}
        print_json({**document, "tape": list(steps[-1].tape), "stopped": stopped})
    else:
        print("\n".join(trace_lines(steps, coloured(sys.stdout), columns(sys.stdout))))
        print(",".join(map(str, steps[-1].tape)))
    return exit_code(options, stopped, len(steps))


def check(options: argparse.Namespace, program: AncProgram) -> int:
    tapes = 1000 if options.tapes is None else options.tapes
    with announced(f"checking {options.artifact}"):
        checked = program.check(tapes, options.seed, **steps_of(options))
    if options.json:
        print_json({"artifact": options.artifact, **checked.as_dict()})
        return OK if checked.passed else REJECTED
    lines = [
        f"  program   {size_line(program.program, program.tape)}",
        f"  check     {report_line(checked)}",
    ]
    if checked.mismatch is not None:
        lines += mismatch_lines(checked.mismatch)
    report(options.artifact, *lines)
    return OK if checked.passed else REJECTED


def mismatch_lines(mismatch: Mismatch) -> list[str]:
    """A tape that is left in another way than it should be."""
    return [
        f"  tape      {','.join(map(str, mismatch.tape))}",
        f"  expected  {','.join(map(str, mismatch.expected))}",
        f"  found     {'not stopped' if mismatch.found is None else ','.join(map(str, mismatch.found))}",
    ]


def decompile(options: argparse.Namespace, program: AncProgram) -> int:
    decompiled = program.decompile()
    if options.output is not None:
        if decompiled.source is None:
            message = "type 3: there is no program that could be written as C"
            raise ProgramError([Diagnostic(message, options.artifact, hint=decompiled.reason or "")])
        write_output(options.output, decompiled.source)
    if options.json:
        print_json({"artifact": options.artifact, "entry": program.entry, **decompiled.as_dict()})
    else:
        print("\n".join(_fitted(listing(decompiled, program.entry).splitlines())))
        if decompiled.source is not None and options.output is None:
            print(f"\n{decompiled.source}", end="")
    return OK


def _fitted(lines: list[str]) -> list[str]:
    """The lines of a listing, comments that are too long for the terminal in several."""
    most = columns(sys.stdout)
    fitted = []
    for line in lines:
        at = line.find(";")
        under = at if at >= 0 and not line.startswith("registers") else len("registers ")
        fitted.append(wrapped(line, most, under, "; " if under == at else ""))
    return fitted


def show(options: argparse.Namespace, program: AncProgram) -> int:
    suffix = Path(options.output).suffix.lower()
    if suffix not in (".html", ".png"):
        raise UsageError(f"{options.output}: a picture is a .png or an .html file")
    if options.tape is None:
        content = matrix_picture(program.entry, program.controller, program.tape, suffix[1:])
    else:
        steps = program.trace(options.tape, **steps_of(options))
        content = run_picture(program.entry, program.program, steps, suffix[1:])
    write_output(options.output, content)
    return OK


def tape_of(options: argparse.Namespace) -> list[int]:
    tape: list[int] | None = options.tape
    if tape is None:
        raise UsageError("a tape is needed: --tape 3,1,2")
    return tape


def steps_of(options: argparse.Namespace) -> dict[str, int]:
    if options.steps is None:
        return {}
    if options.steps < 1:
        raise UsageError(f"the number of steps must be positive, not {options.steps}")
    return {"max_steps": options.steps}


def exit_code(options: argparse.Namespace, stopped: bool, steps: int) -> int:
    if not stopped:
        warn(f"{options.artifact} did not stop within {counted(steps, 'step')} (--steps N for more)")
    return OK if stopped else REJECTED


# --- adapt ---


def adapt(options: argparse.Namespace, program: AncProgram) -> int:
    started = time.perf_counter()
    output = Path(options.output or f"{_stem(options.artifact)}-adapted.anc")
    ensure_free(output, FILES)
    samples = None if options.samples is None else read_samples(options.samples, program.memory_size)
    watch = None if options.watch is None else watch_in(Path(options.watch), program.entry)
    with _progress_bar(f"{options.method} adaptation") as progress:
        found = program.adapt(
            samples,
            task=options.task,
            method=options.method,
            stop_gradient=options.gradient,
            watch=watch,
            seeds=options.seeds,
            seed=options.seed,
            progress=progress,
        )
    if found.best is not None:
        found.best.save(output)
    seconds = time.perf_counter() - started
    if options.json:
        artifact = None if found.best is None else str(output)
        print_json({"artifact": artifact, "seconds": seconds, **found.as_dict()})
    else:
        _print_summary(options.artifact, output, found, seconds)
    if not found.finished:
        warn("interrupted; the best so far is kept" if found.best else "interrupted; nothing faster was found so far")
        return INTERRUPTED
    return OK if found.best is not None else REJECTED


def _stem(artifact: str) -> str:
    """The name of an artifact's directory, whatever the path calls it (`.`), without the suffix of the target."""
    return os.path.basename(os.path.abspath(artifact)).removesuffix(".anc")


def _print_summary(source: str, output: Path, found: Adaptation[AncProgram], seconds: float) -> None:
    lines = [f"{source} -> {output}" if found.best else f"{source}: no attempt is faster and right"]
    last = "" if found.last is None else f", {len(found.last.successes)} at the last checkpoint"
    lines.append(
        f"  success   {len(found.successes)} of {counted(len(found.attempts), 'attempt')} ({found.method}){last}"
    )
    if found.best is not None:
        best = min(a.iterations for a in found.successes)
        lines.append(
            f"  speed     {found.generic:.4g} iterations before, {found.adapted:.4g} after, {best:.4g} at best"
        )
        kinds = ", ".join(f"{count} of type {kind}" for kind, count in found.kinds.items() if count)
        lines.append(f"  types     {kinds}; the best is of type {found.best.kind}")
    report(*lines, f"  time      {seconds:.1f} s")


@contextmanager
def _progress_bar(title: str) -> Iterator[Progress]:
    """On stderr, where that is a terminal."""
    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        work = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(work, completed=done, total=total)
