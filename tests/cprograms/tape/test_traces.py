"""Traces of tape programs: what they say, that they are what the sandbox does, and every way to say no."""

from __future__ import annotations

import re
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cprograms import ProgramError, UsageError
from cprograms.tape import load_tape
from cprograms.tape.oracle import run
from cprograms.tape.traces import BACK, END, MOVE, ON, WRITE, Action, Trace, TracedProgram, trace

COUNT = """
enum { HERE, OUT };
static int bit(int x) { return x % 2; }
static void put(int *mem, int value) { mem[mem[OUT]] = value; mem[OUT]++; }
static void count(int *mem) {
    if (mem[mem[HERE]] != 0) {
        put(mem, bit(mem[mem[HERE]]));
        mem[HERE]++;
        count(mem);
    }
}
void f(int *mem) { count(mem); }
"""


def traced(source: str, pointers: int = 2, values: int = 5) -> TracedProgram:
    return TracedProgram(load_tape(source=source, recursion=True), pointers, values)


def test_a_trace_is_a_tree_of_calls_with_what_they_see():
    found = trace(traced(COUNT), [2, 6, 3, 4, 0, 0, 0, 0, 0, 0])
    assert found.tape == [4, 8, 3, 4, 0, 0, 1, 0, 0, 0]
    assert str(found) == (
        "3 0  count()\n"
        "  3 0  put(1)\n"
        "    3 0  (write)(1, 1)\n"
        "    3 1  (move)(1, 1)\n"
        "    3 0  (end)\n"
        "  3 0  (move)(0, 1)\n"
        "  4 0  count()\n"
        "    4 0  put(0)\n"
        "      4 0  (write)(1, 0)\n"
        "      4 0  (move)(1, 1)\n"
        "      4 0  (end)\n"
        "    4 0  (move)(0, 1)\n"
        "    0 0  count()\n"
        "      0 0  (end)\n"
        "    0 0  (end)\n"
        "  0 0  (end)\n"
        "0 0  (end)"
    )
    assert [(f.name, f.arguments, f.depth) for f in found.frames[:3]] == [
        ("f", (), 0),
        ("count", (), 1),
        ("put", (1,), 2),
    ]
    assert traced(COUNT).subprograms == {"put": 1, "count": 0, "f": 0}


def replayed(found: Trace, tape: list[int]) -> list[int]:
    """The tape that the acts of a trace leave, found by them alone; what frames saw is checked on the way."""
    tape, following = [*tape], iter(found.frames)

    def frame() -> None:
        for seen, action in next(following).steps:
            assert seen == tuple(tape[tape[p]] for p in range(len(seen)))
            if action.name == WRITE:
                tape[tape[action.arguments[0]]] = action.arguments[1]
            elif action.name == MOVE:
                tape[action.arguments[0]] += {ON: 1, BACK: -1}[action.arguments[1]]
            elif action.name != END:
                frame()

    frame()
    return tape


def random_program(random: Random) -> str:
    """A program that walks two pointers about and writes what it computes from what they see."""
    called: list[str] = []

    def value(depth: int = 2) -> str:
        if depth == 0 or random.random() < 0.3:
            return random.choice(["1", "3", "mem[mem[0]]", "mem[mem[1]]", "x", "mem[mem[x % 2]]"])
        return f"({value(depth - 1)} {random.choice('+ - * < == != && ||'.split())} {value(depth - 1)})"

    def statement(depth: int) -> str:
        kind = random.randrange(8)
        if kind == 0 and called:
            return f"{random.choice(called)}(mem, {value()} % 5);"
        if kind == 1 and depth:
            return f"if ({value()}) {{ {block(depth - 1)} }} else {{ {block(depth - 1)} }}"
        if kind == 2 and depth:
            return f"for (int k = 0; k < {random.randrange(3)}; k++) {{ {block(depth - 1)} }}"
        if kind == 3:
            return f"x = {value()};"
        if kind == 4:
            return f"mem[mem[{random.choice(['0', '1', 'x % 2'])}]] = {value()} % 5;"
        return f"{random.choice(['mem[0]++', 'mem[1]++', 'mem[0]--', '--mem[1]', 'mem[x % 2] += 1', 'mem[1] -= 1'])};"

    def block(depth: int) -> str:
        return " ".join(statement(depth) for _ in range(random.randrange(1, 4)))

    texts = []
    for name in ("g0", "g1"):
        texts.append(f"static void {name}(int *mem, int x) {{ {block(2)} }}")
        called.append(name)
    return "\n".join([*texts, f"void f(int *mem) {{ int x = 1; {block(2)} g1(mem, 2); }}"])


