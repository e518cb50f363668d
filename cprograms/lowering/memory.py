"""Where a program's variables lie while it is lowered: every scalar leaf has a slot of a flat list of graph nodes."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from cprograms.types import Array, CType, Scalar, Struct

UNSET = -1
"""In a slot: nothing was written yet. Merged with a value, it is that value."""


class Index(NamedTuple):
    """A subscript that is no constant: the node of its value, how many elements it may select, slots between them."""

    node: int
    length: int
    stride: int


class Place(NamedTuple):
    """An lvalue: the slots of `type` from `offset` on, moved by `indices`; `fixed` for constant globals."""

    type: CType
    offset: int
    indices: tuple[Index, ...] = ()
    fixed: bool = False


class Aggregate(NamedTuple):
    """The value of a struct or array expression: a node for each scalar leaf."""

    type: CType
    leaves: list[int]


Value = int | Aggregate


def size(type: CType) -> int:
    """How many scalars a type consists of."""
    if isinstance(type, Array):
        return type.length * size(type.element)
    return sum(size(kind) for _, kind in type.fields) if isinstance(type, Struct) else 1


@lru_cache(maxsize=4096)
def leaves(type: CType) -> tuple[Scalar, ...]:
    """The scalars that a type consists of, in order of declaration."""
    if isinstance(type, Scalar):
        return (type,)
    if isinstance(type, Array):
        return leaves(type.element) * type.length
    return tuple(leaf for _, field in type.fields for leaf in leaves(field))


def field(type: CType, name: str) -> tuple[int, CType] | None:
    """Slots before a struct's field, and the field's type; None where there is no such field."""
    before = 0
    for known, kind in type.fields if isinstance(type, Struct) else ():
        if known == name:
            return before, kind
        before += len(leaves(kind))
    return None
