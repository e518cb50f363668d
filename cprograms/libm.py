"""The functions of <math.h>, and the few of other headers and of the compiler that compute like them: a row a function.

A row says all of a function. From it follow its prototypes (`cprograms.frontend`), its operator and what that computes
(`cprograms.ops`), its nodes in the graph and their intervals (`cprograms.lowering`), its place in the sandbox's library
(`cprograms.sandbox`) and where a guessed domain puts its argument (`cprograms.harvest`). To add one, add a row.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol, assert_never

import numpy as np
import numpy.typing as npt
from scipy import special

from cprograms.types import DOUBLE, FLOAT, INT, UINT, Scalar, scalar_of_names

Array = npt.NDArray[np.generic]
Interval = tuple[float, float]
"""Least and greatest value, both finite; integers of any size are exact. A value is never NaN."""
Rule = Callable[..., Interval | None]
"""An operator's interval from its operands', which are all known; None where it may be NaN, infinite or anything."""


class Nodes(Protocol):
    """What an expansion adds nodes to: the graph's builder."""

    def add(self, op: str, type: Scalar, *children: int) -> int: ...

    def constant(self, value: int | float, type: Scalar) -> int: ...

    def cast(self, node: int, type: Scalar) -> int: ...


Expansion = Callable[[Nodes, Scalar, Sequence[int]], int]
"""The node of a call, of other operators: T (else the first parameter's type), and the arguments' nodes. Those of type
T are converted to it; of the others, integers are as they are given."""


@dataclass(frozen=True)
class Operator:
    """What a function is as an operator of the graph.

    `compute` is its meaning on arrays of one floating type, `group` what tables and features gather operators by;
    operators of the group "test" give a truth value.
    """

    group: Literal["power", "trigonometry", "round", "arithmetic", "special", "test"]
    compute: Callable[..., Array]
    interval: Rule | None = None
    commutative: bool = False


class Form(NamedTuple):
    """One of a function's names. `type` is what T is in it, or None where its prototype names no T."""

    name: str
    type: Scalar | None
    prototype: str


@dataclass(frozen=True)
class MathFunction:
    """A function, by the name of its double form.

    `shape` is its prototype without a name. Where that names T, there are three forms: T is double, float in the form
    whose name ends in f, and long double in the form whose name ends in l. G stands for any floating type, of a
    builtin.

    `graph` is how the graph computes it: as an operator of its own, as another one (by name), as an expansion into
    others, or not at all: such calls are opaque. `header` declares it; without one it is a builtin of the compiler.
    `sandbox` is the sandbox's name of it where that is another: of one with a `long`, which is narrower there, and of
    one whose result need not fit its type, which the library does not check.
    `domain` is where its first argument usually lies.
    """

    name: str
    shape: str
    graph: Operator | str | Expansion | None = None
    header: Literal["math.h", "stdlib.h", "time.h"] | None = "math.h"
    sandbox: str = ""
    domain: Literal["positive", "unit", "angle", "small"] | None = None

    @property
    def parameters(self) -> list[str]:
        """The parameters' C types; T and G as in the shape."""
        return self.shape.partition("(")[2].removesuffix(")").split(", ")

    @property
    def result(self) -> str:
        return self.shape.partition("(")[0]

    @property
    def forms(self) -> list[Form]:
        """Each name that it is called by, and its prototype (of a builtin: the one that a function would have)."""
        if "T" not in self.shape:
            return [Form(self.name, None, self._prototype("", ""))]
        types = (("", "double", DOUBLE), ("f", "float", FLOAT), ("l", "long double", DOUBLE))
        return [Form(self.name + s, type, self._prototype(s, spelled)) for s, spelled, type in types]

    def _prototype(self, suffix: str, spelled: str) -> str:
        parameters = ", ".join(self.parameters).replace("T", spelled)
        return f"{self.result.replace('T', spelled)} {self.name}{suffix}({parameters});"

    def in_sandbox(self, form: Form) -> str:
        """The name of a form in the sandbox, where `long double` is double and a `long` has 32 bits."""
        return (self.sandbox or self.name) + ("f" if form.type == FLOAT else "")

    def lower(self, nodes: Nodes, type: Scalar | None, arguments: Sequence[tuple[int, Scalar]]) -> int | None:
        """The node of a call of the form where T is `type`; arguments are nodes with their types.

        None where the graph does not compute it, or not with as many arguments.
        """
        if self.graph is None or len(arguments) != len(self.parameters):
            return None
        generic = FLOAT if all(given == FLOAT for _, given in arguments) else DOUBLE
        parameters = [_scalar(p, type or generic) for p in self.parameters]
        t = type or parameters[0]
        given = [_converted(nodes, *argument, p) for argument, p in zip(arguments, parameters, strict=True)]
        match self.graph:
            case Operator(group=group):
                value = nodes.add(self.name, INT if group == "test" else t, *given)
            case str(op):
                value = nodes.add(op, t, *(nodes.cast(x, t) for x in given))
            case Callable() as expand:
                value = expand(nodes, t, given)
            case _:
                assert_never(self.graph)
        return nodes.cast(value, _scalar(self.result, t))


