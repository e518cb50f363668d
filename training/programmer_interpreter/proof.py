"""The proof that a network does what its C program does, on inputs of every length.

As Cai, Shin and Song (2017, section 3): a frame of a recursive program sees only so much. `cprograms.tape.situations`
lists it all. Where the network does in every point of every frame what the C code does there, each of its runs is, call
by call, a run of the C program.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from cprograms.tape.situations import Frames, Node
from cprograms.tape.traces import END, Action, Observation
from training.programmer_interpreter.frames import Codes
from training.programmer_interpreter.network import ProgrammerInterpreter
from training.programmer_interpreter.running import ENDED, NO_ACT, NetworkBook
from training.programmer_interpreter.tasks import Ints


@dataclass(frozen=True)
class Difference:
    """A point where the network does something else than the C code; `found` is None for what nobody can do."""

    call: Action
    history: tuple[Observation, ...]
    wanted: Action
    found: Action | None


@dataclass(frozen=True)
class Proof:
    """`points` and `wrong` ones by subprogram, the first few `differences`, and the least margin of a right choice."""

    points: Counter[str]
    wrong: Counter[str]
    differences: list[Difference] = field(repr=False)
    margin: float

    @property
    def holds(self) -> bool:
        """Exact for every length."""
        return bool(self.points) and not self.wrong


SHOWN = 10


def prove(model: ProgrammerInterpreter, frames: Frames) -> Proof:
    """Compare a network with the C code in every point of its frames."""
    book = NetworkBook(model)
    points, wrong, differences, margin = Counter[str](), Counter[str](), list[Difference](), np.inf
    for call, first in frames.items():
        root = book.root(model.codes.numbers[call.name], tuple(model.codes.arguments(call)))
        before, level = np.full(len(first), root), list(first.values())
        while level:
            after = _next(book, before, [node.seen for node in level])
            same = _same(book, after, [node.action for node in level])
            points[call.name] += len(level)
            wrong[call.name] += int((~same).sum())
            margin = min(margin, book.margin[after[same]].min(initial=np.inf))
            for k in np.flatnonzero(~same)[: SHOWN - len(differences)]:
                found = _action(model.codes, int(book.called[after[k]]), book.given[after[k]])
                differences.append(Difference(call, tuple(level[k].history()), level[k].action, found))
            before, level = _children(after, level)
    return Proof(points, +wrong, differences, float(margin))


def _children(points: Ints, level: list[Node]) -> tuple[Ints, list[Node]]:
    sizes = [len(node.children) for node in level]
    return np.repeat(points, sizes), [child for node in level for child in node.children.values()]


def _next(book: NetworkBook, points: Ints, seen: Iterable[Observation]) -> Ints:
    return book.next(points, np.array(list(seen)))


def _same(book: NetworkBook, points: Ints, wanted: list[Action]) -> np.ndarray:
    codes = book.codes
    called = np.array([ENDED if a.name == END else codes.numbers[a.name] for a in wanted])
    given = np.array([codes.arguments(a) for a in wanted]).reshape(len(wanted), -1)
    same: np.ndarray = (book.called[points] == called) & (book.given[points] == given).all(1)
    return same


def _action(codes: Codes, called: int, given: Ints) -> Action | None:
    if called == NO_ACT:
        return None
    return Action(END) if called == ENDED else Action(codes.names[called], tuple(int(v) for v in given if v >= 0))
