"""Everything that the frames of a traced program can see, on rows of any length: the finite list a proof goes through.

Rows have no end here. What is known of a row is the cells between its pointers and `kept` cells beyond; each cell
further out is one of the values that the row allows beside its neighbour. Where a pointer moves on to one, each of them
is followed. A called subprogram is not followed again for every caller: what it can leave of a situation is collected,
until nothing new is found. So what is found is all that can happen, and perhaps more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pycparser import c_ast

from cprograms.diagnostics import UsageError
from cprograms.tape.traces import BACK, MOVE, ON, THE_END, WRITE, Acting, Action, Observation, TracedProgram

MEMORY_SIZE = 2**15
"""What values are modulo: so much that nothing wraps."""
MAX_STEPS = 16
"""Steps of a frame beyond which it is taken for a loop, whose frames have no longest."""
MAX_FOUND = 500_000
"""Situations, and points in frames, that are followed."""


class Endless(Exception):
    """The frames of a program see more than can be listed."""


@dataclass(frozen=True)
class Row:
    """A row of cells that some pointers walk on.

    `before[v]` are the values that a cell can have before one that holds v, `behind[v]` behind one; where v is missing,
    the row ends there. `kept` cells beyond the outermost pointers are remembered.
    """

    pointers: tuple[int, ...]
    before: Mapping[int, frozenset[int]]
    behind: Mapping[int, frozenset[int]]
    kept: int = 0

    def allowed(self, beside: int, way: int) -> frozenset[int]:
        """The values that a cell beside one that holds `beside` can have."""
        return (self.behind if way == ON else self.before).get(beside, frozenset())


class Window(NamedTuple):
    """What is known of a row: some cells, and the place among them of each of its pointers."""

    cells: tuple[int, ...]
    at: tuple[int, ...]


Situation = tuple[Window, ...]
"""A window for each row."""


@dataclass
class Node:
    """A point in the frames of a subprogram: what they have seen so far, and what they then do."""

    seen: Observation
    action: Action
    parent: Node | None
    children: dict[Observation, Node] = field(default_factory=dict)

    def history(self) -> list[Observation]:
        """What was seen, first to last."""
        found: list[Observation] = []
        node: Node | None = self
        while node is not None:
            found.append(node.seen)
            node = node.parent
        return found[::-1]


Frames = dict[Action, dict[Observation, Node]]
"""For each call that occurs, the first points of its frames."""


def situations(traced: TracedProgram, rows: Sequence[Row], start: Iterable[Situation]) -> Frames:
    """All that frames of a program can see where it begins in one of the `start` situations.

    Raises Endless where there is too much of it, as in a loop; UsageError where a pointer leaves its row, or where the
    rows do not remember enough of what the program wrote.
    """
    search = _Search(traced, rows)
    search.run(Action(traced.program.name), start)
    return search.frames


class _Decided(Exception):
    def __init__(self, action: Action):
        self.action = action


class _Replay(Acting):
    """Executes one frame on what it is to have seen, up to what it does then. `reads` is what it looked at."""

    def __init__(self, traced: TracedProgram, history: Sequence[Observation]):
        super().__init__(traced, [0] * MEMORY_SIZE)
        self._history = history
        self._now = 0
        self.reads: list[tuple[int, int]] = []

    def decide(self, call: Action) -> Action:
        function = self.program.functions[call.name]
        try:
            self.frame(function, call.arguments, function)
        except _Decided as decided:
            return decided.action
        return THE_END

    def seen(self, pointer: int) -> int:
        self.reads.append((self._now, pointer))
        return self._history[self._now][pointer]

    def act(self, action: Action, node: c_ast.Node) -> None:
        if self._now == len(self._history) - 1:
            raise _Decided(action)
        self._now += 1

    def enter(self, function: c_ast.FuncDef, action: Action, node: c_ast.Node) -> None:
        self.act(action, node)


class Decisions:
    """What the frames of a program do, by what they have seen. The C code runs once for what it looks at."""

    def __init__(self, traced: TracedProgram):
        self._traced = traced
        self._known: dict[tuple[Action, int], dict[int, _Branch | Action]] = {}

    def action(self, call: Action, history: Sequence[Observation]) -> Action:
        """What a frame of a call does once it has seen the `history`."""
        branches, key = self._known.setdefault((call, len(history)), {}), 0
        while (found := branches.get(key)) is not None:
            if isinstance(found, Action):
                return found
            key, branches = history[found.step][found.pointer], found.branches
        replay = _Replay(self._traced, history)
        action = replay.decide(call)
        self._keep(call, history, replay.reads, action)
        return action

    def _keep(
        self, call: Action, history: Sequence[Observation], reads: Sequence[tuple[int, int]], action: Action
    ) -> None:
        branches, key = self._known[call, len(history)], 0
        for step, pointer in dict.fromkeys(reads):
            branch = branches.setdefault(key, _Branch(step, pointer))
            assert isinstance(branch, _Branch)
            key, branches = history[step][pointer], branch.branches
        branches[key] = action


@dataclass
class _Branch:
    """A look at the value under a pointer in a step, and what follows for each value."""

    step: int
    pointer: int
    branches: dict[int, _Branch | Action] = field(default_factory=dict)


@dataclass(eq=False)
class _Call:
    """A call in a situation: the situations that it can leave, and the points in frames that wait for them."""

    action: Action
    left: dict[int, None] = field(default_factory=dict)
    waiting: dict[tuple[_Call, int], tuple[_Call, Node]] = field(default_factory=dict)
    visited: set[tuple[int, int]] = field(default_factory=set)


class _Search:
    """Follows every frame through every situation once; situations are known by their number."""

    def __init__(self, traced: TracedProgram, rows: Sequence[Row]):
        self._rows = _Rows(rows)
        self._decisions = Decisions(traced)
        self.frames: Frames = defaultdict(dict)
        self._situations: list[Situation] = []
        self._seen: list[Observation] = []
        self._numbers: dict[Situation, int] = {}
        self._calls: dict[tuple[Action, int], _Call] = {}
        self._work: list[tuple[_Call, int, Node | None]] = []
        self._nodes = 0

    def run(self, entry: Action, start: Iterable[Situation]) -> None:
        for situation in start:
            self._call(entry, self._number(situation))
        while self._work:
            self._follow(*self._work.pop())

    def _number(self, situation: Situation) -> int:
        number = self._numbers.setdefault(situation, len(self._situations))
        if number == len(self._situations):
            self._situations.append(situation)
            self._seen.append(self._rows.seen(situation))
        return number

    def _call(self, action: Action, number: int) -> _Call:
        found = self._calls.get((action, number))
        if found is None:
            found = self._calls[action, number] = _Call(action)
            self._work.append((found, number, None))
        return found

    def _follow(self, call: _Call, number: int, parent: Node | None) -> None:
        """Take one step of the frames of a call which come from a point to a situation."""
        node = self._node(call.action, parent, self._seen[number])
        if (number, id(node)) in call.visited:
            return
        call.visited.add((number, id(node)))
        if node.action == THE_END:
            self._leave(call, number)
        elif node.action.name == WRITE:
            after = self._rows.written(self._situations[number], *node.action.arguments)
            self._work.append((call, self._number(after), node))
        elif node.action.name == MOVE:
            moved = self._rows.moved(self._situations[number], *node.action.arguments)
            self._work += [(call, self._number(after), node) for after in moved]
        else:
            callee = self._call(node.action, number)
            callee.waiting[call, id(node)] = (call, node)
            self._work += [(call, after, node) for after in callee.left]

    def _leave(self, call: _Call, number: int) -> None:
        if number not in call.left:
            call.left[number] = None
            self._work += [(caller, number, node) for caller, node in call.waiting.values()]

    def _node(self, call: Action, parent: Node | None, seen: Observation) -> Node:
        among = self.frames[call] if parent is None else parent.children
        if seen not in among:
            history = [*(parent.history() if parent is not None else []), seen]
            self._nodes += 1
            if len(history) > MAX_STEPS or max(self._nodes, len(self._situations)) > MAX_FOUND:
                raise Endless(f"the frames of '{call.name}' see more than can be listed: it loops")
            among[seen] = Node(seen, self._decisions.action(call, history), parent)
        return among[seen]


class _Rows:
    """What writes and moves make of situations."""

    def __init__(self, rows: Sequence[Row]):
        self._rows = rows
        self._place = {p: (r, k) for r, row in enumerate(rows) for k, p in enumerate(row.pointers)}

    def seen(self, situation: Situation) -> Observation:
        places = (self._place[p] for p in range(len(self._place)))
        return tuple(situation[r].cells[situation[r].at[k]] for r, k in places)

    def written(self, situation: Situation, pointer: int, value: int) -> Situation:
        r, k = self._place[pointer]
        row, (cells, at) = self._rows[r], situation[r]
        place, old = at[k], cells[at[k]]
        # What was forgotten beside the cell must stay among the values that are followed there.
        safe = (place > 0 or row.allowed(old, BACK) <= row.allowed(value, BACK)) and (
            place < len(cells) - 1 or row.allowed(old, ON) <= row.allowed(value, ON)
        )
        if not safe:
            raise UsageError(f"the row of pointer {pointer} forgets what is beside a cell that is written")
        return _with(situation, r, Window((*cells[:place], value, *cells[place + 1 :]), at))

    def moved(self, situation: Situation, pointer: int, way: int) -> list[Situation]:
        r, k = self._place[pointer]
        row, (cells, at) = self._rows[r], situation[r]
        to = at[k] + (1 if way == ON else -1)
        if 0 <= to < len(cells):
            windows = [Window(cells, (*at[:k], to, *at[k + 1 :]))]
        elif to < 0:
            shifted = tuple(a + 1 for a in at)
            windows = [Window((v, *cells), (*shifted[:k], 0, *shifted[k + 1 :])) for v in row.allowed(cells[0], BACK)]
        else:
            windows = [Window((*cells, v), (*at[:k], to, *at[k + 1 :])) for v in row.allowed(cells[-1], ON)]
        if not windows:
            raise UsageError(f"pointer {pointer} leaves its row beside {cells[at[k]]}")
        return [_with(situation, r, _trimmed(row, window)) for window in windows]


def _with(situation: Situation, r: int, window: Window) -> Situation:
    return (*situation[:r], window, *situation[r + 1 :])


def _trimmed(row: Row, window: Window) -> Window:
    """The window without the cells beyond those that are remembered."""
    cells, at = window
    first, last = max(0, min(at) - row.kept), max(at) + row.kept
    for k in range(first):
        if cells[k] not in row.allowed(cells[k + 1], BACK):
            raise UsageError(f"the row of pointer {row.pointers[0]} forgets {cells[k]}, which was written")
    for k in range(last + 1, len(cells)):
        if cells[k] not in row.allowed(cells[k - 1], ON):
            raise UsageError(f"the row of pointer {row.pointers[0]} forgets {cells[k]}, which was written")
    return Window(cells[first : last + 1], tuple(a - first for a in at))
