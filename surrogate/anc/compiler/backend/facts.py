"""What is known at each point of a function: which registers are constants or copies, which hold the value of which
expression, which are not zero. A forward data-flow analysis that follows only the branches that can be taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import assert_never

from surrogate.anc.compiler.backend.flow import reverse_postorder
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    Function,
    Goto,
    Halt,
    Move,
    Register,
    Statement,
    Value,
    Write,
)
from surrogate.anc.machine.instructions import Op

Expression = tuple[Op, Value, Value | None]

ZERO = Constant(0)

FREE_ROUNDS = 8

# Of INC, DEC and steps by constants; longer ones are not worth following.
LONGEST_CHAIN = 8


@dataclass
class Facts:
    """What holds at one point, of values modulo `memory_size`.

    `values` gives a register's constant, or the register that held the same value first (its root); the operands and
    results in `expressions`, and `nonzero`, name constants and roots only.
    """

    memory_size: int
    values: dict[Register, Value] = field(default_factory=dict)
    expressions: dict[Expression, Value] = field(default_factory=dict)
    nonzero: set[Register] = field(default_factory=set)

    def copy(self) -> Facts:
        return Facts(self.memory_size, dict(self.values), dict(self.expressions), set(self.nonzero))

    def resolve(self, value: Value) -> Value:
        """The constant or root that stands for a value."""
        if isinstance(value, Constant):
            return Constant(value.value % self.memory_size)
        return self.values.get(value, value)

    def constant(self, value: int) -> Constant:
        return Constant(value % self.memory_size)

    def is_nonzero(self, value: Value) -> bool:
        value = self.resolve(value)
        return value != ZERO if isinstance(value, Constant) else value in self.nonzero

    def definition(self, value: Value, *ops: Op) -> Expression | None:
        """An expression with one of these operators whose value is known to be `value`."""
        return next((e for e, result in self.expressions.items() if e[0] in ops and result == value), None)

    def offset(self, value: Value) -> tuple[Register | None, int]:
        """`value` as register + constant, as far as that is known (None + constant for a constant)."""
        total = 0
        for _ in range(LONGEST_CHAIN):
            step = None if isinstance(value, Constant) else self._step(value)
            if step is None:
                break
            value, add = step
            total += add
        if isinstance(value, Constant):
            return None, (total + value.value) % self.memory_size
        return value, total % self.memory_size

    def _step(self, value: Value) -> tuple[Value, int] | None:
        for (op, a, b), result in self.expressions.items():
            if result == value:
                if op is Op.INC or op is Op.DEC:
                    return a, 1 if op is Op.INC else -1
                if op in (Op.ADD, Op.SUB) and isinstance(b, Constant):
                    return a, b.value if op is Op.ADD else -b.value
        return None

    def differ(self, a: Value, b: Value) -> bool:
        """Whether the two values are known to be different."""
        (base_a, offset_a), (base_b, offset_b) = self.offset(a), self.offset(b)
        return base_a == base_b and offset_a != offset_b

    def replace(self, old: Register, new: Value) -> None:
        """Says `new` wherever the facts say `old`, which holds the same value."""

        def change(value: Value) -> Value:
            return new if value == old else value

        self.values = {register: change(value) for register, value in self.values.items() if register != new}
        self.expressions = {
            (op, change(a), None if b is None else change(b)): change(value)
            for (op, a, b), value in self.expressions.items()
        }
        if old in self.nonzero:
            self.nonzero.remove(old)
            if isinstance(new, Register):
                self.nonzero.add(new)

    def forget(self, register: Register) -> None:
        """Drops what is known of a register that is about to change; its copies keep what is known of the value."""
        if self.values.pop(register, None) is not None:
            return
        copies = [copy for copy, value in self.values.items() if value == register]
        if copies:
            self.replace(register, copies[0])
            return
        self.expressions = {
            expression: value for expression, value in self.expressions.items() if register not in (*expression, value)
        }
        self.nonzero.discard(register)

    def assign(self, out: Register, value: Value) -> None:
        """out = value"""
        value = self.resolve(value)
        if value == out or self.values.get(out) == value:
            return
        self.forget(out)
        self.values[out] = self.resolve(value)

    def equal(self, value: Value, constant: int) -> None:
        """Learns that `value` is `constant`, and what that says of the values that it was computed from."""
        value = self.resolve(value)
        while isinstance(value, Register):
            step, both = self._step(value), self.definition(value, Op.SUB)
            self.values[value] = self.constant(constant)
            self.replace(value, self.constant(constant))
            if step is not None:
                value, constant = step[0], (constant - step[1]) % self.memory_size
            elif both is not None and constant == 0:
                first, second = both[1], both[2]
                assert second is not None
                if isinstance(first, Constant):
                    value, constant = second, first.value
                else:
                    break
            else:
                break


def meet(first: Facts, second: Facts) -> Facts:
    """What holds on both ways."""
    values = {register: value for register, value in first.values.items() if second.values.get(register) == value}
    roots = {*first.values, *second.values, *first.nonzero, *second.nonzero}.difference(values)
    return Facts(
        first.memory_size,
        values,
        {e: value for e, value in first.expressions.items() if second.expressions.get(e) == value},
        {root for root in roots if first.is_nonzero(root) and second.is_nonzero(root)},
    )


# The value of an operation if it is known, else its standard form, which no expression of the facts is.
Simplify = Callable[[Facts, Op, Value, Value | None], Value | Expression]


def learn(facts: Facts, statement: Statement, simplify: Simplify) -> None:
    """The facts after a statement, in place."""
    match statement:
        case Move(out, value):
            facts.assign(out, value)
        case Compute(op, out, a, b):
            result = simplify(facts, op, a, b)
            if isinstance(result, tuple):
                _compute(facts, out, result)
            else:
                facts.assign(out, result)
        case Write(address, value):
            _write(facts, facts.resolve(address), facts.resolve(value))
        case _:
            assert_never(statement)


def _compute(facts: Facts, out: Register, expression: Expression) -> None:
    """out = expression, whose value nothing held so far"""
    # Copies of `out` keep its old value, under a new root.
    copies = [copy for copy, value in facts.values.items() if value == out]
    facts.forget(out)
    op, a, b = expression
    if copies:
        a, b = copies[0] if a == out else a, copies[0] if b == out else b
    if out not in (a, b):
        facts.expressions[op, a, b] = out


def _write(facts: Facts, address: Value, value: Value) -> None:
    facts.expressions = {
        (op, a, b): result
        for (op, a, b), result in facts.expressions.items()
        if op is not Op.READ or facts.differ(a, address)
    }
    facts.expressions[Op.READ, address, None] = value


def after_body(facts: Facts, block: Block, simplify: Simplify) -> Facts:
    facts = facts.copy()
    for statement in block.body:
        learn(facts, statement, simplify)
    return facts


def along_edges(facts: Facts, block: Block) -> dict[int, Facts]:
    """What holds on the way to each successor that can be reached, given what holds before the block's end."""
    match block.end:
        case Goto(target):
            return {target: facts}
        case Branch(test, zero, other) if zero != other:
            test = facts.resolve(test)
            found = {}
            if not facts.is_nonzero(test):
                found[zero] = facts.copy()
                found[zero].equal(test, 0)
            if test != ZERO:
                found[other] = facts.copy()
                if isinstance(test, Register):
                    found[other].nonzero.add(test)
            return found
        case Branch(_, zero, _):
            return {zero: facts}
        case Halt():
            return {}
        case _:
            assert_never(block.end)


def analyse(function: Function, memory_size: int, simplify: Simplify) -> dict[int, Facts]:
    """What holds at the start of every block that can be reached.

    A block's facts are those on all ways into it, taken again until none changes. What a fact says depends on others
    (i = 1 makes a fact about READ i one about READ 1), so this may go on; after some rounds facts only ever get fewer.
    """
    found = {0: Facts(memory_size)}
    order = reverse_postorder(function)
    for round_ in count():
        edges: dict[int, Facts] = {0: Facts(memory_size)}
        for number in order:
            here = found.get(number, edges.get(number))
            if here is not None:
                block = function.blocks[number]
                for target, facts in along_edges(after_body(here, block, simplify), block).items():
                    edges[target] = meet(edges[target], facts) if target in edges else facts
        if round_ >= FREE_ROUNDS:
            edges = found | {number: meet(facts, found.get(number, facts)) for number, facts in edges.items()}
        if edges == found:
            return found
        found = edges
    raise AssertionError("unreachable")
