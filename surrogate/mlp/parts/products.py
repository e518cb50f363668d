"""How a polynomial of many terms takes few operations: what its terms share, found once.

The inputs are divided into two groups, and each term into the product of its factors in either: its left and its right
half. Terms have few halves in common with no other, so that of hundreds of terms there are some dozens of each. Then

> Σ_k c_k Π_j T_{e_kj}(z_j) = Σ_b right_b Σ_a c_ab left_a,

in which the inner sum is a product of matrices for a batch of rows. Halves are made of their beginnings, and powers
T_{i+j} = 2 T_i T_j − T_{i−j} of lesser ones (Mason & Handscomb 2003, "Chebyshev Polynomials", section 2.4). Torch, C,
ONNX and numpy all follow the same steps.

Shapes: N terms, Z inputs, I of them that are read, R results, L left halves, B right ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Whole = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]
Key = tuple[int, ...]
"""The factors of a half, as their rows."""

ADDED, MULTIPLIED = 0.5, 1 / 80
"""What a right half of a result costs, and a cell c_ab, where making a half costs 1: of torch's time on a core."""

RADIX = np.uint64(0x9E3779B97F4A7C15)
"""Of the hashes of halves: an odd number of no pattern, 2^64 divided by the golden ratio."""


@dataclass(frozen=True, eq=False)
class Steps:
    """Rows of numbers, each made of earlier ones, and which two of them every term is the product of.

    Row 0 is 1, the next ones are the `inputs` [I] that are read. Then come, level by level, `powers` [3, k]: twice the
    product of two rows, less a third; and `products` [2, k] of two rows, of which the first is of the level before, or
    a power. A term is the product of the rows `left` [N] and `right` [N].
    """

    inputs: Whole
    powers: tuple[Whole, ...]
    products: tuple[Whole, ...]
    left: Whole
    right: Whole

    @property
    def count(self) -> int:
        """Of rows."""
        return 1 + len(self.inputs) + sum(len(level.T) for level in (*self.powers, *self.products))

    @property
    def grid(self) -> tuple[Whole, Whole, Whole]:
        """The rows of the left halves [L] and the right ones [B], and the place [N] of each term among [B, L]."""
        (left, of_left), (right, of_right) = (np.unique(rows, return_inverse=True) for rows in (self.left, self.right))
        return left, right, of_right * len(left) + of_left

    def matrix(self, coefficients: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Coefficients [R, N] as [R, B, L]."""
        left, right, place = self.grid
        found = np.zeros((len(coefficients), len(right) * len(left)))
        np.add.at(found.T, place, coefficients.T)
        return found.reshape(len(coefficients), len(right), len(left))


def steps(exponents: Whole, results: int) -> Steps:
    """The steps for terms of exponents [N, Z], which so many results are sums of."""
    inputs = np.flatnonzero(exponents.any(0))
    own = exponents[:, inputs]
    rows, powers = _powers(own)
    on_left = _on_left(own, results)
    keys = [_keys(own * group, rows) for group in (on_left, ~on_left)]
    places, products = _products(keys[0] + keys[1], int(rows.max(initial=0)) + 1)
    left, right = (np.array([places[key] for key in half], dtype=np.int64) for half in keys)
    return Steps(inputs, powers, products, left, right)


def _powers(own: Whole) -> tuple[Whole, tuple[Whole, ...]]:
    """The row of each input's powers [I, D + 1], 0 for one that is not needed, and how they are made."""
    inputs, most = own.shape[1], int(own.max(initial=1))
    needed = np.zeros((inputs, most + 1), dtype=bool)
    needed[np.arange(inputs), own] = True
    for power in range(most, 1, -1):
        needed[:, power // 2] |= needed[:, power]
        needed[:, power - power // 2] |= needed[:, power]
    rows = np.zeros((inputs, most + 1), dtype=np.int64)
    rows[:, 1] = np.arange(1, inputs + 1)
    levels: list[Whole] = []
    end, count = 1, inputs + 1
    while end < most:
        j, above = np.nonzero(needed[:, end + 1 : 2 * end + 1])
        e = above + end + 1
        rows[j, e] = np.arange(count, count + len(j))
        levels.append(np.stack([rows[j, e - e // 2], rows[j, e // 2], rows[j, e % 2]]))
        end, count = 2 * end, count + len(j)
    return rows, tuple(levels)


def _on_left(own: Whole, results: int) -> npt.NDArray[np.bool_]:
    """Which inputs [I] make the left halves.

    First the best beginning of all inputs, those that few terms read before the others; then, as long as it helps, one
    input changes sides. Halves are told apart by hashes: two that are the same would cost time alone.
    """
    inputs = own.shape[1]
    hashes = own.astype(np.uint64) * np.full(inputs, RADIX).cumprod()  # [N, I], modulo 2^64
    whole = hashes.sum(1, dtype=np.uint64)[:, None]

    def costs(left: Hashes) -> npt.NDArray[np.float64]:
        """Of some ways: the hashes of their left halves [N, ways]."""
        a, b = _distinct(left), _distinct(whole - left)
        return np.asarray(a + b + results * b * (ADDED + MULTIPLIED * a))

    order = np.argsort((own > 0).sum(0), kind="stable")
    beginnings = np.concatenate([np.zeros_like(whole), np.cumsum(hashes[:, order], axis=1, dtype=np.uint64)], axis=1)
    found = costs(beginnings)
    first, least = int(found.argmin()), found.min()
    group, left = np.isin(np.arange(inputs), order[:first]), beginnings[:, [first]]
    while inputs:
        changed = np.where(group, left - hashes, left + hashes)
        found = costs(changed)
        j = int(found.argmin())
        if found[j] >= least:
            break
        least, left, group[j] = found[j], changed[:, [j]], not group[j]
    return group


def _distinct(columns: Hashes) -> Whole:
    """How many different numbers each column of [N, ways] has."""
    ordered = np.sort(columns, axis=0)
    return np.asarray((ordered[1:] != ordered[:-1]).sum(0) + (len(columns) > 0))


def _keys(half: Whole, rows: Whole) -> list[Key]:
    """The factors of each half of exponents [N, I]."""
    terms, inputs = np.nonzero(half)
    factors = rows[inputs, half[terms, inputs]].tolist()
    ends = np.cumsum((half > 0).sum(1)).tolist()
    return [tuple(factors[start:end]) for start, end in zip([0, *ends], ends, strict=False)]


def _products(keys: list[Key], count: int) -> tuple[dict[Key, int], tuple[Whole, ...]]:
    """The row of every product of rows before `count`, and of its beginnings, and how they are made."""
    distinct = set(keys)
    places: dict[Key, int] = {(): 0} | {(row,): row for row in range(1, count)}
    levels = []
    for length in range(2, max(map(len, distinct), default=0) + 1):
        new = sorted({key[:length] for key in distinct if len(key) >= length})
        levels.append(np.array([[places[key[:-1]] for key in new], [key[-1] for key in new]], dtype=np.int64))
        places |= {key: count + k for k, key in enumerate(new)}
        count += len(new)
    return places, tuple(levels)
