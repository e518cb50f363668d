"""Functions of the C library that work on memory, or give one of their results through a pointer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering import puns
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.pointers import byte_of, each
from cprograms.lowering.state import Either, Null, Place, Target
from cprograms.lowering.values import Address, Value, scalar_of
from cprograms.lowering.variables import Variables
from cprograms.types import DOUBLE, FLOAT, INT, SCALARS, Bits, CType, Leaf, Pointer, Scalar, Void

_ON_MEMORY = {"memcpy": 3, "memmove": 3, "memset": 3, "memcmp": 3}
_BY_POINTER = {"modf": 2, "frexp": 2, "remquo": 3, "sincos": 3, "lgamma_r": 2}
_NAMES = {f"{name}{suffix}{rest}": (base, FLOAT if suffix == "f" else DOUBLE)
          for base in _BY_POINTER for name, rest in [(base.removesuffix("_r"), "_r" if base.endswith("_r") else "")]
          for suffix in ("", "f", "l")}  # fmt: skip
LIBRARY = _ON_MEMORY | {name: _BY_POINTER[base] for name, (base, _) in _NAMES.items()}
"""What is followed, and how many arguments each takes."""
MOST_COMPARED = 64
"""Bytes."""


class _Part(NamedTuple):
    """A leaf in memory: its first byte and bit behind a place, its type and where it is."""

    at: int
    shift: int
    type: Leaf
    target: Target


class Memory:
    def __init__(self, builder: GraphBuilder, conditions: Conditions, variables: Variables) -> None:
        self._builder, self._conditions, self._variables = builder, conditions, variables

    def call(self, name: str, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a call. Raises Unsupported where it cannot be followed."""
        if name in _ON_MEMORY:
            calls = {"memcpy": self._copy, "memmove": self._copy, "memset": self._fill, "memcmp": self._compare}
            return calls[name](arguments, node)
        base, type = _NAMES[name]
        pointers = 2 if base == "sincos" else 1
        numbers = [self._builder.cast(x, type) for x in arguments[:-pointers] if isinstance(x, int)]
        if len(numbers) + pointers != len(arguments):
            raise Unsupported(node, "a scalar is needed here")
        value, *results = self._computed(base, type, numbers)
        for target, result in zip(arguments[-pointers:], results, strict=True):
            self._variables.store(self._target(target, node), result, node)
        return value

    def result(self, name: str) -> CType | None:
        """The type of a call's value; None of what gives none."""
        if name in _ON_MEMORY:
            return INT if name == "memcmp" else Pointer(Void())
        base, type = _NAMES[name]
        return None if base == "sincos" else type

    def _target(self, value: Value, node: c_ast.Node) -> Target:
        if not isinstance(value, Address):
            raise Unsupported(node, "a pointer is needed here")
        return value.target

    def _length(self, value: Value, node: c_ast.Node) -> int:
        number = self._builder.number(value) if isinstance(value, int) else None
        if number is None or number < 0:
            raise Unsupported(node, "cannot follow how much memory is worked on here")
        return int(number)

    def _copy(self, arguments: list[Value], node: c_ast.Node) -> Value:
        to, origin, length = arguments
        count = self._length(length, node)
        if not count:
            return to
        parts = self._region(self._target(to, node), count, node)
        source = self._target(origin, node)
        read = [self._variables.load(each(source, _reader(part)), node) for part in parts]
        for part, value in zip(parts, read, strict=True):
            self._variables.store(part.target, value, node)
        return to

    def _region(self, target: Target, length: int, node: c_ast.Node) -> list[_Part]:
        """What some bytes of memory consist of."""
        if isinstance(target, Either):
            yes, no = (self._region(side, length, node) for side in (target.yes, target.no))
            if [part[:3] for part in yes] != [part[:3] for part in no]:
                raise Unsupported(node, "cannot follow this pointer")
            return [
                a._replace(target=Either(target.condition, a.target, b.target)) for a, b in zip(yes, no, strict=True)
            ]
        found = self._variables.region(target, length, node)
        return [_Part(at, shift, part.type, part) for at, shift, part in found if isinstance(part.type, Leaf)]

    def _fill(self, arguments: list[Value], node: c_ast.Node) -> Value:
        to, byte, length = arguments
        count = self._length(length, node)
        value = self._builder.number(byte) if isinstance(byte, int) else None
        if value is None:
            raise Unsupported(node, "cannot follow what memory is set to here")
        for _, _, leaf, part in self._region(self._target(to, node), count, node) if count else ():
            if isinstance(leaf, Scalar) or (isinstance(leaf, Bits) and value in (0, 255)):
                type = scalar_of(leaf)
                pattern = int.from_bytes(bytes([int(value) & 255]) * max(type.bits // 8, 1), "little")
                bits = self._builder.constant(pattern, puns.unsigned(type.bits))
                self._variables.store(part, puns.recast(self._builder, bits, type), node)
            elif isinstance(leaf, Pointer) and value == 0:
                self._variables.store(part, Address(leaf, Null()), node)
            else:
                raise Unsupported(node, "cannot follow what memory is set to here")
        return to

    def _compare(self, arguments: list[Value], node: c_ast.Node) -> Value:
        """memcmp: the difference of the first bytes that differ."""
        first, second, length = arguments
        count = self._length(length, node)
        if count > MOST_COMPARED:
            raise Unsupported(node, "cannot follow how much memory is worked on here")
        sides = [self._target(side, node) for side in (first, second)]
        found = self._builder.constant(0, INT)
        for at in reversed(range(count)):
            reader = partial(byte_of, at=at, type=SCALARS["u8"])
            bytes = [self._variables.load(each(side, reader), node) for side in sides]
            left, right = (self._builder.cast(b, INT) for b in bytes if isinstance(b, int))
            difference = self._builder.add("sub", INT, left, right)
            found = self._conditions.select(difference, difference, found)
        return found

    # Results through pointers

    def _computed(self, name: str, type: Scalar, x: list[int]) -> list[int]:
        """What a function gives, and what it writes through its pointers."""
        match name:
            case "modf":
                return self._split(x[0], type)
            case "frexp":
                return self._exponent(x[0], type)
            case "remquo":
                return self._quotient(x[0], x[1], type)
            case "lgamma_r":
                return [self._builder.add("lgamma", type, x[0]), self._sign_of_gamma(x[0], type)]
        return [self._builder.constant(0, INT), *(self._builder.add(op, type, x[0]) for op in ("sin", "cos"))]

    def _split(self, x: int, type: Scalar) -> list[int]:
        """modf."""
        whole = self._builder.add("trunc", type, x)
        # An infinite number has no fraction.
        most = self._builder.constant(type.limits[1], type)
        finite = self._builder.add("le", INT, self._builder.add("abs", type, x), most)
        rest = self._builder.add("sub", type, x, whole)
        rest = self._conditions.select(finite, rest, self._builder.constant(0, type))
        is_number = self._builder.add("eq", INT, x, x)
        return [self._builder.add("copysign", type, self._conditions.select(is_number, rest, x), x), whole]

    def _exponent(self, x: int, type: Scalar) -> list[int]:
        """frexp, by the bits of the number; of one that is not normal, by those of a multiple of it."""
        build, choose = self._builder, self._conditions
        digits, width = (23, 8) if type == FLOAT else (52, 11)
        bias, ones = (1 << width - 1) - 2, (1 << width) - 1
        small = build.add("lt", INT, build.add("abs", type, x), build.constant(2.0**-bias, type))
        larger = choose.select(small, build.add("mul", type, x, build.constant(2.0**64, type)), x)
        unsigned = puns.unsigned(type.bits)
        bits = puns.recast(build, larger, unsigned)
        shifted = build.add("shr", unsigned, bits, build.constant(digits, INT))
        held = build.cast(build.add("and", unsigned, shifted, build.constant(ones, unsigned)), INT)
        odd = choose.any_of(build.add("eq", INT, held, build.constant(ones, INT)), choose.negation(held))
        offset = choose.select(small, build.constant(bias + 64, INT), build.constant(bias, INT))
        exponent = build.add("sub", INT, held, offset)
        kept = build.add("and", unsigned, bits, build.constant((1 << type.bits) - 1 - (ones << digits), unsigned))
        fraction = build.add("or", unsigned, kept, build.constant(bias << digits, unsigned))
        value = choose.select(odd, x, puns.recast(build, fraction, type))
        return [value, choose.select(odd, build.constant(0, INT), exponent)]

    def _quotient(self, x: int, y: int, type: Scalar) -> list[int]:
        """remquo: the lowest bits of the quotient, with its sign."""
        build, long = self._builder, SCALARS["i64"]
        rest = build.add("remainder", type, x, y)
        exact, by, over = (build.cast(n, DOUBLE) for n in (rest, y, x))
        whole = build.add("rint", DOUBLE, build.add("div", DOUBLE, build.add("sub", DOUBLE, over, exact), by))
        size = build.cast(build.add("abs", DOUBLE, whole), long)
        low = build.cast(build.add("and", long, size, build.constant(2**31 - 1, long)), INT)
        negative = build.add("lt", INT, whole, build.constant(0, DOUBLE))
        return [rest, self._conditions.select(negative, build.add("neg", INT, low), low)]

    def _sign_of_gamma(self, x: int, type: Scalar) -> int:
        """1 or -1; 1 where there is no gamma."""
        build, choose, zero = self._builder, self._conditions, self._builder.constant(0, type)
        floor = build.add("floor", type, x)
        half = build.add("mul", type, floor, build.constant(0.5, type))
        odd = build.add("ne", INT, build.add("floor", type, half), half)
        between = choose.both(odd, build.add("ne", INT, floor, x))
        below = choose.both(build.add("lt", INT, x, zero), between)
        return choose.select(below, build.constant(-1, INT), build.constant(1, INT))


def _reader(part: _Part) -> Callable[[Place], Target]:
    """What lies where a part would, behind a place."""
    return lambda place: byte_of(place, part.at, part.type, part.shift)
