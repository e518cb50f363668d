"""Scrambled Sobol points, bit for bit those of `scipy.stats.qmc.Sobol`, whose import takes a third of a compile's time.

Sobol (1967), with the direction numbers of Joe and Kuo (2008), https://web.maths.unsw.edu.au/~fkuo/sobol, scrambled by
random lower triangular matrices and a digital shift (Matoušek 1998).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

BITS = 30
_DIRECTIONS = (
    (0, (1,)),
    (1, (1, 3)),
    (1, (1, 3, 1)),
    (2, (1, 1, 1)),
    (1, (1, 1, 3, 3)),
    (4, (1, 3, 5, 13)),
    (2, (1, 1, 5, 5, 17)),
    (4, (1, 1, 5, 5, 5)),
    (7, (1, 1, 7, 11, 19)),
    (11, (1, 1, 5, 1, 1)),
    (13, (1, 1, 1, 3, 11)),
    (14, (1, 3, 5, 5, 31)),
    (1, (1, 3, 3, 9, 7, 49)),
    (13, (1, 1, 1, 15, 21, 21)),
    (16, (1, 3, 1, 13, 27, 49)),
)
"""Of each dimension but the first: the inner coefficients of its polynomial, as bits, and its first numbers."""
MAX_DIMENSIONS = len(_DIRECTIONS) + 1


def sobol(n: int, dimensions: int, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """The first n points of the unit cube, [n, dimensions], each coordinate in [0, 1); at most MAX_DIMENSIONS.

    The sequence is balanced over powers of two; its first n points are still well spread.
    """
    (own,) = rng.spawn(1)
    places = np.arange(BITS, dtype=np.uint32)
    shift = own.integers(2, size=(dimensions, BITS), dtype=np.uint32) @ (1 << places)
    matrices = np.tril(own.integers(2, size=(dimensions, BITS, BITS), dtype=np.uint32))
    matrices[:, places, places] = 1
    numbers = np.array([_direction_numbers(d) for d in range(dimensions)], dtype=np.uint32)
    highest_first = places[::-1, None]
    digits = matrices @ (numbers[:, None] >> highest_first & 1) & 1  # [dimensions, BITS, BITS]: of each number a column
    numbers = (digits << highest_first).sum(axis=1, dtype=np.uint32)
    index = np.arange(n, dtype=np.uint32)[:, None]
    gray = index ^ index >> 1
    points = np.broadcast_to(shift, (n, dimensions)).copy()
    for bit in range(n.bit_length()):
        points ^= (gray >> bit & 1) * numbers[:, bit]
    return points * 2.0**-BITS


def _direction_numbers(dimension: int) -> list[int]:
    """The BITS numbers v_j of a dimension as whole numbers of 2^-BITS: Joe and Kuo (2008), equation 2."""
    if dimension == 0:
        return [1 << BITS - 1 - j for j in range(BITS)]
    coefficients, first = _DIRECTIONS[dimension - 1]
    degree = len(first)
    numbers = list(first)
    for j in range(degree, BITS):
        number = numbers[j - degree] ^ numbers[j - degree] << degree
        for k in range(1, degree):
            if coefficients >> degree - 1 - k & 1:
                number ^= numbers[j - k] << k
        numbers.append(number)
    return [number << BITS - 1 - j for j, number in enumerate(numbers)]
