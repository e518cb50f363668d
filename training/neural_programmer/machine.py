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
    number: Tensor  # [R, B]
    cells: Tensor  # [R, B, N, C]


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
    """What four steps give. Rows that two steps select are joined as if the choices were independent."""
    cells = tables.cells.flatten(0, 1)  # [RB, N, C]
    met = tables.met.flatten(0, 1)  # [RB, N, 2KC]
    selected = [cells.new_ones(cells.shape[:2])] * 2  # [RB, N] before each step
    numbers = [cells.new_zeros(len(cells))] * 3  # [RB]
    for choice in choices:
        operation, column, number = (part.flatten(0, 1) for part in choice)  # [RB, 9], [RB, C], [RB, K]
        p = operation.unsqueeze(-1).unbind(1)  # 9 of [RB, 1]
        rows, before = selected[-1], selected[-2]
        compared = (compare(met, column, number) * operation[:, None, GREATER : LESSER + 1]).sum(-1)  # [RB, N]
        joint = rows * before
        kept = 1 - operation[:, [GREATER, LESSER, AND, OR, RESET]].sum(1, keepdim=True)
        sums = ((rows[:, :, None] * cells).sum(1) * column).sum(1)  # [RB]
        numbers.append(
            operation[:, SUM] * sums
            + operation[:, COUNT] * rows.sum(1)
            + operation[:, DIFFERENCE] * (numbers[-3] - numbers[-1])
        )
        printed = (p[ASSIGN] * rows)[:, :, None] * column[:, None]  # [RB, N, C]
        selected.append(compared + p[AND] * joint + p[OR] * (rows + before - joint) + p[RESET] + kept * rows)
    shape = tables.cells.shape
    return Answers(numbers[-1].reshape(shape[:2]), printed.reshape(shape))


def compare(met: Tensor, column: Tensor, number: Tensor) -> Tensor:
    """The rows [RB, N, 2] where a column [RB, C] is greater, and where it is less, than a number [RB, K]."""
    pairs = (number[:, :, None] * column[:, None]).flatten(1)  # [RB, KC]
    return (met.reshape(*met.shape[:2], 2, -1) @ pairs[:, None, :, None])[..., 0]
