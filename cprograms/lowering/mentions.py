"""What a piece of code names, as its syntax shows it."""

from __future__ import annotations

from pycparser import c_ast


class Mentions:
    """The variables that code assigns, the labels that it jumps to, and whether it returns."""

    def __init__(self, *parts: c_ast.Node) -> None:
        self.assigned: dict[str, None] = {}  # in order of their first assignment
        self.labels: set[str] = set()
        self.returns = False
        for part in parts:
            self._visit(part)

    def _visit(self, node: c_ast.Node) -> None:
        if isinstance(node, c_ast.Assignment):
            self._assign(node.lvalue)
        elif isinstance(node, c_ast.UnaryOp) and node.op in ("++", "--", "p++", "p--"):
            self._assign(node.expr)
        elif isinstance(node, c_ast.Goto):
            self.labels.add(node.name)
        elif isinstance(node, c_ast.Return):
            self.returns = True
        for child in node:
            self._visit(child)

    def _assign(self, target: c_ast.Node) -> None:
        while isinstance(target, c_ast.ArrayRef | c_ast.StructRef):
            target = target.name
        if isinstance(target, c_ast.ID):
            self.assigned[target.name] = None
