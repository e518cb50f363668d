"""What a function reads and writes of the objects that its pointers point to: found by following it without numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.frontend.normalise import walk
from cprograms.graph import GraphBuilder, Node
from cprograms.libm import Interval
from cprograms.lowering import pointers
from cprograms.lowering.attempts import TooLongError
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.calls import Calls
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.interface import globals_are_set_up, leaf_places
from cprograms.lowering.stages import Stages, stages_of
from cprograms.lowering.state import Index, Null, Object, Place, Slot, State, Target
from cprograms.lowering.unit import Definition
from cprograms.lowering.values import Value, leaves, nodes_of, scalar_of, size, value_of
from cprograms.lowering.variables import Variables
from cprograms.types import Array, CType, Leaf, Pointer, Scalar, Void, leaf_count

OPEN = 80
"""Elements that a pointer of unknown extent may turn out to have."""
_MOST_OPEN = 1024
_WITHOUT_BOUND = 1_000_000


@dataclass(frozen=True)
class Given:
    """A parameter: its type; where that is a pointer, what it points to and how many of these there are, None where
    that is to be found out; and the number that it always has, where it has one."""

    name: str
    type: CType
    element: CType | None = None
    extent: int | None = None
    fixed: int | float | None = None


@dataclass
class Access:
    """Which leaves of an object are read before they are written, and which are written, by their numbers as
    `cprograms.types.paths` has them; `extent` elements of it are used.

    `unbounded` is where an index is met of which it is not known how far it goes, `outside` where one leaves what such
    an object may have, and `pointer` where a pointer in the object is used.
    """

    read: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    extent: int = 1
    unbounded: c_ast.Node | None = None
    outside: c_ast.Node | None = None
    pointer: c_ast.Node | None = None


def accesses(
    unit: c_ast.FileAST, entry: str, given: Sequence[Given], mutable: Sequence[str]
) -> dict[str, Access] | None:
    """The accesses to what the pointers among the parameters point to, and to the mutable globals, by name.

    None where the function cannot be followed at all.
    """
    builder = _Builder()
    bounds = _Unbounded(builder, np.zeros((0, 2)))
    stages = stages_of(
        unit, builder, bounds, _Watched, _Calls, max_nodes=_WITHOUT_BOUND, unroll=_WITHOUT_BOUND, hasty=True
    )
    watched = stages.variables
    assert isinstance(watched, _Watched)
    globals_are_set_up(stages, mutable)
    places = {name: stages.state.globals[name] for name in mutable if name in stages.state.globals}
    places |= {g.name: _placed(stages, g) for g in given if g.element is not None}
    for name, place in places.items():
        _watch(watched, stages, name, place)
    try:
        assert isinstance(stages.calls, _Calls)
        stages.calls.leave_out = _aside(unit, {*mutable})
        stages.calls.entry(entry, [_value(stages, g, places) for g in given])
    except (Unsupported, RecursionError, TooLongError):
        return None
    return {name: watched.found(name) for name in places}


def _placed(stages: Stages, given: Given) -> Place:
    assert given.element is not None
    count = given.extent
    if count is None:
        count = max(2, min(OPEN, _MOST_OPEN // max(leaf_count(given.element), 1)))
    type = Array(given.element, count)
    return stages.state.allocate(type, [0] * size(type), open=given.extent is None)


def _watch(watched: _Watched, stages: Stages, name: str, place: Place) -> None:
    """Put into an object what tells that it was not written yet."""
    memory = stages.state.memory
    for k, leaf in enumerate(leaves(place.object.type)):
        at = place.offset + k
        if isinstance(leaf, Pointer):
            memory[at] = Null(1 + at)
        else:
            memory[at] = watched.initial(at, scalar_of(leaf))
    watched.objects[place.offset] = (name, place)


def _value(stages: Stages, given: Given, places: Mapping[str, Place]) -> Value:
    """What the entry is called with."""
    build = stages.builder
    if given.element is not None:
        return pointers.decayed(places[given.name])
    if given.fixed is not None and isinstance(given.type, Scalar):
        return build.constant(given.fixed, given.type)
    slots: list[Slot] = []
    for leaf in leaves(given.type):
        unknown = -1 - len(build.nodes)
        slots.append(Null() if isinstance(leaf, Pointer) else build.argument(unknown, scalar_of(leaf)))
    return value_of(given.type, slots)


def _aside(unit: c_ast.FileAST, touched: set[str]) -> frozenset[str]:
    """The functions that have to do with none of some objects and functions, whatever they call."""
    functions = [n for n in unit.ext if isinstance(n, c_ast.FuncDef)]
    names = {f.decl.name: {n.name for n in walk(f.body) if isinstance(n, c_ast.ID)} for f in functions}
    found = {name for name, used in names.items() if used & touched or name in touched}
    while more := {name for name, used in names.items() if name not in found and used & found}:
        found |= more
    return frozenset(names.keys() - found)


class _Calls(Calls):
    """Does not follow calls that have to do with floating-point numbers alone."""

    leave_out: frozenset[str] = frozenset()

    def _summary(self, name: str, function: Definition, arguments: list[Value]) -> Value | None:
        if name not in self.leave_out or function.result is None or not self._state.active:
            return None
        if not all(isinstance(leaf, Scalar) and not leaf.is_integer for leaf in leaves(function.result)):
            return None
        if any(not isinstance(slot, int) for argument in arguments for slot in nodes_of(argument)):
            return None
        assert isinstance(self._builder, _Builder)
        return value_of(
            function.result, [self._builder.any(x) for x in leaves(function.result) if isinstance(x, Scalar)]
        )


class _Unbounded(Bounds):
    """Of arguments nothing is known."""

    def _raw(self, node: Node) -> Interval | None:
        return None if node.op == "arg" else super()._raw(node)


class _Builder(GraphBuilder):
    """Keeps of floating-point numbers no more than that they are some, and of integers what indices are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.unwritten: dict[int, int] = {}
        """The slot whose initial content each node stands for."""
        self._anything = 0

    def add(self, op: str, type: Scalar, *children: int) -> int:
        if op == "sel":
            # What may not be written yet counts as not written.
            for child in children[1:]:
                if self.origin(child) is not None:
                    return child
        whole = type.is_integer and all(self.nodes[c].type.is_integer for c in children)
        if op != "loop" and not whole and any(self.nodes[c].op != "const" for c in children):
            return self.any(type)
        return super().add(op, type, *children)

    def any(self, type: Scalar) -> int:
        """A node of which nothing is known. Integers are not the same as others: they may be indices."""
        self._anything += type.is_integer
        return self._intern(Node("opaque", type, (), self._anything if type.is_integer else 0))

    def origin(self, node: int) -> int | None:
        """The slot whose initial content a node may be."""
        while node not in self.unwritten:
            n = self.nodes[node]
            if n.op not in ("carry", "loop"):
                return None
            node = n.children[0 if n.op == "carry" else 2]
        return self.unwritten[node]


