from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which

import numpy as np
import pytest
import torch

from cprograms.diagnostics import ProgramError
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.nram import circuits
from surrogate.nram.controller import Controller, Shape
from surrogate.nram.decompiler import DecompiledController, compare, decompile
from tests.surrogate.nram.conftest import access, increment, written

GCC = which("gcc")


@pytest.fixture(scope="module")
def incremented() -> DecompiledController:
    return decompile(increment(), TASKS["increment"], 9, 7)


def test_the_circuits_of_states_that_are_reached_are_told(incremented: DecompiledController) -> None:
    loop = ["  read  = mem[r0]", "  inc   = r0 + 1", "  add   = read + 1", "  add → mem[r0]", "  r0 = inc, r1 = read"]
    assert incremented.lines() == [
        "; where r0=0 r1=0",
        *loop,
        "; where r0≠0 r1=0",
        "  dec   = r0 - 1",
        "  0 → mem[dec]",
        "  finish",
        "; where r0≠0 r1≠0",
        *loop,
    ]


def test_all_three_agree(incremented: DecompiledController) -> None:
    assert incremented.agreement.passed
    assert incremented.agreement.tapes == 200
    assert incremented.program.check(50).passed


@pytest.mark.parametrize(("name", "controller", "size"), [("access", access(), 10), ("increment", increment(), 7)])
def test_the_assembly_does_the_task(name: str, controller: Controller, size: int) -> None:
    found = decompile(controller, TASKS[name], size + 2, size)
    m = found.program.memory_size
    samples = TASKS[name].unbiased(np.random.default_rng(8), 100, m)
    runs = found.program.run_many(samples.tape)
    assert not samples.wrong(runs.tape, runs.stopped).any()


@pytest.mark.skipif(GCC is None, reason="no gcc")
def test_gcc_agrees_with_the_controller(incremented: DecompiledController, tmp_path: Path) -> None:
    """On tapes where nothing wraps, so that C's int does what numbers modulo M do."""
    assert incremented.decompiled.source is not None
    m = incremented.program.memory_size
    rng = np.random.default_rng(3)
    tapes = np.zeros((20, m), dtype=np.int64)
    for row in tapes:
        length = rng.integers(1, m // 2)
        row[:length] = rng.integers(1, m - 1, length)
    cells = ",".join(map(str, tapes.ravel()))
    main = (
        f"#include <stdio.h>\nstatic int tapes[] = {{{cells}}};\nint main(void) {{\n  for (int i = 0; i < 20; i++) {{\n"
        f'    increment(tapes + {m} * i);\n    for (int j = 0; j < {m}; j++) printf("%d ", tapes[{m} * i + j]);\n  }}\n'
        "  return 0;\n}\n"
    )
    (tmp_path / "main.c").write_text(incremented.decompiled.source + main)
    subprocess.run([str(GCC), "-O1", "-o", "main", "main.c"], cwd=tmp_path, check=True)
    said = subprocess.run([tmp_path / "main"], capture_output=True, text=True, check=True).stdout.split()
    hard = circuits.run(increment(), tapes, 4 * m)
    assert hard.stopped.all()
    assert np.array(said, dtype=int).reshape(20, m).tolist() == hard.tape.tolist()


@pytest.mark.parametrize("steps", [4, 7, 15])
def test_a_controller_that_never_finishes_counts_its_steps(steps: int) -> None:
    """It increments every cell that it comes to; of 4 steps on 7 cells, 7 on 7, and 15, which goes round."""
    loop = {"READ": "r0", "INC": "r0", "ADD": ("READ", "ONE"), "WRITE": ("r0", "ADD"), "r0": "INC"}
    found = decompile(written({0: loop, 1: loop}, 1), TASKS["increment"], steps, 7)
    assert found.agreement.passed
    m = found.program.memory_size
    left = found.program.run([0] * m)
    assert left.stopped
    assert int(left.tape.sum()) == -(-steps * m // 7)


def test_a_difference_is_found(incremented: DecompiledController) -> None:
    """A controller whose program was decompiled from another one."""
    loop = {"READ": "r0", "INC": "r0", "ADD": ("READ", "TWO"), "WRITE": ("r0", "ADD"), "r0": "INC", "r1": "READ"}
    other = written({3: loop, 0: loop, 2: {"finish": "", "DEC": "r0", "WRITE": ("DEC", "ZERO")}}, 2)
    tapes = TASKS["increment"].unbiased(np.random.default_rng(0), 20, incremented.program.memory_size).tape
    found = compare(other, incremented.program, incremented.decompiled, tapes, 99)
    assert (found.same, found.passed) == (0, False)


def test_registers_that_change_places_keep_their_values() -> None:
    """A step in which two registers become each other, and a third one what one of them was."""
    swap = {"READ": "r2", "r0": "READ", "r1": "r0", "r2": "INC", "INC": "r2"}
    turn = {"r0": "r1", "r1": "r0", "r2": "r0"}
    end = {"WRITE": ("r2", "r0"), "finish": ""}
    # mem[0] is read into r0; then r0 and r1 turn, and in the end r0 goes to the cell that r2 names.
    controller = written({7: swap, 2: turn, 3: end, 1: end, 0: end, 4: end, 6: end, 5: end}, 3)
    found = decompile(controller, TASKS["increment"], 9, 7)
    assert found.agreement.passed


def test_an_lstm_is_no_set_of_circuits() -> None:
    shape = Shape("lstm", 2, 4)
    with pytest.raises(ProgramError, match="LSTM"):
        decompile(Controller(shape, torch.zeros(1, shape.size)), TASKS["access"], 3, 10)
