"""Loops that count, as their syntax shows it."""

from __future__ import annotations

from typing import NamedTuple

from pycparser import c_ast

from cprograms.lowering.mentions import Mentions
from cprograms.trees import walk


class Counter(NamedTuple):
    """A variable that goes on by `step` until it passes, or with `exclusive` reaches, `limit`."""

    name: str
    limit: c_ast.Node
    exclusive: bool
    step: int


_LIMITS = {"<": (1, True), "<=": (1, False), ">": (-1, True), ">=": (-1, False)}


def counter(condition: c_ast.Node | None, following: c_ast.Node | None, body: list[c_ast.Node]) -> Counter | None:
    """The counter of a loop, where it has one that its body leaves alone."""
    if not isinstance(condition, c_ast.BinaryOp) or not isinstance(condition.left, c_ast.ID):
        return None
    name, step = condition.left.name, _step(following, condition.left.name)
    direction, exclusive = _LIMITS.get(condition.op, (0, False))
    if not step or step * direction <= 0 or name in Mentions(*body).assigned or _may_change(condition.right):
        return None
    if any(_takes_address(node, name) for part in body for node in walk(part)):
        return None
    # The last value may lie before the limit by less than a step: that much wider is safe.
    return Counter(name, condition.right, exclusive, 1 if step > 0 else -1)


def _step(node: c_ast.Node | None, name: str) -> int:
    if isinstance(node, c_ast.UnaryOp) and _names(node.expr, name):
        return {"++": 1, "p++": 1, "--": -1, "p--": -1}.get(node.op, 0)
    if isinstance(node, c_ast.Assignment) and _names(node.lvalue, name) and isinstance(node.rvalue, c_ast.Constant):
        by = node.rvalue.value.rstrip("uUlL")
        return {"+=": 1, "-=": -1}.get(node.op, 0) * (int(by) if by.isdecimal() else 0)
    return 0


def _names(node: c_ast.Node, name: str) -> bool:
    return isinstance(node, c_ast.ID) and node.name == name


def _takes_address(node: c_ast.Node, name: str) -> bool:
    return isinstance(node, c_ast.UnaryOp) and node.op == "&" and _names(node.expr, name)


def _may_change(node: c_ast.Node) -> bool:
    """Whether evaluating an expression may do more than give its value."""
    return any(
        isinstance(n, c_ast.Assignment | c_ast.FuncCall)
        or (isinstance(n, c_ast.UnaryOp) and n.op in ("++", "--", "p++", "p--"))
        for n in walk(node)
    )
