"""Values of C expressions: a node for a scalar, what is in each slot for a struct or an array, a pointer's target."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering import puns
from cprograms.lowering.state import Bytes, Either, Null, Place, Slot, Target, whole
from cprograms.types import (
    INT,
    SCALARS,
    Array,
    Bits,
    CType,
    Function,
    Leaf,
    Pointer,
    Scalar,
    Struct,
    Union,
    Void,
    bit_offsets,
    bytes_of,
    offsets,
)

MOST_SLOTS, MOST_ENTRIES = 1024, 65536
"""Scalars of a variable that can be followed, and of one that has an initialiser."""


class Aggregate(NamedTuple):
    """The value of a struct, union or array expression: what is in the slot of each leaf."""

    type: CType
    leaves: list[Slot]


class Address(NamedTuple):
    """The value of a pointer expression: its type, and what it points to."""

    type: Pointer
    target: Target


Value = int | Aggregate | Address


def size(type: CType) -> int:
    """How many slots a type takes."""
    if isinstance(type, Scalar):
        return 1
    if isinstance(type, Array):
        return type.length * size(type.element)
    if isinstance(type, Union):
        return len(cells(type))
    return sum(size(kind) for _, kind in type.fields) if isinstance(type, Struct) else 1


@lru_cache(maxsize=4096)
def leaves(type: CType) -> tuple[Leaf, ...]:
    """What is in each slot of a type, in order of declaration."""
    if isinstance(type, Array):
        return leaves(type.element) * type.length
    if isinstance(type, Struct):
        return tuple(leaf for _, field in type.fields for leaf in leaves(field))
    if isinstance(type, Union):
        return tuple(leaf for _, leaf in cells(type))
    return (type,)


@lru_cache(maxsize=4096)
def layout(type: CType) -> tuple[tuple[int, Leaf], ...]:
    """The leaves of a type, each with its first byte; bit-fields with that of their unit."""
    if isinstance(type, Array):
        step, inside = bytes_of(type.element), layout(type.element)
        return tuple((k * step + at, leaf) for k in range(type.length) for at, leaf in inside)
    if isinstance(type, Struct):
        return tuple((start + at, leaf) for _, start, inner in offsets(type) for at, leaf in layout(inner))
    return cells(type) if isinstance(type, Union) else ((0, type),)


@lru_cache(maxsize=4096)
def shifts(type: CType) -> tuple[int, ...]:
    """The first bit of each leaf of a type: what is no bit-field begins with its byte."""
    if isinstance(type, Array):
        return shifts(type.element) * type.length
    if isinstance(type, Struct):
        every = ((shift,) if isinstance(inner, Bits) else shifts(inner) for _, _, shift, inner in bit_offsets(type))
        return tuple(shift for inner in every for shift in inner)
    if isinstance(type, Union):
        filling = _filling(type)
        return shifts(filling) if filling is not None else (0,) * len(cells(type))
    return (0,)


@lru_cache(maxsize=1024)
def cells(union: Union) -> tuple[tuple[int, Leaf], ...]:
    """What a union's bytes are kept as: the leaves of the member that fills it, where all others have leaves of the
    same types at the same places; else unsigned integers as long as its shortest leaf.
    """
    filling = _filling(union)
    if filling is not None:
        return layout(filling)
    step = min(bytes_of(leaf) for _, inner in union.fields for leaf in leaves(inner))
    return tuple((at, SCALARS[f"u{8 * step}"]) for at in range(0, bytes_of(union), step))


@lru_cache(maxsize=1024)
def _filling(union: Union) -> CType | None:
    """The member whose leaves a union is kept as, if it is kept as a member's."""
    members = [inner for _, inner in union.fields]
    longest = max(members, key=lambda inner: max((at for at, _ in layout(inner)), default=0))
    kept = set(zip(layout(longest), shifts(longest), strict=True))
    if all({*zip(layout(inner), shifts(inner), strict=True)} <= kept for inner in members):
        return longest
    # Of what is no number only the longest member can be followed.
    return None if all(isinstance(leaf, Scalar | Bits) for inner in members for leaf in leaves(inner)) else longest


def members(type: CType) -> list[tuple[int, CType]]:
    """Each direct member of an array or a struct: the slots before it, and its type."""
    if isinstance(type, Array):
        stride = size(type.element)
        return [(i * stride, type.element) for i in range(type.length)]
    found, before = [], 0
    for _, kind in type.fields if isinstance(type, Struct) else ():
        found.append((before, kind))
        before += size(kind)
    return found


def nodes_of(value: Value) -> list[Slot]:
    """What is in the slots of a value."""
    if isinstance(value, Aggregate):
        return value.leaves
    return [value.target if isinstance(value, Address) else value]


def value_of(type: CType, slots: list[Slot]) -> Value:
    """The value of a type that has these in its slots."""
    if isinstance(type, Pointer):
        target = slots[0]
        return Address(type, Null() if isinstance(target, int) else target)
    if isinstance(type, Scalar) and isinstance(slots[0], int):
        return slots[0]
    return Aggregate(type, slots)


def type_of(builder: GraphBuilder, value: Value) -> CType:
    return builder.nodes[value].type if isinstance(value, int) else value.type


