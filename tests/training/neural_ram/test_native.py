from __future__ import annotations

from shutil import which

import numpy as np
import pytest

from training.neural_ram.native import agreement

needs_gcc = pytest.mark.skipif(which("gcc") is None, reason="no gcc")
WRAPS = "void f(int *mem) { int p = mem[0] - 3; while (mem[p] != 0) { mem[p] = mem[p] - 1; p++; } mem[p] = 2 - 5; }"


@needs_gcc
def test_numbers_wrap_as_the_machines_do() -> None:
    tapes = np.random.default_rng(0).integers(0, 9, size=(50, 9))
    tapes[:, 4] = 0
    assert agreement(WRAPS, tapes) == 50


@needs_gcc
def test_a_tape_on_which_it_never_ends_does_not_count() -> None:
    tapes = np.array([[0, 1, 2], [1, 1, 1], [2, 0, 0]])
    assert agreement("void f(int *mem) { while (mem[1] == 1) mem[2] = 0; mem[0] = 1; }", tapes) == 1


def test_without_gcc_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert agreement(WRAPS, np.zeros((1, 5), dtype=np.int64)) is None
