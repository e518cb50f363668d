"""Running many problems at once, by what frames do once they have seen something.

What a frame does follows from its call and what it has seen. So a `Book` notes it: a *point* is a frame's call and what
it has seen so far, and what is asked twice is looked up. Short frames, as those of recursive programs, are soon all in
the book, and a run of any length is only looked up. A frame longer than `remembered` steps has a point of its own from
there on, which moves along with it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch

from cprograms.tape.traces import ON, Action
from training.programmer_interpreter.frames import Codes
from training.programmer_interpreter.network import ProgrammerInterpreter
from training.programmer_interpreter.tasks import Ints, Problems

REMEMBERED = 8
"""Steps of a frame that a book notes."""
BATCH = 2048
"""Points that a network is asked about at one go."""
ENDED, NO_ACT = -1, -2
"""In place of a program: the frame ends; the network chose what nobody can do."""
_WRITE, _MOVE = 0, 1  # as `Codes` numbers them


class Book(ABC):
    """What frames do: `called` [points] is a program's number, ENDED or NO_ACT, `given` [points, A] its arguments."""

    def __init__(self, codes: Codes, remembered: int = REMEMBERED):
        self.codes, self.remembered = codes, remembered
        self._radix = codes.values ** np.arange(codes.pointers)
        self._roots: dict[tuple[int, ...], int] = {}
        self._free: list[int] = []
        self._keys = np.empty(0, dtype=np.int64)
        self._points = np.empty(0, dtype=np.int64)
        self.size = 0
        arguments = codes.most_arguments
        self.program, self.steps = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64)
        self.called, self.given = np.empty(0, dtype=np.int64), np.empty((0, arguments), dtype=np.int64)
        self.own = np.empty((0, arguments), dtype=np.int64)

    @abstractmethod
    def ask(self, before: Ints, seen: Ints, after: Ints) -> None:
        """Fill `called` and `given` of the points `after` [n]: frames at the points `before` [n] that see `seen`."""

    def root(self, program: int, arguments: tuple[int, ...]) -> int:
        """The point of a frame that has not seen anything."""
        key = (program, *arguments)
        if key not in self._roots:
            [point] = self._new(1)
            self.program[point], self.steps[point], self.own[point] = program, 0, arguments
            self._roots[key] = point
        return self._roots[key]

    def roots(self, called: Ints, given: Ints) -> Ints:
        """The points of new frames, as calls [n] with arguments [n, A] make them."""
        calls, which = np.unique(np.column_stack([called, given]), axis=0, return_inverse=True)
        found = np.array([self.root(int(c[0]), tuple(int(v) for v in c[1:])) for c in calls])
        return found[which.ravel()]

    def next(self, points: Ints, seen: Ints) -> Ints:
        """The points [n] to which frames at points [n] come where they see `seen` [n, P]."""
        found = np.empty_like(points)
        noted = self.steps[points] < self.remembered
        found[noted] = self._looked_up(points[noted], seen[noted])
        if not noted.all():
            found[~noted] = self._moved_along(points[~noted], seen[~noted])
        return found

    def release(self, points: Ints) -> None:
        """Frames at these points have ended."""
        self._free += [int(p) for p in points[self.steps[points] > self.remembered]]

    def _looked_up(self, points: Ints, seen: Ints) -> Ints:
        keys = points * self.codes.values**self.codes.pointers + seen @ self._radix
        missing, first = np.unique(keys[~self._known(keys)], return_index=True)
        if len(missing):
            which = np.flatnonzero(~self._known(keys))[first]
            after = self._after(points[which], seen[which])
            places = np.searchsorted(self._keys, missing)
            self._keys, self._points = np.insert(self._keys, places, missing), np.insert(self._points, places, after)
        found: Ints = self._points[np.searchsorted(self._keys, keys)]
        return found

    def _known(self, keys: Ints) -> np.ndarray:
        places = np.searchsorted(self._keys, keys).clip(max=max(len(self._keys) - 1, 0))
        return self._keys[places] == keys if len(self._keys) else np.zeros(len(keys), dtype=bool)

    def _moved_along(self, points: Ints, seen: Ints) -> Ints:
        """Frames that are longer than what is noted: they keep the point that they got when they became so."""
        own = np.where(self.steps[points] > self.remembered, points, -1)
        fresh = np.flatnonzero(own < 0)
        reused = [self._free.pop() for _ in range(min(len(fresh), len(self._free)))]
        own[fresh] = [*reused, *self._new(len(fresh) - len(reused))]
        self._fill(points, seen, own)
        return own

    def _after(self, points: Ints, seen: Ints) -> Ints:
        after = np.array(self._new(len(points)))
        self._fill(points, seen, after)
        return after

    def _fill(self, points: Ints, seen: Ints, after: Ints) -> None:
        for k in range(0, len(points), BATCH):
            part = slice(k, k + BATCH)
            self.ask(points[part], seen[part], after[part])
        self.program[after], self.own[after] = self.program[points], self.own[points]
        self.steps[after] = self.steps[points] + 1

    def _new(self, count: int) -> range:
        first, self.size = self.size, self.size + count
        if self.size > len(self.called):
            self.grow(max(self.size, 2 * len(self.called), 1024))
        return range(first, self.size)

    def grow(self, size: int) -> None:
        """Make room for so many points."""
        for name in ("program", "steps", "called", "given", "own"):
            setattr(self, name, grown(getattr(self, name), size))


