"""Numbers, arrays and comments as C has them."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from cprograms.types import Scalar

WIDTH = 110
"""Columns of a line of the file."""


def floating(value: float, single: bool = False) -> str:
    """A float or a double in as few digits as give it back."""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    text = str(np.float32(value)) if single else repr(float(value))
    return (text if any(c in text for c in ".e") else f"{text}.0") + "f" * single


def constant(value: int | float, type: Scalar) -> str:
    """A number of a C type, in brackets where it is negative. The least integers have no constants of their own."""
    if not type.is_integer:
        text = floating(float(value), type.bits == 32)
        return f"({text})" if text.startswith("-") else text
    whole = int(value)
    if type.kind == "bool":
        return str(whole)
    if type.bits < 32:
        return f"(({type.name})({whole}))"
    suffix = ("u" if type.kind == "uint" else "") + ("ll" if type.bits == 64 else "")
    if type.kind == "int" and whole == type.limits[0]:
        return f"({whole + 1}{suffix} - 1)"
    return f"({whole}{suffix})" if whole < 0 else f"{whole}{suffix}"


def array(declaration: str, numbers: Iterable[str]) -> str:
    """The definition of a constant array, its numbers in lines that fit."""
    body = "\n".join(textwrap.wrap(", ".join(numbers), WIDTH - 4, break_long_words=False, break_on_hyphens=False))
    return f"static const {declaration} = {{\n{textwrap.indent(body, '    ')}\n}};"


def floats(declaration: str, values: npt.NDArray[np.floating], single: bool = False) -> str:
    """An array of floating numbers, whatever its shape: C has it flat."""
    return array(declaration, (floating(v, single) for v in values.ravel().tolist()))


def comment(lines: Iterable[str]) -> str:
    """A block comment; what would end it is taken apart."""
    wrapped = [part for line in lines for part in textwrap.wrap(line, WIDTH - 3, subsequent_indent="  ") or [""]]
    return (
        "\n".join(["/* " + wrapped[0], *(f" * {line}".rstrip() for line in wrapped[1:])]).replace("*/", "* /") + " */"
    )
