"""A C program as a dataflow graph: branches become selects, calls are inlined, loops unrolled."""

from __future__ import annotations

from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import Graph
from cprograms.lowering import libm
from cprograms.lowering.expressions import MOST_SLOTS
from cprograms.lowering.flow import TooLongError
from cprograms.lowering.memory import UNSET, Aggregate, Place, Value, leaves, size
from cprograms.lowering.statements import Statements
from cprograms.program import Program
from cprograms.types import DOUBLE, INT, CType, Scalar

MOST_NODES = 2048
"""Nodes of a graph where there is nothing left that could be composed once instead of being unrolled."""
DEEPEST = 24
"""Recursive calls within each other that are followed: each takes some twenty frames of Python's stack."""
FEW = 8
"""Repetitions that are still unrolled in a graph that came out too large."""


def lower(program: Program, *, max_nodes: int = 256, unroll: int = 256) -> Graph:
    """Lower a program's entry to a graph whose roots are the program's results, in order.

    A loop is unrolled, and recursion inlined, where it is proved to end on the program's domain after at most `unroll`
    repetitions and the graph keeps within `max_nodes` nodes. Other loops are composed once (`carry` and `loop` nodes);
    other recursive calls, and what is not followed at all, are `opaque` nodes. The graph's `exact` tells whether any
    such node is left. An exact graph gives what C gives on every row of the domain where C's behaviour is defined.
    Code without repetition is followed beyond `max_nodes`, up to MOST_NODES.
    """
    for limit in sorted({unroll, min(unroll, FEW), 0}, reverse=True):
        most = MOST_NODES if limit == 0 else max_nodes
        try:
            graph = Lowering(program, max_nodes, limit).run()
        except (RecursionError, TooLongError):  # nested deeper than Python's stack, or calls that multiply
            continue
        if len(graph.nodes) <= most:
            return graph
    return Lowering(program, max_nodes, 0).run_opaque()


class _RecursionFoundError(Exception):
    """A function called itself that was not known to."""


class Function(NamedTuple):
    """`result` is None for void."""

    definition: c_ast.FuncDef
    result: CType | None
    parameters: list[tuple[str, CType]]


