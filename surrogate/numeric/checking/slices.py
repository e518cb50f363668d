"""Slices of an argument's range, of about equally many rows each."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from cprograms.program import Argument

Rows = npt.NDArray[np.float64]

SLICES = 5


def edges_of(argument: Argument) -> tuple[float, ...]:
    """The ends of equally wide slices, k from edge k up to k+1; (low, high) where there is nothing to divide.

    Of an integer they lie between its values, and no slice is without any.
    """
    low, high = argument.low, argument.high
    if not low < high:
        return (low, high)
    if not argument.type.is_integer:
        return _ascending([low * (1 - k / SLICES) + high * (k / SLICES) for k in range(SLICES + 1)])
    first, last = math.ceil(low), math.floor(high)
    parts = min(SLICES, last - first + 1)
    inner = [first + (last - first + 1) * k // parts - 0.5 for k in range(1, parts)]
    return _ascending([low, *inner, high])


def _ascending(edges: list[float]) -> tuple[float, ...]:
    """The edges, or the ends alone where numbers are too coarse to divide."""
    return tuple(edges) if np.all(np.diff(edges) > 0) else (edges[0], edges[-1])


def places(values: Rows, edges: tuple[float, ...]) -> npt.NDArray[np.int64]:
    """The slice of each value [n] of the range; the upper end is of the last."""
    return np.clip(np.searchsorted(edges, values, side="right") - 1, 0, len(edges) - 2)
