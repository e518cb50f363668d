"""The same statements on two ways run in one place: at the end of both ways, or before the ways part.

Statements are the same also where they only name different registers, if these can be one register.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

from surrogate.anc.compiler.backend.coalesce import interference
from surrogate.anc.compiler.backend.flow import predecessors, renamed
from surrogate.anc.compiler.backend.motion import moves_first, moves_last
from surrogate.anc.compiler.backend.sets import holds
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    Function,
    Goto,
    Register,
    Statement,
    defined,
    operands,
    used,
)
from surrogate.anc.machine.instructions import Op


@dataclass(frozen=True)
class Sharing:
    """Blocks `one` and `other`, whose common statements go into block `into`: at its start, or at its end."""

    one: int
    other: int
    into: int
    at_start: bool

    def allows(self, function: Function, number: int, index: int) -> bool:
        """Whether statement `index` of block `number`, one of the two, can go there."""
        block = function.blocks[number]
        if self.at_start:
            return moves_last(block.body, index, block.end)
        statement = block.body[index]
        return moves_first(block.body[:index], statement) and defined(statement) not in used(
            function.blocks[self.into].end
        )


def shared_tails(function: Function) -> Iterator[Function]:
    """Functions with the last statements of two blocks that go on alike in a block of their own, to which both go."""
    ends = {number: b.end for number, b in function.blocks.items() if number != 0 and isinstance(b.end, Goto)}
    shapes = {number: {_shape(statement) for statement in function.blocks[number].body} for number in ends}
    for one, other in combinations(ends, 2):
        end = ends[one]
        if end == ends[other] and not shapes[one].isdisjoint(shapes[other]):
            new = max(function.blocks) + 1
            ways = {number: Block(function.blocks[number].body, Goto(new)) for number in (one, other)}
            split = Function(function.blocks | ways | {new: Block([], end)})
            yield from _share(split, Sharing(one, other, new, at_start=True))


def shared_heads(function: Function) -> Iterator[Function]:
    """Functions with the first statements of both ways out of a branch in front of the branch."""
    before = predecessors(function)
    for number, block in function.blocks.items():
        if isinstance(block.end, Branch) and all(before[way] == [number] for way in (block.end.zero, block.end.other)):
            yield from _share(function, Sharing(block.end.zero, block.end.other, number, at_start=False))


def _share(function: Function, sharing: Sharing) -> Iterator[Function]:
    """The function with all that the blocks share in its new place, if they share anything."""
    found = None
    while (step := _common(found or function, sharing)) is not None:
        found, i, k = step
        statement = found.blocks[sharing.one].body.pop(i)
        del found.blocks[sharing.other].body[k]
        body = found.blocks[sharing.into].body
        body.insert(0 if sharing.at_start else len(body), statement)
    if found is not None:
        yield found


def _common(function: Function, sharing: Sharing) -> tuple[Function, int, int] | None:
    """A copy of the function in which two movable statements are the same, and their places."""
    one, other = (
        [(i, s) for i, s in enumerate(function.blocks[number].body) if sharing.allows(function, number, i)]
        for number in (sharing.one, sharing.other)
    )
    pairs = sorted(product(one, other), key=lambda pair: pair[0][1] != pair[1][1])  # the same as they stand first
    for (i, first), (k, second) in pairs:
        unified = _unified(function, first, second)
        if unified and sharing.allows(unified, sharing.one, i) and sharing.allows(unified, sharing.other, k):
            return unified, i, k
    return None


def _unified(function: Function, first: Statement, second: Statement) -> Function | None:
    """A copy of the function in which the two statements are the same, with fewer registers; None if there is none."""
    if _shape(first) != _shape(second):
        return None
    names: dict[Register, Register] = {}

    def name(register: Register) -> Register:
        while register in names:
            register = names[register]
        return register

    for pair in zip(_registers(first), _registers(second), strict=True):
        keep, drop = map(name, pair)
        if keep != drop:
            if holds(interference(renamed(function, name))[keep.number], drop):
                return None
            names[drop] = keep
    return renamed(function, name)


def _registers(statement: Statement) -> list[Register]:
    out = defined(statement)
    return [*used(statement), *([] if out is None else [out])]


def _shape(statement: Statement) -> tuple[type[Statement], Op | None, tuple[Constant | None, ...]]:
    """The statement but for which registers it names."""
    op = statement.op if isinstance(statement, Compute) else None
    constants = tuple(value if isinstance(value, Constant) else None for value in operands(statement))
    return type(statement), op, constants
