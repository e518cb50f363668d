"""Conditions as values that are zero or not, which is all that the machine's jump looks at.

`a <= b` holds where a - min(a, b) is zero, `a < b` fails where b - min(a, b) is zero, and with a constant on one side
either can be had, because a < c says the same as a <= c - 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from surrogate.anc.compiler.ir import Constant, Register, Value
from surrogate.anc.compiler.lowering.arithmetic import Arithmetic
from surrogate.anc.machine.instructions import Op

COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


@dataclass(frozen=True)
class ZeroTest:
    """A condition that holds where `value` is zero (`at_zero`), or that holds where it is not; `flag`: it is 0 or 1."""

    value: Value
    at_zero: bool = False
    flag: bool = False

    def inverse(self) -> ZeroTest:
        return replace(self, at_zero=not self.at_zero)


_TRUE, _FALSE = ZeroTest(Constant(0), at_zero=True), ZeroTest(Constant(0))


class Comparisons(Arithmetic):
    """Computes comparisons. `wish` is the `at_zero` that suits the caller, where the choice is free."""

    def compare(self, op: str, a: Value, b: Value, wish: bool = False) -> ZeroTest:
        if op in (">", ">="):
            op, a, b = op.replace(">", "<"), b, a
        if op in ("==", "!="):
            return ZeroTest(self.compute(Op.SUB, a, b), op == "==")
        if isinstance(a, Constant) or isinstance(b, Constant):
            return self._against_constant(op, a, b, wish)
        if op == "<":
            return ZeroTest(self.compute(Op.SUB, b, self.compute(Op.MIN, a, b)))
        return ZeroTest(self.compute(Op.SUB, a, self.compute(Op.MIN, a, b)), at_zero=True)

    def _against_constant(self, op: str, a: Value, b: Value, wish: bool) -> ZeroTest:
        """a < b or a <= b where one is a constant."""
        known = self.decided(op, a, b)
        if known is not None:
            return _TRUE if known else _FALSE
        if isinstance(a, Constant):
            return self._above(b, a.value if op == "<" else a.value - 1, wish)
        assert isinstance(b, Constant)
        return self._above(a, b.value - 1 if op == "<" else b.value, not wish).inverse()

    def _above(self, a: Value, bound: int, wish: bool) -> ZeroTest:
        """a > bound, for a bound from 0 to M - 2."""
        if bound == 0:
            return ZeroTest(a)
        if bound == self.memory_size - 2:
            return ZeroTest(self.compute(Op.INC, a), at_zero=True)
        limit = self.constant(bound + wish)
        if wish:
            return ZeroTest(self.compute(Op.SUB, limit, self.compute(Op.MIN, a, limit)), at_zero=True)
        return ZeroTest(self.compute(Op.SUB, self.compute(Op.MAX, a, limit), limit))

    def decided(self, op: str, a: Value, b: Value) -> bool | None:
        """Whether a < b or a <= b, where that needs no instruction to know."""
        least, greatest = self.constant(0), self.constant(-1)
        if isinstance(a, Constant) and isinstance(b, Constant):
            return a.value < b.value if op == "<" else a.value <= b.value
        if op == "<":
            return False if b == least or a == greatest else None
        return True if a == least or b == greatest else None

    def both(self, first: ZeroTest, second: ZeroTest) -> ZeroTest:
        """The conjunction of two conditions that have been computed."""
        if first.at_zero and second.at_zero:
            return ZeroTest(self.compute(Op.MAX, first.value, second.value), True, first.flag and second.flag)
        if first.at_zero != second.at_zero:
            first, second = (self._as_flag(t) if t.at_zero else t for t in (first, second))
        return ZeroTest(self.compute(Op.MIN, first.value, second.value), False, first.flag or second.flag)

    def either(self, first: ZeroTest, second: ZeroTest) -> ZeroTest:
        """The disjunction of two conditions that have been computed."""
        return self.both(first.inverse(), second.inverse()).inverse()

    def truth(self, test: ZeroTest, into: Register | None = None) -> Value:
        """1 where the condition holds, otherwise 0."""
        one = self.constant(1)
        last = None if test.at_zero else into
        value = test.value if test.flag else self.compute(Op.MIN, test.value, one, last)
        return self.compute(Op.SUB, one, value, into) if test.at_zero else value

    def _as_flag(self, test: ZeroTest) -> ZeroTest:
        return ZeroTest(self.truth(test), flag=True)
