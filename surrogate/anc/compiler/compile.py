"""From a tape program to a program of the ANC machine."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.budget import spending
from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape import TapeProgram
from cprograms.trees import walk
from surrogate.anc.compiler.backend import DoesNotFitError, assemble
from surrogate.anc.compiler.lowering import lower
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import ISAS

TAPE = 16
"""Cells of a tape where nobody says how many there are."""


def compile_tape(
    program: TapeProgram,
    memory_size: int | None = None,
    tape: int = TAPE,
    registers: int | None = None,
    isa: str = "published",
) -> Assembly:
    """The program in the machine's instructions.

    `memory_size` is M; by default it is the least that holds the program's lines, its constants, and `tape` cells
    beside its local arrays. `registers` bounds the number of registers, and `isa` names the instruction set. Raises
    ProgramError where one of the two does not suffice, or where it takes more time or memory than `cprograms.budget`
    gives it, and UsageError where one of the four makes no sense.
    """
    _check(memory_size, tape, registers, isa)
    with spending(program.path):
        return _compiled(program, memory_size, tape, registers, isa)


def _compiled(program: TapeProgram, memory_size: int | None, tape: int, registers: int | None, isa: str) -> Assembly:
    try:
        if memory_size is None:
            return _in_least_memory(program, tape, registers, isa)
        _check_arrays(program, memory_size)
        return assemble(lower(program, memory_size, isa), memory_size, registers)
    except DoesNotFitError as fault:
        raise _too_large(program, fault, isa) from None


def _in_least_memory(program: TapeProgram, tape: int, registers: int | None, isa: str) -> Assembly:
    memory_size = max(2, _past_constants(program), tape + program.array_cells)
    while True:
        try:
            return assemble(lower(program, memory_size, isa), memory_size, registers)
        except DoesNotFitError as fault:
            if fault.what != "lines":
                raise
            # Jump targets are constants that cost no line: the number of lines hardly depends on M.
            memory_size = fault.needed


def _past_constants(program: TapeProgram) -> int:
    """The least M modulo which all constants are different numbers: -1 is M - 1, and 5 is then not to be the same."""
    values = [0, *(int(node.value) for node in walk(program.unit) if isinstance(node, c_ast.Constant))]
    return max(values) - min(values) + 1


def _check(memory_size: int | None, tape: int, registers: int | None, isa: str) -> None:
    if isa not in ISAS:
        raise UsageError(f"there is no instruction set '{isa}': {' and '.join(ISAS)} are")
    if memory_size is not None and memory_size < 2:
        raise UsageError(f"a memory of {memory_size} cells is too small: it has at least 2")
    if tape < 1:
        raise UsageError(f"a tape of {tape} cells is too short: it has at least one")
    if registers is not None and registers < 1:
        raise UsageError(f"{registers} registers are too few: every instruction but STOP writes one")


def _check_arrays(program: TapeProgram, memory_size: int) -> None:
    for declaration, offset in program.offsets.items():
        if offset > memory_size:
            message = f"'{declaration.name}' does not fit: with it local arrays take {offset} cells of {memory_size}"
            raise ProgramError([program.diagnostic(declaration, message, _enlarge(program.array_cells + 1))])


def _too_large(program: TapeProgram, fault: DoesNotFitError, isa: str) -> ProgramError:
    message = f"'{program.name}' needs {fault.needed} {fault.what}, and may have {fault.allowed}"
    if fault.what == "lines":
        message += ": a program has at most as many lines as the memory has cells"
        # A smaller memory can hold what a larger one does not: modulo 2, a program may lose most of its lines.
        larger = _in_least_memory(program, fault.allowed + 1 - program.array_cells, None, isa)
        hint = _enlarge(larger.memory_size)
    else:
        hint = f"allow {fault.needed} registers, or use fewer variables and constants at a time"
    return ProgramError([program.diagnostic(program.entry, message, hint)])


def _enlarge(memory_size: int) -> str:
    return f"use --memory-size {memory_size}, or leave it out to get the least that suffices"
