"""What restarts have learned: answers on tables, programs for every question there is, and their C in the sandbox."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import numpy as np

import cprograms
from cprograms.sandbox import run_many
from training.neural_programmer.machine import Tables, execute, given_of, tables_of
from training.neural_programmer.programmer import NeuralProgrammer
from training.neural_programmer.programs import Program
from training.neural_programmer.questions import (
    ALWAYS_ZERO,
    GROUPS,
    MOST_CONDITIONS,
    NAMES,
    ROLES,
    Batch,
    Bools,
    Floats,
    Table,
    arrays,
    forms,
)

PART = 100
"""Questions that are executed at a time."""


def right(model: NeuralProgrammer, batch: Batch) -> Bools:
    """Whether each restart, every choice made, answers each question exactly: [R, n]."""
    parts = [batch.part(slice(start, start + PART)) for start in range(0, len(batch.form), PART)]
    return np.concatenate([_right(model, part) for part in parts], 1)


def _right(model: NeuralProgrammer, batch: Batch) -> Bools:
    tables = Tables(*(part.expand(model.restarts, *part.shape[1:]) for part in tables_of(batch, 1)))
    answers, given = execute(model.decisions(batch.asked), tables), given_of(batch, 1)
    same = (answers.number == given.number) & (answers.cells == given.cells).flatten(2).all(-1)
    return np.asarray(same.numpy())


def accuracies(model: NeuralProgrammer, batch: Batch) -> Floats:
    """The share of questions that each restart answers exactly: [R]."""
    return np.asarray(right(model, batch).mean(1))


def by_group(answered: Bools, batch: Batch) -> dict[str, float]:
    """The share of right answers by what is asked, and under how many conditions; `answered` is [n]."""
    group = arrays().group[batch.form]
    return {
        f"{asked}, {conditions}": round(float(answered[group == k].mean()), 4)
        for k, (asked, conditions) in enumerate(GROUPS)
        if (group == k).any()
    }


def every_question(columns: int) -> Batch:
    """All questions of the language but for their numbers, each once; on tables of one column all its roles are that
    column's, on others tables have all ten columns.

    A network sees neither cells nor numbers. So what it answers here with a program that says what is asked, it answers
    rightly on every table. Choosing among all ten columns it chooses among fewer, too.
    """
    found = [
        (k, named)
        for k, form in enumerate(forms())
        for named in product(range(len(NAMES)), repeat=len(form.roles) if columns > 1 else 1)
        if form != ALWAYS_ZERO or named[0] != named[-1]
    ]
    form, count = np.array([k for k, _ in found]), len(found)
    roles = np.zeros((count, ROLES), dtype=np.int64)
    names = np.tile(np.arange(len(NAMES)), (count, 1))
    if columns == 1:
        names = np.array([[name] for _, (name,) in found])
    else:
        for row, (k, named) in zip(roles, found, strict=True):
            row[list(forms()[k].roles)] = named
    given = arrays().conditions[form][:, None] > np.arange(MOST_CONDITIONS)
    return Batch(form, names, roles, np.array([1, 2]) * given, np.zeros((count, 1, names.shape[1]), dtype=np.int64))


def proved(model: NeuralProgrammer, columns: int) -> float:
    """The share of all questions that a single restart answers with a program that says what is asked."""
    batch = every_question(columns)
    [programs] = model.programs(batch.asked)
    return sum(p.text == batch.question(k).text for k, p in enumerate(programs)) / len(programs)


def sandboxed(programs: Sequence[Program], tables: Sequence[Table]) -> list[list[int]]:
    """What the C of each program says of its table: a number, or how many cells are printed and then the cells.

    Raises ProgramError where the C is not accepted.
    """
    loaded = [cprograms.load(source=p.c(table)) for p, table in zip(programs, tables, strict=True)]
    places = [np.arange(1.0 + len(next(iter(table.values()))))[:, None] for table in tables]
    said = [[int(v) for v in ran.y[:, 0]] for ran in run_many(loaded, places)]
    return [row[: 1 + row[0]] if p.printed else row[:1] for p, row in zip(programs, said, strict=True)]


def agreeing(programs: Sequence[Program], tables: Sequence[Table]) -> int:
    """Of how many programs the C in the sandbox says what the program answers."""
    said = sandboxed(programs, tables)
    return sum(p.answer(t).numbers(t) == found for p, t, found in zip(programs, tables, said, strict=True))
