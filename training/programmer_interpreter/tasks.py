"""What is learned: C programs, the tapes that they run on, and the rows that these are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cprograms.tape import load_tape
from cprograms.tape.situations import Frames, Row, Situation, Window, situations
from cprograms.tape.traces import TracedProgram

PROGRAMS = Path(__file__).with_name("programs")
VERSIONS = ("recursive", "loop")
BLANK, START, LAST = 10, 0, 10
"""Beside the numbers of an addition; before and behind the values of a row that is sorted."""
VALUES = 11

Ints = npt.NDArray[np.int64]


class Problems(NamedTuple):
    """Tapes [N, M] as programs get them, and the answers [N, K] that they should leave."""

    tapes: Ints
    answers: Ints


@dataclass(frozen=True)
class Task:
    """A program in one or several versions, as C files by name.

    `draw` makes problems of a size, `answer` reads the answers [N, K] from tapes [N, M] of such problems. Training sees
    sizes up to `trained`; `sizes` are those that are measured. `decisions` are more than any run of the C program of a
    size makes. `rows` and `start` are what `cprograms.tape.situations` needs to know of all tapes of all sizes.
    """

    files: dict[str, str]
    pointers: int
    trained: int
    sizes: tuple[int, ...]
    draw: Callable[[np.random.Generator, int, int], Problems]
    answer: Callable[[Ints, int], Ints]
    decisions: Callable[[int], int]
    rows: tuple[Row, ...]
    start: tuple[Situation, ...]


# Addition

_DIGITS = frozenset(range(10))
_ALL = frozenset(range(VALUES))
_ANYTHING = dict.fromkeys(_ALL, _ALL)
_NUMBER = {**dict.fromkeys(_DIGITS, _ALL), BLANK: frozenset({BLANK})}
_CARRIES = dict.fromkeys((0, 1), frozenset({0, 1}))


def _addition(rng: np.random.Generator, count: int, size: int) -> Problems:
    """Two numbers, one of `size` digits, the other of 1 to `size`."""
    width = _columns(size)
    lengths = np.stack([np.full(count, size), rng.integers(1, size + 1, count)], axis=1)
    lengths = rng.permuted(lengths, axis=1)
    digits = rng.integers(0, 10, (count, 2, width))
    column = np.arange(width)[::-1]  # from the right
    numbers = np.where(column < lengths[:, :, None], digits, BLANK)
    rows = [numbers[:, 0], numbers[:, 1], np.zeros((count, width)), np.full((count, width), BLANK)]
    pointers = 4 + width * np.arange(1, 5) - 1
    tapes = np.concatenate([np.tile(pointers, (count, 1)), *rows], axis=1)
    return Problems(tapes.astype(np.int64), np.stack([_sum(a, b) for a, b in numbers]))


def _columns(size: int) -> int:
    """A column for the last carry, a blank one, and so many that the memory holds the sum of two digits."""
    return max(size + 2, 4)


def _sum(first: Ints, second: Ints) -> Ints:
    """The row of a sum: as many digits as the longer number, one more where a carry is left, before them blanks."""
    texts = ["".join(str(d) for d in row if d != BLANK) for row in (first, second)]
    total = str(sum(map(int, texts))).zfill(max(map(len, texts)))
    return np.array([BLANK] * (len(first) - len(total)) + [int(d) for d in total])


# Sorting

_CELLS = frozenset(range(1, 10))


def _row(count: int, size: int, values: Ints | int) -> Ints:
    rows = np.full((count, size + 2), values if isinstance(values, int) else 0)
    if not isinstance(values, int):
        rows[:, 1:-1] = values
    rows[:, 0], rows[:, -1] = START, LAST
    return rows


def _sort(rng: np.random.Generator, count: int, size: int) -> Problems:
    values = rng.integers(1, 10, (count, size))
    pointers = np.tile([3, 4, 3 + size + 3], (count, 1))
    spare = np.zeros((count, VALUES), dtype=np.int64)  # so that the memory holds every value
    tapes = np.concatenate([pointers, _row(count, size, values), _row(count, size, 1), spare], axis=1)
    return Problems(tapes, np.sort(values, axis=1))


def _maximum(rng: np.random.Generator, count: int, size: int) -> Problems:
    problems = _sort(rng, count, size)
    return Problems(problems.tapes, problems.answers[:, -1:])


_SORTED: tuple[Row, ...] = (
    Row((0, 1), {**{v: _CELLS | {START} for v in _CELLS}, LAST: _CELLS}, {v: _CELLS | {LAST} for v in _CELLS}),
    Row((2,), {1: frozenset({START, 1}), LAST: frozenset({1})}, {1: frozenset({1, LAST}), START: frozenset({1})}),
)
_UNSORTED = tuple((Window((START, v), (0, 1)), Window((1,), (0,))) for v in sorted(_CELLS))

TASKS = {
    "addition": Task(
        files={version: f"addition_{version}.c" for version in VERSIONS},
        pointers=4,
        trained=3,
        sizes=(3, 10, 40, 200),
        draw=_addition,
        answer=lambda tapes, size: tapes[:, -_columns(size) :],
        decisions=lambda size: 16 * _columns(size),
        rows=(
            Row((0,), _NUMBER, _ANYTHING),
            Row((1,), _NUMBER, _ANYTHING),
            Row((2,), dict.fromkeys((0, 1), frozenset({0})), _CARRIES, kept=1),
            Row((3,), dict.fromkeys(_ALL, frozenset({BLANK})), _ANYTHING),
        ),
        start=tuple(
            (Window((a,), (0,)), Window((b,), (0,)), Window((0,), (0,)), Window((BLANK,), (0,)))
            for a in sorted(_ALL)
            for b in sorted(_ALL)
        ),
    ),
    "sort": Task(
        files={version: f"sort_{version}.c" for version in VERSIONS},
        pointers=3,
        trained=4,
        sizes=(2, 3, 4, 8, 20, 40),
        draw=_sort,
        answer=lambda tapes, size: tapes[:, 4 : 4 + size],
        decisions=lambda size: 20 * (size + 2) ** 2,
        rows=_SORTED,
        start=_UNSORTED,
    ),
    "maximum": Task(
        files={"recursive": "maximum.c"},
        pointers=3,
        trained=4,
        sizes=(4, 8, 20, 40),
        draw=_maximum,
        answer=lambda tapes, size: np.take_along_axis(tapes, tapes[:, :1], axis=1),
        decisions=lambda size: 20 * (size + 3) ** 2,
        rows=_SORTED,
        start=_UNSORTED,
    ),
}
"""The maximum is one of a row that it sorts first."""


@cache
def traced(task: str, version: str) -> TracedProgram:
    """The C program of a task, ready to be traced."""
    about = TASKS[task]
    program = load_tape(PROGRAMS / about.files[version], recursion=version == "recursive")
    return TracedProgram(program, about.pointers, VALUES)


@cache
def frames_of(task: str, version: str) -> Frames:
    """All that frames of the program can see, on tapes of any size. Raises Endless where it loops."""
    return situations(traced(task, version), TASKS[task].rows, TASKS[task].start)
