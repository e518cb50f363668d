"""A C program as a dataflow graph: branches become selects, calls are inlined, loops unrolled."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import NamedTuple

from pycparser import c_ast

from cprograms import libm
from cprograms.declarations import Declarations, Unsupported
from cprograms.graph import Graph, GraphBuilder
from cprograms.lower_expressions import Expressions
from cprograms.memory import UNSET, Aggregate, Place, Value, leaves
from cprograms.program import Program
from cprograms.types import INT, CType, Scalar


class TooLong(Exception):
    """The graph outgrew its bound."""


class Exit(NamedTuple):
    """A jump out of the normal course: taken where `condition` holds and no earlier exit of the list was taken.

    `memory` is the slots' state at the jump. A condition of None always holds.
    """

    target: object
    condition: int | None
    memory: list[int]


class Function(NamedTuple):
    definition: c_ast.FuncDef
    result: CType | None
    parameters: list[tuple[str, CType]]


def lower(program: Program, *, max_nodes: int = 256, unroll: int = 64) -> Graph:
    """Lower a program's entry function to a graph whose roots are the program's results.

    Loops are unrolled as long as they take at most `unroll` iterations and the graph keeps within `max_nodes` operators.
    `exact` is False on a graph where something was not followed.
    """
    lowering = Lowering(program, max_nodes, unroll)
    try:
        return lowering.builder.finish(lowering.run())
    except (Unsupported, TooLong, RecursionError):
        return _opaque(program)


def _opaque(program: Program) -> Graph:
    """The graph of a program that is not followed at all: every result depends on every argument."""
    builder = GraphBuilder()
    arguments = [builder.argument(i, a.type) for i, a in enumerate(program.arguments)]
    roots = []
    for result in program.results:
        read = [builder.cast(a, result.type) for a in arguments]
        value = read[0] if len(read) > 1 else builder.add("opaque", result.type, read[0], read[0])
        for other in read[1:]:
            value = builder.add("opaque", result.type, value, other)
        roots.append(value)
    return builder.finish(roots)


class Lowering(Expressions):
    """Lowers statements and calls. A statement's method returns whether control may reach what follows it."""

    def __init__(self, program: Program, max_nodes: int, unroll: int) -> None:
        super().__init__(GraphBuilder(), Declarations())
        self.program, self.max_nodes, self.unroll = program, max_nodes, unroll
        self.definitions: dict[str, c_ast.FuncDef] = {}
        self.functions: dict[str, Function] = {}
        self.exits: list[Exit] = []
        self.targets: dict[str, object] = {}
        self.depth = 0
        for item in program.unit.ext:
            if isinstance(item, c_ast.FuncDef):
                self.definitions[item.decl.name] = item
                self.declarations.declare(item.decl)
            else:
                self.declarations.declare(item)
                if isinstance(item, c_ast.Decl) and item.name and not isinstance(item.type, c_ast.FuncDecl):
                    self.globals[item.name] = item

    def run(self) -> list[int]:
        arguments: list[Value] = [self.builder.argument(i, a.type) for i, a in enumerate(self.program.arguments)]
        function = self._function(self.program.entry)
        value = self._inline(function, arguments, function.definition)
        return value.leaves if isinstance(value, Aggregate) else [value]

    # Calls

    def call(self, node: c_ast.FuncCall) -> Value:
        name = node.name.name if isinstance(node.name, c_ast.ID) else ""
        arguments = [self.expression(a) for a in node.args.exprs] if node.args is not None else []
        if name not in self.definitions:
            value = libm.call(self.builder, name, [a for a in arguments if not isinstance(a, Aggregate)])
            if value is None:
                raise Unsupported(node, f"cannot follow a call of '{name}'")
            return value
        function = self._function(name)
        if self.typing:
            return self._zero(function.result)
        return self._inline(function, arguments, node)

    def _function(self, name: str) -> Function:
        if name not in self.functions:
            definition = self.definitions[name]
            signature = definition.decl.type
            result = None if _names(signature.type) == ["void"] else self.declarations.type_of(signature.type)
            parameters = [
                (p.name, self.declarations.type_of(p.type))
                for p in (signature.args.params if signature.args else [])
                if _names(p.type) != ["void"]
            ]
            self.functions[name] = Function(definition, result, parameters)
        return self.functions[name]

    def _zero(self, type: CType | None) -> Value:
        if type is None or isinstance(type, Scalar):
            return self.builder.constant(0, type or INT)
        return Aggregate(type, [self.builder.constant(0, leaf) for leaf in leaves(type)])

    def _inline(self, function: Function, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a function's body. Its frame's first slots hold what it returns."""
        result = leaves(function.result) if function.result else ()
        frame = [UNSET] * len(result)
        scope = {}
        for (name, type), argument in zip(function.parameters, arguments, strict=True):
            value = self.convert(argument, type, node)
            scope[name] = Place(type, len(frame))
            frame.extend(value.leaves if isinstance(value, Aggregate) else [value])
        outer = self.memory, self.exits, self.scopes, self.targets
        self.memory, self.exits, self.scopes = frame, [], [self.scopes[0], scope]
        self.targets = {"return": ("return", function.result)}
        self.depth += 1
        alive = self.statement(function.definition.body)
        del self.memory[len(result) :]
        self._arrive(self.targets["return"], alive)
        if self.exits:
            raise Unsupported(node, "cannot follow a jump backwards")
        returned = [self._slot(self.memory, k, type) for k, type in enumerate(result)]
        self.depth -= 1
        self.memory, self.exits, self.scopes, self.targets = outer
        if function.result is None or not returned:
            return self._zero(None)
        return returned[0] if isinstance(function.result, Scalar) else Aggregate(function.result, returned)

    # Statements

    def statement(self, node: c_ast.Node) -> bool:
        visit = _STATEMENTS.get(type(node))
        if visit is None:
            self.expression(node)
            return True
        return visit(self, node)

    def _block(self, node: c_ast.Compound) -> bool:
        mark = len(self.memory)
        self.scopes.append({})
        alive = self._sequence(node.block_items or [])
        self.scopes.pop()
        del self.memory[mark:]
        return alive

    def _sequence(self, items: list[c_ast.Node]) -> bool:
        alive = True
        for item in items:
            while isinstance(item, c_ast.Label):
                alive = self._arrive(("label", item.name), alive)
                item = item.stmt
            if alive:
                alive = self.statement(item)
        return alive

    def _declare(self, node: c_ast.Decl) -> bool:
        if not isinstance(node.type, c_ast.TypeDecl) or not isinstance(node.type.type, c_ast.IdentifierType):
            self.declarations.declare(node)
        if node.name is None or isinstance(node.type, c_ast.FuncDecl):
            return True
        type, values = self.initial(node)
        self.scopes[-1][node.name] = Place(type, len(self.memory))
        self.memory.extend(values)
        return True

    def _declare_type(self, node: c_ast.Typedef) -> bool:
        self.declarations.declare(node)
        return True

    def _declare_all(self, node: c_ast.DeclList) -> bool:
        for declaration in node.decls:
            self._declare(declaration)
        return True

    def _nothing(self, node: c_ast.Node) -> bool:
        return True

    def _if(self, node: c_ast.If) -> bool:
        def other() -> bool:
            return node.iffalse is None or self._scoped(node.iffalse)

        return self._branch(self.condition(node.cond), lambda: self._scoped(node.iftrue), other)

    def _scoped(self, node: c_ast.Node) -> bool:
        mark = len(self.memory)
        alive = self.statement(node)
        del self.memory[mark:]
        return alive

    def _branch(self, condition: int, yes: Callable[[], bool], no: Callable[[], bool]) -> bool:
        """Run one of two pieces of code. Their exits stay in order, each under the condition that its side is taken."""
        known = self.builder.number(condition)
        if known is not None:
            return yes() if known else no()
        before, outer = self.memory, self.exits
        length = len(before)
        self.memory, self.exits = list(before), []
        first = yes()
        after, exits = self.memory, self.exits
        self.memory, self.exits = list(before), []
        second = no()
        if first and not second:
            # All that take the other side leave: its exits come first, and the rest is on this side.
            outer += [self._under(e, condition, False) for e in self.exits]
            outer += exits
            self.memory = after
        else:
            outer += [self._under(e, condition, True) for e in exits]
            outer += [self._under(e, condition, False) for e in self.exits] if first else self.exits
            if first:
                self.memory = self.choose(condition, after, self.memory, length)
        self.exits = outer
        return first or second

    def _under(self, exit: Exit, condition: int, holds: bool) -> Exit:
        if exit.condition is None:
            guarded = condition if holds else self.negation(condition)
        else:
            guarded = self.both(condition, exit.condition) if holds else self.unless(condition, exit.condition)
        return exit._replace(condition=guarded)

    # Exits

    def _exit(self, target: object, condition: int | None = None) -> bool:
        self.exits.append(Exit(target, condition, list(self.memory)))
        return False

    def _arrive(self, target: object, alive: bool) -> bool:
        """Let all exits to the target go on here, together with the normal course where that is alive."""
        caught = [e for e in self.exits if e.target == target]
        if not caught:
            return alive
        self.exits = self._passing(target)
        length = len(self.memory)
        if not alive:
            last = caught.pop()
            self.memory = (last.memory + [UNSET] * length)[:length]
        for exit in reversed(caught):
            if exit.condition is None:
                self.memory = (exit.memory + [UNSET] * length)[:length]
            else:
                self.memory = self.choose(exit.condition, exit.memory, self.memory, length)
        return True

    def _passing(self, target: object) -> list[Exit]:
        """The exits to elsewhere, each under the condition that none to the target was taken before it."""
        passing: list[Exit] = []
        gone: int | None = None
        for exit in self.exits:
            if exit.target == target:
                if exit.condition is None:
                    break
                gone = (
                    exit.condition
                    if gone is None
                    else self.select(gone, self.builder.constant(1, INT), self.as_flag(exit.condition))
                )
            else:
                passing.append(exit if gone is None else self._under(exit, gone, False))
        return passing

    def _return(self, node: c_ast.Return) -> bool:
        target = self.targets["return"]
        if node.expr is not None:
            value = self.expression(node.expr)
            type = target[1]
            if type is not None:
                value = self.convert(value, type, node)
                new = value.leaves if isinstance(value, Aggregate) else [value]
                self.memory[: len(new)] = new
        return self._exit(target)

    def _break(self, node: c_ast.Break) -> bool:
        return self._exit(self.targets["break"])

    def _continue(self, node: c_ast.Continue) -> bool:
        return self._exit(self.targets["continue"])

    def _goto(self, node: c_ast.Goto) -> bool:
        return self._exit(("label", node.name))

    # Loops

    def _for(self, node: c_ast.For) -> bool:
        mark = len(self.memory)
        self.scopes.append({})
        if node.init is not None:
            self.statement(node.init)
        alive = self._loop(node.cond, node.next, node.stmt, True)
        self.scopes.pop()
        del self.memory[mark:]
        return alive

    def _while(self, node: c_ast.While) -> bool:
        return self._loop(node.cond, None, node.stmt, True)

    def _do(self, node: c_ast.DoWhile) -> bool:
        return self._loop(node.cond, None, node.stmt, False)

    def _loop(self, condition: c_ast.Node | None, following: c_ast.Node | None, body: c_ast.Node, first: bool) -> bool:
        outer, targets = self.exits, self.targets
        self.exits = []
        self.targets = {**targets, "break": object(), "continue": object()}
        alive = True
        for iteration in count():
            if condition is not None and (first or iteration):
                test = self.condition(condition)
                known = self.builder.number(test)
                if known == 0:
                    break
                if known is None:
                    self._exit(self.targets["break"], self.negation(test))
            if iteration > self.unroll and len(self.builder.nodes) > self.max_nodes:
                raise TooLong
            alive = self._arrive(self.targets["continue"], self._scoped(body))
            if not alive:
                break
            if following is not None:
                self.expression(following)
        alive = self._arrive(self.targets["break"], alive)
        self.exits, self.targets = outer + self.exits, targets
        return alive

    # Switch

    def _switch(self, node: c_ast.Switch) -> bool:
        value = self.scalar(node.cond)
        outer = self.targets
        self.targets = {**outer, "break": object()}
        mark = len(self.memory)
        self.scopes.append({})
        sections = self._sections(node.stmt)
        alive = self._choose_section(value, sections, 0)
        alive = self._arrive(self.targets["break"], alive)
        self.scopes.pop()
        del self.memory[mark:]
        self.targets = outer
        return alive

    def _sections(self, body: c_ast.Node) -> list[tuple[list[c_ast.Node | None], list[c_ast.Node]]]:
        """The switch's labels (None is `default`) with the statements after them up to the next label."""
        sections: list[tuple[list[c_ast.Node | None], list[c_ast.Node]]] = []
        for item in (body.block_items or []) if isinstance(body, c_ast.Compound) else [body]:
            if not isinstance(item, c_ast.Case | c_ast.Default):
                if sections:
                    sections[-1][1].append(item)
                elif isinstance(item, c_ast.Decl):
                    self._declare(item)
                continue
            label = item.expr if isinstance(item, c_ast.Case) else None
            if sections and not sections[-1][1]:
                sections[-1][0].append(label)
            else:
                sections.append(([label], []))
            sections[-1][1].extend(item.stmts or [])
        return sections

    def _choose_section(self, value: int, sections: list, at: int) -> bool:
        """Enter the section whose label fits, from section `at` on; `default` where none does."""
        if at == len(sections):
            defaults = [k for k, (labels, _) in enumerate(sections) if None in labels]
            return self._enter(sections, defaults[0]) if defaults else True
        labels = [label for label in sections[at][0] if label is not None]
        if None in sections[at][0] or not labels:
            # What only has to reach the default needs no test of its own.
            return self._choose_section(value, sections, at + 1)
        test = self._matches(value, labels[0])
        for label in labels[1:]:
            test = self.select(test, self.builder.constant(1, INT), self._matches(value, label))
        return self._branch(
            test, lambda: self._enter(sections, at), lambda: self._choose_section(value, sections, at + 1)
        )

    def _matches(self, value: int, label: c_ast.Node) -> int:
        return self.binary("==", value, self.scalar(label), label)

    def _enter(self, sections: list, at: int) -> bool:
        """Run a section, falling through into the ones after it."""
        return self._sequence([item for _, items in sections[at:] for item in items])


def _names(node: c_ast.Node) -> list[str]:
    while isinstance(node, c_ast.TypeDecl | c_ast.Typename | c_ast.Decl):
        node = node.type
    return node.names if isinstance(node, c_ast.IdentifierType) else []


_STATEMENTS: dict[type, Callable[..., bool]] = {
    c_ast.Compound: Lowering._block,
    c_ast.Decl: Lowering._declare,
    c_ast.Typedef: Lowering._declare_type,
    c_ast.DeclList: Lowering._declare_all,
    c_ast.EmptyStatement: Lowering._nothing,
    c_ast.Pragma: Lowering._nothing,
    c_ast.StaticAssert: Lowering._nothing,
    c_ast.If: Lowering._if,
    c_ast.For: Lowering._for,
    c_ast.While: Lowering._while,
    c_ast.DoWhile: Lowering._do,
    c_ast.Switch: Lowering._switch,
    c_ast.Return: Lowering._return,
    c_ast.Break: Lowering._break,
    c_ast.Continue: Lowering._continue,
    c_ast.Goto: Lowering._goto,
}
