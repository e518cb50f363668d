"""C expressions as nodes of the dataflow graph: operators, side effects, lvalues."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.literals import enumerator, literal, string
from cprograms.lowering import pointers
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.initialisers import Initialisers
from cprograms.lowering.state import UNSET, Null, Object, Place, Routine, State, Target, whole
from cprograms.lowering.unit import TranslationUnit, is_void
from cprograms.lowering.values import Address, Aggregate, Value, convert, nodes_of, size, type_of, value_of
from cprograms.lowering.variables import Variables
from cprograms.types import (
    INT,
    SCALARS,
    Array,
    CType,
    Function,
    Pointer,
    Scalar,
    Void,
    bytes_of,
    find,
    promote,
    usual_conversion,
)

_CHAR, _ULONG = SCALARS["i8"], SCALARS["u64"]
_ARITHMETIC = {"+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "&": "and", "|": "or", "^": "xor"}
_SHIFTS = {"<<": "shl", ">>": "shr"}
# Each entry: the graph's operator, and whether it takes the operands in reverse.
_COMPARISONS = {"<": ("lt", False), "<=": ("le", False), ">": ("lt", True), ">=": ("le", True)} | {
    "==": ("eq", False),
    "!=": ("ne", False),
}


class Expressions:
    """Lowers expressions. `call` gives the value of a call: 0 for a void function's."""

    def __init__(
        self,
        builder: GraphBuilder,
        unit: TranslationUnit,
        state: State,
        conditions: Conditions,
        variables: Variables,
        call: Callable[[c_ast.FuncCall], Value],
    ) -> None:
        self._builder, self._state = builder, state
        self._unit, self._globals, self._declarations = unit, unit.globals, unit.declarations
        self._conditions, self._variables = conditions, variables
        self.initialisers = Initialisers(
            builder, unit.declarations, self.expression, lambda node: self._unevaluated(lambda: self.expression(node))
        )
        self._visits: dict[type, Callable[..., Value]] = {
            c_ast.ID: self._named,
            c_ast.StructRef: self._load,
            c_ast.ArrayRef: self._load,
            c_ast.BinaryOp: self._binary,
            c_ast.UnaryOp: self._unary,
            c_ast.TernaryOp: self._ternary,
            c_ast.ExprList: self._list,
            c_ast.Cast: self._cast,
            c_ast.Assignment: self._assign,
            c_ast.FuncCall: call,
            c_ast.Constant: self._constant,
            c_ast.CompoundLiteral: self.initialisers.literal,
        }

    def expression(self, node: c_ast.Node) -> Value:
        visit = self._visits.get(type(node))
        if visit is None:
            raise Unsupported(node, f"cannot follow {type(node).__name__}")
        return visit(node)

    def ends(self, node: c_ast.Node) -> bool:
        """Whether nothing follows an expression: it calls what ends the program, or is not defined."""
        if not isinstance(node, c_ast.FuncCall) or not isinstance(node.name, c_ast.ID):
            return False
        return self._state.visible(node.name.name) is None and self._unit.traps(node.name.name)

    def scalar(self, node: c_ast.Node) -> int:
        return self._number(self.expression(node), node)

    def _number(self, value: Value, node: c_ast.Node) -> int:
        if not isinstance(value, int):
            raise Unsupported(node, "a scalar is needed here")
        return value

    def condition(self, node: c_ast.Node) -> int:
        """A node that is non-zero where the expression is true, of an integer type."""
        value = self.expression(node)
        if isinstance(value, Address):
            return pointers.is_set(self._builder, self._conditions, value.target)
        return self._conditions.truth(self._number(value, node))

    # Operators

    def binary(self, op: str, a: int, b: int, node: c_ast.Node) -> int:
        """A C operator other than `&&`, `||` and `,` on two scalar values."""
        build, types = self._builder, self._builder.nodes
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
        left, right = self.expression(node.left), self.expression(node.right)
        if isinstance(left, Address) or isinstance(right, Address):
            return self._on_pointers(node.op, left, right, node)
        return self.binary(node.op, self._number(left, node.left), self._number(right, node.right), node)

    def _on_pointers(self, op: str, left: Value, right: Value, node: c_ast.Node) -> Value:
        """Pointer arithmetic, and comparisons of pointers."""
        if op == "+" and isinstance(right, Address):
            left, right = right, left
        if op in ("+", "-") and isinstance(left, Address) and isinstance(right, int):
            return self._moved(left, right, op == "-", node)
        return pointers.compared(self._builder, self._conditions, op, left, right, node)

    def _moved(self, pointer: Address, by: int, back: bool, node: c_ast.Node) -> Address:
        return Address(pointer.type, pointers.moved(self._builder, pointer.target, by, back, node))

    def _logical(self, node: c_ast.BinaryOp) -> Value:
        first = self.condition(node.left)
        zero, one = self._builder.constant(0, INT), self._builder.constant(1, INT)

        def right() -> Value:
            return self._conditions.as_flag(self.condition(node.right))

        if node.op == "&&":
            return self.either(first, right, lambda: zero, node)
        return self.either(first, lambda: one, right, node)

    def _unary(self, node: c_ast.UnaryOp) -> Value:
        op = node.op
        if op in ("++", "--", "p++", "p--"):
            return self._step(node)
        if op == "sizeof":
            return self._builder.constant(self._size(node.expr), _ULONG)
        if op == "&":
            return self._address(node.expr)
        if op == "*":
            value = self.expression(node.expr)
            routine = isinstance(value, Address) and isinstance(value.target, Routine)
            return value if routine else self._loaded(self._pointed(value, node), node)
        if op == "!":
            return self._conditions.negation(self.condition(node.expr))
        value = self.scalar(node.expr)
        value = self._builder.cast(value, promote(self._builder.nodes[value].type))
        type = self._builder.nodes[value].type
        if op == "+":
            return value
        if op == "-":
            return self._builder.add("neg", type, value)
        if op == "~" and type.is_integer:
            return self._builder.add("not", type, value)
        raise Unsupported(node, f"cannot follow operator '{op}'")

    def _step(self, node: c_ast.UnaryOp) -> Value:
        place = self.place(node.expr)
        before = self._variables.load(place, node)
        one = self._builder.constant(1, INT)
        after: Value
        if isinstance(before, Address):
            after = self._moved(before, one, "-" in node.op, node)
        else:
            after = self.binary("+" if "+" in node.op else "-", self._number(before, node), one, node)
        stored = self._variables.store(place, after, node)
        return before if node.op.startswith("p") else stored

    def _size(self, node: c_ast.Node) -> int:
        if isinstance(node, c_ast.Typename):
            return self._declarations.size_of(node)
        return bytes_of(self._unevaluated(lambda: self._object(node)))

    def _object(self, node: c_ast.Node) -> Value:
        """An expression's value, an array's as such."""
        if _is_lvalue(node):
            return self._variables.load(self.place(node), node)
        return self.expression(node)

    def _ternary(self, node: c_ast.TernaryOp) -> Value:
        condition = self.condition(node.cond)
        return self.either(condition, lambda: self.expression(node.iftrue), lambda: self.expression(node.iffalse), node)

    def _list(self, node: c_ast.ExprList) -> Value:
        value: Value = UNSET
        for item in node.exprs:
            value = self.expression(item)
        return value

    def _cast(self, node: c_ast.Cast) -> Value:
        if is_void(node.to_type):
            self.expression(node.expr)
            return self._builder.constant(0, INT)
        type = self._declarations.type_of(node.to_type)
        value = self.expression(node.expr)
        if isinstance(value, Address) and isinstance(type, Scalar) and type.kind == "bool":
            return self._conditions.as_flag(pointers.is_set(self._builder, self._conditions, value.target))
        return convert(self._builder, value, type, node)

    def _assign(self, node: c_ast.Assignment) -> Value:
        if node.op == "=":
            value = self.expression(node.rvalue)
            return self._variables.store(self.place(node.lvalue), value, node)
        place = self.place(node.lvalue)
        operand = self.scalar(node.rvalue)
        before = self._variables.load(place, node)
        after: Value
        if isinstance(before, Address):
            after = self._moved(before, operand, node.op == "-=", node)
        else:
            after = self.binary(node.op[:-1], self._number(before, node), operand, node)
        return self._variables.store(place, after, node)

    def _constant(self, node: c_ast.Constant) -> Value:
        return self._load(node) if node.type == "string" else self._builder.constant(*literal(node))

    def _string(self, node: c_ast.Constant) -> Place:
        """The characters of a string literal."""
        if node.value not in self._state.globals:
            characters = [self._builder.constant(c, _CHAR) for c in string(node)]
            object = Object(Array(_CHAR, len(characters)), len(self._state.constants), fixed=True)
            self._state.constants.extend(characters)
            self._state.globals[node.value] = whole(object)
        return self._state.globals[node.value]

    # What is evaluated on a condition, or not at all

    def either(self, condition: int, yes: Callable[[], Value], no: Callable[[], Value], node: c_ast.Node) -> Value:
        """The value of `condition ? yes() : no()`, with the side effects of the one taken."""
        known = self._conditions.decided(condition)
        if known is not None:
            # The other's type still decides what this one is converted to.
            other = self._unevaluated(no if known else yes)
            return self._common(yes() if known else no(), other, node)
        state = self._state
        before, path = state.memory, state.path
        state.memory, state.path = list(before), (*path, (condition, True))
        first = yes()
        after = state.memory
        state.memory, state.path = list(before), (*path, (condition, False))
        second = no()
        state.path = path
        state.memory = self._conditions.merge(condition, after, state.memory, len(before))
        first = self._common(first, type_of(self._builder, second), node)
        second = self._common(second, type_of(self._builder, first), node)
        if isinstance(first, int) and isinstance(second, int):
            return self._conditions.select(condition, first, second)
        if isinstance(first, int) or isinstance(second, int):
            raise Unsupported(node, "these types do not fit together")
        slots = nodes_of(first)
        return value_of(first.type, self._conditions.merge(condition, slots, nodes_of(second), len(slots)))

    def _common(self, value: Value, other: CType, node: c_ast.Node) -> Value:
        """The value, converted to what it and a value of the other type have in common."""
        mine = type_of(self._builder, value)
        if isinstance(mine, Scalar) and isinstance(other, Scalar):
            return convert(self._builder, value, usual_conversion(mine, other), node)
        if isinstance(value, Address) and not isinstance(other, Pointer):
            return value  # the other side is a null pointer
        return convert(self._builder, value, other, node)

    def _unevaluated(self, expression: Callable[[], Value]) -> CType:
        """The type that an expression has, without its side effects or its calls."""
        state = self._state
        memory, state.memory = state.memory, list(state.memory)
        outer, state.typing = state.typing, True
        try:
            return type_of(self._builder, expression())
        finally:
            state.memory, state.typing = memory, outer

    # Lvalues

    def _load(self, node: c_ast.StructRef | c_ast.ArrayRef | c_ast.ID | c_ast.Constant) -> Value:
        mark = len(self._state.memory)
        value = self._loaded(self.place(node), node)
        if not isinstance(value, Address):
            del self._state.memory[mark:]  # a temporary that the place needed
        return value

    def _loaded(self, target: Target, node: c_ast.Node) -> Value:
        """The value of what lies at a place; an array is a pointer to its first element."""
        if isinstance(pointers.type_of(target), Array):
            return pointers.decayed(target)
        return self._variables.load(target, node)

    def _named(self, node: c_ast.ID) -> Value:
        if self._state.visible(node.name) is None:
            if node.name in self._declarations.constants:
                return self._builder.constant(*enumerator(self._declarations.constants[node.name]))
            if self._unit.defines(node.name) or node.name in self._unit.prototypes:
                return Address(Pointer(Function()), Routine(node.name))
        return self._load(node)

    def _address(self, node: c_ast.Node) -> Value:
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self.expression(node.expr)
        if isinstance(node, c_ast.ID) and self._state.visible(node.name) is None and self._unit.defines(node.name):
            return Address(Pointer(Function()), Routine(node.name))
        target = self.place(node)
        type = pointers.type_of(target)
        return Address(Pointer(type), target)

    def _pointed(self, value: Value, node: c_ast.Node) -> Target:
        if not isinstance(value, Address):
            raise Unsupported(node, "a pointer is needed here")
        type = value.type.target
        if value.target == Null() and not isinstance(type, Void | Function):
            # Rows that get here end here, or its type alone is wanted: what it points to does not matter.
            return self._state.allocate(type, [UNSET] * size(type))
        return value.target

    def place(self, node: c_ast.Node) -> Target:
        """Where an lvalue lies. A struct that a call or another expression gives is put into new slots first."""
        if isinstance(node, c_ast.ID):
            return self._state.visible(node.name) or self._global(node)
        if isinstance(node, c_ast.UnaryOp) and node.op == "*":
            return self._pointed(self.expression(node.expr), node)
        if isinstance(node, c_ast.StructRef):
            inside = self.place(node.name) if node.type == "." else self._pointed(self.expression(node.name), node)
            return pointers.each(inside, lambda place: self._member(place, node))
        if isinstance(node, c_ast.ArrayRef):
            return self._element(node)
        if isinstance(node, c_ast.Constant) and node.type == "string":
            return self._string(node)
        value = self.expression(node)
        if not isinstance(value, Aggregate):
            raise Unsupported(node, "cannot follow this lvalue")
        return self._state.allocate(value.type, list(value.leaves))

    def _global(self, node: c_ast.ID) -> Place:
        """The place of a constant global, which is lowered where it is read first."""
        if node.name not in self._globals:
            raise Unsupported(node, f"'{node.name}' is not declared")
        # Its initialiser knows no local variables.
        scopes, self._state.scopes = self._state.scopes, []
        try:
            type, values = self.initialisers.variable(self._globals[node.name])
        finally:
            self._state.scopes = scopes
        place = whole(Object(type, len(self._state.constants), fixed=True))
        self._state.constants.extend(values)
        self._state.globals[node.name] = place
        return place

    def _member(self, place: Place, node: c_ast.StructRef) -> Place:
        type = self._declarations.completed(place.type)
        way = find(type, node.field.name)
        if way is None or isinstance(type, Function):
            raise Unsupported(node, f"there is no member '{node.field.name}'")
        for number in way:
            place = pointers.member(place._replace(type=type), number)
            type = place.type
        return place

    def _element(self, node: c_ast.ArrayRef) -> Target:
        name, subscript = node.name, node.subscript
        inside = self.place(name) if _is_lvalue(name) else None
        if inside is not None and isinstance(pointers.type_of(inside), Array):
            number = self.scalar(subscript)
            return pointers.each(inside, lambda place: pointers.element(self._builder, place, number, node))
        base = self._variables.load(inside, node) if inside is not None else self.expression(name)
        index = self.expression(subscript)
        if isinstance(base, int):
            base, index = index, base  # 2[w]
        return pointers.moved(self._builder, self._pointed(base, node), self._number(index, node), False, node)


def _is_lvalue(node: c_ast.Node) -> bool:
    if isinstance(node, c_ast.UnaryOp | c_ast.Constant):
        return node.op == "*" if isinstance(node, c_ast.UnaryOp) else bool(node.type == "string")
    return isinstance(node, c_ast.ID | c_ast.StructRef | c_ast.ArrayRef)