def grown(array: np.ndarray, size: int) -> np.ndarray:
    """An array with room for `size` rows."""
    found = np.zeros((size, *array.shape[1:]), dtype=array.dtype)
    found[: len(array)] = array
    return found


class NetworkBook(Book):
    """What a network's frames do. `margin` [points] is by how much the least certain of its choices won."""

    def __init__(self, model: ProgrammerInterpreter, remembered: int = REMEMBERED):
        super().__init__(model.codes, remembered)
        self.model = model
        core = model.core
        self._state = np.zeros((0, 2, core.num_layers, core.hidden_size), dtype=np.float32)
        self.margin = np.zeros(0, dtype=np.float32)
        self._taken = torch.tensor(list(model.codes.programs.values()))  # arguments of each program

    def grow(self, size: int) -> None:
        super().grow(size)
        self._state, self.margin = grown(self._state, size), grown(self.margin, size)

    @torch.no_grad()
    def ask(self, before: Ints, seen: Ints, after: Ints) -> None:
        hidden, cell = torch.from_numpy(self._state[before]).permute(1, 2, 0, 3).contiguous()
        own = torch.from_numpy(np.stack([self.program[before]], 1))[:, 0], torch.from_numpy(self.own[before])
        choices, state = self.model(*own, torch.from_numpy(seen)[:, None], (hidden, cell))
        self._state[after] = torch.stack(state).permute(2, 0, 1, 3).numpy()
        end, program, given = choices.end[:, 0], choices.program[:, 0], choices.arguments[:, 0]
        best = program.argmax(-1)  # [n]
        takes = torch.arange(given.shape[1]) < self._taken[best][:, None]  # [n, A]
        called = torch.where(end > 0, ENDED, best)
        arguments = torch.where(takes & (end <= 0)[:, None], given.argmax(-1), -1)
        self.called[after] = np.where(self._possible(called, arguments), called.numpy(), NO_ACT)
        self.given[after] = arguments.numpy()
        won = torch.where(takes, _lead(given), torch.inf).amin(-1).minimum(_lead(program))
        self.margin[after] = torch.where(end > 0, end, won.minimum(-end)).numpy()

    def _possible(self, called: torch.Tensor, given: torch.Tensor) -> np.ndarray:
        """Whether the environment can do it: there is such a pointer, and such a way."""
        acts = (called == _WRITE) | (called == _MOVE)
        wrong = (given[:, 0] >= self.codes.pointers) | ((called == _MOVE) & (given[:, 1] > ON))
        possible: np.ndarray = (~(acts & wrong)).numpy()
        return possible


