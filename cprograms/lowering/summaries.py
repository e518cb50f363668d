"""What functions do with what their pointers point to, each followed once for all calls that are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.libm import Interval
from cprograms.lowering.attempts import TooLongError
from cprograms.lowering.calls import Calls
from cprograms.lowering.interface import globals_are_set_up
from cprograms.lowering.stages import Stages, stages_of
from cprograms.lowering.state import UNSET, Either, Index, Null, Place, Routine, Slot
from cprograms.lowering.unit import Definition, TranslationUnit
from cprograms.lowering.values import Value, leaves, nodes_of, size, value_of, zero
from cprograms.lowering.watching import AnyBounds, AnyBuilder, EnoughError, Watched
from cprograms.standard import ERRNO
from cprograms.types import INT, SCALARS, Array, CType, Pointer, Scalar, Void, leaf_count

OPEN = 80
"""Elements that a pointer of unknown extent may turn out to have."""
MOST_ROUNDS = 4
"""Times that a function which calls itself is followed."""
_MOST_OPEN = 256
_WITHOUT_BOUND = 1 << 60
_LONG = SCALARS["i64"]


class Anything(NamedTuple):
    """A number of which no more is known than its type, and of an integer the least and the greatest that it can be."""

    type: Scalar
    interval: Interval | None = None


class Number(NamedTuple):
    type: Scalar
    value: int | float


class Moved(NamedTuple):
    """A pointer so many slots behind what an argument's slot points to."""

    slot: int
    by: int
    type: CType | Void


class Pointed(NamedTuple):
    """A pointer to elements of a type."""

    element: CType


Known = Anything | Number | Null | Routine | Place | Pointed
"""What is known of what is in a slot: a place is that of a constant."""
Returned = Anything | Number | Null | Routine | Place | Moved
Key = tuple[str, tuple[Known, ...]]
"""A function, and what is in each slot of its arguments."""


class Touched(NamedTuple):
    """What happens to what an argument points to, by slots from there: `sure` of those written are in any case."""

    slots: int
    read: tuple[int, ...]
    written: dict[int, Anything | Number]
    sure: frozenset[int]


@dataclass(frozen=True)
class Summary:
    """What a call does to what its arguments point to, by their slots, and what it returns."""

    touched: dict[int, Touched]
    returned: tuple[Returned, ...]

    def widened(self) -> Summary:
        """The same where nothing is known of the numbers that it gives."""
        touched = {
            k: t._replace(written={at: Anything(w.type) for at, w in t.written.items()})
            for k, t in self.touched.items()
        }
        return Summary(
            touched, tuple(Anything(r.type) if isinstance(r, Anything | Number) else r for r in self.returned)
        )


class Summaries:
    """Of the functions of a unit. Those that `touch` objects that may change are followed anew at each call."""

    def __init__(self, unit: TranslationUnit) -> None:
        self._unit = unit
        self.touch: Callable[[str], bool] = lambda name: False
        self._known: dict[Key, Summary | None] = {}
        self._assumed: dict[Key, Summary | None] = {}
        """What functions that are being followed are taken to do where they call themselves."""
        self._used: set[Key] = set()
        """Those of which that was asked."""
        self.recursive: set[str] = set()
        self.indices: dict[Interval | None, int] = {}
        # All runs know the same constants.
        self._builder = AnyBuilder()
        self._bounds = AnyBounds(self._builder)
        self._constants: list[Slot] = []
        self._globals: dict[str, Place] = {}

    def of(self, key: Key) -> Summary | None:
        """None where a call has to be followed in its place."""
        if any(name == key[0] for name, _ in self._assumed):
            key = (key[0], tuple(map(_widened, key[1])))
        if key in self._assumed:
            self._used.add(key)
            self.recursive.add(key[0])
            return self._assumed[key]
        if key in self._known:
            return self._known[key]
        found = self._settled(key)
        if not self._used:  # else it counts on what is not known yet
            self._known[key] = found
        return found

    def _settled(self, key: Key) -> Summary | None:
        """What a function does that may call itself: taken to do nothing first, until it does what it is taken to."""
        found = self._nothing(*key)
        for _ in range(MOST_ROUNDS):
            self._assumed[key] = found
            made = self._made(*key)
            del self._assumed[key]
            recursive = key in self._used
            self._used.discard(key)
            if made is None or not recursive:
                return made
            if (made := made.widened()) == found:
                return found
            found = made
        return None

    def _nothing(self, name: str, given: Sequence[Known]) -> Summary | None:
        function = self._unit.definition(name)
        result = leaves(function.result) if function.result is not None else (INT,)
        if not all(isinstance(leaf, Scalar) for leaf in result):
            return None
        touched = {k: Touched(0, (), {}, frozenset()) for k, one in enumerate(given) if isinstance(one, Pointed)}
        return Summary(touched, tuple(Anything(leaf) for leaf in result if isinstance(leaf, Scalar)))

    def run(self) -> Run:
        """A new run, in which functions are followed, or known by what they do."""
        stages = stages_of(
            self._unit.copy(),
            self._builder,
            self._bounds,
            Watched,
            Summarised,
            _WITHOUT_BOUND,
            _WITHOUT_BOUND,
            hasty=True,
        )
        calls, watched, state = stages.calls, stages.variables, stages.state
        assert isinstance(calls, Summarised)
        assert isinstance(watched, Watched)
        calls.summaries, calls.watched, calls.run = self, watched, Run(stages, self._bounds, self._builder, watched)
        state.constants, state.globals = self._constants, dict(self._globals)
        globals_are_set_up(stages, [ERRNO])
        return calls.run

    def _made(self, name: str, given: Sequence[Known]) -> Summary | None:
        run = self.run()
        places: dict[int, Place] = {}
        slots: list[Slot] = []
        for k, one in enumerate(given):
            if isinstance(one, Pointed):
                places[k] = run.opened(one.element, None)
                run.watched.watch(str(k), places[k])
                slots.append(places[k]._replace(type=one.element))
            else:
                slots.append(run.node(one) if isinstance(one, Anything | Number) else one)
        arguments = []
        for _, type in self._unit.definition(name).parameters:
            own, slots = slots[: size(type)], slots[size(type) :]
            arguments.append(value_of(type, own))
        try:
            value = self.value(run, name, arguments)
        except EnoughError:
            return None
        return None if value is None else run.summary(places, value)

    def value(self, run: Run, name: str, arguments: list[Value]) -> Value | None:
        """What a function returns in a run. None where it cannot be followed; raises EnoughError."""
        try:
            return run.stages.calls.entry(name, arguments)
        except (Unsupported, RecursionError, TooLongError):
            return None
        finally:
            found = run.stages.state.globals
            self._globals |= {name: place for name, place in found.items() if place.object.fixed}


