"""The loops of a function, and how often its blocks are expected to run."""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.anc.compiler.backend.flow import predecessors, reverse_postorder
from surrogate.anc.compiler.ir import Branch, Function, successors

# A loop is left in one of ten rounds; where a test does not leave a loop, both ways are equally likely.
LEAVES_LOOP = 0.1
# Keeps the expected frequencies of a program that never stops finite.
GOES_ON = 0.999


@dataclass(frozen=True)
class NaturalLoop:
    """The block at which it goes round again, and all its blocks."""

    header: int
    body: frozenset[int]


def loops(function: Function) -> list[NaturalLoop]:
    """Every natural loop, smallest first."""
    place = {number: i for i, number in enumerate(reverse_postorder(function))}
    before = predecessors(function)
    found: dict[int, set[int]] = {}
    for latch in place:
        for header in successors(function.blocks[latch].end):
            if place[header] <= place[latch]:
                body, todo = found.setdefault(header, {header}), [latch]
                while todo:
                    number = todo.pop()
                    if number not in body and number in place:
                        body.add(number)
                        todo.extend(before[number])
    # A cycle that can be entered beside its header reaches back to the function's start: it is no natural loop.
    nested = [NaturalLoop(header, frozenset(body)) for header, body in found.items() if header == 0 or 0 not in body]
    return sorted(nested, key=lambda loop: (len(loop.body), loop.header))


class Expected:
    """How often things are expected to happen in a function, by the static guesses above.

    `loops` are its loops, smallest first, `often` says how often each block runs that can be reached.
    """

    def __init__(self, function: Function) -> None:
        self.loops = loops(function)
        self._inner: dict[int, frozenset[int]] = {}
        for loop in self.loops:
            for number in loop.body:
                self._inner.setdefault(number, loop.body)
        self._blocks = function.blocks
        order = reverse_postorder(function)
        place = {number: i for i, number in enumerate(order)}
        ways = [[(place[to], chance) for to, chance in self.ways(number)] for number in order]
        self.often = dict(zip(order, _flow(ways), strict=True))

    def ways(self, number: int) -> list[tuple[int, float]]:
        """The successors of a block with their probabilities, that of a zero first."""
        end = self._blocks[number].end
        if not isinstance(end, Branch):
            return [(successor, 1.0) for successor in successors(end)]
        inner = self._inner.get(number, frozenset())
        stays = [successor in inner for successor in (end.zero, end.other)]
        zero = 0.5 if stays[0] == stays[1] else 1 - LEAVES_LOOP if stays[0] else LEAVES_LOOP
        return [(end.zero, zero), (end.other, 1 - zero)]


def _flow(ways: list[list[tuple[int, float]]]) -> list[float]:
    """How often each of some places is visited, from the first one on: the solution of x = e_0 + GOES_ON Pᵀ x.

    Gaussian elimination: the matrix is diagonally dominant, so it needs no pivots, and in this order its rows stay
    short: beside the diagonal only the ends of the loops around a place.
    """
    rows: list[dict[int, float]] = [{i: 1.0} for i in range(len(ways))]
    below: list[set[int]] = [set() for _ in ways]
    for i, leaving in enumerate(ways):
        for j, chance in leaving:
            rows[j][i] = rows[j].get(i, 0.0) - chance * GOES_ON
            if j > i:
                below[i].add(j)
    right = [1.0, *[0.0] * (len(ways) - 1)]
    for i, row in enumerate(rows):
        pivot = row.pop(i)
        after = {k: value for k, value in row.items() if k > i}
        for j in below[i]:
            factor = rows[j].pop(i) / pivot
            right[j] -= factor * right[i]
            for k, value in after.items():
                rows[j][k] = rows[j].get(k, 0.0) - factor * value
                if j > k:
                    below[k].add(j)
        rows[i] = after
        after[i] = pivot
    found = [0.0] * len(ways)
    for i in range(len(ways) - 1, -1, -1):
        pivot = rows[i].pop(i)
        found[i] = (right[i] - sum(value * found[k] for k, value in rows[i].items())) / pivot
    return found
