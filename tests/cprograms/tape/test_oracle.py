"""Running tape programs modulo M: by hand, against gcc where nothing wraps, and against a second evaluation."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path
from random import Random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cprograms import ProgramError, UsageError
from cprograms.frontend.source import read
from cprograms.sandbox import Status
from cprograms.tape import load_tape
from cprograms.tape.loading import TapeFile
from cprograms.tape.oracle import run, run_many
from tests.cprograms.native import GCC
from tests.cprograms.tape.random_tape_programs import random_tape_program, random_tape_programs
from tests.cprograms.tape.tape_evaluator import evaluate


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        # M = 10 and the tape begins 1 2 3 4 5 6 7 8 9 0
        ("mem[0] = 7 + mem[3];", {0: 1}),
        ("mem[0] = mem[0] - mem[1];", {0: 9}),
        ("mem[0] = -mem[2]; mem[1] = 23; mem[2] = -1; mem[3] = -23;", {0: 7, 1: 3, 2: 9, 3: 7}),
        ("mem[0] = mem[7] * mem[8];", {0: 2}),
        ("mem[0] = mem[8] / 4; mem[1] = -mem[0] / 4; mem[2] = -mem[0] % 5;", {0: 2, 1: 2, 2: 3}),
        ("mem[0] = -8 / 3; mem[1] = -8 % 3;", {0: 8, 1: 8}),
        ("mem[0] = mem[0] - mem[1] < 0; mem[1] = -1 < 0; mem[2] = mem[0] > -1;", {0: 0, 1: 1, 2: 0}),
        ("mem[0] = mem[4] < -1; mem[1] = mem[8] >= -1;", {0: 1, 1: 1}),
        ("mem[-1] = 5; mem[mem[8] + 2] = 6;", {9: 5, 1: 6}),
        ("mem[13] = 1; *(mem - 4) = 2; mem[0 - mem[2]] = 3;", {3: 1, 6: 2, 7: 3}),
        ("int i = -1; i++; mem[i] = i; mem[1] = --i;", {0: 0, 1: 9}),
        ("mem[9]--; mem[8]++; mem[0] = mem[9]-- + mem[8]++;", {0: 9, 8: 1, 9: 8}),
        ("mem[0] += 12; mem[1] -= 12; mem[2] *= 4; mem[3] /= 3; mem[4] %= 3;", {0: 3, 1: 0, 2: 2, 3: 1, 4: 2}),
        ("int x; mem[0] = x; mem[1] = !x; mem[2] = !!mem[3];", {0: 0, 1: 1, 2: 1}),
        ("mem[0] = mem[9] && mem[1] / mem[9]; mem[1] = mem[0] || mem[2];", {0: 0, 1: 1}),
        ("mem[0] = min(mem[5], 3) + max(mem[5], -2);", {0: 1}),
        ("int a[3], b[2]; a[0] = 1; a[2] = 2; b[0] = 3; b[1] = 4;", {7: 1, 9: 2, 5: 3, 6: 4}),
        ("int a[3]; mem[0] = a[0]; mem[1] = a[mem[1]];", {0: 8, 1: 0}),
        ("int a[3] = {7}; a[mem[2]] = 5;", {0: 5, 7: 7, 8: 0, 9: 0}),
        ("{ int a[2] = {1, 2}; } { int a[1] = {3}; }", {8: 1, 9: 2, 7: 3}),
        ("int i = 0; mem[i] = i = 4;", {4: 4}),
        ("int i = 3; mem[i] += ++i;", {4: 9}),
        ("switch (mem[8]) { case -1: mem[0] = 5; case 2: mem[1] = 6; break; default: mem[2] = 7; }", {0: 5, 1: 6}),
        ("switch (mem[3]) { default: mem[0] = 5; case 2: mem[1] = 6; case 3: break; }", {0: 5, 1: 6}),
        ("for (int i = 7; i > 0; i++) mem[0]++;", {0: 4}),
        ("do mem[0]++; while (mem[0] < 0);", {0: 2}),
        ("for (int i = 0; ; i++) { if (i == 2) continue; if (i == 4) return; mem[i] = 0; }", {0: 0, 1: 0, 3: 0}),
    ],
)
def test_values_wrap_modulo_m(body: str, expected: dict[int, int]):
    tape = (np.arange(10) + 1) % 10
    program = load_tape(source=f"void f(int *mem) {{ {body} }}")
    result = run(program, tape[None], 10)
    assert result.status.tolist() == [Status.OK]
    left = tape.copy()
    left[list(expected)] = list(expected.values())
    np.testing.assert_array_equal(result.tapes[0], left)


def test_what_does_not_end_has_a_status():
    source = "void f(int *mem) { if (mem[0] == 1) for (;;) ; if (mem[0] == 2) mem[1] /= mem[2]; mem[0] = 3; }"
    tapes = np.array([[0, 5, 0, 0, 0, 0], [1, 5, 0, 0, 0, 0], [2, 5, 0, 0, 0, 0], [2, 4, 2, 0, 0, 0]])
    result = run(load_tape(source=source), tapes, 6)
    assert result.status.tolist() == [Status.OK, Status.FUEL, Status.DIVISION, Status.OK]
    assert result.ended.tolist() == [True, False, False, True]
    assert result.tapes[:, :2].tolist() == [[3, 5], [-1, -1], [-1, -1], [3, 2]]
    long = load_tape(source="void f(int *mem) { for (int i = 1; i; i++) for (int j = 1; j; j++) mem[0]++; }")
    statuses = [run(long, np.zeros((1, 90), int), 90, fuel).status[0] for fuel in (1000, 10_000_000)]
    assert statuses == [Status.FUEL, Status.OK]


def test_a_helper_that_ends_without_its_value():
    source = "static int g(int x) { if (x) return 2; }\nvoid f(int *mem) { mem[1] = g(mem[0]); }"
    result = run(load_tape(source=source), np.array([[1, 0, 0], [0, 0, 0]]), 3)
    assert result.status.tolist() == [Status.OK, Status.UNDEFINED]


def test_values_of_a_memory_of_many_cells():
    tapes = np.random.default_rng(0).integers(0, 1000, (700, 1000))
    result = run(load_tape(source="void f(int *mem) { mem[0] = mem[1] * mem[2]; }"), tapes, 1000)
    np.testing.assert_array_equal(result.tapes[:, 0], tapes[:, 1] * tapes[:, 2] % 1000)
    np.testing.assert_array_equal(result.tapes[:, 1:], tapes[:, 1:])


@pytest.mark.parametrize(
    ("tapes", "memory_size", "told"),
    [
        (np.zeros((2, 4), int), 5, "tapes of 5 cells are needed"),
        (np.zeros(5, int), 5, "tapes of 5 cells are needed"),
        (np.full((1, 5), 5), 5, "from 0 to 4"),
        (np.full((1, 5), -1), 5, "from 0 to 4"),
        (np.zeros((1, 5)), 5, "whole numbers"),
        (np.zeros((1, 3), int), 3, "need 4 cells"),
        (np.zeros((1, 1), int), 1, "the memory size is 1"),
    ],
)
def test_tapes_that_make_no_sense(tapes: np.ndarray, memory_size: int, told: str):
    program = load_tape(source="void f(int *mem) { int a[4] = {1}; }")
    with pytest.raises(UsageError, match=told):
        run(program, tapes, memory_size)


def test_cases_that_are_the_same_modulo_m():
    program = load_tape(source="void f(int *mem) {\n  switch (mem[0]) {\n    case 1: ;\n    case 6: ;\n  }\n}")
    assert run(program, np.zeros((1, 6), int), 6).ended.all()
    with pytest.raises(ProgramError, match=r"<source>:4:10: error: case 6 is case 1 again modulo 5"):
        run(program, np.zeros((1, 5), int), 5)


def _natively(texts: list[str], tapes: list[np.ndarray], folder: Path) -> list[np.ndarray]:
    """What gcc's code leaves of the tapes."""
    assert GCC is not None
    (folder / "programs.c").write_text("\n".join(texts))
    command = [GCC, "-O1", "-w", "-fwrapv", "-shared", "-fPIC", "-o", folder / "programs.so", folder / "programs.c"]
    subprocess.run(command, check=True)
    loaded = ctypes.CDLL(str(folder / "programs.so"))
    found = []
    for k, rows in enumerate(tapes):
        rows = rows.astype(np.int32)
        for row in rows:
            loaded[f"f{k}"](row.ctypes.data_as(ctypes.POINTER(ctypes.c_int)))
        found.append(rows)
    return found


