"""The math.h functions as operators of the dataflow graph."""

from __future__ import annotations

import math
from collections.abc import Callable

from cprograms.graph import GraphBuilder
from cprograms.types import DOUBLE, FLOAT, INT, SCALARS, Scalar

_LONG = SCALARS["i64"]
_SAME = (
    "sqrt cbrt exp exp2 expm1 log log2 log10 log1p pow hypot sin cos tan asin acos atan sinh cosh tanh asinh acosh "
    "atanh atan2 floor ceil trunc round rint fmod remainder fmin fmax fdim copysign erf erfc tgamma lgamma"
)
_DIRECT = {name: name for name in _SAME.split()} | {
    "fabs": "abs",
    "nearbyint": "rint",
    "roundeven": "rint",
    "drem": "remainder",
    "gamma": "lgamma",
}
_Emit = Callable[[GraphBuilder, Scalar, list[int]], int]


def _to_long(op: str) -> _Emit:
    return lambda b, t, x: b.cast(b.add(op, t, x[0]), _LONG)


def _scale(b: GraphBuilder, t: Scalar, x: list[int]) -> int:
    return b.add("mul", t, x[0], b.add("exp2", t, b.cast(x[1], t)))


def _comparison(op: str, swap: bool) -> _Emit:
    return lambda b, t, x: b.add(op, INT, *(reversed(x) if swap else x))


def _less_or_greater(b: GraphBuilder, t: Scalar, x: list[int]) -> int:
    return b.add("or", INT, b.add("lt", INT, x[0], x[1]), b.add("lt", INT, x[1], x[0]))


def _normal(b: GraphBuilder, t: Scalar, x: list[int]) -> int:
    smallest = 2.0**-126 if t == FLOAT else 2.0**-1022
    size = b.add("abs", t, x[0])
    finite = b.add("lt", INT, size, b.constant(math.inf, t))
    return b.add("and", INT, b.add("le", INT, b.constant(smallest, t), size), finite)


# Each entry: how many arguments are of the floating type (the rest keep their own), and what to emit.
_COMPOSED: dict[str, tuple[int, _Emit]] = {
    "fma": (3, lambda b, t, x: b.add("add", t, b.add("mul", t, x[0], x[1]), x[2])),
    "exp10": (1, lambda b, t, x: b.add("pow", t, b.constant(10, t), x[0])),
    "logb": (1, lambda b, t, x: b.add("floor", t, b.add("log2", t, b.add("abs", t, x[0])))),
    "ilogb": (1, lambda b, t, x: b.cast(b.add("floor", t, b.add("log2", t, b.add("abs", t, x[0]))), INT)),
    "lround": (1, _to_long("round")),
    "llround": (1, _to_long("round")),
    "lrint": (1, _to_long("rint")),
    "llrint": (1, _to_long("rint")),
    "ldexp": (1, _scale),
    "scalbn": (1, _scale),
    "scalbln": (1, _scale),
    "nan": (0, lambda b, t, x: b.constant(math.nan, t)),
    "inf": (0, lambda b, t, x: b.constant(math.inf, t)),
    "huge_val": (0, lambda b, t, x: b.constant(math.inf, t)),
}
# These take any floating type and give an int.
_TESTS: dict[str, _Emit] = {
    "isnan": lambda b, t, x: b.add("isnan", INT, x[0]),
    "isinf": lambda b, t, x: b.add("isinf", INT, x[0]),
    "isfinite": lambda b, t, x: b.add("lt", INT, b.add("abs", t, x[0]), b.constant(math.inf, t)),
    "finite": lambda b, t, x: b.add("lt", INT, b.add("abs", t, x[0]), b.constant(math.inf, t)),
    "isnormal": _normal,
    # copysign tells -0.0 and a negative NaN, which a comparison with 0 does not.
    "signbit": lambda b, t, x: b.add("lt", INT, b.add("copysign", t, b.constant(1, t), x[0]), b.constant(0, t)),
    "isless": _comparison("lt", False),
    "islessequal": _comparison("le", False),
    "isgreater": _comparison("lt", True),
    "isgreaterequal": _comparison("le", True),
    "islessgreater": _less_or_greater,
    "isunordered": lambda b, t, x: b.add("or", INT, b.add("isnan", INT, x[0]), b.add("isnan", INT, x[1])),
}


def _set_bits(b: GraphBuilder, t: Scalar, x: int) -> int:
    """How many bits are set: sums of neighbouring fields of 1, 2, 4 … bits."""

    def masked(value: int, width: int) -> int:
        mask = sum(((1 << width) - 1) << at for at in range(0, t.bits, 2 * width))
        return b.add("and", t, value, b.constant(mask, t))

    width = 1
    while width < t.bits:
        x = b.add("add", t, masked(x, width), masked(b.add("shr", t, x, b.constant(width, INT)), width))
        width *= 2
    return b.cast(x, INT)


def _trailing_zeros(b: GraphBuilder, t: Scalar, x: int) -> int:
    lowest = b.add("and", t, x, b.add("neg", t, x))
    return _set_bits(b, t, b.add("sub", t, lowest, b.constant(1, t)))


def _leading_zeros(b: GraphBuilder, t: Scalar, x: int) -> int:
    width = 1
    while width < t.bits:
        x = b.add("or", t, x, b.add("shr", t, x, b.constant(width, INT)))
        width *= 2
    return b.add("sub", INT, b.constant(t.bits, INT), _set_bits(b, t, x))


_BITS = {"popcount": _set_bits, "ctz": _trailing_zeros, "clz": _leading_zeros}
_INTEGER_ABS = {"abs": INT, "labs": _LONG, "llabs": _LONG, "imaxabs": _LONG}


def call(builder: GraphBuilder, name: str, arguments: list[int]) -> int | None:
    """The node of a call of a math.h or stdlib.h function, or of its `__builtin_` form; None for any other name."""
    name = name.removeprefix("__builtin_").removeprefix("__")
    if name in _INTEGER_ABS:
        type = _INTEGER_ABS[name]
        return builder.add("abs", type, builder.cast(arguments[0], type))
    if name.removesuffix("ll") in _BITS:
        type = SCALARS["u64" if name.endswith("ll") else "u32"]
        return _BITS[name.removesuffix("ll")](builder, type, builder.cast(arguments[0], type))
    base, type = _variant(name)
    if base in _DIRECT:
        return builder.add(_DIRECT[base], type, *(builder.cast(a, type) for a in arguments))
    if base in _COMPOSED:
        floating, emit = _COMPOSED[base]
        arguments = [builder.cast(a, type) if k < floating else a for k, a in enumerate(arguments)]
        return emit(builder, type, arguments)
    if base in _TESTS:
        wide = name == base and any(builder.nodes[a].type != FLOAT for a in arguments)
        type = DOUBLE if wide or name.endswith("l") else FLOAT
        return _TESTS[base](builder, type, [builder.cast(a, type) for a in arguments])
    return None


def _known(name: str) -> bool:
    return name in _DIRECT or name in _COMPOSED or name in _TESTS


def _variant(name: str) -> tuple[str, Scalar]:
    """The double function that a name is a variant of, and the type that it computes in."""
    if not _known(name) and name[-1:] in ("f", "l") and _known(name[:-1]):
        return name[:-1], FLOAT if name.endswith("f") else DOUBLE
    return name, DOUBLE
