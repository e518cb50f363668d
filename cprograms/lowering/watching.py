"""An abstract run of a function: it knows nothing of numbers, and notes what is read and written of some objects."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from pycparser import c_ast

from cprograms.budget import tick
from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder, Node
from cprograms.libm import Interval
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.interface import leaf_places
from cprograms.lowering.state import UNSET, Index, Null, Object, Place, Slot, State, Target
from cprograms.lowering.values import Value, leaves, scalar_of, size
from cprograms.lowering.variables import Variables
from cprograms.types import Array, Leaf, Pointer, Scalar, Void


@dataclass
class Access:
    """Which leaves of an object are read before they are written, and which are written, by their numbers as
    `cprograms.types.paths` has them; `extent` elements of it are used.

    `unbounded` is where an index is met of which it is not known how far it goes, `outside` where one leaves what such
    an object may have, `lost` where it is not known what is done with an object of which the extent is to be found
    out, and `pointer` where a pointer in the object is used.
    """

    read: set[int] = field(default_factory=set)
    written: set[int] = field(default_factory=set)
    extent: int = 1
    unbounded: c_ast.Node | None = None
    outside: c_ast.Node | None = None
    lost: c_ast.Node | None = None
    pointer: c_ast.Node | None = None

    @property
    def clear(self) -> bool:
        """Whether all of it could be followed."""
        return self.unbounded is self.outside is self.lost is self.pointer is None


class EnoughError(Exception):
    """Enough is known of a function: what it does cannot be followed."""


class AnyBuilder(GraphBuilder):
    """Keeps of floating-point numbers no more than that they are some, and of integers what indices are made of."""

    def __init__(self) -> None:
        super().__init__()
        self.unwritten: dict[int, int] = {}
        """The slot whose initial content each node stands for."""
        self._contents: dict[tuple[int, str], int] = {}
        self._shared: dict[tuple[str, str, tuple[int, ...], int | float | str], int] = {}

    def _intern(self, node: Node) -> int:
        whole = node.type.is_integer or node.op != "const"
        key = (node.op, node.type.code, node.children, node.value if whole else repr(node.value))
        if key not in self._shared:
            self._shared[key] = self._new(node)
        return self._shared[key]

    def _new(self, node: Node) -> int:
        tick(10)
        self.operators += node.op != "const"
        self.nodes.append(node)
        return len(self.nodes) - 1

    def content(self, slot: int, type: Scalar) -> int:
        """What stands for the initial content of a slot."""
        key = (slot, type.code)
        if key not in self._contents:
            node = self._contents[key] = self._new(Node("arg", type, (), slot))
            self.unwritten[node] = slot
        return self._contents[key]

    def carry(self, index: int, type: Scalar, before: int) -> int:
        """No two loops have one, as what is known of it is known of one loop."""
        return self._new(Node("carry", type, (before,), index))

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
        return self._new(Node("opaque", type)) if type.is_integer else self._intern(Node("opaque", type))

    def origin(self, node: int) -> int | None:
        """The slot whose initial content a node may be."""
        while node not in self.unwritten:
            n = self.nodes[node]
            if n.op not in ("carry", "loop"):
                return None
            node = n.children[0 if n.op == "carry" else 2]
        return self.unwritten[node]


class AnyBounds(Bounds):
    """Of arguments nothing is known."""

    def __init__(self, builder: AnyBuilder) -> None:
        super().__init__(builder, np.zeros((0, 2)))

    def _raw(self, node: Node) -> Interval | None:
        return None if node.op == "arg" else super()._raw(node)


class Watched(Variables):
    """Notes what is read and written of the objects that are `watched`."""

    def __init__(self, builder: GraphBuilder, bounds: Bounds, state: State, conditions: Conditions) -> None:
        super().__init__(builder, bounds, state, conditions)
        assert isinstance(builder, AnyBuilder)
        self.any = builder
        self.patience = 0
        """What is still read once something could not be followed. Then EnoughError is raised."""
        self._blamed = False
        self._objects: dict[int, tuple[str, Place]] = {}
        self._accesses: dict[str, Access] = {}
        self._reads: set[int] = set()
        self._writes: set[int] = set()
        self._content: dict[int, int] = {}
        """What stands for the initial content of the slots that were read."""

    def watch(self, name: str, place: Place) -> None:
        """Put into an object what tells that it was not written yet; pointers that are known stay."""
        memory = self._state.memory
        for at, leaf in enumerate(leaves(place.object.type), place.offset):
            if not isinstance(leaf, Pointer):
                memory[at] = self.any.content(at, scalar_of(leaf))
            elif isinstance(memory[at], int):
                memory[at] = Null(1 + at)
        self._objects[place.offset] = (name, place)

    def access(self, name: str) -> Access:
        """What is known of a watched object, but for what is read and written of it."""
        return self._accesses.setdefault(name, Access())

    def found(self, name: str) -> Access:
        """What is known of a watched object."""
        access = self.access(name)
        place = next(place for known, place in self._objects.values() if known == name)
        used = place
        if place.object.open and isinstance(place.type, Array):
            used = place._replace(type=Array(place.type.element, access.extent))
        for number, part in enumerate(leaf_places(used)):
            slots = range(part.offset, part.offset + 1) if part.bytes is None else _covered(place)
            if any(slot in self._reads for slot in slots):
                access.read.add(number)
            if any(slot in self._writes for slot in slots):
                access.written.add(number)
        return access

    def slots_read(self, place: Place) -> list[int]:
        """The slots of a watched object, counted from its first, that are read before they are written."""
        return [slot - place.offset for slot in _covered(place) if slot in self._reads]

    def slots_written(self, place: Place) -> list[int]:
        """The slots of a watched object, counted from its first, that may be written."""
        return [slot - place.offset for slot in _covered(place) if slot in self._writes]

    def is_unset(self, held: Slot) -> bool:
        """Whether it may be what a watched object held at the beginning."""
        return self._origin(held) is not None

    def _origin(self, held: Slot) -> int | None:
        return self.any.origin(held) if isinstance(held, int) and held != UNSET else None

    def passed(self, place: Place, read: Iterable[int], written: Mapping[int, int], sure: Collection[int]) -> None:
        """A function reads some slots from a place on, and then puts nodes into some; into those that are not `sure`
        only perhaps."""
        memory = self._state.memory
        for at in read:
            if (origin := self._origin(memory[place.offset + at])) is not None:
                self._reads.add(origin)
        for at, node in written.items():
            slot = place.offset + at
            self._write(slot, 1)
            if at in sure or not self.is_unset(memory[slot]):
                memory[slot] = node

    def used(self, place: Place, slots: int) -> None:
        """A function works on so many slots from a place on, which are of its object."""
        object = place.object
        if not object.fixed:
            self._state.outermost = min(self._state.outermost, object.start)
        if object.open and (access := self._access(object)) is not None:
            self._reaches(access, object, place.offset + slots)

    # What a run does

    def lose(self, slots: list[tuple[int, Leaf]], node: c_ast.Node) -> list[int]:
        for at, _ in slots:
            self.follows(self._state.memory[at], node)
        return super().lose(slots, node)

    def lost(self, object: Object, node: c_ast.Node) -> None:
        """Note that it is not known what becomes of an object."""
        if object.open and (access := self._access(object)) is not None:
            access.lost = access.lost or node
            self._blame()

    def _blame(self) -> None:
        """Something could not be followed."""
        self._blamed = True
        if not self.patience:
            raise EnoughError

    def _access(self, object: Object) -> Access | None:
        known = self._objects.get(object.start)
        return None if known is None or object.fixed else self._accesses.setdefault(known[0], Access())

    def slot(self, slots: list[Slot], offset: int, leaf: Leaf, node: c_ast.Node) -> Slot:
        found = super().slot(slots, offset, leaf, node)
        if self._state.typing or not isinstance(found, int) or (origin := self._origin(found)) is None:
            return found
        # What was read is some number: it may be put elsewhere, where it is not what was there at the beginning.
        self._reads.add(origin)
        if origin not in self._content:
            self._content[origin] = self.any.any(self._builder.nodes[found].type)
        return self._content[origin]

    def follows(self, target: Slot, node: c_ast.Node) -> None:
        """Note where what a pointer in a watched object points to is needed."""
        if isinstance(target, Null) and target.number and not self._state.typing:
            start = max((s for s in self._objects if s < target.number), default=0)
            if (access := self._access(self._objects[start][1].object)) is not None:
                access.pointer = access.pointer or node
                self._blame()

    def _write(self, start: int, length: int) -> None:
        self._writes.update(range(start, start + length))

    def _load_slot(self, place: Place, k: int, leaf: Leaf, node: c_ast.Node) -> Slot:
        if not place.indices or not isinstance(leaf, Scalar) or leaf.is_integer:
            return super()._load_slot(place, k, leaf, node)
        if self._access(place.object) is not None:  # of others it was noted when they were copied
            possible = self._possible(place.offset + k, place.indices)
            if not self._reads.issuperset(possible):
                memory = self._state.memory
                self._reads.update(o for at in possible if (o := self._origin(memory[at])) is not None)
        return self.any.any(leaf)

    def _store_slots(self, place: Place, new: list[Slot], node: c_ast.Node) -> None:
        if not place.indices or not all(isinstance(slot, int) for slot in new):
            super()._store_slots(place, new, node)
            return
        memory, kinds = self._state.memory, [self._builder.nodes[n].type for n in new if isinstance(n, int)]
        for start in self._possible(place.offset, place.indices):
            self._write(start, len(new))
            for at, type in enumerate(kinds, start):
                if not self.is_unset(memory[at]):
                    memory[at] = self.any.any(type)

    def _possible(self, offset: int, indices: tuple[Index, ...]) -> list[int]:
        """The slots that a place may begin at."""
        found = [offset]
        for index, length, stride in indices:
            low, high = self._bounds.of(index) or (0, length)
            moves = range(max(int(low), 0) * stride, (min(int(high), length - 1) + 1) * stride, stride)
            found = [at + move for at in found for move in moves]
        return found

    def load(self, target: Target, node: c_ast.Node) -> Value:
        if (found := self._variable(target)) is not None:
            return found
        self.follows(target, node)
        if self._blamed:
            self.patience -= 1
            self._blame()
        return super().load(target, node)

    def _variable(self, target: Target) -> int | None:
        """What a variable of a number holds, which most that is read is; None for all else."""
        if not isinstance(target, Place) or target.type is not target.object.type or self._blamed:
            return None
        object, state = target.object, self._state
        slots = state.constants if object.fixed else state.memory
        held = slots[object.start] if isinstance(object.type, Scalar) and object.start < len(slots) else UNSET
        if not isinstance(held, int) or held == UNSET or self.any.nodes[held].op in ("arg", "carry", "loop"):
            return None
        if not object.fixed and object.start < state.outermost:
            state.outermost = object.start
        return held

    def store(self, target: Target, value: Value, node: c_ast.Node) -> Value:
        self.follows(target, node)
        return super().store(target, value, node)

    def region(self, target: Target, length: int, node: c_ast.Node) -> list[tuple[int, int, Place]]:
        self.follows(target, node)
        return super().region(target, length, node)

    def _touched(self, place: Place, node: c_ast.Node) -> Place:
        access = self._access(place.object) if place.object.open and not self._state.typing else None
        if access is None:
            return super()._touched(place, node)
        try:
            found = super()._touched(place, node)
        except Unsupported:
            access.outside = access.outside or node
            self._blame()
            raise
        self._extend(access, place, node)
        return found

    def _extend(self, access: Access, place: Place, node: c_ast.Node) -> None:
        """Note how far out a place lies in an object of unknown extent."""
        end = place.offset + (1 if isinstance(place.type, Void) else size(place.type))
        for index in place.indices:
            low, high = self._bounds.of(index.node) or (-1, index.length)
            if low < 0 or high >= index.length:
                access.unbounded = access.unbounded or node
                self._blame()
                return
            end += int(high) * index.stride
        self._reaches(access, place.object, end)

    def _reaches(self, access: Access, object: Object, end: int) -> None:
        assert isinstance(object.type, Array)
        stride = max(size(object.type.element), 1)
        access.extent = max(access.extent, -(-(end - object.start) // stride))


def _covered(place: Place) -> range:
    return range(place.offset, place.offset + size(place.object.type))
