"""Control flow without its syntax: branches, jumps that wait for their target, and attempts that may be given up."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVar

from cprograms.lowering.expressions import Expressions
from cprograms.lowering.memory import UNSET, Place
from cprograms.program import Program
from cprograms.types import INT, CType

T = TypeVar("T")
MOST_STEPS = 10_000
"""Statements that are followed at one go: some tenths of a second."""


class TooLongError(Exception):
    """What is unrolled outgrew its bound."""


class Exit(NamedTuple):
    """A jump: taken where `condition` holds and no earlier exit of the list was taken. None always holds.

    `memory` is the slots' state at the jump.
    """

    target: object
    condition: int | None
    memory: list[int]


class Frame(NamedTuple):
    """The state that an attempt may have to go back to."""

    memory: list[int]
    exits: list[Exit]
    scopes: list[dict[str, Place]]
    targets: dict[str, object]
    result: CType | None
    active: tuple[str, ...]
    repeating: int


class Flow(Expressions):
    """What leaves the normal course (return, break, continue, goto, a loop's end) becomes an `Exit`.

    It waits in `exits` until its target is reached. Code tells by a bool whether control may reach what follows it.
    """

    def __init__(self, program: Program, max_nodes: int) -> None:
        super().__init__(program)
        self.max_nodes = max_nodes
        self.exits: list[Exit] = []
        self.targets: dict[str, object] = {}
        self.result: CType | None = None  # of the function that is being followed
        self.active: tuple[str, ...] = ()  # the functions that are being followed, outermost first
        self._spent = 0  # operators of attempts that were given up
        self._attempts = 0  # attempts to unroll that are under way
        self._steps = 0  # statements since the outermost attempt began, or since it was given up

    def frame(self) -> Frame:
        scopes = [self.scopes[0], *(dict(s) for s in self.scopes[1:])]
        return Frame(
            list(self.memory), list(self.exits), scopes, self.targets, self.result, self.active, self.repeating
        )

    def restore(self, frame: Frame) -> None:
        self.memory, self.exits, self.scopes, self.targets, self.result, self.active, self.repeating = frame

    def attempt(self, run: Callable[[], T]) -> T | None:
        """Run what may outgrow the bound. None, and all as it was before, where it did.

        Where several attempts enclose each other, the outermost is given up.
        """
        frame, before = self.frame(), self.builder.operators
        if not self._attempts:
            self._steps = 0
        self._attempts += 1
        self.repeating += 1
        try:
            return run()
        except (TooLongError, RecursionError):
            if self._attempts > 1:
                raise
            self.restore(frame)
            self._steps = 0
            self._spent += self.builder.operators - before
            return None
        finally:
            self._attempts -= 1
            self.repeating = frame.repeating

    def step(self) -> None:
        self._steps += 1
        if self._steps > MOST_STEPS:
            raise TooLongError

    def check_size(self) -> None:
        if self.builder.operators - self._spent > self.max_nodes:
            raise TooLongError

    def branch(self, condition: int, yes: Callable[[], bool], no: Callable[[], bool]) -> bool:
        """Run one of two pieces of code. Their exits stay in order, each under the condition that its side is taken."""
        known = self.decided(condition)
        if known is not None:
            return yes() if known else no()
        before, outer = self.memory, self.exits
        self.memory, self.exits = list(before), []
        first = yes()
        after, exits = self.memory, self.exits
        self.memory, self.exits = list(before), []
        second = no()
        if first and not second:
            # All that take the other side leave: its exits come first, and the rest is on this side.
            outer += [self._under(e, condition, False) for e in self.exits]
            outer += exits
            self.memory = after
        else:
            outer += [self._under(e, condition, True) for e in exits]
            outer += [self._under(e, condition, False) for e in self.exits] if first else self.exits
            if first:
                self.memory = self.choose(condition, after, self.memory, len(before))
        self.exits = outer
        return first or second

    def _under(self, exit: Exit, condition: int, holds: bool) -> Exit:
        if exit.condition is None:
            guarded = condition if holds else self.negation(condition)
        else:
            guarded = self.both(condition, exit.condition) if holds else self.unless(condition, exit.condition)
        return exit._replace(condition=guarded)

    def leave(self, target: object, condition: int | None = None) -> bool:
        self.exits.append(Exit(target, condition, list(self.memory)))
        return False

    def arrive(self, target: object, alive: bool) -> bool:
        """Let all exits to the target go on here, together with the normal course where that is alive."""
        caught = [e for e in self.exits if e.target == target]
        if not caught:
            return alive
        self.exits = self._passing(target)
        length = len(self.memory)
        if not alive:
            self.memory = (caught.pop().memory + [UNSET] * length)[:length]
        for exit in reversed(caught):
            condition = self.builder.constant(1, INT) if exit.condition is None else exit.condition
            self.memory = self.choose(condition, exit.memory, self.memory, length)
        return True

    def _passing(self, target: object) -> list[Exit]:
        """The exits to elsewhere, each under the condition that none to the target was taken before it."""
        passing: list[Exit] = []
        gone = self.builder.constant(0, INT)
        for exit in self.exits:
            if exit.target != target:
                passing.append(exit if self.builder.number(gone) == 0 else self._under(exit, gone, False))
            elif exit.condition is None:
                break
            else:
                gone = self.any_of(gone, exit.condition)
        return passing

    def any_of(self, first: int, second: int) -> int:
        """`first || second`, where the second is undefined where the first holds."""
        return self.select(first, self.builder.constant(1, INT), self.as_flag(second))
