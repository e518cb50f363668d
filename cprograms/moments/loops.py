"""Loops that are not unrolled: a few passes over abstract numbers, then what further ones would add.

A pass is taken where its condition holds, as a select takes a branch. The counter of a loop whose number of passes is
known and large counts as any of its values, equally often.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from cprograms.graph import Graph
from cprograms.moments.algebra import Algebra
from cprograms.moments.choices import select, truth
from cprograms.moments.values import Value, uniform

MOST_PASSES, MOST_NODES, MOST_INNER = 24, 240, 60
"""Passes, and what they may compute together: of a loop, and of one inside another."""
OVER = 0.02
"""Passes that are taken more seldom do not count."""
STEADY = 0.97, 1.001
"""A change that shrinks less from pass to pass than the first adds up by the number of passes, and grows beyond the
second."""
FASTEST, FARTHEST = 2.0, 1e6
"""The fastest growth, and the farthest that it leads, in changes of the last pass."""
EXPLODED = 100
"""A loop that makes a number so many times larger, and does not say how often it repeats, says nothing of it."""


class Loop(NamedTuple):
    """Of the loop with one condition: the carried variables with what they are after a pass, those that only count,
    the nodes of a pass, and the conditions of the loops inside."""

    after: dict[int, int]
    counters: list[int]
    body: list[int]
    inner: list[int]


class Passes(NamedTuple):
    """How often a loop repeats, by a counter, and by what that steps."""

    counter: int
    step: float
    trips: Value


class Loops:
    """The loops of a graph. `values` are those of its nodes so far, `compute` gives a node's from its children's."""

    def __init__(self, graph: Graph, values: list[Value | None], compute: Callable[[int], Value], algebra: Algebra):
        self._graph, self._values, self._compute, self._algebra = graph, values, compute, algebra
        self._loops = loops_of(graph)
        self._left: dict[int, dict[int, Value]] = {}
        self._depth = 0

    def value(self, node: int) -> Value:
        """Of a `loop` node: its variable once the loop is left."""
        condition, _, carry = self._graph.nodes[node].children
        if condition not in self._left:
            self._left[condition] = self._run(condition)
        return self._left[condition][carry]

    def _known(self, node: int) -> Value:
        found = self._values[node]
        assert found is not None
        return found

    def _run(self, condition: int) -> dict[int, Value]:
        """What each carried variable is afterwards."""
        graph, loop = self._graph, self._loops[condition]
        for k in graph.needed([condition, *loop.after.values(), *loop.after]):
            if self._values[k] is None:
                self._values[k] = self._compute(k)
        state = {c: self._known(graph.nodes[c].children[0]) for c in (*loop.after, *loop.counters)}
        passes = self._passes(condition, loop, state)
        most = max(3, min(MOST_PASSES, (MOST_INNER if self._depth else MOST_NODES) // max(len(loop.body), 1)))
        known = passes is not None and passes.trips.variance == 0
        any_pass = self._any_pass(passes, state) if passes is not None and known and passes.trips.mean > most else None
        history, taken, self._depth = [state], 1.0, self._depth + 1
        while len(history) <= most and taken > OVER / 20:
            if passes is not None and any_pass is not None:
                state = {**state, passes.counter: any_pass}
            flag = self._pass(condition, loop, state)
            taken = 1.0 if any_pass is not None else flag.mean
            step = passes.step if passes is not None else 1.0
            after = {c: self._known(loop.after[c]) if c in loop.after else v.moved(step) for c, v in state.items()}
            state = {c: v if taken > 0.999 else select(self._algebra, flag, v, state[c]) for c, v in after.items()}
            history.append(state)
        self._depth -= 1
        left = passes.trips.mean - len(history) + 1 if passes is not None and known else None
        return {c: _beyond([h[c] for h in history], left, taken, self._algebra.basis.size) for c in loop.after}

    def _pass(self, condition: int, loop: Loop, state: dict[int, Value]) -> Value:
        """Compute the nodes of a pass; returns the flag that it is taken."""
        for carry, value in state.items():
            self._values[carry] = value
        for inner in loop.inner:
            self._left.pop(inner, None)
        for k in loop.body:
            self._values[k] = self._compute(k)
        return truth(self._algebra, self._known(condition), self._graph.nodes[condition].type.is_integer)

    def _passes(self, condition: int, loop: Loop, state: dict[int, Value]) -> Passes | None:
        """Of a condition that compares a counter with what the loop does not change."""
        n = self._graph.nodes[condition]
        if n.op not in ("lt", "le"):
            return None
        (left, right), steps = n.children, (1.0, -1.0)
        for counter, limit, step in zip((left, right), (right, left), steps, strict=True):
            if counter in loop.counters and limit not in loop.body:
                trips = self._algebra.sum(self._known(limit), state[counter], step, -step)
                return Passes(counter, step, trips.moved(float(n.op == "le")))
        return None

    def _any_pass(self, passes: Passes, state: dict[int, Value]) -> Value:
        """The counter in any pass."""
        first, count = state[passes.counter], max(int(min(passes.trips.mean, 1e9)), 1)
        strata = first.mean + passes.step * uniform(0, count - 1, whole=True)
        return self._algebra.independent(np.sort(strata), (float(strata.min()), float(strata.max())))


def loops_of(graph: Graph) -> dict[int, Loop]:
    """The loops, by their conditions."""
    members: dict[int, list[int]] = {}
    for i, n in enumerate(graph.nodes):
        if n.op == "loop":
            members.setdefault(n.children[0], []).append(i)
    ended = {graph.nodes[i].children[2] for nodes in members.values() for i in nodes}
    found = {}
    for condition, nodes in members.items():
        after = {graph.nodes[i].children[2]: graph.nodes[i].children[1] for i in nodes}
        needed = sorted(graph.needed([condition, *after.values()]))
        counters = [k for k in needed if graph.nodes[k].op == "carry" and k not in ended]
        changed, body = {*after, *counters}, []
        for k in needed:
            if k not in changed and changed.intersection(graph.nodes[k].children):
                changed.add(k)
                body.append(k)
        inner = [other for other, own in members.items() if other != condition and changed.intersection(own)]
        found[condition] = Loop(after, counters, body, inner)
    return found


def _beyond(history: Sequence[Value], left: float | None, taken: float, size: int) -> Value:
    """A variable after `left` further passes, None where nobody knows how many; `taken` of the last pass was.

    The mean, and together the coefficients [size] of the polynomials, go on changing as they did.
    """
    last = history[-1]
    if taken < OVER or (left is not None and left <= 0) or len(history) < 3:
        return last
    if left is None and last.std + abs(last.mean) > EXPLODED * (1 + history[0].std + abs(history[0].mean)):
        return history[1]
    c = last.c.copy()
    for part in (slice(0, 1), slice(1, size)):
        change, earlier = last.c[part] - history[-2].c[part], history[-2].c[part] - history[-3].c[part]
        c[part] += _sum_of_changes(change, earlier, left) * change
    return Value(c, last.rest, last.shape) if np.isfinite(c).all() else last


def _sum_of_changes(change: np.ndarray, earlier: np.ndarray, left: float | None) -> float:
    """What further changes add up to, in changes of the last pass: a geometric series."""
    square = float(earlier @ earlier)
    ratio = float(change @ earlier) / square if square > 0 else 0.0
    if ratio <= 0 or not math.isfinite(ratio):
        return 0.0
    if ratio < STEADY[0]:
        return ratio / (1 - ratio) * (1.0 - (math.pow(ratio, left) if left is not None else 0.0))
    if left is None:
        return 0.0
    if ratio < STEADY[1]:
        return left
    ratio = min(ratio, FASTEST)
    return min((math.pow(ratio, min(left, 200) + 1) - ratio) / (ratio - 1), FARTHEST)
