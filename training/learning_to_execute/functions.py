"""C functions for the LSTM: it reads a function's text and its arguments and writes the digits of the result.

So one network both reads a program and acts, for every program at once; a surrogate compiler emits a small network for
each. Training on the functions of one text only gives the LSTM that stands in for that program alone.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
from torch import Tensor

from training.learning_to_execute.curricula import Hardness
from training.learning_to_execute.lstm import CharacterLSTM
from training.learning_to_execute.tasks import ALPHABET, ANSWER_END, FUNCTIONS, LIMITS, QUESTION_END, ExecuteTask

PRINTABLE = "".join(map(chr, range(32, 127)))
FUNCTION_ALPHABET = ALPHABET + "".join(c for c in PRINTABLE if c not in ALPHABET)
POINT = "`"
"""Stands for a decimal point: `.` is the end of an answer, and C has no use for a backtick."""
DIGITS = 4
"""Significant decimal digits of every number that is read or written."""
LONGEST = DIGITS + 6
"""Characters of the longest number: its digits, a sign, `e`, an exponent with a sign, of three digits."""
_FOREIGN = re.compile(f"[^ -~]|{QUESTION_END}")
_NUMBER = re.compile(r"-?\d+e-?\d+")


@dataclass(frozen=True)
class FunctionRows:
    """A program's C text, and rows of one of its results: x [K, A] and y [K], finite, in C units."""

    text: str
    x: np.ndarray
    y: np.ndarray


def written(value: float) -> str:
    """A finite number as four digits and a power of ten, without a point: 3.14159 is 3142e-3."""
    mantissa, exponent = f"{value:.{DIGITS - 1}e}".split("e")
    if float(mantissa) == 0:
        return "0e0"
    return f"{mantissa.replace('.', '')}e{int(exponent) - DIGITS + 1}"


def read_number(text: str) -> float:
    """What `written` wrote; 0 for any other text, for an LSTM may write what is no number, or none that is finite."""
    value = float(text) if _NUMBER.fullmatch(text) else 0.0
    return value if math.isfinite(value) else 0.0


def question(text: str, row: np.ndarray) -> str:
    """A function's text with every run of white space as one space, then the arguments."""
    readable = " ".join(text.split()).replace(ANSWER_END, POINT)
    return f"{_FOREIGN.sub('?', readable)}\n{','.join(map(written, row.tolist()))}"


def function_task(functions: Sequence[FunctionRows]) -> ExecuteTask:
    """Rows of the functions, drawn uniformly. There are no splits: all rows are for training."""

    def draw(random: Random, _hardness: Hardness) -> tuple[str, str]:
        function = functions[int(random.random() * len(functions))]
        row = int(random.random() * len(function.y))
        return question(function.text, function.x[row]), written(float(function.y[row]))

    return ExecuteTask(draw, LIMITS[FUNCTIONS], FUNCTION_ALPHABET, splits=False)


@torch.no_grad()
def predict(model: CharacterLSTM, text: str, x: np.ndarray) -> np.ndarray:
    """The results [n] that the model writes for rows x [n, A], each character the likeliest one after the last."""
    device = model.head.weight.device
    table = function_task([]).codes
    answers = []
    for row in x:
        asked = f"{question(text, row)}{QUESTION_END}".encode().translate(table)
        codes = torch.tensor(list(asked), device=device)[:, None]  # [T, 1]
        answers.append(read_number(_continued(model, codes)))
    return np.array(answers)


def _continued(model: CharacterLSTM, codes: Tensor) -> str:
    """The answer to one question [T, 1], without its end, cut where no number goes on."""
    answer, state = "", None
    while len(answer) < LONGEST:
        hidden, state = model.lstm(model.embedding(codes), state)
        codes = model.head(hidden[-1:]).argmax(-1)  # [1, 1]
        character = FUNCTION_ALPHABET[int(codes)]
        if character == ANSWER_END:
            break
        answer += character
    return answer
