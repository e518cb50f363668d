"""The options of the library's entry points, checked where they come in: wrong ones are named with what is expected.

The command line imports this for `--help`, so it does without numpy.
"""

from __future__ import annotations

import math
import os
import re
import reprlib
from collections.abc import Mapping, Sequence
from operator import index
from typing import Any

from cprograms.diagnostics import UsageError

_HEXADECIMAL = re.compile(r"[-+]?0[xX](?:[0-9a-fA-F]+|(?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)([pP][-+]?\d+))")
MANY = 10_000_000
"""The most rows, tapes or starts that one can ask for: of more the numbers would not fit in memory."""


def _wrong(name: str, expected: str, given: object) -> UsageError:
    """What to raise: "rows must be a whole number, not 2.5"."""
    return UsageError(f"{name} must be {expected}, not {reprlib.repr(given)}")


def whole(name: str, given: Any, least: int | None = None, most: int | None = None) -> int:
    """A whole number, numpy's too; True and False are none.

    Raises UsageError for others, for less than `least`, and for more than `most`.
    """
    try:
        number = index(given)
    except TypeError:
        raise _wrong(name, "a whole number", given) from None
    # True is a number to Python.
    if isinstance(given, bool):
        raise _wrong(name, "a whole number", given)
    if least is not None and number < least:
        raise _wrong(name, f"at least {least}", number)
    if most is not None and number > most:
        raise _wrong(name, f"at most {most:,}", number)
    return number


def seed(given: Any) -> int:
    """Raises UsageError for what is no whole number, and for a negative one."""
    number = whole("seed", given)
    if number < 0:
        raise UsageError(f"a seed must not be negative: {number}")
    return number


def positive(name: str, given: Any) -> float:
    """A finite number above zero. Raises UsageError for others."""
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given < math.inf:
        raise _wrong(name, "a positive number", given)
    return float(given)


def text(name: str, given: Any) -> str:
    """Raises UsageError for what is no text."""
    if not isinstance(given, str):
        raise _wrong(name, "a text", given)
    return given


def path(name: str, given: Any) -> str | os.PathLike[str]:
    """Raises UsageError for what is no path."""
    if not isinstance(given, str | os.PathLike):
        raise _wrong(name, "a path", given)
    return given


def texts(name: str, given: Any, example: str) -> list[str]:
    """Several texts, or paths, as texts. Raises UsageError for a single one, a mapping, and what is no text."""
    several = isinstance(given, Sequence) and not isinstance(given, str | bytes)
    if several and all(isinstance(part, str | os.PathLike) for part in given):
        return [os.fspath(part) for part in given]
    raise _wrong(name, f"a list of texts, as in {example}", given)


def numbers(name: str, given: Any, example: str) -> dict[str, float]:
    """Numbers by name; none for None. Raises UsageError for what is no mapping from names to numbers."""
    if given is None:
        return {}
    fits = isinstance(given, Mapping) and all(
        isinstance(key, str) and _is_number(value) for key, value in given.items()
    )
    if not fits:
        raise _wrong(name, f"a mapping from names to numbers, as in {example}", given)
    return dict(given)


def _is_number(given: Any) -> bool:
    """Whether it is a single number, numpy's too; True and False are none."""
    return hasattr(given, "__float__") and not isinstance(given, bool) and not getattr(given, "ndim", 0)


def ranges(given: Any) -> dict[str, tuple[Any, Any]]:
    """Low and high by name. Raises UsageError for what is no mapping from names to two numbers."""
    if not isinstance(given, Mapping):
        raise _wrong("ranges", 'a mapping of names to (low, high), as in {"x": (0, 1)}', given)
    return {text("the name of a range", name): _bounds(name, bounds) for name, bounds in given.items()}


def _bounds(name: str, given: Any) -> tuple[Any, Any]:
    fault = _wrong(f"the range of '{name}'", "two numbers", given)
    # The order of a set's numbers is anyone's guess, and a mapping has names for them.
    if isinstance(given, Mapping | set | frozenset | str | bytes):
        raise fault
    try:
        low, high = given
    except (TypeError, ValueError):
        raise fault from None
    if not (_is_number(low) and _is_number(high)):
        raise fault
    return low, high


def number(written: str) -> int | float:
    """A number as C writes it, without a suffix: 16, -0x10, 1e3, 0x1p-3; also inf and nan.

    Whole ones are exact, however many digits they have. Raises ValueError for what is none.
    """
    word = written.strip()
    match = _HEXADECIMAL.fullmatch(word)
    if match is not None:
        return float.fromhex(word) if match[1] else int(word, 16)
    if not word.isascii() or "_" in word:  # which Python takes, and C does not
        raise ValueError(written)
    try:
        return int(word)
    except ValueError:
        return float(word)
