"""Reading and assigning what lies at a place: slots of the memory, an array's chosen by the value of an index."""

from __future__ import annotations

import numpy as np
from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering import puns
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.state import UNSET, Either, Index, Null, Place, Slot, State, Target, whole
from cprograms.lowering.values import (
    Value,
    convert,
    layout,
    leaves,
    nodes_of,
    shifts,
    size,
    value_of,
    zero_of,
)
from cprograms.types import INT, SCALARS, Bits, CType, Leaf, Pointer, Scalar, Void, bytes_of

LONGEST_CHAIN = 8
"""Entries of a constant table that a dynamic index selects among; longer tables become lookups."""


_LONG = SCALARS["i64"]


class Variables:
    def __init__(self, builder: GraphBuilder, bounds: Bounds, state: State, conditions: Conditions) -> None:
        self._builder, self._bounds, self._state, self._conditions = builder, bounds, state, conditions

    def load(self, target: Target, node: c_ast.Node) -> Value:
        """What lies where a pointer points to."""
        if isinstance(target, Either):
            return self._load_either(target, node)
        place = _known(target, node)
        type = _complete(place, node)
        if place.bytes is not None:
            slots = self._load_bytes(place, type, node)
        else:
            place = self._touched(place, node)
            slots = [self._load_slot(place, k, leaf, node) for k, leaf in enumerate(leaves(type))]
        if isinstance(type, Bits) and isinstance(slots[0], int):
            # A bit-field that an int can hold is promoted to one.
            narrow = type.width < INT.bits or (type.width == INT.bits and type.scalar.kind == "int")
            return self._builder.cast(slots[0], INT) if narrow and type.scalar.kind != "bool" else slots[0]
        return value_of(type, slots)

    def _load_either(self, target: Either, node: c_ast.Node) -> Value:
        if isinstance(target.yes, Null) or isinstance(target.no, Null):
            return self.load(target.no if isinstance(target.yes, Null) else target.yes, node)
        yes, no = self.load(target.yes, node), self.load(target.no, node)
        merged = self._conditions.merge(target.condition, nodes_of(yes), nodes_of(no), len(nodes_of(yes)))
        if isinstance(yes, int):
            return self._conditions.select(target.condition, yes, self._as_number(no, node))
        return value_of(yes.type, merged)

    def _as_number(self, value: Value, node: c_ast.Node) -> int:
        if not isinstance(value, int):
            raise Unsupported(node, "a scalar is needed here")
        return value

    def store(self, target: Target, value: Value, node: c_ast.Node) -> Value:
        """Assign; returns the value as converted to the place's type."""
        if isinstance(target, Either):
            return self._store_either(target, value, node)
        place = _known(target, node)
        if place.object.fixed:
            raise Unsupported(node, "constants cannot be assigned to")
        type = _complete(place, node)
        value = convert(self._builder, value, type, node)
        if place.bytes is not None:
            self._store_bytes(place, type, nodes_of(value), node)
            return value
        self._store_slots(self._touched(place, node), nodes_of(value), node)
        return value

    def _store_either(self, target: Either, value: Value, node: c_ast.Node) -> Value:
        if isinstance(target.yes, Null) or isinstance(target.no, Null):
            return self.store(target.no if isinstance(target.yes, Null) else target.yes, value, node)
        state = self._state
        before = list(state.memory)
        stored = self.store(target.yes, value, node)
        after, state.memory = state.memory, before
        self.store(target.no, value, node)
        state.memory = self._conditions.merge(target.condition, after, state.memory, len(after))
        return stored

    def _store_slots(self, place: Place, new: list[Slot], node: c_ast.Node) -> None:
        memory = self._state.memory
        if not place.indices:
            self._write(place.offset, len(new))
            memory[place.offset : place.offset + len(new)] = new
            return
        for moved, guard in self._elements(place.indices):
            self._write(place.offset + moved, len(new))
            for k, slot in enumerate(new):
                at = place.offset + moved + k
                memory[at] = self._conditions.merge(guard, [slot], [self._held(memory, at, slot)], 1)[0]

    def _held(self, memory: list[Slot], at: int, new: Slot) -> Slot:
        """What is in a slot, or 0 of the kind of what is put there."""
        if memory[at] != UNSET or not isinstance(new, int):
            return memory[at]
        return self._builder.constant(0, self._builder.nodes[new].type)

    def lose(self, slots: list[tuple[int, Leaf]], node: c_ast.Node) -> list[int]:
        """The nodes in slots that something may read and write that is not followed."""
        memory = self._state.memory
        found = [self.slot(memory, at, leaf, node) for at, leaf in slots]
        for at, _ in slots:
            self._write(at, 1)
            self._state.outermost = min(self._state.outermost, at)
        return [slot for slot in found if isinstance(slot, int)]

    # What an abstract run wants to know

    def _write(self, start: int, length: int) -> None:
        """Slots are written."""

    # Slots

    def slot(self, slots: list[Slot], offset: int, leaf: Leaf, node: c_ast.Node) -> Slot:
        if not 0 <= offset < len(slots):
            raise Unsupported(node, "a variable is used outside its scope")
        # What an uninitialised variable holds is undefined; 0 is as good as any number.
        return zero_of(self._builder, leaf) if slots[offset] == UNSET else slots[offset]

    def number(self, slots: list[Slot], offset: int, type: Scalar, node: c_ast.Node) -> int:
        found = self.slot(slots, offset, type, node)
        if not isinstance(found, int):
            raise Unsupported(node, "a pointer is used as a number")
        return found

    def _touched(self, place: Place, node: c_ast.Node) -> Place:
        """The place, of which it is noted how far out it lies. One outside of its object has an index that says so.

        Raises Unsupported where it cannot be told where it lies.
        """
        object, length = place.object, size(_complete(place, node))
        if not object.fixed and object.start < self._state.outermost:
            self._state.outermost = object.start
        inside = object.start <= place.offset <= object.start + size(object.type) - length
        if inside or place.indices:
            return place
        first = (place.offset - object.start) % length
        count = (size(object.type) - first) // length
        if object.open or count < 1:
            raise Unsupported(node, "this lies outside of what the pointer points into")
        at = self._builder.constant((place.offset - object.start) // length, _LONG)
        return place._replace(offset=object.start + first, indices=(Index(at, count, length),))

    def _slots_of(self, place: Place) -> list[Slot]:
        return self._state.constants if place.object.fixed else self._state.memory

    def _load_slot(self, place: Place, k: int, leaf: Leaf, node: c_ast.Node) -> Slot:
        slots = self._slots_of(place)
        if not place.indices:
            return self.slot(slots, place.offset + k, leaf, node)
        return self._indexed(slots, place.offset + k, place.indices, leaf, node)

    def _indexed(
        self, slots: list[Slot], offset: int, indices: tuple[Index, ...], leaf: Leaf, node: c_ast.Node
    ) -> Slot:
        """An element chosen by the first index, of elements chosen by the others."""
        (index, length, stride), rest = indices[0], indices[1:]
        if rest:
            choices = [self._indexed(slots, offset + i * stride, rest, leaf, node) for i in range(length)]
        else:
            choices = [self.slot(slots, offset + i * stride, leaf, node) for i in range(length)]
        if length > LONGEST_CHAIN and isinstance(leaf, Scalar):
            numbers = [self._builder.number(c) if isinstance(c, int) else None for c in choices]
            if None not in numbers:
                return self._builder.lookup(np.array(numbers, dtype=leaf.dtype), leaf, index)
        valid, possible = self._checked(index, length)
        value = choices[possible[-1]]
        for i in reversed(possible[:-1]):
            value = self._conditions.merge(self._conditions.equals(valid, i), [choices[i]], [value], 1)[0]
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
        if length < 1:
            raise Unsupported(c_ast.EmptyStatement(), "an array without elements is used")
        low, high = self._bounds.of(node) or (-1, length)
        possible = range(max(int(low), 0), min(int(high), length - 1) + 1)
        if low >= 0 and high < length:
            return node, possible
        type = self._builder.nodes[node].type
        return self._builder.lookup(np.arange(length).astype(type.dtype), type, node), possible or range(length)

    # Bytes

    def _load_bytes(self, place: Place, type: CType, node: c_ast.Node) -> list[Slot]:
        return [self._joined(place, at, shift, leaf, node) for at, shift, leaf in _viewed_leaves(place, type)]

    def _joined(self, place: Place, at: int, shift: int, leaf: Leaf, node: c_ast.Node) -> int:
        """What begins at a byte of a view, a bit-field some bits behind that."""
        if isinstance(leaf, Bits):
            unit = puns.unsigned(8 * bytes_of(leaf))
            return puns.field(self._builder, self._joined(place, at, 0, unit, node), shift, leaf)
        pieces = [(bit, self._number_at(part, node)) for bit, part in self._parts(place, at, _number(leaf, node), node)]
        return puns.joined(self._builder, pieces, _number(leaf, node))

    def _store_bytes(self, place: Place, type: CType, new: list[Slot], node: c_ast.Node) -> None:
        for (at, shift, leaf), slot in zip(_viewed_leaves(place, type), new, strict=True):
            if not isinstance(slot, int):
                raise Unsupported(node, "cannot follow this view of memory")
            if isinstance(leaf, Bits):
                unit = puns.unsigned(8 * bytes_of(leaf))
                old = self._joined(place, at, 0, unit, node)
                self._insert(place, at, unit, puns.with_field(self._builder, old, slot, shift, leaf), node)
            else:
                self._insert(place, at, _number(leaf, node), slot, node)

    def _insert(self, place: Place, at: int, type: Scalar, value: int, node: c_ast.Node) -> None:
        """Put a number where a byte of a view begins."""
        for bit, part in self._parts(place, at, type, node):
            covers = bit >= 0 and bit + _bits(part) <= type.bits
            if not isinstance(part.type, Bits):
                old = None if covers else self._number_at(part, node)
                held = puns.inserted(self._builder, value, bit, _number(part.type, node), old)
            elif covers:
                own = puns.recast(self._builder, value, puns.unsigned(type.bits))
                held = puns.field(self._builder, own, bit, part.type)
            else:
                raise Unsupported(node, "cannot follow a part of a bit-field")
            self._store_slots(self._touched(part, node), [held], node)

    def _number_at(self, part: Place, node: c_ast.Node) -> int:
        """The number in a slot; of a bit-field, its bits alone."""
        assert isinstance(part.type, Scalar | Bits)
        found = self._load_slot(self._touched(part, node), 0, part.type, node)
        if not isinstance(found, int):
            raise Unsupported(node, "a pointer is used as a number")
        return puns.bits_of(self._builder, found, part.type) if isinstance(part.type, Bits) else found

    def _parts(self, place: Place, first: int, type: Scalar, node: c_ast.Node) -> list[tuple[int, Place]]:
        """The slots that some bytes of a place lie in, each with the bit of these bytes that its first one is."""
        assert place.bytes is not None
        within, end, found = place.bytes.within, first + bytes_of(type), []
        covered: set[int] = set()
        for number, ((at, leaf), shift) in enumerate(zip(layout(within), shifts(within), strict=True)):
            over = range(max(at, first), min(at + bytes_of(leaf), end))
            if not over:
                continue
            if isinstance(leaf, Pointer):
                raise Unsupported(node, "cannot follow this view of memory")
            covered.update(over)
            part = place._replace(type=leaf, offset=place.offset + number, bytes=None)
            if not isinstance(leaf, Bits) or -leaf.width < 8 * (at - first) + shift < type.bits:
                found.append((8 * (at - first) + shift, part))
        if len(covered) != end - first:
            raise Unsupported(node, "this lies outside of what the pointer points into")
        return found

    def region(self, target: Target, length: int, node: c_ast.Node) -> list[tuple[int, int, Place]]:
        """The slots that `length` bytes of memory consist of, each with its first byte there and its first bit in that.

        Raises Unsupported.
        """
        place = _known(target, node)
        if place.bytes is None and place.indices:
            within, base, first = _complete(place, node), place, 0
        elif place.bytes is not None:
            within, base, first = place.bytes.within, place._replace(bytes=None), place.bytes.at
        else:
            within, base = place.object.type, whole(place.object)
            starts = [at for at, _ in layout(within)]
            begin = place.offset - place.object.start
            first = starts[begin] if begin < len(starts) else bytes_of(within)
        found = [
            (at - first, shift, base._replace(type=leaf, offset=base.offset + number))
            for number, ((at, leaf), shift) in enumerate(zip(layout(within), shifts(within), strict=True))
            if first <= at < first + length
        ]
        if not found or any(at + bytes_of(_complete(part, node)) > length for at, _, part in found):
            raise Unsupported(node, "cannot follow how much memory is worked on here")
        return found

    def reachable(self, values: list[Value]) -> list[tuple[int, Leaf]]:
        """The slots of all objects that may be written through some values, directly or through what lies there."""
        found: dict[int, Leaf] = {}
        stack: list[Slot] = [slot for value in values for slot in nodes_of(value)]
        while stack:
            slot = stack.pop()
            if isinstance(slot, Either):
                stack += [slot.yes, slot.no]
            if not isinstance(slot, Place) or slot.object.fixed or slot.object.start in found:
                continue
            for k, leaf in enumerate(leaves(slot.object.type)):
                at = slot.object.start + k
                if at < len(self._state.memory):
                    found[at] = leaf
                    stack.append(self._state.memory[at])
        return list(found.items())


def _viewed_leaves(place: Place, type: CType) -> list[tuple[int, int, Leaf]]:
    """The leaves of a view, each with its first byte in what it is a view of, and its first bit there."""
    assert place.bytes is not None
    first = [place.bytes.shift] if isinstance(type, Bits) else shifts(type)
    return [(place.bytes.at + at, shift, leaf) for (at, leaf), shift in zip(layout(type), first, strict=True)]


def _bits(part: Place) -> int:
    assert isinstance(part.type, Scalar | Bits)
    return part.type.width if isinstance(part.type, Bits) else part.type.bits


def _number(leaf: CType | Void, node: c_ast.Node) -> Scalar:
    if not isinstance(leaf, Scalar):
        raise Unsupported(node, "cannot follow this view of memory")
    return leaf


def _known(target: Target, node: c_ast.Node) -> Place:
    if isinstance(target, Place):
        return target
    raise Unsupported(node, "this pointer is null here" if isinstance(target, Null) else "cannot follow this pointer")


def _complete(place: Place, node: c_ast.Node) -> CType:
    if isinstance(place.type, Void):
        raise Unsupported(node, "what the pointer points to has no known type")
    return place.type
