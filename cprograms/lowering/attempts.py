"""Attempts to unroll a loop or to inline recursion, which are given up where they outgrow their bound."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cprograms.budget import tick
from cprograms.graph import GraphBuilder
from cprograms.lowering.state import State

T = TypeVar("T")
MOST_STEPS = 10_000
"""Statements that are followed at one go: some tenths of a second."""
FEW_STEPS = 1_000
"""The same in haste."""
MOST_ALTOGETHER = 5_000
"""Statements that are followed beside all attempts: so many make a graph that is too large in any case."""


class TooLongError(Exception):
    """What is unrolled outgrew its bound."""


class ExhaustedError(TooLongError):
    """There is too much code, whether it is unrolled or not."""


class Attempts:
    """Runs attempts and counts what they add; one that is given up leaves the state as it was.

    The nodes that it added stay in the builder, unused.
    """

    def __init__(self, builder: GraphBuilder, state: State, max_nodes: int, patient: bool, hasty: bool = False) -> None:
        self._builder, self._state, self._max_nodes = builder, state, max_nodes
        self.patient = patient
        """Whether loops are unrolled whose passes only a run decides."""
        self.hasty = hasty
        """Whether only few steps are tried, and no loops are unrolled that only a run leaves."""
        self._spent = 0  # operators of attempts that were given up
        self._under_way = 0
        self._altogether = 0  # statements beside attempts
        self._steps = 0  # statements since the outermost attempt began, or since it was given up

    def attempt(self, run: Callable[[], T]) -> T | None:
        """Run what may outgrow the bound. None, and all as it was before, where it did.

        Where several attempts enclose each other, the outermost is given up.
        """
        start, repeating, before = self._state.snapshot(), self._state.repeating, self._builder.operators
        if not self._under_way:
            self._steps = 0
        self._under_way += 1
        self._state.repeating += 1
        try:
            return run()
        except (TooLongError, RecursionError):
            if self._under_way > 1:
                raise
            self._state.restore(start)
            self._steps = 0
            self._spent += self._builder.operators - before
            return None
        finally:
            self._under_way -= 1
            self._state.repeating = repeating

    def step(self) -> None:
        """Count a statement; raises TooLongError beyond MOST_STEPS, and ExhaustedError beyond MOST_ALTOGETHER."""
        tick(20)
        self._steps += 1
        self._altogether += not self._under_way
        if self._altogether > MOST_ALTOGETHER:
            raise ExhaustedError
        if self._steps > (FEW_STEPS if self.hasty else MOST_STEPS) and (self._under_way or not self.hasty):
            raise TooLongError

    def check_size(self) -> None:
        """Raises TooLongError where the graph has outgrown its bound."""
        if self._builder.operators - self._spent > self._max_nodes:
            raise TooLongError
