"""The interpreter of tape programs against the sandbox, with recursion and where programs fail."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from cprograms import ProgramError, UsageError
from cprograms.tape import load_tape
from cprograms.tape.interpreter import MAX_CALLS, interpret
from cprograms.tape.oracle import run, run_many
from tests.cprograms.tape.random_tape_programs import random_tape_programs


@pytest.mark.parametrize(("memory_size", "bits"), [(20, False), (33, True)])
def test_random_programs_do_what_the_sandbox_says(memory_size: int, bits: bool):
    programs = random_tape_programs(range(7000, 7040), bits=bits)
    tapes = np.random.default_rng(memory_size).integers(0, memory_size, (len(programs), 3, memory_size))
    changed = 0
    for program, given, rows in zip(programs, tapes, run_many(programs, list(tapes), memory_size), strict=True):
        assert rows.ended.all(), program.text
        for tape, left in zip(given, rows.tapes, strict=True):
            assert interpret(program, tape.tolist(), memory_size) == left.tolist(), program.text
            changed += (tape != left).any()
    assert changed > len(programs)


RECURSIVE = """
static int factorial(int n) { return n == 0 ? 1 : n * factorial(n - 1); }
static void hanoi(int *mem, int n, int from, int to) {
    if (n == 0) return;
    hanoi(mem, n - 1, from, 6 - from - to);
    mem[0]++;
    mem[10 + mem[0]] = from * 10 + to;
    hanoi(mem, n - 1, 6 - from - to, to);
}
void f(int *mem) { mem[2] = factorial(mem[1]); mem[0] = 0; hanoi(mem, mem[1], 1, 3); }
"""


def test_recursion_does_what_the_sandbox_says():
    program = load_tape(source=RECURSIVE, recursion=True)
    tapes = np.zeros((5, 101), dtype=np.int64)
    tapes[:, 1] = range(5)
    rows = run(program, tapes, 101)
    assert rows.ended.all()
    assert rows.tapes[:, 0].tolist() == [2**n - 1 for n in range(5)]
    assert [interpret(program, tape.tolist(), 101) for tape in tapes] == rows.tapes.tolist()


def test_recursion_is_refused_unless_it_is_asked_for():
    with pytest.raises(ProgramError, match="recursion is not supported"):
        load_tape(source=RECURSIVE)
    array = RECURSIVE.replace("if (n == 0) return;", "int kept[2]; kept[0] = 1; if (n == 0) return;")
    with pytest.raises(ProgramError, match=r":4:9: error: 'kept': a local array of a program that recurses"):
        load_tape(source=array, recursion=True)


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        ("mem[0] = 1 / mem[1];", "2:10", "divides by zero"),
        ("mem[0] %= mem[1];", "2:1", "divides by zero"),
        ("while (!mem[1]) mem[2]++;", "2:17", "too many steps"),
        ("mem[0] = none(mem[1]);", "1:12", "ended without the value"),
    ],
)
def test_a_run_that_fails_says_where(body: str, place: str, said: str):
    source = f"static int none(int x) {{ if (x) return 1; }} void f(int *mem) {{\n{body}\n}}"
    with pytest.raises(ProgramError, match=f"^<source>:{place}: error: .*{said}"):
        interpret(load_tape(source=source), [0] * 20, 20, steps=1000)


def test_calls_that_never_end_are_no_traceback():
    program = load_tape(source="static void g(int *m) { m[0]++; g(m); }\nvoid f(int *m) { g(m); }", recursion=True)
    with pytest.raises(ProgramError, match=f"more than {MAX_CALLS} calls"):
        interpret(program, [0] * 20, 20)
    assert sys.getrecursionlimit() == 1000  # what the limit is made for


@pytest.mark.parametrize(("tape", "memory_size"), [([0] * 5, 20), ([0], 1), ([0] * 2, 2)])
def test_a_tape_that_does_not_fit_is_refused(tape: list[int], memory_size: int):
    program = load_tape(source="void f(int *mem) { int a[3]; a[0] = mem[0]; }")
    with pytest.raises(UsageError, match="does not fit"):
        interpret(program, tape, memory_size)
