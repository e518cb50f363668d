"""Every row of the table of instructions, wherever it is used, against what the instruction is in plain Python."""

from __future__ import annotations

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from cprograms.diagnostics import UsageError
from cprograms.tape import load_tape
from cprograms.tape.oracle import run as run_c
from surrogate.anc.adaptation.hybrid import _Kernel
from surrogate.anc.decompiler.decompile import decompile
from surrogate.anc.decompiler.reading import arg_max_program
from surrogate.anc.machine import machine
from surrogate.anc.machine.assembly import Assembly, parse
from surrogate.anc.machine.controller import Controller
from surrogate.anc.machine.instructions import GIVES_ZERO, INSTRUCTIONS, Instruction, Op, evaluate
from surrogate.anc.machine.interpreter import run_one
from surrogate.anc.machine.samples import Samples, parse_samples
from surrogate.anc.machine.tracing import trace, trace_lines
from surrogate.anc.program import AncProgram

Oracle = Callable[[int, int, list[int]], int]

# What each instruction writes to its output register, given its arguments and the tape; modulo the tape's length.
ORACLES: dict[str, Oracle] = {
    "STOP": lambda a, b, tape: 0,
    "ZERO": lambda a, b, tape: 0,
    "INC": lambda a, b, tape: a + 1,
    "ADD": lambda a, b, tape: a + b,
    "SUB": lambda a, b, tape: a - b,
    "DEC": lambda a, b, tape: a - 1,
    "MIN": lambda a, b, tape: b if b < a else a,
    "MAX": lambda a, b, tape: b if b > a else a,
    "READ": lambda a, b, tape: tape[a],
    "WRITE": lambda a, b, tape: 0,
    "JEZ": lambda a, b, tape: 0,
    "MUL": lambda a, b, tape: a * b,
    "DIV": lambda a, b, tape: a // b if b else -1,
    "MOD": lambda a, b, tape: a % b if b else a,
    "AND": lambda a, b, tape: a & b,
    "OR": lambda a, b, tape: a | b,
    "XOR": lambda a, b, tape: a ^ b,
    "SHL": lambda a, b, tape: a << b if b < 16 else 0,
    "SHR": lambda a, b, tape: a >> b,
    "LT": lambda a, b, tape: int(a < b),
    "EQ": lambda a, b, tape: int(a == b),
}
M = 6
TAPE = [3, 0, 5, 1, 1, 4]
ARGUMENTS = list(itertools.product(range(M), repeat=2))
every_row = pytest.mark.parametrize("op", INSTRUCTIONS, ids=lambda op: op.name)
# What neither stops nor jumps can be followed by what writes its value to the tape.
VALUES = [op for op in INSTRUCTIONS if op not in (Op.STOP, Op.JEZ)]
every_value = pytest.mark.parametrize("op", VALUES, ids=lambda op: op.name)


def given(op: Op, a: int, b: int, tape: list[int] = TAPE) -> int:
    return ORACLES[op.name](a, b, tape) % len(tape)


def line(op: Op, arg1: int, arg2: int, out: int) -> Instruction:
    return Instruction(op, *Instruction.of(op, arg1, arg2, out).arguments, *[None] * (2 - op.row.operands), out)


def one_line(op: Op, a: int, b: int) -> Assembly:
    return Assembly(M, (a, b, 2), (line(op, 0, 1, 2), Instruction(Op.STOP)))


def test_every_row_has_an_oracle() -> None:
    assert set(ORACLES) == set(Op.__members__)
    assert [op.value for op in INSTRUCTIONS] == list(range(len(INSTRUCTIONS)))


