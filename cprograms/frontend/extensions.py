"""GNU C in plain C: `typeof`, `__auto_type` and statement expressions, as MIN and MAX macros are written with.

And `_Generic`, as <tgmath.h> is: the types of expressions are known here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import copy

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.frontend.normalise import changes
from cprograms.standard import PROTOTYPES, prototype
from cprograms.trees import base, walk
from cprograms.types import (
    DOUBLE,
    FLOAT,
    INT,
    SCALARS,
    Array,
    Bits,
    CType,
    Function,
    Pointer,
    Scalar,
    Struct,
    Union,
    Void,
    find,
    promote,
    usual_conversion,
)

MAX_NODES = 20_000
"""Nodes that spelling out a function's statement expressions may add; a variable used twice doubles its value's."""

_STATEMENT_SLOTS = {"block_items", "iftrue", "iffalse", "stmt", "stmts", "body"}
_STATEMENTS = (
    *(c_ast.Decl, c_ast.If, c_ast.For, c_ast.While, c_ast.DoWhile, c_ast.Switch, c_ast.Return, c_ast.Label, c_ast.Goto),
    *(c_ast.Break, c_ast.Continue, c_ast.EmptyStatement),
)
_EXTENSIONS = (c_ast.TypeOf, c_ast.InferredType, c_ast.GenericSelection)
# Where an identifier is no variable: a field, a function.
_OTHER_NAMES = {(c_ast.StructRef, "field"), (c_ast.FuncCall, "name"), (c_ast.NamedInitializer, "name")}
_MARKS = re.compile(r"typeof|auto|_Generic|\((?:\s|^[ \t]*#[^\n]*)*\{", re.MULTILINE)
_RESULTS_INT = {"<", ">", "<=", ">=", "==", "!=", "&&", "||"}


def may_have_extensions(text: str) -> bool:
    """Whether a text may have what `rewrite_extensions` rewrites; one without a text may."""
    return not text or _MARKS.search(text) is not None


def rewrite_extensions(
    node: c_ast.FuncDef | c_ast.Decl,
    declarations: Declarations,
    type_at_file_scope: Callable[[str], c_ast.Node | None],
) -> None:
    """Rewrite a function, or an object at file scope, in place.

    `type_at_file_scope` gives the type node of an object or a function, or None.

    Raises Unsupported where an extension cannot be spelled in plain C.
    """
    if any(isinstance(n, _EXTENSIONS) or _has_expression(n) for n in walk(node)):
        _Rewriter(declarations, type_at_file_scope).rewrite(node)


def type_of_expression(
    node: c_ast.Node,
    names: dict[str, c_ast.Node],
    declarations: Declarations,
    type_at_file_scope: Callable[[str], c_ast.Node | None],
) -> CType:
    """The type of an expression over local variables of the given type nodes. Raises Unsupported."""
    return _Rewriter(declarations, type_at_file_scope, names).type_of(node)


def _has_expression(node: c_ast.Node) -> bool:
    """Whether a block stands among a node's operands."""
    return any(isinstance(c, c_ast.Compound) and n.split("[")[0] not in _STATEMENT_SLOTS for n, c in node.children())


