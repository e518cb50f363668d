"""What holds where in a function: a forward data-flow analysis that follows only the branches that can be taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from cprograms.budget import tick
from surrogate.anc.compiler.backend.arithmetic import simplify
from surrogate.anc.compiler.backend.facts import Facts, after_body, along_edges, meet
from surrogate.anc.compiler.backend.flow import liveness, predecessors, reverse_postorder
from surrogate.anc.compiler.ir import Function

FREE_VISITS = 8


@dataclass(frozen=True)
class Analysis:
    """The facts at the start of every block that can be reached, and on the ways from each block to others."""

    entry: dict[int, Facts]
    leaving: dict[int, dict[int, Facts]]

    def ways(self) -> Iterator[tuple[int, int, Facts]]:
        """The ways from block to block that can be taken, with what holds on them."""
        for number in self.entry:
            for target, facts in self.leaving[number].items():
                yield number, target, facts


class Analyses:
    """Analyses functions of values modulo `memory_size`; who asks for the last one again gets the same answer."""

    def __init__(self, memory_size: int) -> None:
        self.memory_size = memory_size
        self._last: tuple[Function, Analysis] | None = None

    def of(self, function: Function) -> Analysis:
        """What holds in a function, which nobody may change from then on."""
        if self._last is None or self._last[0] is not function:
            self._last = function, analyse(function, self.memory_size)
        return self._last[1]


def analyse(function: Function, memory_size: int) -> Analysis:
    """What holds where. A block's facts are those on all ways into it; it is followed again when these change.

    What a fact says depends on others (i = 1 makes a fact about READ i one about READ 1), so that might go on for ever:
    after some visits, what holds at a block only ever gets less.
    """
    order = reverse_postorder(function)
    known = _Known(function, memory_size, order)
    waiting = set(order)
    while waiting:
        for number in order:
            if number in waiting:
                waiting.remove(number)
                waiting |= known.visit(number)
    return known.analysis()


class _Known:
    """What is known so far: nothing yet of a block that no way is known to reach."""

    def __init__(self, function: Function, memory_size: int, order: list[int]) -> None:
        self._function, self._order = function, order
        self._start = Facts(memory_size)
        place = {number: i for i, number in enumerate(order)}
        before = predecessors(function)
        self._before = {n: sorted((p for p in before[n] if p in place), key=place.__getitem__) for n in order}
        self._live = liveness(function).before
        self._entry: dict[int, Facts] = {}
        self._leaving: dict[int, dict[int, Facts]] = {}
        self._visits = dict.fromkeys(order, 0)
        self._first: dict[int, int] = {}
        """The place of the first statement of each block, all statements counted."""
        statements = 0
        for number in order:
            self._first[number] = statements
            statements += len(function.blocks[number].body) + 1

    def visit(self, number: int) -> set[int]:
        """Follows a block from what holds on the ways into it, if that changed: the blocks that it changes it for."""
        tick()
        ways = [self._leaving[p][number] for p in self._before[number] if number in self._leaving.get(p, ())]
        if number == 0:
            ways.insert(0, self._start)
        if not ways:
            return set()
        here, old = reduce(meet, ways), self._entry.get(number)
        if old is not None and self._visits[number] >= FREE_VISITS:
            here = meet(here, old)
        if here == old:
            return set()
        here = here.copy()
        here.place = self._first[number]
        self._entry[number] = here
        self._visits[number] += 1
        block, before = self._function.blocks[number], self._leaving.get(number, {})
        self._leaving[number] = now = along_edges(after_body(here, block, simplify), block, self._live)
        return {target for target in before.keys() | now.keys() if before.get(target) != now.get(target)}

    def analysis(self) -> Analysis:
        """The blocks in the order in which ways lead to them."""
        reached = {0: None}
        for number in self._order:
            reached |= dict.fromkeys(self._leaving.get(number, ()))
        return Analysis({number: self._entry[number] for number in reached}, self._leaving)