def numbers(value: Value) -> list[int]:
    """The nodes among what a value consists of."""
    return [slot for slot in nodes_of(value) if isinstance(slot, int)]


def convert(builder: GraphBuilder, value: Value, type: CType, node: c_ast.Node) -> Value:
    """The value in another type; raises Unsupported, at the syntax node, where C has no such conversion."""
    if isinstance(type, Bits) and isinstance(value, int):
        return value_of(type.scalar, [puns.lowest(builder, builder.cast(value, type.scalar), type)])
    if isinstance(type, Scalar) and isinstance(value, int):
        return builder.cast(value, type)
    if isinstance(type, Pointer):
        return _pointed(builder, value, type, node)
    if isinstance(value, Aggregate) and value.type == type:
        return value
    raise Unsupported(node, "these types do not fit together")


def _pointed(builder: GraphBuilder, value: Value, type: Pointer, node: c_ast.Node) -> Address:
    if isinstance(value, int) and builder.number(value) == 0:
        return Address(type, Null())
    if isinstance(value, Address):
        return Address(type, retyped(value.target, type.target))
    raise Unsupported(node, "cannot follow this pointer")


def retyped(target: Target, type: CType | Void | Function) -> Target:
    """What is pointed to, seen through a pointer to another type."""
    if isinstance(target, Either):
        return target._replace(yes=retyped(target.yes, type), no=retyped(target.no, type))
    if not isinstance(target, Place) or isinstance(type, Void | Function) or type == target.type:
        return target
    return viewed(target, type)


def viewed(place: Place, type: CType) -> Place:
    """What begins at a place, as one of another type: as slots where the leaves agree, else as bytes."""
    if place.bytes is None:
        if place.indices:
            if isinstance(place.type, Void) or _fits(leaves(place.type), 0, type):
                return place._replace(type=type)
            return place._replace(type=type, bytes=Bytes(place.type, 0))
        begin = place.offset - place.object.start
        if _fits(leaves(place.object.type), begin, type):
            return place._replace(type=type)
        at = layout(place.object.type)[begin][0] if begin < size(place.object.type) else bytes_of(place.object.type)
        within = whole(place.object)
        return within._replace(type=type, bytes=Bytes(place.object.type, at))
    return settled(place._replace(type=type))


def settled(place: Place) -> Place:
    """A view of bytes as slots again, where those that begin there are the leaves of its type."""
    if place.bytes is None or isinstance(place.type, Void):
        return place
    within, at, _ = place.bytes
    for number, (start, _) in enumerate(layout(within)):
        if start == at and _fits(leaves(within), number, place.type) and _lie_the_same(place.bytes, number, place.type):
            return place._replace(offset=place.offset + number, bytes=None)
    return place


def _lie_the_same(view: Bytes, number: int, type: CType) -> bool:
    """Whether a type's bit-fields are those of the slots from a number on."""
    if isinstance(type, Bits):
        return shifts(view.within)[number] == view.shift
    if not any(isinstance(leaf, Bits) for leaf in leaves(type)):
        return True
    slots = slice(number, number + size(type))
    starts = tuple(at - view.at for at, _ in layout(view.within)[slots])
    return starts == tuple(at for at, _ in layout(type)) and shifts(view.within)[slots] == shifts(type)


def _fits(found: tuple[Leaf, ...], begin: int, type: CType) -> bool:
    """Whether the leaves from `begin` on are those of a type."""
    wanted = leaves(type)
    if begin < 0 or len(found) < begin + len(wanted):
        return False
    return all(_same(a, found[begin + k]) for k, a in enumerate(wanted))


def _same(a: Leaf, b: Leaf) -> bool:
    return a == b or (isinstance(a, Pointer) and isinstance(b, Pointer))


def zero(builder: GraphBuilder, type: CType | None) -> Value:
    """All zeros; 0 stands for the value of a void function, whose type is None."""
    kind = type or INT
    return value_of(kind, [zero_of(builder, leaf) for leaf in leaves(kind)])


def zero_of(builder: GraphBuilder, leaf: Leaf) -> Slot:
    return Null() if isinstance(leaf, Pointer) else builder.constant(0, scalar_of(leaf))


def scalar_of(leaf: Scalar | Bits) -> Scalar:
    return leaf.scalar if isinstance(leaf, Bits) else leaf


class Mixture:
    """Values of which only that they depend on some nodes is known."""

    def __init__(self, builder: GraphBuilder, read: list[int]) -> None:
        self._builder, self._read = builder, read
        self._nodes: dict[str, int] = {}

    def slot(self, leaf: Leaf) -> Slot:
        if isinstance(leaf, Pointer):
            return Null()
        type = scalar_of(leaf)
        if type.code not in self._nodes:
            self._nodes[type.code] = self._mixed(type)
        return self._nodes[type.code]

    def _mixed(self, type: Scalar) -> int:
        nodes = [self._builder.cast(n, type) for n in self._read] or [self._builder.constant(0, type)]
        value, *others = nodes if len(nodes) > 1 else nodes * 2
        for other in others:
            value = self._builder.add("opaque", type, value, other)
        return value
