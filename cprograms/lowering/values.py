"""Conditions, selects and loads over the slots of a program's variables: what expressions and statements share."""

from __future__ import annotations

import numpy as np
from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.memory import UNSET, Aggregate, Index, Place, Value, leaves
from cprograms.program import Program
from cprograms.types import INT, CType, Scalar

LONGEST_CHAIN = 8
"""Entries of a constant table that a dynamic index selects among; longer tables become lookups."""


class Values:
    """The graph that is being built, and `memory`: the node that each local variable's slot holds at this point."""

    def __init__(self, program: Program) -> None:
        self.builder = GraphBuilder()
        self.bounds = Bounds(self.builder, program.domain)
        self.memory: list[int] = []
        self.constants: list[int] = []  # the slots of the constant globals
        self.repeating = 0  # how many unrolled loops and recursive calls this place is in

    def type_of(self, value: Value) -> CType:
        return value.type if isinstance(value, Aggregate) else self.builder.nodes[value].type

    def truth(self, value: int) -> int:
        type = self.builder.nodes[value].type
        if type.is_integer:
            return value
        return self.builder.add("ne", INT, value, self.builder.constant(0, type))

    def decided(self, condition: int) -> bool | None:
        """Whether a condition holds, where that is known: it is constant or, in what repeats, the domain decides it.

        Elsewhere the domain is not asked, so that it shapes a graph only where a bound must be proved.
        """
        number = self.builder.number(condition)
        if number is not None:
            return number != 0
        return self.bounds.truth(condition) if self.repeating else None

    def as_flag(self, value: int) -> int:
        """0 or 1, an int."""
        type = self.builder.nodes[value].type
        return self.builder.add("ne", INT, value, self.builder.constant(0, type))

    def negation(self, value: int) -> int:
        type = self.builder.nodes[value].type
        return self.builder.add("eq", INT, value, self.builder.constant(0, type))

    def select(self, condition: int, yes: int, no: int) -> int:
        return yes if yes == no else self.builder.add("sel", self.builder.nodes[yes].type, condition, yes, no)

    def both(self, first: int, second: int) -> int:
        """`first && second`, where the second is undefined unless the first holds."""
        return self.select(first, self.as_flag(second), self.builder.constant(0, INT))

    def unless(self, first: int, second: int) -> int:
        """`!first && second`, where the second is undefined where the first holds."""
        return self.select(first, self.builder.constant(0, INT), self.as_flag(second))

    def choose(self, condition: int, yes: list[int], no: list[int], length: int) -> list[int]:
        """Slots of two alternatives, merged: `yes` where the condition holds, else `no`."""
        if len(yes) < length or len(no) < length:
            yes, no = (side + [UNSET] * (length - len(side)) for side in (yes, no))
        return [
            a if a == b or b == UNSET else b if a == UNSET else self.select(condition, a, b)
            for a, b, _ in zip(yes, no, range(length), strict=False)
        ]

    def load(self, place: Place) -> Value:
        if isinstance(place.type, Scalar):
            return self._load_leaf(place, 0, place.type)
        return Aggregate(place.type, [self._load_leaf(place, k, leaf) for k, leaf in enumerate(leaves(place.type))])

    def _load_leaf(self, place: Place, k: int, type: Scalar) -> int:
        slots = self.constants if place.fixed else self.memory
        if not place.indices:
            return self.slot(slots, place.offset + k, type)
        return self._indexed(slots, place.offset + k, place.indices, type)

    def slot(self, slots: list[int], offset: int, type: Scalar) -> int:
        if offset >= len(slots):
            raise Unsupported(c_ast.EmptyStatement(), "a variable is used outside its scope")
        # What an uninitialised variable holds is undefined; 0 is as good as any number.
        return self.builder.constant(0, type) if slots[offset] == UNSET else slots[offset]

    def _indexed(self, slots: list[int], offset: int, indices: tuple[Index, ...], type: Scalar) -> int:
        """An element chosen by the first index, of elements chosen by the others."""
        (node, length, stride), rest = indices[0], indices[1:]
        if rest:
            choices = [self._indexed(slots, offset + i * stride, rest, type) for i in range(length)]
        else:
            choices = [self.slot(slots, offset + i * stride, type) for i in range(length)]
        numbers = [self.builder.number(c) for c in choices]
        if length > LONGEST_CHAIN and None not in numbers:
            return self.builder.lookup(np.array(numbers, dtype=type.dtype), type, node)
        index, possible = self._checked(node, length)
        value = choices[possible[-1]]
        for i in reversed(possible[:-1]):
            value = self.select(self._equals(index, i), choices[i], value)
        return value

    def _checked(self, node: int, length: int) -> tuple[int, range]:
        """An index that is poisoned where it is outside of an array, and the elements that it may select.

        The check, where the domain does not make it needless, is a look-up in the table of the valid indices.
        """
        low, high = self.bounds.of(node) or (-1, length)
        possible = range(max(int(low), 0), min(int(high), length - 1) + 1)
        if low >= 0 and high < length:
            return node, possible
        type = self.builder.nodes[node].type
        return self.builder.lookup(np.arange(length).astype(type.dtype), type, node), possible or range(length)

    def _equals(self, node: int, number: int) -> int:
        return self.builder.add("eq", INT, node, self.builder.constant(number, self.builder.nodes[node].type))
