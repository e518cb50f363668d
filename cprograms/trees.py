"""Syntax trees as pycparser makes them: their nodes, visits of them, and the type at the heart of a declaration."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

from pycparser import c_ast, c_generator

from cprograms.budget import tick

_TOGETHER = 32
"""Nodes that are counted at one go."""


def walk(*roots: c_ast.Node) -> Iterator[c_ast.Node]:
    """All nodes of these trees, parents before children, in the order of the text."""
    stack, since = list(reversed(roots)), 0
    while stack:
        node = stack.pop()
        since += 1
        if since == _TOGETHER:
            tick(since)
            since = 0
        yield node
        children = [*node]
        children.reverse()
        stack += children


def base(node: c_ast.Node) -> c_ast.TypeDecl | None:
    """The declaration's innermost TypeDecl, which holds its base type."""
    while not isinstance(node, c_ast.TypeDecl):
        following = node.decl if isinstance(node, c_ast.FuncDef) else getattr(node, "type", None)
        if following is None:
            return None
        node = following
    return node


def renamed(declarator: c_ast.Node, name: str | None) -> c_ast.Node:
    """A copy of a declarator that declares another name, or none."""
    made = deepcopy(declarator)
    inner = base(made)
    assert inner is not None
    inner.declname = name
    return made


def type_text(declarator: c_ast.Node) -> str:
    """The type that a declarator gives, in C: `struct p *`."""
    return str(c_generator.CGenerator().visit(c_ast.Typename(None, [], None, renamed(declarator, None))))


class Visitor(c_ast.NodeVisitor):  # type: ignore[misc]  # pycparser has no types
    """Visits every node but the names of members, which are no names of variables."""

    def visit_StructRef(self, node: c_ast.StructRef) -> None:  # noqa: N802
        self.visit(node.name)

    def visit_NamedInitializer(self, node: c_ast.NamedInitializer) -> None:  # noqa: N802
        for designator in node.name:
            if not isinstance(designator, c_ast.ID):
                self.visit(designator)
        self.visit(node.expr)
