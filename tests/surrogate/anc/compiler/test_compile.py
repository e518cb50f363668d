"""From C to an assembly: the default memory size, and what is said where a program does not fit."""

from __future__ import annotations

import numpy as np
import pytest

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape import TapeProgram, load_tape
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.machine.interpreter import run_one

INCREMENT = "void increment(int *mem)\n{\n    for (int i = 0; mem[i] != 0; i++)\n        mem[i]++;\n}\n"


def program(body: str) -> TapeProgram:
    return load_tape(source=f"void f(int *mem) {{ {body} }}")


@pytest.mark.parametrize(
    ("body", "tape", "expected"),
    [
        ("mem[0]++;", 16, 16),
        ("mem[0]++;", 2, 4),  # its lines
        ("mem[0] = 99;", 16, 100),
        ("mem[0] = 7 - 1;", 7, 7),
        ("mem[0] = -1;", 16, 16),
        ("mem[0] = -40;", 16, 41),
        ("mem[0] = mem[1] == 20 ? -1 : 0;", 16, 22),
        ("int a[5]; a[mem[0]] = 1; mem[0] = a[mem[1]];", 16, 21),
    ],
)
def test_the_default_memory_is_the_least_that_suffices(body: str, tape: int, expected: int) -> None:
    assert compile_tape(program(body), tape=tape).memory_size == expected


def test_the_lines_of_a_long_program_set_its_memory() -> None:
    long = program(" ".join(f"mem[{k}] = mem[{k}] * mem[{k}];" for k in range(6)))
    assembly = compile_tape(long, tape=6)
    assert assembly.memory_size == len(assembly) > 16
    tape = np.zeros((1, assembly.memory_size), dtype=int)
    tape[0, :6] = range(6)
    assert run_one(assembly, tape, 1000).tape[0, :6].tolist() == [k * k for k in range(6)]


def test_increment_is_the_published_program() -> None:
    assembly = compile_tape(load_tape(source=INCREMENT), memory_size=7)
    assert (assembly.memory_size, len(assembly)) == (7, 7)
    runs = run_one(assembly, np.array([[3, 5, 6, 0, 2, 2, 2]]), 100)
    assert runs.tape.tolist() == [[4, 6, 0, 0, 2, 2, 2]]


def test_too_many_lines_are_a_diagnostic_that_says_how_many() -> None:
    with pytest.raises(ProgramError) as caught:
        compile_tape(load_tape(source=INCREMENT), memory_size=6)
    (fault,) = caught.value.diagnostics
    assert (fault.line, fault.column) == (1, 6)
    assert "needs 7 lines, and may have 6" in fault.message
    assert "--memory-size 7" in fault.hint
    assert "     ^" in str(fault)


def test_too_many_registers_are_a_diagnostic_that_says_how_many() -> None:
    source = load_tape(source=INCREMENT)
    needed = len(compile_tape(source).registers)
    assert len(compile_tape(source, registers=needed).registers) == needed
    with pytest.raises(ProgramError, match=f"needs {needed} registers, and may have {needed - 1}"):
        compile_tape(source, registers=needed - 1)


def test_arrays_that_do_not_fit_are_a_diagnostic_at_the_first_that_does_not() -> None:
    source = program("int a[4]; int b[4]; a[mem[0]] = 1; b[mem[0]] = 2; mem[0] = a[1] + b[1];")
    with pytest.raises(ProgramError) as caught:
        compile_tape(source, memory_size=6)
    (fault,) = caught.value.diagnostics
    assert fault.message.startswith("'b' does not fit")


def test_cases_that_are_the_same_modulo_the_memory_are_a_diagnostic() -> None:
    source = program("switch (mem[0]) { case 2: mem[0] = 0; break; case 12: mem[0] = 1; }")
    assert compile_tape(source).memory_size == 16
    with pytest.raises(ProgramError, match="case 12 is case 2 again modulo 10"):
        compile_tape(source, memory_size=10)


@pytest.mark.parametrize("wrong", [{"memory_size": 1}, {"tape": 0}, {"registers": 0}])
def test_nonsense_is_a_usage_error(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError):
        compile_tape(program("mem[0]++;"), **wrong)


def test_a_program_that_fits_a_smaller_memory_is_told_the_next_larger_one() -> None:
    # Modulo 2, nothing is above 1 and the program is two lines; modulo 3 it has a loop.
    source = program("int i = 1; while (i < mem[0]) { mem[i] = mem[i + 1]; i++; } mem[0] = 1;")
    assert len(compile_tape(source, 2)) == 2
    needed = len(compile_tape(source, 20))
    with pytest.raises(ProgramError) as caught:
        compile_tape(source, 3)
    assert f"--memory-size {needed}," in caught.value.diagnostics[0].hint
