"""The tasks' distributions and published programs against an interpreter of their own and the paper's figures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cprograms.diagnostics import UsageError
from surrogate.anc.adaptation.adapt import adapt
from surrogate.anc.adaptation.tasks import TASKS, Published, TapeTask
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import Op
from surrogate.anc.machine.interpreter import ExactRuns, run_one
from surrogate.anc.machine.samples import Samples

DISTRIBUTIONS = [(name, biased) for name, task in TASKS.items() for biased in (False, True)[: 1 + bool(task.biased)]]
SIZES = {  # (lines, registers, M) of the published tables
    "access": (5, 3, 10),
    "increment": (7, 6, 7),
    "swap": (9, 5, 10),
    "listk": (10, 7, 20),
    "addition": (8, 6, 15),
    "sort": (21, 10, 21),
    "copy": (8, 7, 15),
    "reverse": (12, 8, 15),
    "permutation": (12, 8, 15),
    "list_search": (10, 8, 15),
    "merge": (27, 13, 30),
    "walk_bst": (11, 8, 30),
    "linear_search": (8, 7, 15),
    "dijkstra": (57, 23, 100),
}


def _interpret(program: Assembly, tape: list[int], max_steps: int) -> tuple[list[int], int, bool]:
    """The paper's machine, one tape at a time: the tape, the executed instructions, whether it stopped."""
    m, tape, registers, line = program.memory_size, list(tape), [value or 0 for value in program.registers], 0
    for steps in range(1, max_steps + 1):
        instruction = program.instructions[line]
        a, b = (0 if r is None else registers[r] for r in (instruction.arg1, instruction.arg2))
        line, value = (line + 1) % m, 0
        if instruction.op is Op.STOP:
            return tape, steps, True
        if instruction.op is Op.WRITE:
            tape[a] = b
        elif instruction.op is Op.JEZ:
            line = b if a == 0 else line
        elif instruction.op is Op.READ:
            value = tape[a]
        elif instruction.op is not Op.ZERO:
            functions = {
                Op.INC: a + 1,
                Op.DEC: a - 1,
                Op.ADD: a + b,
                Op.SUB: a - b,
                Op.MIN: min(a, b),
                Op.MAX: max(a, b),
            }
            value = functions[instruction.op] % m
        registers[instruction.out] = value
    return tape, max_steps, False


def _run(task: TapeTask, biased: bool, n: int = 1000) -> tuple[Samples, ExactRuns]:
    samples = task.sample(np.random.default_rng(1), n, biased)
    return samples, run_one(task.published(), samples.tape, max_steps=2000)


@pytest.mark.parametrize("name", TASKS)
def test_a_published_program_has_the_size_of_its_table(name: str) -> None:
    task, program = TASKS[name], TASKS[name].published()
    assert (len(program), len(program.registers), program.memory_size) == SIZES[name]
    assert (task.registers, task.memory_size) == SIZES[name][1:]


# Of the arguments that an instruction ignores: the register that the publication names, None where the row is flat.
@pytest.mark.parametrize(
    ("name", "ignored"),
    [("access", {None}), ("swap", {None}), ("listk", {None}), ("addition", {5}), ("sort", {9}), ("dijkstra", {22})],
)
def test_a_published_program_names_what_its_table_does(name: str, ignored: set[int | None]) -> None:
    found = set()
    for i in TASKS[name].published().instructions:
        found |= set((i.arg1, i.arg2)[i.op.row.operands :])
    assert found == ignored


@pytest.mark.parametrize(("name", "biased"), DISTRIBUTIONS)
def test_a_published_program_solves_its_task(name: str, biased: bool) -> None:
    samples, runs = _run(TASKS[name], biased)
    right = ((runs.tape == samples.target) | ~samples.mask).all(axis=1)
    if (name, biased) == (
        "copy",
        True,
    ):  # the copy overwrites the zero that ends the array: no program of this form stops
        assert not runs.stopped.any()
    else:
        assert right.all()
        assert runs.stopped.all()


