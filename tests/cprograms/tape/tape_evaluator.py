# ruff: noqa: N802
"""A second opinion on tape programs: their reduced tree, evaluated in Python over values modulo M."""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from pycparser import c_ast

from cprograms.tape import TapeProgram
from cprograms.tape.program import tape_parameter

_OPERATORS: dict[str, Callable[[int, int], int]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.floordiv, "%": operator.mod},
    **{"&": operator.and_, "|": operator.or_, "^": operator.xor, ">>": operator.rshift},
    "<<": lambda a, b: a << b if b < 16 else 0,
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne},
}


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _Return(Exception):
    pass


class _Steps(Exception):
    pass


def evaluate(program: TapeProgram, tape: list[int], memory_size: int, steps: int = 100_000) -> list[int] | None:
    """The tape that a program leaves; None where it divides by zero or takes more than some `steps`."""
    evaluation = _Evaluation(program, [*tape], memory_size, steps)
    try:
        evaluation.call(program.entry, [])
    except (ZeroDivisionError, _Steps):
        return None
    return evaluation.tape


class _Evaluation(c_ast.NodeVisitor):
    def __init__(self, program: TapeProgram, tape: list[int], memory_size: int, steps: int):
        self.program, self.tape, self.m, self.steps = program, tape, memory_size, steps
        self.scopes: ChainMap[str, Any] = ChainMap()
        """Variables as one-element lists, arrays and the tape as the number of their first cell."""

    def call(self, function: c_ast.FuncDef, arguments: list[int]) -> int:
        outer, tape = self.scopes, tape_parameter(function)
        names = [p.name for p in (function.decl.type.args.params if function.decl.type.args else [])]
        values = iter(arguments)
        self.scopes = ChainMap({n: 0 if n == tape else [next(values)] for n in names})
        try:
            self.visit(function.body)
        except _Return as result:
            return result.args[0]
        finally:
            self.scopes = outer
        return 0

    def scoped(self, *nodes: c_ast.Node | None) -> None:
        outer, self.scopes = self.scopes, self.scopes.new_child()
        try:
            for node in nodes:
                if node is not None:
                    self.visit(node)
        finally:
            self.scopes = outer

    def visit_Compound(self, node):
        self.scoped(*(node.block_items or []))

    def visit_Decl(self, node):
        if isinstance(node.type, c_ast.ArrayDecl):
            base = self.scopes[node.name] = self.m - self.program.offsets[node]
            for k, value in enumerate(node.init.exprs if node.init else []):
                self.tape[base + k] = self.visit(value)
        else:
            self.scopes.maps[0][node.name] = [self.visit(node.init) if node.init else 0]

    def visit_DeclList(self, node):
        for decl in node.decls:
            self.visit(decl)

    def visit_If(self, node):
        self.scoped(node.iftrue if self.visit(node.cond) else node.iffalse)

    def turn(self, body: c_ast.Node) -> bool:
        """One turn of a loop; False where it breaks."""
        self.steps -= 1
        if self.steps < 0:
            raise _Steps
        try:
            self.scoped(body)
        except _Break:
            return False
        except _Continue:
            pass
        return True

    def visit_While(self, node):
        while self.visit(node.cond) and self.turn(node.stmt):
            pass

    def visit_DoWhile(self, node):
        while self.turn(node.stmt) and self.visit(node.cond):
            pass

    def visit_For(self, node):
        outer, self.scopes = self.scopes, self.scopes.new_child()
        try:
            if node.init:
                self.visit(node.init)
            while (not node.cond or self.visit(node.cond)) and self.turn(node.stmt):
                if node.next:
                    self.visit(node.next)
        finally:
            self.scopes = outer

    def visit_Switch(self, node):
        value = self.visit(node.cond)
        cases = node.stmt.block_items or []
        starts = [k for k, c in enumerate(cases) if isinstance(c, c_ast.Case) and self.visit(c.expr) == value]
        starts += [k for k, c in enumerate(cases) if isinstance(c, c_ast.Default)]
        with suppress(_Break):
            self.scoped(*(s for c in cases[starts[0] :] for s in c.stmts) if starts else ())

    def visit_Break(self, node):
        raise _Break

    def visit_Continue(self, node):
        raise _Continue

    def visit_Return(self, node):
        raise _Return(self.visit(node.expr) if node.expr else 0)

    def visit_Constant(self, node):
        return int(node.value) % self.m

    def place(self, node: c_ast.Node) -> tuple[list[int], int]:
        if isinstance(node, c_ast.ID):
            return self.scopes[node.name], 0
        return self.tape, (self.scopes[node.name.name] + self.visit(node.subscript)) % self.m

    def visit_ID(self, node):
        return self.scopes[node.name][0]

    def visit_ArrayRef(self, node):
        cells, index = self.place(node)
        return cells[index]

    def visit_UnaryOp(self, node):
        if node.op in "-!":
            value = self.visit(node.expr)
            return -value % self.m if node.op == "-" else int(not value)
        cells, index = self.place(node.expr)
        old = cells[index]
        cells[index] = (old + (1 if "+" in node.op else -1)) % self.m
        return old if node.op.startswith("p") else cells[index]

    def visit_BinaryOp(self, node):
        left = self.visit(node.left)
        if node.op == "&&":
            return int(bool(left and self.visit(node.right)))
        if node.op == "||":
            return int(bool(left or self.visit(node.right)))
        return _OPERATORS[node.op](left, self.visit(node.right)) % self.m

    def visit_TernaryOp(self, node):
        return self.visit(node.iftrue if self.visit(node.cond) else node.iffalse)

    def visit_ExprList(self, node):
        return [self.visit(e) for e in node.exprs][-1]

    def visit_Assignment(self, node):
        value = self.visit(node.rvalue)
        cells, index = self.place(node.lvalue)
        if node.op != "=":
            value = _OPERATORS[node.op[:-1]](cells[index], value) % self.m
        cells[index] = value
        return value

    def visit_FuncCall(self, node):
        given = node.args.exprs if node.args else []
        values = [self.visit(a) for a in given if not (isinstance(a, c_ast.ID) and self.scopes.get(a.name) == 0)]
        if node.name.name in self.program.functions:
            return self.call(self.program.functions[node.name.name], values)
        return {"min": min, "max": max}[node.name.name](values)
