"""The compile pipeline of the exact target: from a C file over a tape to a controller."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike

from pycparser import c_ast

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape import TapeProgram, load_tape
from surrogate.anc.assembly import Assembly
from surrogate.anc.backend import DoesNotFitError, assemble
from surrogate.anc.compiled import AncProgram
from surrogate.anc.controller import Controller
from surrogate.anc.lowering import lower

TAPE = 16
"""Cells of the tape, where the user says neither that nor the memory's size."""
MAX_MEMORY = 1024


def compile_exact(
    path: str | PathLike[str] | None = None,
    *,
    source: str | None = None,
    entry: str | None = None,
    memory_size: int | None = None,
    tape: int | None = None,
    registers: int | None = None,
    include_dirs: Sequence[str] = (),
    defines: Sequence[str] = (),
) -> AncProgram:
    """Compile a tape program, `void f(int *mem)`, to the controller that computes it modulo `memory_size`.

    Without `memory_size`, it is the least that holds the program's lines, its constants, and a tape of `tape` cells (16
    by default) beside its local arrays. `registers` is the most that the program may use.

    Raises ProgramError for what is not a tape program or does not fit, UsageError for options that make no sense.
    """
    _validate(memory_size, tape, registers)
    program = load_tape(path, source=source, entry=entry, include_dirs=include_dirs, defines=defines)
    assembly = _fitting(program, memory_size, tape, registers)
    cells = assembly.memory_size - program.array_cells
    return AncProgram(program.name, program.text, cells, Controller.of([assembly]))


def _validate(memory_size: int | None, tape: int | None, registers: int | None) -> None:
    if memory_size is not None and not 2 <= memory_size <= MAX_MEMORY:
        raise UsageError(f"the memory size must be from 2 to {MAX_MEMORY}, not {memory_size}")
    if tape is not None and not 1 <= tape <= MAX_MEMORY:
        raise UsageError(f"the tape must have from 1 to {MAX_MEMORY} cells, not {tape}")
    if registers is not None and registers < 1:
        raise UsageError(f"the number of registers must be positive, not {registers}")
    if memory_size is not None and tape is not None and tape > memory_size:
        raise UsageError(f"a tape of {tape} cells does not fit a memory of {memory_size}")


def _fitting(program: TapeProgram, memory_size: int | None, tape: int | None, registers: int | None) -> Assembly:
    """The program in the memory asked for, or in the least that holds it."""
    if memory_size is None:
        return _least(program, (TAPE if tape is None else tape) + program.array_cells, registers)
    cells = (tape or 1) + program.array_cells
    if cells > memory_size:
        raise _does_not_fit(program, f"{cells} cells for its local arrays and the tape", memory_size, cells)
    try:
        return _assembly(program, memory_size, registers)
    except DoesNotFitError as e:
        least = _least(program, cells, registers)
        raise _does_not_fit(program, f"{e.needed} lines", memory_size, least.memory_size) from e


def _least(program: TapeProgram, cells: int, registers: int | None) -> Assembly:
    """The program in the least memory that has `cells` cells and holds its constants and lines."""
    least = size = max(2, cells, *(abs(constant) + 1 for constant in _constants(program.unit)))
    found = None
    while found is None:
        if size > MAX_MEMORY:
            raise _does_not_fit(program, f"a memory of {size} cells", MAX_MEMORY, None)
        try:
            found = _assembly(program, size, registers)
        except DoesNotFitError as e:
            size = max(size + 1, e.needed)
    # The number of lines depends on the size a little, so a smaller one may do as well.
    while found.memory_size > least:
        try:
            found = _assembly(program, found.memory_size - 1, registers)
        except DoesNotFitError:
            break
    return found


def _assembly(program: TapeProgram, memory_size: int, registers: int | None) -> Assembly:
    """Raises DoesNotFitError for too many lines, ProgramError for too many registers."""
    try:
        return assemble(lower(program, memory_size), memory_size, registers)
    except DoesNotFitError as e:
        if e.what != "registers":
            raise
        message = f"'{program.name}' needs {e.needed} registers, and may have {e.allowed}"
        hint = f"allow more (--registers {e.needed}), or use fewer variables and constants"
        raise ProgramError([program.diagnostic(program.entry, message, hint)]) from e


def _constants(node: c_ast.Node) -> list[int]:
    own = [int(node.value)] if isinstance(node, c_ast.Constant) else []
    return own + [value for _, child in node.children() for value in _constants(child)]


def _does_not_fit(program: TapeProgram, needs: str, memory_size: int, least: int | None) -> ProgramError:
    message = f"'{program.name}' needs {needs}, more than a memory of {memory_size} has"
    hint = "make the program shorter" if least is None else f"a memory of {least} holds it (--memory-size {least})"
    return ProgramError([program.diagnostic(program.entry, message, hint)])
