"""The commands on programs of the exact target: compile, run, trace, check, decompile, show."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
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
    from surrogate.anc.program import AncProgram

COMPILE_TAPES = 100
"""Random tapes that a compile is checked on."""
MLP_ONLY = {"ranges": "--range", "rows": "--rows", "opt_level": "-O", "compiler": "--compiler", "seed": "--seed"}


def compile_command(options: argparse.Namespace) -> int:
    reject_options(options, MLP_ONLY, "is of --target mlp: the exact target computes what the program does")
    started = time.perf_counter()

    from surrogate.anc.card import report_line
    from surrogate.anc.machine.assembly import size_line
    from surrogate.anc.pipeline import compile_exact

    sizes = {"memory_size": options.memory_size, "tape": options.tape, "registers": options.registers}
    program = compile_exact(**source_options(options), **sizes)
    output = artifact_path(options, program.entry, ".anc")
    report = program.check(COMPILE_TAPES)
    program.save(output)
    seconds = time.perf_counter() - started
    if options.json:
        print_json(program.as_dict() | {"artifact": str(output), "seconds": seconds})
    else:
        print(f"{options.file} -> {output}")
        print(f"  function  void {program.entry}(int *)")
        print(f"  program   {size_line(program.program, program.tape)}")
        print(f"  check     {report_line(report)}")
        print(f"  time      {seconds:.2f} s")
    if not report.passed:
        warn("the compiled program differs from the C program; `surrogate check` shows where")
    return OK if report.passed else REJECTED


def run_command(options: argparse.Namespace, program: AncProgram) -> int:
    reject_options(options, {"values": "a value", "input": "--input", "output": "--output"}, "is for surrogates")
    run = program.run(_tape(options), **_steps(options))
    if options.json:
        result = {"tape": run.tape.tolist(), "steps": run.steps, "stopped": run.stopped}
        print_json({"artifact": options.artifact, **result})
    else:
        print(",".join(map(str, run.tape.tolist())))
        print(f"{'stopped' if run.stopped else 'given up'} after {run.steps:,} steps")
    return _stopped(options, run.stopped, run.steps)


def trace_command(options: argparse.Namespace) -> int:
    program = load_program(options)

    from surrogate.anc.machine.tracing import trace_lines

    steps = program.trace(_tape(options), **_steps(options))
    stopped = steps[-1].halted
    if options.json:
        document = {"artifact": options.artifact, "steps": [s.as_dict() for s in steps]}
        print_json({**document, "tape": list(steps[-1].tape), "stopped": stopped})
    else:
        print("\n".join(trace_lines(steps, colour=sys.stdout.isatty())))
        print(",".join(map(str, steps[-1].tape)))
    return _stopped(options, stopped, len(steps))


def check_command(options: argparse.Namespace, program: AncProgram) -> int:
    reject_options(options, {"rows": "--rows", "max_nmse": "--max-nmse"}, "is for surrogates")

    from surrogate.anc.card import report_line
    from surrogate.anc.machine.assembly import size_line

    tapes = 1000 if options.tapes is None else options.tapes
    report = program.check(tapes, options.seed, **_steps(options))
    if options.json:
        print_json({"artifact": options.artifact, **report.as_dict()})
        return OK if report.passed else REJECTED
    print(options.artifact)
    print(f"  program   {size_line(program.program, program.tape)}")
    print(f"  check     {report_line(report)}")
    if report.mismatch is not None:
        found = report.mismatch.found
        print(f"  tape      {','.join(map(str, report.mismatch.tape))}")
        print(f"  expected  {','.join(map(str, report.mismatch.expected))}")
        print(f"  found     {'not stopped' if found is None else ','.join(map(str, found))}")
    return OK if report.passed else REJECTED


def decompile_command(options: argparse.Namespace) -> int:
    program = load_program(options)

    from surrogate.anc.decompiler.listing import listing

    decompiled = program.decompile()
    if options.output is not None:
        if decompiled.source is None:
            message = "type 3: there is no program that could be written as C"
            raise ProgramError([Diagnostic(message, options.artifact, hint=decompiled.reason or "")])
        write_output(options.output, decompiled.source)
    if options.json:
        print_json({"artifact": options.artifact, "entry": program.entry, **decompiled.as_dict()})
    else:
        print(listing(decompiled, program.entry), end="")
        if decompiled.source is not None and options.output is None:
            print(f"\n{decompiled.source}", end="")
    return OK


def show_command(options: argparse.Namespace) -> int:
    program = load_program(options)
    suffix = Path(options.output).suffix.lower()
    if suffix not in (".html", ".png"):
        raise UsageError(f"{options.output}: a picture is a .png or an .html file")

    from surrogate.anc.pictures import matrix_picture, run_picture

    if options.tape is None:
        content = matrix_picture(program.entry, program.controller, program.tape, suffix[1:])
    else:
        steps = program.trace(_tape(options), **_steps(options))
        content = run_picture(program.entry, steps, suffix[1:])
    write_output(options.output, content)
    return OK


def load_program(options: argparse.Namespace) -> AncProgram:
    from surrogate.anc.program import AncProgram
    from surrogate.container import load

    program = load(options.artifact)
    if not isinstance(program, AncProgram):
        raise UsageError(f"{options.artifact}: a surrogate (--target mlp) has no program to look at")
    return program


def _tape(options: argparse.Namespace) -> list[int]:
    if options.tape is None:
        raise UsageError("a program of the exact target needs a tape: --tape 3,1,2")
    return options.tape


def _steps(options: argparse.Namespace) -> dict[str, int]:
    if options.steps is None:
        return {}
    if options.steps < 1:
        raise UsageError(f"the number of steps must be positive, not {options.steps}")
    return {"max_steps": options.steps}


def _stopped(options: argparse.Namespace, stopped: bool, steps: int) -> int:
    if not stopped:
        warn(f"{options.artifact} did not stop within {steps:,} steps (--steps N for more)")
    return OK if stopped else REJECTED