@dataclass(frozen=True)
class Run:
    stages: Stages
    bounds: AnyBounds
    builder: AnyBuilder
    watched: Watched

    def opened(self, element: CType, count: int | None) -> Place:
        """A new object of so many elements, or of an extent that is to be found out."""
        length = max(2, min(OPEN, _MOST_OPEN // max(leaf_count(element), 1))) if count is None else count
        type = Array(element, length)
        return self.stages.state.allocate(type, [0] * size(type), open=count is None)

    def node(self, known: Anything | Number) -> int:
        """A node of what is known of a number."""
        if isinstance(known, Number):
            return self.builder.constant(known.value, known.type)
        node = self.builder.any(known.type)
        if known.interval is not None:
            self.bounds.assume(node, known.interval)
        return node

    def known(self, node: int) -> Anything | Number:
        """What is known of a node's number; of floating-point numbers nothing but that they are 0."""
        type, number = self.builder.nodes[node].type, self.builder.number(node)
        if not type.is_integer and number != 0:
            return Anything(type)
        if number is not None:
            return Number(type, number)
        interval = self.bounds.of(node)
        return Anything(type, None if interval == type.limits else interval)

    def summary(self, places: dict[int, Place], value: Value) -> Summary | None:
        """What was done to what lies at these places. None where not all could be followed."""
        if self.stages.calls.lost:
            return None
        touched = {k: self._touched(str(k), place) for k, place in places.items()}
        returned = [self._returned(slot, places) for slot in nodes_of(value)]
        if None in touched.values() or None in returned:
            return None
        return Summary(
            {k: one for k, one in touched.items() if one is not None},
            tuple(one for one in returned if one is not None),
        )

    def _touched(self, name: str, place: Place) -> Touched | None:
        access, memory = self.watched.access(name), self.stages.state.memory
        assert isinstance(place.type, Array)
        written = {at: memory[place.offset + at] for at in self.watched.slots_written(place)}
        numbers = {at: self.known(held) for at, held in written.items() if isinstance(held, int)}
        if not access.clear or len(numbers) < len(written):
            return None
        sure = frozenset(at for at, held in written.items() if not self.watched.is_unset(held))
        read = tuple(self.watched.slots_read(place))
        # What is known to be reached, and what may be: it is no summary for an object that is shorter than that.
        slots = max(access.extent * size(place.type.element), *(at + 1 for at in (*read, *written)), 0)
        return Touched(slots, read, numbers, sure)

    def _returned(self, slot: Slot, places: dict[int, Place]) -> Returned | None:
        if isinstance(slot, int):
            return self.known(slot)
        if isinstance(slot, Routine) or (isinstance(slot, Place) and slot.object.fixed):
            return slot
        if isinstance(slot, Place) and slot.bytes is None and not slot.indices:
            owner = next((k for k, place in places.items() if place.object == slot.object), None)
            return Moved(owner, slot.offset - places[owner].offset, slot.type) if owner is not None else None
        return slot if slot == Null() and isinstance(slot, Null) else None


class Summarised(Calls):
    """Calls of functions that are known by what they do, where that is all that there is to know."""

    summaries: Summaries
    watched: Watched
    run: Run

    def _summary(self, name: str, function: Definition, arguments: list[Value]) -> Value | None:
        if not self._state.active or self.summaries.touch(name):
            return None
        slots = [slot for argument in arguments for slot in nodes_of(argument)]
        result = leaves(function.result) if function.result is not None else ()
        if result and all(isinstance(slot, int) or _is_table(slot) for slot in slots):
            kinds = [leaf for leaf in result if isinstance(leaf, Scalar) and not leaf.is_integer]
            if len(kinds) == len(result) and function.result is not None:
                return value_of(function.result, [self.run.builder.any(leaf) for leaf in kinds])
        given = [self._given(slot) for slot in slots]
        summary = self.summaries.of((name, tuple(g for g in given if g is not None))) if None not in given else None
        if summary is None or not self._fits(summary, slots, name in self.summaries.recursive):
            return None
        return self._applied(summary, slots, function.result)

    def _lost_track(self, arguments: list[Value], result: CType | None, node: c_ast.Node) -> Value:
        for argument in arguments:
            for slot in nodes_of(argument):
                self._lose(slot, node)
        return super()._lost_track(arguments, result, node)

    def _lose(self, slot: Slot, node: c_ast.Node) -> None:
        if isinstance(slot, Place):
            self.watched.lost(slot.object, node)
        elif isinstance(slot, Either):
            self._lose(slot.yes, node)
            self._lose(slot.no, node)

    def _given(self, slot: Slot) -> Known | None:
        if isinstance(slot, int):
            return self.run.known(slot)
        if isinstance(slot, Routine):
            return slot
        if isinstance(slot, Place) and slot.object.fixed:
            return slot._replace(indices=tuple(self._some(index) for index in slot.indices))
        if isinstance(slot, Place) and slot.bytes is None and not slot.indices and not isinstance(slot.type, Void):
            return Pointed(slot.type) if size(slot.type) else None
        return slot if isinstance(slot, Null) and not slot.number else None

    def _some(self, index: Index) -> Index:
        """An index of which no more is known than what it lies between, always the same one."""
        interval = self.run.bounds.of(index.node)
        if interval not in self.summaries.indices:
            self.summaries.indices[interval] = self.run.node(Anything(_LONG, interval))
        return index._replace(node=self.summaries.indices[interval])

    def _applied(self, summary: Summary, slots: list[Slot], result: CType | None) -> Value:
        """The value of a call; what it does is done."""
        for place, touched in _pointed(summary, slots):
            self.watched.used(place, touched.slots)
            written = {at: self.run.node(known) for at, known in touched.written.items()}
            self.watched.passed(place, touched.read, written, touched.sure)
        if (errno := self._state.globals.get(ERRNO)) is not None:
            self._state.memory[errno.offset] = self.run.builder.any(INT)
        if result is None:
            return zero(self._builder, None)
        return value_of(result, [self._slot(known, slots) for known in summary.returned])

    def _fits(self, summary: Summary, slots: list[Slot], whatever: bool) -> bool:
        """Whether a call does no other than what the summary says, where `whatever` numbers may be in memory."""
        pointed = _pointed(summary, slots)
        return all(self._as_known(place, touched, whatever) for place, touched in pointed) and not _overlap(pointed)

    def _as_known(self, place: Place, touched: Touched, whatever: bool) -> bool:
        """Whether what lies at a place is of its object alone, and no pointer there is known beforehand, nor a number
        but for `whatever` ones."""
        first, object = place.offset, place.object
        if not object.start <= first <= first + touched.slots <= object.start + size(object.type):
            return False
        held = self._state.memory[first : first + touched.slots]
        return all(isinstance(s, Null) or (isinstance(s, int) and (whatever or self._is_open(s))) for s in held)

    def _is_open(self, node: int) -> bool:
        """Whether a slot holds no integer that is known."""
        return node == UNSET or not self._builder.nodes[node].type.is_integer or self._builder.number(node) is None

    def _slot(self, known: Returned, slots: list[Slot]) -> Slot:
        if isinstance(known, Moved):
            place = slots[known.slot]
            assert isinstance(place, Place)
            return place._replace(offset=place.offset + known.by, type=known.type)
        return self.run.node(known) if isinstance(known, Anything | Number) else known


def _is_table(slot: Slot) -> bool:
    """Whether a slot points to constants, all of them numbers."""
    if not isinstance(slot, Place) or not slot.object.fixed:
        return False
    return not any(isinstance(leaf, Pointer) for leaf in leaves(slot.object.type))


def _pointed(summary: Summary, slots: list[Slot]) -> list[tuple[Place, Touched]]:
    """What a call's arguments point to, and what happens to it."""
    pairs = ((slot, summary.touched.get(k)) for k, slot in enumerate(slots))
    return [(slot, touched) for slot, touched in pairs if isinstance(slot, Place) and touched is not None]


def _widened(given: Known) -> Known:
    return Anything(given.type) if isinstance(given, Anything | Number) else given


def _overlap(pointed: list[tuple[Place, Touched]]) -> bool:
    """Whether one of several places may be written through another."""
    for k, (first, one) in enumerate(pointed):
        for second, other in pointed[:k]:
            apart = first.offset + one.slots <= second.offset or second.offset + other.slots <= first.offset
            if first.object == second.object and not apart and (one.written or other.written):
                return True
    return False