def _scalar(spelled: str, type: Scalar) -> Scalar:
    """The type that a shape spells, where T or G is `type`."""
    found = type if spelled in ("T", "G") else scalar_of_names(spelled.split())
    assert found is not None, spelled
    return found


def _converted(nodes: Nodes, node: int, given: Scalar, parameter: Scalar) -> int:
    """An argument as its parameter's type; integers keep theirs, as what reads them converts them."""
    return node if given.is_integer and parameter.is_integer else nodes.cast(node, parameter)


# --- What operators compute ---


def _remainder(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> Array:
    """x - n y, exactly, with n the integer nearest to x / y, the even one of two."""
    period = np.abs(y)
    rest = np.fmod(np.abs(x), period + period)
    half = period * period.dtype.type(0.5)
    once = rest - period
    size = np.where(rest <= half, rest, np.where(once < half, once, once - period))
    return np.asarray(np.copysign(1, x).astype(x.dtype) * size)


def _round(x: npt.NDArray[np.floating]) -> Array:
    """To the nearest integer, halves away from zero."""
    below_half = np.nextafter(x.dtype.type(0.5), x.dtype.type(0))
    return np.asarray(np.trunc(x + np.copysign(below_half, x)))


def _positive_difference(x: npt.NDArray[np.floating], y: npt.NDArray[np.floating]) -> Array:
    """max(x - y, 0), but NaN where either is NaN."""
    return np.where(x <= y, np.zeros_like(x - y), x - y)


# --- Their intervals ---


def _increasing(compute: Callable[[float], float]) -> Rule:
    return lambda a: (compute(a[0]), compute(a[1]))


def _root(a: Interval) -> Interval | None:
    return (math.sqrt(a[0]), math.sqrt(a[1])) if a[0] >= 0 else None


def _wave(a: Interval) -> Interval:
    return -1.0, 1.0


def _smaller(a: Interval, b: Interval) -> Interval:
    return min(a[0], b[0]), min(a[1], b[1])


def _larger(a: Interval, b: Interval) -> Interval:
    return max(a[0], b[0]), max(a[1], b[1])


def _never(a: Interval) -> Interval:
    return 0, 0


# --- What is made of other operators ---


def _scale(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    return b.add("mul", t, x[0], b.add("exp2", t, b.cast(x[1], t)))


def _exponent(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    return b.add("floor", t, b.add("log2", t, b.add("abs", t, x[0])))


def _comparison(op: str, swap: bool) -> Expansion:
    return lambda b, t, x: b.add(op, INT, *(reversed(x) if swap else x))


def _less_or_greater(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    return b.add("or", INT, b.add("lt", INT, x[0], x[1]), b.add("lt", INT, x[1], x[0]))


def _unordered(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    return b.add("or", INT, b.add("isnan", INT, x[0]), b.add("isnan", INT, x[1]))


def _finite(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    return b.add("lt", INT, b.add("abs", t, x[0]), b.constant(math.inf, t))


def _normal(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    smallest = 2.0**-126 if t == FLOAT else 2.0**-1022
    size = b.add("abs", t, x[0])
    finite = b.add("lt", INT, size, b.constant(math.inf, t))
    return b.add("and", INT, b.add("le", INT, b.constant(smallest, t), size), finite)


def _signed(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    """copysign tells -0.0 and a negative NaN, which a comparison with 0 does not."""
    return b.add("lt", INT, b.add("copysign", t, b.constant(1, t), x[0]), b.constant(0, t))


def _difference_of_times(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    """Times are seconds in integers (POSIX)."""
    return b.add("sub", t, b.cast(x[0], t), b.cast(x[1], t))


def _set_bits(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    """How many bits are set: sums of neighbouring fields of 1, 2, 4 … bits."""

    def masked(value: int, width: int) -> int:
        mask = sum(((1 << width) - 1) << at for at in range(0, t.bits, 2 * width))
        return b.add("and", t, value, b.constant(mask, t))

    count = b.cast(x[0], t)
    width = 1
    while width < t.bits:
        count = b.add("add", t, masked(count, width), masked(b.add("shr", t, count, b.constant(width, INT)), width))
        width *= 2
    return b.cast(count, INT)


def _trailing_zeros(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    value = b.cast(x[0], t)
    lowest = b.add("and", t, value, b.add("neg", t, value))
    return _set_bits(b, t, [b.add("sub", t, lowest, b.constant(1, t))])


def _leading_zeros(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    value = b.cast(x[0], t)
    width = 1
    while width < t.bits:
        value = b.add("or", t, value, b.add("shr", t, value, b.constant(width, INT)))
        width *= 2
    return b.add("sub", INT, b.constant(t.bits, INT), _set_bits(b, t, [value]))


def _swapped_bytes(b: Nodes, t: Scalar, x: Sequence[int]) -> int:
    wide = UINT if t.bits < UINT.bits else t
    value, mask = b.cast(x[0], wide), b.constant(0xFF, wide)
    swapped = b.constant(0, wide)
    for at in range(0, t.bits, 8):
        byte = b.add("and", wide, b.add("shr", wide, value, b.constant(at, INT)), mask)
        swapped = b.add("or", wide, swapped, b.add("shl", wide, byte, b.constant(t.bits - 8 - at, INT)))
    return swapped


# --- The table ---

_F = MathFunction
_U32, _LONG, _U64 = "int(unsigned)", "int(unsigned long)", "int(unsigned long long)"

# Trained weights know an operator by its place: a row with an operator of its own comes after all others that have one.
FUNCTIONS = (
    _F("sqrt", "T(T)", Operator("power", np.sqrt, _root), domain="positive"),
    _F("cbrt", "T(T)", Operator("power", np.cbrt)),
    _F("exp", "T(T)", Operator("power", np.exp), domain="small"),
    _F("exp2", "T(T)", Operator("power", np.exp2), domain="small"),
    _F("expm1", "T(T)", Operator("power", np.expm1), domain="small"),
    _F("log", "T(T)", Operator("power", np.log), domain="positive"),
    _F("log2", "T(T)", Operator("power", np.log2), domain="positive"),
    _F("log10", "T(T)", Operator("power", np.log10), domain="positive"),
    _F("log1p", "T(T)", Operator("power", np.log1p), domain="positive"),
    _F("pow", "T(T, T)", Operator("power", np.power), domain="positive"),
    _F("hypot", "T(T, T)", Operator("power", np.hypot, commutative=True)),
    _F("sin", "T(T)", Operator("trigonometry", np.sin, _wave), domain="angle"),
    _F("cos", "T(T)", Operator("trigonometry", np.cos, _wave), domain="angle"),
    _F("tan", "T(T)", Operator("trigonometry", np.tan), domain="angle"),
    _F("asin", "T(T)", Operator("trigonometry", np.arcsin), domain="unit"),
    _F("acos", "T(T)", Operator("trigonometry", np.arccos), domain="unit"),
    _F("atan", "T(T)", Operator("trigonometry", np.arctan)),
    _F("sinh", "T(T)", Operator("trigonometry", np.sinh), domain="small"),
    _F("cosh", "T(T)", Operator("trigonometry", np.cosh), domain="small"),
    _F("tanh", "T(T)", Operator("trigonometry", np.tanh)),
    _F("asinh", "T(T)", Operator("trigonometry", np.arcsinh)),
    _F("acosh", "T(T)", Operator("trigonometry", np.arccosh)),
    _F("atanh", "T(T)", Operator("trigonometry", np.arctanh), domain="unit"),
    _F("atan2", "T(T, T)", Operator("trigonometry", np.arctan2)),
    _F("floor", "T(T)", Operator("round", np.floor, _increasing(math.floor))),
    _F("ceil", "T(T)", Operator("round", np.ceil, _increasing(math.ceil))),
    _F("trunc", "T(T)", Operator("round", np.trunc, _increasing(math.trunc))),
    _F("round", "T(T)", Operator("round", _round, _increasing(lambda x: float(_round(np.asarray(x)))))),
    _F("rint", "T(T)", Operator("round", np.rint, _increasing(round))),
    _F("fmod", "T(T, T)", Operator("round", np.fmod)),
    _F("remainder", "T(T, T)", Operator("round", _remainder)),
    _F("fmin", "T(T, T)", Operator("arithmetic", np.fmin, _smaller, commutative=True)),
    _F("fmax", "T(T, T)", Operator("arithmetic", np.fmax, _larger, commutative=True)),
    _F("fdim", "T(T, T)", Operator("arithmetic", _positive_difference)),
    _F("copysign", "T(T, T)", Operator("arithmetic", np.copysign)),
    _F("erf", "T(T)", Operator("special", special.erf)),
    _F("erfc", "T(T)", Operator("special", special.erfc)),
    _F("tgamma", "T(T)", Operator("special", special.gamma), domain="positive"),
    _F("lgamma", "T(T)", Operator("special", special.gammaln), domain="positive"),
    _F("isnan", "int(G)", Operator("test", np.isnan, _never), header=None),
    _F("isinf", "int(G)", Operator("test", np.isinf, _never), header=None),
    # Another name of an operator, perhaps with another type of result.
    _F("fabs", "T(T)", "abs"),
    _F("nearbyint", "T(T)", "rint"),
    _F("lround", "long(T)", "round", sandbox="surrogate_lround"),
    _F("llround", "long long(T)", "round", sandbox="surrogate_lround"),
    _F("lrint", "long(T)", "rint", sandbox="surrogate_lrint"),
    _F("llrint", "long long(T)", "rint", sandbox="surrogate_lrint"),
    _F("abs", "int(int)", "abs", "stdlib.h"),
    _F("labs", "long(long)", "abs", "stdlib.h", sandbox="llabs"),
    _F("llabs", "long long(long long)", "abs", "stdlib.h"),
    # Made of several operators.
    _F("fma", "T(T, T, T)", lambda b, t, x: b.add("add", t, b.add("mul", t, x[0], x[1]), x[2])),
    _F("logb", "T(T)", _exponent),
    _F("ilogb", "int(T)", _exponent, sandbox="surrogate_ilogb"),
    _F("ldexp", "T(T, int)", _scale),
    _F("scalbn", "T(T, int)", _scale),
    _F("scalbln", "T(T, long)", _scale, sandbox="surrogate_scalbln"),
    _F("isfinite", "int(G)", _finite, header=None),
    _F("isnormal", "int(G)", _normal, header=None),
    _F("signbit", "int(G)", _signed, header=None),
    _F("isless", "int(G, G)", _comparison("lt", swap=False), header=None),
    _F("islessequal", "int(G, G)", _comparison("le", swap=False), header=None),
    _F("isgreater", "int(G, G)", _comparison("lt", swap=True), header=None),
    _F("isgreaterequal", "int(G, G)", _comparison("le", swap=True), header=None),
    _F("islessgreater", "int(G, G)", _less_or_greater, header=None),
    _F("isunordered", "int(G, G)", _unordered, header=None),
    _F("popcount", _U32, _set_bits, header=None),
    _F("popcountl", _LONG, _set_bits, header=None, sandbox="popcountll"),
    _F("popcountll", _U64, _set_bits, header=None),
    _F("ctz", _U32, _trailing_zeros, header=None),
    _F("ctzl", _LONG, _trailing_zeros, header=None, sandbox="ctzll"),
    _F("ctzll", _U64, _trailing_zeros, header=None),
    _F("clz", _U32, _leading_zeros, header=None),
    _F("clzl", _LONG, _leading_zeros, header=None, sandbox="clzll"),
    _F("clzll", _U64, _leading_zeros, header=None),
    _F("bswap16", "unsigned short(unsigned short)", _swapped_bytes, header=None),
    _F("bswap32", "unsigned(unsigned)", _swapped_bytes, header=None),
    _F("bswap64", "unsigned long long(unsigned long long)", _swapped_bytes, header=None),
    _F("difftime", "double(long long, long long)", _difference_of_times, "time.h"),
    # What the sandbox runs, but the graph does not know.
    _F("nextafter", "T(T, T)"),
    _F("j0", "double(double)"),
    _F("j1", "double(double)"),
    _F("y0", "double(double)", domain="positive"),
    _F("y1", "double(double)", domain="positive"),
    _F("jn", "double(int, double)"),
    _F("yn", "double(int, double)"),
    # What takes pointers, and gives some of its results through them.
    _F("frexp", "T(T, int *)"),
    _F("modf", "T(T, T *)"),
    _F("remquo", "T(T, T, int *)"),
    _F("nan", "T(const char *)"),
    # The same, of GNU C; no stored digest of a corpus knows them (`cprograms.corpus.tokens`), so they name no T.
    _F("sincos", "void(double, double *, double *)"),
    _F("sincosf", "void(float, float *, float *)"),
    _F("sincosl", "void(long double, long double *, long double *)", sandbox="sincos"),
    _F("lgamma_r", "double(double, int *)"),
    _F("lgammaf_r", "float(float, int *)"),
    _F("lgammal_r", "long double(long double, int *)", sandbox="lgamma_r"),
)
OPERATORS = {f.name: f.graph for f in FUNCTIONS if isinstance(f.graph, Operator)}
"""The rows' operators by name, in order."""


def called() -> Iterator[tuple[str, MathFunction, Form]]:
    """Every name that a numeric program may call a function by, as a builtin of the compiler too."""
    for function in FUNCTIONS:
        for form in function.forms:
            yield f"__builtin_{form.name}", function, form
            if function.header is not None:
                yield form.name, function, form
