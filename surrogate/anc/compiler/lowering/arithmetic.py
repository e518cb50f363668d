"""The operators that the machine lacks, as loops over those that it has."""

from __future__ import annotations

from typing import NamedTuple

from surrogate.anc.compiler.ir import Block, Compute, Constant, Register, Value, defined
from surrogate.anc.compiler.lowering.builder import FunctionBuilder
from surrogate.anc.machine.instructions import Op


def multiply(builder: FunctionBuilder, a: Value, b: Value, into: Register | None = None) -> Value:
    """a · b by repeated addition."""
    if isinstance(a, Constant):
        a, b = b, a
    if isinstance(b, Constant):
        return _multiple(builder, a, b.value, into)
    left = builder.register("factor")
    builder.move(left, builder.compute(Op.MIN, a, b, left))
    addend = builder.compute(Op.MAX, a, b)
    product = builder.register("product") if into is None or into == addend else into
    builder.move(product, builder.constant(0))
    head, body, end = builder.new_block(), builder.new_block(), builder.new_block()
    builder.goto(head)
    builder.start(head)
    builder.branch(left, end, body)
    builder.start(body)
    builder.emit(Compute(Op.ADD, product, product, addend))
    builder.emit(Compute(Op.DEC, left, left))
    builder.goto(head)
    builder.start(end)
    return product


def _multiple(builder: FunctionBuilder, a: Value, factor: int, into: Register | None) -> Value:
    """factor · a by doubling, adding and subtracting: of the two ways to write the factor, the shorter."""
    digits = min(_signed_digits(factor), _signed_digits(factor - builder.memory_size), key=_length)
    if not digits:
        return builder.constant(0)
    result = a
    if digits[0] < 0:
        result = builder.compute(Op.SUB, builder.constant(0), a, into if len(digits) == 1 else None)
    for k, digit in enumerate(digits[1:], start=2):
        last = into if k == len(digits) else None
        result = builder.compute(Op.ADD, result, result, None if digit else last)
        if digit:
            result = builder.compute(Op.ADD if digit > 0 else Op.SUB, result, a, last)
    return result


def _signed_digits(number: int) -> list[int]:
    """The digits -1, 0, 1 of a number in base 2, few of them not 0 (the non-adjacent form, but for its start)."""
    digits = []
    while number:
        digit = 2 - number % 4 if number % 2 else 0
        digits.append(digit)
        number = (number - digit) // 2
    digits.reverse()
    if digits[:3] in ([1, 0, -1], [-1, 0, 1]):  # 4 - 1 is one doubling more than 2 + 1
        digits[:3] = [digits[0], digits[0]]
    return digits


def _length(digits: list[int]) -> int:
    """Operations that a multiplication by these digits takes, and one."""
    return 2 * len(digits) - digits.count(0) + (digits[0] < 0 if digits else 0)


class _Division(NamedTuple):
    """a / b and a % b, and the block at whose start the registers hold them."""

    a: Value
    b: Value
    quotient: Register
    remainder: Register
    block: Block


class Divisions:
    """Divides. A quotient and a remainder of the same operands share a loop where nothing changes in between."""

    def __init__(self, builder: FunctionBuilder) -> None:
        self._builder = builder
        self._last: _Division | None = None

    def divide(self, op: str, a: Value, b: Value, into: Register | None = None) -> Value:
        """a / b or a % b by repeated subtraction, which never ends where b is 0."""
        if isinstance(a, Constant) and isinstance(b, Constant) and b.value:
            return self._builder.constant(a.value // b.value if op == "/" else a.value % b.value)
        if b == self._builder.constant(1):
            return a if op == "/" else self._builder.constant(0)
        division = self._known(a, b)
        if division is None:
            division = _divided(self._builder, op, a, b, into)
            if into not in (a, b):
                self._last = division
        return division.quotient if op == "/" else division.remainder

    def _known(self, a: Value, b: Value) -> _Division | None:
        """The last division, where it has the same operands and its registers still hold what they held."""
        last = self._last
        if last is None or (last.a, last.b) != (a, b) or last.block is not self._builder.current:
            return None
        written = {defined(statement) for statement in last.block.body}
        return last if written.isdisjoint((a, b, last.quotient, last.remainder)) else None


def _divided(builder: FunctionBuilder, op: str, a: Value, b: Value, into: Register | None) -> _Division:
    """The test stands at the end of the loop: it goes on at zero, so that the jump back needs no other."""
    wanted = None if into == b else into
    remainder = (wanted if op == "%" else None) or builder.register("remainder")
    quotient = (wanted if op == "/" else None) or builder.register("quotient")
    builder.move(remainder, a)
    builder.move(quotient, builder.constant(0))
    body, test, end = builder.new_block(), builder.new_block(), builder.new_block()
    builder.goto(test)
    builder.start(body)
    builder.emit(Compute(Op.SUB, remainder, remainder, b))
    builder.emit(Compute(Op.INC, quotient, quotient))
    builder.goto(test)
    builder.start(test)
    short = builder.compute(Op.SUB, b, builder.compute(Op.MIN, remainder, b))
    builder.branch(short, body, end)
    builder.start(end)
    return _Division(a, b, quotient, remainder, builder.current)
