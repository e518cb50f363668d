"""Parts of larger functions as functions of their free scalars.

- expression: a largest arithmetic expression of at least three operators;
- block: statements in a row, as the function of what they read that gives one of the scalars that they leave behind,
  without the statements that this one does not depend on; or up to a return;
- iteration: the body of a loop that works on arrays, likewise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from pycparser import c_ast

from cprograms.harvest.abstraction import Abstraction, Free
from cprograms.harvest.pruning import pruned
from cprograms.harvest.scopes import Refused, Scopes
from cprograms.trees import walk
from cprograms.types import Scalar

PieceKind = Literal["expression", "block", "iteration"]
MIN_OPERATORS = 3
MAX_INPUTS = 9
_MAX_STATEMENTS = 40
_MAX_OUTPUTS = 3
"""Functions that one run of statements gives at most."""
_MAX_PIECES = 100
_MAX_NODES = 20_000
_TRUTHS = ("<", ">", "<=", ">=", "==", "!=", "&&", "||", "!")
_OPERATORS = (c_ast.BinaryOp, c_ast.UnaryOp, c_ast.TernaryOp, c_ast.FuncCall)
_LOOPS = (c_ast.For, c_ast.While, c_ast.DoWhile)
_EXPRESSIONS = (*_OPERATORS, c_ast.Cast, c_ast.Assignment, c_ast.ArrayRef, c_ast.StructRef, c_ast.ExprList)


@dataclass(frozen=True)
class Piece:
    """A part of a function, ready to be one: `body` are its statements, the last of which returns the result."""

    kind: PieceKind
    inputs: tuple[Free, ...]
    result: Scalar
    body: tuple[c_ast.Node, ...]
    line: int

    def function(self, name: str) -> c_ast.FuncDef:
        parameters = [_variable(free) for free in self.inputs]
        result = c_ast.TypeDecl(name, [], None, _type(self.result))
        signature = c_ast.FuncDecl(c_ast.ParamList(parameters), result)
        declaration = c_ast.Decl(name, [], [], [], [], signature, None, None)
        return c_ast.FuncDef(declaration, None, c_ast.Compound(list(self.body)))


def outline(function: c_ast.FuncDef, scopes: Scopes) -> list[Piece]:
    """The pieces of a function, in the order of its text; at most a hundred."""
    if sum(1 for _ in walk(function)) > _MAX_NODES:
        return []
    walker = _Walker(scopes)
    with scopes.block():
        for parameter in function.decl.type.args.params if function.decl.type.args else []:
            scopes.declare(parameter)
        walker.block(function.body.block_items or [], None, blocks=True)
    return walker.pieces[:_MAX_PIECES]


@dataclass
class _Run:
    """Statements in a row that one abstraction covers; `kept` holds what each reads and writes."""

    state: Abstraction
    statements: list[c_ast.Node] = field(default_factory=list)
    kept: list[tuple[set[str], set[str]]] = field(default_factory=list)

    def extended(self, node: c_ast.Node) -> _Run:
        """Raises Refused."""
        if len(self.statements) >= _MAX_STATEMENTS:
            raise Refused("too many statements")
        state = self.state.copy()
        if isinstance(node, c_ast.Return):
            if node.expr is None:
                raise Refused("nothing is returned")
            state.expression(node.expr)
            state.writes.add("")
        else:
            state.statement(node)
        return _Run(state, [*self.statements, node], [*self.kept, (state.reads, state.writes)])


class _Walker:
    def __init__(self, scopes: Scopes):
        self._scopes = scopes
        self.pieces: list[Piece] = []

    def block(self, items: Sequence[c_ast.Node], loop: c_ast.Node | None, blocks: bool) -> None:
        """The statements of a block. `blocks` says whether blocks are still wanted, or expressions only."""
        run: _Run | None = None
        with self._scopes.block():
            start = len(self.pieces)
            for item in items:
                longer = self._extend(run, item) if blocks else None
                if blocks and longer is None:
                    self._finish(run, "block")
                    longer = self._extend(None, item)
                run = longer
                self._inside(item, blocks and run is None)
                self._scopes.declare(item)
                if isinstance(item, c_ast.Return):
                    self._finish(run, "block")
                    run = None
            whole = run is not None and len(run.statements) == len(items) and loop is not None
            if run is not None:
                made = self._finish(run, "iteration" if whole and run.state.uses_arrays else "block")
                # Functions come before the expressions in them.
                self.pieces[start:] = (
                    [*made, *(p for p in self.pieces[start:] if p not in made)] if whole else (self.pieces[start:])
                )

    def _extend(self, run: _Run | None, item: c_ast.Node) -> _Run | None:
        try:
            return (run or _Run(Abstraction(self._scopes, statements=True))).extended(item)
        except (Refused, RecursionError):
            return None

    def _inside(self, node: c_ast.Node | None, blocks: bool) -> None:
        """What stands in a statement: its blocks, where it is in none itself, and its expressions."""
        if node is None:
            return
        if isinstance(node, c_ast.Compound):
            self.block(node.block_items or [], None, blocks)
        elif isinstance(node, _LOOPS):
            with self._scopes.block():
                for part in (getattr(node, "init", None), node.cond, getattr(node, "next", None)):
                    self._inside(part, False)
                    self._declare_all(part)
                body = node.stmt.block_items or [] if isinstance(node.stmt, c_ast.Compound) else [node.stmt]
                self.block(body, node, blocks)
        elif isinstance(node, c_ast.If):
            self._inside(node.cond, False)
            for branch in (node.iftrue, node.iffalse):
                self._branch(branch, blocks)
        elif isinstance(node, _EXPRESSIONS):
            self._expression(node)
        else:
            for _, child in node.children():
                if not isinstance(child, c_ast.TypeDecl | c_ast.ArrayDecl | c_ast.PtrDecl | c_ast.FuncDecl):
                    self._branch(child, blocks) if isinstance(node, c_ast.Label) else self._inside(child, blocks)

    def _branch(self, node: c_ast.Node | None, blocks: bool) -> None:
        if node is not None:
            items = node.block_items or [] if isinstance(node, c_ast.Compound) else [node]
            self.block(items, None, blocks)

    def _declare_all(self, node: c_ast.Node | None) -> None:
        for declared in node.decls if isinstance(node, c_ast.DeclList) else []:
            self._scopes.declare(declared)

    # Expressions

    def _expression(self, node: c_ast.Node) -> None:
        """The largest expressions in one that become functions."""
        if _operators(node) < MIN_OPERATORS:
            return
        if isinstance(node, _OPERATORS) and getattr(node, "op", "") not in _TRUTHS:
            state = Abstraction(self._scopes, statements=False)
            try:
                result = state.expression(node)
                type = self._scopes.expression_type(result, {f.name: _variable(f).type for f in state.inputs.values()})
                if state.operators >= MIN_OPERATORS and 1 <= len(state.inputs) <= MAX_INPUTS:
                    body = (c_ast.Return(result),)
                    self._add(Piece("expression", tuple(state.inputs.values()), type, body, _line(node)))
                    return
            except (Refused, RecursionError):
                pass
        for _, child in node.children():
            if isinstance(child, _EXPRESSIONS):
                self._expression(child)

    # Blocks

    def _finish(self, run: _Run | None, kind: PieceKind) -> list[Piece]:
        """The functions that a run of statements gives: one for each scalar that it leaves behind unread."""
        made: list[Piece] = []
        for output in _outputs(run) if run is not None else ():
            try:
                piece = self._sliced(run, output, kind) if run is not None else None
            except (Refused, RecursionError):
                continue
            if piece is not None:
                self._add(piece)
                made.append(piece)
        return made

    def _sliced(self, run: _Run, output: str, kind: PieceKind) -> Piece | None:
        chosen = _slice(run, output)
        state = Abstraction(self._scopes, statements=True)
        body: list[c_ast.Node] = []
        for node in chosen:
            if isinstance(node, c_ast.Return):
                value = state.expression(node.expr)
            else:
                body.append(state.statement(node))
        if output:
            free = state.own.get(output) or state.written[output]
            if output not in state.own and output not in state.definite:
                state.inputs.setdefault(output, free)
            value, type = c_ast.ID(free.name), free.type
        else:
            type = self._returned(value, state)
        body = pruned(body, value)
        used = {n.name for node in (*body, value) for n in walk(node) if isinstance(n, c_ast.ID)}
        inputs = {key: free for key, free in state.inputs.items() if free.name in used}
        written = [f for key, f in state.written.items() if key not in inputs and f.name in used]
        if not self._is_enough(kind, body, value, len(inputs)):
            return None
        local = [_variable(free) for free in written]
        if kind == "iteration" and not any(f.array for f in (*inputs.values(), *written)):
            kind = "block"
        return Piece(kind, tuple(inputs.values()), type, (*local, *body, c_ast.Return(value)), _line(chosen[0]))

    @staticmethod
    def _is_enough(kind: PieceKind, body: Sequence[c_ast.Node], value: c_ast.Node, inputs: int) -> bool:
        if not body or not 1 <= inputs <= MAX_INPUTS:
            return False
        simple = isinstance(body[0], c_ast.Assignment | c_ast.Decl) and not isinstance(value, _OPERATORS)
        least = 2 if simple and kind != "iteration" else 1
        return len(body) >= least and sum(_operators(n) for n in (*body, value)) >= MIN_OPERATORS

    def _returned(self, value: c_ast.Node, state: Abstraction) -> Scalar:
        known = {**state.inputs, **state.written, **state.own}
        return self._scopes.expression_type(value, {f.name: _variable(f).type for f in known.values()})

    def _add(self, piece: Piece) -> None:
        if len(self.pieces) < _MAX_PIECES:
            self.pieces.append(piece)


def _outputs(run: _Run) -> list[str]:
    """The places that are written and not read afterwards, the last ones; "" stands for what is returned."""
    if "" in run.kept[-1][1]:
        return [""]
    found: list[str] = []
    read_later: set[str] = set()
    for reads, writes in reversed(run.kept):
        found += [key for key in sorted(writes) if key not in read_later and key not in found]
        read_later |= reads
    known = run.state.own.keys() | run.state.written.keys()
    return [key for key in found if key in known][:_MAX_OUTPUTS]


def _slice(run: _Run, output: str) -> list[c_ast.Node]:
    """The statements that an output depends on."""
    needed = {output}
    chosen: list[c_ast.Node] = []
    for node, (reads, writes) in zip(reversed(run.statements), reversed(run.kept), strict=True):
        if writes & needed:
            chosen.append(node)
            needed |= reads
    return chosen[::-1]


def _operators(node: c_ast.Node) -> int:
    return sum(isinstance(n, _OPERATORS) or (isinstance(n, c_ast.Assignment) and n.op != "=") for n in walk(node))


def _variable(free: Free) -> c_ast.Decl:
    return c_ast.Decl(free.name, [], [], [], [], c_ast.TypeDecl(free.name, [], None, _type(free.type)), None, None)


def _type(scalar: Scalar) -> c_ast.IdentifierType:
    return c_ast.IdentifierType(scalar.name.split())


def _line(node: c_ast.Node) -> int:
    return next((n.coord.line for n in walk(node) if n.coord is not None), 0)
