"""Questions against an evaluator of their own: what they say, their answers, and which are drawn."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.neural_programmer.measure import every_question
from training.neural_programmer.questions import (
    GROUPS,
    NAMES,
    WORDS,
    Ask,
    Condition,
    Question,
    Table,
    arrays,
    called,
    chances,
    forms,
)


def kept(table: dict[str, np.ndarray], conditions: tuple[Condition, ...], connective: str) -> np.ndarray:
    rows = np.ones(len(next(iter(table.values()))), dtype=bool)
    for k, c in enumerate(conditions):
        met = table[c.column] > c.number if c.word == "greater" else table[c.column] < c.number
        rows = met if k == 0 else rows | met if connective == "or" else rows & met
    return rows


def evaluate(question: Question, table: Table) -> int | tuple[str, list[int]]:
    """What a question asks of a table, read off its template: a number, or the cells of a column."""
    columns = {name: np.array(cells) for name, cells in table.items()}
    rows = kept(columns, question.conditions, question.connective)
    everything = np.ones_like(rows)

    def number(asked: tuple[str, str], where: np.ndarray) -> int:
        return int(where.sum()) if asked[0] == "count" else int(columns[asked[1]][where].sum())

    match question.asked:
        case [("print", column)]:
            return column, columns[column][rows].tolist()
        case [one]:
            return number(one, rows)
        case [first, second]:
            return number(first, everything) - number(second, rows)
    raise AssertionError(question)


@given(st.integers(1, 5), st.integers(0, 2**32))
def test_answers_are_the_templates(columns: int, seed: int) -> None:
    batch = Ask(columns, rows=(3, 12), size=9).draw(np.random.default_rng(seed), 20)
    numbers, cells = batch.answers()
    for k in range(20):
        table = batch.columns(k)
        wanted = evaluate(batch.question(k), table)
        if isinstance(wanted, int):
            assert numbers[k] == wanted
            assert not cells[k].any()
        else:
            column, values = wanted
            assert numbers[k] == 0
            assert batch.prints[k]
            place = list(table).index(column)
            assert batch.table[k, cells[k, :, place], place].tolist() == values
            assert cells[k].sum() == len(values)


@given(st.integers(0, 2**32))
def test_the_network_reads_the_words_and_gets_the_numbers_apart(seed: int) -> None:
    batch = Ask(3).draw(np.random.default_rng(seed), 10)
    asked = batch.asked
    for k in range(10):
        said = batch.question(k).said.split()
        words = [WORDS[w] for w in asked.words[k] if WORDS[w]]
        assert words == [word for word in said if word in WORDS]
        numbers = [int(word) for word in said if word not in WORDS]
        assert asked.numbers[k][asked.given[k]].tolist() == numbers
        lefts = [said[place - 1] for place, word in enumerate(said) if word not in WORDS]
        assert [WORDS[asked.words[k, key]] for key in asked.keys[k][asked.given[k]]] == lefts


@pytest.mark.parametrize("columns", [1, 5])
def test_every_form_is_drawn_as_often_as_is_said(columns: int) -> None:
    batch = Ask(columns, rows=(1, 1)).draw(np.random.default_rng(0), 20_000)
    counts = np.bincount(batch.form, minlength=len(forms()))
    wanted = 20_000 * chances(columns, 2)
    assert (abs(counts - wanted) <= 5 * np.sqrt(wanted)).all()
    assert (wanted > 0).sum() == len(forms()) - (columns == 1)


def test_tables_are_within_what_is_asked_for() -> None:
    drawn = [Ask(3, (30, 100), 100).draw(np.random.default_rng(seed), 20) for seed in range(40)]
    rows = [batch.table.shape[1] for batch in drawn]
    assert 30 <= min(rows) < 40
    assert 90 < max(rows) <= 100
    values = np.concatenate([batch.table.ravel() for batch in drawn])
    assert (values.min(), values.max()) == (-100, 100)
    assert all(len(set(names)) == 3 for batch in drawn for names in batch.names.tolist())


def test_conditions_of_one_column_can_be_met_and_missed() -> None:
    batch = Ask(1, rows=(1, 1)).draw(np.random.default_rng(0), 5000)
    opposed = 0
    for k in range(5000):
        question = batch.question(k)
        if {c.word for c in question.conditions} == {"greater", "lesser"}:
            low, high = (next(c.number for c in question.conditions if c.word == w) for w in ("greater", "lesser"))
            assert low <= high if question.connective == "and" else low >= high
            opposed += 1
    assert opposed > 500


def test_with_fewer_conditions_no_more_are_asked() -> None:
    batch = Ask(3, conditions=0).draw(np.random.default_rng(0), 500)
    asked = Counter(GROUPS[g] for g in arrays().group[batch.form])
    assert set(asked) == {("sum", 0), ("count", 0), ("print", 0), ("difference", 0)}


@pytest.mark.parametrize("columns", [1, 2])
def test_every_question_is_there_once(columns: int) -> None:
    batch = every_question(columns)
    said = [batch.question(k).said for k in range(len(batch.form))]
    tables = [tuple(batch.columns(k)) for k in range(len(batch.form))]
    assert len(said) == len(set(zip(said, tables, strict=True)))
    drawn = Ask(columns, rows=(1, 1)).draw(np.random.default_rng(1), 2000)

    def wordless(text: str) -> str:
        return " ".join(word for word in text.split() if word in WORDS)

    assert {wordless(drawn.question(k).said) for k in range(2000)} <= set(map(wordless, said))


def test_texts() -> None:
    conditions = (Condition("weight", "lesser", 20), Condition("age", "greater", 7))
    question = Question((("sum", "price"),), conditions, "and")
    assert question.said == "sum price where weight lesser 20 and age greater 7"
    assert question.text == "sum(price where age > 7 and weight < 20)"
    two = Question((("sum", "price"), ("count", "")), conditions[1:])
    assert two.said == "difference sum price count where age greater 7"
    assert two.text == "sum(price) - count(rows where age > 7)"
    assert called("print", "rank", "") == "print(rank)"
    assert len(NAMES) == len(set(NAMES)) == 10
