"""Exact execution against a machine of a few lines of Python, with the limit of steps and the batches that it takes."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cprograms.diagnostics import UsageError
from surrogate.anc.machine import interpreter
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import Instruction, Op
from surrogate.anc.machine.interpreter import encode, run, run_one
from tests.surrogate.anc.machine.test_machine import assemblies

Left = tuple[list[int], list[int], int, bool]


def by_hand(program: Assembly, tape: list[int], max_steps: int, line: int = 0) -> Left:
    """What an execution leaves: the tape, the registers, the steps, and whether it stopped."""
    m, tape = program.memory_size, list(tape)
    held = [0 if value is None else value for value in program.registers]
    for steps in range(max_steps):
        i = program.instructions[line] if line < len(program) else Instruction(Op.STOP)
        a, b = (0 if r is None else held[r] for r in (i.arg1, i.arg2))
        given = {
            Op.INC: a + 1, Op.DEC: a - 1, Op.ADD: a + b, Op.SUB: a - b, Op.MIN: min(a, b), Op.MAX: max(a, b),
            Op.READ: tape[a], Op.MUL: a * b, Op.DIV: a // b if b else -1, Op.MOD: a % b if b else a, Op.AND: a & b,
            Op.OR: a | b, Op.XOR: a ^ b, Op.SHL: a << b if b < 16 else 0, Op.SHR: a >> b, Op.LT: a < b, Op.EQ: a == b,
        }.get(i.op, 0)  # fmt: skip
        if i.op is Op.WRITE:
            tape[a] = b
        if i.out is not None:
            held[i.out] = given % m
        if i.op is Op.STOP:
            return tape, held, steps + 1, True
        line = b if i.op is Op.JEZ and a == 0 else (line + 1) % m
    return tape, held, max_steps, False


def left(runs: interpreter.ExactRuns, k: int) -> Left:
    return runs.tape[k].tolist(), runs.registers[k].tolist(), int(runs.steps[k]), bool(runs.stopped[k])


@settings(max_examples=200)
@given(assemblies(), st.integers(0, 2**32 - 1), st.integers(0, 60), st.data())
def test_it_does_what_the_instructions_say(program: Assembly, seed: int, max_steps: int, data: st.DataObject) -> None:
    m = program.memory_size
    tapes = np.random.default_rng(seed).integers(0, m, size=(3, m))
    first = data.draw(st.integers(0, m - 1))
    runs = run_one(program, tapes, max_steps, first)
    for k, tape in enumerate(tapes.tolist()):
        assert left(runs, k) == by_hand(program, tape, max_steps, first)


COUNT = Assembly(
    50,  # mem[0] = mem[0] + mem[1], one by one
    (0, 1, None, None, 7, 3, 0),
    (
        Instruction(Op.READ, 0, None, 2),
        Instruction(Op.READ, 1, None, 3),
        Instruction(Op.JEZ, 3, 4, 6),
        Instruction(Op.INC, 2, None, 2),
        Instruction(Op.DEC, 3, None, 3),
        Instruction(Op.JEZ, 3, 4, 6),
        Instruction(Op.JEZ, 6, 5, 6),
        Instruction(Op.WRITE, 0, 2, 6),
        Instruction(Op.STOP),
    ),
)


def counted(tapes: np.ndarray) -> np.ndarray:
    return (tapes[:, 0] + tapes[:, 1]) % 50


def test_more_tapes_than_one_batch_holds() -> None:
    tapes = np.random.default_rng(0).integers(0, 50, size=(10_000, 50))
    runs = run_one(COUNT, tapes, 1000)
    assert runs.stopped.all()
    np.testing.assert_array_equal(runs.tape[:, 0], counted(tapes))
    np.testing.assert_array_equal(runs.tape[:, 1:], tapes[:, 1:])


def test_a_run_in_parts_is_a_run(monkeypatch: pytest.MonkeyPatch) -> None:
    tapes = np.random.default_rng(0).integers(0, 50, size=(30, 50))
    expected = run_one(COUNT, tapes, 60)
    assert 0 < expected.stopped.sum() < 30
    monkeypatch.setattr(interpreter, "_BUDGET", 7)
    found = run_one(COUNT, tapes, 60)
    for k in range(30):
        assert left(found, k) == left(expected, k)
    assert found.steps.max() == 60


def test_programs_of_one_size_run_side_by_side() -> None:
    tapes = np.random.default_rng(0).integers(0, 50, size=(2, 4, 50))
    stop = Assembly(50, (None,) * 7, (Instruction(Op.STOP),))
    runs = run(encode([COUNT, stop]), tapes, 1000)
    np.testing.assert_array_equal(runs.tape[0, :, 0], counted(tapes[0]))
    np.testing.assert_array_equal(runs.tape[1], tapes[1])
    assert runs.steps[1].tolist() == [1] * 4


def test_every_thread_has_a_machine_of_its_own() -> None:
    tapes = [np.random.default_rng(k).integers(0, 50, size=(500, 50)) for k in range(8)]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda t: run_one(COUNT, t, 1000), tapes))
    for runs, tape in zip(found, tapes, strict=True):
        np.testing.assert_array_equal(runs.tape[:, 0], counted(tape))


def test_what_is_no_value_is_refused() -> None:
    for wrong in (-1, 50):
        with pytest.raises(ValueError, match="none of 0 to 49"):
            run_one(COUNT, np.full((1, 50), wrong), 10)
    with pytest.raises(ValueError, match="none of 0 to 3"):
        run_one(Assembly(4, (4,), (Instruction(Op.STOP),)), np.zeros((1, 4), dtype=int), 10)
    with pytest.raises(UsageError, match="at most 32,768 lines"):
        run_one(Assembly(40_000, (0,), (Instruction(Op.STOP),)), np.zeros((1, 40_000), dtype=int), 10)