class _Rewriter:
    def __init__(
        self,
        declarations: Declarations,
        type_at_file_scope: Callable[[str], c_ast.Node | None],
        names: dict[str, c_ast.Node] | None = None,
    ):
        self._declarations = declarations
        self._file_scope = type_at_file_scope
        self._scopes: list[dict[str, c_ast.Node]] = [names or {}]
        self._copied = 0

    def rewrite(self, node: c_ast.Node) -> c_ast.Node:
        """The node with its extensions spelled out; changed in place except where it is itself one."""
        scoped = isinstance(node, c_ast.FuncDef | c_ast.Compound | c_ast.For)
        if scoped:
            self._scopes.append({})
        for slot in node.__slots__:
            value = getattr(node, slot, None)
            if isinstance(value, c_ast.Node):
                setattr(node, slot, self._child(slot, value))
            elif isinstance(value, list):
                value[:] = [self._child(slot, v) if isinstance(v, c_ast.Node) else v for v in value]
        if scoped:
            self._scopes.pop()
        if isinstance(node, c_ast.Decl) and node.name:
            self._resolve_inferred(node)
            self._scopes[-1][node.name] = node.type
        if isinstance(node, c_ast.TypeDecl) and isinstance(node.type, c_ast.TypeOf):
            node.type = self._spelled(node.type.expr, node)
        return node

    def _child(self, slot: str, child: c_ast.Node) -> c_ast.Node:
        if isinstance(child, c_ast.Compound) and slot not in _STATEMENT_SLOTS:
            return self._statement_expression(child)
        if isinstance(child, c_ast.GenericSelection):
            child.expr = self._child("", child.expr)
            return self._child("", self._selected(child))
        return self.rewrite(child)

    def _statement_expression(self, block: c_ast.Compound) -> c_ast.Node:
        """`({ T a = x; T b = y; e; })` as e with a and b replaced by their values, which nothing may change."""
        self._scopes.append({})
        values: dict[str, c_ast.Node] = {}
        *declared, result = block.block_items or [c_ast.EmptyStatement(coord=block.coord)]
        for item in declared:
            if not isinstance(item, c_ast.Decl) or item.init is None or isinstance(item.type, c_ast.ArrayDecl):
                raise Unsupported(item, "this statement expression is not supported", "make it a function")
            self.rewrite(item)
            value = self._replaced(item.init, values)
            values[item.name] = value if self._is(item, value) else self._cast(item, value)
        if isinstance(result, _STATEMENTS) or any(changes(n) for n in [*values.values(), result]):
            raise Unsupported(block, "this statement expression is not supported", "make it a function")
        result = self._replaced(self._child("", result), values)
        self._scopes.pop()
        return result

    def _replaced(self, node: c_ast.Node, values: dict[str, c_ast.Node]) -> c_ast.Node:
        """A copy of an expression in which names stand for values."""
        self._copied += 1
        if self._copied > MAX_NODES:
            raise Unsupported(node, "the function's statement expressions are too large when spelled out")
        if isinstance(node, c_ast.ID) and node.name in values:
            return self._replaced(values[node.name], {})
        made = copy(node)
        for slot in node.__slots__:
            value = getattr(node, slot, None)
            if (type(node), slot) in _OTHER_NAMES:
                continue
            if isinstance(value, c_ast.Node):
                setattr(made, slot, self._replaced(value, values))
            elif isinstance(value, list):
                setattr(made, slot, [self._replaced(v, values) if isinstance(v, c_ast.Node) else v for v in value])
        return made

    def _is(self, item: c_ast.Decl, value: c_ast.Node) -> bool:
        """Whether a value has the declared type already, so that no cast is needed."""
        try:
            return self.type_of(value) == self._declarations.type_of(item.type)
        except Unsupported:
            return False

    @staticmethod
    def _cast(item: c_ast.Decl, value: c_ast.Node) -> c_ast.Node:
        inner = base(item)
        kind = c_ast.TypeDecl(None, [], None, inner.type if inner else None, item.coord)
        return c_ast.Cast(c_ast.Typename(None, [], None, kind, item.coord), value, item.coord)

    def _resolve_inferred(self, node: c_ast.Decl) -> None:
        place = base(node)
        if place is not None and isinstance(place.type, c_ast.InferredType):
            if node.init is None:
                raise Unsupported(node, f"'{node.name}' needs a value to take its type from")
            node.storage = [s for s in node.storage if s != "auto"]
            place.type = self._spelled(node.init, node)

    def _spelled(self, operand: c_ast.Node, place: c_ast.Node) -> c_ast.Node:
        """A type node for the type of an expression, or for the type that `typeof` is given."""
        if isinstance(operand, c_ast.Typename):
            inner = operand.type
            if isinstance(inner, c_ast.TypeDecl):
                return inner.type
            raise Unsupported(place, "typeof of this type is not supported")
        found = self.type_of(operand)
        if isinstance(found, Scalar):
            return c_ast.IdentifierType(found.name.split(), coord=place.coord)
        if isinstance(found, Struct) and found.name:
            return c_ast.Struct(found.name, None, coord=place.coord)
        raise Unsupported(place, "typeof of this expression is not supported")

    # Choices by type

    def _selected(self, node: c_ast.GenericSelection) -> c_ast.Node:
        """The expression that `_Generic` chooses: the type of the one that controls it is not evaluated."""
        wanted = _decayed(self.type_of(node.expr))
        found = [a for a in node.associations if a.type is not None and self._stands_for(a.type, wanted)]
        if len(found) > 1:  # what is one type here may be two in C: double and long double
            spelling = self._spelling(node.expr)
            found = [a for a in found if self._words(a.type) == spelling]
        found = found or [a for a in node.associations if a.type is None]
        if len(found) != 1:
            raise Unsupported(node, "it is not known what this _Generic chooses", "write the choice out")
        return found[0].expr

    def _stands_for(self, type: c_ast.Node, wanted: CType) -> bool:
        try:
            return self._declarations.type_of(type) == wanted
        except Unsupported:
            return False

    def _spelling(self, expression: c_ast.Node) -> str:
        """The C type of an arithmetic expression, of those that are one type here: the greatest of its parts'."""
        parts = [word for node in _operands(expression) if (word := self._words_of(node))]
        return max(parts, key=lambda word: ("double" in word, word.count("long")), default="")

    def _words_of(self, operand: c_ast.Node) -> str:
        if isinstance(operand, c_ast.Constant):
            return "char" if operand.type == "char" else _canonical(operand.type.split())
        if isinstance(operand, c_ast.Cast):
            return self._words(operand.to_type)
        if isinstance(operand, c_ast.FuncCall) and isinstance(operand.name, c_ast.ID):
            return self._words(self._function(operand.name).type)
        return self._words(self._declared(operand)) if isinstance(operand, c_ast.ID) else ""

    def _words(self, type: c_ast.Node | None) -> str:
        """An arithmetic type in few words, typedefs resolved: "long", "unsigned char"; "" for another."""
        while isinstance(type, c_ast.Typename | c_ast.TypeDecl | c_ast.IdentifierType):
            if isinstance(type, c_ast.IdentifierType):
                known = self._declarations.typedefs.get(type.names[0]) if len(type.names) == 1 else None
                if known is None:
                    return _canonical(type.names)
                type = known
            else:
                type = type.type
        return ""

    # Types of expressions

    def type_of(self, node: c_ast.Node) -> CType:
        """The type of an expression. Raises Unsupported where it is outside the subset or not known."""
        found = self._type_of(node)
        if found is None:
            raise Unsupported(node, "the type of this expression is not known", "write the type out")
        return found

    def _type_of(self, node: c_ast.Node) -> CType | None:
        if isinstance(node, c_ast.ID):
            return self._type_of_name(node)
        if isinstance(node, c_ast.Constant):
            return _type_of_constant(node)
        if isinstance(node, c_ast.Cast):
            return self._declarations.type_of(node.to_type)
        if isinstance(node, c_ast.CompoundLiteral):
            return self._declarations.type_of(node.type)
        if isinstance(node, c_ast.Assignment):
            return self.type_of(node.lvalue)
        if isinstance(node, c_ast.ExprList):
            return self.type_of(node.exprs[-1])
        if isinstance(node, c_ast.TernaryOp):
            left, right = _value(self.type_of(node.iftrue)), _value(self.type_of(node.iffalse))
            return usual_conversion(left, right) if isinstance(left, Scalar) and isinstance(right, Scalar) else left
        if isinstance(node, c_ast.ArrayRef):
            return self._target(self.type_of(node.name))
        if isinstance(node, c_ast.StructRef):
            outer = self.type_of(node.name)
            return _member(outer if node.type == "." else self._target(outer), node.field.name)
        if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
            return self._declarations.type_of(self._function(node.name).type)
        if isinstance(node, c_ast.UnaryOp | c_ast.BinaryOp):
            return self._type_of_operator(node)
        return None

    def _target(self, type: CType) -> CType | None:
        """What a pointer points to, or an array is made of."""
        if isinstance(type, Array):
            return type.element
        found = self._declarations.completed(type.target) if isinstance(type, Pointer) else None
        return None if isinstance(found, Void | Function) else found

    def _type_of_name(self, node: c_ast.ID) -> CType:
        declared = self._declared(node)
        if declared is None:
            return INT  # an enumerator
        if isinstance(declared, c_ast.ArrayDecl):
            return self._declarations.parameter(declared)[0] if declared.dim is None else self._array(declared)
        return self._declarations.type_of(declared)

    def _array(self, declared: c_ast.ArrayDecl) -> CType:
        try:
            return self._declarations.type_of(declared)
        except Unsupported:  # one of a size that is not known: what matters is what it points to
            return self._declarations.parameter(declared)[0]

    def _declared(self, node: c_ast.ID) -> c_ast.Node | None:
        """The type node of a variable or a function, None for an enumerator."""
        for scope in reversed(self._scopes):
            if node.name in scope:
                return scope[node.name]
        if node.name in self._declarations.constants:
            return None
        found = self._file_scope(node.name)
        if found is None:
            raise Unsupported(node, f"'{node.name}' is not declared")
        return found

    def _function(self, name: c_ast.ID) -> c_ast.FuncDecl:
        found = prototype(name.name).type if name.name in PROTOTYPES else self._file_scope(name.name)
        if not isinstance(found, c_ast.FuncDecl):
            raise Unsupported(name, f"'{name.name}' is not declared")
        return found

    def _type_of_operator(self, node: c_ast.UnaryOp | c_ast.BinaryOp) -> CType | None:
        if node.op == "!" or (isinstance(node, c_ast.BinaryOp) and node.op in _RESULTS_INT):
            return INT
        if node.op in ("sizeof", "_Alignof"):
            return SCALARS["u64"]
        operand = self.type_of(node.expr if isinstance(node, c_ast.UnaryOp) else node.left)
        if node.op in ("++", "--", "p++", "p--"):
            return operand
        if isinstance(node, c_ast.UnaryOp) and node.op in ("*", "&"):
            return self._target(operand) if node.op == "*" else Pointer(operand)
        operand = _value(operand)
        if isinstance(node, c_ast.UnaryOp) or node.op in ("<<", ">>"):
            return promote(operand) if isinstance(operand, Scalar) else operand
        right = _value(self.type_of(node.right))
        if isinstance(operand, Scalar) and isinstance(right, Scalar):
            return usual_conversion(operand, right)
        if isinstance(operand, Pointer) and isinstance(right, Pointer):
            return SCALARS["i64"]
        return right if isinstance(operand, Scalar) else operand


