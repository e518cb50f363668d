"""Asking a trained network: a question in words about a table in a file."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from cprograms.diagnostics import UsageError, did_you_mean
from training.neural_programmer import checkpoints
from training.neural_programmer.programmer import NeuralProgrammer
from training.neural_programmer.questions import (
    MOST_CONDITIONS,
    NAMES,
    ROLES,
    SIGNS,
    WORDS,
    Batch,
    Form,
    Table,
    forms,
)

LARGEST = 2**31 - 1
"""Of integers: they are `int` in C."""
COLUMN, NUMBER = "COLUMN", "NUMBER"


def read_table(path: Path) -> Table:
    """A CSV file of integers whose first row names its columns. Raises UsageError for anything else."""
    try:
        with open(path, newline="") as file:
            header, *rows = [[cell.strip() for cell in row] for row in csv.reader(file) if row]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as e:
        raise UsageError(f"{path}: no table can be read: {e}") from e
    for name in header:
        if name not in NAMES:
            raise UsageError(f"{path}: the network knows no column '{name}'; it knows {', '.join(NAMES)}")
    if len(set(header)) < len(header):
        raise UsageError(f"{path}: two columns have the same name")
    if not rows:
        raise UsageError(f"{path}: the table has no rows")
    table: Table = {name: [] for name in header}
    for k, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise UsageError(f"{path}: row {k} has {len(row)} cells, not {len(header)}")
        for name, cell in zip(header, row, strict=True):
            table[name].append(_integer(cell, f"{path}: row {k}, column '{name}'"))
    return table


def _integer(text: str, place: str) -> int:
    try:
        value = int(text)
    except ValueError:
        raise UsageError(f"{place}: an integer is needed, not '{text}'") from None
    if abs(value) > LARGEST:
        raise UsageError(f"{place}: integers are within ±{LARGEST}, not {value}")
    return value


def pattern(form: Form) -> tuple[str, ...]:
    """A form's words in order, with COLUMN for a column and NUMBER after the word left of a number."""
    words = (COLUMN if word < 0 else WORDS[word] for word in form.words)
    return tuple(part for word in words for part in ((word, NUMBER) if word in SIGNS else (word,)))


def read_question(text: str, table: Table) -> Batch:
    """One question about a table. Raises UsageError where it is not of the language, or names a column that is not of
    the table."""
    found, columns, numbers = [], [], []
    names = list(table)
    for token in text.lower().split():
        if token in names:
            found.append(COLUMN)
            columns.append(names.index(token))
        elif token in NAMES:
            raise UsageError(f"the table has no column '{token}'; it has {', '.join(names)}")
        elif token in WORDS:
            found.append(token)
        elif token.lstrip("+-").isdecimal():
            found.append(NUMBER)
            numbers.append(_integer(token, f"'{token}'"))
        else:
            hint = did_you_mean(token, [*WORDS, *names]).strip()
            raise UsageError(f"the language of the questions has no word '{token}'{hint and f': {hint}'}")
    known = {pattern(form): k for k, form in enumerate(forms())}
    if tuple(found) not in known:
        example = "'difference sum price count where age greater 7'"
        raise UsageError(f"'{text}' is no question of the language, which is as in {example}")
    form = known[tuple(found)]
    roles = np.zeros((1, ROLES), dtype=np.int64)
    roles[0, list(forms()[form].roles)] = columns
    return Batch(
        form=np.array([form]),
        names=np.array([[NAMES.index(name) for name in names]]),
        roles=roles,
        numbers=np.array([(numbers + [0] * MOST_CONDITIONS)[:MOST_CONDITIONS]]),
        table=np.array([list(table.values())]).swapaxes(1, 2),
    )


def best_restart(out: Path) -> NeuralProgrammer:
    """Of the training in a folder, the restart that is best on validation questions.

    Raises UsageError where the folder holds no checkpoint, a damaged one, or one from before the first validation.
    """
    config, state = checkpoints.load(out)
    if not state.progress.trace:
        raise UsageError(f"{out}: the training has not come to its first validation")
    model = NeuralProgrammer(config.restarts, config.width, config.seed)
    try:
        model.load_state_dict(state.weights)
    except RuntimeError as e:
        raise UsageError(f"{out}: the checkpoint is damaged; remove the folder to start afresh") from e
    return model.one(int(np.argmax(state.progress.trace[-1]["accuracies"])))
