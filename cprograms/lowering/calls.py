"""Calls of the program's functions, which are inlined, and of the C library's."""

from __future__ import annotations

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering import libm
from cprograms.lowering.attempts import Attempts, TooLongError
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow
from cprograms.lowering.state import RETURN, UNSET, Place, State
from cprograms.lowering.statements import Statements
from cprograms.lowering.unit import Definition, TranslationUnit
from cprograms.lowering.values import Aggregate, Value, convert, leaves, nodes_of, opaque, value_of, zero
from cprograms.lowering.variables import Variables
from cprograms.types import DOUBLE

DEEPEST = 24
"""Recursive calls within each other that are followed: each takes some twenty frames of Python's stack."""


class _RecursionFoundError(Exception):
    """A function called itself that was not known to."""


class Calls:
    """Lowers calls, and the entry as the first of them. At most `unroll` recursive calls are followed.

    Where the graph is to be executed, what is not followed is Unsupported instead of opaque.
    """

    def __init__(
        self,
        builder: GraphBuilder,
        unit: TranslationUnit,
        state: State,
        attempts: Attempts,
        variables: Variables,
        flow: Flow,
        expressions: Expressions,
        statements: Statements,
        unroll: int,
        executable: bool,
    ) -> None:
        self._builder, self._unit, self._state, self._attempts = builder, unit, state, attempts
        self._variables, self._flow, self._expressions, self._statements = variables, flow, expressions, statements
        self._deepest, self._executable = min(unroll, DEEPEST), executable
        # What is known of the functions and their calls stays known where an attempt is given up.
        self._returned: dict[tuple[object, ...], Value] = {}
        self._recursive: set[str] = set()
        self._cut: set[str] = set()  # recursive functions whose inner calls are not followed
        self._lost: set[str] = set()  # functions that cannot be followed

    def entry(self, name: str, arguments: list[Value]) -> Value:
        """The value of the program's entry."""
        start = self._state.snapshot()
        while True:
            try:
                return self._follow(name, arguments, c_ast.EmptyStatement())
            except _RecursionFoundError:
                self._state.restore(start)

    def call(self, node: c_ast.FuncCall) -> Value:
        """The value of a call in an expression; 0 for a void function's."""
        name = node.name.name if isinstance(node.name, c_ast.ID) else ""
        arguments = [self._expressions.expression(a) for a in node.args.exprs] if node.args is not None else []
        if self._unit.defines(name):
            return self._follow(name, arguments, node)
        known = libm.call(self._builder, name, [a for a in arguments if not isinstance(a, Aggregate)])
        if known is not None:
            return known
        if self._executable:
            raise Unsupported(node, f"the graph does not know '{name}'")
        prototype = self._unit.prototypes.get(name)
        return opaque(
            self._builder, arguments, self._unit.declarations.type_of(prototype.type) if prototype else DOUBLE
        )

    def _follow(self, name: str, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a call of one of the program's functions; the same arguments give the same value."""
        function = self._unit.definition(name)
        if self._state.typing:
            return zero(self._builder, function.result)
        if len(arguments) != len(function.parameters):
            raise Unsupported(node, f"'{name}' takes {len(function.parameters)} arguments")
        arguments = [
            convert(self._builder, a, type, node) for a, (_, type) in zip(arguments, function.parameters, strict=True)
        ]
        if name in self._lost or (name in self._cut and name in self._state.active):
            if self._executable:
                raise Unsupported(node, f"the recursion of '{name}' is not known to end soon")
            return opaque(self._builder, arguments, function.result)
        key: tuple[object, ...] = (name, *(tuple(a.leaves) if isinstance(a, Aggregate) else a for a in arguments))
        if self._executable:
            key = (*key, self._state.reached)  # its loops are entered only there
        if key not in self._returned:
            self._returned[key] = self._called(name, function, arguments, node)
        return self._returned[key]

    def _called(self, name: str, function: Definition, arguments: list[Value], node: c_ast.Node) -> Value:
        if name in self._state.active:
            self._recurse(name)
        try:
            if name in self._recursive and name not in self._state.active:
                value = self._attempts.attempt(lambda: self._inline(name, function, arguments, node))
                if value is not None:
                    return value
                self._cut.add(name)
            return self._inline(name, function, arguments, node)
        except Unsupported:
            if self._executable:
                raise
            self._lost.add(name)
            return opaque(self._builder, arguments, function.result)

    def _recurse(self, name: str) -> None:
        """Whether a recursive call may be followed further. The first one starts everything anew, knowing of it."""
        if name not in self._recursive:
            self._recursive.add(name)
            raise _RecursionFoundError
        if self._state.active.count(name) > self._deepest:
            raise TooLongError
        self._attempts.check_size()

    def _inline(self, name: str, function: Definition, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a function's body. The first slots of its memory hold what it returns."""
        state, result = self._state, leaves(function.result) if function.result else ()
        memory = [UNSET] * len(result)
        parameters = {}
        for (parameter, type), argument in zip(function.parameters, arguments, strict=True):
            parameters[parameter] = Place(type, len(memory))
            memory.extend(nodes_of(argument))
        caller = state.enter(name, function.result, memory, parameters)
        try:
            alive = self._statements.statement(function.body)
            del state.memory[len(result) :]
            self._flow.arrive(RETURN, alive)
            if state.exits:
                raise Unsupported(node, "cannot follow a jump backwards")
            returned = [self._variables.slot(state.memory, k, type) for k, type in enumerate(result)]
        finally:
            state.restore(caller)
        return zero(self._builder, None) if function.result is None else value_of(function.result, returned)
