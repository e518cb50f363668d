"""First values of variables: initialiser lists with their nesting, their missing braces and their designators."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.state import UNSET
from cprograms.lowering.values import (
    MOST_ENTRIES,
    MOST_SLOTS,
    Value,
    convert,
    field,
    leaves,
    members,
    nodes_of,
    size,
    value_of,
)
from cprograms.types import Array, CType, Scalar, Struct


class Initialisers:
    """`expression` lowers one of an initialiser's expressions; `unevaluated` gives no more than its type."""

    def __init__(
        self,
        builder: GraphBuilder,
        declarations: Declarations,
        expression: Callable[[c_ast.Node], Value],
        unevaluated: Callable[[c_ast.Node], CType],
    ) -> None:
        self._builder, self._declarations = builder, declarations
        self._expression, self._unevaluated = expression, unevaluated

    def variable(self, node: c_ast.Decl) -> tuple[CType, list[int]]:
        """The type of a variable, and its first slots: UNSET where it has no initialiser."""
        type = _held(self._declared(node), node, MOST_SLOTS if node.init is None else MOST_ENTRIES)
        if node.init is None:
            return type, [UNSET] * len(leaves(type))
        return type, self._initialised(type, node.init)

    def literal(self, node: c_ast.CompoundLiteral) -> Value:
        type = _held(self._declarations.type_of(node.type), node, MOST_ENTRIES)
        return value_of(type, self._initialised(type, node.init))

    def _declared(self, node: c_ast.Decl) -> CType:
        if isinstance(node.type, c_ast.ArrayDecl) and node.type.dim is None and isinstance(node.init, c_ast.InitList):
            return Array(self._declarations.type_of(node.type.type), self._length(node.init))
        return self._declarations.type_of(node.type)

    def _length(self, node: c_ast.InitList) -> int:
        """How many elements an initialiser of an array of unknown size gives it."""
        longest = at = 0
        for item in node.exprs:
            if isinstance(item, c_ast.NamedInitializer):
                at = self._declarations.constant(item.name[0].expr)
            at += 1
            longest = max(longest, at)
        return longest

    def _initialised(self, type: CType, node: c_ast.Node) -> list[int]:
        if not isinstance(node, c_ast.InitList):
            return nodes_of(convert(self._builder, self._expression(node), type, node))
        if isinstance(type, Scalar):
            return self._initialised(type, node.exprs[0]) if node.exprs else [self._builder.constant(0, type)]
        slots = [self._builder.constant(0, leaf) for leaf in leaves(type)]
        self._fill(slots, 0, type, list(node.exprs))
        return slots

    def _fill(self, slots: list[int], base: int, type: CType, items: list[c_ast.Node], flat: bool = False) -> None:
        """Initialise an aggregate from the front of `items`; without braces of its own (`flat`), as far as it goes."""
        places = members(type)
        at = 0
        while items and (at < len(places) or not flat):
            item = items[0]
            if isinstance(item, c_ast.NamedInitializer):
                if flat:
                    return
                items.pop(0)
                at = self._designated(slots, base, type, item)
                continue
            if at >= len(places):
                raise Unsupported(item, "there are more initialisers than members")
            offset, kind = places[at]
            at += 1
            self._fill_member(slots, base + offset, kind, items)

    def _fill_member(self, slots: list[int], at: int, type: CType, items: list[c_ast.Node]) -> None:
        whole = isinstance(type, Scalar) or isinstance(items[0], c_ast.InitList)
        if not whole and isinstance(self._unevaluated(items[0]), Scalar):
            self._fill(slots, at, type, items, flat=True)
            return
        new = self._initialised(type, items.pop(0))
        slots[at : at + len(new)] = new

    def _designated(self, slots: list[int], base: int, type: CType, item: c_ast.NamedInitializer) -> int:
        """Initialise what a designator names; returns the number of the member after it."""
        following = 0
        for depth, name in enumerate(item.name):
            number = self._number(type, name, item)
            places = members(type)
            if number is None or not 0 <= number < len(places):
                raise Unsupported(item, "there is no such member")
            offset, type = places[number]
            base += offset
            following = number + 1 if depth == 0 else following
        self._fill_member(slots, base, type, [item.expr])
        return following

    def _number(self, type: CType, name: c_ast.Node, item: c_ast.NamedInitializer) -> int | None:
        """Which member of the type a part of a designator names; None where it has no such field."""
        if isinstance(name, c_ast.ID) and isinstance(type, Struct):
            return field(type, name.name)
        if isinstance(name, c_ast.ArrayDesignator) and isinstance(type, Array):
            return self._declarations.constant(name.expr)
        raise Unsupported(item, "this designator does not fit")


def _held(type: CType, node: c_ast.Node, most: int) -> CType:
    if size(type) > most:
        raise Unsupported(node, "this type has too many members to follow")
    return type
