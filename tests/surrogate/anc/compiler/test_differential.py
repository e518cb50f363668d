"""Random tape programs: what the compiled program leaves of a tape against what the C program does, modulo M."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cprograms.frontend.source import read
from cprograms.tape import TapeProgram, load_tape
from cprograms.tape.loading import TapeFile
from cprograms.tape.oracle import run, run_many
from surrogate.anc.compiler.backend import DoesNotFitError, assemble
from surrogate.anc.compiler.lowering import lower
from surrogate.anc.machine import interpreter, machine
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.controller import Controller
from tests.cprograms.tape.random_tape_programs import random_tape_program, random_tape_programs
from tests.surrogate.anc.compiler.odd_tape_programs import HELPERS, ODD

MEMORIES = (20, 23, 32, 50, 81, 128, 256, 512)
"""Sizes that a program is tried with, from one of the first: few, so that many programs run in one batch."""
TAPES = 5
MAX_STEPS = 1_000_000
BATCH = 250


def _compiled(program: TapeProgram, first: int, isa: str = "published") -> Assembly:
    blocks = lower(program, MEMORIES[0], isa).blocks.values()
    # Most programs get by with fewer lines than this part of what they are before the back end.
    needed = max(program.array_cells + 1, sum(len(block.body) + 1 for block in blocks) * 7 // 10)
    for memory_size in MEMORIES[first:]:
        if memory_size >= needed:
            try:
                return assemble(lower(program, memory_size, isa), memory_size)
            except DoesNotFitError as fault:
                needed = fault.needed
    raise AssertionError(f"no memory holds {program.text}")


def _in_one_batch(assemblies: list[Assembly]) -> interpreter.EncodedPrograms:
    """Programs of one memory size, with as many registers as the one that has the most."""
    most = max(len(a.registers) for a in assemblies)
    padded = [replace(a, registers=a.registers + (None,) * (most - len(a.registers))) for a in assemblies]
    return interpreter.encode(padded)


def _mismatches(programs: list[TapeProgram], first_seed: int, isa: str = "published") -> list[str]:
    """What goes wrong with these programs, each on tapes of its own; nothing is expected to."""
    found = []
    groups = defaultdict(list)
    for seed, program in enumerate(programs, first_seed):
        assembly = _compiled(program, seed % 3, isa)
        groups[assembly.memory_size].append((seed, program, assembly))
    for memory_size, group in groups.items():
        tapes = np.stack([_tapes(seed, memory_size) for seed, _, _ in group])
        expected = run_many([program for _, program, _ in group], list(tapes), memory_size)
        runs = interpreter.run(_in_one_batch([assembly for _, _, assembly in group]), tapes, MAX_STEPS)
        for k, (seed, program, _) in enumerate(group):
            assert expected[k].ended.all(), program.text
            wrong = ~runs.stopped[k] | (runs.tape[k] != expected[k].tapes).any(axis=1)
            found += [
                f"{program.name}, seed {seed}, memory {memory_size}, tape {t.tolist()}\n{program.text}"
                for t in tapes[k][wrong][:1]
            ]
    return found


def _tapes(seed: int, memory_size: int) -> np.ndarray:
    """Any values on some tapes, small ones on others: those repeat, and meet the constants of programs."""
    random = np.random.default_rng(seed)
    return random.integers(0, np.resize([memory_size, 6], TAPES)[:, None], (TAPES, memory_size))


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("isa", "count"), [("published", 300), ("extended", 200)])
def test_random_programs_do_what_c_does(isa: str, count: int) -> None:
    assert _mismatches(random_tape_programs(range(count), 6, isa == "extended"), 0, isa) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("first", range(1000, 11_000, BATCH))
@pytest.mark.parametrize("isa", ["published", "extended"])
def test_10000_random_programs_do_what_c_does(first: int, isa: str) -> None:
    programs = random_tape_programs(range(first, first + BATCH), bits=isa == "extended")
    assert _mismatches(programs, first, isa) == []


def test_odd_programs_do_what_c_does() -> None:
    texts = [f"void f{k}(int *mem) {{ {body} }}" for k, body in enumerate(ODD)]
    file = TapeFile(read(None, "\n".join([HELPERS, *texts])))
    assert _mismatches([file.program(f"f{k}") for k in range(len(texts))], 0) == []


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.randoms(use_true_random=False), st.integers(0, 2), st.integers(0, 2**32 - 1))
def test_programs_that_hypothesis_draws_do_what_c_does(random: Random, first: int, seed: int) -> None:
    program = load_tape(source=random_tape_program(random))
    assembly = _compiled(program, first)
    tapes = _tapes(seed, assembly.memory_size)
    runs = interpreter.run_one(assembly, tapes, MAX_STEPS)
    assert runs.stopped.all()
    np.testing.assert_array_equal(runs.tape, run(program, tapes, assembly.memory_size).tapes)


def test_the_matrices_do_what_c_does() -> None:
    """The soft machine with one-hot matrices, on the short ones among some programs."""
    programs = [(p, _compiled(p, 0)) for p in random_tape_programs(range(20))]
    short = [(p, a) for p, a in programs if a.memory_size == MEMORIES[0]]
    assert len(short) >= 6
    for program, assembly in short:
        tapes = _tapes(0, MEMORIES[0])
        soft = machine.run(Controller.of([assembly]), machine.to_tape(torch.tensor(tapes[None])), 2000)
        assert (soft.state.stopped > machine.HALT).all()
        left = soft.state.tape[0].argmax(dim=-1).numpy()
        np.testing.assert_array_equal(left, run(program, tapes, MEMORIES[0]).tapes, program.text)
        steps = interpreter.run_one(assembly, tapes, 2000).steps
        np.testing.assert_array_equal(soft.steps[0].numpy(), steps, program.text)