class Lowering(Statements):
    """Lowers calls, and the entry as the first of them."""

    def __init__(self, program: Program, max_nodes: int, unroll: int) -> None:
        super().__init__(program, max_nodes, unroll)
        self._program = program
        self._definitions: dict[str, c_ast.FuncDef] = {}
        self._prototypes: dict[str, c_ast.FuncDecl] = {}
        self._functions: dict[str, Function] = {}
        self._returned: dict[tuple, Value] = {}
        self._recursive: set[str] = set()
        self._cut: set[str] = set()  # recursive functions whose inner calls are not followed
        self._lost: set[str] = set()  # functions that cannot be followed
        for item in program.unit.ext:
            if isinstance(item, c_ast.FuncDef):
                self._definitions[item.decl.name] = item
                self.declarations.declare(item.decl)
                continue
            self.declarations.declare(item)
            if isinstance(item, c_ast.Decl) and isinstance(item.type, c_ast.FuncDecl):
                self._prototypes[item.name] = item.type
            elif isinstance(item, c_ast.Decl) and item.name:
                self.globals[item.name] = item

    def run(self) -> Graph:
        start = self.frame()
        while True:
            try:
                value = self._follow(self._program.entry, self._arguments(), c_ast.EmptyStatement())
            except _RecursionFoundError:
                self.restore(start)
                continue
            return self.builder.finish(value.leaves if isinstance(value, Aggregate) else [value])

    def run_opaque(self) -> Graph:
        """The graph where nothing is followed: every result depends on every argument."""
        return self.builder.finish([self._opaque_leaf(self._arguments(), r.type) for r in self._program.results])

    def _arguments(self) -> list[Value]:
        return [self.builder.argument(i, a.type) for i, a in enumerate(self._program.arguments)]

    def call(self, node: c_ast.FuncCall) -> Value:
        name = node.name.name if isinstance(node.name, c_ast.ID) else ""
        arguments = [self.expression(a) for a in node.args.exprs] if node.args is not None else []
        if name in self._definitions:
            return self._follow(name, arguments, node)
        known = libm.call(self.builder, name, [a for a in arguments if not isinstance(a, Aggregate)])
        if known is not None:
            return known
        prototype = self._prototypes.get(name)
        return self._opaque(arguments, self.declarations.type_of(prototype.type) if prototype else DOUBLE)

    def _follow(self, name: str, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a call of one of the program's functions; the same arguments give the same value."""
        function = self._function(name)
        if self.typing:
            return self._zero(function.result)
        if len(arguments) != len(function.parameters):
            raise Unsupported(node, f"'{name}' takes {len(function.parameters)} arguments")
        arguments = [self.convert(a, type, node) for a, (_, type) in zip(arguments, function.parameters, strict=True)]
        if name in self._lost or (name in self._cut and name in self.active):
            return self._opaque(arguments, function.result)
        key = (name, *(tuple(a.leaves) if isinstance(a, Aggregate) else a for a in arguments))
        if key not in self._returned:
            self._returned[key] = self._called(name, function, arguments, node)
        return self._returned[key]

    def _called(self, name: str, function: Function, arguments: list[Value], node: c_ast.Node) -> Value:
        if name in self.active:
            self._recurse(name)
        try:
            if name in self._recursive and name not in self.active:
                value = self.attempt(lambda: self._inline(name, function, arguments, node))
                if value is not None:
                    return value
                self._cut.add(name)
            return self._inline(name, function, arguments, node)
        except Unsupported:
            self._lost.add(name)
            return self._opaque(arguments, function.result)

    def _recurse(self, name: str) -> None:
        """Whether a recursive call may be followed further. The first one starts everything anew, knowing of it."""
        if name not in self._recursive:
            self._recursive.add(name)
            raise _RecursionFoundError
        if self.active.count(name) > min(self.unroll, DEEPEST):
            raise TooLongError
        self.check_size()

    def _inline(self, name: str, function: Function, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a function's body. The first slots of its memory hold what it returns."""
        result = leaves(function.result) if function.result else ()
        memory = [UNSET] * len(result)
        scope = {}
        for (parameter, type), argument in zip(function.parameters, arguments, strict=True):
            scope[parameter] = Place(type, len(memory))
            memory.extend(argument.leaves if isinstance(argument, Aggregate) else [argument])
        outer = self.memory, self.exits, self.scopes, self.targets, self.result, self.active
        self.memory, self.exits, self.scopes, self.targets = memory, [], [self.scopes[0], scope], {}
        self.result, self.active = function.result, (*self.active, name)
        try:
            alive = self.statement(function.definition.body)
            del self.memory[len(result) :]
            self.arrive("return", alive)
            if self.exits:
                raise Unsupported(node, "cannot follow a jump backwards")
            returned = [self.slot(self.memory, k, type) for k, type in enumerate(result)]
        finally:
            self.memory, self.exits, self.scopes, self.targets, self.result, self.active = outer
        if function.result is None or isinstance(function.result, Scalar):
            return returned[0] if returned else self._zero(None)
        return Aggregate(function.result, returned)

    def _zero(self, type: CType | None) -> Value:
        if type is None or isinstance(type, Scalar):
            return self.builder.constant(0, type or INT)
        return Aggregate(type, [self.builder.constant(0, leaf) for leaf in leaves(type)])

    def _opaque(self, arguments: list[Value], type: CType | None) -> Value:
        if type is None:
            return self._zero(None)
        if isinstance(type, Scalar):
            return self._opaque_leaf(arguments, type)
        return Aggregate(type, [self._opaque_leaf(arguments, leaf) for leaf in leaves(type)])

    def _opaque_leaf(self, arguments: list[Value], type: Scalar) -> int:
        """A value of which only that it depends on the arguments is known."""
        nodes = [n for a in arguments for n in (a.leaves if isinstance(a, Aggregate) else [a])]
        read = [self.builder.cast(n, type) for n in nodes] or [self.builder.constant(0, type)]
        value, *others = read if len(read) > 1 else read * 2
        for other in others:
            value = self.builder.add("opaque", type, value, other)
        return value

    def _function(self, name: str) -> Function:
        if name not in self._functions:
            definition = self._definitions[name]
            signature = definition.decl.type
            result = None if _names(signature.type) == ["void"] else self.declarations.type_of(signature.type)
            parameters = [
                (p.name, self.declarations.type_of(p.type))
                for p in (signature.args.params if signature.args else [])
                if _names(p.type) != ["void"]
            ]
            if any(size(t) > MOST_SLOTS for t in [result or INT, *(t for _, t in parameters)]):
                raise Unsupported(definition, "what it takes or gives has too many members to follow")
            self._functions[name] = Function(definition, result, parameters)
        return self._functions[name]


def _names(node: c_ast.Node) -> list[str]:
    while isinstance(node, c_ast.TypeDecl | c_ast.Typename | c_ast.Decl):
        node = node.type
    return node.names if isinstance(node, c_ast.IdentifierType) else []
