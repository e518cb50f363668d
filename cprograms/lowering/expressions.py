"""C expressions as nodes of the dataflow graph: conversions, operators, lvalues, initialisers."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported, bytes_of
from cprograms.literals import enumerator, literal
from cprograms.lowering.memory import UNSET, Aggregate, Index, Place, Value, field, leaves, size
from cprograms.lowering.values import Values
from cprograms.program import Program
from cprograms.types import INT, SCALARS, Array, CType, Scalar, Struct, promote, usual_conversion

_ULONG = SCALARS["u64"]
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "&": "and", "|": "or", "^": "xor"}
_SHIFTS = {"<<": "shl", ">>": "shr"}
_COMPARISONS = {"<": ("lt", False), "<=": ("le", False), ">": ("lt", True), ">=": ("le", True)} | {
    "==": ("eq", False),
    "!=": ("ne", False),
}

MOST_SLOTS, MOST_ENTRIES = 1024, 65536
"""Scalars of a variable that can be followed, and of one that has an initialiser."""


class Expressions(Values):
    """Lowers expressions; assignments in them replace entries of `memory`."""

    def __init__(self, program: Program) -> None:
        super().__init__(program)
        self.declarations = Declarations()
        self.scopes: list[dict[str, Place]] = [{}]
        self.globals: dict[str, c_ast.Decl] = {}
        self.typing = False  # only the type of an expression is wanted: calls are not followed

    def call(self, node: c_ast.FuncCall) -> Value | None:
        """The value of a call; 0 for a void function's."""
        raise NotImplementedError

    def scalar(self, node: c_ast.Node) -> int:
        value = self.expression(node)
        if isinstance(value, Aggregate):
            raise Unsupported(node, "a scalar is needed here")
        return value

    def expression(self, node: c_ast.Node) -> Value:
        visit = _EXPRESSIONS.get(type(node))
        if visit is None:
            raise Unsupported(node, f"cannot follow {type(node).__name__}")
        return visit(self, node)

    def condition(self, node: c_ast.Node) -> int:
        """A node that is non-zero where the expression is true, of an integer type."""
        return self.truth(self.scalar(node))

    def convert(self, value: Value, type: CType, node: c_ast.Node) -> Value:
        if isinstance(type, Scalar) and not isinstance(value, Aggregate):
            return self.builder.cast(value, type)
        if isinstance(value, Aggregate) and value.type == type:
            return value
        raise Unsupported(node, "these types do not fit together")

    def either(self, condition: int, yes: Callable[[], Value], no: Callable[[], Value], node: c_ast.Node) -> Value:
        """The value of `condition ? yes() : no()`, with the side effects of the one taken."""
        known = self.decided(condition)
        if known is not None:
            # The other's type still decides what this one is converted to.
            other = self.unevaluated(no if known else yes)
            return self._common(yes() if known else no(), other, node)
        before = self.memory
        self.memory = list(before)
        first = yes()
        after = self.memory
        self.memory = list(before)
        second = no()
        self.memory = self.choose(condition, after, self.memory, len(before))
        first = self._common(first, self.type_of(second), node)
        second = self._common(second, self.type_of(first), node)
        if isinstance(first, Aggregate) and isinstance(second, Aggregate):
            return Aggregate(first.type, self.choose(condition, first.leaves, second.leaves, len(first.leaves)))
        if isinstance(first, Aggregate) or isinstance(second, Aggregate):
            raise Unsupported(node, "these types do not fit together")
        return self.select(condition, first, second)

    def unevaluated(self, expression: Callable[[], Value]) -> CType:
        """The type that an expression has, without its side effects or its calls."""
        memory, self.memory = self.memory, list(self.memory)
        outer, self.typing = self.typing, True
        try:
            return self.type_of(expression())
        finally:
            self.memory, self.typing = memory, outer

    def _common(self, value: Value, other: CType, node: c_ast.Node) -> Value:
        mine = self.type_of(value)
        if isinstance(mine, Scalar) and isinstance(other, Scalar):
            return self.convert(value, usual_conversion(mine, other), node)
        return self.convert(value, other, node)

    # Operators

    def binary(self, op: str, a: int, b: int, node: c_ast.Node) -> int:
        """A C operator other than `&&`, `||` and `,` on two scalar values."""
        build, types = self.builder, self.builder.nodes
        if op in _SHIFTS:
            left = promote(types[a].type)
            return build.add(_SHIFTS[op], left, build.cast(a, left), build.cast(b, promote(types[b].type)))
        common = usual_conversion(types[a].type, types[b].type)
        a, b = build.cast(a, common), build.cast(b, common)
        if op in _COMPARISONS:
            name, swap = _COMPARISONS[op]
            return build.add(name, INT, b, a) if swap else build.add(name, INT, a, b)
        if op not in _ARITHMETIC or (op in "%&|^" and not common.is_integer):
            raise Unsupported(node, f"cannot follow operator '{op}' on these operands")
        return build.add(_ARITHMETIC[op], common, a, b)

    def _binary(self, node: c_ast.BinaryOp) -> Value:
        if node.op in ("&&", "||"):
            return self._logical(node)
        return self.binary(node.op, self.scalar(node.left), self.scalar(node.right), node)

    def _logical(self, node: c_ast.BinaryOp) -> Value:
        first = self.condition(node.left)
        zero, one = self.builder.constant(0, INT), self.builder.constant(1, INT)

        def right() -> Value:
            return self.as_flag(self.scalar(node.right))

        if node.op == "&&":
            return self.either(first, right, lambda: zero, node)
        return self.either(first, lambda: one, right, node)

    def _unary(self, node: c_ast.UnaryOp) -> Value:
        op = node.op
        if op in ("++", "--", "p++", "p--"):
            return self._step(node)
        if op == "sizeof":
            return self.builder.constant(self._size(node.expr), _ULONG)
        value = self.scalar(node.expr)
        if op == "!":
            return self.negation(value)
        value = self.builder.cast(value, promote(self.builder.nodes[value].type))
        type = self.builder.nodes[value].type
        if op == "+":
            return value
        if op == "-":
            return self.builder.add("neg", type, value)
        if op == "~" and type.is_integer:
            return self.builder.add("not", type, value)
        raise Unsupported(node, f"cannot follow operator '{op}'")

    def _step(self, node: c_ast.UnaryOp) -> Value:
        place = self.place(node.expr)
        before = self._loaded(place, node)
        after = self.binary("+" if "+" in node.op else "-", before, self.builder.constant(1, INT), node)
        stored = self.store(place, after, node)
        return before if node.op.startswith("p") else stored

    def _size(self, node: c_ast.Node) -> int:
        if isinstance(node, c_ast.Typename):
            return self.declarations.size_of(node)
        return bytes_of(self.unevaluated(lambda: self.expression(node)))

    def _ternary(self, node: c_ast.TernaryOp) -> Value:
        condition = self.condition(node.cond)
        return self.either(condition, lambda: self.expression(node.iftrue), lambda: self.expression(node.iffalse), node)

    def _list(self, node: c_ast.ExprList) -> Value:
        value: Value = UNSET
        for item in node.exprs:
            value = self.expression(item)
        return value

    def _cast(self, node: c_ast.Cast) -> Value:
        if _is_void(node.to_type):
            self.expression(node.expr)
            return self.builder.constant(0, INT)
        return self.convert(self.expression(node.expr), self.declarations.type_of(node.to_type), node)

    def _assign(self, node: c_ast.Assignment) -> Value:
        if node.op == "=":
            value = self.expression(node.rvalue)
            return self.store(self.place(node.lvalue), value, node)
        place = self.place(node.lvalue)
        operand = self.scalar(node.rvalue)
        return self.store(place, self.binary(node.op[:-1], self._loaded(place, node), operand, node), node)

    def _constant(self, node: c_ast.Constant) -> Value:
        return self.builder.constant(*literal(node))

    # Lvalues

    def place(self, node: c_ast.Node) -> Place:
        """Where an lvalue lies. A struct that a call or another expression gives is put into new slots first."""
        if isinstance(node, c_ast.ID):
            return self._named(node)
        if isinstance(node, c_ast.StructRef) and node.type == ".":
            inside = self.place(node.name)
            found = field(inside.type, node.field.name)
            if found is None:
                raise Unsupported(node, f"there is no member '{node.field.name}'")
            return Place(found[1], inside.offset + found[0], inside.indices, inside.fixed)
        if isinstance(node, c_ast.ArrayRef):
            return self._element(node)
        value = self.expression(node)
        if not isinstance(value, Aggregate):
            raise Unsupported(node, "cannot follow this lvalue")
        self.memory.extend(value.leaves)
        return Place(value.type, len(self.memory) - len(value.leaves))

    def _named(self, node: c_ast.ID) -> Place:
        for scope in reversed(self.scopes):
            if node.name in scope:
                return scope[node.name]
        if node.name not in self.globals:
            raise Unsupported(node, f"'{node.name}' is not declared")
        declaration = self.globals[node.name]
        type, values = self.initial(declaration)
        place = Place(type, len(self.constants), (), True)
        self.constants.extend(values)
        self.scopes[0][node.name] = place
        return place

    def _element(self, node: c_ast.ArrayRef) -> Place:
        inside = self.place(node.name)
        if not isinstance(inside.type, Array):
            raise Unsupported(node, "only arrays have elements")
        element, length = inside.type.element, inside.type.length
        stride = len(leaves(element))
        index = self.scalar(node.subscript)
        number = self.builder.number(index)
        if number is not None and 0 <= number < length:
            return Place(element, inside.offset + int(number) * stride, inside.indices, inside.fixed)
        return Place(element, inside.offset, (*inside.indices, Index(index, length, stride)), inside.fixed)

    def _loaded(self, place: Place, node: c_ast.Node) -> int:
        value = self.load(place)
        if isinstance(value, Aggregate):
            raise Unsupported(node, "a scalar is needed here")
        return value

    def store(self, place: Place, value: Value, node: c_ast.Node) -> Value:
        """Assign; returns the value as converted to the place's type."""
        if place.fixed:
            raise Unsupported(node, "constants cannot be assigned to")
        value = self.convert(value, place.type, node)
        new = value.leaves if isinstance(value, Aggregate) else [value]
        if not place.indices:
            self.memory[place.offset : place.offset + len(new)] = new
            return value
        guards = [(0, self.builder.constant(1, INT))]
        for index, length, stride in place.indices:
            valid, possible = self._checked(index, length)
            guards = [
                (moved + i * stride, self.both(self._equals(valid, i), guard))
                for moved, guard in guards
                for i in possible
            ]
        for moved, guard in guards:
            for k, (leaf, type) in enumerate(zip(new, leaves(place.type), strict=True)):
                at = place.offset + moved + k
                self.memory[at] = self.select(guard, leaf, self.slot(self.memory, at, type))
        return value

    def _load(self, node: c_ast.Node) -> Value:
        if isinstance(node, c_ast.ID) and node.name in self.declarations.constants and not self._shadowed(node.name):
            return self.builder.constant(*enumerator(self.declarations.constants[node.name]))
        mark = len(self.memory)
        value = self.load(self.place(node))
        del self.memory[mark:]  # a temporary that the place needed
        return value

    def _shadowed(self, name: str) -> bool:
        return any(name in scope for scope in self.scopes)

    # Initialisers

    def initial(self, node: c_ast.Decl) -> tuple[CType, list[int]]:
        """The type of a variable, and its first value: UNSET slots where it has no initialiser."""
        type = _held(self._declared(node), node, MOST_SLOTS if node.init is None else MOST_ENTRIES)
        if node.init is None:
            return type, [UNSET] * len(leaves(type))
        return type, self._initialised(type, node.init)

    def _declared(self, node: c_ast.Decl) -> CType:
        if isinstance(node.type, c_ast.ArrayDecl) and node.type.dim is None and isinstance(node.init, c_ast.InitList):
            return Array(self.declarations.type_of(node.type.type), self._length(node.init))
        return self.declarations.type_of(node.type)

    def _length(self, node: c_ast.InitList) -> int:
        """How many elements an initialiser of an array of unknown size gives it."""
        longest = at = 0
        for item in node.exprs:
            if isinstance(item, c_ast.NamedInitializer):
                at = self.declarations.constant(item.name[0].expr)
            at += 1
            longest = max(longest, at)
        return longest

    def _initialised(self, type: CType, node: c_ast.Node) -> list[int]:
        if not isinstance(node, c_ast.InitList):
            value = self.convert(self.expression(node), type, node)
            return value.leaves if isinstance(value, Aggregate) else [value]
        if isinstance(type, Scalar):
            return self._initialised(type, node.exprs[0]) if node.exprs else [self.builder.constant(0, type)]
        slots = [self.builder.constant(0, leaf) for leaf in leaves(type)]
        self._fill(slots, 0, type, list(node.exprs))
        return slots

    def _fill(self, slots: list[int], base: int, type: CType, items: list[c_ast.Node], flat: bool = False) -> None:
        """Initialise an aggregate from the front of `items`; without braces of its own (`flat`), as far as it goes."""
        members = _members(type)
        at = 0
        while items and (at < len(members) or not flat):
            item = items[0]
            if isinstance(item, c_ast.NamedInitializer):
                if flat:
                    return
                items.pop(0)
                at = self._designated(slots, base, type, item)
                continue
            if at >= len(members):
                raise Unsupported(item, "there are more initialisers than members")
            offset, kind = members[at]
            at += 1
            self._fill_member(slots, base + offset, kind, items)

    def _fill_member(self, slots: list[int], at: int, type: CType, items: list[c_ast.Node]) -> None:
        item = items[0]
        if isinstance(type, Scalar) or isinstance(item, c_ast.InitList):
            new = self._initialised(type, items.pop(0))
        else:
            if isinstance(self.unevaluated(lambda: self.expression(item)), Scalar):
                self._fill(slots, at, type, items, flat=True)
                return
            new = self._initialised(type, items.pop(0))
        slots[at : at + len(new)] = new

    def _designated(self, slots: list[int], base: int, type: CType, item: c_ast.NamedInitializer) -> int:
        """Initialise what a designator names; returns the number of the member after it."""
        following = 0
        for depth, name in enumerate(item.name):
            if isinstance(name, c_ast.ID) and isinstance(type, Struct):
                number = next((k for k, (known, _) in enumerate(type.fields) if known == name.name), -1)
            elif isinstance(name, c_ast.ArrayDesignator) and isinstance(type, Array):
                number = self.declarations.constant(name.expr)
            else:
                raise Unsupported(item, "this designator does not fit")
            if not 0 <= number < len(_members(type)):
                raise Unsupported(item, "there is no such member")
            offset, type = _members(type)[number]
            base += offset
            following = number + 1 if depth == 0 else following
        self._fill_member(slots, base, type, [item.expr])
        return following

    def _compound(self, node: c_ast.CompoundLiteral) -> Value:
        type = _held(self.declarations.type_of(node.type), node, MOST_ENTRIES)
        slots = self._initialised(type, node.init)
        return slots[0] if isinstance(type, Scalar) else Aggregate(type, slots)


