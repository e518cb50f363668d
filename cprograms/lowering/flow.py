"""Control flow without its syntax: branches, and jumps that wait for their target."""

from __future__ import annotations

from collections.abc import Callable, Hashable

from cprograms.budget import tick
from cprograms.graph import GraphBuilder
from cprograms.lowering.conditions import Conditions
from cprograms.lowering.state import UNSET, Exit, State
from cprograms.types import INT


class Flow:
    """What leaves the normal course (return, break, continue, goto, a loop's end) becomes an `Exit` of the state.

    Code tells by a bool whether control may reach what follows it.
    """

    def __init__(self, builder: GraphBuilder, state: State, conditions: Conditions) -> None:
        self._builder, self._state, self._conditions = builder, state, conditions

    def branch(self, condition: int, yes: Callable[[], bool], no: Callable[[], bool]) -> bool:
        """Run one of two pieces of code. Their exits stay in order, each under the condition that its side is taken."""
        known = self._conditions.decided(condition)
        if known is not None:
            return yes() if known else no()
        state = self._state
        before, outer, path, reached = state.memory, state.exits, state.path, state.reached
        state.memory, state.exits, state.path = list(before), [], (*reached, (condition, True))
        first = yes()
        after, exits = state.memory, state.exits
        state.memory, state.exits, state.path = list(before), [], (*reached, (condition, False))
        second = no()
        state.path = path
        if first and not second:
            # All that take the other side leave: its exits come first, and the rest is on this side.
            outer += [self._under(e, condition, False) for e in state.exits]
            outer += exits
            state.memory = after
        else:
            outer += [self._under(e, condition, True) for e in exits]
            outer += [self._under(e, condition, False) for e in state.exits] if first else state.exits
            if first:
                state.memory = self._conditions.merge(condition, after, state.memory, len(before))
        state.exits = outer
        return first or second

    def leave(self, target: Hashable, condition: int | None = None) -> bool:
        tick(len(self._state.memory))
        self._state.exits.append(Exit(target, condition, list(self._state.memory)))
        return False

    def arrive(self, target: Hashable, alive: bool) -> bool:
        """Let all exits to the target go on here, together with the normal course where that is alive."""
        state = self._state
        tick(len(state.exits))
        caught = [e for e in state.exits if e.target == target]
        if not caught:
            return alive
        state.exits = self._passing(target)
        length = len(state.memory)
        if not alive:
            state.memory = (caught.pop().memory + [UNSET] * length)[:length]
        for exit in reversed(caught):
            condition = self._builder.constant(1, INT) if exit.condition is None else exit.condition
            state.memory = self._conditions.merge(condition, exit.memory, state.memory, length)
        return True

    def _passing(self, target: Hashable) -> list[Exit]:
        """The exits to elsewhere, each under the condition that none to the target was taken before it."""
        passing: list[Exit] = []
        gone = self._builder.constant(0, INT)
        for exit in self._state.exits:
            if exit.target != target:
                passing.append(exit if self._builder.number(gone) == 0 else self._under(exit, gone, False))
            elif exit.condition is None:
                break
            else:
                gone = self._conditions.any_of(gone, exit.condition)
        return passing

    def _under(self, exit: Exit, condition: int, holds: bool) -> Exit:
        """The exit where, besides, the condition holds or does not."""
        if exit.condition is None:
            guarded = condition if holds else self._conditions.negation(condition)
        elif holds:
            guarded = self._conditions.both(condition, exit.condition)
        else:
            guarded = self._conditions.unless(condition, exit.condition)
        return exit._replace(condition=guarded)
