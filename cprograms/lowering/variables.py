"""Reading and assigning variables: slots of the memory, those of an array chosen by the value of an index."""

from __future__ import annotations

import numpy as np
from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.state import UNSET, Index, Place, State
from cprograms.lowering.values import Aggregate, Value, convert, leaves, nodes_of
from cprograms.types import INT, Scalar

LONGEST_CHAIN = 8
"""Entries of a constant table that a dynamic index selects among; longer tables become lookups."""


class Variables:
    def __init__(self, builder: GraphBuilder, bounds: Bounds, state: State, conditions: Conditions) -> None:
        self._builder, self._bounds, self._state, self._conditions = builder, bounds, state, conditions

    def load(self, place: Place) -> Value:
        if isinstance(place.type, Scalar):
            return self._load_leaf(place, 0, place.type)
        return Aggregate(place.type, [self._load_leaf(place, k, leaf) for k, leaf in enumerate(leaves(place.type))])

    def store(self, place: Place, value: Value, node: c_ast.Node) -> Value:
        """Assign; returns the value as converted to the place's type."""
        if place.fixed:
            raise Unsupported(node, "constants cannot be assigned to")
        value = convert(self._builder, value, place.type, node)
        memory, new = self._state.memory, nodes_of(value)
        if not place.indices:
            memory[place.offset : place.offset + len(new)] = new
            return value
        for moved, guard in self._elements(place.indices):
            for k, (leaf, type) in enumerate(zip(new, leaves(place.type), strict=True)):
                at = place.offset + moved + k
                memory[at] = self._conditions.select(guard, leaf, self.slot(memory, at, type))
        return value

    def slot(self, slots: list[int], offset: int, type: Scalar) -> int:
        if offset >= len(slots):
            raise Unsupported(c_ast.EmptyStatement(), "a variable is used outside its scope")
        # What an uninitialised variable holds is undefined; 0 is as good as any number.
        return self._builder.constant(0, type) if slots[offset] == UNSET else slots[offset]

    def _load_leaf(self, place: Place, k: int, type: Scalar) -> int:
        slots = self._state.constants if place.fixed else self._state.memory
        if not place.indices:
            return self.slot(slots, place.offset + k, type)
        return self._indexed(slots, place.offset + k, place.indices, type)

    def _indexed(self, slots: list[int], offset: int, indices: tuple[Index, ...], type: Scalar) -> int:
        """An element chosen by the first index, of elements chosen by the others."""
        (node, length, stride), rest = indices[0], indices[1:]
        if rest:
            choices = [self._indexed(slots, offset + i * stride, rest, type) for i in range(length)]
        else:
            choices = [self.slot(slots, offset + i * stride, type) for i in range(length)]
        numbers = [self._builder.number(c) for c in choices]
        if length > LONGEST_CHAIN and None not in numbers:
            return self._builder.lookup(np.array(numbers, dtype=type.dtype), type, node)
        index, possible = self._checked(node, length)
        value = choices[possible[-1]]
        for i in reversed(possible[:-1]):
            value = self._conditions.select(self._conditions.equals(index, i), choices[i], value)
        return value

    def _elements(self, indices: tuple[Index, ...]) -> list[tuple[int, int]]:
        """The elements that indices may select: slots that each is moved by, and the condition that it is chosen."""
        elements = [(0, self._builder.constant(1, INT))]
        for index, length, stride in indices:
            valid, possible = self._checked(index, length)
            elements = [
                (moved + i * stride, self._conditions.both(self._conditions.equals(valid, i), guard))
                for moved, guard in elements
                for i in possible
            ]
        return elements

    def _checked(self, node: int, length: int) -> tuple[int, range]:
        """An index that is poisoned where it is outside of an array, and the elements that it may select.

        The check, where the domain does not make it needless, is a look-up in the table of the valid indices.
        """
        low, high = self._bounds.of(node) or (-1, length)
        possible = range(max(int(low), 0), min(int(high), length - 1) + 1)
        if low >= 0 and high < length:
            return node, possible
        type = self._builder.nodes[node].type
        return self._builder.lookup(np.arange(length).astype(type.dtype), type, node), possible or range(length)