@every_row
def test_the_interpreter_and_the_machine_on_one_hot_matrices(op: Op) -> None:
    programs = [one_line(op, a, b) for a, b in ARGUMENTS]
    expected = [given(op, a, b) for a, b in ARGUMENTS]
    exact = [run_one(program, np.array([TAPE]), 1) for program in programs]
    assert [run.registers[0].tolist() for run in exact] == [
        [*arguments, value] for arguments, value in zip(ARGUMENTS, expected, strict=True)
    ]
    controller = Controller.of(programs)
    tapes = machine.to_tape(torch.tensor([[TAPE]])).expand(len(programs), -1, -1, -1)
    with torch.no_grad():
        soft = machine.run(controller, tapes, 1).state
    assert soft.registers.max(-1).values.min() > 0.999
    assert soft.registers[:, 0, 2].argmax(-1).tolist() == expected
    assert soft.tape[:, 0].argmax(-1).tolist() == [run.tape[0].tolist() for run in exact]
    assert soft.line[:, 0].argmax(-1).tolist() == [b if op is Op.JEZ and a == 0 else 1 for a, b in ARGUMENTS]
    assert (soft.stopped[:, 0] > 0.9).tolist() == [op is Op.STOP] * len(programs)


@every_row
def test_the_machine_on_distributions_sums_over_all_arguments(op: Op) -> None:
    generator = torch.Generator().manual_seed(op)
    controller = Controller.of([one_line(op, 0, 0)])
    registers = torch.randn(1, 3, M, generator=generator)
    tape = torch.randn(1, 1, M, M, generator=generator).softmax(-1)
    with torch.no_grad():
        state = machine.start(Controller(controller.weight, registers, controller.start), tape)
        found = machine.step(controller, state).registers[0, 0, 2]
    x, y, _ = registers[0].softmax(-1)
    expected = torch.zeros(M)
    for a, b in ARGUMENTS:
        if op is Op.READ:
            expected += x[a] * y[b] * tape[0, 0, a]
        else:
            expected[given(op, a, b)] += x[a] * y[b]
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    if op.row.value is not None:
        torch.testing.assert_close(machine.extended(op, x, y), expected, rtol=1e-5, atol=1e-6)


@every_row
def test_folding_and_the_algebra(op: Op) -> None:
    if op is Op.READ:
        with pytest.raises(ValueError, match="tape"):
            evaluate(op, 0, 0, M)
        return
    for a, b in ARGUMENTS:
        assert evaluate(op, a, b, M) == given(op, a, b)
        assert not op.row.commutes or given(op, a, b) == given(op, b, a)
        assert not op.row.idempotent or given(op, a, a) == a
        assert op.row.neutral is None or given(op, a, op.row.neutral % M) == a
        assert op.row.absorbing is None or given(op, a, op.row.absorbing % M) == op.row.absorbing % M
    assert (op in GIVES_ZERO) == all(given(op, a, b) == 0 for a, b in ARGUMENTS)


@every_row
def test_assembly_is_read_back(op: Op) -> None:
    program = one_line(op, 4, 1)
    assert parse(str(program)) == program
    assert arg_max_program(Controller.of([program])).instructions[0].op is op


@every_row
def test_ignored_arguments_may_be_named(op: Op) -> None:
    """They have rows in the matrices and stand in the assembly; whatever else reads the program takes no notice."""
    plain = one_line(op, 4, 1)
    first = plain.instructions[0]
    named = replace(first, arg1=2 if first.arg1 is None else first.arg1, arg2=2 if first.arg2 is None else first.arg2)
    program = replace(plain, instructions=(named, Instruction(Op.STOP, 1, 0)))
    assert parse(str(program)) == program
    assert (str(program) == str(plain)) is False
    for name, column, operands in (("W_a", "arg1", 1), ("W_b", "arg2", 2)):
        row, flat = (Controller.of([one], 3.0).matrices()[name][0, :, 0].tolist() for one in (program, plain))
        assert row == [3.0 * (r == getattr(named, column)) for r in range(3)]
        assert op.row.operands >= operands or flat == [0.0] * 3
    controller = Controller.of([program])
    found, expected = (run_one(one, np.array([TAPE]), 5) for one in (program, plain))
    assert (found.tape == expected.tape).all()
    assert found.registers.tolist() == expected.registers.tolist()
    assert arg_max_program(controller) == arg_max_program(Controller.of([plain]))
    assert decompile(controller).source == decompile(Controller.of([plain])).source
    assert trace_lines(trace(controller, arg_max_program(controller), np.array(TAPE), 5, hard=True))


