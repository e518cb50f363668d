"""Values of C expressions as nodes of the graph: one node for a scalar, one for each scalar of a struct or an array."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.types import INT, Array, CType, Scalar, Struct

MOST_SLOTS, MOST_ENTRIES = 1024, 65536
"""Scalars of a variable that can be followed, and of one that has an initialiser."""


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


def members(type: CType) -> list[tuple[int, CType]]:
    """Each direct member of an array or a struct: the scalars before it, and its type."""
    if isinstance(type, Array):
        stride = len(leaves(type.element))
        return [(i * stride, type.element) for i in range(type.length)]
    found, before = [], 0
    for _, kind in type.fields if isinstance(type, Struct) else ():
        found.append((before, kind))
        before += len(leaves(kind))
    return found


def field(type: CType, name: str) -> int | None:
    """The number of a struct's field among its members; None where there is no such field."""
    names = [known for known, _ in type.fields] if isinstance(type, Struct) else []
    return names.index(name) if name in names else None


def nodes_of(value: Value) -> list[int]:
    return value.leaves if isinstance(value, Aggregate) else [value]


def value_of(type: CType, nodes: list[int]) -> Value:
    """The value of a type whose scalars are these nodes."""
    return nodes[0] if isinstance(type, Scalar) else Aggregate(type, nodes)


def type_of(builder: GraphBuilder, value: Value) -> CType:
    return value.type if isinstance(value, Aggregate) else builder.nodes[value].type


def convert(builder: GraphBuilder, value: Value, type: CType, node: c_ast.Node) -> Value:
    """The value in another type; raises Unsupported, at the syntax node, where C has no such conversion."""
    if isinstance(type, Scalar) and not isinstance(value, Aggregate):
        return builder.cast(value, type)
    if isinstance(value, Aggregate) and value.type == type:
        return value
    raise Unsupported(node, "these types do not fit together")


def zero(builder: GraphBuilder, type: CType | None) -> Value:
    """All zeros; 0 stands for the value of a void function, whose type is None."""
    kind = type or INT
    return value_of(kind, [builder.constant(0, leaf) for leaf in leaves(kind)])


def opaque(builder: GraphBuilder, arguments: list[Value], type: CType | None) -> Value:
    """A value of which only that it depends on the arguments is known."""
    if type is None:
        return zero(builder, None)
    return value_of(type, [_opaque_leaf(builder, arguments, leaf) for leaf in leaves(type)])


def _opaque_leaf(builder: GraphBuilder, arguments: list[Value], type: Scalar) -> int:
    read = [builder.cast(n, type) for a in arguments for n in nodes_of(a)] or [builder.constant(0, type)]
    value, *others = read if len(read) > 1 else read * 2
    for other in others:
        value = builder.add("opaque", type, value, other)
    return value
