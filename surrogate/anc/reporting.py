"""The page of an exact program: its C, a run of it step by step, the matrices, and what a check found."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shlex
from html import escape

import numpy as np

from cprograms.names import counted
from surrogate.anc.artifact import encode_controller
from surrogate.anc.card import report_line
from surrogate.anc.check import c_samples
from surrogate.anc.decompiler.decompile import MEANING
from surrogate.anc.machine.assembly import size_line
from surrogate.anc.machine.instructions import Values
from surrogate.anc.machine.interpreter import MAX_STEPS
from surrogate.anc.machine.tracing import TraceStep
from surrogate.anc.pictures.grids import matrix_grids, trace_grid
from surrogate.anc.pictures.html import grids_body, run_data, run_sections
from surrogate.anc.pictures.shades import shade_styles
from surrogate.anc.program import AncProgram
from surrogate.report.page import Section, code, ensure_place, page, paragraph, table, write_page
from surrogate.report.source import coloured_c
from surrogate.terminal.console import OK, print_json, report
from surrogate.version import __version__

TAPES, LONGEST, FULL = 200, 150, 4
"""Tapes that the one to show is chosen from, the steps that its run has at most and the cells that it fills at least,
if there is such a one."""
CHECK_TAPES = 1000


def report_page(options: argparse.Namespace, program: AncProgram) -> int:
    """Write the page of a program, with its run on the tape that is given, or on one that makes it work."""
    output = options.output or f"{os.path.basename(os.path.abspath(options.artifact)).removesuffix('.anc')}.html"
    ensure_place(output)
    tape = example_tape(program, options.seed or 0) if options.tape is None else program.full_tape(options.tape)
    steps = program.trace(tape, options.steps or MAX_STEPS)
    if program.measured is None:
        program.check(CHECK_TAPES)
    content = program_page(program, tape, steps, options.artifact)
    write_page(output, content)
    stopped = steps[-1].halted
    if options.json:
        facts = {
            "tape": tape.tolist(),
            "steps": len(steps),
            "stopped": stopped,
            "measured": program.as_dict()["measured"],
        }
        print_json({"artifact": options.artifact, "page": output, "bytes": len(content), **facts})
        return OK
    report(
        f"{options.artifact} -> {output}",
        f"  page      {len(content) / 1e6:.2f} MB; nothing else is needed to read it",
        f"  run       {counted(len(steps), 'step')} on {_cells(tape)}{'' if stopped else ', and given up'}",
    )
    return OK


def program_page(program: AncProgram, tape: Values, steps: list[TraceStep], path: str) -> bytes:
    """The page of a program and a run of it; `path` is what its examples call the artifact."""
    size = size_line(program.program, program.tape)
    made = paragraph(escape(f"A C function as a program of the ANC register machine: {size}."))
    if program.samples is not None:
        tapes = counted(len(program.samples.tape), "tape")
        told = f"It was adapted to {tapes}. It is of type {program.kind}: {MEANING[program.kind]}."
        made += paragraph(escape(told))
    found = "" if program.measured is None else paragraph(f"Check: {escape(report_line(program.measured))}.")
    ran = f"A run of {counted(len(steps), 'step')}, on the tape {code(_cells(tape))}."
    stepwise, whole = run_sections(trace_grid(steps), program.program, steps)
    sections = [
        Section("The program", coloured_c(program.text), "Program"),
        Section(stepwise.title, paragraph(ran) + stepwise.body, stepwise.link),
        whole,
        Section("The controller", grids_body(matrix_grids(program.controller)), "Controller"),
        Section("Use it", _use(path, tape), "Use"),
        Section("Make it again", _again(program), "Reproduce"),
    ]
    lead = f"{paragraph(code(f'void {program.entry}(int *)'))}{made}{found}"
    return page(program.entry, lead, sections, run_data(program.program, steps), shade_styles())


def example_tape(program: AncProgram, seed: int) -> Values:
    """Of random tapes, or those that the program was adapted to, that of the longest run that is not too long; int [M].

    Tapes that the run changes, and tapes that are not almost empty, come first.
    """
    samples = program.samples
    if samples is None:
        samples = c_samples(program.source_program, program.memory_size, TAPES, seed)
    tapes = samples.tape[:TAPES]
    if not len(tapes):
        return program.full_tape([])
    runs = program.run_many(tapes, LONGEST)
    changed, full = (runs.tape != tapes).any(1), np.count_nonzero(tapes, axis=1) >= FULL
    worth = runs.stopped * (runs.steps + LONGEST * (changed.astype(int) + full))
    return np.asarray(tapes[int(np.argmax(worth))])


def _cells(tape: Values) -> str:
    """The cells up to the last that is not zero."""
    used = int(np.flatnonzero(tape)[-1]) + 1 if tape.any() else 1
    return ",".join(map(str, tape[:used].tolist()))


def _use(path: str, tape: Values) -> str:
    quoted, cells = shlex.quote(path), _cells(tape)
    snippets = (
        ("Python", f"import surrogate\n\ns = surrogate.load({json.dumps(path)})\ns.run([{cells.replace(',', ', ')}])"),
        ("Command line", f"surrogate run {quoted} --tape {cells}"),
        ("C", f"surrogate export {quoted} --format c"),
    )
    return "".join(f"<h3>{title}</h3><pre><code>{escape(text)}</code></pre>" for title, text in snippets)


def _again(program: AncProgram) -> str:
    command = f"surrogate compile program.c --target anc --memory-size {program.memory_size}"
    facts = [
        ("version", f"surrogate-compiler {__version__}"),
        ("matrices", f"SHA-256 {hashlib.sha256(encode_controller(program.controller)).hexdigest()}"),
        ("program", f"SHA-256 {hashlib.sha256(program.text.encode()).hexdigest()}"),
    ]
    adapted = "" if program.samples is None else paragraph("This gives the program that it was adapted from.")
    rows = [(escape(k), f'<span class="hash">{escape(v)}</span>') for k, v in facts]
    return (
        paragraph("Of the program above, saved as <code>program.c</code>:")
        + f"<pre><code>{escape(command)}</code></pre>{adapted}{table(('what', 'value'), rows, 2)}"
    )
