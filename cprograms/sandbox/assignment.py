"""Which local variables a function may read before it has set them, as far as its syntax tells.

What is not named here is set on every path to where it is read, as in Java's definite assignment. What is named need
not be read unset: arrays always are named, and all variables where there is a `goto`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.types import Pointer, Scalar, Struct

Paths = frozenset[str] | None
"""Variables, and fields as `variable.field`, that are set; None where execution does not get to."""


def is_unset_local(node: c_ast.Node) -> bool:
    """Whether a declaration inside a function leaves its variable without a value."""
    static = isinstance(node, c_ast.Decl) and {"static", "extern"} & {*node.storage}
    return (
        isinstance(node, c_ast.Decl)
        and node.name is not None
        and node.init is None
        and not static
        and not isinstance(node.type, c_ast.FuncDecl)
    )


def maybe_unset(function: c_ast.FuncDef, declarations: Declarations) -> frozenset[str]:
    """Names of a function's local variables that are declared without a value and may be read before they have one."""
    declared = [node for node in _nodes(function.body) if isinstance(node, c_ast.Decl) and node.name]
    unset = [node for node in declared if is_unset_local(node)]
    if not unset:
        return frozenset()
    names = frozenset(node.name for node in unset)
    if any(isinstance(node, c_ast.Goto | c_ast.Label) for node in _nodes(function.body)):
        return names
    parameters = function.decl.type.args.params if function.decl.type.args else []
    given = [node.name for node in [*declared, *parameters] if getattr(node, "name", None)]
    leaves = {node.name: _leaves(node, declarations) for node in unset if given.count(node.name) == 1}
    flow = _Flow({name: paths for name, paths in leaves.items() if paths})
    flow.statement(function.body, frozenset())
    return (names - flow.leaves.keys()) | flow.doubtful


def _nodes(node: c_ast.Node) -> Iterator[c_ast.Node]:
    yield node
    for child in node:
        yield from _nodes(child)


def _leaves(node: c_ast.Decl, declarations: Declarations) -> tuple[str, ...]:
    """What must be set for all of a variable to be: itself, or its fields. None of what is not followed."""
    try:
        type = declarations.type_of(node.type)
    except Unsupported:
        return ()
    if isinstance(type, Scalar | Pointer):
        return (node.name,)
    if isinstance(type, Struct) and all(isinstance(inner, Scalar | Pointer) for _, inner in type.fields):
        return tuple(f"{node.name}.{field}" for field, _ in type.fields)
    return ()


def _both(a: Paths, b: Paths) -> Paths:
    return b if a is None else a if b is None else a & b