class _Watched(Variables):
    def __init__(self, builder: GraphBuilder, bounds: Bounds, state: State, conditions: Conditions) -> None:
        super().__init__(builder, bounds, state, conditions)
        assert isinstance(builder, _Builder)
        self._watching = builder
        self.objects: dict[int, tuple[str, Place]] = {}
        self._accesses: dict[str, Access] = {}
        self._reads: set[int] = set()
        self._writes: set[int] = set()
        self._at: c_ast.Node = c_ast.EmptyStatement()

    def initial(self, slot: int, type: Scalar) -> int:
        node = self._builder.argument(slot, type)
        self._watching.unwritten[node] = slot
        return node

    def found(self, name: str) -> Access:
        access = self._accesses.setdefault(name, Access())
        place = next(place for known, place in self.objects.values() if known == name)
        for number, part in enumerate(leaf_places(place)):
            slots = range(part.offset, part.offset + 1) if part.bytes is None else _covered(place)
            if any(slot in self._reads for slot in slots):
                access.read.add(number)
            if any(slot in self._writes for slot in slots):
                access.written.add(number)
        return access

    def _access(self, object: Object) -> Access | None:
        known = self.objects.get(object.start)
        return None if known is None or object.fixed else self._accesses.setdefault(known[0], Access())

    def _read(self, slot: Slot) -> None:
        if isinstance(slot, int) and slot >= 0 and (origin := self._watching.origin(slot)) is not None:
            self._reads.add(origin)
        elif isinstance(slot, Null) and slot.number:
            start = max((s for s in self.objects if s < slot.number), default=0)
            if (access := self._access(self.objects[start][1].object)) is not None:
                access.pointer = access.pointer or self._at

    def _write(self, start: int, length: int) -> None:
        self._writes.update(range(start, start + length))

    def _indexed(
        self, slots: list[Slot], offset: int, indices: tuple[Index, ...], leaf: Leaf, node: c_ast.Node
    ) -> Slot:
        if not isinstance(leaf, Scalar) or leaf.is_integer:
            return super()._indexed(slots, offset, indices, leaf, node)
        for at in self._possible(offset, indices):
            self.slot(slots, at, leaf, node)
        return self._watching.any(leaf)

    def _store_slots(self, place: Place, new: list[Slot], node: c_ast.Node) -> None:
        if not place.indices or not all(isinstance(slot, int) for slot in new):
            super()._store_slots(place, new, node)
            return
        memory = self._state.memory
        for start in self._possible(place.offset, place.indices):
            self._write(start, len(new))
            for at, slot in enumerate(new, start):
                held = memory[at]
                if isinstance(slot, int) and not (isinstance(held, int) and held >= 0 and self._maybe_unset(held)):
                    memory[at] = self._watching.any(self._builder.nodes[slot].type)

    def _maybe_unset(self, node: int) -> bool:
        return self._watching.origin(node) is not None

    def _possible(self, offset: int, indices: tuple[Index, ...]) -> Iterator[int]:
        """The slots that a place may begin at."""
        if not indices:
            yield offset
            return
        (index, length, stride), *rest = indices
        low, high = self._bounds.of(index) or (0, length)
        for k in range(max(int(low), 0), min(int(high), length - 1) + 1):
            yield from self._possible(offset + k * stride, tuple(rest))

    def load(self, target: Target, node: c_ast.Node) -> Value:
        self._at = node
        return super().load(target, node)

    def _touched(self, place: Place, node: c_ast.Node) -> Place:
        access = self._access(place.object) if place.object.open else None
        if access is None:
            return super()._touched(place, node)
        try:
            found = super()._touched(place, node)
        except Unsupported:
            access.outside = access.outside or node
            raise
        self._extend(access, place, node)
        return found

    def _extend(self, access: Access, place: Place, node: c_ast.Node) -> None:
        """Note how far out a place lies in an object of unknown extent."""
        end = place.offset - place.object.start + (1 if isinstance(place.type, Void) else size(place.type))
        for index in place.indices:
            low, high = self._bounds.of(index.node) or (-1, index.length)
            if low < 0 or high >= index.length:
                access.unbounded = access.unbounded or node
                return
            end += int(high) * index.stride
        assert isinstance(place.object.type, Array)
        stride = max(size(place.object.type.element), 1)
        access.extent = max(access.extent, -(-end // stride))


def _covered(place: Place) -> range:
    return range(place.offset, place.offset + size(place.object.type))
