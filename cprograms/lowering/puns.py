"""The bits of a number read as another: unions, casts of pointers, copies of memory."""

from __future__ import annotations

from collections.abc import Sequence

from cprograms.graph import GraphBuilder
from cprograms.types import INT, SCALARS, Bits, Scalar, bytes_of


def unsigned(bits: int) -> Scalar:
    return SCALARS[f"u{max(bits, 8)}"]


def joined(builder: GraphBuilder, pieces: Sequence[tuple[int, int]], type: Scalar) -> int:
    """A number of a type whose bits are those of others: each is given with the bit that its lowest one becomes.

    What lies below 0 or beyond the type is cut off; little-endian, as x86-64 is.
    """
    (shift, only), *more = pieces
    if not more and shift == 0 and builder.nodes[only].type.bits == type.bits:
        return recast(builder, only, type)
    wide = unsigned(max(type.bits, *(builder.nodes[node].type.bits for _, node in pieces)))
    found: int | None = None
    for shift, node in pieces:
        bits = builder.cast(recast(builder, node, unsigned(builder.nodes[node].type.bits)), wide)
        moved = _shifted(builder, bits, shift, wide)
        found = moved if found is None else builder.add("or", wide, found, moved)
    assert found is not None
    return recast(builder, builder.cast(found, unsigned(type.bits)), type)


def inserted(builder: GraphBuilder, value: int, shift: int, type: Scalar, old: int | None) -> int:
    """A number of `type` that has bits of `value` from bit -`shift` of it on, and else those of `old`.

    `shift` is the bit of `value` that the lowest one of the number lies at.
    """
    own = unsigned(builder.nodes[value].type.bits)
    width = own.bits
    bits = recast(builder, value, own)
    if old is None and shift == 0 and width == type.bits:
        return recast(builder, bits, type)
    target = unsigned(type.bits)
    wide = unsigned(max(width, type.bits))
    moved = builder.cast(_shifted(builder, builder.cast(bits, wide), -shift, wide), target)
    if old is not None:
        covered = ((1 << width) - 1 << max(-shift, 0)) & ((1 << type.bits) - 1)
        kept = builder.constant(((1 << type.bits) - 1) & ~covered, target)
        rest = builder.add("and", target, recast(builder, old, target), kept)
        moved = builder.add("or", target, rest, moved)
    return recast(builder, moved, type)


def recast(builder: GraphBuilder, node: int, type: Scalar) -> int:
    """The same bits as a number of a type of as many bits."""
    source = builder.nodes[node].type
    if source == type:
        return node
    if source.is_integer and type.is_integer:
        return builder.cast(node, type)
    return builder.add("bitcast", type, node)


def bits_of(builder: GraphBuilder, node: int, field: Bits) -> int:
    """The bits of a bit-field's number, as an unsigned one of its type."""
    type = unsigned(8 * bytes_of(field))
    return builder.add("and", type, recast(builder, node, type), builder.constant((1 << field.width) - 1, type))


def field(builder: GraphBuilder, unit: int, shift: int, field: Bits) -> int:
    """The number of a bit-field that begins at a bit of an unsigned number."""
    moved = _shifted(builder, unit, -shift, builder.nodes[unit].type)
    narrow = builder.cast(moved, unsigned(8 * bytes_of(field)))
    return lowest(builder, builder.cast(bits_of(builder, narrow, field), field.scalar), field)


def with_field(builder: GraphBuilder, unit: int, value: int, shift: int, field: Bits) -> int:
    """An unsigned number with other bits where a bit-field lies."""
    type = builder.nodes[unit].type
    kept = (1 << type.bits) - 1 - (((1 << field.width) - 1) << shift)
    moved = _shifted(builder, bits_of(builder, value, field), shift, type)
    return builder.add("or", type, builder.add("and", type, unit, builder.constant(kept, type)), moved)


def lowest(builder: GraphBuilder, value: int, field: Bits) -> int:
    """What a bit-field holds of an integer of its type: its lowest bits, with the sign that they give."""
    type, spare = field.scalar, field.scalar.bits - field.width
    if spare <= 0 or type.kind == "bool":
        return value
    if type.kind == "uint":
        return builder.add("and", type, value, builder.constant((1 << field.width) - 1, type))
    by = builder.constant(spare, INT)
    return builder.add("shr", type, builder.add("shl", type, value, by), by)


def _shifted(builder: GraphBuilder, node: int, by: int, type: Scalar) -> int:
    if by == 0:
        return node
    return builder.add("shl" if by > 0 else "shr", type, node, builder.constant(abs(by), INT))
