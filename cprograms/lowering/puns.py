"""The bits of a number read as another: unions, casts of pointers, copies of memory."""

from __future__ import annotations

from collections.abc import Sequence

from cprograms.graph import GraphBuilder
from cprograms.types import INT, SCALARS, Scalar


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


def _shifted(builder: GraphBuilder, node: int, by: int, type: Scalar) -> int:
    if by == 0:
        return node
    return builder.add("shl" if by > 0 else "shr", type, node, builder.constant(abs(by), INT))
