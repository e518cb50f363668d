"""An exact program as C: its instructions in a table, and the machine that follows them.

Decompiled C (`surrogate decompile`) is what a person reads; it does its arithmetic modulo M only in the machine. This
is the machine itself, so that it does the same for every tape. Shapes: n tapes, of `tape` cells.
"""

from __future__ import annotations

import ctypes
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from cprograms.diagnostics import Diagnostic, ProgramError, UsageError
from surrogate.anc.check import random_tapes
from surrogate.anc.decompiler.reading import likeliest, probabilities_of
from surrogate.anc.machine.instructions import INSTRUCTIONS, Op, Values
from surrogate.anc.program import AncProgram
from surrogate.export.c.numbers import array, comment
from surrogate.export.made import Made, Request
from surrogate.export.native import compiled
from surrogate.version import __version__

TAPES = 10_000
"""Random tapes that an export is run back on before it is written."""

_HEADER = """\
#ifndef <MACRO>_H
#define <MACRO>_H
#include <stddef.h>
enum { <MACRO>_CELLS = <TAPE> }; /* of the tape; their values are from 0 to <LAST> */
#ifdef __cplusplus
extern "C" {
#endif
void <NAME>(int *mem);
/* n tapes, one after another. */
void <NAME>_batch(int *mem, size_t n);
#ifdef __cplusplus
}
#endif
#endif
"""
_MACHINE = """\
void <NAME>(int *mem)
{
    int cells[CELLS] = {0}, registers[REGISTERS], line = <START>;
    for (int k = 0; k < <MACRO>_CELLS; ++k) cells[k] = ((mem[k] % CELLS) + CELLS) % CELLS;
    for (int k = 0; k < REGISTERS; ++k) registers[k] = initial[k];
    while (line < LINES && code[line].op != <STOP>) {
        const struct instruction i = code[line];
        const int a = registers[i.first], b = registers[i.second];
        int value = 0;
        line = (line + 1) % CELLS;
        switch (i.op) {
<CASES>
        }
        registers[i.out] = ((value % CELLS) + CELLS) % CELLS;
    }
    for (int k = 0; k < <MACRO>_CELLS; ++k) mem[k] = cells[k];
}

void <NAME>_batch(int *mem, size_t n)
{
    for (size_t k = 0; k < n; ++k) <NAME>(mem + k * <MACRO>_CELLS);
}
"""


def made(program: AncProgram, format: str, request: Request) -> Made:
    """The header and the C file. Raises UsageError for another format, and for a program with soft choices."""
    if format != "c":
        raise UsageError(f"{program.entry}: {format} holds numbers; an exact program on a tape is exported as C")
    if program.kind != 1:
        raise UsageError(
            f"{program.entry}: it is of type {program.kind}: C holds exact programs, and some of its choices are soft"
        )
    files = _sources(program, request)

    def run(x: Values) -> Values:
        with tempfile.TemporaryDirectory(prefix="surrogate-export-") as folder:
            function = getattr(ctypes.CDLL(str(compiled(files, Path(folder)))), f"{request.name}_batch")
            function.argtypes, function.restype = [ctypes.POINTER(ctypes.c_int), ctypes.c_size_t], None
            tapes = np.ascontiguousarray(x, dtype=np.int32)
            function(tapes.ctypes.data_as(ctypes.POINTER(ctypes.c_int)), len(tapes))
            return tapes.astype(np.int64)

    return Made({name: text.encode() for name, text in files.items()}, run)  # type: ignore[arg-type]


def ensure_same(program: AncProgram, made: Made, told: Callable[[str], None]) -> int:
    """How many random tapes both leave alike, of those on which the machine stops. Raises ProgramError where not."""
    told(f"running it back on {TAPES:,} tapes")
    tapes = random_tapes(TAPES, program.memory_size, 0)
    tapes[:, program.tape :] = 0
    runs = program.run_many(tapes)
    found = made.run(tapes[runs.stopped, : program.tape])  # type: ignore[arg-type]
    if not np.array_equal(found, runs.tape[runs.stopped, : program.tape]):
        message = "the C that was written leaves another tape than the program: nothing was kept"
        raise ProgramError([Diagnostic(message, program.entry)])
    return len(found)


def _sources(program: AncProgram, request: Request) -> dict[str, str]:
    reading = likeliest(probabilities_of(program.controller))
    assembly, M = reading.assembly, reading.assembly.memory_size
    rows = [
        f"{{{i.op.value}, {i.arg1 or 0}, {i.arg2 or 0}, {len(assembly.registers) if i.out is None else i.out}}}"
        for i in assembly.instructions
    ]
    special = {
        Op.READ: "value = cells[a];",
        Op.WRITE: "cells[a] = b;",
        Op.JEZ: "if (a == 0) line = b;",
    }
    used = sorted({i.op for i in assembly.instructions} - {Op.STOP, Op.ZERO})
    cases = [f"        case {op.value}: {special.get(op) or _value(op)} break; /* {op.name} */" for op in used]
    registers = [*("0" if value is None else str(value) for value in assembly.registers), "0"]
    about = [
        f"void {program.entry}(int *mem), as `surrogate export` of version {__version__} wrote it: a program of the"
        f" register machine, which computes modulo {M}.",
        f"The tape has {program.tape} cells; values outside of 0 to {M - 1} are taken modulo {M}.",
        "A program that does not end does not end here either.",
        f"Instructions: {', '.join(f'{op.value} {op.name}' for op in INSTRUCTIONS)}.",
    ]
    parts = [
        comment(about),
        f'#include "{request.file}.h"',
        f"enum {{ CELLS = {M}, REGISTERS = {len(registers)}, LINES = {len(rows)} }};\n"
        "struct instruction { int op, first, second, out; };",
        array("struct instruction code[]", rows) + "\n" + array("int initial[]", registers),
        _MACHINE.replace("<CASES>", "\n".join(cases)).replace("<START>", str(reading.start)),
    ]
    values = {
        "NAME": request.name,
        "MACRO": request.name.upper(),
        "TAPE": str(program.tape),
        "LAST": str(M - 1),
        "STOP": str(Op.STOP.value),
    }
    files = {f"{request.file}.h": _HEADER, f"{request.file}.c": "\n\n".join(parts)}
    return {name: _filled(text, values) for name, text in files.items()}


def _value(op: Op) -> str:
    return f"value = {op.row.everywhere.format(a='a', b='b')};"


def _filled(text: str, values: dict[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"<{name}>", value)
    return text
