"""Inputs of the library's tape programs that are no task of the paper, with what Python says each must leave.

A case draws the first cells of a tape for a memory size (at least 24) and gives the cells that the program must leave.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from itertools import groupby
from math import gcd

import numpy as np

Case = Callable[[np.random.Generator, int], tuple[list[int], dict[int, int]]]


def _values(rng: np.random.Generator, low: int, high: int, longest: int = 8) -> list[int]:
    return rng.integers(low, high, size=rng.integers(0, longest + 1)).tolist()


def _maximum(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values = _values(rng, 0, m)
    return [len(values), *values], {0: max(values, default=0)}


def _sum(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values = _values(rng, 0, m)
    return [len(values), *values], {0: sum(values) % m}


def _count(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values = _values(rng, 1, 4)
    value = int(rng.integers(1, 4))
    return [value, *values, 0], {0: values.count(value)}


def _binary_search(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values, value = sorted(_values(rng, 0, m)), int(rng.integers(0, m))
    return [value, len(values), *values], {0: bisect_left(values, value)}


def _gcd(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    a, b = rng.integers(0, m, size=2).tolist()
    return [a, b], {0: gcd(a, b)}


def _fibonacci(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    n, numbers = int(rng.integers(0, 20)), [0, 1]
    while len(numbers) <= n:
        numbers.append(numbers[-1] + numbers[-2])
    return [n], {0: numbers[n] % m}


def _insertion_sort(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values = _values(rng, 0, m)
    return [len(values), *values], dict(enumerate(sorted(values), start=1))


def _string_compare(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    s = _values(rng, 1, 3)
    t = s if rng.random() < 0.3 else _values(rng, 1, 3)
    return [2, 3 + len(s), *s, 0, *t, 0], {0: 0 if s == t else 1 if s < t else 2}


def _run_length(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values = _values(rng, 1, 3, longest=6)
    runs = [cell for value, run in groupby(values) for cell in (value, len(list(run)))]
    out = len(values) + 2
    return [out, *values, 0], dict(enumerate([*runs, 0], start=out))


def _palindrome(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    half = _values(rng, 0, m, longest=4)
    values = half + half[::-1][rng.integers(0, 2) :]
    if values and rng.random() < 0.5:
        values[rng.integers(0, len(values))] = int(rng.integers(0, m))
    return [len(values), *values], {0: int(values == values[::-1])}


def _histogram(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    values, width = _values(rng, 1, m), int(rng.integers(1, 5))
    bins = [min(value // width, 3) for value in values]
    return [12, width, *values, 0], {12 + bin: bins.count(bin) for bin in range(4)}


def _calculator(rng: np.random.Generator, m: int) -> tuple[list[int], dict[int, int]]:
    a, b, c = rng.integers(0, m, size=3).tolist()
    kind, other = rng.integers(2, 5, size=2).tolist()
    functions = {2: lambda x, y: x + y, 3: lambda x, y: x - y, 4: lambda x, y: x * y}
    if rng.random() < 0.5:
        tokens, result = [1, a, 1, b, 1, c, kind, 0, other, 0], functions[other](a, functions[kind](b, c) % m)
    else:
        tokens, result = [1, a, 5, 0, kind, 0, 1, b, other, 0], functions[other](functions[kind](a, a) % m, b)
    return [*tokens, 0], {0: result % m}


CASES: dict[str, Case] = {
    "maximum": _maximum,
    "sum": _sum,
    "count": _count,
    "binary_search": _binary_search,
    "gcd": _gcd,
    "fibonacci": _fibonacci,
    "insertion_sort": _insertion_sort,
    "string_compare": _string_compare,
    "run_length": _run_length,
    "palindrome": _palindrome,
    "histogram": _histogram,
    "calculator": _calculator,
}
