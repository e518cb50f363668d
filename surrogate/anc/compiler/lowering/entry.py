"""A tape program as a function of the intermediate representation: calls are inlined."""

from __future__ import annotations

from cprograms.tape.program import TapeProgram, tape_parameter
from surrogate.anc.compiler.ir import Function
from surrogate.anc.compiler.lowering.builder import FunctionBuilder
from surrogate.anc.compiler.lowering.statements import StatementLowering
from surrogate.anc.compiler.lowering.tidy import postpone, without_unneeded
from surrogate.anc.machine.instructions import ISAS


def lower(program: TapeProgram, memory_size: int, isa: str = "published") -> Function:
    """The program on a machine whose values are modulo `memory_size`, and which has the instructions of the set `isa`.

    Raises ProgramError where two cases of a switch are the same number there.
    """
    builder = FunctionBuilder(memory_size, ISAS[isa])
    tape = {tape_parameter(program.entry) or "": builder.constant(0)}
    StatementLowering(program, builder).function(program.entry, tape, on_return=lambda expression: builder.halt())
    builder.halt()
    return postpone(without_unneeded(builder.finish()))
