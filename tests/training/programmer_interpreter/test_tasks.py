"""The C programs and their tapes: right answers by Python's own arithmetic, and a list that is whole."""

from __future__ import annotations

import numpy as np
import pytest

from cprograms.tape.oracle import run
from cprograms.tape.situations import Decisions, Endless
from cprograms.tape.traces import END, Action, trace
from training.programmer_interpreter import running
from training.programmer_interpreter.frames import Codes
from training.programmer_interpreter.tasks import BLANK, TASKS, Ints, frames_of, traced

PROGRAMS = [(task, version) for task, about in TASKS.items() for version in about.files]


@pytest.mark.parametrize(("task", "version"), PROGRAMS)
def test_the_c_program_gives_the_answers_in_sandbox_and_trace(task: str, version: str):
    about, program = TASKS[task], traced(task, version)
    for size in (1, 3, 6):
        problems = about.draw(np.random.default_rng(size), 4, size)
        rows = run(program.program, problems.tapes, problems.tapes.shape[1])
        assert rows.ended.all()
        np.testing.assert_array_equal(about.answer(rows.tapes, size), problems.answers)
        for tape, left in zip(problems.tapes, rows.tapes, strict=True):
            found = trace(program, tape.tolist())
            assert found.tape == left.tolist()
            assert sum(len(f.steps) for f in found.frames) <= about.decisions(size)


def test_answers_are_sums_and_sorted_rows():
    problems = TASKS["addition"].draw(np.random.default_rng(0), 200, 3)
    numbers = [
        ["".join(str(d) for d in row if d != BLANK) for row in tape[4:14].reshape(2, 5)] for tape in problems.tapes
    ]
    sums = ["".join(str(d) for d in row if d != BLANK) for row in problems.answers]
    assert [int(s) for s in sums] == [int(a) + int(b) for a, b in numbers]
    assert {max(len(a), len(b)) for a, b in numbers} == {3}
    assert {min(len(a), len(b)) for a, b in numbers} == {1, 2, 3}
    rows = TASKS["sort"].draw(np.random.default_rng(0), 50, 7)
    assert [sorted(row) for row in rows.tapes[:, 4:11].tolist()] == rows.answers.tolist()


class CBook(running.Book):
    """What the frames of the C program do, from its list alone: an observation that is not listed is an error."""

    def __init__(self, task: str, version: str = "recursive"):
        super().__init__(Codes.of(traced(task, version)))
        self._frames, self._nodes = frames_of(task, version), {}

    def ask(self, before: Ints, seen: Ints, after: Ints) -> None:
        for old, observation, new in zip(before.tolist(), map(tuple, seen.tolist()), after.tolist(), strict=True):
            call = Action(self.codes.names[self.program[old]], tuple(v for v in self.own[old].tolist() if v >= 0))
            among = self._nodes[old].children if old in self._nodes else self._frames[call]
            node = self._nodes[new] = among[observation]
            ends = node.action.name == END
            self.called[new] = running.ENDED if ends else self.codes.numbers[node.action.name]
            self.given[new] = self.codes.arguments(node.action)


@pytest.mark.parametrize("task", ["sort", "maximum"])
def test_the_list_of_situations_is_enough_for_long_tapes(task: str):
    about = TASKS[task]
    problems = about.draw(np.random.default_rng(3), 20, 15)
    runs = running.run(CBook(task), Action(traced(task, "recursive").program.name), problems.tapes, about.decisions(15))
    assert running.right(runs, problems, about.answer(runs.tapes, 15)).all()


@pytest.mark.slow
def test_the_list_of_situations_is_enough_for_long_numbers():
    about = TASKS["addition"]
    problems = about.draw(np.random.default_rng(3), 50, 200)
    runs = running.run(CBook("addition"), Action("add"), problems.tapes, about.decisions(200))
    assert running.right(runs, problems, about.answer(runs.tapes, 200)).all()


@pytest.mark.parametrize("task", ["addition", "sort"])
def test_programs_that_loop_have_no_list(task: str):
    with pytest.raises(Endless):
        frames_of(task, "loop")


def test_decisions_need_no_more_of_the_c_code_than_it_looks_at():
    program = traced("addition", "recursive")
    decisions = Decisions(program)
    calls = [decisions.action(Action("left"), [(a, b, 0, 3)]) for a in range(11) for b in range(11)]
    assert set(calls) == {Action("(move)", (0, 0))}
