"""The statements of a tape program: checked, and given in the form of its tree."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.tape.expressions import ExpressionChecker, value_of
from cprograms.tape.kinds import Kind
from cprograms.tape.locals import LocalChecker
from cprograms.tape.names import Names


class StatementChecker:
    """Checks the statements of a function, which has a result of a kind, with the scopes of C.

    Statements are given as lists of nodes, for some say nothing.
    """

    def __init__(self, names: Names, expressions: ExpressionChecker, function: str, result: Kind | None):
        self._names = names
        self._expressions = expressions
        self._locals = LocalChecker(names, expressions)
        self._function = function
        self._result = result

    def block(self, items: list[c_ast.Node]) -> list[c_ast.Node]:
        """The statements of a block with a scope of its own."""
        with self._names.scope():
            return [s for item in items for s in self._statement(item)]

    def _statement(self, node: c_ast.Node | None) -> list[c_ast.Node]:
        if node is None:
            return []
        check = _CHECKS.get(type(node))
        return [self._expressions.checked(node)] if check is None else check(self, node)

    def _branch(self, node: c_ast.Node | None) -> c_ast.Node | None:
        """A statement that hangs below another."""
        if node is None:
            return None
        found = self.block([node])
        return found[0] if len(found) == 1 else c_ast.Compound(found, coord=node.coord)

    def _compound(self, node: c_ast.Compound) -> list[c_ast.Node]:
        return [c_ast.Compound(self.block(node.block_items or []), coord=node.coord)]

    def _if(self, node: c_ast.If) -> list[c_ast.Node]:
        cond = self._expressions.checked(node.cond)
        return [c_ast.If(cond, self._branch(node.iftrue), self._branch(node.iffalse), coord=node.coord)]

    def _while(self, node: c_ast.While) -> list[c_ast.Node]:
        return [c_ast.While(self._expressions.checked(node.cond), self._branch(node.stmt), coord=node.coord)]

    def _do(self, node: c_ast.DoWhile) -> list[c_ast.Node]:
        stmt = self._branch(node.stmt)
        return [c_ast.DoWhile(self._expressions.checked(node.cond), stmt, coord=node.coord)]

    def _for(self, node: c_ast.For) -> list[c_ast.Node]:
        with self._names.scope():
            init = self._for_init(node.init)
            cond = self._expressions.checked(node.cond) if node.cond is not None else None
            following = self._expressions.checked(node.next) if node.next is not None else None
            return [c_ast.For(init, cond, following, self._branch(node.stmt), coord=node.coord)]

    def _for_init(self, node: c_ast.Node | None) -> c_ast.Node | None:
        if not isinstance(node, c_ast.DeclList):
            return self._expressions.checked(node) if node is not None else None
        declared = [d for decl in node.decls for d in self._statement(decl)]
        return c_ast.DeclList(declared, coord=node.coord) if declared else None

    def _switch(self, node: c_ast.Switch) -> list[c_ast.Node]:
        cond = self._expressions.checked(node.cond)
        items = node.stmt.block_items or [] if isinstance(node.stmt, c_ast.Compound) else [node.stmt]
        with self._names.scope():
            cases = [self._case(item) for item in items]
        body = c_ast.Compound([c for c in cases if c is not None], coord=node.stmt.coord)
        return [c_ast.Switch(cond, body, coord=node.coord)]

    def _case(self, node: c_ast.Node) -> c_ast.Node | None:
        if not isinstance(node, c_ast.Case | c_ast.Default):
            self._names.fault(node, "this stands before the first case of its switch, and is never reached", "move it")
            return None
        stmts = [s for item in node.stmts or [] for s in self._statement(item)]
        if isinstance(node, c_ast.Default):
            return c_ast.Default(stmts, coord=node.coord)
        label = self._expressions.checked(node.expr)
        if value_of(label) is None:
            self._names.fault(node.expr, "a case needs an integer constant")
        return c_ast.Case(label, stmts, coord=node.coord)

    def _misplaced(self, node: c_ast.Node) -> list[c_ast.Node]:
        message = "a case must stand directly in the body of its switch"
        self._names.fault(node, message, "move it out of the inner block")
        return []

    def _return(self, node: c_ast.Return) -> list[c_ast.Node]:
        value = self._expressions.checked(node.expr) if node.expr is not None else None
        if value is not None and self._result is Kind.VOID:
            message = f"'{self._function}' returns nothing, but a value stands here"
            self._names.fault(node, message, "leave results on the tape")
        if value is None and self._result in (Kind.INT, Kind.BOOL):
            self._names.fault(node, f"'{self._function}' returns a value, and none stands here", "write return 0;")
        if value is not None:
            value = self._expressions.converted(value, self._result)
        return [c_ast.Return(value, coord=node.coord)]

    def _jump(self, node: c_ast.Break | c_ast.Continue) -> list[c_ast.Node]:
        return [node]

    def _empty(self, node: c_ast.EmptyStatement) -> list[c_ast.Node]:
        return [node]

    def _declaration(self, node: c_ast.Decl) -> list[c_ast.Node]:
        return self._locals.checked(node)

    def _typedef(self, node: c_ast.Typedef) -> list[c_ast.Node]:
        self._names.declarations.declare(node)
        return []

    def _goto(self, node: c_ast.Goto) -> list[c_ast.Node]:
        self._names.fault(node, "goto is not supported", "write a loop, break, continue or return")
        return []

    def _label(self, node: c_ast.Label) -> list[c_ast.Node]:
        return self._statement(node.stmt)


_CHECKS: dict[type, Callable[[StatementChecker, c_ast.Node], list[c_ast.Node]]] = {
    c_ast.Compound: StatementChecker._compound,
    c_ast.If: StatementChecker._if,
    c_ast.While: StatementChecker._while,
    c_ast.DoWhile: StatementChecker._do,
    c_ast.For: StatementChecker._for,
    c_ast.Switch: StatementChecker._switch,
    c_ast.Case: StatementChecker._misplaced,
    c_ast.Default: StatementChecker._misplaced,
    c_ast.Return: StatementChecker._return,
    c_ast.Break: StatementChecker._jump,
    c_ast.Continue: StatementChecker._jump,
    c_ast.EmptyStatement: StatementChecker._empty,
    c_ast.Decl: StatementChecker._declaration,
    c_ast.Typedef: StatementChecker._typedef,
    c_ast.Goto: StatementChecker._goto,
    c_ast.Label: StatementChecker._label,
}
