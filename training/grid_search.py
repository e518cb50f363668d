"""The search for the best value of one setting, on a geometric grid that grows until the best value lies inside."""

from __future__ import annotations

from collections.abc import Callable

from cprograms.diagnostics import UsageError

EXTENSIONS = 8
"""Times that a grid of strengths is extended before its best value counts as unbounded."""
TIE = 0.01
"""Values of a grid whose errors differ by less, relatively, are as good as one another: the middle one is taken."""


def climb(
    errors: Callable[[list[float]], list[float]], middle: float, factor: float, extensions: int = EXTENSIONS
) -> tuple[float, dict[float, float]]:
    """The strength of least error on a geometric grid, never one of its ends, and the errors of all that were tried.

    The grid is extended while its best value is an end. Raises UsageError where that does not help.
    """
    places = [-1, 0, 1]
    tried = dict(zip(places, errors([middle * factor**p for p in places]), strict=True))
    for _ in range(extensions + 1):
        least = min(tried.values())
        best = min((p for p in tried if tried[p] <= least * (1 + TIE)), key=abs)
        if min(tried) < best < max(tried):
            return middle * factor**best, {middle * factor**p: tried[p] for p in sorted(tried)}
        new = best + (1 if best == max(tried) else -1)
        tried[new] = errors([middle * factor**new])[0]
    raise UsageError(f"the error still falls at the end of the grid, {middle * factor**new:g}: it has no best value")
