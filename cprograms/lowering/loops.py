"""Loops: unrolled where they are proved to end soon, else composed once, as `carry` and `loop` nodes.

In a graph that is to be executed what is composed once is a `repeat` node, which computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import count
from typing import Generic, NamedTuple, TypeVar

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.attempts import Attempts, TooLongError
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.counters import counter
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow
from cprograms.lowering.mentions import Mentions
from cprograms.lowering.state import UNSET, Either, Exit, Index, Null, Place, Slot, State
from cprograms.lowering.values import leaves, scalar_of, size
from cprograms.types import INT, SCALARS, Leaf, Pointer, Scalar, Void

T = TypeVar("T")
_LONG = SCALARS["i64"]
MOST_TRIALS = 6
"""Passes that are tried to find out what a loop writes through pointers."""
UNDECIDED = 4
"""Passes that only a run decides, beyond which a loop that can be computed is not unrolled."""


class Repetition(NamedTuple):
    """`again` and `end` are the targets of what goes on and of what leaves.

    `tested_first` tells while and for from do; `by_goto`, what repeats only where its code jumps back to its start.
    """

    condition: c_ast.Node | None
    following: c_ast.Node | None
    body: list[c_ast.Node]
    tested_first: bool
    again: Hashable
    end: Hashable
    by_goto: bool = False


class Carried(NamedTuple):
    """A variable that a loop changes: the node that stands for it inside. A pointer's is that of its position among the
    `length` elements from `place` on."""

    node: int
    place: Place | None = None
    length: int = 0

    def holding(self, node: int) -> Slot:
        """What is in its slot where the node is this."""
        if self.place is None:
            return node
        return self.place._replace(indices=(*self.place.indices, Index(node, self.length, self.stride)))

    @property
    def stride(self) -> int:
        """Slots between two elements."""
        return size(self.place.type) if self.place is not None and not isinstance(self.place.type, Void) else 1


class Once(NamedTuple, Generic[T]):
    """What a pass gave, over these carried variables by their slots."""

    result: T
    carried: dict[int, Carried]


class Loops:
    """`block` lowers statements in a scope of their own; at most `unroll` passes that add nodes are unrolled."""

    def __init__(
        self,
        builder: GraphBuilder,
        state: State,
        attempts: Attempts,
        bounds: Bounds,
        conditions: Conditions,
        flow: Flow,
        expressions: Expressions,
        block: Callable[[list[c_ast.Node]], bool],
        unroll: int,
        executable: bool,
    ) -> None:
        self._builder, self._state, self._attempts = builder, state, attempts
        self._bounds, self._conditions, self._flow, self._expressions = bounds, conditions, flow, expressions
        self._block, self._unroll, self._executable = block, unroll, executable
        self._carried = 0

    def repeat(self, loop: Repetition) -> bool:
        state = self._state
        outer, targets, path = state.exits, state.targets, state.path
        state.exits, state.path = [], state.reached
        if not loop.by_goto:
            state.targets = {"break": loop.end, "continue": loop.again}
        alive = self._attempts.attempt(lambda: self._unrolled(loop))
        if alive is None:
            alive = self._repeated(loop) if self._executable else self._rolled(loop)
        alive = self._flow.arrive(loop.end, alive)
        state.exits, state.targets, state.path = outer + state.exits, targets, path
        return alive

    def _unrolled(self, loop: Repetition) -> bool:
        """All the passes, one after the other; raises TooLongError where no end is in sight."""
        grown = undecided = 0
        for iteration in count():
            before = self._builder.operators
            if loop.condition is not None and (loop.tested_first or iteration):
                test = self._expressions.condition(loop.condition)
                known = self._conditions.decided(test)
                if known is False:
                    return True
                if known is None:
                    undecided += 1
                    if not self._attempts.patient and undecided > UNDECIDED:
                        raise TooLongError
                    self._flow.leave(loop.end, self._conditions.negation(test))
            if grown >= max(self._unroll, 1):
                raise TooLongError
            self._attempts.check_size()
            if not self._pass(loop):
                return False
            if self._attempts.hasty and len(self._state.exits) > UNDECIDED:
                raise TooLongError
            grown += self._builder.operators > before
        raise AssertionError("an endless count ended")

    def _pass(self, loop: Repetition) -> bool:
        alive = self._block(loop.body)
        if alive and loop.by_goto:
            alive = self._flow.leave(loop.end)
        alive = self._flow.arrive(loop.again, alive)
        if alive and loop.following is not None:
            self._expressions.expression(loop.following)
        return alive

    def _rolled(self, loop: Repetition) -> bool:
        """One pass over carried values; afterwards each variable is a `loop` of its carried and its next value.

        What leaves the loop elsewhere than to its end does so afterwards, under a flag that is carried, too.
        """
        state = self._state
        before = state.memory
        once = self._once(loop, before, lambda: self._carried_pass(loop))
        (go_on, alive), carried = once.result, once.carried
        exits, after = state.exits, state.memory[: len(before)]
        go_on = self._merge_exits(exits, go_on, after, alive)
        state.memory = list(before)
        for slot, variable in carried.items():
            following = self._number(variable, after[slot], loop)
            if following not in (variable.node, UNSET):
                type = self._builder.nodes[variable.node].type
                left = self._builder.add("loop", type, go_on, following, variable.node)
                state.memory[slot] = variable.holding(left)
        if not exits and self._builder.number(go_on):
            raise Unsupported(loop.body[0], "cannot follow a loop without an end")
        ends = loop.condition is not None or any(e.target == loop.end for e in exits)
        state.exits = self._flagged(exits, go_on, loop.end, ends)
        return ends

    def _repeated(self, loop: Repetition) -> bool:
        """A loop that is computed; what leaves it elsewhere than to its end does so as in `_rolled`.

        A pass of one that is tested first leaves all as it is after the test where that fails, and none follows.
        """
        state, build, choose = self._state, self._builder, self._conditions
        before, path, entered = state.memory, state.path, choose.all_of(state.reached)
        once = self._once(loop, before, lambda: self._tested_pass(loop))
        (test, tested, again, alive), carried = once.result, once.carried
        exits, after = state.exits, state.memory[: len(before)]
        again = choose.both(test, self._merge_exits(exits, again, after, alive))
        if not exits and build.number(again):
            raise Unsupported(loop.body[0], "cannot follow a loop without an end")
        targets = list(dict.fromkeys(e.target for e in exits if e.target != loop.end))
        zero = build.constant(0, INT)
        flags = [choose.select(test, self._taken(exits, target), zero) for target in targets]
        following = [
            choose.select(test, self._number(v, after[slot], loop), self._number(v, tested[slot], loop))
            for slot, v in carried.items()
        ]
        carries = [*(v.node for v in carried.values()), *(self._carry(zero, INT) for _ in flags)]
        left = build.repeat(entered, again, [*following, *flags], carries)
        state.memory, state.path = list(before), path
        for (slot, variable), node in zip(carried.items(), left, strict=False):
            state.memory[slot] = variable.holding(node)
        ends = loop.condition is not None or any(e.target == loop.end for e in exits)
        state.exits = self._leaving(targets, left[len(carried) :], ends)
        return ends

    def _tested_pass(self, loop: Repetition) -> tuple[int, list[Slot], int, bool]:
        """One pass of a loop that is computed: its test, the memory after that, whether it goes on, whether it ends."""
        state, choose = self._state, self._conditions
        state.path = ()
        test = again = self._builder.constant(1, INT)
        if loop.condition is not None and loop.tested_first:
            test = choose.as_flag(self._expressions.condition(loop.condition))
            state.path = ((test, True),)
            self._bound_counter(loop)
        tested, alive = list(state.memory), self._pass(loop)
        if alive and loop.condition is not None and not loop.tested_first:
            again = choose.as_flag(self._expressions.condition(loop.condition))
        return test, tested, again, alive

    def _once(self, loop: Repetition, before: list[Slot], run: Callable[[], T]) -> Once[T]:
        """Run a pass over carried values of all variables that it changes.

        Which these are its syntax tells; what it writes through pointers, a pass does: another follows where there is
        more. Raises Unsupported where there is no end to that.
        """
        state, first = self._state, self._carried
        slots = self._assigned(loop)
        starts = {slot: before[slot] for slot in slots}
        for _ in range(MOST_TRIALS):
            self._carried = first
            carried = {slot: self._variable(starts[slot], leaf, loop) for slot, leaf in slots.items()}
            state.memory, state.exits = list(before), []
            for slot, variable in carried.items():
                state.memory[slot] = variable.holding(variable.node)
            result = run()
            ways = [state.memory, *(e.memory for e in state.exits)]
            more = [k for k, old in enumerate(before) if k not in carried and any(w[k] != old for w in ways)]
            if not more:
                return Once(result, carried)
            for slot in more:
                held = _first_set([before[slot], *(way[slot] for way in ways)])
                slots[slot] = self._leaf(held, loop)
                starts[slot] = _start(before[slot], held)
        raise Unsupported(loop.body[0], "cannot follow what this loop changes through pointers")

    def _leaf(self, held: Slot, loop: Repetition) -> Leaf:
        """The type of what is in a slot."""
        if isinstance(held, Place):
            return Pointer(held.type)
        if not isinstance(held, int):
            raise Unsupported(loop.body[0], "cannot follow a pointer that this loop changes")
        return self._builder.nodes[held].type

    def _variable(self, held: Slot, leaf: Leaf, loop: Repetition) -> Carried:
        if not isinstance(leaf, Pointer):
            return Carried(self._carry(held if isinstance(held, int) else UNSET, scalar_of(leaf)))
        if not isinstance(held, Place) or held.bytes is not None or isinstance(held.type, Void):
            raise Unsupported(loop.body[0], "cannot follow a pointer that this loop changes")
        moving, length, at = _walk(held)
        variable = Carried(self._carried, moving, length)
        position = self._position(variable, held.indices[len(moving.indices) :], at, loop)
        return variable._replace(node=self._carry(position, _LONG))

    def _position(self, variable: Carried, indices: tuple[Index, ...], number: int, loop: Repetition) -> int:
        """The node of a number of elements, and those that indices add."""
        build, stride = self._builder, variable.stride
        found = build.constant(number, _LONG)
        for index in indices:
            if index.stride % stride:
                raise Unsupported(loop.body[0], "cannot follow a pointer that this loop changes")
            steps = build.cast(index.node, _LONG)
            if index.stride != stride:
                steps = build.add("mul", _LONG, steps, build.constant(index.stride // stride, _LONG))
            found = build.add("add", _LONG, steps, found)
        return found

    def _number(self, variable: Carried, held: Slot, loop: Repetition) -> int:
        """The node of what a carried variable is after a pass."""
        if isinstance(held, Either):
            sides = (self._number(variable, side, loop) for side in (held.yes, held.no))
            return self._conditions.select(held.condition, *sides)
        if variable.place is None and isinstance(held, int):
            return held
        moving = variable.place
        if moving is None or not isinstance(held, Place) or held.object != moving.object or held.bytes is not None:
            raise Unsupported(loop.body[0], "cannot follow a pointer that this loop changes")
        outer = len(moving.indices)
        steps, rest = divmod(held.offset - moving.offset, variable.stride)
        if rest or held.type != moving.type or held.indices[:outer] != moving.indices:
            raise Unsupported(loop.body[0], "cannot follow a pointer that this loop changes")
        return self._position(variable, held.indices[outer:], steps, loop)

    def _bound_counter(self, loop: Repetition) -> None:
        """Note what a loop's counter lies between inside of it: `for (i = 0; i < 9; i++)`, with i left alone."""
        found = counter(loop.condition, loop.following, loop.body)
        place = self._state.visible(found.name) if found is not None else None
        held = self._state.memory[place.offset] if place is not None and not place.object.fixed else UNSET
        if found is None or not isinstance(held, int) or held == UNSET:
            return
        node = self._builder.nodes[held]
        if node.op != "carry" or not node.type.is_integer:
            return
        first = self._builder.number(node.children[0])
        limit = self._expressions.expression(found.limit)
        last = self._builder.number(limit) if isinstance(limit, int) else None
        if first is None or last is None:
            return
        last = last - found.step if found.exclusive else last
        low, high = (first, last) if found.step > 0 else (last, first)
        if low <= high:
            self._bounds.assume(held, (low, high))

    def _carried_pass(self, loop: Repetition) -> tuple[int, bool]:
        """One pass; returns the flag of another one, as the loop's condition has it, and whether the end is reached."""
        go_on = self._builder.constant(1, INT)
        if loop.condition is not None and loop.tested_first:
            go_on = self._conditions.as_flag(self._expressions.condition(loop.condition))
            self._bound_counter(loop)
        alive = self._pass(loop)
        if alive and loop.condition is not None and not loop.tested_first:
            go_on = self._conditions.as_flag(self._expressions.condition(loop.condition))
        return go_on, alive

    def _carry(self, before: int, type: Scalar) -> int:
        self._carried += 1
        first = self._builder.constant(0, type) if before == UNSET else before
        return self._builder.carry(self._carried - 1, type, first)

    def _merge_exits(self, exits: list[Exit], go_on: int, after: list[Slot], alive: bool) -> int:
        """Put into `after` what the memory is where a pass ends in an exit; returns the condition of another pass."""
        if not alive:
            go_on = self._builder.constant(0, INT)
        for exit in reversed(exits):
            if exit.condition is None:
                after[:] = exit.memory[: len(after)]
            else:
                after[:] = self._conditions.merge(exit.condition, exit.memory, after, len(after))
                go_on = self._conditions.unless(exit.condition, go_on)
        return go_on

    def _flagged(self, exits: list[Exit], go_on: int, end: Hashable, ends: bool) -> list[Exit]:
        """A rolled loop's exits to elsewhere, as seen after it."""
        targets = list(dict.fromkeys(e.target for e in exits if e.target != end))
        zero = self._builder.constant(0, INT)
        flags = [
            self._builder.add("loop", INT, go_on, self._taken(exits, target), self._carry(zero, INT))
            for target in targets
        ]
        return self._leaving(targets, flags, ends)

    def _taken(self, exits: list[Exit], target: Hashable) -> int:
        """Whether a pass leaves to the target."""
        zero, one = self._builder.constant(0, INT), self._builder.constant(1, INT)
        taken = zero
        for exit in reversed(exits):
            here = one if exit.target == target else zero
            taken = here if exit.condition is None else self._conditions.select(exit.condition, here, taken)
        return taken

    def _leaving(self, targets: list[Hashable], flags: list[int], ends: bool) -> list[Exit]:
        """The exits after a loop that was composed once; the last needs no condition where the loop has no end."""
        return [
            Exit(target, None if target == targets[-1] and not ends else flag, list(self._state.memory))
            for target, flag in zip(targets, flags, strict=True)
        ]

    def _assigned(self, loop: Repetition) -> dict[int, Leaf]:
        """The slots of the variables that a loop's code assigns by their names, with their types; no pointers."""
        parts = [part for part in (loop.condition, loop.following, *loop.body) if part is not None]
        mentions = Mentions(*parts)
        places = [place for name in mentions.assigned if (place := self._state.visible(name)) is not None]
        found = {
            p.offset + k: leaf for p in places if not p.object.fixed for k, leaf in enumerate(leaves(p.object.type))
        }
        if mentions.returns and self._state.result is not None:
            found |= {self._state.base + k: leaf for k, leaf in enumerate(leaves(self._state.result))}
        return {slot: leaf for slot, leaf in found.items() if not isinstance(leaf, Pointer)}


