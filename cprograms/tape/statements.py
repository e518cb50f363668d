"""The definitions and statements of a tape program: checked, and given in the form of its tree."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.normalise import base
from cprograms.frontend.subset import is_constant
from cprograms.tape.expressions import Expressions, constant, value_of
from cprograms.tape.kinds import Kind
from cprograms.tape.names import Definition, Local, as_parameter, parameters

MAX_ARRAY = 4096
"""Cells of a local array beyond which no tape has room for it."""


class Statements(Expressions):
    """Walks one definition with the scopes of C. Statements are given as lists of nodes, for some say nothing."""

    def function(self, node: c_ast.FuncDef) -> Definition:
        self._name = node.decl.name
        self._result = self._result_kind(node)
        given = [p for p in (self._parameter(p) for p in parameters(node)) if p is not None]
        tapes = [p for p in given if isinstance(p.type, c_ast.PtrDecl)]
        for extra in tapes[1:]:
            self.names.fault(extra, f"'{extra.name}': there is only one tape", "pass it once, and indices beside it")
        body = c_ast.Compound(self._scoped(node.body.block_items or []), coord=node.body.coord)
        kind = c_ast.IdentifierType(["int" if self._result in (Kind.INT, Kind.BOOL) else "void"])
        listed = c_ast.ParamList(given) if given else None
        type = c_ast.FuncDecl(listed, c_ast.TypeDecl(node.decl.name, [], None, kind))
        decl = c_ast.Decl(node.decl.name, [], [], [], [], type, None, None, coord=node.decl.coord)
        self.names.found.function = c_ast.FuncDef(decl, None, body, coord=node.coord)
        return self.names.found

    def object(self, node: c_ast.Decl) -> Definition:
        """A constant at file scope."""
        kind = self._kind(node)
        if kind is Kind.ARRAY:
            hint = "put the table on the tape, or into a local array"
            self.names.fault(node, f"'{node.name}' is a table, which has no place off the tape", hint)
        elif kind is not None and node.init is not None:
            value = value_of(self.converted(self.visit(node.init), kind))
            self.names.found.value = value
            if value is None:
                self.names.fault(node.init, f"the value of '{node.name}' is not a constant")
        elif kind is not None:
            self.names.found.value = 0
        return self.names.found

    def _result_kind(self, node: c_ast.FuncDef) -> Kind | None:
        kind = self.names.kind(node.decl.type.type, node.decl, None)
        if kind in (Kind.TAPE, Kind.ARRAY):
            self.names.fault(node.decl, f"'{node.decl.name}' returns a pointer", "return an index into the tape")
            return None
        return kind

    def _parameter(self, node: c_ast.Node) -> c_ast.Decl | None:
        if isinstance(node, c_ast.EllipsisParam):
            self.names.fault(node, "a variable number of arguments is not supported", "give the function a fixed list")
            return None
        if not isinstance(node, c_ast.Decl) or not node.name:
            self.names.fault(node, "this parameter has no name")
            return None
        kind = self._kind(node)
        if kind is not None:
            kind = as_parameter(kind)
        self.names.declare(node.name, Local(kind))
        return _variable(node, kind)

    def _kind(self, node: c_ast.Decl) -> Kind | None:
        """The kind of a declared object, its qualifiers checked."""
        kind = self.names.kind(node.type, node, node.name)
        inner = base(node)
        for qualifier in {*node.quals, *(inner.quals if inner is not None else [])} & {"volatile", "_Atomic"}:
            self.names.fault(node, f"'{node.name}' is {qualifier}, which is not supported", "remove the qualifier")
        return kind

    # Statements

    def _statement(self, node: c_ast.Node | None) -> list[c_ast.Node]:
        if node is None:
            return []
        found = self.visit(node)
        return found if isinstance(found, list) else [found]

    def _scoped(self, items: list[c_ast.Node]) -> list[c_ast.Node]:
        with self.names.scope():
            return [s for item in items for s in self._statement(item)]

    def _branch(self, node: c_ast.Node | None) -> c_ast.Node | None:
        """A statement that hangs below another."""
        if node is None:
            return None
        found = self._scoped([node])
        return found[0] if len(found) == 1 else c_ast.Compound(found, coord=node.coord)

    def visit_Compound(self, node: c_ast.Compound) -> c_ast.Node:  # noqa: N802
        return c_ast.Compound(self._scoped(node.block_items or []), coord=node.coord)

    def visit_If(self, node: c_ast.If) -> c_ast.Node:  # noqa: N802
        return c_ast.If(self.visit(node.cond), self._branch(node.iftrue), self._branch(node.iffalse), coord=node.coord)

    def visit_While(self, node: c_ast.While) -> c_ast.Node:  # noqa: N802
        return c_ast.While(self.visit(node.cond), self._branch(node.stmt), coord=node.coord)

    def visit_DoWhile(self, node: c_ast.DoWhile) -> c_ast.Node:  # noqa: N802
        stmt = self._branch(node.stmt)
        return c_ast.DoWhile(self.visit(node.cond), stmt, coord=node.coord)

    def visit_For(self, node: c_ast.For) -> c_ast.Node:  # noqa: N802
        with self.names.scope():
            init = self._for_init(node.init)
            cond = self.visit(node.cond) if node.cond is not None else None
            following = self.visit(node.next) if node.next is not None else None
            return c_ast.For(init, cond, following, self._branch(node.stmt), coord=node.coord)

    def _for_init(self, node: c_ast.Node | None) -> c_ast.Node | None:
        if not isinstance(node, c_ast.DeclList):
            return self.visit(node) if node is not None else None
        declared = [d for decl in node.decls for d in self._statement(decl)]
        return c_ast.DeclList(declared, coord=node.coord) if declared else None

    def visit_Switch(self, node: c_ast.Switch) -> c_ast.Node:  # noqa: N802
        cond = self.visit(node.cond)
        items = node.stmt.block_items or [] if isinstance(node.stmt, c_ast.Compound) else [node.stmt]
        with self.names.scope():
            cases = [self._case(item) for item in items]
        body = c_ast.Compound([c for c in cases if c is not None], coord=node.stmt.coord)
        return c_ast.Switch(cond, body, coord=node.coord)

    def _case(self, node: c_ast.Node) -> c_ast.Node | None:
        if not isinstance(node, c_ast.Case | c_ast.Default):
            self.names.fault(node, "this stands before the first case of its switch, and is never reached", "move it")
            return None
        stmts = [s for item in node.stmts or [] for s in self._statement(item)]
        if isinstance(node, c_ast.Default):
            return c_ast.Default(stmts, coord=node.coord)
        label = self.visit(node.expr)
        if value_of(label) is None:
            self.names.fault(node.expr, "a case needs an integer constant")
        return c_ast.Case(label, stmts, coord=node.coord)

    def _misplaced(self, node: c_ast.Node) -> list[c_ast.Node]:
        self.names.fault(node, "a case must stand directly in the body of its switch", "move it out of the inner block")
        return []

    visit_Case = _misplaced  # noqa: N815
    visit_Default = _misplaced  # noqa: N815

    def visit_Return(self, node: c_ast.Return) -> c_ast.Node:  # noqa: N802
        value = self.visit(node.expr) if node.expr is not None else None
        if value is not None and self._result is Kind.VOID:
            self.names.fault(
                node, f"'{self._name}' returns nothing, but a value stands here", "leave results on the tape"
            )
        if value is None and self._result in (Kind.INT, Kind.BOOL):
            self.names.fault(node, f"'{self._name}' returns a value, and none stands here", "write return 0;")
        return c_ast.Return(self.converted(value, self._result) if value is not None else None, coord=node.coord)

    def visit_Break(self, node: c_ast.Break) -> c_ast.Node:  # noqa: N802
        return node

    def visit_Continue(self, node: c_ast.Continue) -> c_ast.Node:  # noqa: N802
        return node

    def visit_EmptyStatement(self, node: c_ast.EmptyStatement) -> list[c_ast.Node]:  # noqa: N802
        return [node]

    def visit_Goto(self, node: c_ast.Goto) -> list[c_ast.Node]:  # noqa: N802
        self.names.fault(node, "goto is not supported", "write a loop, break, continue or return")
        return []

    def visit_Label(self, node: c_ast.Label) -> list[c_ast.Node]:  # noqa: N802
        return self._statement(node.stmt)

    # Declarations

    def visit_Typedef(self, node: c_ast.Typedef) -> list[c_ast.Node]:  # noqa: N802
        self.names.declarations.declare(node)
        return []

    def visit_Decl(self, node: c_ast.Decl) -> list[c_ast.Node]:  # noqa: N802
        try:
            self.names.declarations.declare(node)
        except Unsupported as fault:
            self.names.fault(fault.node, fault.message, fault.hint)
        if node.name is None or "extern" in node.storage:
            return []
        return self._local(node)

    def _local(self, node: c_ast.Decl) -> list[c_ast.Node]:
        kind = self._kind(node)
        shadowed = self.names.local(node.name)
        if shadowed is not None and shadowed.kind is Kind.TAPE:
            self.names.fault(node, f"'{node.name}' hides the tape", "give it another name")
        if {"static", "_Thread_local"} & {*node.storage} and not is_constant(node, self.names.declarations):
            hint = "make it an ordinary local, or keep its value on the tape"
            self.names.fault(node, f"'{node.name}' is a static local, which lives on between calls", hint)
        if kind is Kind.ARRAY:
            return self._array(node)
        if kind is Kind.TAPE:
            self.names.fault(node, f"'{node.name}': pointers other than the tape are not supported", "keep an index")
            kind = None
        # In C a name's scope begins before its initialiser.
        self.names.declare(node.name, Local(kind))
        value = self.converted(self.visit(node.init), kind) if node.init is not None else None
        known = value_of(value)
        if known is not None and is_constant(node, self.names.declarations):
            self.names.declare(node.name, Local(kind, known))
            return []
        declared = _variable(node, kind)
        declared.init = value
        return [declared]

    def _array(self, node: c_ast.Decl) -> list[c_ast.Node]:
        array = node.type
        self.names.declare(node.name, Local(None))
        length = (
            value_of(self.visit(array.dim)) if isinstance(array, c_ast.ArrayDecl) and array.dim is not None else None
        )
        if length is None:
            hint = "give it a size that is a constant"
            self.names.fault(node, f"'{node.name}' is an array of variable length", hint)
            return []
        if not 1 <= length <= MAX_ARRAY:
            self.names.fault(node, f"'{node.name}' has {length} cells; an array has 1 to {MAX_ARRAY}")
            return []
        self.names.declare(node.name, Local(Kind.ARRAY, length=length))
        init = self._cells(node.init, length, node.name) if node.init is not None else None
        inner = c_ast.TypeDecl(node.name, [], None, c_ast.IdentifierType(["int"]))
        kind = c_ast.ArrayDecl(inner, constant(length, node), [])
        declared = c_ast.Decl(node.name, [], [], [], [], kind, init, None, coord=node.coord)
        self.names.found.arrays.append(declared)
        return [declared]

    def _cells(self, node: c_ast.Node, length: int, name: str) -> c_ast.Node | None:
        """A value for each cell of an array: what C leaves out is zero."""
        if not isinstance(node, c_ast.InitList):
            return self.visit(node)  # a string, or what the compiler rejects
        values: dict[int, c_ast.Node] = {}
        position = 0
        for item in node.exprs:
            if isinstance(item, c_ast.NamedInitializer):
                position = self._designated(item)
                item = item.expr
            if not 0 <= position < length:
                self.names.fault(item, f"there are more values than the {length} cells of '{name}'", "remove them")
                break
            values[position] = self.visit(item)
            position += 1
        return c_ast.InitList([values.get(i, constant(0, node)) for i in range(length)], coord=node.coord)

    def _designated(self, node: c_ast.NamedInitializer) -> int:
        designator = node.name[0]
        found = value_of(self.visit(designator.expr)) if isinstance(designator, c_ast.ArrayDesignator) else None
        return -1 if found is None or len(node.name) > 1 else found


def _variable(node: c_ast.Decl, kind: Kind | None) -> c_ast.Decl:
    """A declaration of the same name as a plain int, or as the tape."""
    type: c_ast.Node = c_ast.TypeDecl(node.name, [], None, c_ast.IdentifierType(["int"]))
    if kind is Kind.TAPE:
        type = c_ast.PtrDecl([], type)
    return c_ast.Decl(node.name, [], [], [], [], type, None, None, coord=node.coord)
