"""The back end against the evaluator of its input: on random functions, every pass and the whole keep the meaning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surrogate.anc.backend import assemble
from surrogate.anc.backend.arithmetic import simplify
from surrogate.anc.backend.cfg import clean
from surrogate.anc.backend.coalesce import coalesce
from surrogate.anc.backend.dead import remove_dead
from surrogate.anc.backend.facts import analyse
from surrogate.anc.backend.initial import hoist_initial
from surrogate.anc.backend.jumps import thread_jumps
from surrogate.anc.backend.pipeline import optimise
from surrogate.anc.backend.propagate import propagate
from surrogate.anc.backend.webs import split_webs
from surrogate.anc.interpreter import run_one
from surrogate.anc.ir import Function
from tests.surrogate.anc.ir_functions import functions
from tests.surrogate.anc.ir_interpreter import Endless, run

M = 31
MAX_STEPS = 400
PASSES = {
    "clean": clean,
    "webs": lambda function: split_webs(clean(function)),
    "propagate": lambda function: propagate(function, M),
    "threading": lambda function: thread_jumps(function, M),
    "dead": lambda function: remove_dead(clean(function)),
    "coalesce": lambda function: coalesce(clean(function)),
    "initial": lambda function: hoist_initial(clean(function)),
    "optimise": lambda function: optimise(function, M),
}
tapes = st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 5, M - 1]), min_size=M, max_size=M)


def outcome(function: Function, tape: list[int], max_steps: int = MAX_STEPS) -> list[int] | None:
    try:
        return run(function, tape, max_steps)
    except Endless:
        return None


@pytest.mark.parametrize("name", PASSES)
@given(function=functions(), tape=tapes)
@settings(max_examples=100, deadline=None)
def test_a_pass_keeps_what_the_function_does(name: str, function: Function, tape: list[int]) -> None:
    expected = outcome(function, tape)
    got = outcome(PASSES[name](function), tape, 3 * MAX_STEPS)
    assert got == expected or expected is None


@given(function=functions(), tape=tapes)
@settings(max_examples=300, deadline=None)
def test_the_program_does_what_the_function_does(function: Function, tape: list[int]) -> None:
    program = assemble(function, M)
    runs = run_one(program, np.array([tape]), 3 * MAX_STEPS)
    expected = outcome(function, tape)
    if expected is not None:
        assert runs.stopped[0]
        assert runs.tape[0].tolist() == expected
