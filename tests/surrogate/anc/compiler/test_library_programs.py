"""The library's tape programs: what they mean as C modulo M, and what the compiler makes of them, at several M."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

import cprograms
from cprograms.tape import TapeProgram, load_tape
from cprograms.tape.oracle import run
from surrogate.anc.adaptation.tasks import TASKS
from surrogate.anc.compiler.compile import compile_tape
from surrogate.anc.machine.interpreter import run_one
from surrogate.anc.machine.samples import Samples
from tests.surrogate.anc.library_cases import CASES

LIBRARY = Path(cprograms.__file__).parent / "library" / "anc"
NAMES = sorted(path.stem for path in LIBRARY.glob("*.c"))
MAX_STEPS = 20_000


@cache
def _load(name: str) -> TapeProgram:
    return load_tape(LIBRARY / f"{name}.c")


def _samples(name: str, memory_size: int, n: int) -> Samples:
    """Tapes of a library program, with the cells that it must leave."""
    rng = np.random.default_rng(memory_size)
    if name in TASKS:
        task = TASKS[name]
        # A copy that overwrites the end of its array goes on for ever, in C as on the machine.
        samplers = [task.unbiased, *([task.biased] if task.biased and name != "copy" else [])]
        parts = [sampler(rng, n // len(samplers), memory_size) for sampler in samplers]
        fields = ([getattr(part, field) for part in parts] for field in ("tape", "target", "mask"))
        return Samples(*(np.concatenate(field) for field in fields))
    tape, mask = np.zeros((n, memory_size), dtype=int), np.zeros((n, memory_size), dtype=bool)
    target = tape.copy()
    for row in range(n):
        values, expected = CASES[name](rng, memory_size)
        tape[row, : len(values)] = values
        target[row, list(expected)], mask[row, list(expected)] = list(expected.values()), True
    return Samples(tape, target, mask)


def _wrong(tapes: np.ndarray, samples: Samples) -> int:
    return int(((tapes != samples.target) & samples.mask).any(axis=1).sum())


def test_every_program_has_a_task_or_a_case() -> None:
    assert sorted([*TASKS, *CASES]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_c_program_does_what_it_says(name: str) -> None:
    memory_size = TASKS[name].memory_size if name in TASKS else 30
    samples = _samples(name, memory_size, 200)
    rows = run(_load(name), samples.tape, memory_size)
    assert rows.ended.all()
    assert _wrong(rows.tapes, samples) == 0


@pytest.mark.parametrize("name", NAMES)
def test_the_compiled_program_does_what_the_c_program_says(name: str) -> None:
    least = max(compile_tape(_load(name)).memory_size, TASKS[name].memory_size if name in TASKS else 24)
    for memory_size in (least, least + 1, 2 * least + 3):
        samples = _samples(name, memory_size, 40)
        runs = run_one(compile_tape(_load(name), memory_size), samples.tape, MAX_STEPS)
        assert runs.stopped.all()
        assert _wrong(runs.tape, samples) == 0


@pytest.mark.parametrize("name", TASKS)
def test_the_compiled_program_needs_no_more_than_the_published_one(name: str) -> None:
    task = TASKS[name]
    compiled, published = compile_tape(_load(name), task.memory_size), task.published()
    assert len(compiled) <= len(published)
    for biased in (False, True)[: 1 + bool(task.biased and name != "copy")]:
        tapes = task.sample(np.random.default_rng(0), 1000, biased).tape
        assert run_one(compiled, tapes, MAX_STEPS).steps.mean() <= run_one(published, tapes, MAX_STEPS).steps.mean()


def test_dijkstra_solves_the_published_example() -> None:
    tape = np.zeros((1, 100), dtype=int)
    tape[0, :7] = [49, 14, 19, 22, 25, 28, 0]
    tape[0, 14:29] = [2, 2, 4, 5, 0, 3, 1, 0, 5, 1, 0, 5, 6, 0, 0]
    for program in (TASKS["dijkstra"].published(), compile_tape(_load("dijkstra"), 100)):
        left = run_one(program, tape, MAX_STEPS).tape[0]
        assert left[49:59].tolist() == [0, 0, 2, 0, 3, 0, 5, 0, 4, 0]
        assert left[:49].tolist() == tape[0, :49].tolist()
