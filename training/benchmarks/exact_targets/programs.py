"""The programs, a row each: its C file, the size of memory it is compiled for, a tape, and what must come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

import cprograms

_HERE = Path(__file__).parent
_LIBRARY = Path(cprograms.__file__).parent / "library" / "anc"
WORKERS = 6
PUZZLE = "530070000600195000098000060800060003400803001700020006060000280000419005000080079"
SOLVED = "534678912672195348198342567859761423426853791713924856961537284287419635345286179"


@dataclass(frozen=True)
class Shown:
    """A program with the first cells of a tape, and the cells from `place` on that it must leave.

    `problem` is what the tape asks, in words.
    """

    file: Path
    memory_size: int
    problem: str
    tape: Sequence[int]
    place: int
    expected: Sequence[int]


def shown(seed: int) -> list[Shown]:
    """All of them; the seed is that of the costs of the matching."""
    costs = np.random.default_rng(seed).integers(1, 60, (WORKERS, WORKERS))
    least = int(costs[linear_sum_assignment(costs)].sum())
    digits = [int(c) for c in "9876543212345678"]
    total = int("98765432") + int("12345678")
    return [
        Shown(_HERE / "long_addition.c", 64, "98765432 + 12345678", [8, *digits], 17, [int(c) for c in f"{total:09d}"]),
        Shown(_HERE / "collatz.c", 256, "from 7 to 1", [7], 0, [16]),
        Shown(_LIBRARY / "fibonacci.c", 1024, "the 16th number", [16], 0, [987]),
        Shown(
            _HERE / "matching.c", 512, f"{WORKERS} x {WORKERS} costs", [WORKERS, *costs.ravel().tolist()], 0, [least]
        ),
        Shown(_HERE / "sudoku.c", 512, "30 digits given", [int(c) for c in PUZZLE], 0, [int(c) for c in SOLVED]),
    ]
