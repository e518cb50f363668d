"""Statements that only write to the terminal, which programs do without."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pycparser import c_ast

from cprograms.standard import DROPPED, PROTOTYPES
from cprograms.trees import walk

_CHANGES = ("++", "--", "p++", "p--")


def drop_output(function: c_ast.FuncDef, defined: Collection[str]) -> None:
    """Leave out, in place, the calls that only write, where nothing uses what they return.

    What their arguments do stays. `defined` are the functions of these names that the file has itself.
    """
    own = {n.name for n in walk(function) if isinstance(n, c_ast.Decl)} | {*defined}
    dropped = DROPPED.keys() - own
    for node in walk(function.body):
        if isinstance(node, c_ast.Compound | c_ast.Case | c_ast.Default):
            slot = "block_items" if isinstance(node, c_ast.Compound) else "stmts"
            items = [_without(item, dropped) for item in getattr(node, slot) or []]
            setattr(node, slot, [item for item in items if item is not None])
        elif isinstance(node, c_ast.For):
            node.init = node.init and _without(node.init, dropped)
            node.next = node.next and _without(node.next, dropped)
        for slot in ("iftrue", "iffalse") if isinstance(node, c_ast.If) else ("stmt",):
            inner = getattr(node, slot, None)
            if inner is not None and (kept := _without(inner, dropped)) is not inner:
                setattr(node, slot, kept or c_ast.EmptyStatement(coord=inner.coord))


def _without(node: c_ast.Node, dropped: Collection[str]) -> c_ast.Node | None:
    """A statement, or an expression whose value nothing uses, without its output; None where nothing is left."""
    if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.name.name in dropped:
        kept = [part for a in (node.args.exprs if node.args else []) for part in _effects(a)]
        return _sequence(kept, node)
    if isinstance(node, c_ast.Cast) and getattr(node.to_type.type, "type", None) is not None:
        inner = _without(node.expr, dropped)
        return node if inner is node.expr else inner
    if isinstance(node, c_ast.ExprList):
        found = [_without(part, dropped) for part in node.exprs]
        return node if found == node.exprs else _sequence([part for part in found if part is not None], node)
    if isinstance(node, c_ast.BinaryOp) and node.op in ("&&", "||"):
        right = _without(node.right, dropped)
        if right is None:
            return node.left
        node.right = right
    if isinstance(node, c_ast.TernaryOp):
        branches = _without(node.iftrue, dropped), _without(node.iffalse, dropped)
        if branches != (node.iftrue, node.iffalse):
            if branches == (None, None):
                return node.cond
            yes, no = (c_ast.Compound([part] if part else [], coord=node.coord) for part in branches)
            return c_ast.If(node.cond, yes, no, coord=node.coord)
    return node


def _sequence(parts: list[c_ast.Node], place: c_ast.Node) -> c_ast.Node | None:
    return c_ast.ExprList(parts, coord=place.coord) if len(parts) > 1 else parts[0] if parts else None


def _effects(node: c_ast.Node) -> Iterator[c_ast.Node]:
    """An argument, where working it out does something."""
    for part in walk(node):
        called = part.name if isinstance(part, c_ast.FuncCall) else None
        is_call = called is not None and not (isinstance(called, c_ast.ID) and called.name in PROTOTYPES)
        if is_call or isinstance(part, c_ast.Assignment) or (isinstance(part, c_ast.UnaryOp) and part.op in _CHANGES):
            yield node
            return
