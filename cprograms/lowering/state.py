"""The state of lowering: what the variables hold at this point of the program, and which jumps are under way."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from cprograms.types import CType

UNSET = -1
"""In a slot: nothing was written yet. Merged with a value, it is that value."""
RETURN = "return"
"""The target of a return."""


class Index(NamedTuple):
    """A subscript that is no constant: the node of its value, how many elements it may select, slots between them."""

    node: int
    length: int
    stride: int


class Place(NamedTuple):
    """An lvalue: the slots of `type` from `offset` on, moved by `indices`; `fixed` for constant globals."""

    type: CType
    offset: int
    indices: tuple[Index, ...] = ()
    fixed: bool = False


class Label(NamedTuple):
    """The target of a goto."""

    name: str


class Exit(NamedTuple):
    """A jump: taken where `condition` holds and no earlier exit of the list was taken. None always holds.

    `target` is RETURN, a Label, or an object of its own for the end of a loop or a switch, or for a loop's next pass.
    `memory` is the slots' state at the jump.
    """

    target: Hashable
    condition: int | None
    memory: list[int]


Path = tuple[tuple[int, bool], ...]
"""Conditions, outermost first, and whether each holds."""
Frame = tuple[
    list[int], list[Exit], list[dict[str, Place]], dict[str, Hashable], CType | None, tuple[str, ...], int, Path
]
"""What a call of a function replaces, and what an attempt may have to go back to: the first eight fields of a State."""


class State:
    """What all stages read and write while they walk through the program.

    A variable's scalars lie in consecutive slots of `memory`, each with the graph's node that it holds at this point:
    an assignment replaces entries of the list. A jump waits in `exits`, in the order of the code, until its target is
    reached.
    """

    def __init__(self) -> None:
        self.memory: list[int] = []
        self.exits: list[Exit] = []
        self.scopes: list[dict[str, Place]] = []  # the local variables, innermost scope last
        self.targets: dict[str, Hashable] = {}  # where "break" and "continue" go
        self.result: CType | None = None  # of the function that is being followed
        self.active: tuple[str, ...] = ()  # the functions that are being followed, outermost first
        self.repeating = 0  # how many unrolled loops and recursive calls this place is in
        self.path: Path = ()  # what holds here, but that no exit of `exits` was taken
        self.typing = False  # only the type of an expression is wanted: calls are not followed
        self.globals: dict[str, Place] = {}  # the constant globals that were read so far
        self.constants: list[int] = []  # their slots

    def frame(self) -> Frame:
        return self.memory, self.exits, self.scopes, self.targets, self.result, self.active, self.repeating, self.path

    def snapshot(self) -> Frame:
        """The frame as it is now, whatever is assigned later."""
        memory, exits, scopes = list(self.memory), list(self.exits), [dict(scope) for scope in self.scopes]
        return memory, exits, scopes, self.targets, self.result, self.active, self.repeating, self.path

    def restore(self, frame: Frame) -> None:
        self.memory, self.exits, self.scopes, self.targets, self.result, self.active, self.repeating, self.path = frame

    @property
    def reached(self) -> Path:
        """All that holds where control is at this point: no exit was taken either."""
        return self.path + tuple((e.condition, False) for e in self.exits if e.condition is not None)

    def enter(self, name: str, result: CType | None, memory: list[int], parameters: dict[str, Place]) -> Frame:
        """Enter a function that is called; returns the frame of the caller."""
        outer = self.frame()
        self.path = self.reached
        self.memory, self.exits, self.scopes, self.targets = memory, [], [parameters], {}
        self.result, self.active = result, (*self.active, name)
        return outer

    def visible(self, name: str) -> Place | None:
        """Where the variable of this name lies; None where there is none, or a constant global was not read so far."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return self.globals.get(name)

    def declare(self, name: str, type: CType, slots: list[int]) -> None:
        """A new variable of the innermost scope."""
        self.scopes[-1][name] = Place(type, len(self.memory))
        self.memory.extend(slots)

    def open_scope(self) -> int:
        """Open a scope; returns the mark that closes it. Where an exception leaves it open, a frame is restored."""
        self.scopes.append({})
        return len(self.memory)

    def close_scope(self, mark: int) -> None:
        self.scopes.pop()
        del self.memory[mark:]
