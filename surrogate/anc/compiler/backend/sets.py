"""Sets of small numbers as integers, a bit for each: union, intersection and comparison are one operation each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surrogate.anc.compiler.ir import Register

EMPTY = 0
ALL = -1


def bits(numbers: int) -> Iterator[int]:
    """The numbers in a set, the least first."""
    while numbers:
        least = numbers & -numbers
        yield least.bit_length() - 1
        numbers ^= least


def set_of(registers: Iterable[Register]) -> int:
    """A set of registers, by their numbers."""
    found = EMPTY
    for register in registers:
        found |= 1 << register.number
    return found


def holds(numbers: int, register: Register) -> bool:
    """Whether a set of registers has this one."""
    return bool(numbers >> register.number & 1)
