"""Pointers whose target is known: members and elements of what they point to, arithmetic, comparisons."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.state import Bytes, Either, Index, Null, Place, Routine, Target, whole
from cprograms.lowering.values import Address, Value, layout, members, settled, size
from cprograms.types import INT, SCALARS, Array, CType, Function, Pointer, Struct, Union, Void, bit_offsets, bytes_of

_LONG = SCALARS["i64"]


def each(target: Target, change: Callable[[Place], Target]) -> Target:
    """What becomes of all places that a pointer may point to."""
    if isinstance(target, Either):
        return target._replace(yes=each(target.yes, change), no=each(target.no, change))
    return change(target) if isinstance(target, Place) else target


def type_of(target: Target) -> CType | Void | Function:
    """The type of what is pointed to."""
    if isinstance(target, Either):
        first = type_of(target.yes)
        return type_of(target.no) if isinstance(first, Void) else first
    if isinstance(target, Place):
        return target.type
    return Function() if isinstance(target, Routine) else Void()


def member(place: Place, number: int) -> Place:
    """A direct member of a struct or a union."""
    assert isinstance(place.type, Struct | Union)
    if isinstance(place.type, Union) or place.bytes is not None:
        at, shift = (0, 0) if isinstance(place.type, Union) else _begins(place.type, number)
        return _part(place, at, place.type.fields[number][1], shift)
    before, kind = members(place.type)[number]
    return place._replace(type=kind, offset=place.offset + before, row=None)


def _begins(type: Struct, number: int) -> tuple[int, int]:
    """The first byte of a struct's member, and its first bit there."""
    return [(at, shift) for _, at, shift, _ in bit_offsets(type)][number]


def _part(place: Place, at: int, type: CType, shift: int = 0) -> Place:
    """What begins some bytes behind the start of a place, a bit-field some bits behind that."""
    assert not isinstance(place.type, Void)
    if place.bytes is None:
        place = place._replace(bytes=Bytes(place.type, 0))
    assert place.bytes is not None
    return settled(place._replace(type=type, bytes=Bytes(place.bytes.within, place.bytes.at + at, shift), row=None))


def byte_of(place: Place, at: int, type: CType, shift: int = 0) -> Place:
    """What lies some bytes behind a place, as something of a type; a bit-field, some bits behind that."""
    assert not isinstance(place.type, Void)
    if place.bytes is None and not place.indices:
        inside = place.offset - place.object.start
        starts = layout(place.object.type)
        first = starts[inside][0] if inside < len(starts) else bytes_of(place.object.type)
        place = whole(place.object)._replace(bytes=Bytes(place.object.type, first))
    return _part(place, at, type, shift)


def element(builder: GraphBuilder, place: Place, index: int, node: c_ast.Node) -> Place:
    """An element of an array. Raises Unsupported where its place in a view of bytes is not known."""
    assert isinstance(place.type, Array)
    kind, length = place.type.element, place.type.length
    number = builder.number(index)
    if place.bytes is not None:
        if number is None:
            return _indexed(place, kind, Index(index, length, _stride(place, kind, node)))
        return _part(place, int(number) * bytes_of(kind), kind)
    stride = size(kind)
    if number is not None and 0 <= number < length:
        row = (length, int(number)) if place.indices else None
        return place._replace(type=kind, offset=place.offset + int(number) * stride, row=row)
    return place._replace(type=kind, indices=(*place.indices, Index(index, length, stride)), row=None)


def decayed(target: Target) -> Address:
    """An array as a pointer to its first element."""
    type = type_of(target)
    assert isinstance(type, Array)
    return Address(Pointer(type.element), each(target, _first))


def _first(place: Place) -> Place:
    assert isinstance(place.type, Array)
    row = (place.type.length, 0) if place.indices else None
    return place._replace(type=place.type.element, row=row)


def moved(builder: GraphBuilder, target: Target, by: int, back: bool, node: c_ast.Node) -> Target:
    """What a pointer points to after it went on, or back, by so many elements. Raises Unsupported."""
    if builder.number(by) == 0:
        return target
    if target == Null():
        raise Unsupported(node, "this pointer is null here")
    return each(target, lambda place: _moved(builder, place, by, back, node))


def _moved(builder: GraphBuilder, place: Place, by: int, back: bool, node: c_ast.Node) -> Place:
    if isinstance(place.type, Void):
        raise Unsupported(node, "what the pointer points to has no known type")
    number = builder.number(by)
    steps = None if number is None else -int(number) if back else int(number)
    if place.bytes is not None:
        if steps is None:
            return _moved_view(builder, place, by, back, node)
        return _part(place, steps * bytes_of(place.type), place.type)
    stride = size(place.type)
    if place.indices:
        return _moved_within(builder, place, by, steps, back, node)
    if steps is not None:
        return place._replace(offset=place.offset + steps * stride)
    start = place.object.start
    before = (place.offset - start) // stride
    first = place.offset - before * stride
    length = (size(place.object.type) - (first - start)) // stride
    return place._replace(offset=first, indices=(Index(_sum(builder, by, back, before), length, stride),))


def _moved_view(builder: GraphBuilder, place: Place, by: int, back: bool, node: c_ast.Node) -> Place:
    """The same of a pointer into a view of bytes, that goes on by what only a run says."""
    assert place.bytes is not None
    assert not isinstance(place.type, Void)
    stride = _stride(place, place.type, node)
    before, rest = divmod(place.bytes.at, bytes_of(place.type))
    if place.indices:
        before, rest = 0, place.bytes.at
    length = (bytes_of(place.bytes.within) - rest) // bytes_of(place.type)
    moving = place._replace(bytes=place.bytes._replace(at=rest))
    return _indexed(moving, place.type, Index(_sum(builder, by, back, before), length, stride))


