"""The local declarations of a tape program: checked, and given in the form of its tree."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.subset import is_constant
from cprograms.tape.expressions import ExpressionChecker, constant, value_of
from cprograms.tape.kinds import Kind
from cprograms.tape.names import Local, Names

MAX_ARRAY = 4096
"""Cells of a local array beyond which no tape has room for it."""


class LocalChecker:
    """Checks local variables, arrays and constants, and adds them to the innermost scope."""

    def __init__(self, names: Names, expressions: ExpressionChecker):
        self._names = names
        self._expressions = expressions

    def checked(self, node: c_ast.Decl) -> list[c_ast.Node]:
        """What a declaration adds to the tree: nothing where it is of a constant or a function."""
        try:
            self._names.declarations.declare(node)
        except Unsupported as fault:
            self._names.fault(fault.node, fault.message, fault.hint)
        if node.name is None or "extern" in node.storage:
            return []
        return self._local(node)

    def _local(self, node: c_ast.Decl) -> list[c_ast.Node]:
        kind = self._names.kind_of_object(node)
        shadowed = self._names.local(node.name)
        if shadowed is not None and shadowed.kind is Kind.TAPE:
            self._names.fault(node, f"'{node.name}' hides the tape", "give it another name")
        if {"static", "_Thread_local"} & {*node.storage} and not is_constant(node, self._names.declarations):
            hint = "make it an ordinary local, or keep its value on the tape"
            self._names.fault(node, f"'{node.name}' is a static local, which lives on between calls", hint)
        if kind is Kind.ARRAY:
            return self._array(node)
        if kind is Kind.TAPE:
            self._names.fault(node, f"'{node.name}': pointers other than the tape are not supported", "keep an index")
            kind = None
        # In C a name's scope begins before its initialiser.
        self._names.declare(node.name, Local(kind))
        value = None
        if node.init is not None:
            value = self._expressions.converted(self._expressions.checked(node.init), kind)
        known = value_of(value)
        if known is not None and is_constant(node, self._names.declarations):
            self._names.declare(node.name, Local(kind, known))
            return []
        declared = variable(node, kind)
        declared.init = value
        return [declared]

    def _array(self, node: c_ast.Decl) -> list[c_ast.Node]:
        self._names.declare(node.name, Local(None))
        size = node.type.dim if isinstance(node.type, c_ast.ArrayDecl) else None
        length = value_of(self._expressions.checked(size)) if size is not None else None
        if length is None:
            hint = "give it a size that is a constant"
            self._names.fault(node, f"'{node.name}' is an array of variable length", hint)
            return []
        if not 1 <= length <= MAX_ARRAY:
            self._names.fault(node, f"'{node.name}' has {length} cells; an array has 1 to {MAX_ARRAY}")
            return []
        self._names.declare(node.name, Local(Kind.ARRAY, length=length))
        init = self._cells(node.init, length, node.name) if node.init is not None else None
        inner = c_ast.TypeDecl(node.name, [], None, c_ast.IdentifierType(["int"]))
        kind = c_ast.ArrayDecl(inner, constant(length, node), [])
        declared = c_ast.Decl(node.name, [], [], [], [], kind, init, None, coord=node.coord)
        self._names.found.arrays.append(declared)
        return [declared]

    def _cells(self, node: c_ast.Node, length: int, name: str) -> c_ast.Node | None:
        """A value for each cell of an array: what C leaves out is zero."""
        if not isinstance(node, c_ast.InitList):
            return self._expressions.checked(node)  # a string, or what the compiler rejects
        values: dict[int, c_ast.Node] = {}
        position = 0
        for item in node.exprs:
            if isinstance(item, c_ast.NamedInitializer):
                position = self._designated(item)
                item = item.expr
            if not 0 <= position < length:
                self._names.fault(item, f"there are more values than the {length} cells of '{name}'", "remove them")
                break
            values[position] = self._expressions.checked(item)
            position += 1
        return c_ast.InitList([values.get(i, constant(0, node)) for i in range(length)], coord=node.coord)

    def _designated(self, node: c_ast.NamedInitializer) -> int:
        """The cell that a designator names; -1, which no array has, where it names none."""
        designator = node.name[0]
        if not isinstance(designator, c_ast.ArrayDesignator):
            return -1
        found = value_of(self._expressions.checked(designator.expr))
        return -1 if found is None or len(node.name) > 1 else found


def variable(node: c_ast.Decl, kind: Kind | None) -> c_ast.Decl:
    """A declaration of the same name as a plain int, or as the tape."""
    type: c_ast.Node = c_ast.TypeDecl(node.name, [], None, c_ast.IdentifierType(["int"]))
    if kind is Kind.TAPE:
        type = c_ast.PtrDecl([], type)
    return c_ast.Decl(node.name, [], [], [], [], type, None, None, coord=node.coord)
