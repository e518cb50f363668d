"""The compile pipeline: from a C file over a tape to a program of the register machine."""

from __future__ import annotations

from typing import Unpack

from cprograms import options
from cprograms.budget import shared
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.frontend.flags import Reading
from cprograms.frontend.given import Paths
from cprograms.tape import TapeProgram, load_tape
from surrogate.anc.compiler.compile import TAPE, compile_tape
from surrogate.anc.machine.controller import Controller
from surrogate.anc.program import AncProgram

MAX_MEMORY = 4096
"""A tape on the machine is M × M probabilities."""


def compile_anc(
    path: Paths | None = None,
    *,
    source: str | None = None,
    entry: str | None = None,
    memory_size: int | None = None,
    tape: int | None = None,
    registers: int | None = None,
    isa: str = "published",
    limit: float | None = None,
    **reading: Unpack[Reading],
) -> AncProgram:
    """Compile a tape program, `void f(int *mem)`, to the controller that computes it modulo `memory_size`.

    Without `memory_size`, it is the least that holds the program's lines, its constants, and a tape of `tape` cells (16
    by default) beside its local arrays. `registers` is the most that the program may use. `isa` is the instruction
    set: "published", the paper's, or "extended", with * / % & | ^ << >> < and == as instructions. `limit` and `reading`
    are as in `cprograms.load`.

    Raises ProgramError for what is not a tape program or does not fit, UsageError for options that make no sense.
    """
    memory_size, tape, registers = (
        None if given is None else options.whole(name, given)
        for name, given in (("memory_size", memory_size), ("tape", tape), ("registers", registers))
    )
    for what, cells in (("memory", memory_size), ("tape", tape)):
        if cells is not None and cells > MAX_MEMORY:
            raise UsageError(f"a {what} of {cells} cells is too large: the machine has at most {MAX_MEMORY}")
    with shared(limit):
        program = load_tape(
            path,
            source=source,
            entry=entry,
            bits=isa != "published",
            **reading,
        )
        return _compiled(program, memory_size, tape, registers, isa)


def _compiled(
    program: TapeProgram, memory_size: int | None, tape: int | None, registers: int | None, isa: str
) -> AncProgram:
    if memory_size is not None and tape is not None and tape + program.array_cells > memory_size:
        arrays = f" and {program.array_cells} of local arrays" if program.array_cells else ""
        raise UsageError(f"a tape of {tape} cells{arrays} does not fit a memory of {memory_size}")
    assembly = compile_tape(program, memory_size, TAPE if tape is None else tape, registers, isa)
    if assembly.memory_size > MAX_MEMORY:
        message = (
            f"'{program.name}' needs a memory of {assembly.memory_size} cells, more than the machine's {MAX_MEMORY}"
        )
        hint = "constants, lines and the tape share the memory's size: make them smaller"
        raise ProgramError([program.diagnostic(program.entry, message, hint)])
    cells = assembly.memory_size - program.array_cells
    return AncProgram(program.name, program.text, cells, Controller.of([assembly]))
