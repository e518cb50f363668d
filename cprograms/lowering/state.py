"""The state of lowering: what the variables hold at this point of the program, and which jumps are under way."""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

from cprograms.types import CType, Void

UNSET = -1
"""In a slot: nothing was written yet. Merged with a value, it is that value."""
RETURN = "return"
"""The target of a return."""


class Index(NamedTuple):
    """A subscript that is no constant: the node of its value, how many elements it may select, slots between them."""

    node: int
    length: int
    stride: int


class Object(NamedTuple):
    """What a pointer may move in: a variable, whose leaves lie in the slots from `start` on.

    `fixed` for constant globals, `open` for one whose extent is not known yet: it is to be found out.
    """

    type: CType
    start: int
    fixed: bool = False
    open: bool = False


class Bytes(NamedTuple):
    """A view of what lies at a place, of type `within`, as something else: `at` is the first byte of it, and of a
    bit-field `shift` the first bit there."""

    within: CType
    at: int
    shift: int = 0


class Place(NamedTuple):
    """An lvalue in an object: the slots of `type` from `offset` on, moved by `indices`.

    With `bytes` it is a part of what lies there, read and written bit by bit. `row` is the number of elements of the
    array that this is an element of, and its number among them, where indices hide what the object is made of.
    """

    object: Object
    type: CType | Void
    offset: int
    indices: tuple[Index, ...] = ()
    bytes: Bytes | None = None
    row: tuple[int, int] | None = None


class Null(NamedTuple):
    """A null pointer; `number` tells it from an empty tuple."""

    number: int = 0


class Routine(NamedTuple):
    """What a pointer to a function points to."""

    name: str


class Either(NamedTuple):
    """What a pointer points to where that depends on a condition."""

    condition: int
    yes: Target
    no: Target


Target = Place | Null | Routine | Either
"""What a pointer points to."""
Slot = int | Target
"""What is in a slot: a node of the graph, or what a pointer points to."""


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
    memory: list[Slot]


Path = tuple[tuple[int, bool], ...]
"""Conditions, outermost first, and whether each holds."""
Frame = tuple[
    list[Slot], list[Exit], list[dict[str, Place]], dict[str, Hashable], CType | None, tuple[str, ...], int, Path, int
]
"""What a call of a function replaces, and what an attempt may have to go back to: the first nine fields of a State."""


def whole(object: Object) -> Place:
    """All of an object."""
    return Place(object, object.type, object.start)


class State:
    """What all stages read and write while they walk through the program.

    A variable's scalars lie in consecutive slots of `memory`, each with the graph's node that it holds at this point:
    an assignment replaces entries of the list. A jump waits in `exits`, in the order of the code, until its target is
    reached.
    """

    def __init__(self) -> None:
        self.memory: list[Slot] = []
        self.exits: list[Exit] = []
        self.scopes: list[dict[str, Place]] = []  # the local variables, innermost scope last
        self.targets: dict[str, Hashable] = {}  # where "break" and "continue" go
        self.result: CType | None = None  # of the function that is being followed
        self.active: tuple[str, ...] = ()  # the functions that are being followed, outermost first
        self.repeating = 0  # how many unrolled loops and recursive calls this place is in
        self.path: Path = ()  # what holds here, but that no exit of `exits` was taken
        self.base = 0  # where the slots of the function that is being followed begin: first what it returns
        self.typing = False  # only the type of an expression is wanted: calls are not followed
        self.globals: dict[str, Place] = {}  # the constant globals that were read so far
        self.constants: list[Slot] = []  # their slots
        self.outermost = 0  # the first slot that was read or written of late, if that is before `base`

    def frame(self) -> Frame:
        flow = self.memory, self.exits, self.scopes, self.targets, self.result, self.active
        return *flow, self.repeating, self.path, self.base

    def snapshot(self) -> Frame:
        """The frame as it is now, whatever is assigned later."""
        memory, exits, scopes = list(self.memory), list(self.exits), [dict(scope) for scope in self.scopes]
        return memory, exits, scopes, self.targets, self.result, self.active, self.repeating, self.path, self.base

    def restore(self, frame: Frame) -> None:
        self.memory, self.exits, self.scopes, self.targets, self.result, self.active = frame[:6]
        self.repeating, self.path, self.base = frame[6:]

    @property
    def reached(self) -> Path:
        """All that holds where control is at this point: no exit was taken either."""
        return self.path + tuple((e.condition, False) for e in self.exits if e.condition is not None)

    def enter(self, name: str, result: CType | None, own: list[Slot], parameters: dict[str, Place]) -> Frame:
        """Enter a function that is called, whose slots begin as `own`; returns the frame of the caller."""
        outer = self.frame()
        self.path = self.reached
        self.base = len(self.memory)
        self.memory, self.exits, self.scopes, self.targets = [*self.memory, *own], [], [parameters], {}
        self.result, self.active = result, (*self.active, name)
        return outer

    def visible(self, name: str) -> Place | None:
        """Where the variable of this name lies; None where there is none, or a constant global was not read so far."""
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        return self.globals.get(name)

    def declare(self, name: str, type: CType, slots: list[Slot]) -> None:
        """A new variable of the innermost scope."""
        self.scopes[-1][name] = self.allocate(type, slots)

    def allocate(self, type: CType, slots: list[Slot], open: bool = False) -> Place:
        """The place of a new object, at the end of the memory."""
        place = whole(Object(type, len(self.memory), open=open))
        self.memory.extend(slots)
        return place

    def open_scope(self) -> int:
        """Open a scope; returns the mark that closes it. Where an exception leaves it open, a frame is restored."""
        self.scopes.append({})
        return len(self.memory)

    def close_scope(self, mark: int) -> None:
        self.scopes.pop()
        del self.memory[mark:]
