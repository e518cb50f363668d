"""The back end against the evaluator of its input: on random functions, every pass and the whole keep the meaning."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from surrogate.anc.compiler.backend import DoesNotFitError, assemble
from surrogate.anc.compiler.backend.analysis import Analyses
from surrogate.anc.compiler.backend.cfg import clean
from surrogate.anc.compiler.backend.coalesce import coalesce, constants_as_copies
from surrogate.anc.compiler.backend.dead import remove_dead
from surrogate.anc.compiler.backend.initial import hoist_initial
from surrogate.anc.compiler.backend.jumps import thread_jumps, thread_over_copies
from surrogate.anc.compiler.backend.motion import hoist_invariants, sink_partly_dead
from surrogate.anc.compiler.backend.pipeline import optimise
from surrogate.anc.compiler.backend.propagate import propagate
from surrogate.anc.compiler.backend.sharing import shared_heads, shared_tails
from surrogate.anc.compiler.backend.webs import split_webs
from surrogate.anc.compiler.ir import Function
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.interpreter import run_one
from tests.surrogate.anc.compiler.ir_functions import functions
from tests.surrogate.anc.compiler.ir_interpreter import Endless, run

M = 31
MAX_STEPS = 400
PASSES = {
    "clean": lambda function: [clean(function)],
    "webs": lambda function: [split_webs(function)],
    "propagate": lambda function: [propagate(function, Analyses(M))],
    "threading": lambda function: [thread_jumps(function, Analyses(M))],
    "threading over copies": lambda function: [thread_over_copies(function, Analyses(M))],
    "constants as copies": lambda function: [constants_as_copies(function, Analyses(M))],
    "dead": lambda function: [remove_dead(function)],
    "coalesce": lambda function: [coalesce(function)],
    "initial": lambda function: [hoist_initial(function)],
    "invariants": lambda function: [hoist_invariants(function)],
    "sinking": lambda function: [sink_partly_dead(function)],
    "heads": shared_heads,
    "tails": shared_tails,
    "optimise": lambda function: [optimise(function, M)],
}
tapes = st.lists(st.sampled_from([0, 0, 1, 1, 2, 3, 5, M - 1]), min_size=M, max_size=M)


def outcome(function: Function, tape: list[int], max_steps: int = MAX_STEPS) -> list[int] | None:
    try:
        return run(function, tape, max_steps)
    except Endless:
        return None


def fitting(function: Function, memory_size: int) -> Assembly | None:
    try:
        return assemble(function, memory_size)
    except DoesNotFitError:
        return None


@given(function=functions(), tape=tapes)
@settings(max_examples=100)
def test_every_pass_keeps_what_a_function_does(function: Function, tape: list[int]) -> None:
    expected = outcome(function, tape)
    for name, apply in PASSES.items():
        for changed in apply(clean(function)):
            got = outcome(changed, tape, 3 * MAX_STEPS)
            assert got == expected or expected is None, name


@given(function=functions(), memory_size=st.sampled_from([8, 13, M, 64]), data=st.data())
@settings(max_examples=200)
def test_the_program_does_what_the_function_does(function: Function, memory_size: int, data: st.DataObject) -> None:
    program = fitting(function, memory_size)
    assume(program is not None)
    cells = st.sampled_from([0, 0, 1, 1, 2, 3, 5, memory_size - 1])
    tape = data.draw(st.lists(cells, min_size=memory_size, max_size=memory_size))
    expected = outcome(function, tape)
    if expected is not None:
        runs = run_one(program, np.array([tape]), 3 * MAX_STEPS)
        assert runs.stopped[0]
        assert runs.tape[0].tolist() == expected
