"""Loops: unrolled where they are proved to end soon, else composed once, as `carry` and `loop` nodes.

In a graph that is to be executed what is composed once is a `repeat` node, which computes it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from itertools import count
from typing import NamedTuple

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.graph import GraphBuilder
from cprograms.lowering.attempts import Attempts, TooLongError
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.expressions import Expressions
from cprograms.lowering.flow import Flow
from cprograms.lowering.mentions import Mentions
from cprograms.lowering.state import UNSET, Exit, Place, State
from cprograms.lowering.values import leaves
from cprograms.types import INT, Scalar

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


class Loops:
    """`block` lowers statements in a scope of their own; at most `unroll` passes that add nodes are unrolled."""

    def __init__(
        self,
        builder: GraphBuilder,
        state: State,
        attempts: Attempts,
        conditions: Conditions,
        flow: Flow,
        expressions: Expressions,
        block: Callable[[list[c_ast.Node]], bool],
        unroll: int,
        executable: bool,
    ) -> None:
        self._builder, self._state, self._attempts = builder, state, attempts
        self._conditions, self._flow, self._expressions = conditions, flow, expressions
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
                    if self._executable and undecided > UNDECIDED:
                        raise TooLongError
                    self._flow.leave(loop.end, self._conditions.negation(test))
            if grown >= max(self._unroll, 1):
                raise TooLongError
            self._attempts.check_size()
            if not self._pass(loop):
                return False
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
        carried = {slot: self._carry(before[slot], type) for slot, type in self._assigned(loop).items()}
        state.memory = list(before)
        for slot, node in carried.items():
            state.memory[slot] = node
        go_on, alive = self._carried_pass(loop)
        exits, after = state.exits, state.memory[: len(before)]
        go_on = self._merge_exits(exits, go_on, after, alive)
        state.memory = list(before)
        for slot, node in carried.items():
            if after[slot] not in (node, UNSET):
                type = self._builder.nodes[node].type
                state.memory[slot] = self._builder.add("loop", type, go_on, after[slot], node)
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
        carried = {slot: self._carry(before[slot], type) for slot, type in self._assigned(loop).items()}
        state.memory, state.path = list(before), ()
        for slot, node in carried.items():
            state.memory[slot] = node
        test = again = build.constant(1, INT)
        if loop.condition is not None and loop.tested_first:
            test = choose.as_flag(self._expressions.condition(loop.condition))
            state.path = ((test, True),)
        tested, alive = list(state.memory), self._pass(loop)
        if alive and loop.condition is not None and not loop.tested_first:
            again = choose.as_flag(self._expressions.condition(loop.condition))
        exits, after = state.exits, state.memory[: len(before)]
        again = choose.both(test, self._merge_exits(exits, again, after, alive))
        if not exits and build.number(again):
            raise Unsupported(loop.body[0], "cannot follow a loop without an end")
        targets = list(dict.fromkeys(e.target for e in exits if e.target != loop.end))
        zero = build.constant(0, INT)
        flags = [choose.select(test, self._taken(exits, target), zero) for target in targets]
        following = [choose.select(test, after[slot], tested[slot]) for slot in carried]
        carries = [*carried.values(), *(self._carry(zero, INT) for _ in flags)]
        left = build.repeat(entered, again, [*following, *flags], carries)
        state.memory, state.path = list(before), path
        for slot, node in zip(carried, left, strict=False):
            state.memory[slot] = node
        ends = loop.condition is not None or any(e.target == loop.end for e in exits)
        state.exits = self._leaving(targets, left[len(carried) :], ends)
        return ends

    def _carried_pass(self, loop: Repetition) -> tuple[int, bool]:
        """One pass; returns the flag of another one, as the loop's condition has it, and whether the end is reached."""
        go_on = self._builder.constant(1, INT)
        if loop.condition is not None and loop.tested_first:
            go_on = self._conditions.as_flag(self._expressions.condition(loop.condition))
        alive = self._pass(loop)
        if alive and loop.condition is not None and not loop.tested_first:
            go_on = self._conditions.as_flag(self._expressions.condition(loop.condition))
        return go_on, alive

    def _carry(self, before: int, type: Scalar) -> int:
        self._carried += 1
        first = self._builder.constant(0, type) if before == UNSET else before
        return self._builder.carry(self._carried - 1, type, first)

    def _merge_exits(self, exits: list[Exit], go_on: int, after: list[int], alive: bool) -> int:
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

    def _assigned(self, loop: Repetition) -> dict[int, Scalar]:
        """The slots of the variables that a loop's code may assign, with their types."""
        parts = [part for part in (loop.condition, loop.following, *loop.body) if part is not None]
        mentions = Mentions(*parts)
        places = [place for name in mentions.assigned if (place := self._state.visible(name)) is not None]
        if mentions.returns and self._state.result is not None:
            places.append(Place(self._state.result, 0))
        return {p.offset + k: leaf for p in places if not p.fixed for k, leaf in enumerate(leaves(p.type))}
