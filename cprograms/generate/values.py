"""Expressions under construction: a C node, its type, and a rough idea of the values that it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from pycparser import c_ast

from cprograms.generate import nodes
from cprograms.types import SCALARS, usual_conversion

_COMMON = {(a, b): usual_conversion(SCALARS[a], SCALARS[b]).code for a in SCALARS for b in SCALARS}
_REAL = frozenset(("f32", "f64"))
_SIGNED = {"u32": "i32", "u64": "i64"}
_INT_MAX = 2**31 - 1
_ROOT12 = math.sqrt(12.0)

Number = int | float


class Value:
    """An expression with interval and moments, tracked as it is built.

    `lo`, `hi` bound its values (up to rounding, and taking operands as independent); `mid`, `dev` estimate their mean
    and standard deviation; bit i of `mask` tells that it depends on argument i. The operators +, -, *, / build the C
    that they look like, in the type that C gives it, and widen integers (a cast to long) where int could overflow.
    """

    __slots__ = ("dev", "hi", "lo", "mask", "mid", "node", "type")

    def __init__(
        self,
        node: c_ast.Node,
        type: str,
        lo: float,
        hi: float,
        mid: float | None = None,
        dev: float | None = None,
        mask: int = 0,
    ):
        self.node, self.type, self.lo, self.hi, self.mask = node, type, lo, hi, mask
        self.mid = (lo + hi) / 2 if mid is None else mid
        self.dev = (hi - lo) / _ROOT12 if dev is None else dev

    @property
    def real(self) -> bool:
        return self.type in _REAL

    @property
    def bound(self) -> float:
        return max(abs(self.lo), abs(self.hi))

    @property
    def simple(self) -> bool:
        """True for a name or a literal: what may be repeated in an expression."""
        return isinstance(self.node, c_ast.ID | c_ast.Constant)

    def __add__(self, other: Value | Number) -> Value:
        b = self._lift(other)
        return _arithmetic("+", self, b, self.lo + b.lo, self.hi + b.hi, self.mid + b.mid, math.hypot(self.dev, b.dev))

    def __sub__(self, other: Value | Number) -> Value:
        b = self._lift(other)
        return _arithmetic("-", self, b, self.lo - b.hi, self.hi - b.lo, self.mid - b.mid, math.hypot(self.dev, b.dev))

    def __mul__(self, other: Value | Number) -> Value:
        b = self._lift(other)
        ends = (self.lo * b.lo, self.lo * b.hi, self.hi * b.lo, self.hi * b.hi)
        dev = math.sqrt((self.mid * b.dev) ** 2 + (b.mid * self.dev) ** 2 + (self.dev * b.dev) ** 2)
        return _arithmetic("*", self, b, min(ends), max(ends), self.mid * b.mid, dev)

    def __truediv__(self, other: Value | Number) -> Value:
        """C's division; the divisor's interval should exclude 0 (an integer's must)."""
        b = self._lift(other)
        lo, hi = b.lo, b.hi
        if lo <= 0 <= hi:
            nearest = max(abs(b.mid), b.dev, 1e-3) / 10
            lo, hi = -nearest, nearest
        ends = (self.lo / lo, self.lo / hi, self.hi / lo, self.hi / hi)
        least, most = min(ends), max(ends)
        mid, dev = (1 / b.mid, 0.0) if lo > 0 and not b.dev else moments(lambda x: 1 / x if x else 0.0, b)
        spread = math.sqrt((self.mid * dev) ** 2 + (mid * self.dev) ** 2 + (self.dev * dev) ** 2)
        quotient = _arithmetic("/", self, b, least, most, self.mid * mid, spread)
        if not quotient.real:
            quotient.lo, quotient.hi = math.trunc(least), math.trunc(most)
        return quotient

    def __radd__(self, other: Number) -> Value:
        return self._lift(other) + self

    def __rsub__(self, other: Number) -> Value:
        return self._lift(other) - self

    def __rmul__(self, other: Number) -> Value:
        return self._lift(other) * self

    def __rtruediv__(self, other: Number) -> Value:
        return self._lift(other) / self

    def __neg__(self) -> Value:
        v = convert(self, "i32") if self.type == "u32" else self
        return Value(c_ast.UnaryOp("-", v.node), promoted(v.type), -v.hi, -v.lo, -v.mid, v.dev, v.mask)

    def _lift(self, other: Value | Number) -> Value:
        """A Python int becomes an int literal, a float one of this value's floating type (double for integers)."""
        if isinstance(other, Value):
            return other
        return literal(other, self.type if self.type in _REAL else "f64")


def literal(number: Number, type: str = "f64") -> Value:
    if isinstance(number, int):
        return Value(nodes.integer(number), "i32", number, number, number, 0.0)
    return Value(nodes.real(number, "f" if type == "f32" else ""), type, number, number, number, 0.0)


def variable(name: str, type: str, like: Value) -> Value:
    """A name that holds `like`, converted to `type` where that differs."""
    held = convert(like, type, explicit=False)
    return Value(c_ast.ID(name), type, held.lo, held.hi, held.mid, held.dev, held.mask)


def read(variable: Value) -> Value:
    """A reading of the variable: what is known of it now, whatever is assigned to it later."""
    v = variable
    return Value(c_ast.ID(v.node.name), v.type, v.lo, v.hi, v.mid, v.dev, v.mask)


def convert(v: Value, type: str, explicit: bool = True) -> Value:
    """A cast (or, without `explicit`, only its effect on the interval); the value must fit."""
    if v.type == type:
        return v
    lo, hi = v.lo, v.hi
    if v.real and type not in _REAL:
        lo, hi = math.trunc(lo), math.trunc(hi)
    return Value(nodes.cast(type, v.node) if explicit else v.node, type, lo, hi, v.mid, v.dev, v.mask)


def fits(v: Value, type: str) -> bool:
    low, high = SCALARS[type].limits
    return low <= v.lo and v.hi <= high


def binary(
    op: str, a: Value, b: Value, lo: float, hi: float, mid: float | None = None, dev: float | None = None
) -> Value:
    """An operator whose interval the caller knows."""
    type, a, b = _balanced(a, b)
    return Value(c_ast.BinaryOp(op, a.node, b.node), type, lo, hi, mid, dev, a.mask | b.mask)


def shift(op: str, a: Value, count: int) -> Value:
    scale = 2.0**count if op == "<<" else 2.0**-count
    lo, hi = math.floor(a.lo * scale), math.floor(a.hi * scale)
    node = c_ast.BinaryOp(op, a.node, nodes.integer(count))
    return Value(node, promoted(a.type), lo, hi, a.mid * scale, a.dev * scale, a.mask)


def compare(op: str, a: Value, b: Value) -> Value:
    type, a, b = _balanced(a, b)
    if type in _REAL:
        _mark_plain(a, b)
    return Value(c_ast.BinaryOp(op, a.node, b.node), "i32", 0, 1, 0.5, 0.5, a.mask | b.mask)


def logical(op: str, a: Value, b: Value) -> Value:
    return Value(c_ast.BinaryOp(op, a.node, b.node), "i32", 0, 1, 0.5, 0.5, a.mask | b.mask)


def select(condition: Value, a: Value, b: Value) -> Value:
    type, a, b = _balanced(a, b)
    merged = hull(a, b)
    node = c_ast.TernaryOp(condition.node, a.node, b.node)
    return Value(node, type, merged.lo, merged.hi, merged.mid, merged.dev, merged.mask | condition.mask)


def hull(a: Value, b: Value) -> Value:
    """What is known of a value that is either; its node is a's."""
    dev = math.hypot((a.dev + b.dev) / 2, (a.mid - b.mid) / 2)
    return Value(a.node, a.type, min(a.lo, b.lo), max(a.hi, b.hi), (a.mid + b.mid) / 2, dev, a.mask | b.mask)


def square(v: Value) -> Value:
    """v * v, of a name."""
    result = v * v
    if v.lo < 0 < v.hi:
        result.lo = 0
    result.mid, result.dev = moments(lambda x: x * x, v)
    return result


def mask_of(operands: Iterable[Value]) -> int:
    """The mask of what is made of the operands."""
    mask = 0
    for v in operands:
        mask |= v.mask
    return mask


def sum_of(terms: list[Value]) -> Value:
    """The terms added from left to right."""
    total = terms[0]
    for t in terms[1:]:
        total = total + t
    return total


def moments(f: Callable[[float], float], v: Value) -> tuple[float, float]:
    """Mean and deviation of f(v), v taken as uniform: three-point Gauss-Legendre quadrature."""
    step = 1.3416 * v.dev
    below, at, above = f(max(v.mid - step, v.lo)), f(v.mid), f(min(v.mid + step, v.hi))
    mean = (5 * below + 8 * at + 5 * above) / 18
    variance = (5 * (below - mean) ** 2 + 8 * (at - mean) ** 2 + 5 * (above - mean) ** 2) / 18
    return mean, math.sqrt(variance)


def promoted(type: str) -> str:
    """The type that C computes with in place of this one."""
    return _COMMON[type, "i32"] if type not in _REAL else type


def _balanced(a: Value, b: Value) -> tuple[str, Value, Value]:
    """The common type, after casts that keep a negative operand from turning unsigned."""
    type = _COMMON[a.type, b.type]
    if type in _SIGNED and (a.lo < 0 or b.lo < 0):
        a, b = _signed(a), _signed(b)
        if _COMMON[a.type, b.type] in _SIGNED:
            a, b = convert(a, "i64"), convert(b, "i64")
        type = _COMMON[a.type, b.type]
    return type, a, b


def _signed(v: Value) -> Value:
    """v as a signed number, where it is an unsigned int or long long that fits."""
    code = _SIGNED.get(v.type)
    return convert(v, code) if code and fits(v, code) else v


PLAIN = "plain"
"""Marks a floating literal that may be written as an integer one: its neighbour has the type that it has."""


def _mark_plain(a: Value, b: Value) -> None:
    for v, other in ((a, b), (b, a)):
        if isinstance(v.node, c_ast.Constant) and v.type == other.type and not isinstance(other.node, c_ast.Constant):
            v.node.coord = PLAIN


def _arithmetic(op: str, a: Value, b: Value, lo: float, hi: float, mid: float, dev: float) -> Value:
    type, a, b = _balanced(a, b)
    if type in _REAL:
        _mark_plain(a, b)
    if type in _SIGNED and lo < 0:
        a, b = _signed(a), _signed(b)
        type = _COMMON[a.type, b.type]
    if type in ("i32", "u32") and not (lo >= -_INT_MAX and hi <= _INT_MAX):
        a = convert(a, "i64")
        type = "i64"
    return Value(c_ast.BinaryOp(op, a.node, b.node), type, lo, hi, mid, dev, a.mask | b.mask)