def _lead(logits: torch.Tensor) -> torch.Tensor:
    """By how much the largest of the last axis exceeds the second."""
    first, second = logits.topk(2, -1).values.unbind(-1)
    return first - second


@dataclass(frozen=True)
class Runs:
    """What became of problems: the tapes [N, M] that were left, and which runs ended [N], after how many decisions."""

    tapes: Ints
    ended: np.ndarray
    decisions: Ints


def run(book: Book, entry: Action, tapes: Ints, most: int) -> Runs:
    """Run a program on tapes [N, M], each until it ends, does what nobody can do, or has made `most` decisions."""
    runs = _Runs(book, entry, tapes, most)
    while len(runs.active):
        runs.step()
    return Runs(runs.tapes, runs.ended, runs.decisions)


class _Runs:
    """Problems that are run side by side; `stack` [N, depth] holds the points of their open frames."""

    def __init__(self, book: Book, entry: Action, tapes: Ints, most: int):
        self._book, self._most = book, most
        self.tapes, count = tapes.copy(), len(tapes)
        self._stack = np.zeros((count, 8), dtype=np.int64)
        root = (book.codes.numbers[entry.name], *book.codes.arguments(entry))
        self._stack[:, 0] = book.root(root[0], root[1:])
        self._depth = np.zeros(count, dtype=np.int64)
        self.ended, self.decisions = np.zeros(count, dtype=bool), np.zeros(count, dtype=np.int64)
        self.active = np.arange(count)

    def step(self) -> None:
        """One decision of every run that goes on."""
        rows, book = self.active, self._book
        seen = self.tapes[rows[:, None], self.tapes[rows, : book.codes.pointers]]
        points = book.next(self._stack[rows, self._depth[rows]], seen)
        self._stack[rows, self._depth[rows]] = points
        self.decisions[rows] += 1
        called, given = book.called[points], book.given[points]
        failed = called == NO_ACT
        self._end(rows[called == ENDED], points[called == ENDED])
        self._write(rows[called == _WRITE], given[called == _WRITE])
        failed[called == _MOVE] = self._move(rows[called == _MOVE], given[called == _MOVE])
        self._enter(rows[called > _MOVE], called[called > _MOVE], given[called > _MOVE])
        going = ~failed & ~self.ended[rows] & (self.decisions[rows] < self._most)
        self.active = rows[going]

    def _end(self, rows: Ints, points: Ints) -> None:
        self._book.release(points)
        self.ended[rows[self._depth[rows] == 0]] = True
        self._depth[rows] -= 1

    def _write(self, rows: Ints, given: Ints) -> None:
        self.tapes[rows, self.tapes[rows, given[:, 0]]] = given[:, 1]

    def _move(self, rows: Ints, given: Ints) -> np.ndarray:
        """Whether the pointers that moved have left the data [n]."""
        to = self.tapes[rows, given[:, 0]] + np.where(given[:, 1] == ON, 1, -1)
        left: np.ndarray = (to < self._book.codes.pointers) | (to >= self.tapes.shape[1])
        self.tapes[rows, given[:, 0]] = np.where(left, self.tapes[rows, given[:, 0]], to)
        return left

    def _enter(self, rows: Ints, called: Ints, given: Ints) -> None:
        if not len(rows):
            return
        self._depth[rows] += 1
        if self._depth[rows].max() == self._stack.shape[1]:
            self._stack = np.concatenate([self._stack, np.zeros_like(self._stack)], axis=1)
        self._stack[rows, self._depth[rows]] = self._book.roots(called, given)


def right(runs: Runs, problems: Problems, found: Ints) -> np.ndarray:
    """Whether runs [N] ended and left the answers."""
    correct: np.ndarray = runs.ended & (found == problems.answers).all(1)
    return correct
