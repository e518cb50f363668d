"""How hard a sample is, and in which order training meets hard ones (Zaremba, Sutskever 2014, section 4)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

from cprograms.diagnostics import UsageError


class Hardness(NamedTuple):
    """`length`: digits of the largest integer (of the string, for memorisation). `nesting`: operators of a program."""

    length: int
    nesting: int

    def check(self, limit: Hardness) -> None:
        """Raises UsageError where a field is not in 1..limit."""
        for name, value, most in zip(self._fields, self, limit, strict=True):
            if not 1 <= value <= most:
                raise UsageError(f"{name} {value} is out of range: 1 to {most} are possible")

    def harder(self, target: Hardness) -> Hardness | None:
        """One digit more; at the target's length one operator more and a length of 1; None at the target."""
        if self.length < target.length:
            return Hardness(self.length + 1, self.nesting)
        if self.nesting < target.nesting:
            return Hardness(1, self.nesting + 1)
        return None


Curriculum = Callable[[Random, Hardness, Hardness], Hardness]
"""(random, current, target) -> the hardness of the next training sample."""

MIX_ONE_IN = 5


def baseline(random: Random, current: Hardness, target: Hardness) -> Hardness:
    return target


def naive(random: Random, current: Hardness, target: Hardness) -> Hardness:
    return current


def mix(random: Random, current: Hardness, target: Hardness) -> Hardness:
    return Hardness(1 + int(random.random() * target.length), 1 + int(random.random() * target.nesting))


def combined(random: Random, current: Hardness, target: Hardness) -> Hardness:
    return mix(random, current, target) if random.random() * MIX_ONE_IN < 1 else current


CURRICULA: dict[str, Curriculum] = {"baseline": baseline, "naive": naive, "mix": mix, "combined": combined}
