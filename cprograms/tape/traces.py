"""What a tape program does, as a tree of calls with what it sees: traces, to learn programs from.

A program is traced by this convention:

- The cells 0 to P-1 of the tape hold *pointers*: addresses of the other cells, the data.
- Data is read and written under pointers only, `mem[mem[k]]`. A pointer moves by a cell, `mem[k]++` and `mem[k]--`.
  A pointer's position is nothing that a program may know.
- An *observation* is the values under the P pointers, each from 0 to V-1.
- A helper that returns nothing is a *subprogram*. It may call itself. A helper that returns a value only computes.

A call of a subprogram is a *frame*: its arguments, and step by step what it sees and then does. It writes, moves a
pointer, calls a subprogram, or ends. What it does follows from its arguments and from what it has seen so far.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from pycparser import c_ast

from cprograms.diagnostics import ProgramError, UsageError
from cprograms.tape.interpreter import STEPS, Interpreter, Place, returns_value
from cprograms.tape.program import TapeProgram, tape_parameter

Observation = tuple[int, ...]

WRITE, MOVE, END = "(write)", "(move)", "(end)"
"""What a step does if it calls no subprogram. `WRITE` has the arguments pointer and value, `MOVE` pointer and way."""
BACK, ON = 0, 1
"""The ways of a move: to the cell before, to the cell behind."""

_UNDER: list[int] = []
_POINTERS: list[int] = []
"""Stand in places for the cells under pointers, and for the pointers."""
_UNUSED = {"block_items", "stmts", "stmt", "next", "init", "body"}
"""Children of nodes whose value nobody takes."""


class Action(NamedTuple):
    """What a step does: the name of a subprogram, or one of `WRITE`, `MOVE` and `END`, and its arguments."""

    name: str
    arguments: tuple[int, ...] = ()


THE_END = Action(END)


class Step(NamedTuple):
    """What is seen, and what is done then."""

    seen: Observation
    action: Action


@dataclass
class Frame:
    """One call of a subprogram; `depth` counts the calls around it. The last step ends it."""

    name: str
    arguments: tuple[int, ...]
    depth: int = 0
    steps: list[Step] = field(default_factory=list)


@dataclass(frozen=True)
class TracedProgram:
    """A tape program that follows the convention, with `pointers` pointers and values 0 to `values` - 1."""

    program: TapeProgram
    pointers: int
    values: int

    def __post_init__(self) -> None:
        """Raises ProgramError with every place that does not follow the convention; UsageError for absurd sizes."""
        if self.pointers < 1 or self.values < 2:
            raise UsageError(f"{self.pointers} pointers and {self.values} values leave nothing to trace")
        faults = [
            self.program.diagnostic(*fault)
            for function in self.program.functions.values()
            for fault in _faults(function, self.program)
        ]
        if faults:
            raise ProgramError(faults)

    @cached_property
    def subprograms(self) -> dict[str, int]:
        """The number of arguments of each subprogram by name, the entry last."""
        return {
            name: _arguments(function)
            for name, function in self.program.functions.items()
            if not returns_value(function)
        }


@dataclass(frozen=True)
class Trace:
    """The frames of a run in the order of their calls, and the tape that it left."""

    frames: list[Frame]
    tape: list[int]

    def __str__(self) -> str:
        """A line a step: what is seen, and what is done, further in for each call."""
        return "\n".join(_listing(self.frames))


def trace(traced: TracedProgram, tape: Sequence[int], steps: int = STEPS) -> Trace:
    """A run of a program on a tape, whose length is the memory size.

    Raises ProgramError, at its place, where the run does not follow the convention: a pointer that does not exist or
    leaves the data, a value that is none of an observation, an argument that is none; or fails as `interpret` says.
    UsageError where the pointers of the tape do not point to data that can be seen.
    """
    recorder = _Recorder(traced, tape, steps)
    recorder.run()
    return Trace(recorder.frames, recorder.tape)


class Acting(Interpreter, ABC):
    """Executes a program by what it sees and does; where that comes from and goes to is a subclass's."""

    def __init__(self, traced: TracedProgram, tape: Sequence[int], steps: int = STEPS):
        super().__init__(traced.program, tape, len(tape), steps)
        if len(tape) < traced.values:
            raise UsageError(f"a memory of {len(tape)} cells does not hold the values 0 to {traced.values - 1}")
        self.traced = traced

    @abstractmethod
    def seen(self, pointer: int) -> int:
        """The value under a pointer."""

    @abstractmethod
    def act(self, action: Action, node: c_ast.Node) -> None:
        """A write or a move."""

    @abstractmethod
    def enter(self, function: c_ast.FuncDef, action: Action, node: c_ast.Node) -> None:
        """A call of a subprogram."""

    def frame(self, function: c_ast.FuncDef, values: Sequence[int], node: c_ast.Node) -> None:
        """Execute the body of a subprogram."""
        super().call(function, values, node)

    def call(self, function: c_ast.FuncDef, values: Sequence[int], node: c_ast.Node) -> int:
        if returns_value(function):
            return super().call(function, values, node)
        for value in values:
            self._check_value(value, node, "an argument")
        self.enter(function, Action(function.decl.name, tuple(values)), node)
        return 0

    def place(self, node: c_ast.Node) -> Place:
        if isinstance(node, c_ast.ID):
            return super().place(node)
        under = isinstance(node.subscript, c_ast.ArrayRef)
        pointer = self.value(node.subscript.subscript if under else node.subscript)
        if pointer >= self.traced.pointers:
            hint = f"cells 0 to {self.traced.pointers - 1} hold pointers"
            self.refuse(node, f"there is no pointer in cell {pointer}", hint)
        return Place(_UNDER if under else _POINTERS, pointer)

    def get(self, place: Place, node: c_ast.Node) -> int:
        if place.cells is _UNDER:
            return self.seen(place.at)
        # Only a move reads a pointer: what it was matters to `put` alone.
        return 0 if place.cells is _POINTERS else super().get(place, node)

    def put(self, place: Place, value: int, node: c_ast.Node) -> None:
        if place.cells is _UNDER:
            self._check_value(value, node, "a cell")
            self.act(Action(WRITE, (place.at, value)), node)
        elif place.cells is _POINTERS:
            self.act(Action(MOVE, (place.at, ON if value == 1 else BACK)), node)
        else:
            super().put(place, value, node)

    def _check_value(self, value: int, node: c_ast.Node, what: str) -> None:
        if value >= self.traced.values:
            self.refuse(node, f"{what} gets {value}, and values are 0 to {self.traced.values - 1}")


