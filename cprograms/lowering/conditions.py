"""Conditions and selects: what a value is where control may come from several sides."""

from __future__ import annotations

from cprograms.budget import tick
from cprograms.graph import GraphBuilder
from cprograms.lowering.bounds import Bounds
from cprograms.lowering.state import UNSET, Either, Null, Path, Slot, State
from cprograms.types import INT


class Conditions:
    """A condition is a node of an integer type: it holds where the node is not 0."""

    def __init__(self, builder: GraphBuilder, bounds: Bounds, state: State) -> None:
        self._builder, self._bounds, self._state = builder, bounds, state

    def truth(self, value: int) -> int:
        """The condition that a scalar is not 0."""
        return value if self._builder.nodes[value].type.is_integer else self.as_flag(value)

    def as_flag(self, value: int) -> int:
        """0 or 1, an int: whether a scalar is not 0."""
        return self._builder.add("ne", INT, value, self._zero_like(value))

    def negation(self, value: int) -> int:
        """0 or 1, an int: whether a scalar is 0."""
        return self._builder.add("eq", INT, value, self._zero_like(value))

    def equals(self, value: int, number: int) -> int:
        return self._builder.add("eq", INT, value, self._builder.constant(number, self._builder.nodes[value].type))

    def decided(self, condition: int) -> bool | None:
        """Whether a condition holds, where that is known: it is constant or, in what repeats, the domain decides it.

        Elsewhere the domain is not asked, so that it shapes a graph only where a bound must be proved.
        """
        number = self._builder.number(condition)
        if number is not None:
            return number != 0
        return self._bounds.truth(condition) if self._state.repeating else None

    def select(self, condition: int, yes: int, no: int) -> int:
        return yes if yes == no else self._builder.add("sel", self._builder.nodes[yes].type, condition, yes, no)

    def both(self, first: int, second: int) -> int:
        """`first && second`, where the second is undefined unless the first holds."""
        return self.select(first, self.as_flag(second), self._builder.constant(0, INT))

    def unless(self, first: int, second: int) -> int:
        """`!first && second`, where the second is undefined where the first holds."""
        return self.select(first, self._builder.constant(0, INT), self.as_flag(second))

    def any_of(self, first: int, second: int) -> int:
        """`first || second`, where the second is undefined where the first holds."""
        return self.select(first, self._builder.constant(1, INT), self.as_flag(second))

    def all_of(self, path: Path) -> int:
        """Whether all of a path holds; each of its conditions is undefined unless those before it hold."""
        found = self._builder.constant(1, INT)
        for condition, holds in path:
            found = self.both(found, condition if holds else self.negation(condition))
        return found

    def merge(self, condition: int, yes: list[Slot], no: list[Slot], length: int) -> list[Slot]:
        """The first `length` slots of two memories: `yes` where the condition holds, else `no`."""
        tick(length)
        if len(yes) < length or len(no) < length:
            yes, no = (side + [UNSET] * (length - len(side)) for side in (yes, no))
        return [
            a if a == b or b == UNSET else b if a == UNSET else self._slot(condition, a, b)
            for a, b, _ in zip(yes, no, range(length), strict=False)
        ]

    def _slot(self, condition: int, yes: Slot, no: Slot) -> Slot:
        if isinstance(yes, int) and isinstance(no, int):
            return self.select(condition, yes, no)
        known = self._builder.number(condition)
        first, second = (Null() if isinstance(slot, int) else slot for slot in (yes, no))
        return Either(condition, first, second) if known is None else first if known else second

    def _zero_like(self, value: int) -> int:
        return self._builder.constant(0, self._builder.nodes[value].type)
