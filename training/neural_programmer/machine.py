"""Tables under operations that are chosen softly: what each selects and gives is mixed by their probabilities.

R restarts answer B questions each, on tables of N rows and C columns; K is the most numbers of a question. A mixture is
of what the choices give, each with its probability, and never of what goes into them: rows are compared with each
number of the question, not with a mean of the numbers. Where every choice is made, the mixture is the program's answer.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from training.neural_programmer.programs import OPERATIONS
from training.neural_programmer.questions import Batch

SUM, COUNT, DIFFERENCE, GREATER, LESSER, AND, OR, ASSIGN, RESET = range(len(OPERATIONS))


class Choice(NamedTuple):
    """Probabilities of one step."""

    operation: Tensor  # [R, B, 9]
    column: Tensor  # [R, B, C]
    number: Tensor  # [R, B, K]


class Tables(NamedTuple):
    cells: Tensor  # [R, B, N, C]
    met: Tensor  # [R, B, N, 2 K C]: 1 where a cell is greater (then: less) than a number of the question


class Given(NamedTuple):
    """What the answers have to be."""

    number: Tensor  # [R, B]
    cells: Tensor  # [R, B, N, C]: 1 where it is printed
    prints: Tensor  # bool [R, B]


class Answers(NamedTuple):
    """What the last step gives, mixed, and what each operation of it would give for itself."""

    number: Tensor  # [R, B]
    cells: Tensor  # [R, B, N, C]
    sums: Tensor  # [R, B, C]: of each column over the selected rows
    count: Tensor  # [R, B]
    difference: Tensor  # [R, B]
    rows: Tensor  # [R, B, N]: that are selected


def tables_of(batch: Batch, restarts: int) -> Tables:
    """R · B questions' tables; the number that a question lacks is met by no cell."""
    cells, numbers = batch.table[:, :, None, :], batch.numbers[:, None, :, None]
    met = np.stack([cells > numbers, cells < numbers], 2) & batch.given[:, None, None, :, None]  # [RB, N, 2, K, C]
    return Tables(split(batch.table, restarts), split(met.reshape(*met.shape[:2], -1), restarts))


def given_of(batch: Batch, restarts: int) -> Given:
    number, cells = batch.answers()
    return Given(split(number, restarts), split(cells, restarts), split(batch.prints, restarts) > 0)


def split(values: np.ndarray, restarts: int) -> Tensor:
    """The first of R · B as [R, B, ...], as float32."""
    return torch.from_numpy(values.astype(np.float32)).reshape(restarts, -1, *values.shape[1:])


def execute(choices: list[Choice], tables: Tables) -> Answers:
    cells = tables.cells.flatten(0, 1)  # [RB, N, C]
    met = tables.met.flatten(0, 1)  # [RB, N, 2KC]
    selected = [cells.new_ones(cells.shape[:2])] * 2  # [RB, N] before each step
    numbers = [cells.new_zeros(len(cells))] * 3  # [RB]
    for choice in choices:
        operation, column, number = (part.flatten(0, 1) for part in choice)  # [RB, 9], [RB, C], [RB, K]
        p = operation.unsqueeze(-1).unbind(1)  # 9 of [RB, 1]
        rows, before = selected[-1], selected[-2]
        compared = torch.einsum("bo,bk,bc->bokc", operation[:, GREATER : LESSER + 1], number, column)
        compared = torch.bmm(met, compared.flatten(1)[:, :, None])[..., 0]  # [RB, N]
        joint = rows * before
        kept = 1 - operation[:, [GREATER, LESSER, AND, OR, RESET]].sum(1, keepdim=True)
        sums, count, difference = (rows[:, :, None] * cells).sum(1), rows.sum(1), numbers[-3] - numbers[-1]
        numbers.append(
            operation[:, SUM] * (sums * column).sum(1)
            + operation[:, COUNT] * count
            + operation[:, DIFFERENCE] * difference
        )
        printed = (p[ASSIGN] * rows)[:, :, None] * column[:, None]  # [RB, N, C]
        selected.append(compared + p[AND] * joint + p[OR] * (rows + before - joint) + p[RESET] + kept * rows)
    last = (numbers[-1], printed, sums, count, difference, rows)
    return Answers(*(part.unflatten(0, tables.cells.shape[:2]) for part in last))
