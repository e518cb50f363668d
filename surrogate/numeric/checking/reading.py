"""Figures as JSON has them, and back: JSON has no infinity and no NaN, and what it says may be anything."""

from __future__ import annotations

import math
from typing import Any


def plain(v: Any) -> Any:
    """For JSON: an infinite or undefined figure becomes None."""
    return None if isinstance(v, float) and not math.isfinite(v) else v


def number(v: float | None) -> float:
    """A figure that may be infinite."""
    return math.inf if v is None else float(v)


def size(v: float | None) -> float:
    """The same of what is not negative. Raises ValueError for other numbers."""
    found = number(v)
    if not found >= 0:
        raise ValueError(f"{v!r} is no size")
    return found


def share(v: float) -> float:
    """From 0 to 1. Raises ValueError for other numbers."""
    if not 0 <= v <= 1:
        raise ValueError(f"{v!r} is no share")
    return float(v)


def count(v: int) -> int:
    """Raises ValueError for what is negative or no whole number."""
    if type(v) is not int or v < 0:
        raise ValueError(f"{v!r} is no count")
    return v


def finite(v: float) -> float:
    """Raises ValueError for what is no finite number."""
    if not math.isfinite(v):
        raise ValueError(f"{v!r} is no finite number")
    return float(v)


def text(v: str) -> str:
    """A text that is to be shown. Raises ValueError where it would do something else to a terminal."""
    if not (isinstance(v, str) and v.isprintable()):
        raise ValueError("no text to show")
    return v
