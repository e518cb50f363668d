"""Leaving out of statements over scalars what one result does not depend on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import copy

from pycparser import c_ast

from cprograms.trees import walk

_STEPS = ("++", "--", "p++", "p--")
_JUMPS = (c_ast.Break, c_ast.Continue)


def pruned(body: Sequence[c_ast.Node], result: c_ast.Node) -> list[c_ast.Node]:
    """The statements, without assignments to variables that `result` does not depend on, directly or not.

    Loops stay whole where anything in them matters, as what ends them does; variables are told by their names.
    """
    live = {n.name for n in walk(result) if isinstance(n, c_ast.ID)}
    while True:
        more = live | _needed(body, live)
        if more == live:
            return [kept for node in body if (kept := _kept(node, live)) is not None]
        live = more


def _needed(nodes: Iterable[c_ast.Node | None], live: set[str]) -> set[str]:
    """The variables that decide what the live ones become."""
    found: set[str] = set()
    for node in nodes:
        if node is None or not _matters(node, live):
            continue
        if isinstance(node, c_ast.If):
            found |= _names(node.cond) | _needed((node.iftrue, node.iffalse), live)
        elif isinstance(node, c_ast.Compound):
            found |= _needed(node.block_items or [], live)
        else:
            found |= _names(node)
    return found


def _matters(node: c_ast.Node, live: set[str]) -> bool:
    """Whether a statement writes a live variable, or ends a loop."""
    return any(_target(n) in live or isinstance(n, _JUMPS) for n in walk(node))


def _target(node: c_ast.Node) -> str | None:
    """The variable that a node writes."""
    if isinstance(node, c_ast.Assignment) and isinstance(node.lvalue, c_ast.ID):
        return str(node.lvalue.name)
    if isinstance(node, c_ast.UnaryOp) and node.op in _STEPS and isinstance(node.expr, c_ast.ID):
        return str(node.expr.name)
    return node.name if isinstance(node, c_ast.Decl) else None


def _names(node: c_ast.Node) -> set[str]:
    return {n.name for n in walk(node) if isinstance(n, c_ast.ID)}


def _kept(node: c_ast.Node, live: set[str]) -> c_ast.Node | None:
    if not _matters(node, live):
        return None
    if isinstance(node, c_ast.Compound):
        items = [kept for item in node.block_items or [] if (kept := _kept(item, live)) is not None]
        return c_ast.Compound(items, node.coord)
    if isinstance(node, c_ast.If):
        made = copy(node)
        made.iftrue = _kept(node.iftrue, live) or c_ast.Compound([], node.coord)
        made.iffalse = _kept(node.iffalse, live) if node.iffalse is not None else None
        return made
    return node