class _Flow:
    """Follows a function once: a pass of a loop only adds to what is set, so the first is the worst."""

    def __init__(self, leaves: dict[str, tuple[str, ...]]):
        self.leaves = leaves
        self.doubtful: frozenset[str] = frozenset()
        self._breaks: list[Paths] = []
        self._continues: list[Paths] = []

    def statement(self, node: c_ast.Node | None, paths: Paths) -> Paths:
        """What is set after a statement, given what is before it."""
        match node:
            case None:
                return paths
            case c_ast.Compound() | c_ast.DeclList() | c_ast.Case() | c_ast.Default():
                return self._sequence(node, paths)
            case c_ast.Decl():
                return self._declaration(node, paths)
            case c_ast.If():
                before = self._expression(node.cond, paths)
                return _both(self.statement(node.iftrue, before), self.statement(node.iffalse, before))
            case c_ast.While():
                return self._loop(paths, node.cond, node.stmt, None)
            case c_ast.For():
                return self._loop(self.statement(node.init, paths), node.cond, node.stmt, node.next)
            case c_ast.DoWhile():
                return self._do_while(node, paths)
            case c_ast.Switch():
                return self._switch(node, paths)
            case c_ast.Break():
                self._breaks[-1] = _both(self._breaks[-1], paths)
                return None
            case c_ast.Continue():
                self._continues[-1] = _both(self._continues[-1], paths)
                return None
            case c_ast.Return():
                self._expression(node.expr, paths)
                return None
            case _:
                return self._expression(node, paths)

    def _sequence(self, node: c_ast.Node, paths: Paths) -> Paths:
        items: Sequence[c_ast.Node] = (node.stmts if isinstance(node, c_ast.Case | c_ast.Default) else [*node]) or []
        for item in items:
            paths = self.statement(item, paths)
        return paths

    def _declaration(self, node: c_ast.Decl, paths: Paths) -> Paths:
        if node.init is not None:
            return self._expression(node.init, paths)
        # In a loop, each pass has a new variable.
        return None if paths is None else paths - {*self.leaves.get(node.name or "", ())}

    def _loop(self, paths: Paths, condition: c_ast.Node | None, body: c_ast.Node, step: c_ast.Node | None) -> Paths:
        before = self._expression(condition, paths)
        self._breaks.append(None)
        self._continues.append(None)
        after = self.statement(body, before)
        self._expression(step, _both(after, self._continues.pop()))
        broken = self._breaks.pop()
        return broken if condition is None else _both(before, broken)

    def _do_while(self, node: c_ast.DoWhile, paths: Paths) -> Paths:
        self._breaks.append(None)
        self._continues.append(None)
        after = _both(self.statement(node.stmt, paths), self._continues.pop())
        return _both(self._expression(node.cond, after), self._breaks.pop())

    def _switch(self, node: c_ast.Switch, paths: Paths) -> Paths:
        before = self._expression(node.cond, paths)
        items = [*node.stmt] if isinstance(node.stmt, c_ast.Compound) else [node.stmt]
        self._breaks.append(None)
        after: Paths = None
        for item in items:
            if isinstance(item, c_ast.Case | c_ast.Default):
                after = _both(after, before)
            after = self.statement(item, after)
        after = _both(after, self._breaks.pop())
        return after if any(isinstance(item, c_ast.Default) for item in items) else _both(after, before)

    def _expression(self, node: c_ast.Node | None, paths: Paths) -> Paths:
        match node:
            case None:
                return paths
            case c_ast.Assignment():
                return self._assignment(node, paths)
            case c_ast.ID() | c_ast.StructRef():
                return self._read(node, paths)
            case c_ast.UnaryOp(op="sizeof" | "_Alignof") | c_ast.Typename():
                return paths
            case c_ast.UnaryOp(op="&"):
                self._doubt(_name(node.expr))
                return paths
            case c_ast.BinaryOp(op="&&" | "||"):
                left = self._expression(node.left, paths)
                self._expression(node.right, left)
                return left
            case c_ast.TernaryOp():
                before = self._expression(node.cond, paths)
                return _both(self._expression(node.iftrue, before), self._expression(node.iffalse, before))
            case c_ast.FuncCall():
                return self._expression(node.args, paths)
            case _:
                for child in node:
                    paths = self._expression(child, paths)
                return paths

    def _assignment(self, node: c_ast.Assignment, paths: Paths) -> Paths:
        after = self._expression(node.rvalue, paths)
        path = _path(node.lvalue)
        if node.op != "=" or path is None:
            return self._expression(node.lvalue, after)
        return None if after is None else after | {*self._of(path)}

    def _of(self, path: str) -> tuple[str, ...]:
        """What a path of a variable that is followed stands for."""
        leaves = self.leaves.get(path.partition(".")[0], ())
        return leaves if "." not in path else (path,) if path in leaves else ()

    def _read(self, node: c_ast.Node, paths: Paths) -> Paths:
        path = _path(node)
        if path is None:
            return self._expression(node.name, paths)
        if paths is not None and not paths >= {*self._of(path)}:
            self._doubt(path.partition(".")[0])
        return paths

    def _doubt(self, name: str | None) -> None:
        if name in self.leaves:
            self.doubtful |= {name}


def _path(node: c_ast.Node) -> str | None:
    """`v` or `v.field`; None of any other expression."""
    if isinstance(node, c_ast.ID):
        return str(node.name)
    if isinstance(node, c_ast.StructRef) and node.type == "." and isinstance(node.name, c_ast.ID):
        return f"{node.name.name}.{node.field.name}"
    return None


def _name(node: c_ast.Node) -> str | None:
    """The variable that an expression takes a part of."""
    while isinstance(node, c_ast.StructRef | c_ast.ArrayRef):
        node = node.name
    return str(node.name) if isinstance(node, c_ast.ID) else None
