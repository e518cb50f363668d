"""Tape programs executed from their tree, modulo M: what watches a run call by call and cell by cell is a subclass.

The sandbox (`oracle`) is faster and does the same. This one takes recursion, and every value passes through `get` and
`put`, every call through `call`.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, NamedTuple, NoReturn

from pycparser import c_ast

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape.program import TapeProgram, tape_parameter

STEPS = 1_000_000
"""Turns of loops and calls that a run may take."""
MAX_CALLS = 60
"""Calls inside each other; each takes about a dozen of Python's own."""

_BINARY: dict[str, Callable[[int, int], int]] = {
    **{"+": operator.add, "-": operator.sub, "*": operator.mul},
    **{"&": operator.and_, "|": operator.or_, "^": operator.xor},
    "<<": lambda a, b: a << b if b < 16 else 0,
    ">>": lambda a, b: a >> min(b, 15),
    **{"/": operator.floordiv, "%": operator.mod},
    **{"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne},
}
_KNOWN = {"min": min, "max": max}


class Place(NamedTuple):
    """Where a value is kept: a variable is a list of one cell."""

    cells: list[int]
    at: int


class _Break(Exception):
    pass


class _Continue(Exception):
    pass


class _Return(Exception):
    def __init__(self, value: int):
        self.value = value


def interpret(program: TapeProgram, tape: Sequence[int], memory_size: int, steps: int = STEPS) -> list[int]:
    """The tape that a program leaves of a tape of M cells, as the sandbox would.

    Raises ProgramError where it divides by zero, ends without the value that it should return, nests more than
    MAX_CALLS calls or takes more than `steps` steps; UsageError where the tape does not fit the memory size.
    """
    interpreter = Interpreter(program, tape, memory_size, steps)
    interpreter.run()
    return interpreter.tape


class Interpreter:
    """One run. `tape` is its own copy."""

    def __init__(self, program: TapeProgram, tape: Sequence[int], memory_size: int, steps: int = STEPS):
        if len(tape) != memory_size or program.array_cells > memory_size or memory_size < 2:
            raise UsageError(f"a tape of {len(tape)} cells does not fit a memory of {memory_size}")
        self.program, self.tape, self.memory_size = program, [*tape], memory_size
        self._steps = steps
        self._depth = 0
        self._scopes: list[dict[str, Place]] = []
        """The function's scopes, innermost last. The tape and arrays are the places of their first cells."""

    def run(self) -> None:
        self.call(self.program.entry, [], self.program.entry)

    def refuse(self, node: c_ast.Node, message: str, hint: str = "") -> NoReturn:
        raise ProgramError([self.program.diagnostic(node, message, hint)])

    # What a subclass may watch

    def call(self, function: c_ast.FuncDef, values: Sequence[int], node: c_ast.Node) -> int:
        """Run a function of the file on the values of its `int` parameters; `node` is where it is called."""
        self._spend(node)
        if self._depth == MAX_CALLS:
            self.refuse(node, f"more than {MAX_CALLS} calls are inside each other here", "take a shorter tape")
        tape, given = tape_parameter(function), iter(values)
        listed = function.decl.type.args.params if function.decl.type.args else []
        outer = self._scopes
        self._scopes = [{p.name: Place(self.tape, 0) if p.name == tape else Place([next(given)], 0) for p in listed}]
        self._depth += 1
        try:
            self.value(function.body)
        except _Return as result:
            return result.value
        finally:
            self._scopes = outer
            self._depth -= 1
        if returns_value(function):
            self.refuse(function.decl, f"'{function.decl.name}' ended without the value that it returns")
        return 0

    def place(self, node: c_ast.Node) -> Place:
        """Where what a node names is kept."""
        if isinstance(node, c_ast.ID):
            return self.named(node.name)
        first = self.named(node.name.name)
        return Place(self.tape, (first.at + self.value(node.subscript)) % self.memory_size)

    def get(self, place: Place, node: c_ast.Node) -> int:
        return place.cells[place.at]

    def put(self, place: Place, value: int, node: c_ast.Node) -> None:
        place.cells[place.at] = value

    # Statements and expressions

    def value(self, node: c_ast.Node) -> int:
        """Execute a statement, or evaluate an expression: its value in 0..M-1, and 0 for a statement."""
        return _METHODS[type(node)](self, node)

    def named(self, name: str) -> Place:
        return next(scope[name] for scope in reversed(self._scopes) if name in scope)

    def _spend(self, node: c_ast.Node) -> None:
        self._steps -= 1
        if self._steps < 0:
            self.refuse(node, "the run takes too many steps here", "does it ever end?")

    def _scoped(self, nodes: Sequence[c_ast.Node | None]) -> int:
        self._scopes.append({})
        try:
            for node in nodes:
                if node is not None:
                    self.value(node)
        finally:
            self._scopes.pop()
        return 0

    def _compound(self, node: c_ast.Compound) -> int:
        return self._scoped(node.block_items or [])

    def _declaration(self, node: c_ast.Decl) -> int:
        if isinstance(node.type, c_ast.ArrayDecl):
            first = self.memory_size - self.program.offsets[node]
            self._scopes[-1][node.name] = Place(self.tape, first)
            for k, value in enumerate(node.init.exprs if node.init else []):
                self.tape[first + k] = self.value(value)
        else:
            value = self.value(node.init) if node.init is not None else 0
            self._scopes[-1][node.name] = Place([value], 0)
        return 0

    def _declarations(self, node: c_ast.DeclList) -> int:
        for decl in node.decls:
            self.value(decl)
        return 0

    def _if(self, node: c_ast.If) -> int:
        return self._scoped([node.iftrue if self.value(node.cond) else node.iffalse])

    def _turn(self, body: c_ast.Node) -> bool:
        """One turn of a loop; False where it breaks."""
        self._spend(body)
        try:
            self._scoped([body])
        except _Break:
            return False
        except _Continue:
            pass
        return True

    def _while(self, node: c_ast.While) -> int:
        while self.value(node.cond) and self._turn(node.stmt):
            pass
        return 0

    def _do(self, node: c_ast.DoWhile) -> int:
        while self._turn(node.stmt) and self.value(node.cond):
            pass
        return 0

    def _for(self, node: c_ast.For) -> int:
        self._scopes.append({})
        try:
            if node.init is not None:
                self.value(node.init)
            while (node.cond is None or self.value(node.cond)) and self._turn(node.stmt):
                if node.next is not None:
                    self.value(node.next)
        finally:
            self._scopes.pop()
        return 0

    def _switch(self, node: c_ast.Switch) -> int:
        self.program.check_cases(node, self.memory_size)
        value = self.value(node.cond)
        cases = node.stmt.block_items or []
        starts = [k for k, c in enumerate(cases) if isinstance(c, c_ast.Case) and self.value(c.expr) == value]
        starts += [k for k, c in enumerate(cases) if isinstance(c, c_ast.Default)]
        with suppress(_Break):
            self._scoped([s for c in cases[starts[0] :] for s in c.stmts or []] if starts else [])
        return 0

    def _break(self, node: c_ast.Break) -> NoReturn:
        raise _Break

    def _continue(self, node: c_ast.Continue) -> NoReturn:
        raise _Continue

    def _return(self, node: c_ast.Return) -> NoReturn:
        raise _Return(self.value(node.expr) if node.expr is not None else 0)

    def _empty(self, node: c_ast.EmptyStatement) -> int:
        return 0

    def _constant(self, node: c_ast.Constant) -> int:
        return int(node.value) % self.memory_size

    def _read(self, node: c_ast.ID | c_ast.ArrayRef) -> int:
        return self.get(self.place(node), node)

    def _unary(self, node: c_ast.UnaryOp) -> int:
        if node.op in "-!":
            value = self.value(node.expr)
            return -value % self.memory_size if node.op == "-" else int(not value)
        place = self.place(node.expr)
        old = self.get(place, node)
        new = (old + (1 if "+" in node.op else -1)) % self.memory_size
        self.put(place, new, node)
        return old if node.op.startswith("p") else new

    def _binary(self, node: c_ast.BinaryOp) -> int:
        left = self.value(node.left)
        if node.op == "&&":
            return int(bool(left and self.value(node.right)))
        if node.op == "||":
            return int(bool(left or self.value(node.right)))
        return self._computed(node.op, left, self.value(node.right), node)

    def _computed(self, op: str, left: int, right: int, node: c_ast.Node) -> int:
        if op in "/%" and right == 0:
            self.refuse(node, "this divides by zero")
        return int(_BINARY[op](left, right)) % self.memory_size

    def _ternary(self, node: c_ast.TernaryOp) -> int:
        return self.value(node.iftrue if self.value(node.cond) else node.iffalse)

    def _list(self, node: c_ast.ExprList) -> int:
        return [self.value(e) for e in node.exprs][-1]

    def _assignment(self, node: c_ast.Assignment) -> int:
        value = self.value(node.rvalue)
        place = self.place(node.lvalue)
        if node.op != "=":
            value = self._computed(node.op[:-1], self.get(place, node), value, node)
        self.put(place, value, node)
        return value

    def _call(self, node: c_ast.FuncCall) -> int:
        given = node.args.exprs if node.args is not None else []
        function = self.program.functions.get(node.name.name)
        if function is None:
            return _KNOWN[node.name.name](*map(self.value, given))
        listed = function.decl.type.args.params if function.decl.type.args else []
        tape = tape_parameter(function)
        values = [self.value(a) for a, p in zip(given, listed, strict=True) if p.name != tape]
        return self.call(function, values, node)


def returns_value(function: c_ast.FuncDef) -> bool:
    """Whether a function of a tape program returns an int, or nothing."""
    names: list[str] = function.decl.type.type.type.names
    return names != ["void"]


_METHODS: dict[type, Callable[[Any, Any], int]] = {
    c_ast.Compound: Interpreter._compound,
    c_ast.Decl: Interpreter._declaration,
    c_ast.DeclList: Interpreter._declarations,
    c_ast.If: Interpreter._if,
    c_ast.While: Interpreter._while,
    c_ast.DoWhile: Interpreter._do,
    c_ast.For: Interpreter._for,
    c_ast.Switch: Interpreter._switch,
    c_ast.Break: Interpreter._break,
    c_ast.Continue: Interpreter._continue,
    c_ast.Return: Interpreter._return,
    c_ast.EmptyStatement: Interpreter._empty,
    c_ast.Constant: Interpreter._constant,
    c_ast.ID: Interpreter._read,
    c_ast.ArrayRef: Interpreter._read,
    c_ast.UnaryOp: Interpreter._unary,
    c_ast.BinaryOp: Interpreter._binary,
    c_ast.TernaryOp: Interpreter._ternary,
    c_ast.ExprList: Interpreter._list,
    c_ast.Assignment: Interpreter._assignment,
    c_ast.FuncCall: Interpreter._call,
}
