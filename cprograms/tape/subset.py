"""The language of tape programs: which functions belong to it, and every place where one leaves it."""

from __future__ import annotations

from collections.abc import Iterator

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.scope import Entity, FileScope
from cprograms.frontend.subset import prepare
from cprograms.tape.definitions import check_function, check_object
from cprograms.tape.kinds import Kind
from cprograms.tape.names import Definition, Names
from cprograms.trees import walk

NEEDS = "a tape program is void f(int *mem): it reads the tape and leaves its results there"
MAX_NODES = 10_000
"""Nodes that a program may have once its helpers stand where they are called."""


class TapeSubset:
    """Checks the functions and constants of a unit, each once.

    With `recursion`, functions may lead back to themselves, where no array of theirs has one place on the tape.
    """

    def __init__(self, scope: FileScope, bits: bool = False, recursion: bool = False):
        self._scope = scope
        self._bits = bits
        self._recursion_allowed = recursion
        self._checked: dict[str, Definition] = {}

    def check(self, name: str) -> Definition:
        if name not in self._checked:
            self._checked[name] = Definition()  # what a constant that counts on itself finds
            self._checked[name] = self._check(self._scope.lookup(name))
        return self._checked[name]

    def _check(self, entity: Entity | None) -> Definition:
        if entity is None or entity.fault is not None:
            return Definition([] if entity is None or entity.fault is None else [entity.fault])
        if entity.kind not in ("function", "object"):
            return Definition()
        try:
            prepare(entity, self._scope)
            names = Names(self._scope, entity.chunk, self._value_of, self._bits)
            check = check_function if entity.kind == "function" else check_object
            return check(names, entity.node)
        except Unsupported as fault:
            return Definition([fault])
        except RecursionError:
            place = c_ast.EmptyStatement(coord=entity.chunk.coord)
            return Definition([Unsupported(place, f"'{entity.name}' counts on too many constants")])

    def _value_of(self, entity: Entity) -> int | None:
        return self.check(entity.name).value

    def needed(self, name: str) -> dict[str, Entity | None]:
        """Everything that a function needs, itself included and last; what others need comes before them."""
        found: dict[str, Entity | None] = {}
        self._add_needed(name, found, set())
        return found

    def _add_needed(self, name: str, found: dict[str, Entity | None], open: set[str]) -> None:
        stack: list[tuple[str, Iterator[str]]] = [(name, iter(self.check(name).needs))]
        open.add(name)
        while stack:
            current, others = stack[-1]
            following = next((o for o in others if o not in open), None)
            if following is None:
                found[current] = self._scope.lookup(current)
                stack.pop()
            else:
                open.add(following)
                stack.append((following, iter(self.check(following).needs)))

    def faults(self, name: str) -> list[Unsupported]:
        """Why a function cannot be the entry of a tape program: its own faults, and those of what it needs."""
        needed = self.needed(name)
        found = [fault for other in needed for fault in self.check(other).faults]
        recursive = self._recursion(list(needed))
        too_long = [] if recursive else self._length(name, list(needed))
        if recursive and self._recursion_allowed:
            recursive = self._arrays(list(needed))
        return [*self._signature(name), *found, *recursive, *too_long]

    def takes_tape(self, name: str) -> bool:
        """Whether a function has the form of an entry, whatever stands in it."""
        entity = self._scope.lookup(name)
        return entity is not None and isinstance(entity.node, c_ast.FuncDef) and not self._signature(name)

    def _signature(self, name: str) -> list[Unsupported]:
        """What keeps a function's parameters and result from being an entry's, beside their types."""
        entity = self._scope.lookup(name)
        if entity is None or not isinstance(entity.node, c_ast.FuncDef):
            return []
        kinds = Names(self._scope, entity.chunk, self._value_of).kinds_of(entity)
        faults = []
        if kinds.result in (Kind.INT, Kind.BOOL):
            message = f"'{name}' returns a value; a tape program leaves its results on the tape"
            faults.append(Unsupported(entity.node.decl, message, f"declare it void {name}(int *mem)"))
        if len(kinds.parameters) != 1 or kinds.parameters[0] not in (Kind.TAPE, None):
            takes = {0: "nothing", 1: "a number"}.get(len(kinds.parameters), f"{len(kinds.parameters)} arguments")
            message = f"'{name}' takes {takes}; a tape program takes the tape alone"
            hint = f"declare it void {name}(int *mem); a function of numbers compiles with --target mlp"
            faults.append(Unsupported(entity.node.decl, message, hint))
        return faults

    def _recursion(self, needed: list[str]) -> list[Unsupported]:
        """The calls that lead back to where they stand; `needed` has callees before callers but for these."""
        place = {name: k for k, name in enumerate(needed)}
        calls = [(name, call) for name in needed for call in self.check(name).calls]
        return [
            Unsupported(
                call,
                f"'{name}' calls {'itself' if name == call.name.name else repr(call.name.name)}, and so never ends "
                "being inlined: recursion is not supported",
                "write a loop; a stack of your own can lie on the tape",
            )
            for name, call in calls
            if place[call.name.name] >= place[name]
        ]

    def _arrays(self, needed: list[str]) -> list[Unsupported]:
        """The local arrays of a program that recurses."""
        message = "a local array of a program that recurses would need cells for every call"
        return [
            Unsupported(array, f"'{array.name}': {message}", "keep it on the tape")
            for name in needed
            for array in self.check(name).arrays
        ]

    def _length(self, name: str, needed: list[str]) -> list[Unsupported]:
        """Helpers are inlined, so that a chain of them can double with every link."""
        nodes: dict[str, int] = {}
        for other in needed:
            definition = self.check(other)
            own = sum(1 for _ in walk(definition.function)) if definition.function is not None else 0
            nodes[other] = own + sum(nodes[call.name.name] for call in definition.calls)
        if nodes[name] <= MAX_NODES:
            return []
        entity = self._scope.lookup(name)
        assert entity is not None
        place = entity.node.decl if isinstance(entity.node, c_ast.FuncDef) else c_ast.EmptyStatement()
        return [Unsupported(place, f"'{name}' is too long with its helpers inlined", "call fewer helpers")]