@pytest.mark.parametrize(("name", "biased"), DISTRIBUTIONS)
def test_the_interpreter_agrees_with_one_over_lists(name: str, biased: bool) -> None:
    samples, runs = _run(TASKS[name], biased, n=20)
    for row, tape in enumerate(samples.tape.tolist()):
        expected = _interpret(TASKS[name].published(), tape, max_steps=2000)
        assert (runs.tape[row].tolist(), runs.steps[row], runs.stopped[row]) == expected


# ListK needs 6 + 4k iterations: 15 on the published distribution, where k is 2.25 on average; the paper says 18.
@pytest.mark.parametrize(
    ("name", "tolerance"), [("access", 0), ("increment", 0), ("swap", 0), ("addition", 1), ("sort", 2), ("listk", 4)]
)
def test_the_generic_programs_need_the_papers_iterations(name: str, tolerance: float) -> None:
    task = TASKS[name]
    _, runs = _run(task, biased=True)
    assert abs(runs.steps.mean() + 1 - task.figures.generic) <= tolerance
    if name == "listk":
        assert runs.steps.mean() + 1 == pytest.approx(15, abs=0.6)


@pytest.mark.parametrize(("name", "biased"), DISTRIBUTIONS)
def test_a_distribution_keeps_to_the_tape_and_to_its_seed(name: str, biased: bool) -> None:
    task = TASKS[name]
    first, second, other = (task.sample(np.random.default_rng(seed), 50, biased) for seed in (3, 3, 4))
    for values in (first.tape, first.target):
        assert values.shape == (50, task.memory_size)
        assert values.min() >= 0
        assert values.max() < task.memory_size
    assert first.mask.dtype == bool
    assert first.mask.any(axis=1).all()
    assert np.array_equal(first.tape, second.tape)
    assert not np.array_equal(first.tape, other.tape)


def test_the_biases_are_the_papers() -> None:
    tapes = {name: TASKS[name].sample(np.random.default_rng(5), 300, biased=True).tape for name in TASKS}
    assert set(tapes["access"][:, 0]) == {3}
    assert (tapes["increment"][:, :-1] == tapes["increment"][:, :1]).all()
    assert (tapes["swap"][:, :2] == [0, 2]).all()
    assert (tapes["listk"][:, :4:3] == [3, 5]).all()
    assert (tapes["sort"][:, 2:3] >= tapes["sort"][:, :2]).all()
    assert (tapes["copy"][:, 0] == 8).all()


def _first_zero(tape: np.ndarray) -> np.ndarray:
    return np.argmax(tape == 0, axis=1)


# What the bounds of the published generators allow, where an off-by-one would not show in the programs' results.
RANGES = [
    ("access", False, lambda t: t[:, 0], range(9)),
    ("increment", False, _first_zero, range(1, 6)),
    ("increment", False, lambda t: t[:, 0], range(1, 7)),
    ("increment", True, lambda t: t[:, 0], range(1, 6)),
    ("swap", False, lambda t: t[:, 0], range(6)),
    ("swap", False, lambda t: 2 + _first_zero(t[:, 2:]), range(4, 10)),
    ("swap", True, lambda t: 2 + _first_zero(t[:, 2:]), range(5, 10)),
    ("listk", False, lambda t: t[:, 1], range(1, 6)),
    ("listk", False, lambda t: t[:, 0], range(3, 16, 2)),
    ("listk", True, lambda t: t[:, 1], range(1, 7)),
    ("addition", False, lambda t: t[:, 0], range(13)),
    ("addition", False, lambda t: t[:, 0] + t[:, 1], range(14)),
    ("sort", False, _first_zero, range(1, 4)),
    ("sort", False, lambda t: t[:, 0], range(1, 21)),
    ("sort", True, lambda t: t[:, 1], range(1, 11)),
    ("sort", True, lambda t: t[:, 2], range(1, 21)),
    ("copy", False, lambda t: t[:, 0], range(4, 14)),
    ("copy", False, _first_zero, range(2, 7)),
    ("reverse", False, lambda t: t[:, 0], range(3, 8)),
    ("permutation", False, _first_zero, range(2, 7)),
    ("list_search", False, lambda t: t[:, 0], range(3, 12, 2)),
    ("merge", False, lambda t: t[:, 1], range(6, 13)),
    ("merge", False, lambda t: t[:, 2] - t[:, 1], range(2, 9)),
    ("walk_bst", False, lambda t: t[:, 0], range(6, 25, 3)),
    ("linear_search", False, lambda t: np.argmax(t[:, 1:] == t[:, :1], axis=1), range(12)),
    ("linear_search", True, lambda t: 1 + np.argmax(t[:, 1:] == t[:, :1], axis=1), range(2, 11, 2)),
]