def _decayed(type: CType) -> CType:
    """The type of the value of a place: an array's is a pointer."""
    if isinstance(type, Array):
        return Pointer(type.element)
    return type.scalar if isinstance(type, Bits) else type


def _value(type: CType) -> CType:
    """The same as an operand: a bit-field that an int holds is one."""
    return INT if isinstance(type, Bits) and type.width < INT.bits else _decayed(type)


def _member(outer: CType | None, name: str) -> CType | None:
    way = find(outer, name) if isinstance(outer, Struct | Union) else None
    if way is None:
        return None
    for number in way:
        assert isinstance(outer, Struct | Union)
        outer = outer.fields[number][1]
    return outer


def _operands(node: c_ast.Node) -> Iterator[c_ast.Node]:
    """What an arithmetic expression is computed from."""
    if isinstance(node, c_ast.UnaryOp) and node.op not in ("sizeof", "_Alignof", "*", "&"):
        yield from _operands(node.expr)
    elif isinstance(node, c_ast.BinaryOp) and node.op not in _RESULTS_INT:
        yield from _operands(node.left)
        yield from _operands(node.right)
    elif isinstance(node, c_ast.TernaryOp):
        yield from _operands(node.iftrue)
        yield from _operands(node.iffalse)
    else:
        yield node


def _canonical(names: list[str]) -> str:
    words = sorted(n for n in names if n not in ("int", "const", "volatile"))
    return " ".join(w for w in words if w != "signed" or "char" in words)


def _type_of_constant(node: c_ast.Constant) -> CType:
    if node.type == "string":
        return Pointer(SCALARS["i8"])
    if node.type in ("float", "double", "long double"):
        return FLOAT if node.type == "float" else DOUBLE
    if "long" in node.type:
        return SCALARS["u64" if "unsigned" in node.type else "i64"]
    return SCALARS["u32"] if "unsigned" in node.type else INT