# Over small values nothing of these leaves 0..99.
NATURAL = [
    "for (int i = 0; i < 9; i++) for (int j = 0; j < 9; j++) if (mem[j] > mem[j + 1]) "
    "{ int t = mem[j]; mem[j] = mem[j + 1]; mem[j + 1] = t; }",
    "int n = 0; while (mem[n] && n < 9) n++; mem[10] = n; do { mem[11 + n] = n * 2; } while (n-- > 1);",
    "int i = 0, s = 0; for (;;) { if (i == 8) break; if (mem[i++] % 2 == 0) continue; s += i; } mem[20] = s ? s : 99;",
    "switch (mem[0]) { case 0: mem[1] = 1; case 1: mem[2]++; break; case 3: return; default: mem[3] += ++mem[4]; }"
    " mem[5] = mem[4] == 0 || mem[1] / (mem[2] + 1) >= 2 && !mem[3];",
    "int c = 0; for (int a = mem[0], b = mem[1]; a && b; c++) { if (a < b) b -= a; else a -= b; } *(mem + 30) = c;",
    "int k = mem[0] > 4 ? mem[1]++ : ++mem[2]; mem[k] = (k, 3); mem[9] = k-- * 2 + (mem[3] != mem[4]);",
]


@pytest.mark.skipif(GCC is None, reason="needs gcc")
def test_natural_programs_do_what_gcc_does(tmp_path: Path):
    texts = [f"void f{k}(int *mem) {{ {body} }}" for k, body in enumerate(NATURAL)]
    tapes = [np.random.default_rng(k).integers(0, 7, (60, 100)) for k in range(len(texts))]
    file = TapeFile(read(None, "\n".join(texts)))
    programs = [file.program(f"f{k}") for k in range(len(texts))]
    for text, rows, expected in zip(
        texts, run_many(programs, tapes, 100), _natively(texts, tapes, tmp_path), strict=True
    ):
        assert rows.ended.all(), text
        assert expected.min() >= 0
        assert expected.max() < 100, text
        np.testing.assert_array_equal(rows.tapes, expected, text)