def _indexed(place: Place, type: CType, index: Index) -> Place:
    return place._replace(type=type, indices=(*place.indices, index), row=None)


def _stride(place: Place, type: CType, node: c_ast.Node) -> int:
    """The slots of one element in a view of bytes. Raises Unsupported where they are not all of one size."""
    assert place.bytes is not None
    slots = layout(place.bytes.within)
    step = max(bytes_of(slots[0][1]), 1) if slots else 1
    even = all(at == number * step and bytes_of(leaf) == step for number, (at, leaf) in enumerate(slots))
    if not even or bytes_of(type) % step:
        raise Unsupported(node, "cannot follow an index into a view of memory")
    return bytes_of(type) // step


def _moved_within(
    builder: GraphBuilder, place: Place, by: int, steps: int | None, back: bool, node: c_ast.Node
) -> Place:
    """The same of a pointer whose place depends on an index already."""
    stride = size(place.type) if not isinstance(place.type, Void) else 0
    *outer, last = place.indices
    if place.row is not None:
        length, at = place.row
        if steps is not None and 0 <= at + steps < length:
            return place._replace(offset=place.offset + steps * stride, row=(length, at + steps))
        first = place.offset - at * stride
        index = Index(_sum(builder, by, back, at), length, stride)
        return place._replace(offset=first, indices=(*place.indices, index), row=None)
    if last.stride == stride:
        wide = builder.cast(last.node, _LONG)
        further = builder.add("sub" if back else "add", _LONG, wide, builder.cast(by, _LONG))
        return place._replace(indices=(*outer, last._replace(node=further)))
    raise Unsupported(node, "cannot follow this pointer")


def _sum(builder: GraphBuilder, by: int, back: bool, before: int) -> int:
    """`before + by`, or less it."""
    type = builder.nodes[by].type
    if not back and before == 0:
        return by
    if type.kind == "uint" or type.bits < INT.bits:
        by, type = builder.cast(by, _LONG), _LONG
    return builder.add("sub" if back else "add", type, builder.constant(before, type), by)


def is_set(builder: GraphBuilder, conditions: Conditions, target: Target) -> int:
    """Whether a pointer is not null: a condition."""
    if isinstance(target, Either):
        yes, no = is_set(builder, conditions, target.yes), is_set(builder, conditions, target.no)
        return conditions.select(target.condition, yes, no)
    return builder.constant(int(not isinstance(target, Null)), INT)


def compared(
    builder: GraphBuilder, conditions: Conditions, op: str, left: Value, right: Value, node: c_ast.Node
) -> int:
    """A comparison of two pointers, or their difference. Raises Unsupported."""
    first, second = (_target(builder, value, node) for value in (left, right))
    if isinstance(first, Either):
        sides = [
            compared(builder, conditions, op, Address(Pointer(Void()), side), right, node)
            for side in (first.yes, first.no)
        ]
        return conditions.select(first.condition, *sides)
    if isinstance(second, Either):
        sides = [
            compared(builder, conditions, op, left, Address(Pointer(Void()), side), node)
            for side in (second.yes, second.no)
        ]
        return conditions.select(second.condition, *sides)
    if isinstance(first, Place) and isinstance(second, Place) and first.object == second.object:
        return _ordered(builder, op, first, second, node)
    if op not in ("==", "!="):
        raise Unsupported(node, "cannot follow a comparison of these pointers")
    same = first == second
    return builder.constant(int(same == (op == "==")), INT)


def _target(builder: GraphBuilder, value: Value, node: c_ast.Node) -> Target:
    if isinstance(value, Address):
        return value.target
    if isinstance(value, int) and builder.number(value) == 0:
        return Null()
    raise Unsupported(node, "cannot follow a comparison of these pointers")


_COMPARISONS = {"<": ("lt", False), "<=": ("le", False), ">": ("lt", True), ">=": ("le", True)} | {
    "==": ("eq", False),
    "!=": ("ne", False),
}


def _ordered(builder: GraphBuilder, op: str, first: Place, second: Place, node: c_ast.Node) -> int:
    if first.bytes is None and second.bytes is None and first.type == second.type and not isinstance(first.type, Void):
        a, b = (_position(builder, place) for place in (first, second))
        unit = size(first.type)
    else:
        a, b = (builder.constant(_byte(place, node), _LONG) for place in (first, second))
        unit = 1 if isinstance(first.type, Void) else bytes_of(first.type)
    if op == "-":
        difference = builder.add("sub", _LONG, a, b)
        return difference if unit == 1 else builder.add("div", _LONG, difference, builder.constant(unit, _LONG))
    if op not in _COMPARISONS:
        raise Unsupported(node, f"cannot follow operator '{op}' on pointers")
    name, swap = _COMPARISONS[op]
    return builder.add(name, INT, b, a) if swap else builder.add(name, INT, a, b)


def _position(builder: GraphBuilder, place: Place) -> int:
    """The slot that a place begins at."""
    found = builder.constant(place.offset, _LONG)
    for index in place.indices:
        step = builder.add("mul", _LONG, builder.cast(index.node, _LONG), builder.constant(index.stride, _LONG))
        found = builder.add("add", _LONG, found, step)
    return found


def _byte(place: Place, node: c_ast.Node) -> int:
    """The byte of its object that a place begins at."""
    if place.indices:
        raise Unsupported(node, "cannot follow a comparison of these pointers")
    slots = [at for at, _ in layout(place.object.type)]
    begin = place.offset - place.object.start
    if place.bytes is None:
        return slots[begin] if begin < len(slots) else bytes_of(place.object.type)
    return slots[begin] + place.bytes.at
