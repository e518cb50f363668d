"""C statements as nodes of the dataflow graph: declarations, branches, jumps; `loops` and `switches` do the rest."""

from __future__ import annotations

from collections.abc import Callable

from pycparser import c_ast

from cprograms.declarations import Declarations, Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.attempts import Attempts
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow
from cprograms.lowering.loops import Loops, Repetition
from cprograms.lowering.mentions import Mentions
from cprograms.lowering.state import RETURN, Label, State
from cprograms.lowering.switches import Switches
from cprograms.lowering.values import convert, nodes_of


class Statements:
    """Lowers statements, each of which tells whether control may reach what follows it."""

    def __init__(
        self,
        builder: GraphBuilder,
        declarations: Declarations,
        state: State,
        attempts: Attempts,
        bounds: Bounds,
        conditions: Conditions,
        flow: Flow,
        expressions: Expressions,
        unroll: int,
        executable: bool,
    ) -> None:
        self._builder, self._declarations, self._state = builder, declarations, state
        self._attempts, self._flow, self._expressions = attempts, flow, expressions
        self._loops = Loops(
            builder, state, attempts, bounds, conditions, flow, expressions, self._block, unroll, executable
        )
        self._switches = Switches(conditions, flow, expressions, self._declare, self._sequence)
        self._visits: dict[type, Callable[..., bool]] = {
            c_ast.Compound: self._compound,
            c_ast.Decl: self._declare,
            c_ast.Typedef: self._declare_type,
            c_ast.DeclList: self._declare_all,
            c_ast.EmptyStatement: self._nothing,
            c_ast.Pragma: self._nothing,
            c_ast.StaticAssert: self._nothing,
            c_ast.If: self._if,
            c_ast.For: self._for,
            c_ast.While: self._while,
            c_ast.DoWhile: self._do,
            c_ast.Switch: self._switch,
            c_ast.Return: self._return,
            c_ast.Break: self._break,
            c_ast.Continue: self._continue,
            c_ast.Goto: self._goto,
            c_ast.Label: self._refuse,
            c_ast.Case: self._refuse,
            c_ast.Default: self._refuse,
        }

    def statement(self, node: c_ast.Node) -> bool:
        self._attempts.step()
        visit = self._visits.get(type(node))
        if visit is None:
            self._expressions.expression(node)
            return not self._expressions.ends(node)
        return visit(node)

    # Blocks and declarations

    def _compound(self, node: c_ast.Compound) -> bool:
        return self._block(node.block_items or [])

    def _block(self, items: list[c_ast.Node]) -> bool:
        """Statements in a scope of their own."""
        mark = self._state.open_scope()
        alive = self._sequence(items)
        self._state.close_scope(mark)
        return alive

    def _sequence(self, items: list[c_ast.Node]) -> bool:
        alive = True
        last = _last_jumps(items) if any(isinstance(item, c_ast.Label) for item in items) else {}
        for k, item in enumerate(items):
            while isinstance(item, c_ast.Label):
                target = Label(item.name)
                alive = self._flow.arrive(target, alive)
                if alive and last.get(item.name, -1) >= k:
                    rest = [item.stmt, *items[k + 1 :]]
                    return self._loops.repeat(Repetition(None, None, rest, True, target, object(), by_goto=True))
                item = item.stmt
            if alive:
                alive = self.statement(item)
        return alive

    def _declare(self, node: c_ast.Decl) -> bool:
        if not isinstance(node.type, c_ast.TypeDecl) or not isinstance(node.type.type, c_ast.IdentifierType):
            self._declarations.declare(node)
        if node.name is not None and not isinstance(node.type, c_ast.FuncDecl):
            self._state.declare(node.name, *self._expressions.initialisers.variable(node))
        return True

    def _declare_type(self, node: c_ast.Typedef) -> bool:
        self._declarations.declare(node)
        return True

    def _declare_all(self, node: c_ast.DeclList) -> bool:
        for declaration in node.decls:
            self._declare(declaration)
        return True

    def _nothing(self, node: c_ast.Node) -> bool:
        return True

    def _refuse(self, node: c_ast.Node) -> bool:
        raise Unsupported(node, "cannot follow a label inside another statement")

    # Branches and jumps

    def _if(self, node: c_ast.If) -> bool:
        def otherwise() -> bool:
            return node.iffalse is None or self._arm(node.iffalse)

        return self._flow.branch(self._expressions.condition(node.cond), lambda: self._arm(node.iftrue), otherwise)

    def _arm(self, node: c_ast.Node) -> bool:
        mark = len(self._state.memory)
        alive = self.statement(node)
        del self._state.memory[mark:]
        return alive

    def _return(self, node: c_ast.Return) -> bool:
        state = self._state
        if node.expr is not None:
            value = self._expressions.expression(node.expr)
            if state.result is not None:
                new = nodes_of(convert(self._builder, value, state.result, node))
                state.memory[state.base : state.base + len(new)] = new
        return self._flow.leave(RETURN)

    def _break(self, node: c_ast.Break) -> bool:
        return self._flow.leave(self._state.targets["break"])

    def _continue(self, node: c_ast.Continue) -> bool:
        return self._flow.leave(self._state.targets["continue"])

    def _goto(self, node: c_ast.Goto) -> bool:
        return self._flow.leave(Label(node.name))

    # Loops and switches

    def _for(self, node: c_ast.For) -> bool:
        mark = self._state.open_scope()
        if node.init is not None:
            self.statement(node.init)
        alive = self._loops.repeat(Repetition(node.cond, node.next, [node.stmt], True, object(), object()))
        self._state.close_scope(mark)
        return alive

    def _while(self, node: c_ast.While) -> bool:
        return self._loops.repeat(Repetition(node.cond, None, [node.stmt], True, object(), object()))

    def _do(self, node: c_ast.DoWhile) -> bool:
        return self._loops.repeat(Repetition(node.cond, None, [node.stmt], False, object(), object()))

    def _switch(self, node: c_ast.Switch) -> bool:
        state = self._state
        value = self._expressions.scalar(node.cond)
        outer, end = state.targets, object()
        state.targets = {**outer, "break": end}
        mark = state.open_scope()
        alive = self._flow.arrive(end, self._switches.choose(value, node.stmt))
        state.close_scope(mark)
        state.targets = outer
        return alive


def _last_jumps(items: list[c_ast.Node]) -> dict[str, int]:
    """Of each label that statements jump to, the last statement that does."""
    return {label: k for k, item in enumerate(items) for label in Mentions(item).labels}
