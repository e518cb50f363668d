"""Functions of the C library that work on memory, or give one of their results through a pointer."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering import puns
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.pointers import byte_of, each
from cprograms.lowering.state import Null, Place, Target
from cprograms.lowering.values import Address, Value, scalar_of
from cprograms.lowering.variables import Variables
from cprograms.types import DOUBLE, FLOAT, INT, Bits, CType, Pointer, Scalar, Void

LIBRARY = {"memcpy": 3, "memmove": 3, "memset": 3}
LIBRARY |= {name + suffix: n for name, n in (("modf", 2), ("sincos", 3)) for suffix in ("", "f", "l")}
"""What is followed, and how many arguments each takes."""


class Memory:
    def __init__(self, builder: GraphBuilder, conditions: Conditions, variables: Variables) -> None:
        self._builder, self._conditions, self._variables = builder, conditions, variables

    def call(self, name: str, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a call. Raises Unsupported where it cannot be followed."""
        calls: dict[str, Callable[[list[Value], c_ast.Node], Value]] = {
            "memcpy": self._copy,
            "memmove": self._copy,
            "memset": self._fill,
        }
        if name in calls:
            return calls[name](arguments, node)
        type = FLOAT if name in ("modff", "sincosf") else DOUBLE
        x = arguments[0]
        if not isinstance(x, int):
            raise Unsupported(node, "a scalar is needed here")
        x = self._builder.cast(x, type)
        if name.startswith("modf"):
            return self._split(x, type, arguments, node)
        return self._circular(x, type, arguments, node)

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
        parts = self._variables.region(self._target(to, node), count, node)
        source = self._target(origin, node)
        read = [self._variables.load(each(source, _reader(at, part.type)), node) for at, part in parts]
        for (_, part), value in zip(parts, read, strict=True):
            self._variables.store(part, value, node)
        return to

    def _fill(self, arguments: list[Value], node: c_ast.Node) -> Value:
        to, byte, length = arguments
        count = self._length(length, node)
        value = self._builder.number(byte) if isinstance(byte, int) else None
        if value is None:
            raise Unsupported(node, "cannot follow what memory is set to here")
        for _, part in self._variables.region(self._target(to, node), count, node) if count else ():
            leaf = part.type
            if isinstance(leaf, Scalar | Bits):
                type = scalar_of(leaf)
                pattern = int.from_bytes(bytes([int(value) & 255]) * max(type.bits // 8, 1), "little")
                bits = self._builder.constant(pattern, puns.unsigned(type.bits))
                self._variables.store(part, puns.recast(self._builder, bits, type), node)
            elif isinstance(leaf, Pointer) and value == 0:
                self._variables.store(part, Address(leaf, Null()), node)
            else:
                raise Unsupported(node, "cannot follow what memory is set to here")
        return to

    # Results through pointers

    def _split(self, x: int, type: Scalar, arguments: list[Value], node: c_ast.Node) -> Value:
        """modf."""
        whole = self._builder.add("trunc", type, x)
        self._variables.store(self._target(arguments[1], node), whole, node)
        # An infinite number has no fraction.
        most = self._builder.constant(type.limits[1], type)
        finite = self._builder.add("le", INT, self._builder.add("abs", type, x), most)
        rest = self._builder.add("sub", type, x, whole)
        rest = self._conditions.select(finite, rest, self._builder.constant(0, type))
        is_number = self._builder.add("eq", INT, x, x)
        return self._builder.add("copysign", type, self._conditions.select(is_number, rest, x), x)

    def _circular(self, x: int, type: Scalar, arguments: list[Value], node: c_ast.Node) -> Value:
        """sincos."""
        for op, target in zip(("sin", "cos"), arguments[1:], strict=True):
            self._variables.store(self._target(target, node), self._builder.add(op, type, x), node)
        return self._builder.constant(0, INT)


def _reader(at: int, type: CType | Void) -> Callable[[Place], Target]:
    """What lies some bytes behind a place, as something of a type."""
    assert not isinstance(type, Void)
    return lambda place: byte_of(place, at, type)
