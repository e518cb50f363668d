"""ADD2X2 and APPLY2X2 of Gaunt et al. 2017: grids of four pictures, and a number that depends on two of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from training.sketches.mnist import Digits

LIBRARY = Path(__file__).resolve().parents[2] / "cprograms" / "library" / "sketch"
MODULUS = 19
CELLS: Mapping[str, tuple[int, int]] = {"top": (0, 1), "left": (0, 2), "bottom": (2, 3), "right": (1, 3)}
"""Of each task, the two cells that count, in the order of the rows."""
GIVEN = 3
"""Numbers, 0 to 9 each, beside a grid of operators."""

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Family:
    """Four tasks that one sketch solves, with other choices each.

    `pictures` says what is shown, and `function` is the sketch's name for the network that reads it. `result` is that
    of what two cells show [n] and [n], and of the given numbers [n, `given`]. `published` is the accuracy in percent
    of NTPT after lifelong learning.
    """

    name: str
    title: str
    program: Path
    pictures: str
    function: str
    given: int
    result: Callable[[Whole, Whole, Whole], Whole]
    published: Mapping[str, int]


def applied(a: Whole, b: Whole, how: Whole) -> Whole:
    """+ - x / of whole numbers modulo 19; x / 0 is 18."""
    quotient = np.where(b == 0, MODULUS - 1, a // np.maximum(b, 1))
    chosen = [(a + b) % MODULUS, (a - b) % MODULUS, a * b % MODULUS]
    return np.asarray(np.select([how == 0, how == 1, how == 2], chosen, quotient), dtype=np.int64)


ADD = Family(
    "add",
    "The sum of two digits of four, from sums alone",
    LIBRARY / "add_top.c",
    "digits",
    "digit",
    0,
    lambda first, second, numbers: first + second,
    {"top": 87, "left": 87, "bottom": 86, "right": 86},
)
APPLY = Family(
    "apply",
    "Two operators of four on three numbers, from results alone",
    LIBRARY / "apply_top.c",
    "operators",
    "operator_",
    GIVEN,
    lambda first, second, n: applied(applied(n[:, 0], n[:, 1], first), n[:, 2], second),
    {"top": 98, "left": 100, "bottom": 100, "right": 100},
)
FAMILIES: Mapping[str, Family] = {f.name: f for f in (ADD, APPLY)}


@dataclass(frozen=True)
class Grids:
    """`places` [n, 4] says which pictures the cells show, `shown` [n, 4] what is in them; `numbers` [n, given] and
    `result` [n]."""

    pictures: npt.NDArray[np.float32]
    places: Whole
    shown: Whole
    numbers: Whole
    result: Whole

    def first(self, count: int) -> Grids:
        """So many of them, at most."""
        kept = (self.places, self.shown, self.numbers, self.result)
        return Grids(self.pictures, *(part[:count] for part in kept))

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """As the sketch takes them."""
        grid = self.pictures[self.places].reshape(len(self.places), 2, 2, -1)
        numbers = {"number": self.numbers} if self.numbers.shape[1] else {}
        return {"grid": grid, **numbers, "result": self.result}


def grids(family: Family, pictures: Digits, task: str, count: int, seed: int) -> Grids:
    """Grids of random pictures."""
    x, y = pictures
    rng = np.random.default_rng(seed)
    places = rng.integers(0, len(x), (count, 4))
    numbers = rng.integers(0, 10, (count, family.given))
    shown = y[places]
    first, second = CELLS[task]
    return Grids(x, places, shown, numbers, family.result(shown[:, first], shown[:, second], numbers))
