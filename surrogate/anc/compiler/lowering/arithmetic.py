"""The operators that the machine lacks, as loops over those that it has."""

from __future__ import annotations

from typing import NamedTuple

from surrogate.anc.compiler.ir import Compute, Constant, Register, Statement, Value, Write
from surrogate.anc.compiler.lowering.builder import Builder
from surrogate.anc.machine.instructions import Op


class _Division(NamedTuple):
    quotient: Register
    remainder: Register


class Arithmetic(Builder):
    """Adds multiplication and division. A quotient and remainder of the same operands share a loop."""

    def __init__(self, memory_size: int) -> None:
        self._divisions: dict[tuple[Value, Value], _Division] = {}
        super().__init__(memory_size)

    def start(self, number: int) -> None:
        self._divisions = {}
        super().start(number)

    def emit(self, statement: Statement) -> None:
        super().emit(statement)
        if not isinstance(statement, Write):
            out = statement.out
            self._divisions = {k: v for k, v in self._divisions.items() if out not in k and out not in v}

    def multiply(self, a: Value, b: Value, into: Register | None = None) -> Value:
        """a · b by repeated addition."""
        if isinstance(a, Constant):
            a, b = b, a
        if isinstance(b, Constant):
            return self._multiple(a, b.value, into)
        left = self.register("factor")
        self.move(left, self.compute(Op.MIN, a, b, left))
        addend = self.compute(Op.MAX, a, b)
        product = self.register("product") if into is None or into == addend else into
        self.move(product, self.constant(0))
        head, body, end = self.new_block(), self.new_block(), self.new_block()
        self.goto(head)
        self.start(head)
        self.branch(left, end, body)
        self.start(body)
        self.emit(Compute(Op.ADD, product, product, addend))
        self.emit(Compute(Op.DEC, left, left))
        self.goto(head)
        self.start(end)
        return product

    def _multiple(self, a: Value, factor: int, into: Register | None) -> Value:
        """factor · a by doubling, adding and subtracting: of the two ways to write the factor, the shorter."""
        digits = min(_signed_digits(factor), _signed_digits(factor - self.memory_size), key=_length)
        if not digits:
            return self.constant(0)
        result = a if digits[0] > 0 else self.compute(Op.SUB, self.constant(0), a, into if len(digits) == 1 else None)
        for k, digit in enumerate(digits[1:], start=2):
            last = into if k == len(digits) else None
            result = self.compute(Op.ADD, result, result, None if digit else last)
            if digit:
                result = self.compute(Op.ADD if digit > 0 else Op.SUB, result, a, last)
        return result

    def divide(self, op: str, a: Value, b: Value, into: Register | None = None) -> Value:
        """a / b or a % b by repeated subtraction, which never ends where b is 0."""
        if isinstance(a, Constant) and isinstance(b, Constant) and b.value:
            return self.constant(a.value // b.value if op == "/" else a.value % b.value)
        if b == self.constant(1):
            return a if op == "/" else self.constant(0)
        known = self._divisions.get((a, b))
        if known is None:
            known = self._divided(a, b, into, op)
            if into not in (a, b):
                self._divisions[a, b] = known
        return known.quotient if op == "/" else known.remainder

    def _divided(self, a: Value, b: Value, into: Register | None, op: str) -> _Division:
        """The test stands at the end of the loop: it goes on at zero, so that the jump back needs no other."""
        wanted = None if into == b else into
        remainder = (wanted if op == "%" else None) or self.register("remainder")
        quotient = (wanted if op == "/" else None) or self.register("quotient")
        self.move(remainder, a)
        self.move(quotient, self.constant(0))
        body, test, end = self.new_block(), self.new_block(), self.new_block()
        self.goto(test)
        self.start(body)
        self.emit(Compute(Op.SUB, remainder, remainder, b))
        self.emit(Compute(Op.INC, quotient, quotient))
        self.goto(test)
        self.start(test)
        short = self.compute(Op.SUB, b, self.compute(Op.MIN, remainder, b))
        self.branch(short, body, end)
        self.start(end)
        return _Division(quotient, remainder)


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
