"""Loops that count."""

from __future__ import annotations

from pycparser import c_ast


def end_of_count(node: c_ast.For, memory_size: int) -> c_ast.Node | None:
    """A `for` loop's condition, in its cheapest form.

    `i < n` says the same as `i != n`, which takes an instruction less, where i starts at or below n, goes up by one,
    and neither changes otherwise: i cannot pass n unseen.
    """
    variable, start = _start(node.init)
    test = node.cond
    if variable is None or not isinstance(test, c_ast.BinaryOp) or test.op not in ("<", ">"):
        return test
    left, bound = (test.left, test.right) if test.op == "<" else (test.right, test.left)
    if not isinstance(left, c_ast.ID) or left.name != variable or _step(node.next) != variable:
        return test
    changing = assigned(node.stmt)
    start %= memory_size
    if isinstance(bound, c_ast.Constant):
        cannot_pass = start <= int(bound.value) % memory_size
    else:
        cannot_pass = isinstance(bound, c_ast.ID) and start == 0 and bound.name not in {*changing, variable}
    return c_ast.BinaryOp("!=", left, bound) if cannot_pass and variable not in changing else test


def _start(node: c_ast.Node | None) -> tuple[str | None, int]:
    """The variable that an initialisation sets last, and to which constant; None where it is not of this kind."""
    if isinstance(node, c_ast.DeclList):
        node = node.decls[-1]
    if isinstance(node, c_ast.Decl) and isinstance(node.init, c_ast.Constant):
        return node.name, int(node.init.value)
    if isinstance(node, c_ast.Assignment) and node.op == "=" and isinstance(node.rvalue, c_ast.Constant):
        return (node.lvalue.name, int(node.rvalue.value)) if isinstance(node.lvalue, c_ast.ID) else (None, 0)
    return None, 0


def _step(node: c_ast.Node | None) -> str | None:
    """The variable that goes up by one."""
    target = None
    if isinstance(node, c_ast.UnaryOp) and node.op in ("++", "p++"):
        target = node.expr
    elif isinstance(node, c_ast.Assignment) and node.op == "+=" and isinstance(node.rvalue, c_ast.Constant):
        target = node.lvalue if int(node.rvalue.value) == 1 else None
    return target.name if isinstance(target, c_ast.ID) else None


def assigned(node: c_ast.Node) -> set[str]:
    """The names of the variables that a statement assigns or declares."""
    return _Assigned(node).names


class _Assigned(c_ast.NodeVisitor):
    def __init__(self, node: c_ast.Node) -> None:
        self.names: set[str] = set()
        self.visit(node)

    def visit_Assignment(self, node: c_ast.Assignment) -> None:  # noqa: N802
        self._target(node.lvalue)
        self.generic_visit(node)

    def visit_UnaryOp(self, node: c_ast.UnaryOp) -> None:  # noqa: N802
        if node.op in ("++", "--", "p++", "p--"):
            self._target(node.expr)
        self.generic_visit(node)

    def visit_Decl(self, node: c_ast.Decl) -> None:  # noqa: N802
        self.names.add(node.name)
        self.generic_visit(node)

    def _target(self, node: c_ast.Node) -> None:
        if isinstance(node, c_ast.ID):
            self.names.add(node.name)