class _Recorder(Acting):
    """Runs a program on a tape and keeps its frames."""

    def __init__(self, traced: TracedProgram, tape: Sequence[int], steps: int):
        super().__init__(traced, tape, steps)
        self.frames: list[Frame] = []
        self._open: list[Frame] = []
        for pointer in range(traced.pointers):
            if problem := self._problem(pointer):
                raise UsageError(f"the tape: {problem}")

    def seen(self, pointer: int) -> int:
        return self.tape[self.tape[pointer]]

    def enter(self, function: c_ast.FuncDef, action: Action, node: c_ast.Node) -> None:
        if self._open:
            self._step(action)
        frame = Frame(action.name, action.arguments, len(self._open))
        self.frames.append(frame)
        self._open.append(frame)
        self.frame(function, action.arguments, node)
        self._step(THE_END)
        self._open.pop()

    def act(self, action: Action, node: c_ast.Node) -> None:
        self._step(action)
        pointer, argument = action.arguments
        if action.name == WRITE:
            self.tape[self.tape[pointer]] = argument
            return
        self.tape[pointer] = (self.tape[pointer] + (1 if argument == ON else -1)) % self.memory_size
        if problem := self._problem(pointer):
            self.refuse(node, problem)

    def _step(self, action: Action) -> None:
        seen = tuple(self.tape[self.tape[p]] for p in range(self.traced.pointers))
        self._open[-1].steps.append(Step(seen, action))

    def _problem(self, pointer: int) -> str | None:
        """What keeps the value under a pointer from being seen."""
        at = self.tape[pointer] if pointer < self.memory_size else -1
        if not self.traced.pointers <= at < self.memory_size:
            return f"pointer {pointer} has left the data"
        if not 0 <= self.tape[at] < self.traced.values:
            values = f"observations are 0 to {self.traced.values - 1}"
            return f"pointer {pointer} is on a cell that holds {self.tape[at]}, and {values}"
        return None


