"""Jumps into blocks and branches, which become jumps between the statements of one sequence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count

from pycparser import c_ast

from cprograms.trees import walk


def flattened(body: c_ast.Compound) -> c_ast.Compound:
    """A function's body in which blocks and branches that are jumped into are part of the sequence around them.

    What is jumped into and declares variables of its own stays as it is, and so do loops and switches.
    """
    nodes = list(walk(body))
    if not any(isinstance(node, c_ast.Label) for node in nodes):
        return body
    jumps = Counter(node.name for node in nodes if isinstance(node, c_ast.Goto))
    return c_ast.Compound(_Flattener(jumps).sequence(body.block_items or []), body.coord)


class _Flattener:
    """`jumps` are how many there are to each label."""

    def __init__(self, jumps: Counter[str]) -> None:
        self._jumps = jumps
        self._numbers = count()

    def sequence(self, items: list[c_ast.Node]) -> list[c_ast.Node]:
        return [part for item in items for part in self._statement(item)]

    def _statement(self, node: c_ast.Node) -> Iterator[c_ast.Node]:
        if isinstance(node, c_ast.Label):
            yield c_ast.Label(node.name, c_ast.EmptyStatement(), node.coord)
            yield from self._statement(node.stmt)
        elif isinstance(node, c_ast.Compound) and self._is_entered(node) and not _declares(node):
            yield from self.sequence(node.block_items or [])
        elif isinstance(node, c_ast.If) and self._are_entered(node):
            yield from self._branch(node)
        else:
            yield node

    def _are_entered(self, node: c_ast.If) -> bool:
        arms = [arm for arm in (node.iftrue, node.iffalse) if arm is not None]
        return any(map(self._is_entered, arms)) and not any(map(_declares, arms))

    def _is_entered(self, node: c_ast.Node) -> bool:
        """Whether a label inside of a statement is jumped to from outside."""
        inside = list(walk(node))
        own = Counter(n.name for n in inside if isinstance(n, c_ast.Goto))
        return any(self._jumps[n.name] > own[n.name] for n in inside if isinstance(n, c_ast.Label))

    def _branch(self, node: c_ast.If) -> Iterator[c_ast.Node]:
        """`if (!c) goto otherwise; …; goto end; otherwise: …; end:;`"""
        number = next(self._numbers)
        otherwise, end = f"otherwise {number}", f"end {number}"  # names that no program has
        skip = c_ast.Goto(otherwise if node.iffalse is not None else end, node.coord)
        yield c_ast.If(c_ast.UnaryOp("!", node.cond, node.coord), skip, None, node.coord)
        yield from self._statement(node.iftrue)
        if node.iffalse is not None:
            yield c_ast.Goto(end, node.coord)
            yield c_ast.Label(otherwise, c_ast.EmptyStatement(), node.coord)
            yield from self._statement(node.iffalse)
        yield c_ast.Label(end, c_ast.EmptyStatement(), node.coord)


def _declares(node: c_ast.Node) -> bool:
    """Whether a block has variables of its own."""
    items = node.block_items if isinstance(node, c_ast.Compound) else [node]
    return any(isinstance(item, c_ast.Decl | c_ast.DeclList | c_ast.Typedef) for item in items or [])
