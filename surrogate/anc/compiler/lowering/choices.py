"""Choices between two values that say in more words what an operator of the machine, or of C, does."""

from __future__ import annotations

from pycparser import c_ast, c_generator

from surrogate.anc.compiler.lowering.costs import is_cheap
from surrogate.anc.machine.instructions import Op

_SPELL = c_generator.CGenerator()


def extreme(node: c_ast.TernaryOp) -> Op | None:
    """MIN or MAX where `a < b ? a : b` or one of its other forms spells it, with operands free of effects."""
    test = node.cond
    if not isinstance(test, c_ast.BinaryOp) or test.op not in ("<", "<=", ">", ">=") or not is_cheap(test):
        return None
    left, right, true, false = (_SPELL.visit(n) for n in (test.left, test.right, node.iftrue, node.iffalse))
    if (left, right) not in ((true, false), (false, true)):
        return None
    return Op.MIN if (test.op in ("<", "<=")) == (left == true) else Op.MAX


def assigned_extreme(node: c_ast.If) -> c_ast.Assignment | None:
    """`m = min(x, m)` for `if (x < m) m = x;`, and likewise with MAX and with an `else`; None where it is no such."""
    true, false = only(node.iftrue), only(node.iffalse)
    if not _sets_variable(true):
        return None
    assert isinstance(true, c_ast.Assignment)
    if false is None:
        other: c_ast.Node = true.lvalue
    elif _sets_variable(false) and false.lvalue.name == true.lvalue.name:
        other = false.rvalue
    else:
        return None
    choice = c_ast.TernaryOp(node.cond, true.rvalue, other)
    return c_ast.Assignment("=", true.lvalue, choice) if extreme(choice) is not None else None


def _sets_variable(node: c_ast.Node | None) -> bool:
    return isinstance(node, c_ast.Assignment) and node.op == "=" and isinstance(node.lvalue, c_ast.ID)


def returned_choice(items: list[c_ast.Node]) -> c_ast.Return | None:
    """`return c ? a : b;` for `if (c) return a;` with `return b;` after it or as its `else`."""
    if not items or not isinstance(items[0], c_ast.If):
        return None
    true, false = only(items[0].iftrue), only(items[0].iffalse) or items[-1]
    returns = [n.expr for n in (true, false) if isinstance(n, c_ast.Return)]
    if len(returns) < 2 or None in returns:
        return None
    return c_ast.Return(c_ast.TernaryOp(items[0].cond, *returns))


def only(node: c_ast.Node | None) -> c_ast.Node | None:
    """The statement itself, or the only one of a block."""
    while isinstance(node, c_ast.Compound) and node.block_items and len(node.block_items) == 1:
        node = node.block_items[0]
    return node
