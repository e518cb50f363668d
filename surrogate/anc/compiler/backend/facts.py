"""What is known at each point of a function: which registers are constants or copies, which hold the value of which
expression, which are not zero. A forward data-flow analysis that follows only the branches that can be taken.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import reduce
from itertools import count
from typing import assert_never

from cprograms.budget import tick
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
    results in `expressions`, and `nonzero`, name constants and roots only. Only the methods change the three.
    """

    memory_size: int
    values: dict[Register, Value] = field(default_factory=dict)
    expressions: dict[Expression, Value] = field(default_factory=dict)
    nonzero: set[Register] = field(default_factory=set)
    _indices: _Indices | None = field(default=None, compare=False, repr=False)

    def copy(self) -> Facts:
        tick(1 + (len(self.values) + len(self.expressions)) // 32)
        indices = None if self._indices is None else self._indices.copy()
        return Facts(self.memory_size, dict(self.values), dict(self.expressions), set(self.nonzero), indices)

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
        return next((e for e in self._index.giving.get(value, ()) if e[0] in ops), None)

    def offset(self, value: Value) -> tuple[Register | None, int]:
        """`value` as register + constant, as far as that is known (None + constant for a constant)."""
        known = self._index.offsets
        if value not in known:
            known[value] = self._offset(value)
        return known[value]

    def _offset(self, value: Value) -> tuple[Register | None, int]:
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
        for op, a, b in self._index.giving.get(value, ()):
            if op is Op.INC or op is Op.DEC:
                return a, 1 if op is Op.INC else -1
            if op in (Op.ADD, Op.SUB) and isinstance(b, Constant):
                return a, b.value if op is Op.ADD else -b.value
        return None

    def at_offset(self, base: Register | None, offset: int) -> Value | None:
        """The value of an expression that is known to be base + offset."""
        tick(1 + len(self.expressions) // 16)
        return next((value for value in self.expressions.values() if self.offset(value) == (base, offset)), None)

    def differ(self, a: Value, b: Value) -> bool:
        """Whether the two values are known to be different."""
        (base_a, offset_a), (base_b, offset_b) = self.offset(a), self.offset(b)
        return base_a == base_b and offset_a != offset_b

    @property
    def _index(self) -> _Indices:
        if self._indices is None:
            tick(1 + (len(self.values) + len(self.expressions)) // 4)
            self._indices = _Indices.of(self.values, self.expressions)
        return self._indices

    def replace(self, old: Register, new: Value) -> None:
        """Says `new` wherever the facts say `old`, which holds the same value."""

        def change(value: Value) -> Value:
            return new if value == old else value

        if self._index.copies.get(old) or new in self.values:
            self.values = {register: change(value) for register, value in self.values.items() if register != new}
        if old in self._index.named:
            self.expressions = {
                (op, change(a), None if b is None else change(b)): change(value)
                for (op, a, b), value in self.expressions.items()
            }
        self._indices = None
        if old in self.nonzero:
            self.nonzero.remove(old)
            if isinstance(new, Register):
                self.nonzero.add(new)

    def copies(self, root: Register) -> list[Register]:
        """The registers that hold the value of a root, the first to do so first."""
        return list(self._index.copies.get(root, ()))

    def forget(self, register: Register) -> None:
        """Drops what is known of a register that is about to change; its copies keep what is known of the value."""
        root = self.values.pop(register, None)
        if root is not None:
            if self._indices is not None:
                self._indices.remove_copy(register, root)
            return
        copies = self.copies(register)
        if copies:
            self.replace(register, copies[0])
            return
        if register in self._index.named:
            self.expressions = {e: value for e, value in self.expressions.items() if register not in (*e, value)}
            self._indices = None
        self.nonzero.discard(register)

    def assign(self, out: Register, value: Value) -> None:
        """out = value"""
        value = self.resolve(value)
        if value == out or self.values.get(out) == value:
            return
        self.forget(out)
        root = self.resolve(value)
        self.values[out] = root
        if self._indices is not None:
            self._indices.enter_copy(out, root)

    def define(self, expression: Expression, value: Value) -> None:
        """Learns the value of an expression."""
        if expression in self.expressions:
            self.expressions[expression] = value
            self._indices = None
        else:
            self.expressions[expression] = value
            if self._indices is not None:
                self._indices.enter(expression, value)

    def write(self, address: Value, value: Value) -> None:
        """tape[address] = value, both constants or roots: what other cells hold is still known."""
        stale = [e for e in self._index.reads if not self.differ(e[1], address)]
        for expression in stale:
            self._index.remove_read(expression, self.expressions.pop(expression))
        self.define((Op.READ, address, None), value)

    def equal(self, value: Value, constant: int) -> None:
        """Learns that `value` is `constant`, and what that says of the values that it was computed from."""
        value = self.resolve(value)
        while isinstance(value, Register):
            step, both = self._step(value), self.definition(value, Op.SUB)
            self.values[value] = self.constant(constant)
            self._indices = None
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

    def same(self, other: Facts) -> bool:
        """Whether both say the same in the same order."""
        return (
            self == other
            and list(self.values) == list(other.values)
            and list(self.expressions) == list(other.expressions)
        )


@dataclass
class _Indices:
    """The facts from their other end, in the same order: the copies of each root, the expressions that give each value,
    the READs, what expressions name (or once did), and the offsets that were asked for.
    """

    copies: dict[Value, tuple[Register, ...]] = field(default_factory=dict)
    giving: dict[Value, tuple[Expression, ...]] = field(default_factory=dict)
    reads: dict[Expression, None] = field(default_factory=dict)
    named: set[Value | None] = field(default_factory=set)
    offsets: dict[Value, tuple[Register | None, int]] = field(default_factory=dict)

    @classmethod
    def of(cls, values: dict[Register, Value], expressions: dict[Expression, Value]) -> _Indices:
        made = cls()
        for register, root in values.items():
            made.enter_copy(register, root)
        for expression, value in expressions.items():
            made.enter(expression, value)
        return made

    def copy(self) -> _Indices:
        return _Indices(dict(self.copies), dict(self.giving), dict(self.reads), set(self.named), dict(self.offsets))

    def enter_copy(self, register: Register, root: Value) -> None:
        self.copies[root] = (*self.copies.get(root, ()), register)

    def remove_copy(self, register: Register, root: Value) -> None:
        self.copies[root] = tuple(copy for copy in self.copies[root] if copy != register)

    def enter(self, expression: Expression, value: Value) -> None:
        op, a, b = expression
        self.giving[value] = (*self.giving.get(value, ()), expression)
        if op is Op.READ:
            self.reads[expression] = None
        elif value in self.named:
            self.offsets.clear()  # the offsets of others may count on a step from this value
        else:
            self.offsets.pop(value, None)
        self.named.update((a, b, value))

    def remove_read(self, expression: Expression, value: Value) -> None:
        self.giving[value] = tuple(e for e in self.giving[value] if e != expression)
        del self.reads[expression]


def meet(first: Facts, second: Facts) -> Facts:
    """What holds on both ways."""
    tick(1 + (len(first.values) + len(first.expressions)) // 4)
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
            facts.write(facts.resolve(address), facts.resolve(value))
        case _:
            assert_never(statement)


def _compute(facts: Facts, out: Register, expression: Expression) -> None:
    """out = expression, whose value nothing held so far"""
    # Copies of `out` keep its old value, under a new root.
    copies = facts.copies(out)
    facts.forget(out)
    op, a, b = expression
    if copies:
        a, b = copies[0] if a == out else a, copies[0] if b == out else b
    if out not in (a, b):
        facts.define((op, a, b), out)


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
    start = Facts(memory_size)
    found = {0: start}
    order = reverse_postorder(function)
    leaving: dict[int, tuple[Facts, dict[int, Facts]]] = {}  # the facts that each block was last followed from, and to
    joined: dict[int, tuple[list[Facts], Facts]] = {}
    for round_ in count():
        entering: dict[int, list[Facts]] = {0: [start]}
        for number in order:
            here = found.get(number)
            if here is None and number in entering:
                here = _joined(joined, number, entering[number])
            if here is not None:
                if number not in leaving or leaving[number][0] is not here:
                    block = function.blocks[number]
                    leaving[number] = here, along_edges(after_body(here, block, simplify), block)
                for target, facts in leaving[number][1].items():
                    entering.setdefault(target, []).append(facts)
        edges = {number: _joined(joined, number, ways) for number, ways in entering.items()}
        if round_ >= FREE_ROUNDS:
            edges = found | {number: meet(facts, found.get(number, facts)) for number, facts in edges.items()}
        if edges == found:
            return found
        # What did not change stays the same object, so that its block need not be followed again.
        found = {n: found[n] if n in found and found[n].same(facts) else facts for n, facts in edges.items()}
    raise AssertionError("unreachable")


def _joined(known: dict[int, tuple[list[Facts], Facts]], number: int, ways: list[Facts]) -> Facts:
    """What holds on all ways into a block; `known` has what was found for it before, and from which ways."""
    before = known.get(number)
    if before is None or len(before[0]) != len(ways) or any(a is not b for a, b in zip(before[0], ways, strict=True)):
        known[number] = list(ways), reduce(meet, ways)
    return known[number][1]
