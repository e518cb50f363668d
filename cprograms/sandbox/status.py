"""What becomes of a row, in the sandbox's own words."""

from __future__ import annotations

from enum import IntEnum


class Status(IntEnum):
    """What became of a row. All but OK leave NaN."""

    OK = 0
    OVERFLOW = 1
    """Signed integer overflow."""
    DIVISION = 2
    """Integer division by zero, or of the least integer by -1."""
    SHIFT = 3
    """A shift by a negative amount, or by the type's width or more."""
    CONVERSION = 4
    """A floating-point number converted to an integer type that cannot hold it."""
    BOUNDS = 5
    """An array index outside its array."""
    UNDEFINED = 6
    """Any other undefined behaviour: a null pointer, a missing return, an invalid argument of a builtin."""
    MEMORY = 7
    """An access outside the sandbox's memory; large local arrays that overflow the stack show like this."""
    STACK = 8
    """Recursion too deep."""
    FUEL = 9
    """The row took more steps than a row may."""
    SKIPPED = 10
    """Not run: the rows before it used up the steps of the whole run."""
    REJECTED = 11
    """Not run: the program does not compile (batches only)."""
    UNSET = 12
    """What the row gives depends on a variable, or a part of one, that was never set."""
    CALL = 13
    """It called a function that ends the program, does what a program may not, or is not defined."""
    READ = 14
    """It read outside every object, through a pointer."""
    WRITE = 15
    """It wrote outside every object, through a pointer."""
    UNWRITTEN = 16
    """A result that the program writes through a pointer was not written."""