@pytest.mark.parametrize(("name", "biased", "quantity", "values"), RANGES)
def test_a_distribution_has_the_published_range(name, biased, quantity, values) -> None:
    tapes = TASKS[name].sample(np.random.default_rng(7), 3000, biased).tape
    assert set(quantity(tapes).tolist()) == set(values)


def test_the_fractional_bound_of_sorts_bias_halves_its_last_value() -> None:
    first = TASKS["sort"].sample(np.random.default_rng(8), 20_000, biased=True).tape[:, 0]
    assert np.mean(first == 10) / np.mean(first == 9) == pytest.approx(0.5, abs=0.1)


def test_addition_has_no_bias() -> None:
    plain, biased = (TASKS["addition"].sample(np.random.default_rng(6), 20, biased) for biased in (False, True))
    assert np.array_equal(plain.tape, biased.tape)


# Of linear_search: the cells in which the value is found, the lengths of the arrays, and what their values look like.
BIASES = {
    "even": (range(2, 11, 2), range(2, 14), None),
    "odd": (range(1, 12, 2), range(2, 14), None),
    "sorted-down": (range(1, 12, 2), range(2, 14), lambda change: change < 0),
    "sorted-up": (range(1, 12, 2), range(2, 14), lambda change: change > 0),
    "natural": (range(1, 12, 2), range(2, 14), lambda change: change % 15 == 1),
    "natural-reverse": (range(1, 12, 2), range(2, 14), lambda change: change % 15 == 14),
    "not-before-3": (range(3, 13), range(3, 14), None),
    "not-before-5": (range(5, 13), range(5, 14), None),
    "not-before-8": (range(8, 13), range(8, 14), None),
}


@pytest.mark.parametrize("name", TASKS["linear_search"].biases)
def test_the_nine_biases_of_linear_search(name: str) -> None:
    cells, lengths, changes = BIASES[name]
    task = replace(TASKS["linear_search"], biased=TASKS["linear_search"].biases[name])
    samples, runs = _run(task, biased=True, n=5000)
    assert (runs.tape == samples.target)[:, 0].all()
    assert runs.stopped.all()
    assert set(samples.target[:, 0].tolist()) == set(cells)
    found = set()
    for tape in samples.tape[:, 1:].tolist():
        # Of values that go round, one may be 0 itself.
        length = max(i + 1 for i, value in enumerate(tape) if value)
        found.add(length)
        assert len(set(tape[:length])) == length
        if changes is not None:
            assert changes(np.diff(tape[:length])).all()
    # A 0 at the very end does not show: an array may look one shorter.
    assert set(lengths) <= found <= {*lengths, lengths[0] - 1}


def test_a_task_takes_a_bias_by_its_name() -> None:
    program, options = TASKS["linear_search"].published(), {"method": "published", "seeds": 1}
    settings = Published("adam", 1, 0.1, 5, 1, 0, 0, 1, steps=1, max_steps=60)
    iterations = {
        bias: adapt(program, task=f"linear_search{bias}", settings=settings, **options).generic
        for bias in ("", ":even", ":not-before-8")
    }
    assert iterations[""] == iterations[":even"] < iterations[":not-before-8"]
    with pytest.raises(UsageError, match="unknown bias 'evn' of task 'linear_search'; did you mean 'even'"):
        adapt(program, task="linear_search:evn")
    with pytest.raises(UsageError, match="unknown bias 'x' of task 'access'; it has only one distribution"):
        adapt(TASKS["access"].published(), task="access:x")
