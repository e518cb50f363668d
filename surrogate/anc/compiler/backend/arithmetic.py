"""The machine's arithmetic, modulo M: folding, identities, and cheaper forms of what is known."""

from __future__ import annotations

from surrogate.anc.compiler.backend.facts import ZERO, Expression, Facts
from surrogate.anc.compiler.ir import Constant, Register, Value
from surrogate.anc.machine.instructions import Op, evaluate


def simplify(facts: Facts, op: Op, a: Value, b: Value | None) -> Value | Expression:
    """The value of op(a, b) if it is known, else its standard form: roots, constants second, INC and DEC."""
    a, b = facts.resolve(a), None if b is None else facts.resolve(b)
    if op is Op.READ:
        return facts.known((op, a, b)) or (op, a, b)
    if isinstance(a, Constant) and (b is None or isinstance(b, Constant)):
        return Constant(evaluate(op, a.value, 0 if b is None else b.value, facts.memory_size))
    result = _unary(facts, op, a) if b is None else _binary(facts, op, a, b)
    return facts.known(result) or result if isinstance(result, tuple) else result


def _unary(facts: Facts, op: Op, a: Value) -> Value | Expression:
    if op in (Op.INC, Op.DEC):
        return shifted(facts, a, 1 if op is Op.INC else -1)
    return op, a, None


def _binary(facts: Facts, op: Op, a: Value, b: Value) -> Value | Expression:
    if op.row.commutes and _order(a) > _order(b):
        a, b = b, a
    if op in (Op.ADD, Op.SUB):
        return _sum(facts, op, a, b)
    if op.row.idempotent and a == b:
        return a
    if op.row.neutral is not None and b == facts.constant(op.row.neutral):
        return a
    if op.row.absorbing is not None and b == facts.constant(op.row.absorbing):
        return b
    return _extreme(facts, op, a, b) if op in (Op.MIN, Op.MAX) else (op, a, b)


def _order(value: Value) -> tuple[int, int]:
    return (0, value.number) if isinstance(value, Register) else (1, 0)


def _extreme(facts: Facts, op: Op, a: Value, b: Value) -> Value | Expression:
    """MIN and MAX."""
    for inner, outer in ((a, b), (b, a)):
        # min(x, min(x, y)) is the inner minimum; min(x, max(x, y)) is x
        inside = facts.definition(inner, Op.MIN, Op.MAX)
        if inside is not None and outer in inside[1:]:
            return inner if inside[0] is op else outer
    return op, a, b


def _sum(facts: Facts, op: Op, a: Value, b: Value) -> Value | Expression:
    """ADD and SUB."""
    if isinstance(b, Constant):
        return shifted(facts, a, b.value if op is Op.ADD else -b.value)
    if op is Op.SUB:
        (base_a, offset_a), (base_b, offset_b) = facts.offset(a), facts.offset(b)
        if base_a == base_b:
            return facts.constant(offset_a - offset_b)
        if (inside := facts.definition(a, Op.ADD)) is not None and b in inside[1:]:  # (b + x) - b
            return _rest(inside, b)
        if (inside := facts.definition(b, Op.SUB)) is not None and inside[1] == a:  # a - (a - x)
            return _rest(inside, a)
        return op, a, b
    for minuend, subtrahend in ((a, b), (b, a)):  # (x - y) + y
        inside = facts.definition(minuend, Op.SUB)
        if inside is not None and inside[2] == subtrahend:
            return inside[1]
    return op, a, b


def _rest(inside: Expression, one: Value) -> Value:
    _, a, b = inside
    assert b is not None
    return b if a == one else a


def shifted(facts: Facts, a: Value, step: int) -> Value | Expression:
    """a + step: an earlier value where there is one."""
    if isinstance(a, Constant):
        return facts.constant(a.value + step)
    base, offset = facts.offset(a)
    total = facts.constant(step + offset)
    if base is not None and total == ZERO:
        return base
    return facts.at_offset(base, total.value) or shift(facts, a, step)


def shift(facts: Facts, a: Value, step: int) -> Value | Expression:
    """a + step as one instruction, with the smaller of the constants step and -step."""
    step %= facts.memory_size
    if step == 0:
        return a
    if step == 1:
        return Op.INC, a, None
    if step == facts.memory_size - 1:
        return Op.DEC, a, None
    if step <= facts.memory_size // 2:
        return Op.ADD, a, Constant(step)
    return Op.SUB, a, Constant(facts.memory_size - step)
