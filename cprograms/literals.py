"""The values and types of C's literals."""

from __future__ import annotations

import math

from pycparser import c_ast

from cprograms.declarations import CHARACTER, Unsupported, character, integer
from cprograms.types import DOUBLE, FLOAT, INT, SCALARS, Scalar

_UINT, _LONG, _ULONG = SCALARS["u32"], SCALARS["i64"], SCALARS["u64"]


def literal(node: c_ast.Constant) -> tuple[int | float, Scalar]:
    """Value and type of a literal. Raises Unsupported for a string, and for an integer that no type holds."""
    if "float" in node.type or "double" in node.type:
        return _floating(node.value)
    if node.type == "string":
        raise Unsupported(node, "strings are not numeric")
    return (character(node), INT) if node.type == "char" else _integer(node)


def string(node: c_ast.Constant) -> list[int]:
    """The characters of a string literal, as signed chars, and the 0 behind them. Raises Unsupported for a wide one."""
    text = node.value.removeprefix("u8")
    if not text.startswith('"'):
        raise Unsupported(node, "wide strings are not supported")
    found = []
    for part in CHARACTER.findall(text[1:-1]):
        bytes = part.encode(errors="surrogateescape") if len(part) == 1 else b""
        found += [b - 256 if b > 127 else b for b in bytes] or [
            character(c_ast.Constant("char", f"'{part}'", node.coord))
        ]
    return [*found, 0]


def enumerator(value: int) -> tuple[int, Scalar]:
    """An enumeration constant's value and type: int, or long where an int cannot hold it."""
    return value, INT if INT.limits[0] <= value <= INT.limits[1] else _LONG


def _floating(text: str) -> tuple[float, Scalar]:
    hexadecimal = text[:2].lower() == "0x"
    digits = text.rstrip("lL" if hexadecimal and "p" not in text.lower() else "fFlL")
    type = FLOAT if text[-1] in "fF" and digits != text else DOUBLE
    return _hexadecimal(digits) if hexadecimal else float(digits), type


def _hexadecimal(digits: str) -> float:
    try:
        return float.fromhex(digits)
    except OverflowError:  # C has infinity here, as float() has of a decimal literal
        return math.inf


def _integer(node: c_ast.Constant) -> tuple[int, Scalar]:
    text = node.value
    suffix = text[len(text.rstrip("uUlL")) :].lower()
    kinds: tuple[Scalar, ...] = (_LONG,) if "l" in suffix else (INT, _LONG)
    if "u" in suffix:
        kinds = (_ULONG,) if "l" in suffix else (_UINT, _ULONG)
    elif text[0] == "0":
        # Octal and hexadecimal literals may become unsigned, decimal ones may not (C11 6.4.4.1).
        kinds = (_LONG, _ULONG) if "l" in suffix else (INT, _UINT, _LONG, _ULONG)
    value = integer(node)
    for kind in kinds:
        if value <= kind.limits[1]:
            return value, kind
    raise Unsupported(node, "this integer is too large")
