"""The list of all that frames can see: it is whole, it is not larger than it must be, and what has none is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from cprograms import UsageError
from cprograms.tape import load_tape
from cprograms.tape.situations import Decisions, Endless, Frames, Node, Row, Window, situations
from cprograms.tape.traces import Action, Observation, TracedProgram, trace

ROWS = "enum { HERE, OUT };"
STAY = "static void none(int *mem) { } void f(int *mem) { none(mem); }"
PARITY = """
static void flip(int *mem) { mem[mem[OUT]] = mem[mem[OUT]] == 0; }
static void walk(int *mem) {
    if (mem[mem[HERE]] != 3) {
        if (mem[mem[HERE]] == 1) flip(mem);
        mem[HERE]++;
        walk(mem);
    }
}
void f(int *mem) { walk(mem); }
"""
"""Whether a row of zeros and ones, which ends with 3, has an odd number of ones."""
BITS = frozenset({0, 1})
WORD = Row((0,), dict.fromkeys((0, 1, 3), BITS), dict.fromkeys(BITS, BITS | {3}))
CELL = Row((1,), {}, {})
BEGIN = [(Window((v,), (0,)), Window((0,), (0,))) for v in (0, 1, 3)]


def traced(source: str, values: int = 4) -> TracedProgram:
    return TracedProgram(load_tape(source=f"{ROWS}\n{source}", recursion=True), 2, values)


def histories(frames: Frames) -> Iterator[tuple[str, tuple[Observation, ...], Action]]:
    for call, first in frames.items():
        stack: list[tuple[Node, tuple[Observation, ...]]] = [(node, (node.seen,)) for node in first.values()]
        while stack:
            node, history = stack.pop()
            yield call.name, history, node.action
            stack += [(child, (*history, child.seen)) for child in node.children.values()]


def seen_in(program: TracedProgram, words: Sequence[Sequence[int]]) -> set[tuple[str, tuple[Observation, ...], Action]]:
    found = set()
    for word in words:
        tape = [3, 2, 0, *word, 3]
        for frame in trace(program, tape + [0] * 4).frames:
            for k, step in enumerate(frame.steps):
                found.add((frame.name, tuple(s.seen for s in frame.steps[: k + 1]), step.action))
    return found


def test_the_list_is_what_rows_of_all_lengths_show():
    program = traced(PARITY)
    listed = set(histories(situations(program, [WORD, CELL], BEGIN)))
    rng = np.random.default_rng(0)
    words = [[], *([v] for v in BITS), *(rng.integers(0, 2, n).tolist() for n in range(2, 12) for _ in range(40))]
    assert listed == seen_in(program, words)
    assert len(listed) > 20


def test_what_is_remembered_of_a_row_keeps_the_list_small():
    source = (
        "void f(int *mem) { mem[OUT]++; mem[mem[OUT]] = 1; mem[OUT]--; mem[OUT]++; if (mem[mem[OUT]]) mem[HERE]++; }"
    )
    out = Row((1,), dict.fromkeys(BITS, BITS), dict.fromkeys(BITS, BITS))
    start = [(Window((0,), (0,)), Window((0,), (0,)))]
    sizes = []
    for kept in (0, 1):
        row = Row((1,), out.before, out.behind, kept)
        listed = list(histories(situations(traced(source), [WORD, row], start)))
        sizes.append(len(listed))
        assert {name for name, _, _ in listed} == {"f"}
    # With the neighbour remembered, both ways back to the written cell show what was written.
    assert sizes[1] < sizes[0]


def test_decisions_are_those_of_the_trace():
    program = traced(PARITY)
    decisions = Decisions(program)
    for word in ([1, 0, 1, 1], [0], [1, 1]):
        for frame in trace(program, [3, 2, 0, *word, 3, 0, 0]).frames:
            for k, step in enumerate(frame.steps):
                history = [s.seen for s in frame.steps[: k + 1]]
                assert decisions.action(Action(frame.name, frame.arguments), history) == step.action


@pytest.mark.parametrize(
    "source",
    [
        "void f(int *mem) { while (mem[mem[HERE]] != 3) mem[HERE]++; }",
        "static void g(int *mem, int x) { mem[HERE]++; if (mem[mem[HERE]] != 3) g(mem, x); mem[mem[OUT]] = x;"
        "  while (mem[mem[OUT]] != 2) mem[mem[OUT]] = 1; } void f(int *mem) { g(mem, 1); }",
    ],
)
def test_loops_have_no_list(source: str):
    with pytest.raises(Endless, match="loops"):
        situations(traced(source), [WORD, CELL], BEGIN[:2])


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("void f(int *mem) { mem[OUT]--; }", "leaves its row"),
        ("void f(int *mem) { mem[OUT]++; }", "leaves its row"),
        ("void f(int *mem) { mem[mem[HERE]] = 3; }", "forgets what is beside"),
        ("void f(int *mem) { mem[HERE]++; mem[HERE]++; }", "leaves its row beside 3"),
    ],
)
def test_rows_that_do_not_say_enough_are_refused(source: str, said: str):
    with pytest.raises(UsageError, match=said):
        situations(traced(source), [WORD, CELL], BEGIN[:1])


def test_a_subprogram_that_does_nothing_ends_at_once():
    [(_, history, action)] = [h for h in histories(situations(traced(STAY), [WORD, CELL], BEGIN[:1])) if h[0] == "none"]
    assert (history, action.name) == (((0, 0),), "(end)")