def _held(type: CType, node: c_ast.Node, most: int) -> CType:
    if size(type) > most:
        raise Unsupported(node, "this type has too many members to follow")
    return type


def _is_void(node: c_ast.Node) -> bool:
    kind = node.type
    return (
        isinstance(kind, c_ast.TypeDecl) and isinstance(kind.type, c_ast.IdentifierType) and kind.type.names == ["void"]
    )


def _members(type: CType) -> list[tuple[int, CType]]:
    """Offset and type of each direct member."""
    if isinstance(type, Array):
        stride = len(leaves(type.element))
        return [(i * stride, type.element) for i in range(type.length)]
    members, before = [], 0
    for _, kind in type.fields if isinstance(type, Struct) else ():
        members.append((before, kind))
        before += len(leaves(kind))
    return members


_EXPRESSIONS: dict[type, Callable[..., Value]] = {
    c_ast.ID: Expressions._load,
    c_ast.StructRef: Expressions._load,
    c_ast.ArrayRef: Expressions._load,
    c_ast.BinaryOp: Expressions._binary,
    c_ast.UnaryOp: Expressions._unary,
    c_ast.TernaryOp: Expressions._ternary,
    c_ast.ExprList: Expressions._list,
    c_ast.Cast: Expressions._cast,
    c_ast.Assignment: Expressions._assign,
    c_ast.FuncCall: lambda lowering, node: lowering.call(node),
    c_ast.Constant: Expressions._constant,
    c_ast.CompoundLiteral: Expressions._compound,
}
