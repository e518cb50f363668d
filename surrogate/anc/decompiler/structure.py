"""Structured control flow from basic blocks: ifs, loops and jumps to enclosing ends.

The dominator tree gives the nesting (Ramsey, "Beyond Relooper", ICFP 2022): a block that several others go to follows
the code of the block that dominates it; a block that is jumped back to is a loop.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from surrogate.anc.decompiler.code import (
    ENTRY,
    Block,
    Branch,
    Computed,
    Condition,
    Goto,
    Halt,
    Statement,
    retarget,
    successors,
)


class Unstructured(Exception):
    """The control flow has no form as ifs and loops: a computed jump, or a loop with several entries."""


@dataclass(frozen=True)
class If:
    test: Condition
    yes: Sequence
    no: Sequence


@dataclass(frozen=True)
class Forever:
    """A loop without a test; a jump to `header` goes on with the next round."""

    header: int
    body: Sequence


@dataclass(frozen=True)
class Before:
    """A jump to `following` from within goes to what comes after it; so does the end of `body`."""

    body: Sequence
    following: int


@dataclass(frozen=True)
class Jump:
    target: int


@dataclass(frozen=True)
class Return:
    pass


Part = Statement | If | Forever | Before | Jump | Return
Sequence = tuple[Part, ...]


MAX_SPLITS = 8


def structure(blocks: Mapping[int, Block]) -> Sequence:
    """The blocks as one sequence that starts with block ENTRY. Raises Unstructured."""
    if any(isinstance(block.end, Computed) for block in blocks.values()):
        raise Unstructured
    for _ in range(MAX_SPLITS):
        structurer = _Structurer(blocks)
        entries = structurer.entries_of_a_tangle()
        if not entries:
            return structurer.tree(ENTRY)
        blocks = _split(blocks, *entries)
    raise Unstructured


def _split(blocks: Mapping[int, Block], tangle: set[int], entries: Iterable[int]) -> dict[int, Block]:
    """The blocks with a copy of the smallest entry of a loop that has several, for those who come from outside."""
    entry = min(entries, key=lambda b: (len(blocks[b].body), b))
    copy = max(blocks) + 1
    outside = {
        b: replace(block, end=retarget(block.end, entry, copy)) for b, block in blocks.items() if b not in tangle
    }
    return {**blocks, **outside, copy: blocks[entry]}


class _Structurer:
    def __init__(self, blocks: Mapping[int, Block]) -> None:
        self.blocks = blocks
        self.order = {b: i for i, b in enumerate(_reverse_postorder(blocks))}
        self.parent = _dominators(blocks, self.order)
        self.preceding = {b: [p for p in blocks if b in successors(blocks[p].end)] for b in blocks}
        edges = [(b, s) for b in blocks for s in successors(blocks[b].end)]
        backward = [(b, s) for b, s in edges if self.order[s] <= self.order[b]]
        self.tangled = [(b, s) for b, s in backward if not self._dominates(s, b)]
        self.loops = {s: self._natural_loop([b for b, header in backward if header == s], s) for _, s in backward}
        entered = [s for b, s in edges if self.order[s] > self.order[b]]
        self.merges = {s for s in entered if entered.count(s) > 1}

    def entries_of_a_tangle(self) -> tuple[set[int], list[int]] | None:
        """The blocks of a loop that is entered at several of them, and these."""
        if not self.tangled:
            return None
        b, _ = self.tangled[0]
        tangle = {x for x in self._reached_from(b) if b in self._reached_from(x)}
        return tangle, [x for x in tangle if not tangle.issuperset(self.preceding[x])]

    def _reached_from(self, block: int) -> set[int]:
        reached, waiting = set[int](), [block]
        while waiting:
            new = set(successors(self.blocks[waiting.pop()].end)) - reached
            reached |= new
            waiting.extend(new)
        return reached

    def tree(self, block: int) -> Sequence:
        """The code of a block and of all that it dominates."""
        if block not in self.loops:
            return self._within(block, self._merged_after(block))
        exit_ = self._exit(block)
        if exit_ is not None:
            self.merges.add(exit_)
            del self.parent[exit_]
        loop = Forever(block, self._within(block, self._merged_after(block)))
        return (loop,) if exit_ is None else (Before((loop,), exit_), *self.tree(exit_))

    def _merged_after(self, block: int) -> list[int]:
        return sorted(
            (b for b, p in self.parent.items() if p == block and b in self.merges), key=self.order.__getitem__
        )

    def _exit(self, header: int) -> int | None:
        """The block outside the loop that is written after it, where `break` goes; others are written inside."""
        loop = self.loops[header]
        ways_out = [b for b, p in self.parent.items() if p in loop and b not in loop]
        ways_out = [
            b for b in ways_out if all(self._innermost(p) == header for p in loop.intersection(self.preceding[b]))
        ]
        return max(ways_out, key=lambda b: (self._depth(b), self._size(b)), default=None)

    def _innermost(self, block: int) -> int:
        """The header of the smallest loop that a block of a loop is in."""
        return min((h for h, loop in self.loops.items() if block in loop), key=lambda h: len(self.loops[h]))

    def _depth(self, block: int) -> int:
        """How many loops are around a block."""
        return sum(block in loop and block != header for header, loop in self.loops.items())

    def _size(self, block: int) -> int:
        """The blocks that it dominates, itself included."""
        return sum(self._dominates(block, b) for b in self.order if b in self.parent)

    def _natural_loop(self, ends: list[int], header: int) -> set[int]:
        """The blocks from which a jump back is reached without passing the header, and the header."""
        loop, waiting = {header}, ends
        while waiting:
            b = waiting.pop()
            if b not in loop:
                loop.add(b)
                waiting.extend(self.preceding[b])
        return loop

    def _within(self, block: int, later: list[int]) -> Sequence:
        if later:
            *others, last = later
            return (Before(self._within(block, others), last), *self.tree(last))
        body, end = tuple(self.blocks[block].body), self.blocks[block].end
        match end:
            case Goto(target):
                return (*body, *self._go(block, target))
            case Branch(test, yes, no):
                return (*body, If(test, self._go(block, yes), self._go(block, no)))
            case Halt():
                return (*body, Return())
            case Computed():
                raise Unstructured
            case _:
                assert_never(end)

    def _go(self, block: int, target: int) -> Sequence:
        inside = self.order[target] > self.order[block] and target not in self.merges
        return self.tree(target) if inside else (Jump(target),)

    def _dominates(self, a: int, b: int) -> bool:
        while b != a and b in self.parent:
            b = self.parent[b]
        return a == b


def _reverse_postorder(blocks: Mapping[int, Block]) -> list[int]:
    order: list[int] = []
    seen = {ENTRY}

    def visit(b: int) -> None:
        # The last successor first: the order then begins with the first one, as the lines do.
        for s in reversed(successors(blocks[b].end)):
            if s not in seen:
                seen.add(s)
                visit(s)
        order.append(b)

    visit(ENTRY)
    return order[::-1]


def _dominators(blocks: Mapping[int, Block], order: Mapping[int, int]) -> dict[int, int]:
    """The immediate dominator of each block but the entry (Cooper, Harvey and Kennedy 2001)."""
    parent = {ENTRY: ENTRY}
    changed = True
    while changed:
        changed = False
        for b in list(order)[1:]:
            preceding = [p for p in parent if b in successors(blocks[p].end)]
            meet = preceding[0]
            for p in preceding[1:]:
                while p != meet:
                    if order[p] > order[meet]:
                        p = parent[p]
                    else:
                        meet = parent[meet]
            changed |= parent.get(b) != meet
            parent[b] = meet
    del parent[ENTRY]
    return parent
