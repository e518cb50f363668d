"""The arithmetic types of C on a 64-bit machine, and bounds of what their operations give.

Written for itself, after the standard, so that it shares no mistake with what it tests.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

WILD = (-math.inf, math.inf)
"""Bounds of a floating value that may be anything, NaN included."""
Bounds = tuple[float, float]


@dataclass(frozen=True)
class Type:
    """`rank` orders the types of C's conversions; `spellings` are the names that it goes by."""

    spellings: tuple[str, ...]
    rank: int
    bits: int
    signed: bool = True
    floating: bool = False

    @property
    def name(self) -> str:
        return self.spellings[0]

    @property
    def bounds(self) -> Bounds:
        if self.floating:
            return WILD
        if self == BOOL:
            return 0, 1
        return (-(2 ** (self.bits - 1)), 2 ** (self.bits - 1) - 1) if self.signed else (0, 2**self.bits - 1)


BOOL = Type(("_Bool",), 0, 8, signed=False)
CHAR = Type(("char",), 1, 8)
SCHAR = Type(("signed char",), 1, 8)
UCHAR = Type(("unsigned char", "char unsigned"), 1, 8, signed=False)
SHORT = Type(("short", "short int", "signed short"), 2, 16)
USHORT = Type(("unsigned short", "unsigned short int"), 2, 16, signed=False)
INT = Type(("int", "signed", "signed int"), 3, 32)
UINT = Type(("unsigned", "unsigned int", "int unsigned"), 3, 32, signed=False)
LONG = Type(("long", "long int", "signed long"), 4, 64)
ULONG = Type(("unsigned long", "unsigned long int", "long unsigned"), 4, 64, signed=False)
LLONG = Type(("long long", "long long int", "int long long"), 5, 64)
ULLONG = Type(("unsigned long long", "long long unsigned"), 5, 64, signed=False)
FLOAT = Type(("float",), 6, 32, floating=True)
DOUBLE = Type(("double",), 7, 64, floating=True)
INTEGERS = (BOOL, CHAR, SCHAR, UCHAR, SHORT, USHORT, INT, UINT, LONG, ULONG, LLONG, ULLONG)
UNSIGNED = {3: UINT, 4: ULONG, 5: ULLONG}
SUFFIXES = {INT: "", UINT: "u", LONG: "L", ULONG: "UL", LLONG: "LL", ULLONG: "ull"}
_LARGEST = {32: 1e37, 64: 1e300}
_ROUNDING = {32: 1e-6, 64: 1e-15}


def promoted(type: Type) -> Type:
    return INT if type.rank < INT.rank else type


def common(a: Type, b: Type) -> Type:
    """The type of the usual arithmetic conversions."""
    a, b = promoted(a), promoted(b)
    if a.floating or b.floating or a.signed == b.signed:
        return max(a, b, key=lambda t: t.rank)
    unsigned, signed = (b, a) if a.signed else (a, b)
    if unsigned.rank >= signed.rank:
        return unsigned
    return signed if signed.bits > unsigned.bits else UNSIGNED[signed.rank]


def inside(inner: Bounds, outer: Bounds) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def converted(bounds: Bounds, source: Type, target: Type) -> Bounds | None:
    """What a value becomes in another type; None where a floating one may not fit an integer type."""
    if target == BOOL:
        return 0, 1
    if target.floating:
        return _rounded(bounds, target)
    if source.floating:
        if not inside(bounds, (-1e15, 1e15)):
            return None
        bounds = math.trunc(bounds[0]), math.trunc(bounds[1])
        return bounds if inside(bounds, target.bounds) else None
    return bounds if inside(bounds, target.bounds) else target.bounds


def _rounded(bounds: Bounds, type: Type) -> Bounds:
    low, high = bounds
    if not inside(bounds, (-_LARGEST[type.bits], _LARGEST[type.bits])):
        return WILD
    slack = max(abs(low), abs(high)) * _ROUNDING[type.bits]
    return (low if low == 0 else low - slack), (high if high == 0 else high + slack)


def result(op: str, a: Bounds, b: Bounds, type: Type) -> Bounds | None:
    """Bounds of `a op b`, both of `type` already; None where it may be undefined. Shifts take a count as it is."""
    if type.floating:
        return _floating(op, a, b, type)
    found = _integer(op, a, b, type)
    if found is None or inside(found, type.bounds):
        return found
    return None if type.signed else type.bounds


def _floating(op: str, a: Bounds, b: Bounds, type: Type) -> Bounds:
    if WILD in (a, b) or (op == "/" and b[0] < 1e-3 and b[1] > -1e-3):
        return WILD
    corners = [{"+": x + y, "-": x - y, "*": x * y}[op] if op != "/" else x / y for x in a for y in b]
    return _rounded((min(corners), max(corners)), type)


def _integer(op: str, a: Bounds, b: Bounds, type: Type) -> Bounds | None:
    match op:
        case "+":
            return a[0] + b[0], a[1] + b[1]
        case "-":
            return a[0] - b[1], a[1] - b[0]
        case "*":
            corners = [x * y for x in a for y in b]
            return min(corners), max(corners)
        case "/" | "%":
            return _divided(op, a, b, type)
        case "<<" | ">>":
            return _shifted(op, a, b, type)
    if a[0] < 0 or b[0] < 0:
        return type.bounds
    return 0, min(a[1], b[1]) if op == "&" else 2 ** int(max(a[1], b[1])).bit_length() - 1


def _divided(op: str, a: Bounds, b: Bounds, type: Type) -> Bounds | None:
    if b[0] <= 0 <= b[1] or (type.signed and a[0] == type.bounds[0] and b[0] <= -1 <= b[1]):
        return None
    size = max(abs(a[0]), abs(a[1]))
    if op == "%":
        size = min(size, max(abs(b[0]), abs(b[1])) - 1)
        return (-size if a[0] < 0 else 0), (size if a[1] > 0 else 0)
    return (0 if a[0] >= 0 and b[0] > 0 else -size), size


def _shifted(op: str, a: Bounds, count: Bounds, type: Type) -> Bounds | None:
    if not inside(count, (0, type.bits - 1)):
        return None
    if op == "<<":
        return None if a[0] < 0 else (int(a[0]) << int(count[0]), int(a[1]) << int(count[1]))
    corners = [int(x) >> int(n) for x in a for n in count]
    return min(corners), max(corners)
