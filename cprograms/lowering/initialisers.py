"""First values of variables: initialiser lists with their nesting, their missing braces and their designators."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.graph import GraphBuilder
from cprograms.literals import string
from cprograms.lowering import puns
from cprograms.lowering.state import UNSET, Slot
from cprograms.lowering.values import (
    MOST_ENTRIES,
    MOST_SLOTS,
    Value,
    convert,
    layout,
    leaves,
    members,
    nodes_of,
    shifts,
    size,
    value_of,
    zero_of,
)
from cprograms.types import SCALARS, Array, Bits, CType, Pointer, Scalar, Struct, Union, bytes_of, find


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

    def variable(self, node: c_ast.Decl) -> tuple[CType, list[Slot]]:
        """The type of a variable, and its first slots: UNSET where it has no initialiser."""
        type = _held(self._declared(node), node, MOST_SLOTS if node.init is None else MOST_ENTRIES)
        if node.init is None:
            return type, [UNSET] * size(type)
        return type, self._initialised(type, node.init)

    def literal(self, node: c_ast.CompoundLiteral) -> Value:
        type = _held(self._declarations.type_of(node.type), node, MOST_ENTRIES)
        return value_of(type, self._initialised(type, node.init))

    def _declared(self, node: c_ast.Decl) -> CType:
        if isinstance(node.type, c_ast.ArrayDecl) and node.type.dim is None and node.init is not None:
            if (text := _string(node.init)) is not None:
                return Array(self._declarations.type_of(node.type.type), len(string(text)))
            if isinstance(node.init, c_ast.InitList):
                return Array(self._declarations.type_of(node.type.type), self._length(node.init))
        try:
            return self._declarations.type_of(node.type)
        except Unsupported:
            if not isinstance(node.type, c_ast.ArrayDecl):
                raise
            return self._variable_length(node.type)

    def _variable_length(self, node: c_ast.Node) -> CType:
        """The type of an array whose size is known where it is declared, though it is no constant to C."""
        if not isinstance(node, c_ast.ArrayDecl) or node.dim is None:
            return self._declarations.type_of(node)
        found = self._expression(node.dim)
        length = self._builder.number(found) if isinstance(found, int) else None
        if length is None or not 0 < length <= MOST_SLOTS:
            raise Unsupported(node, "cannot follow an array whose size is not known")
        return Array(self._variable_length(node.type), int(length))

    def _length(self, node: c_ast.InitList) -> int:
        """How many elements an initialiser of an array of unknown size gives it."""
        longest = at = 0
        for item in node.exprs:
            if isinstance(item, c_ast.NamedInitializer):
                at = self._declarations.constant(item.name[0].expr)
            at += 1
            longest = max(longest, at)
        return longest

    def _initialised(self, type: CType, node: c_ast.Node) -> list[Slot]:
        text = _string(node)
        if text is not None and isinstance(type, Array) and isinstance(type.element, Scalar):
            return self._characters(type.element, string(text)[: type.length], type.length)
        if not isinstance(node, c_ast.InitList):
            return nodes_of(convert(self._builder, self._expression(node), type, node))
        slots = [zero_of(self._builder, leaf) for leaf in leaves(type)]
        if isinstance(type, Array | Struct | Union):
            self._fill(slots, 0, type, list(node.exprs))
            return slots
        return self._initialised(type, node.exprs[0]) if node.exprs else slots

    def _characters(self, type: Scalar, characters: list[int], length: int) -> list[Slot]:
        """The slots of an array of characters, whose last ones are 0."""
        whole = [*characters, *[0] * (length - len(characters))]
        return [self._builder.cast(self._builder.constant(c, SCALARS["i8"]), type) for c in whole]

    def _fill(self, slots: list[Slot], base: int, type: CType, items: list[c_ast.Node], flat: bool = False) -> None:
        """Initialise an aggregate from the front of `items`; without braces of its own (`flat`), as far as it goes."""
        if isinstance(type, Union):
            self._fill_union(slots, base, type, items)
            return
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

    def _fill_union(self, slots: list[Slot], base: int, type: Union, items: list[c_ast.Node]) -> None:
        """Initialise the first member of a union, or the one that is named."""
        if items and isinstance(items[0], c_ast.NamedInitializer):
            for item in items:
                self._designated(slots, base, type, item)
            items.clear()
            return
        kind = type.fields[0][1]
        inner = [zero_of(self._builder, leaf) for leaf in leaves(kind)]
        if items:
            self._fill_member(inner, 0, kind, items)
            slots[base : base + size(type)] = self._united(type, kind, inner)

    def _united(self, type: CType, other: CType, inner: list[Slot]) -> list[Slot]:
        """What is in the slots of a union or of its member where these are in those of the other; 0 beyond it."""
        if (layout(other), shifts(other)) == (layout(type), shifts(type)):
            return inner
        made: list[Slot] = []
        for (at, leaf), shift in zip(layout(type), shifts(type), strict=True):
            pieces = list(self._pieces(other, inner, at, at + bytes_of(leaf)))
            if isinstance(leaf, Pointer) or not pieces:
                made.append(zero_of(self._builder, leaf))
            elif isinstance(leaf, Bits):
                unit = puns.joined(self._builder, pieces, puns.unsigned(8 * bytes_of(leaf)))
                made.append(puns.field(self._builder, unit, shift, leaf))
            else:
                made.append(puns.joined(self._builder, pieces, leaf))
        return made

    def _pieces(self, type: CType, slots: list[Slot], at: int, end: int) -> Iterator[tuple[int, int]]:
        """The numbers that lie in some bytes of a type, each with the bit of these that it begins at."""
        for (start, leaf), shift, slot in zip(layout(type), shifts(type), slots, strict=True):
            if isinstance(slot, int) and start < end and at < start + bytes_of(leaf):
                number = puns.bits_of(self._builder, slot, leaf) if isinstance(leaf, Bits) else slot
                yield 8 * (start - at) + shift, number

    def _fill_member(self, slots: list[Slot], at: int, type: CType, items: list[c_ast.Node]) -> None:
        whole = isinstance(type, Scalar | Bits | Pointer) or isinstance(items[0], c_ast.InitList)
        whole = whole or (
            _string(items[0]) is not None and isinstance(type, Array) and isinstance(type.element, Scalar)
        )
        if not whole and self._unevaluated(items[0]) != type:
            self._fill(slots, at, type, items, flat=True)
            return
        new = self._initialised(type, items.pop(0))
        slots[at : at + len(new)] = new

    def _designated(self, slots: list[Slot], base: int, type: CType, item: c_ast.NamedInitializer) -> int:
        """Initialise what a designator names; returns the number of the member after it."""
        way: list[int] = []
        inner = type
        for name in item.name:
            for number in self._way(inner, name, item):
                inner = _member(inner, number, item)
                way.append(number)
        self._fill_way(slots, base, type, way, item)
        return way[0] + 1

    def _fill_way(
        self, slots: list[Slot], base: int, type: CType, way: list[int], item: c_ast.NamedInitializer
    ) -> None:
        """Initialise the member that numbers lead to; of a union on the way, what is not in that member becomes 0."""
        for depth, number in enumerate(way):
            kind = _member(type, number, item)
            if isinstance(type, Union):
                held = slots[base : base + size(type)]
                united = self._united(kind, type, held)
                self._fill_way(united, 0, kind, way[depth + 1 :], item)
                slots[base : base + size(type)] = self._united(type, kind, united)
                return
            base += members(type)[number][0]
            type = kind
        self._fill_member(slots, base, type, [item.expr])

    def _way(self, type: CType, name: c_ast.Node, item: c_ast.NamedInitializer) -> tuple[int, ...]:
        """The numbers of the members that a part of a designator leads through."""
        if isinstance(name, c_ast.ID) and isinstance(type, Struct | Union):
            return find(type, name.name) or (-1,)
        if isinstance(name, c_ast.ArrayDesignator) and isinstance(type, Array):
            return (self._declarations.constant(name.expr),)
        raise Unsupported(item, "this designator does not fit")


def _string(node: c_ast.Node) -> c_ast.Constant | None:
    """The string that something is initialised with, which may stand in braces."""
    if isinstance(node, c_ast.InitList) and len(node.exprs) == 1:
        node = node.exprs[0]
    return node if isinstance(node, c_ast.Constant) and node.type == "string" else None


def _member(type: CType, number: int, node: c_ast.Node) -> CType:
    """The type of a direct member."""
    kinds = [kind for _, kind in (type.fields if isinstance(type, Union) else members(type))]
    if not 0 <= number < len(kinds):
        raise Unsupported(node, "there is no such member")
    return kinds[number]


def _held(type: CType, node: c_ast.Node, most: int) -> CType:
    if size(type) > most:
        raise Unsupported(node, "this type has too many members to follow")
    return type
