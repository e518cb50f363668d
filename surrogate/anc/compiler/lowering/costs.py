"""What an expression costs in instructions before any of it is lowered."""

from __future__ import annotations

import math

from pycparser import c_ast

from surrogate.anc.compiler.lowering.comparisons import COMPARISONS


def cost(node: c_ast.Node) -> float:
    """Instructions of an expression without effects or branches; infinite for any other."""
    if isinstance(node, c_ast.Constant | c_ast.ID):
        return 0
    own: float = math.inf
    if isinstance(node, c_ast.ArrayRef):
        return 1 + cost(node.subscript)
    if isinstance(node, c_ast.UnaryOp) and node.op in "-!":
        own = node.op == "-"
    elif isinstance(node, c_ast.BinaryOp) and node.op in "+-":
        own = 1
    elif isinstance(node, c_ast.BinaryOp) and node.op in COMPARISONS:
        own = _comparison(node)
    return own + sum(cost(child) for _, child in node.children()) if own < math.inf else own


def _comparison(node: c_ast.BinaryOp) -> int:
    """Instructions that a comparison adds to its operands'."""
    if node.op in ("==", "!="):
        return not _is_zero(node.left) and not _is_zero(node.right)
    return 0 if (node.op in (">", "<=") and _is_zero(node.right)) else 2


def is_cheap(node: c_ast.Node) -> bool:
    """Whether an expression has neither effects nor branches."""
    return cost(node) < math.inf


def fails_at_zero(node: c_ast.Node) -> bool:
    """Whether the value that a condition is tested by is zero where the condition fails, and not where it holds."""
    if isinstance(node, c_ast.UnaryOp) and node.op == "!":
        return not fails_at_zero(node.expr)
    if isinstance(node, c_ast.BinaryOp) and node.op in COMPARISONS:
        if node.op in ("<=", ">") and _is_zero(node.right):
            return bool(node.op == ">")
        return node.op in ("!=", "<", ">")
    return True


def _is_zero(node: c_ast.Node) -> bool:
    return isinstance(node, c_ast.Constant) and int(node.value) == 0