@every_value
def test_a_trace_says_what_it_gives(op: Op) -> None:
    program = one_line(op, 4, 1)
    steps = trace(Controller.of([program]), program, np.array(TAPE), 5, hard=True)
    assert steps[0].registers[2] == given(op, 4, 1)
    assert "{" not in trace_lines(steps)[1]


@every_value
def test_the_search_computes_the_same(op: Op) -> None:
    kernel = _Kernel()
    for a, b in ARGUMENTS:
        write = Instruction(Op.WRITE, 3, 2, 4)
        program = Assembly(M, (a, b, 0, 5, 0), (line(op, 0, 1, 2), write, Instruction(Op.STOP)))
        left = run_one(program, np.array([TAPE]), 5).tape
        assert left[0, 5] == given(op, a, b)
        samples = Samples(np.array([TAPE]), left, np.ones((1, M), dtype=bool))
        kernel.start(program, samples, 5, np.random.default_rng(0))  # raises where it leaves another tape
        assert str(kernel.best(program)) == str(program).replace("?", "0")


@every_value
def test_decompiled_c_computes_the_same(op: Op) -> None:
    """mem[2] = mem[0] op mem[1], in a memory that holds the lines."""
    size = 7
    instructions = (
        Instruction(Op.READ, 0, None, 3),
        Instruction(Op.READ, 1, None, 4),
        line(op, 3, 4, 3),
        Instruction(Op.WRITE, 2, 3, 3),
        Instruction(Op.STOP),
    )
    program = Assembly(size, (0, 1, 2, 0, 0), instructions)
    source = decompile(Controller.of([program])).source
    assert source is not None
    divides = op.name in ("DIV", "MOD")  # what C leaves undefined
    tapes = np.array([[a, b, 0, 6, 5, 4, 3] for a, b in itertools.product(range(size), repeat=2) if b or not divides])
    left = run_c(load_tape(source=source, bits=True), tapes, size).tapes
    assert (left == run_one(program, tapes, 10).tape).all()
    if op is not Op.WRITE:
        assert left[:, 2].tolist() == [given(op, *tape[:2], tape) for tape in tapes.tolist()]


def soft_run(program: AncProgram) -> str:
    """The bits that a soft run of a program leaves."""
    controller = program.controller
    tapes = machine.to_tape(torch.arange(program.memory_size)[None, None])
    with torch.no_grad():
        state = machine.run(controller, tapes, 20).state
    return hashlib.sha256(state.tape.numpy().tobytes() + state.registers.numpy().tobytes()).hexdigest()


def test_a_row_is_all_that_a_new_instruction_needs(listk: AncProgram, tmp_path: Path) -> None:
    """These tests with two more rows; an artifact that was written without them runs bit for bit as it did."""
    soft = Controller.of([listk.program], 3.0, torch.Generator().manual_seed(0))
    program = AncProgram(listk.entry, listk.text, listk.tape, soft)
    program.save(tmp_path / "eleven.anc")
    script = Path(__file__).with_name("more_instructions.py")
    command = [sys.executable, str(script), str(tmp_path / "eleven.anc"), soft_run(program)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=script.parents[4], check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("separator", ["\f", "\v", "\x1c", "\x85", "\u2028"])
def test_only_line_ends_end_lines(separator: str) -> None:
    """What is after one of these is still in the comment, and the wrong line is told by its number."""
    text = f"memory 8\nregisters r0=1  ; one{separator}two\nSTOP\n"
    assert len(parse(text)) == 1
    with pytest.raises(UsageError, match="<assembly>:4:"):
        parse(f"{text}NONSENSE\n")
    with pytest.raises(UsageError, match="<assembly>:3: ADD takes 2 registers, found 1"):
        parse("memory 8\nregisters r0=1\nr0 = ADD r0\n")
    with pytest.raises(UsageError, match="<assembly>:3: register r7 is not declared"):
        parse("memory 8\nregisters r0=1\nr0 = READ r0, r7\n")
    with pytest.raises(UsageError, match=r"s:1: (a row is an object|not JSON: Invalid control character)"):
        parse_samples(f'{{"in": [1], "out": [1], "note": "one{separator}two"}}\n', 8, "s")
