"""Conditions as values that are zero or not, which is all that the machine's jump looks at.

`a <= b` holds where a - min(a, b) is zero, `a < b` fails where b - min(a, b) is zero, and with a constant on one side
either can be had, because a < c says the same as a <= c - 1.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from surrogate.anc.compiler.ir import Constant, Register, Value
from surrogate.anc.compiler.lowering.builder import FunctionBuilder
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


def compare(builder: FunctionBuilder, op: str, a: Value, b: Value, wish: bool = False) -> ZeroTest:
    if op in (">", ">="):
        op, a, b = op.replace(">", "<"), b, a
    if op in ("==", "!="):
        return ZeroTest(builder.compute(Op.SUB, a, b), op == "==")
    if isinstance(a, Constant) or isinstance(b, Constant):
        return _against_constant(builder, op, a, b, wish)
    if builder.has(Op.LT):
        return _by_one(builder, op, a, b)
    if op == "<":
        return ZeroTest(builder.compute(Op.SUB, b, builder.compute(Op.MIN, a, b)))
    return ZeroTest(builder.compute(Op.SUB, a, builder.compute(Op.MIN, a, b)), at_zero=True)


def _by_one(builder: FunctionBuilder, op: str, a: Value, b: Value) -> ZeroTest:
    """a < b or a <= b, which fails where b < a, by the one instruction that there is for it."""
    if op == "<":
        return ZeroTest(builder.compute(Op.LT, a, b), flag=True)
    return ZeroTest(builder.compute(Op.LT, b, a), at_zero=True, flag=True)


def _against_constant(builder: FunctionBuilder, op: str, a: Value, b: Value, wish: bool) -> ZeroTest:
    """a < b or a <= b where one is a constant."""
    known = decided(builder, op, a, b)
    if known is not None:
        return _TRUE if known else _FALSE
    if isinstance(a, Constant):
        return _above(builder, b, a.value if op == "<" else a.value - 1, wish)
    assert isinstance(b, Constant)
    return _above(builder, a, b.value - 1 if op == "<" else b.value, not wish).inverse()


def _above(builder: FunctionBuilder, a: Value, bound: int, wish: bool) -> ZeroTest:
    """a > bound, for a bound from 0 to M - 2."""
    if bound == 0:
        return ZeroTest(a)
    if bound == builder.memory_size - 2:
        return ZeroTest(builder.compute(Op.INC, a), at_zero=True)
    if builder.has(Op.LT):
        return ZeroTest(builder.compute(Op.LT, builder.constant(bound), a), flag=True)
    limit = builder.constant(bound + wish)
    if wish:
        return ZeroTest(builder.compute(Op.SUB, limit, builder.compute(Op.MIN, a, limit)), at_zero=True)
    return ZeroTest(builder.compute(Op.SUB, builder.compute(Op.MAX, a, limit), limit))


def decided(builder: FunctionBuilder, op: str, a: Value, b: Value) -> bool | None:
    """Whether a < b or a <= b, where that needs no instruction to know."""
    least, greatest = builder.constant(0), builder.constant(-1)
    if isinstance(a, Constant) and isinstance(b, Constant):
        return a.value < b.value if op == "<" else a.value <= b.value
    if op == "<":
        return False if b == least or a == greatest else None
    return True if a == least or b == greatest else None


def both(builder: FunctionBuilder, first: ZeroTest, second: ZeroTest) -> ZeroTest:
    """The conjunction of two conditions that have been computed."""
    if first.at_zero and second.at_zero:
        return ZeroTest(builder.compute(Op.MAX, first.value, second.value), True, first.flag and second.flag)
    if first.at_zero != second.at_zero:
        first, second = (_as_flag(builder, t) if t.at_zero else t for t in (first, second))
    return ZeroTest(builder.compute(Op.MIN, first.value, second.value), False, first.flag or second.flag)


def either(builder: FunctionBuilder, first: ZeroTest, second: ZeroTest) -> ZeroTest:
    """The disjunction of two conditions that have been computed."""
    return both(builder, first.inverse(), second.inverse()).inverse()


def truth(builder: FunctionBuilder, test: ZeroTest, into: Register | None = None) -> Value:
    """1 where the condition holds, otherwise 0."""
    one = builder.constant(1)
    last = None if test.at_zero else into
    value = test.value if test.flag else builder.compute(Op.MIN, test.value, one, last)
    return builder.compute(Op.SUB, one, value, into) if test.at_zero else value


def _as_flag(builder: FunctionBuilder, test: ZeroTest) -> ZeroTest:
    return ZeroTest(truth(builder, test), flag=True)
