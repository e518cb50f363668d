"""C expressions as nodes of the dataflow graph: operators, side effects, lvalues."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.literals import enumerator, literal
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.initialisers import Initialisers
from cprograms.lowering.state import UNSET, Index, Place, State
from cprograms.lowering.unit import TranslationUnit, is_void
from cprograms.lowering.values import Aggregate, Value, convert, field, leaves, members, type_of
from cprograms.lowering.variables import Variables
from cprograms.types import INT, SCALARS, Array, CType, Scalar, bytes_of, promote, usual_conversion

_ULONG = SCALARS["u64"]
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
        self._globals, self._declarations = unit.globals, unit.declarations
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

    def scalar(self, node: c_ast.Node) -> int:
        value = self.expression(node)
        if isinstance(value, Aggregate):
            raise Unsupported(node, "a scalar is needed here")
        return value

    def condition(self, node: c_ast.Node) -> int:
        """A node that is non-zero where the expression is true, of an integer type."""
        return self._conditions.truth(self.scalar(node))

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
        return self.binary(node.op, self.scalar(node.left), self.scalar(node.right), node)

    def _logical(self, node: c_ast.BinaryOp) -> Value:
        first = self.condition(node.left)
        zero, one = self._builder.constant(0, INT), self._builder.constant(1, INT)

        def right() -> Value:
            return self._conditions.as_flag(self.scalar(node.right))

        if node.op == "&&":
            return self._either(first, right, lambda: zero, node)
        return self._either(first, lambda: one, right, node)

    def _unary(self, node: c_ast.UnaryOp) -> Value:
        op = node.op
        if op in ("++", "--", "p++", "p--"):
            return self._step(node)
        if op == "sizeof":
            return self._builder.constant(self._size(node.expr), _ULONG)
        value = self.scalar(node.expr)
        if op == "!":
            return self._conditions.negation(value)
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
        place = self._place(node.expr)
        before = self._loaded(place, node)
        after = self.binary("+" if "+" in node.op else "-", before, self._builder.constant(1, INT), node)
        stored = self._variables.store(place, after, node)
        return before if node.op.startswith("p") else stored

    def _size(self, node: c_ast.Node) -> int:
        if isinstance(node, c_ast.Typename):
            return self._declarations.size_of(node)
        return bytes_of(self._unevaluated(lambda: self.expression(node)))

    def _ternary(self, node: c_ast.TernaryOp) -> Value:
        condition = self.condition(node.cond)
        return self._either(
            condition, lambda: self.expression(node.iftrue), lambda: self.expression(node.iffalse), node
        )

    def _list(self, node: c_ast.ExprList) -> Value:
        value: Value = UNSET
        for item in node.exprs:
            value = self.expression(item)
        return value

    def _cast(self, node: c_ast.Cast) -> Value:
        if is_void(node.to_type):
            self.expression(node.expr)
            return self._builder.constant(0, INT)
        return convert(self._builder, self.expression(node.expr), self._declarations.type_of(node.to_type), node)

    def _assign(self, node: c_ast.Assignment) -> Value:
        if node.op == "=":
            value = self.expression(node.rvalue)
            return self._variables.store(self._place(node.lvalue), value, node)
        place = self._place(node.lvalue)
        operand = self.scalar(node.rvalue)
        before = self._loaded(place, node)
        return self._variables.store(place, self.binary(node.op[:-1], before, operand, node), node)

    def _constant(self, node: c_ast.Constant) -> Value:
        return self._builder.constant(*literal(node))

    def _loaded(self, place: Place, node: c_ast.Node) -> int:
        value = self._variables.load(place)
        if isinstance(value, Aggregate):
            raise Unsupported(node, "a scalar is needed here")
        return value

    # What is evaluated on a condition, or not at all

    def _either(self, condition: int, yes: Callable[[], Value], no: Callable[[], Value], node: c_ast.Node) -> Value:
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
        if isinstance(first, Aggregate) and isinstance(second, Aggregate):
            merged = self._conditions.merge(condition, first.leaves, second.leaves, len(first.leaves))
            return Aggregate(first.type, merged)
        if isinstance(first, Aggregate) or isinstance(second, Aggregate):
            raise Unsupported(node, "these types do not fit together")
        return self._conditions.select(condition, first, second)

    def _common(self, value: Value, other: CType, node: c_ast.Node) -> Value:
        """The value, converted to what it and a value of the other type have in common."""
        mine = type_of(self._builder, value)
        if isinstance(mine, Scalar) and isinstance(other, Scalar):
            return convert(self._builder, value, usual_conversion(mine, other), node)
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

    def _load(self, node: c_ast.StructRef | c_ast.ArrayRef) -> Value:
        mark = len(self._state.memory)
        value = self._variables.load(self._place(node))
        del self._state.memory[mark:]  # a temporary that the place needed
        return value

    def _named(self, node: c_ast.ID) -> Value:
        place = self._state.visible(node.name)
        if place is None and node.name in self._declarations.constants:
            return self._builder.constant(*enumerator(self._declarations.constants[node.name]))
        return self._variables.load(place or self._global(node))

    def _place(self, node: c_ast.Node) -> Place:
        """Where an lvalue lies. A struct that a call or another expression gives is put into new slots first."""
        if isinstance(node, c_ast.ID):
            return self._state.visible(node.name) or self._global(node)
        if isinstance(node, c_ast.StructRef) and node.type == ".":
            return self._member(node)
        if isinstance(node, c_ast.ArrayRef):
            return self._element(node)
        value = self.expression(node)
        if not isinstance(value, Aggregate):
            raise Unsupported(node, "cannot follow this lvalue")
        self._state.memory.extend(value.leaves)
        return Place(value.type, len(self._state.memory) - len(value.leaves))

    def _global(self, node: c_ast.ID) -> Place:
        """The place of a constant global, which is lowered where it is read first."""
        if node.name not in self._globals:
            raise Unsupported(node, f"'{node.name}' is not declared")
        type, values = self.initialisers.variable(self._globals[node.name])
        place = Place(type, len(self._state.constants), (), True)
        self._state.constants.extend(values)
        self._state.globals[node.name] = place
        return place

    def _member(self, node: c_ast.StructRef) -> Place:
        inside = self._place(node.name)
        number = field(inside.type, node.field.name)
        if number is None:
            raise Unsupported(node, f"there is no member '{node.field.name}'")
        before, kind = members(inside.type)[number]
        return inside._replace(type=kind, offset=inside.offset + before)

    def _element(self, node: c_ast.ArrayRef) -> Place:
        inside = self._place(node.name)
        if not isinstance(inside.type, Array):
            raise Unsupported(node, "only arrays have elements")
        element, length = inside.type.element, inside.type.length
        stride = len(leaves(element))
        index = self.scalar(node.subscript)
        number = self._builder.number(index)
        if number is not None and 0 <= number < length:
            return inside._replace(type=element, offset=inside.offset + int(number) * stride)
        return inside._replace(type=element, indices=(*inside.indices, Index(index, length, stride)))
