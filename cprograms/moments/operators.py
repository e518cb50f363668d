"""The operators of the dataflow graph on abstract numbers: a row an operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from cprograms.libm import OPERATORS
from cprograms.moments.algebra import Algebra
from cprograms.moments.choices import both, compared, either, select, truth
from cprograms.moments.values import Value, spread_out
from cprograms.ops import apply
from cprograms.types import Scalar

WRAPPED = 0.05
"""An unsigned number of 32 bits or more counts as wrapped around where so many of its strata are negative: before, it
is kept as the number that it stands for."""
STRAY = 0.25
"""Values that a type does not hold are undefined; but where they are so many, the estimate is off, and they are cut."""

ALIKE, UNEVEN = 0.5, 0.4
"""A quotient is one of logarithms where its operands correlate more than that, and the divisor varies so much."""
WIDE = 1.0
"""Strata farther apart than that may meet what repeats itself in step."""

Rule = Callable[[Algebra, Scalar, Sequence[Scalar], Sequence[Value]], Value]
"""Of the node's type, and its children's types and values."""


def operate(algebra: Algebra, op: str, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    """The value of an operator that is not a leaf, a lookup or of a loop."""
    if op in _WRAPPING or (op == "cast" and type.bits > types[0].bits):
        x = [wrapped(algebra, v, t) for v, t in zip(x, types, strict=True)]
    rule = _RULES.get(op)
    if rule is not None:
        return rule(algebra, type, types, x)
    return _computed(algebra, op, type, types, x)


def wrapped(algebra: Algebra, x: Value, type: Scalar) -> Value:
    """An unsigned number as its type holds it."""
    if type.kind != "uint" or type.bits < 32 or algebra.formal or float((x.strata < 0).mean()) < WRAPPED:
        return x
    return algebra.function(x, lambda strata: _around(strata, type), whole=True)


def _around(values: np.ndarray, type: Scalar) -> np.ndarray:
    return np.where(values < 0, values + 2.0**type.bits, values)


def _computed(algebra: Algebra, op: str, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    """A function of one number, or of two, whose strata are computed as C computes them."""
    if len(x) == 1:
        places = spread_out if op in _REPEATING and _wide(x[0]) else np.asarray
        return algebra.function(x[0], lambda u: computed(op, type, [places(u)]), whole=types[0].is_integer)
    first, second = x
    if second.variance == 0:
        places = spread_out if op in _REPEATING and _wide(first) else np.asarray
        return algebra.function(
            first, lambda u: computed(op, type, [places(u), np.full_like(u, second.mean)]), whole=types[0].is_integer
        )
    if first.variance == 0:
        return algebra.function(
            second, lambda v: computed(op, type, [np.full_like(v, first.mean), v]), whole=types[1].is_integer
        )
    return algebra.grid(first, second, lambda u, v: computed(op, type, [u, v]))


def _wide(x: Value) -> bool:
    return float(np.diff(x.strata).max()) > WIDE


def computed(op: str, type: Scalar, args: Sequence[np.ndarray]) -> np.ndarray:
    """An operator on numbers of any size; NaN where its behaviour is undefined."""
    if op in OPERATORS:
        return np.asarray(OPERATORS[op].compute(*args), dtype=np.float64)
    if type.is_integer:
        low, high = type.limits
        rounded = [np.rint(_around(a, type) if type.kind == "uint" and type.bits >= 32 else a) for a in args]
        args = [np.clip(a, low, min(high, 2**62)).astype(type.dtype) for a in rounded]
    value, trap = apply(op, type, list(args))
    return np.where(False if trap is None else trap, np.nan, np.asarray(value, dtype=np.float64))


def reread(values: np.ndarray, type: Scalar, source: Scalar) -> np.ndarray:
    """The bits of numbers of the type `source` as those of another type."""
    if source.is_integer:
        low, high = source.limits
        values = np.clip(np.rint(values), low, np.nextafter(high + 1.0, 0))  # `high` need not be a double
    return np.asarray(apply("bitcast", type, [values.astype(source.dtype)])[0], dtype=np.float64)


# --- the rows ---


def _divided(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    if type.is_integer and x[1].variance == 0:
        return _computed(algebra, "div", type, types, x)
    if x[1].variance == 0:
        return algebra.scaled(x[0], 1 / x[1].mean) if x[1].mean else algebra.constant(0.0)
    if x[0].correlation(x[1]) > ALIKE and x[1].std > UNEVEN * abs(x[1].mean) and min(map(_sign, x), key=abs):
        return _ratio(algebra, x[0], x[1])
    found = algebra.product(x[0], algebra.function(x[1], _reciprocal, whole=type.is_integer))
    return algebra.function(found, np.trunc) if type.is_integer else found


def _sign(x: Value) -> int:
    """1 or -1 where a number has one sign, else 0."""
    strata = x.strata
    return 1 if strata[0] > 0 else -1 if strata[-1] < 0 else 0


def _ratio(algebra: Algebra, x: Value, y: Value) -> Value:
    """Of two numbers that are large together: their logarithms differ by little."""
    first, second = (algebra.function(v, lambda u: np.log(np.abs(u))) for v in (x, y))
    found = algebra.function(algebra.difference(first, second), np.exp)
    return algebra.scaled(found, float(_sign(x) * _sign(y)))


def _reciprocal(strata: np.ndarray) -> np.ndarray:
    """Where few strata are at zero or beyond it, they count as the nearest that is not."""
    for sign in (1, -1):
        size = sign * strata
        beyond = size <= 0
        if 0 < beyond.mean() <= 0.1:
            return sign / np.where(beyond, size[~beyond].min(), size)
    return 1 / strata


def _extremum(f: Callable[[np.ndarray, np.ndarray], np.ndarray], sign: float) -> Rule:
    """Of two numbers half their sum, and half their distance more or less."""

    def rule(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
        first, second = x
        if first.variance == 0:
            first, second = second, first
        if second.variance == 0:
            return algebra.function(first, lambda u: f(u, np.full_like(u, second.mean)))
        distance = algebra.function(algebra.difference(first, second), np.abs)
        found = algebra.sum(algebra.sum(first, second), distance, 0.5, sign / 2)
        found.shape = algebra.joint_shape(first, second, f)
        low, high = f(np.array(first.interval), np.array(second.interval)).tolist()
        found.interval = low, high
        return found

    return rule


def _compared(op: str) -> Rule:
    return lambda algebra, type, types, x: compared(algebra, op, x[0], x[1], types[0].is_integer)


def _chosen(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    return select(algebra, truth(algebra, x[0], types[0].is_integer), x[1], x[2])


def _bits(op: str, of_flags: Callable[[Algebra, Value, Value], Value]) -> Rule:
    def rule(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
        if all(v.interval[0] >= 0 and v.interval[1] <= 1 for v in x):
            return of_flags(algebra, x[0], x[1])
        return _computed(algebra, op, type, types, x)

    return rule


def _cast(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    (source,), (value,) = types, x
    if type.code == "bool":
        return truth(algebra, value, source.is_integer)
    if not type.is_integer:
        return value
    low, high = type.limits
    if not source.is_integer:
        return algebra.function(value, lambda u: _held(np.trunc(u), low, high))
    if algebra.formal:  # what a cast cuts off is no polynomial; it is read where it is a tap
        return value
    if (type.kind == "uint" and type.bits >= 32 and source.kind == "int") or (
        low <= value.strata[0] and value.strata[-1] <= high
    ):
        return value
    if type.bits >= 32:
        return algebra.function(value, lambda u: _held(u, low, high), whole=True)
    return algebra.function(value, lambda u: _cut(u, type), whole=True)


def _held(values: np.ndarray, low: float, high: float) -> np.ndarray:
    outside = (values < low) | (values > high)
    return np.where(outside, np.nan, values) if outside.mean() < STRAY else np.clip(values, low, high)


def _cut(values: np.ndarray, type: Scalar) -> np.ndarray:
    """Whole numbers as a narrow type holds them: their lowest bits."""
    return np.asarray(np.clip(values, -(2.0**62), 2.0**62).astype(np.int64).astype(type.dtype), dtype=np.float64)


def _reread(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    return algebra.function(x[0], lambda u: reread(u, type, types[0]), whole=types[0].is_integer)


def _power(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    if x[0].variance == 0 or x[1].variance == 0:
        return _computed(algebra, "pow", type, types, x)
    logarithm = algebra.function(x[0], lambda u: np.log(np.where(u > 0, u, np.nan)))
    return algebra.function(algebra.product(logarithm, x[1]), np.exp)


def _hypotenuse(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    squares = algebra.sum(algebra.product(x[0], x[0]), algebra.product(x[1], x[1]))
    return algebra.function(squares, lambda u: np.sqrt(np.maximum(u, 0)))


def _excess(algebra: Algebra, type: Scalar, types: Sequence[Scalar], x: Sequence[Value]) -> Value:
    return algebra.function(algebra.difference(x[0], x[1]), lambda u: np.maximum(u, 0))


_RULES: dict[str, Rule] = {
    "add": lambda algebra, type, types, x: algebra.sum(x[0], x[1]),
    "sub": lambda algebra, type, types, x: algebra.difference(x[0], x[1]),
    "neg": lambda algebra, type, types, x: algebra.scaled(x[0], -1.0),
    "mul": lambda algebra, type, types, x: algebra.product(x[0], x[1]),
    "div": _divided,
    "min": _extremum(np.minimum, -1),
    "max": _extremum(np.maximum, 1),
    "fmin": _extremum(np.minimum, -1),
    "fmax": _extremum(np.maximum, 1),
    "abs": lambda algebra, type, types, x: algebra.function(x[0], np.abs),
    "and": _bits("and", both),
    "or": _bits("or", either),
    "sel": _chosen,
    "cast": _cast,
    "bitcast": _reread,
    "pow": _power,
    "hypot": _hypotenuse,
    "fdim": _excess,
    **{op: _compared(op) for op in ("lt", "le", "eq", "ne")},
}
_REPEATING = frozenset("mod and or xor fmod remainder sin cos tan".split())
_WRAPPING = frozenset("lt le div mod shr min max".split())
"""What an unsigned number counts for as its type holds it."""