@pytest.mark.parametrize("memory_size", [20, 41])
def test_random_programs_do_what_a_second_evaluation_says(memory_size: int):
    programs = random_tape_programs(range(1000 * memory_size, 1000 * memory_size + 60))
    tapes = np.random.default_rng(memory_size).integers(0, memory_size, (len(programs), 3, memory_size))
    changed = 0
    for program, given_tapes, rows in zip(programs, tapes, run_many(programs, list(tapes), memory_size), strict=True):
        assert rows.ended.all(), program.text
        for tape, left in zip(given_tapes, rows.tapes, strict=True):
            assert evaluate(program, tape.tolist(), memory_size) == left.tolist(), program.text
            changed += (tape != left).any()
    assert changed > tapes.shape[0]  # of three times as many tapes


@settings(max_examples=12, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.randoms(use_true_random=False), st.integers(20, 70), st.integers(0, 2**32 - 1))
def test_every_program_that_hypothesis_draws_means_something(random: Random, memory_size: int, seed: int):
    program = load_tape(source=random_tape_program(random))
    tape = np.random.default_rng(seed).integers(0, memory_size, memory_size)
    rows = run(program, tape[None], memory_size)
    assert rows.ended.all()
    assert rows.tapes[0].tolist() == evaluate(program, tape.tolist(), memory_size)
