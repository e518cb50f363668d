"""Calls of the program's functions, which are inlined, and of the C library's."""

from __future__ import annotations

import math

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering import libm
from cprograms.lowering.attempts import Attempts, TooLongError
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow
from cprograms.lowering.memory import LIBRARY, Memory
from cprograms.lowering.state import RETURN, UNSET, Either, Null, Object, Place, Routine, Slot, State, Target, whole
from cprograms.lowering.statements import Statements
from cprograms.lowering.unit import Definition, TranslationUnit, is_void
from cprograms.lowering.values import (
    Address,
    Mixture,
    Value,
    convert,
    leaves,
    nodes_of,
    numbers,
    value_of,
    zero,
)
from cprograms.lowering.variables import Variables
from cprograms.names import counted
from cprograms.types import DOUBLE, FLOAT, CType, Pointer

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
        conditions: Conditions,
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
        self._memory = Memory(builder, conditions, variables)
        # What is known of the functions and their calls stays known where an attempt is given up.
        self._returned: dict[tuple[object, ...], Value] = {}
        self._recursive: set[str] = set()
        self._cut: set[str] = set()  # recursive functions whose inner calls are not followed
        self.lost: set[str] = set()  # functions that cannot be followed

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
        callee = self._callee(node.name)
        given = node.args.exprs if node.args is not None else []
        if isinstance(callee, str) and callee.removeprefix("__builtin_") in LIBRARY and not self._unit.defines(callee):
            return self._library(callee.removeprefix("__builtin_"), given, node)
        return self._choose(callee, [self._expressions.expression(a) for a in given], node)

    def _callee(self, node: c_ast.Node) -> str | Target:
        """What is called: a function's name, or what a pointer to one points to."""
        while isinstance(node, c_ast.UnaryOp) and node.op in ("*", "&"):
            node = node.expr
        local = not isinstance(node, c_ast.ID) or self._state.visible(node.name) is not None
        if not local and node.name not in self._unit.globals:
            return str(node.name)
        value = self._expressions.expression(node)
        return value.target if isinstance(value, Address) else Null()

    def _choose(self, callee: str | Target, arguments: list[Value], node: c_ast.Node) -> Value:
        if isinstance(callee, Either):
            yes, no = callee.yes, callee.no
            return self._expressions.either(
                callee.condition,
                lambda: self._choose(yes, arguments, node),
                lambda: self._choose(no, arguments, node),
                node,
            )
        if isinstance(callee, Place | Null):
            raise Unsupported(node, "cannot follow a call through this pointer")
        name = callee.name if isinstance(callee, Routine) else callee
        return self._follow(name, arguments, node) if self._unit.defines(name) else self._known(name, arguments, node)

    def _known(self, name: str, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a call of a function of the C library, or of one that is not defined anywhere."""
        nodes = [a for a in arguments if isinstance(a, int)]
        known = libm.call(self._builder, name, nodes) if len(nodes) == len(arguments) else None
        if known is not None:
            return known
        if name.removeprefix("__builtin_") in ("nan", "nanf", "nanl"):
            type = FLOAT if name.endswith("nanf") else DOUBLE
            return self._builder.constant(math.nan, type)
        prototype = self._unit.prototypes.get(name)
        result = None
        if prototype is None or not is_void(prototype.type):
            result = self._unit.declarations.type_of(prototype.type) if prototype else DOUBLE
        if self._unit.traps(name):
            # Rows that get here end here: what they would have given does not matter.
            return zero(self._builder, result)
        if self._executable:
            raise Unsupported(node, f"the graph does not know '{name}'")
        return self._lost_track(arguments, result, node)

    def _lost_track(self, arguments: list[Value], result: CType | None, node: c_ast.Node) -> Value:
        """What a call that is not followed gives, and leaves in what its arguments point to."""
        written = self._variables.reachable([*arguments, *self._unit_state()])
        read = [n for a in arguments for n in numbers(a)]
        read = list(dict.fromkeys([*read, *self._variables.lose(written, node)]))
        mixed = Mixture(self._builder, read)
        for at, leaf in written:
            self._state.memory[at] = mixed.slot(leaf)
        if result is None:
            return zero(self._builder, None)
        return value_of(result, [mixed.slot(leaf) for leaf in leaves(result)])

    def _unit_state(self) -> list[Value]:
        """The globals that may change, as pointers to them."""
        places = [place for place in self._state.globals.values() if not place.object.fixed]
        return [Address(Pointer(place.type), place) for place in places]

    def _follow(self, name: str, arguments: list[Value], node: c_ast.Node) -> Value:
        """The value of a call of one of the program's functions; the same arguments give the same value."""
        function = self._unit.definition(name)
        if self._state.typing:
            return zero(self._builder, function.result)
        if len(arguments) != len(function.parameters):
            raise Unsupported(node, f"'{name}' takes {counted(len(function.parameters), 'argument')}")
        arguments = [
            convert(self._builder, a, type, node) for a, (_, type) in zip(arguments, function.parameters, strict=True)
        ]
        known = self._summary(name, function, arguments)
        if known is not None:
            return known
        if name in self.lost or (name in self._cut and name in self._state.active):
            if self._executable:
                raise Unsupported(node, f"the recursion of '{name}' is not known to end soon")
            return self._lost_track(arguments, function.result, node)
        key: tuple[object, ...] = (name, *(tuple(nodes_of(a)) for a in arguments))
        if self._executable:
            key = (*key, self._state.reached)  # its loops are entered only there
        if key in self._returned:
            return self._returned[key]
        value, alone = self._called(name, function, arguments, node)
        if alone:
            self._returned[key] = value
        return value

    def _summary(self, name: str, function: Definition, arguments: list[Value]) -> Value | None:
        """The value of a call that need not be followed."""
        return None

    def _called(self, name: str, function: Definition, arguments: list[Value], node: c_ast.Node) -> tuple[Value, bool]:
        """The value of a call, and whether it has to do with nothing but its arguments' values."""
        if name in self._state.active:
            self._recurse(name)
        state, outer = self._state, self._state.outermost
        begin = state.outermost = len(state.memory)
        try:
            if name in self._recursive and name not in state.active:
                value = self._attempts.attempt(lambda: self._inline(name, function, arguments, node))
                if value is not None:
                    return value, state.outermost >= begin
                self._cut.add(name)
            return self._inline(name, function, arguments, node), state.outermost >= begin
        except Unsupported as fault:
            if self._executable:
                raise
            self.lost.add(name)
            place = node if node.coord is not None else fault.node
            return self._lost_track(arguments, function.result, place), False
        finally:
            state.outermost = min(outer, state.outermost)

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
        own: list[Slot] = [UNSET] * len(result)
        parameters = {}
        for (parameter, type), argument in zip(function.parameters, arguments, strict=True):
            parameters[parameter] = whole(Object(type, len(state.memory) + len(own)))
            own.extend(nodes_of(argument))
        caller = state.enter(name, function.result, own, parameters)
        try:
            alive = self._statements.statement(function.body)
            base, end = state.base, state.base + len(result)
            del state.memory[end:]
            self._flow.arrive(RETURN, alive)
            if state.exits:
                raise Unsupported(node, "cannot follow a jump backwards")
            returned = [self._variables.slot(state.memory, base + k, type, node) for k, type in enumerate(result)]
            memory = state.memory[:base]
        finally:
            state.restore(caller)
        state.memory = memory
        return zero(self._builder, None) if function.result is None else value_of(function.result, returned)

    # Functions of the C library that work on memory

    def _library(self, name: str, given: list[c_ast.Node], node: c_ast.FuncCall) -> Value:
        arguments = [self._expressions.expression(a) for a in given]
        if len(arguments) != LIBRARY[name]:
            raise Unsupported(node, f"'{name}' takes {counted(LIBRARY[name], 'argument')}")
        result = self._memory.result(name)
        if self._state.typing:
            return zero(self._builder, result)
        try:
            return self._memory.call(name, arguments, node)
        except Unsupported:
            if self._executable:
                raise
            return self._lost_track(arguments, result, node)
