"""Programs: their answers, their texts, their C in the sandbox, and the soft machine where every choice is made."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import one_hot

from tests.training.neural_programmer.test_questions import evaluate
from training.neural_programmer.machine import Choice, execute, tables_of
from training.neural_programmer.measure import agreeing, sandboxed
from training.neural_programmer.programmer import NeuralProgrammer
from training.neural_programmer.programs import OPERATIONS, Answer, Program, Step
from training.neural_programmer.questions import Ask, Batch, Question, Table

GOODS: Table = {"price": [3, 9, 12, 5], "age": [5, 8, 30, 7]}
names = list(OPERATIONS)
programs = st.lists(
    st.builds(Step, st.sampled_from(names), st.sampled_from(list(GOODS)), st.one_of(st.none(), st.integers(2, 13))),
    min_size=4,
    max_size=4,
)


def straightforward(question: Question, table: Table) -> list[Step]:
    """Four steps that answer a question about a table."""
    compared = [Step(c.word, c.column, c.number) for c in question.conditions]
    column = next(iter(table))

    def asked(one: tuple[str, str]) -> Step:
        return Step("assign" if one[0] == "print" else one[0], one[1] or column, None)

    if len(question.asked) == 2:
        first, second = map(asked, question.asked)
        return [first, *(compared or [Step("reset", column, None)]), second, Step("difference", column, None)]
    if len(compared) == 2:
        compared.append(Step(question.connective, column, None))
    return [Step("reset", column, None)] * (3 - len(compared)) + compared + [asked(question.asked[0])]


@given(st.integers(1, 5), st.integers(0, 2**32))
def test_four_steps_answer_every_question(columns: int, seed: int) -> None:
    batch = Ask(columns, rows=(2, 9), size=9).draw(np.random.default_rng(seed), 10)
    for k in range(10):
        question, table = batch.question(k), batch.columns(k)
        program = Program.of(straightforward(question, table))
        assert program.text == question.text
        wanted, found = evaluate(question, table), program.answer(table)
        if isinstance(wanted, int):
            assert found == Answer(wanted)
        else:
            assert [table[wanted[0]][row] for row in found.rows] == wanted[1]
            assert found.column in ("", wanted[0])


def decided(steps: list[Step], batch: Batch) -> list[Choice]:
    """The machine's choices that are a program's steps."""
    table, numbers = list(batch.columns(0)), batch.numbers[0].tolist()

    def choice(step: Step) -> Choice:
        number = 0 if step.number is None else numbers.index(step.number)
        places = names.index(step.operation), table.index(step.column), number
        parts = zip(places, (len(names), len(table), 2), strict=True)
        return Choice(*(one_hot(torch.tensor([[place]]), size).float() for place, size in parts))

    return [choice(step) for step in steps]


@given(programs, st.booleans())
@settings(max_examples=200)
def test_the_machine_and_the_expression_agree_on_every_program(steps: list[Step], conditioned: bool) -> None:
    """Both execute the same four steps, one with tensors, one with symbols."""
    form = 11 if conditioned else 0  # two numbers, or none
    numbers = [7, 4] if conditioned else [0, 0]
    steps = [s._replace(number=(7 if s.number and s.number > 7 else 4) if conditioned else None) for s in steps]
    table = np.array([list(GOODS.values())]).swapaxes(1, 2)
    zero = np.zeros((1, 4), dtype=np.int64)
    batch = Batch(np.array([form]), np.array([[0, 1]]), zero, np.array([numbers]), table)
    assert batch.given.all() == conditioned
    answers = execute(decided(steps, batch), tables_of(batch, 1))
    found = Program.of(steps).answer(GOODS)
    assert answers.number.item() == found.number
    cells = answers.cells[0, 0].bool()
    places = [list(GOODS).index(found.column)] * len(found.rows) if found.column else []
    assert cells.nonzero().tolist() == [list(pair) for pair in zip(found.rows, places, strict=True)]


@given(st.lists(programs, min_size=1, max_size=6))
@settings(max_examples=6)
def test_the_sandbox_says_what_programs_answer(several: list[list[Step]]) -> None:
    found = [Program.of(steps) for steps in several]
    assert agreeing(found, [GOODS] * len(found)) == len(found)


def test_the_sandbox_says_what_the_model_answers() -> None:
    """The hard answer of the network's own tensors, the C of its program, and the program itself, all exactly."""
    model = NeuralProgrammer(1, 16, seed=3)
    batch = Ask(3, (60, 200), 200).draw(np.random.default_rng(0), 60)
    answers = execute(model.decisions(batch.asked), tables_of(batch, 1))
    [found] = model.programs(batch.asked)
    said = sandboxed(found, [batch.columns(k) for k in range(60)])
    assert len({p.text.partition("(")[0] for p in found}) > 1
    for k, (program, values) in enumerate(zip(found, said, strict=True)):
        if program.printed:
            cells = answers.cells[0, k].bool().numpy()
            assert values == [cells.sum(), *batch.table[k][cells].tolist()]
        else:
            assert values == [int(answers.number[0, k].item())]
            assert not answers.cells[0, k].any()


@pytest.mark.parametrize(
    ("operations", "text"),
    [
        (["reset", "reset", "greater", "sum"], "sum(price where price > 7)"),
        (["greater", "lesser", "or", "count"], "count(rows where price < 7 or price > 7)"),
        (["greater", "greater", "and", "assign"], "print(price where price > 7)"),
        (["sum", "reset", "count", "difference"], "sum(price) - count(rows)"),
        (["sum", "lesser", "count", "difference"], "sum(price) - count(rows where price < 7)"),
        (["count", "count", "count", "greater"], "0"),
        (["reset", "count", "difference", "difference"], "count(rows)"),
        (["reset", "reset", "reset", "difference"], "0"),
    ],
)
def test_what_programs_say(operations: list[str], text: str) -> None:
    assert Program.of([Step(operation, "price", 7) for operation in operations]).text == text


def test_a_missing_number_selects_nothing() -> None:
    program = Program.of([Step("greater", "price", None)] * 3 + [Step("count", "price", None)])
    assert program.text == "count(rows where nothing)"
    assert program.answer(GOODS) == Answer(0)


def test_the_c_of_a_program() -> None:
    steps = [
        Step("greater", "age", 7),
        Step("lesser", "price", 12),
        Step("and", "age", None),
        Step("sum", "price", None),
    ]
    c = Program.of(steps).c(GOODS)
    assert c.startswith("/* sum(price where age > 7 and price < 12) */\n")
    assert "        if (age[row] > 7 && price[row] < 12)\n            result += price[row];\n" in c
    assert "static const int age[] = {5, 8, 30, 7};\n" in c
