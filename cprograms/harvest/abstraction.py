"""From a piece of a function to code over scalars: each variable, element or field that it reads becomes a scalar.

`a[i] * k + p->gain` becomes `a_i * k + p_gain`. Pieces that this would change, because what an element's index or a
pointer is made of is written among them, are refused.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass

from pycparser import c_ast, c_generator

from cprograms.harvest.scopes import Refused, Scopes
from cprograms.trees import walk
from cprograms.types import Scalar

_STEPS = ("++", "--", "p++", "p--")
_ARITHMETIC = ("-", "+", "~", "!")
_CHANGES = (c_ast.Assignment, c_ast.FuncCall)


@dataclass(frozen=True)
class Free:
    """A scalar that stands for a place; `array` where that is an element of an array or what a pointer points to."""

    name: str
    type: Scalar
    array: bool = False


class Abstraction:
    """Rewrites expressions and statements, and keeps what they read, write and declare.

    `inputs` are the places that may be read before they are written, `written` those that are written, `own` the
    variables that the piece declares itself; all by the place's text, in the order of first use.
    """

    def __init__(self, scopes: Scopes, statements: bool):
        self._scopes = scopes
        self._statements = statements
        self.inputs: dict[str, Free] = {}
        self.written: dict[str, Free] = {}
        self.own: dict[str, Free] = {}
        self.definite: set[str] = set()
        self.operators = 0
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self._places: dict[str, Free] = {}
        self._parts: dict[str, frozenset[str]] = {}
        self._gone: set[str] = set()
        self._nesting = 0

    def copy(self) -> Abstraction:
        made = copy(self)
        for name in ("inputs", "written", "own", "definite", "_places", "_parts", "_gone"):
            setattr(made, name, copy(getattr(self, name)))
        made.reads, made.writes = set(), set()
        return made

    @property
    def uses_arrays(self) -> bool:
        return any(free.array for free in self._places.values())

    # Expressions

    def expression(self, node: c_ast.Node) -> c_ast.Node:
        """The expression over scalars. Raises Refused."""
        if isinstance(node, c_ast.ID):
            return self._name(node)
        if isinstance(node, c_ast.Constant):
            if node.type == "string":
                raise Refused("a string")
            return node
        if isinstance(node, c_ast.ArrayRef | c_ast.StructRef) or (isinstance(node, c_ast.UnaryOp) and node.op == "*"):
            return self._constant_element(node) or self._read(node)
        if isinstance(node, c_ast.BinaryOp):
            self.operators += 1
            return c_ast.BinaryOp(node.op, self.expression(node.left), self.expression(node.right), node.coord)
        if isinstance(node, c_ast.UnaryOp):
            return self._unary(node)
        if isinstance(node, c_ast.TernaryOp):
            self.operators += 1
            parts = [self.expression(n) for n in (node.cond, node.iftrue, node.iffalse)]
            return c_ast.TernaryOp(*parts, node.coord)
        if isinstance(node, c_ast.Cast) and isinstance(self._scopes.type_of(node.to_type), Scalar):
            return c_ast.Cast(node.to_type, self.expression(node.expr), node.coord)
        if isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID):
            return self._call(node, node.name.name)
        if isinstance(node, c_ast.Assignment) and self._statements:
            return self._assignment(node)
        raise Refused(f"an expression of another kind ({type(node).__name__})")

    def _name(self, node: c_ast.ID) -> c_ast.Node:
        if node.name in self._gone:
            raise Refused("a variable of an inner block's name")
        if node.name in self.own:
            self.reads.add(node.name)
            return c_ast.ID(node.name)
        meaning = self._scopes.meaning(node.name)
        if meaning == "variable":
            return self._read(node)
        if meaning in ("constant", "table"):
            self._check_constant(node, meaning)
            return c_ast.ID(node.name)
        raise Refused("a name that is no variable")

    def _check_constant(self, node: c_ast.ID, meaning: str) -> None:
        if meaning == "table":
            self._scopes.scalar(node)

    def _constant_element(self, node: c_ast.Node) -> c_ast.Node | None:
        """An element or a field of a const object at file scope stays what it is, its indices rewritten."""
        base = node
        while isinstance(base, c_ast.ArrayRef) or (isinstance(base, c_ast.StructRef) and base.type == "."):
            base = base.name
        if not isinstance(base, c_ast.ID) or base.name in self.own or self._scopes.meaning(base.name) != "table":
            return None
        self._scopes.scalar(node)
        return self._with_indices(node)

    def _with_indices(self, node: c_ast.Node) -> c_ast.Node:
        if isinstance(node, c_ast.ArrayRef):
            return c_ast.ArrayRef(self._with_indices(node.name), self.expression(node.subscript))
        if isinstance(node, c_ast.StructRef):
            return c_ast.StructRef(self._with_indices(node.name), node.type, node.field)
        return node

    def _unary(self, node: c_ast.UnaryOp) -> c_ast.Node:
        if node.op in _ARITHMETIC:
            self.operators += 1
            return c_ast.UnaryOp(node.op, self.expression(node.expr), node.coord)
        if node.op in _STEPS and self._statements:
            self.operators += 1
            return c_ast.UnaryOp(node.op, self._target(node.expr, reads=True), node.coord)
        if node.op == "sizeof" and isinstance(node.expr, c_ast.Typename):
            if self._scopes.type_of(node.expr) is None:
                raise Refused("a type is not known")
            return node
        raise Refused("an address, a side effect or a size")

    def _call(self, node: c_ast.FuncCall, name: str) -> c_ast.Node:
        if self._scopes.is_callable(name) and name not in self.own:
            self.operators += 1
            arguments = [self.expression(a) for a in node.args.exprs] if node.args else []
            return c_ast.FuncCall(c_ast.ID(name), c_ast.ExprList(arguments) if arguments else None, node.coord)
        result = self._scopes.result_of_call(name)
        type = self._scopes.type_of(result) if result is not None else None
        if self._statements or not isinstance(type, Scalar):
            raise Refused("a call of something that is not numeric")
        # What an unknown function returns is an input like any other.
        key = _text(node)
        free = self._places.setdefault(key, Free(self._fresh([name]), type))
        self.inputs.setdefault(key, free)
        return c_ast.ID(free.name)

    # Places

    def _read(self, node: c_ast.Node) -> c_ast.ID:
        key, free = self._place(node)
        self.reads.add(key)
        if key not in self.definite:
            self.inputs.setdefault(key, free)
        return c_ast.ID(free.name)

    def _place(self, node: c_ast.Node) -> tuple[str, Free]:
        key = node.name if isinstance(node, c_ast.ID) else _text(node)
        if key not in self._places:
            type = self._scopes.scalar(node)
            if isinstance(node, c_ast.ID):
                self._places[key] = Free(key, type)
            else:
                parts = self._checked_parts(node)
                self._places[key] = Free(self._fresh(_words(node)), type, _is_element(node))
                self._parts[key] = parts
        return key, self._places[key]

    def _checked_parts(self, node: c_ast.Node) -> frozenset[str]:
        """The names that a place depends on."""
        nodes = list(walk(node))
        if any(isinstance(n, _CHANGES) or (isinstance(n, c_ast.UnaryOp) and n.op in _STEPS) for n in nodes):
            raise Refused("a place that a side effect or a call determines")
        parts = frozenset(n.name for n in nodes if isinstance(n, c_ast.ID))
        if parts & (self.own.keys() | self.written.keys() | self._gone):
            raise Refused("a place that depends on what is written")
        return parts

    def _fresh(self, words: list[str]) -> str:
        """A new name that tells where a scalar comes from."""
        name = "_".join(w.strip("_") for w in words[-3:])[:40] or "value"
        used = {free.name for free in self._places.values()} | self._scopes.taken
        candidate, number = name, 2
        while candidate in used or not candidate.isidentifier():
            candidate, number = f"{name if name.isidentifier() else 'value'}_{number}", number + 1
        return candidate

    def _target(self, node: c_ast.Node, reads: bool) -> c_ast.ID:
        """What an assignment writes."""
        if isinstance(node, c_ast.ID) and node.name in self.own:
            key = node.name
            self._note_write(key, self.own[key], reads)
            return c_ast.ID(key)
        if isinstance(node, c_ast.ID) and (node.name in self._gone or self._scopes.meaning(node.name) != "variable"):
            raise Refused("a name that is no variable")
        key, free = self._place(node)
        if reads:
            self._read(node)
        if isinstance(node, c_ast.ID) and any(key in parts for parts in self._parts.values()):
            raise Refused("a place that depends on what is written")
        self.written.setdefault(key, free)
        self.definite.add(key)
        self._note_write(key, free, reads)
        return c_ast.ID(free.name)

    def _note_write(self, key: str, _free: Free, reads: bool) -> None:
        self.writes.add(key)
        if reads:
            self.reads.add(key)

    def _assignment(self, node: c_ast.Assignment) -> c_ast.Assignment:
        value = self.expression(node.rvalue)
        self.operators += node.op != "="
        return c_ast.Assignment(node.op, self._target(node.lvalue, reads=node.op != "="), value, node.coord)

    # Statements

    def statement(self, node: c_ast.Node) -> c_ast.Node:
        """The statement over scalars. Raises Refused."""
        if isinstance(node, c_ast.Decl):
            return self._declaration(node)
        if isinstance(node, c_ast.Assignment):
            return self._assignment(node)
        if isinstance(node, c_ast.UnaryOp) and node.op in _STEPS:
            return self._unary(node)
        if isinstance(node, c_ast.Compound):
            return self._compound(node)
        if isinstance(node, c_ast.If):
            return self._if(node)
        if isinstance(node, c_ast.For | c_ast.While | c_ast.DoWhile):
            return self._loop(node)
        if isinstance(node, c_ast.Break | c_ast.Continue) and self._nesting:
            return node
        if isinstance(node, c_ast.EmptyStatement):
            return node
        if isinstance(node, c_ast.ExprList) and self._nesting:
            return c_ast.ExprList([self.statement(n) for n in node.exprs])
        if isinstance(node, c_ast.DeclList):
            return c_ast.DeclList([self.statement(n) for n in node.decls])
        raise Refused(f"a statement of another kind ({type(node).__name__})")

    def _declaration(self, node: c_ast.Decl) -> c_ast.Decl:
        type = self._scopes.type_of(node.type)
        storage = [s for s in node.storage if s not in ("register", "auto")]
        if not isinstance(type, Scalar) or storage or not node.name or "volatile" in node.quals:
            raise Refused("a declaration of another kind")
        if node.name in self.own or node.name in self._places or node.name in self._gone:
            raise Refused("a name of two variables")
        if any(node.name in parts for parts in self._parts.values()):
            raise Refused("a name of two variables")
        value = self.expression(node.init) if node.init is not None else None
        self.own[node.name] = Free(node.name, type)
        self.writes.add(node.name)
        return c_ast.Decl(node.name, [], [], [], [], node.type, value, None, node.coord)

    def _compound(self, node: c_ast.Compound) -> c_ast.Compound:
        outer = {*self.own}
        items = [self.statement(n) for n in node.block_items or []]
        self._leave(outer)
        return c_ast.Compound(items, node.coord)

    def _leave(self, outer: set[str]) -> None:
        for name in self.own.keys() - outer:
            del self.own[name]
            self._gone.add(name)
            self.reads.discard(name)
            self.writes.discard(name)

    def _if(self, node: c_ast.If) -> c_ast.If:
        condition = self.expression(node.cond)
        before = set(self.definite)
        then = self._body(node.iftrue)
        after_then, self.definite = self.definite, set(before)
        other = self._body(node.iffalse) if node.iffalse is not None else None
        self.definite = before | (after_then & self.definite)
        return c_ast.If(condition, then, other, node.coord)

    def _loop(self, node: c_ast.For | c_ast.While | c_ast.DoWhile) -> c_ast.Node:
        outer = {*self.own}
        self._nesting += 1
        first = node.init if isinstance(node, c_ast.For) else None
        init = self.statement(first) if first is not None else None
        before = set(self.definite)
        condition = self.expression(node.cond) if node.cond is not None else None
        body = self._body(node.stmt)
        following = node.next if isinstance(node, c_ast.For) else None
        step = self.statement(following) if following is not None else None
        self.definite = before
        self._nesting -= 1
        self._leave(outer)
        if isinstance(node, c_ast.For):
            return c_ast.For(init, condition, step, body, node.coord)
        return type(node)(condition, body, node.coord)

    def _body(self, node: c_ast.Node) -> c_ast.Node:
        # A lone statement gets braces, so that what it declares or is cannot run into what follows.
        items = node.block_items or [] if isinstance(node, c_ast.Compound) else [node]
        return self._compound(c_ast.Compound(items, node.coord))


def _text(node: c_ast.Node) -> str:
    return str(c_generator.CGenerator().visit(node))


def _words(node: c_ast.Node) -> list[str]:
    """The names and whole numbers in a place, in their order."""
    found = []
    for part in walk(node):
        if isinstance(part, c_ast.ID):
            found.append(part.name)
        elif isinstance(part, c_ast.Constant) and part.value.isdecimal():
            found.append(part.value)
    return found


def _is_element(node: c_ast.Node) -> bool:
    return any(isinstance(n, c_ast.ArrayRef) or (isinstance(n, c_ast.UnaryOp) and n.op == "*") for n in walk(node))
