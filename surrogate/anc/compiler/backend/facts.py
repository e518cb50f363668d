"""What may be known at a point of a function: which registers are constants or copies, which hold the value of which
expression, which are not zero.

A function has few facts in all, but many points. So a fact has a number in a book that all points share, what is known
at a point is a set of such numbers, and a set is an integer with a bit for each: it is copied for nothing, and what
two sets share is one operation.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import assert_never

from cprograms.budget import tick
from surrogate.anc.compiler.backend.sets import ALL, EMPTY, bits, holds
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
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

# Of INC, DEC and steps by constants; longer ones are not worth following.
LONGEST_CHAIN = 8


def _sets() -> defaultdict[Value, int]:
    return defaultdict(int)


@dataclass(eq=False)
class Book:
    """Every fact that came up, by number: (register, root) in `values`, (expression, value) in `expressions`.

    The other fields are sets of these numbers: those about a register; with a root; that give the value of an
    expression; with a value, and of them the steps from a first operand and the others by operator; the steps from a
    register by their size, and those whose value some step starts from; that name something; that are of one register
    and constants; the READs. `learnt` says at which place of the function a fact
    was last learnt, which orders facts.
    """

    values: list[tuple[Register, Value]] = field(default_factory=list)
    value_numbers: dict[tuple[Register, Value], int] = field(default_factory=dict)
    value_learnt: list[int] = field(default_factory=list)
    about: defaultdict[Value, int] = field(default_factory=_sets)
    copies: defaultdict[Value, int] = field(default_factory=_sets)

    expressions: list[tuple[Expression, Value]] = field(default_factory=list)
    expression_numbers: dict[tuple[Expression, Value], int] = field(default_factory=dict)
    expression_learnt: list[int] = field(default_factory=list)
    of: defaultdict[Expression, int] = field(default_factory=lambda: defaultdict(int))
    giving: defaultdict[Value, int] = field(default_factory=_sets)
    giving_by: defaultdict[tuple[Value, Op], int] = field(default_factory=lambda: defaultdict(int))
    steps_to: defaultdict[Value, int] = field(default_factory=_sets)
    steps_from: defaultdict[Value, int] = field(default_factory=_sets)
    steps_of: defaultdict[tuple[Register, int], int] = field(default_factory=lambda: defaultdict(int))
    onward: int = EMPTY
    naming: defaultdict[Value, int] = field(default_factory=_sets)
    alone: defaultdict[Value, int] = field(default_factory=_sets)
    reads: int = EMPTY

    def value(self, register: Register, root: Value, learnt: int) -> int:
        """The set of one fact: the register holds what `root` does."""
        number = self.value_numbers.get((register, root))
        if number is None:
            number = self.value_numbers[register, root] = len(self.values)
            self.values.append((register, root))
            self.value_learnt.append(learnt)
            self.about[register] |= 1 << number
            self.copies[root] |= 1 << number
        else:
            self.value_learnt[number] = learnt
        return 1 << number

    def expression(self, expression: Expression, value: Value, learnt: int) -> int:
        """The set of one fact: the value of the expression."""
        number = self.expression_numbers.get((expression, value))
        if number is None:
            number = self._enter(expression, value, learnt)
        else:
            self.expression_learnt[number] = learnt
        return 1 << number

    def _enter(self, expression: Expression, value: Value, learnt: int) -> int:
        op, a, b = expression
        number = self.expression_numbers[expression, value] = len(self.expressions)
        one = 1 << number
        self.expressions.append((expression, value))
        self.expression_learnt.append(learnt)
        self.of[expression] |= one
        self.giving[value] |= one
        self.giving_by[value, op] |= one
        for name in {a, b, value}:
            if isinstance(name, Register):
                self.naming[name] |= one
        operands = {name for name in (a, b) if isinstance(name, Register)}
        if len(operands) == 1 and op is not Op.READ:
            self.alone[operands.pop()] |= one
        step = step_of(expression)
        if step is not None:
            self.steps_to[value] |= one
            self.steps_from[a if isinstance(a, Register) else ZERO] |= one
            if isinstance(a, Register):
                self.steps_of[a, step] |= one
                self.onward |= self.giving[a]
            if self.steps_from.get(value):
                self.onward |= one
        if op is Op.READ:
            self.reads |= one
        return number

    def in_order(self, expressions: int) -> list[int]:
        """Numbers of expressions, the first to be learnt first."""
        return sorted(bits(expressions), key=self.expression_learnt.__getitem__)


def step_of(expression: Expression) -> int | None:
    """What the expression adds to its first operand, where that is known."""
    op, _, b = expression
    if op is Op.INC or op is Op.DEC:
        return 1 if op is Op.INC else -1
    if op in (Op.ADD, Op.SUB) and isinstance(b, Constant):
        return b.value if op is Op.ADD else -b.value
    return None


@dataclass
class Facts:
    """What holds at one point, of values modulo `memory_size`.

    `values` are the facts that give a register's constant, or the register that held the same value first (its root);
    `expressions` are those that give the value of an expression. Its operands and its value are constants or roots, as
    are the registers `nonzero`, a bit for the number of each. `place` is where in the function what is learnt next is
    learnt.
    """

    memory_size: int
    book: Book = field(default_factory=Book, compare=False, repr=False)
    values: int = EMPTY
    expressions: int = EMPTY
    nonzero: int = EMPTY
    place: int = field(default=0, compare=False)

    def copy(self) -> Facts:
        tick()
        return Facts(self.memory_size, self.book, self.values, self.expressions, self.nonzero, self.place)

    # Questions

    def resolve(self, value: Value) -> Value:
        """The constant or root that stands for a value."""
        if isinstance(value, Constant):
            return self.constant(value.value)
        known = self.values & self.book.about.get(value, EMPTY)
        return self.book.values[known.bit_length() - 1][1] if known else value

    def constant(self, value: int) -> Constant:
        return Constant(value % self.memory_size)

    def is_nonzero(self, value: Value) -> bool:
        value = self.resolve(value)
        return value != ZERO if isinstance(value, Constant) else holds(self.nonzero, value)

    def known(self, expression: Expression) -> Value | None:
        """The value of an expression, if something holds it."""
        found = self.expressions & self.book.of.get(expression, EMPTY)
        return self.book.expressions[found.bit_length() - 1][1] if found else None

    def definition(self, value: Value, *ops: Op) -> Expression | None:
        """An expression with one of these operators whose value is known to be `value`."""
        found = EMPTY
        for op in ops:
            found |= self.book.giving_by.get((value, op), EMPTY)
        return self._first(found)

    def _first(self, among: int) -> Expression | None:
        """Of some expressions, the one that was learnt first of those that are known."""
        found = self.expressions & among
        if not found:
            return None
        if found & (found - 1):
            return self.book.expressions[min(bits(found), key=self.book.expression_learnt.__getitem__)][0]
        return self.book.expressions[found.bit_length() - 1][0]

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
        found = self._first(self.book.steps_to.get(value, EMPTY))
        if found is None:
            return None
        step = step_of(found)
        assert step is not None
        return found[1], step

    def at_offset(self, base: Register | None, offset: int) -> Value | None:
        """The value of an expression that is known to be base + offset: the first one to be learnt."""
        near = self._from_constants() if base is None else self._from_register(base, offset)
        found = [value for value in near if self.offset(value) == (base, offset)]
        constant = Constant(offset)
        if base is None and self.expressions & self.book.giving.get(constant, EMPTY):
            found.append(constant)
        return min(found, key=self._since) if len(found) > 1 else found[0] if found else None

    def _from_constants(self) -> list[Value]:
        """The values that are few steps from any constant."""
        return self._stepped(ZERO, lambda value, total: self.book.steps_from.get(value, EMPTY))

    def _from_register(self, base: Register, offset: int) -> list[Value]:
        """The values that are few steps from a register: those at this offset, and those that further steps start from.

        In a switch of many cases most values are neither, and there are as many of them in each.
        """
        book = self.book

        def steps(value: Value, total: int) -> int:
            if not isinstance(value, Register):
                return EMPTY
            missing = (offset - total) % self.memory_size
            last = book.steps_of.get((value, missing), EMPTY) | book.steps_of.get(
                (value, missing - self.memory_size), EMPTY
            )
            return last | book.steps_from.get(value, EMPTY) & book.onward

        return self._stepped(base, steps)

    def _stepped(self, start: Value, steps: Callable[[Value, int], int]) -> list[Value]:
        """The values that are few steps from one; `steps` says which to take from a value at so much from the start."""
        level: list[tuple[Value, int]] = [(start, 0)]
        found: dict[Value, None] = {}
        for _ in range(LONGEST_CHAIN):
            tick()
            further: list[tuple[Value, int]] = []
            for value, total in level:
                for number in bits(self.expressions & steps(value, total)):
                    expression, reached = self.book.expressions[number]
                    if reached in found:
                        continue
                    found[reached] = None
                    if isinstance(reached, Register):
                        step = step_of(expression)
                        assert step is not None
                        further.append((reached, total + step))
            if not further:
                break
            level = further
        return list(found)

    def _since(self, value: Value) -> int:
        giving = self.expressions & self.book.giving[value]
        return min(self.book.expression_learnt[number] for number in bits(giving))

    def differ(self, a: Value, b: Value) -> bool:
        """Whether the two values are known to be different."""
        (base_a, offset_a), (base_b, offset_b) = self.offset(a), self.offset(b)
        return base_a == base_b and offset_a != offset_b

    def copies(self, root: Value) -> list[Register]:
        """The registers that hold the value of a root, the first to do so first."""
        numbers = sorted(bits(self.values & self.book.copies.get(root, EMPTY)), key=self.book.value_learnt.__getitem__)
        return [self.book.values[number][0] for number in numbers]

    # What happens

    def _replace(self, old: Register, new: Value) -> None:
        """Says `new` wherever the facts say `old`, which holds the same value."""
        book = self.book
        renamed = self.values & book.copies.get(old, EMPTY)
        if isinstance(new, Register):
            self.values &= ~book.about.get(new, EMPTY)
            renamed &= self.values
        self.values &= ~renamed
        for number in bits(renamed):
            self.values |= book.value(book.values[number][0], new, book.value_learnt[number])
        self._replace_in_expressions(old, new)
        if holds(self.nonzero, old):
            self.nonzero ^= 1 << old.number
            if isinstance(new, Register):
                self.nonzero |= 1 << new.number

    def _replace_in_expressions(self, old: Register, new: Value) -> None:
        book = self.book
        renamed = self.expressions & book.naming.get(old, EMPTY)
        self.expressions &= ~renamed
        tick(1 + renamed.bit_count())
        for number in book.in_order(renamed):
            (op, a, b), value = book.expressions[number]
            expression = op, new if a == old else a, new if b == old else b
            value = new if value == old else value
            learnt = book.expression_learnt[number]
            same = self.expressions & book.of.get(expression, EMPTY)
            if same:  # both are known by now: the place is that of the first, the value that of the last
                other = same.bit_length() - 1
                self.expressions ^= same
                if book.expression_learnt[other] > learnt:
                    value = book.expressions[other][1]
                else:
                    learnt = book.expression_learnt[other]
            self.expressions |= book.expression(expression, value, learnt)

    def _forget(self, register: Register) -> None:
        """Drops what is known of a register that is about to change; its copies keep what is known of the value."""
        known = self.values & self.book.about.get(register, EMPTY)
        if known:
            self.values ^= known
            return
        copies = self.copies(register)
        if copies:
            self._replace(register, copies[0])
            return
        self.expressions &= ~self.book.naming.get(register, EMPTY)
        self.nonzero &= ~(1 << register.number)

    def assign(self, out: Register, value: Value) -> None:
        """out = value"""
        value = self.resolve(value)
        if value == out or (self.values & self.book.about.get(out, EMPTY) and self.resolve(out) == value):
            return
        self._forget(out)
        self.values |= self.book.value(out, self.resolve(value), self.place)

    def compute(self, out: Register, expression: Expression) -> None:
        """out = expression, whose value nothing held so far"""
        # Copies of `out` keep its old value, under a new root.
        copies = self.copies(out)
        self._forget(out)
        op, a, b = expression
        if copies:
            a, b = copies[0] if a == out else a, copies[0] if b == out else b
        if out not in (a, b):
            self.define((op, a, b), out)

    def define(self, expression: Expression, value: Value) -> None:
        """Learns the value of an expression."""
        self.expressions &= ~self.book.of.get(expression, EMPTY)
        self.expressions |= self.book.expression(expression, value, self.place)

    def write(self, address: Value, value: Value) -> None:
        """tape[address] = value, both constants or roots: what other cells hold is still known."""
        base, offset = self.offset(address)
        known = self.expressions & self.book.reads
        tick(1 + known.bit_count())
        for number in bits(known):
            other = self.offset(self.book.expressions[number][0][1])
            if other[0] != base or other[1] == offset:
                self.expressions ^= 1 << number
        self.define((Op.READ, address, None), value)

    def equal(self, value: Value, constant: int, live: int = ALL) -> None:
        """Learns that `value` is `constant`, and what that says of the values that it was computed from.

        `live` are the registers that something may still look at.
        """
        value = self.resolve(value)
        while isinstance(value, Register):
            step, both = self._step(value), self.definition(value, Op.SUB)
            self.values |= self.book.value(value, self.constant(constant), self.place)
            self._drop_settled(value, live)
            self._replace(value, self.constant(constant))
            if step is not None:
                value, constant = step[0], (constant - step[1]) % self.memory_size
            elif both is not None and constant == 0 and isinstance(both[1], Constant):
                assert both[2] is not None
                value, constant = both[2], both[1].value
            else:
                break

    def _drop_settled(self, known: Register, live: int) -> None:
        """Drops expressions of constants and `known`, which is one now, whose values nothing looks at any more.

        They would fold. In a switch of many cases there are as many of them in each.
        """
        book = self.book
        for number in bits(self.expressions & book.alone.get(known, EMPTY)):
            value = book.expressions[number][1]
            if (
                isinstance(value, Register)
                and not holds(live, value)
                and not self.values & book.copies.get(value, EMPTY)
                and self.expressions & book.naming[value] == 1 << number
            ):
                self.expressions ^= 1 << number

    def not_zero(self, value: Value) -> None:
        """Learns that `value`, a root if it is a register, is not zero."""
        if isinstance(value, Register):
            self.nonzero |= 1 << value.number


def meet(first: Facts, second: Facts) -> Facts:
    """What holds on both ways."""
    tick()
    values = first.values & second.values
    nonzero = first.nonzero & second.nonzero
    for number in bits(first.values ^ second.values):
        register = first.book.values[number][0]
        if first.is_nonzero(register) and second.is_nonzero(register):
            nonzero |= 1 << register.number
    return Facts(first.memory_size, first.book, values, first.expressions & second.expressions, nonzero, first.place)


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
                facts.compute(out, result)
            else:
                facts.assign(out, result)
        case Write(address, value):
            facts.write(facts.resolve(address), facts.resolve(value))
        case _:
            assert_never(statement)
    facts.place += 1


def after_body(facts: Facts, block: Block, simplify: Simplify) -> Facts:
    facts = facts.copy()
    for statement in block.body:
        learn(facts, statement, simplify)
    return facts


def along_edges(facts: Facts, block: Block, live: Mapping[int, int]) -> dict[int, Facts]:
    """What holds on the way to each successor that can be reached, given what holds before the block's end.

    `live` are the registers that something may still look at, at the start of each block.
    """
    match block.end:
        case Goto(target):
            return {target: facts}
        case Branch(test, zero, other) if zero != other:
            test = facts.resolve(test)
            found = {}
            if not facts.is_nonzero(test):
                found[zero] = facts.copy()
                found[zero].equal(test, 0, live[zero])
            if test != ZERO:
                found[other] = facts.copy()
                found[other].not_zero(test)
            return found
        case Branch(_, zero, _):
            return {zero: facts}
        case Halt():
            return {}
        case _:
            assert_never(block.end)