@settings(max_examples=25)
@given(st.randoms(use_true_random=False), st.integers(0, 2**32 - 1))
def test_random_programs_leave_what_the_sandbox_leaves(random: Random, seed: int):
    program = load_tape(source=random_program(random))
    tape = np.random.default_rng(seed).integers(0, 5, 101)
    tape[:2] = 40, 70
    found = trace(TracedProgram(program, 2, 5), tape.tolist())
    assert found.tape == run(program, tape[None], 101).tapes[0].tolist()
    assert found.tape == replayed(found, tape.tolist())


def test_what_a_step_does_follows_from_what_its_frame_has_seen():
    program, found = traced(COUNT), {}
    for tape in np.random.default_rng(0).integers(1, 5, (200, 12)).tolist():
        tape[:2], tape[6:] = [2, 7], [0] * 6
        for frame in trace(program, tape).frames:
            history: tuple[tuple[int, ...], ...] = ()
            for seen, action in frame.steps:
                history = (*history, seen)
                key = frame.name, frame.arguments, history
                assert found.setdefault(key, action) == action
    assert len(found) > 50


HELPERS = """\
static void v(int *mem) { } static int h(int *mem) { mem[0]++; return 1; }
static int k(int *mem) { v(mem); return 1; }
"""


@pytest.mark.parametrize(
    ("body", "place", "said"),
    [
        ("mem[mem[0]] = mem[3];", "4:15", "cannot be seen"),
        ("mem[mem[0]] = mem[0];", "4:15", "cannot be seen"),
        ("if (mem[0] < mem[1]) mem[0]++;", "4:5", "cannot be seen"),
        ("mem[0] = 4;", "4:1", "moves by one cell"),
        ("mem[0] += 2;", "4:1", "moves by one cell"),
        ("mem[mem[1]] = mem[0]++;", "4:15", "position cannot be seen"),
        ("mem[0]++, mem[1]++, mem[mem[0]] = (mem[0]--, 1);", "", ""),
        ("int a[2]; a[0] = 1;", "4:5", "'a' is an array"),
        ("mem[mem[0]] = h(mem);", "1:54", "'h' returns a value, so that it is no subprogram"),
        ("mem[mem[0]] = k(mem);", "2:26", "'k' returns a value, so that it is no subprogram"),
    ],
)
def test_what_the_convention_excludes_is_told_at_its_place(body: str, place: str, said: str):
    source = f"{HELPERS}void f(int *mem) {{\n{body}\n}}"
    if not said:
        assert traced(source).subprograms
        return
    with pytest.raises(ProgramError, match=f"^<source>:{place}: error: .*{said}"):
        traced(source)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("mem[mem[0]] = 7;", "a cell gets 7, and values are 0 to 4"),
        ("mem[mem[mem[mem[0]]]] = 1;", "there is no pointer in cell 3"),
        ("g(mem, 6);", "an argument gets 6"),
        ("mem[0]--;", "pointer 0 has left the data"),
        ("mem[1]++;", "pointer 1 is on a cell that holds 9, and observations are 0 to 4"),
        ("for (;;) mem[mem[1]] = 1;", "too many steps"),
    ],
)
def test_a_run_that_leaves_the_convention_is_told_at_its_place(body: str, said: str):
    program = traced(
        f"static void g(int *mem, int x) {{ mem[mem[0]] = x; }}\nvoid f(int *mem) {{\n{body} g(mem, 1); }}"
    )
    with pytest.raises(ProgramError, match=re.escape(said)) as error:
        trace(program, [2, 3, 3, 4, 9, 0, 0, 0], steps=100)
    assert str(error.value).startswith("<source>:3:")


def test_absurd_sizes_and_tapes_are_refused():
    for pointers, values in ((0, 5), (2, 1)):
        with pytest.raises(UsageError, match="nothing to trace"):
            traced(COUNT, pointers, values)
    with pytest.raises(UsageError, match="does not hold the values"):
        trace(traced(COUNT), [2, 3, 0, 0])
    with pytest.raises(UsageError, match="pointer 1 has left the data"):
        trace(traced(COUNT), [2, 1, 0, 0, 0, 0])
    with pytest.raises(UsageError, match="pointer 0 is on a cell that holds 5"):
        trace(traced(COUNT), [2, 3, 5, 0, 0, 0])


def test_an_action_is_shown_as_a_call():
    assert Action("g", (1, 2)).arguments == (1, 2)
