"""Loops that count."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pycparser import c_ast

_LOOPS = c_ast.For | c_ast.While | c_ast.DoWhile


Reaches = Callable[[c_ast.ID, c_ast.Node], bool]
"""Whether a variable is known not to be above another value at the first test."""


def ends_of_counts(test: c_ast.Node, repeated: list[c_ast.Node], reaches: Reaches) -> c_ast.Node:
    """A loop's condition with `i != n` for `i < n` where they say the same; the former takes an instruction less.

    They do where i starts at or below n, goes up by one at most from test to test, and n does not change: then i
    cannot pass n unseen. `repeated` is what runs between two tests.
    """
    changes = [change for node in repeated for change in _changes(node)]
    return _simpler(test, [*changes, *_changes(test, once=False)], reaches)


def _simpler(test: c_ast.Node, changes: list[tuple[str, bool]], reaches: Reaches) -> c_ast.Node:
    if not isinstance(test, c_ast.BinaryOp) or test.op not in ("<", ">", "&&"):
        return test
    if test.op == "&&":
        return c_ast.BinaryOp("&&", _simpler(test.left, changes, reaches), _simpler(test.right, changes, reaches))
    counter, bound = (test.left, test.right) if test.op == "<" else (test.right, test.left)
    if not isinstance(counter, c_ast.ID) or not isinstance(bound, c_ast.ID | c_ast.Constant):
        return test
    steps = [step for name, step in changes if name == counter.name]
    fixed = isinstance(bound, c_ast.Constant) or all(name != bound.name for name, _ in changes)
    counts = len(steps) <= 1 and all(steps) and fixed and reaches(counter, bound)
    return c_ast.BinaryOp("!=", counter, bound) if counts else test


def _changes(node: c_ast.Node, once: bool = True) -> Iterator[tuple[str, bool]]:
    """The variables that are assigned or declared, and whether that adds one to them, `once` at most."""
    if isinstance(node, c_ast.Decl):
        yield node.name, False
    elif isinstance(node, c_ast.Assignment) and isinstance(node.lvalue, c_ast.ID):
        yield node.lvalue.name, once and node.op == "+=" and _is_one(node.rvalue)
    elif isinstance(node, c_ast.UnaryOp) and node.op in ("++", "p++", "--", "p--") and isinstance(node.expr, c_ast.ID):
        yield node.expr.name, once and "+" in node.op
    for _, child in node.children():
        yield from _changes(child, once and not isinstance(node, _LOOPS))


def assigned(node: c_ast.Node) -> set[str]:
    """The names of the variables that a statement assigns or declares."""
    return {name for name, _ in _changes(node)}


def _is_one(node: c_ast.Node) -> bool:
    return isinstance(node, c_ast.Constant) and int(node.value) == 1
