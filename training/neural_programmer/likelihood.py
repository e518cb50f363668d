"""Losses: the published one, of a mixture; and how likely the right answer is over all that the four steps may be.

Published, what the operations give is mixed by their probabilities, and the mixture's error is descended. Then a sum
stands where the difference of a sum and a count is asked, one condition where two are: nearly right, and every way to
what is right leads through worse mixtures. Here the operations are not mixed but marginalised: of every program that
they make, the loss counts for itself. There are few, as four steps select rows in 15 ways. Columns and numbers are
mixed within each comparison, as published.

Shapes: as in `machine`; S are the 15 sets of rows that may be selected before the last step.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy, huber_loss

from training.neural_programmer.machine import (
    AND,
    ASSIGN,
    COUNT,
    DIFFERENCE,
    GREATER,
    LESSER,
    OR,
    RESET,
    SUM,
    Choice,
    Given,
    Tables,
    compare,
    execute,
)

SURE = 1e-6
"""Probabilities are so far from 0 and 1 in logarithms."""


def mixed(choices: list[Choice], tables: Tables, given: Given, cells: float) -> Tensor:
    """Of each restart, the mean over its questions: [R].

    The Huber loss of a number, as published, but of inverse hyperbolic sines, in which counts of tens and sums of
    thousands weigh about the same; and the cross-entropy of cells, the mean of a table's rows, times `cells`.
    """
    answers = execute(choices, tables)
    number = huber_loss(answers.number.asinh(), given.number.asinh(), reduction="none")  # [R, B]
    likely = answers.cells.clamp(SURE, 1 - SURE)
    printed = binary_cross_entropy(likely, given.cells, reduction="none").sum(3).mean(2)  # [R, B]
    return torch.where(given.prints, cells * printed, number).mean(1)


def marginal(choices: list[Choice], tables: Tables, given: Given, cells: float) -> Tensor:
    """Of each restart, the mean over its questions: [R].

    A program's loss is the Huber loss of asinh(error) where a number is asked: all errors count, counts of tens as much
    as sums of thousands. Where cells are asked it is their cross-entropy, the mean of a table's rows, times `cells`.
    The loss of a question is -log sum p exp(-loss) over the programs, p being their probabilities. A difference that
    lacks a part is left out.
    """
    steps = [Choice(*(part.flatten(0, 1) for part in choice)) for choice in choices]
    content, met = tables.cells.flatten(0, 1), tables.met.flatten(0, 1)  # [RB, N, C], [RB, N, 2KC]
    rows = [compare(met, step.column, step.number) for step in steps[:3]]  # [RB, N, 2]
    selected, likely = selections(steps, rows)  # [RB, S, N], [RB, S]
    number = _numbers(steps, content, rows, selected, likely, given.number.flatten())
    printed = _prints(steps[-1], selected, likely, given.cells.flatten(0, 1), cells)
    found = torch.where(given.prints.flatten(), printed, number)
    return -found.reshape(given.number.shape).mean(1)


def selections(steps: list[Choice], rows: list[Tensor]) -> tuple[Tensor, Tensor]:
    """The sets of rows [RB, S, N] that the first three steps may select, and their probabilities [RB, S].

    `rows` are those that a comparison of each step selects. Before the first step all are selected.
    """
    first, second, third = (step.operation for step in steps[:3])
    compared = [p[:, GREATER : LESSER + 1] for p in (first, second, third)]  # [RB, 2]
    all1 = 1 - compared[0].sum(1, keepdim=True)  # [RB, 1]: all are selected after the first step
    stay2, all2 = _kept(second) + second[:, [AND]], second[:, [RESET]] + second[:, [OR]]
    kept3, and3, or3, reset3 = _kept(third), third[:, [AND]], third[:, [OR]], third[:, [RESET]]
    every = reset3 + kept3 * (all2 + all1 * stay2) + and3 * all1 * (all2 + stay2) + or3 * (all1 + (1 - all1) * all2)
    only1 = compared[0] * (kept3 * stay2 + and3 * (stay2 + all2) + or3 * stay2)  # [RB, 2]
    only2 = compared[1] * (kept3 + and3 * all1)
    pairs = (compared[1][:, :, None] * compared[0][:, None]).flatten(1)  # [RB, 4]
    one, two, three = (r.mT for r in rows)  # [RB, 2, N]
    both = (two[:, :, None] * one[:, None]).flatten(1, 2)  # [RB, 4, N]
    either = (two[:, :, None] + one[:, None]).flatten(1, 2) - both
    selected = torch.cat([torch.ones_like(one[:, :1]), one, two, three, both, either], 1)
    return selected, torch.cat([every, only1, only2, compared[2], and3 * pairs, or3 * pairs], 1)


def _kept(operation: Tensor) -> Tensor:
    """The probability of an operation that selects no rows: [RB, 1]."""
    return operation[:, [SUM, COUNT, DIFFERENCE, ASSIGN]].sum(1, keepdim=True)


def _numbers(
    steps: list[Choice], content: Tensor, rows: list[Tensor], selected: Tensor, likely: Tensor, wanted: Tensor
) -> Tensor:
    """The logarithm of the sum of p exp(-loss) over the programs that give a number: [RB]."""
    first, second, third, last = steps
    values = [_aggregates(selected, content).flatten(1)]  # [RB, S (C + 1)]
    chances = [(likely[:, :, None] * _asked(last)[:, None]).flatten(1)]
    # Of a difference, the first part is of all rows, the second of those that the second step selects.
    every = torch.ones_like(selected[:, :1])
    whole = _aggregates(every, content)[:, 0, :, None]  # [RB, C + 1, 1]
    kept = torch.cat([every, rows[1].mT], 1)  # [RB, 3, N]
    compared = second.operation[:, GREATER : LESSER + 1]
    chance = torch.cat([1 - compared.sum(1, keepdim=True), compared], 1)  # [RB, 3]
    part = _aggregates(kept, content).flatten(1)  # [RB, 3 (C + 1)]
    values.append((whole - part[:, None]).flatten(1))
    parts = (chance[:, :, None] * _asked(third)[:, None]).flatten(1)  # [RB, 3 (C + 1)]
    differences = _asked(first)[:, :, None] * parts[:, None]  # [RB, C + 1, 3 (C + 1)]
    chances.append((last.operation[:, DIFFERENCE, None, None] * differences).flatten(1))
    errors = (torch.cat(values, 1) - wanted[:, None]).asinh()
    loss = huber_loss(errors, torch.zeros_like(errors), reduction="none")
    return (torch.cat(chances, 1).clamp_min(SURE**2).log() - loss).logsumexp(1)


def _aggregates(rows: Tensor, content: Tensor) -> Tensor:
    """Over sets of rows [RB, n, N] the sum of each column, and their number: [RB, n, C + 1]."""
    return torch.cat([rows @ content, rows.sum(2, keepdim=True)], 2)


def _asked(step: Choice) -> Tensor:
    """The probabilities of a step's aggregates: the sum of each column, and the count: [RB, C + 1]."""
    return torch.cat([step.operation[:, [SUM]] * step.column, step.operation[:, [COUNT]]], 1)


def _prints(last: Choice, selected: Tensor, likely: Tensor, wanted: Tensor, weight: float) -> Tensor:
    """As `_numbers`, over the programs that print; of cells [RB, N, C]."""
    selected = selected.clamp(SURE, 1 - SURE)
    inside, outside = selected.log(), (1 - selected).log()  # [RB, S, N]
    right = inside @ wanted + outside.sum(2, keepdim=True) - outside @ wanted  # [RB, S, C]
    printed = wanted.sum(1)  # [RB, C]
    elsewhere = (printed.sum(1, keepdim=True) - printed)[:, None] * torch.tensor(SURE).log()
    loss = -weight * (right + elsewhere) / wanted.shape[1]
    chances = likely[:, :, None] * (last.operation[:, [ASSIGN]] * last.column)[:, None]  # [RB, S, C]
    return (chances.clamp_min(SURE**2).log() - loss).flatten(1).logsumexp(1)


LOSSES: dict[str, Callable[[list[Choice], Tables, Given, float], Tensor]] = {"marginal": marginal, "mixed": mixed}
"""Of the choices [R, B, ...] and the tables, with what has to come out and the weight of printed cells: [R]."""