def _arguments(function: c_ast.FuncDef) -> int:
    given = function.decl.type.args.params if function.decl.type.args else []
    return len(given) - (tape_parameter(function) is not None)


_Fault = tuple[c_ast.Node, str, str]


def _faults(function: c_ast.FuncDef, program: TapeProgram) -> Iterator[_Fault]:
    """Where a function does not follow the convention: node, message, hint."""
    for name, child in function.body.children():
        yield from _faults_in(child, function, program, used=not _unused(function.body, name, True))


def _faults_in(node: c_ast.Node, function: c_ast.FuncDef, program: TapeProgram, used: bool) -> Iterator[_Fault]:
    children = node.children()
    if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.ArrayDecl):
        yield node, f"'{node.name}' is an array, which no pointer is on", "keep it on the tape, under a pointer"
    elif isinstance(node, c_ast.ArrayRef):
        # The place of a cell: only `mem[mem[k]]` is left, as moves take theirs below.
        if not isinstance(node.subscript, c_ast.ArrayRef):
            hint = "read mem[mem[k]], the cell under pointer k"
            yield node, "a cell that no pointer is on, or a pointer's position, cannot be seen", hint
            return
        children = [("subscript", node.subscript.subscript)]
    elif target := _target(node):
        yield from _faults_of_act(node, target, function, used)
        if not isinstance(target.subscript, c_ast.ArrayRef):
            children = [(n, c) for n, c in children if c is not target] + [("subscript", target.subscript)]
    elif isinstance(node, c_ast.FuncCall):
        callee = program.functions.get(node.name.name)
        if callee is not None and not returns_value(callee) and returns_value(function):
            yield node, *_only_computes(function)
        children = [(n, c) for n, c in (node.args.children() if node.args else []) if not _is_tape(c, function)]
    for name, child in children:
        yield from _faults_in(child, function, program, used=not _unused(node, name, used))


def _faults_of_act(node: c_ast.Node, target: c_ast.ArrayRef, function: c_ast.FuncDef, used: bool) -> Iterator[_Fault]:
    if returns_value(function):
        yield node, *_only_computes(function)
    if isinstance(target.subscript, c_ast.ArrayRef):
        return
    by_one = isinstance(node, c_ast.UnaryOp) or (
        node.op in ("+=", "-=") and isinstance(node.rvalue, c_ast.Constant) and node.rvalue.value == "1"
    )
    if not by_one:
        yield node, "a pointer moves by one cell at a time", "write mem[k]++ or mem[k]--"
    elif used:
        yield node, "a pointer's position cannot be seen", "move it in a statement of its own"


def _only_computes(function: c_ast.FuncDef) -> tuple[str, str]:
    message = f"'{function.decl.name}' returns a value, so that it is no subprogram, but it acts here"
    return message, "let it return nothing, or only compute"


def _target(node: c_ast.Node) -> c_ast.ArrayRef | None:
    """The cell that a node writes, None where it writes none."""
    if isinstance(node, c_ast.Assignment):
        found = node.lvalue
    elif isinstance(node, c_ast.UnaryOp) and node.op.strip("p") in ("++", "--"):
        found = node.expr
    else:
        return None
    return found if isinstance(found, c_ast.ArrayRef) else None


def _is_tape(node: c_ast.Node, function: c_ast.FuncDef) -> bool:
    return isinstance(node, c_ast.ID) and node.name == tape_parameter(function)


def _unused(node: c_ast.Node, child: str, used: bool) -> bool:
    """Whether nobody takes the value of a node's child."""
    name, _, index = child.rstrip("]").partition("[")
    if isinstance(node, c_ast.ExprList):
        return int(index) < len(node.exprs) - 1 or not used
    if name in ("iftrue", "iffalse"):
        return isinstance(node, c_ast.If) or not used
    return name in _UNUSED and not isinstance(node, c_ast.Decl)


def _listing(frames: Sequence[Frame]) -> Iterator[str]:
    following = iter(frames)

    def lines(frame: Frame) -> Iterator[str]:
        for seen, action in frame.steps:
            called = f"{action.name}({', '.join(map(str, action.arguments))})" if action != THE_END else END
            yield f"{'  ' * frame.depth}{' '.join(map(str, seen))}  {called}"
            if action.name not in (WRITE, MOVE, END):
                yield from lines(next(following))

    for frame in following:
        yield from lines(frame)
