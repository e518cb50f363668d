"""The expressions of a tape program: checked, constants folded, and cells of the tape written in one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.names import counted
from cprograms.standard import PROTOTYPES, REFUSED
from cprograms.tape.kinds import MLP, Kind
from cprograms.tape.names import Local, Names

LOGICAL = frozenset("< <= > >= == != && ||".split())
_BINARY = LOGICAL | {*"+-*/%"}
_BITS = {*"&|^", "<<", ">>"}
_BITS_HINT = "bits mean little modulo M: use + - * / %, or --isa extended; a shift of constants alone is fine"
_STEPS = {"++", "--", "p++", "p--"}
_ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%="}
MIN_MAX = ("min", "max")
_LARGEST = 2**63
_NO_NAMES = Declarations()

_REFUSED_NODES: dict[type[c_ast.Node], tuple[str, str]] = {
    c_ast.StructRef: ("structs are not values of a tape program", "use an int for each member"),
    c_ast.CompoundLiteral: ("compound literals are not supported", "declare a local"),
    c_ast.InitList: ("braces are for the values of a local array only", "remove them"),
    c_ast.NamedInitializer: ("designators are for the values of a local array only", ""),
}


class _Cell(NamedTuple):
    """What an address points to: a cell of the tape or of a local array; `offset` is None for the first."""

    base: c_ast.ID
    offset: c_ast.Node | None


def constant(value: int, place: c_ast.Node) -> c_ast.Constant:
    return c_ast.Constant("int", str(value), coord=place.coord)


def value_of(node: c_ast.Node | None) -> int | None:
    """The value of an expression that has been folded, None where it is no constant."""
    return int(node.value) if isinstance(node, c_ast.Constant) else None


class ExpressionChecker:
    """Gives each expression in the form of a tape program's tree; in place of what is at fault stands a zero."""

    def __init__(self, names: Names):
        self._names = names

    def checked(self, node: c_ast.Node) -> c_ast.Node:
        """The expression in the form of the tree; what is wrong with it is noted as faults of its definition."""
        return _CHECKS.get(type(node), ExpressionChecker._unsupported)(self, node)

    def _refuse(self, node: c_ast.Node, message: str, hint: str = "") -> c_ast.Constant:
        self._names.fault(node, message, hint)
        return constant(0, node)

    def _folded(self, node: c_ast.Node, *operands: c_ast.Node) -> c_ast.Node:
        """The node, or its value where its operands are constants: with C's arithmetic, not yet modulo M."""
        if not all(isinstance(o, c_ast.Constant) for o in operands):
            return node
        try:
            value = _NO_NAMES.constant(node)
        except Unsupported as fault:
            return self._refuse(fault.node, fault.message)
        return self._number(int(value), node)

    def _number(self, value: int, node: c_ast.Node) -> c_ast.Constant:
        if abs(value) >= _LARGEST:
            return self._refuse(node, "this integer is too large")
        return constant(value, node)

    def converted(self, node: c_ast.Node, kind: Kind | None) -> c_ast.Node:
        """A value as it is stored in a variable of a kind: a _Bool keeps whether it is zero."""
        if kind is not Kind.BOOL or self._is_truth(node):
            return node
        return self._folded(c_ast.BinaryOp("!=", node, constant(0, node), coord=node.coord), node)

    def _is_truth(self, node: c_ast.Node) -> bool:
        """Whether an expression is 0 or 1 for sure."""
        if isinstance(node, c_ast.ID):
            local = self._names.local(node.name)
            return local is not None and local.kind is Kind.BOOL
        return (
            (isinstance(node, c_ast.BinaryOp) and node.op in LOGICAL)
            or (isinstance(node, c_ast.UnaryOp) and node.op == "!")
            or value_of(node) in (0, 1)
        )

    # Names and constants

    def _literal(self, node: c_ast.Constant) -> c_ast.Node:
        if node.type == "string":
            return self._refuse(node, "strings are not values of a tape program", "put the values on the tape")
        if "float" in node.type or "double" in node.type:
            message = f"{node.value[:40]} is not a value of a tape program: those are integers modulo M"
            return self._refuse(node, message, MLP)
        return self._folded(node)

    def _name(self, node: c_ast.ID) -> c_ast.Node:
        local = self._names.local(node.name)
        if local is None:
            value = self._names.constant(node)
            return constant(0 if value is None else value, node)
        if local.value is not None:
            return constant(local.value, node)
        if local.kind in (Kind.TAPE, Kind.ARRAY):
            what = "the tape" if local.kind is Kind.TAPE else "an array"
            return self._refuse(node, f"'{node.name}' is {what}, not a value", f"read a cell: {node.name}[i]")
        return c_ast.ID(node.name, coord=node.coord)

    # Cells

    def _array_cell(self, node: c_ast.ArrayRef) -> c_ast.Node:
        return self._cell(c_ast.BinaryOp("+", node.name, node.subscript, coord=node.coord), node)

    def _cell(self, address: c_ast.Node, place: c_ast.Node) -> c_ast.Node:
        found = self._address(address)
        if found is None:
            return self._no_cell(address, place)
        index = constant(0, found.base) if found.offset is None else found.offset
        local = self._names.local(found.base.name)
        self._in_bounds(index, local, found.base)
        return c_ast.ArrayRef(found.base, index, coord=found.base.coord)

    def _no_cell(self, address: c_ast.Node, place: c_ast.Node) -> c_ast.Constant:
        while isinstance(address, c_ast.BinaryOp):
            address = address.left
        if isinstance(address, c_ast.ID):
            local = self._names.local(address.name)
            told = self._names.constant(address) is None if local is None else local.kind is None
            if told:  # its declaration is at fault
                return constant(0, place)
        return self._refuse(place, "only the tape and local arrays have cells", "write mem[i], or *(mem + i)")

    def _in_bounds(self, index: c_ast.Node, local: Local | None, base: c_ast.ID) -> None:
        value, length = value_of(index), local.length if local is not None else None
        if value is not None and length is not None and not 0 <= value < length:
            message = f"cell {value} is outside the array '{base.name}', which has {length}"
            self._names.fault(index, message, f"its cells are {base.name}[0] to {base.name}[{length - 1}]")

    def _address(self, node: c_ast.Node) -> _Cell | None:
        """What an address points to; None, and nothing visited, where an expression is no address."""
        if isinstance(node, c_ast.ID):
            local = self._names.local(node.name)
            cells = local is not None and local.kind in (Kind.TAPE, Kind.ARRAY)
            return _Cell(c_ast.ID(node.name, coord=node.coord), None) if cells else None
        if not isinstance(node, c_ast.BinaryOp) or node.op not in "+-":
            return None
        left = self._address(node.left)
        if left is not None:
            return _Cell(left.base, self._moved(left.offset, node.op, self.checked(node.right), node))
        right = self._address(node.right) if node.op == "+" else None
        if right is None:
            return None
        index = self.checked(node.left)
        return _Cell(right.base, index if right.offset is None else self._sum("+", index, right.offset, node))

    def _moved(self, index: c_ast.Node | None, op: str, by: c_ast.Node, place: c_ast.Node) -> c_ast.Node:
        if index is not None:
            return self._sum(op, index, by, place)
        return by if op == "+" else self._folded(c_ast.UnaryOp("-", by, coord=place.coord), by)

    def _sum(self, op: str, left: c_ast.Node, right: c_ast.Node, place: c_ast.Node) -> c_ast.Node:
        return self._folded(c_ast.BinaryOp(op, left, right, coord=place.coord), left, right)

    # Operators

    def _unary(self, node: c_ast.UnaryOp) -> c_ast.Node:
        if node.op == "*":
            return self._cell(node.expr, node)
        if node.op == "&":
            return self._refuse(node, "addresses cannot be taken", "pass values, or mem and an index")
        if node.op in _STEPS:
            return c_ast.UnaryOp(node.op, self._target(node.expr, step=True), coord=node.coord)
        if node.op in ("sizeof", "_Alignof"):
            return self._refuse(
                node, f"{node.op} is not supported: the cells of a tape have no bytes", "write a number"
            )
        operand = self.checked(node.expr)
        if node.op == "+":
            return operand
        found = self._folded(c_ast.UnaryOp(node.op, operand, coord=node.coord), operand)
        if node.op == "~" and not isinstance(found, c_ast.Constant):
            return self._refuse(node, "the operator ~ is not supported", _BITS_HINT)
        return found

    def _binary(self, node: c_ast.BinaryOp) -> c_ast.Node:
        left, right = self.checked(node.left), self.checked(node.right)
        found = self._folded(c_ast.BinaryOp(node.op, left, right, coord=node.coord), left, right)
        allowed = _BINARY | _BITS if self._names.bits else _BINARY
        if node.op not in allowed and not isinstance(found, c_ast.Constant):
            return self._refuse(node, f"the operator {node.op} is not supported", _BITS_HINT)
        if node.op in "/%" and value_of(right) == 0 and not isinstance(found, c_ast.Constant):
            return self._refuse(node, "division by zero")
        return found

    def _ternary(self, node: c_ast.TernaryOp) -> c_ast.Node:
        parts = [self.checked(part) for part in (node.cond, node.iftrue, node.iffalse)]
        return self._folded(c_ast.TernaryOp(*parts, coord=node.coord), *parts)

    def _list(self, node: c_ast.ExprList) -> c_ast.Node:
        return c_ast.ExprList([self.checked(e) for e in node.exprs], coord=node.coord)

    def _cast(self, node: c_ast.Cast) -> c_ast.Node:
        kind = self._names.kind(node.to_type, node, None)
        if kind is Kind.TAPE:
            return self._refuse(node, "pointers other than the tape are not supported", "write mem[i]")
        return self.converted(self.checked(node.expr), kind)

    def _assignment(self, node: c_ast.Assignment) -> c_ast.Node:
        target = self._target(node.lvalue, step=node.op != "=")
        value = self.checked(node.rvalue)
        if node.op not in _ASSIGNMENTS and not (self._names.bits and node.op[:-1] in _BITS):
            hint = "write `x = x && y`" if node.op == "&=" else _BITS_HINT.partition(";")[0]
            return self._refuse(node, f"the operator {node.op} is not supported", hint)
        if node.op in ("/=", "%=") and value_of(value) == 0:
            return self._refuse(node, "division by zero")
        local = self._names.local(target.name) if isinstance(target, c_ast.ID) else None
        return c_ast.Assignment(node.op, target, self.converted(value, local.kind if local else None), coord=node.coord)

    def _target(self, node: c_ast.Node, step: bool) -> c_ast.Node:
        """What an assignment, or a step such as += and ++, writes."""
        if isinstance(node, c_ast.ArrayRef) or (isinstance(node, c_ast.UnaryOp) and node.op == "*"):
            return self.checked(node)
        if type(node) in _REFUSED_NODES:
            return self.checked(node)
        if not isinstance(node, c_ast.ID):
            return self._refuse(node, "this cannot be written", "assign to a local or to a cell of the tape")
        local = self._names.local(node.name)
        if local is None:
            if self._names.constant(node) is not None:
                return self._refuse(node, f"'{node.name}' is const, and it is written here", "make it a local")
        elif local.kind in (Kind.TAPE, Kind.ARRAY):
            what = "the tape is fixed" if local.kind is Kind.TAPE else "an array is no variable"
            return self._refuse(
                node, f"'{node.name}' cannot move: {what}", f"count with an int i, and use {node.name}[i]"
            )
        elif local.value is not None:
            return self._refuse(node, f"'{node.name}' is a constant, and it is written here", "make it a local")
        elif local.kind is Kind.BOOL and step:
            return self._refuse(node, f"'{node.name}' is a _Bool, which only = can write", "declare it int")
        return c_ast.ID(node.name, coord=node.coord)

    # Calls

    def _function_call(self, node: c_ast.FuncCall) -> c_ast.Node:
        given = node.args.exprs if node.args is not None else []
        if not isinstance(node.name, c_ast.ID) or self._names.local(node.name.name) is not None:
            return self._refuse(node, "a call through a pointer is not supported", "call the function by its name")
        name = node.name.name
        entity = self._names.function(name)
        if entity is None:
            return self._library(node, name, given)
        self._names.found.needs[name] = entity
        self._names.found.calls.append(node)
        kinds = self._names.kinds_of(entity).parameters
        if len(kinds) != len(given) and isinstance(entity.node, c_ast.FuncDef):
            return self._refuse(node, f"'{name}' takes {counted(len(kinds), 'argument')}, and is given {len(given)}")
        arguments = [self._argument(a, k, name) for a, k in zip(given, kinds, strict=False)]
        return self._call_of(node, arguments)

    def _call_of(self, node: c_ast.FuncCall, arguments: list[c_ast.Node]) -> c_ast.FuncCall:
        listed = c_ast.ExprList(arguments, coord=node.coord) if arguments else None
        return c_ast.FuncCall(c_ast.ID(node.name.name, coord=node.name.coord), listed, coord=node.coord)

    def _library(self, node: c_ast.FuncCall, name: str, given: list[c_ast.Node]) -> c_ast.Node:
        if name in MIN_MAX and len(given) == 2:
            return self._call_of(node, [self.checked(a) for a in given])
        if name in MIN_MAX:
            return self._refuse(node, f"{name} takes two arguments, and is given {len(given)}")
        if name in REFUSED:
            return self._refuse(node, f"'{name}' {REFUSED[name]}; a tape program only computes", "remove the call")
        hint = MLP if name in PROTOTYPES else "add its definition to the file"
        message = f"'{name}' is called but not defined in this file; only min and max are known by name"
        return self._refuse(node, message, hint)

    def _argument(self, node: c_ast.Node, kind: Kind | None, callee: str) -> c_ast.Node:
        if kind is not Kind.TAPE:
            return self.converted(self.checked(node), kind)
        local = self._names.local(node.name) if isinstance(node, c_ast.ID) else None
        if local is None or local.kind is not Kind.TAPE:
            message = f"'{callee}' takes the tape here: only the tape itself can be passed"
            return self._refuse(node, message, "pass mem, and the index as an argument of its own")
        return c_ast.ID(node.name, coord=node.coord)

    def _unsupported(self, node: c_ast.Node) -> c_ast.Node:
        message, hint = _REFUSED_NODES.get(type(node), (f"this construct ({type(node).__name__}) is not supported", ""))
        return self._refuse(node, message, hint)


_CHECKS: dict[type, Callable[[ExpressionChecker, c_ast.Node], c_ast.Node]] = {
    c_ast.Constant: ExpressionChecker._literal,
    c_ast.ID: ExpressionChecker._name,
    c_ast.ArrayRef: ExpressionChecker._array_cell,
    c_ast.UnaryOp: ExpressionChecker._unary,
    c_ast.BinaryOp: ExpressionChecker._binary,
    c_ast.TernaryOp: ExpressionChecker._ternary,
    c_ast.ExprList: ExpressionChecker._list,
    c_ast.Cast: ExpressionChecker._cast,
    c_ast.Assignment: ExpressionChecker._assignment,
    c_ast.FuncCall: ExpressionChecker._function_call,
}