def _first_set(slots: list[Slot]) -> Slot:
    """The first of these that was written; of what depends on a condition, one side."""
    held: Slot = next((slot for slot in slots if slot != UNSET and not isinstance(slot, Null)), UNSET)
    while isinstance(held, Either):
        held = held.no if isinstance(held.yes, Null) else held.yes
    return held


def _start(before: Slot, held: Slot) -> Slot:
    """What is in a slot before a loop; of a pointer that was not set, a place in the object that it will point into."""
    return held._replace(indices=(), row=None) if before == UNSET and isinstance(held, Place) else before


def _walk(held: Place) -> tuple[Place, int, int]:
    """The first element of the array that a pointer walks over, how many there are, and the number of its own.

    To that number what the indices say is added that the first element does not have.
    """
    assert not isinstance(held.type, Void)
    stride = size(held.type)
    outer = next((k for k, index in enumerate(held.indices) if index.stride == stride), len(held.indices))
    if outer == 0:
        at, rest = divmod(held.offset - held.object.start, stride)
        length = (size(held.object.type) - rest) // stride
        return held._replace(offset=held.object.start + rest, indices=(), row=None), length, at
    if held.row is not None:
        length, at = held.row
        return held._replace(offset=held.offset - at * stride, row=None), length, at
    if outer == len(held.indices):
        return held, 1, 0
    return held._replace(indices=held.indices[:outer]), held.indices[outer].length, 0
