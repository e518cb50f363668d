"""Programs like the parts of people's functions: one expression, or statements in a row that leave one value behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

from pycparser import c_ast

from cprograms.generate import integers, nodes, shares, values
from cprograms.generate.distribution import ENTRIES, LOCALS, Distribution
from cprograms.generate.part_expressions import LARGEST, PartExpressions
from cprograms.generate.styles import restyle
from cprograms.generate.values import Value, convert, hull
from cprograms.generate.writer import UnitDraft, fresh_name
from cprograms.program import Program, Result
from cprograms.types import SCALARS

_TRIES = 30
_LEAST_OPERATORS = 3
_OPERATORS = (c_ast.BinaryOp, c_ast.UnaryOp, c_ast.TernaryOp, c_ast.FuncCall, c_ast.Cast)


def part(grammar: Distribution, rng: Random, names: list[str]) -> Program:
    """One random program of this kind. `names` are what its arguments are called, in the order that they are read."""
    unit = UnitDraft(rng, grammar)
    entry = unit.name(ENTRIES)
    real, alone = rng.random() < grammar.part_real, rng.random() < grammar.part_expression
    for _ in range(_TRIES):
        unit.prototypes.clear()
        writer = PartWriter(unit, names, real=real)
        result = writer.alone() if alone else writer.row()
        if writer.worthwhile():
            break
    signature = [(a.type.code, a.name) for a in writer.arguments]
    definition = nodes.function(result, entry, signature, writer.statements)
    external = restyle(rng, grammar.part_habits, [*unit.prototypes.values(), definition])
    return Program(
        "<generated>",
        "",
        entry,
        tuple(writer.arguments),
        (Result("return", SCALARS[result]),),
        c_ast.FileAST(external),
    )


class PartWriter(PartExpressions):
    """Writes one part: `statements` is its body, in the end."""

    def __init__(self, unit: UnitDraft, names: list[str], *, real: bool) -> None:
        super().__init__(unit, names, real=real)
        self._declared: list[c_ast.Node] = []
        self._declares_first, self._braces = not self.chance(0.22), self.chance(0.93)
        self._straight, self._changes = self.chance(0.35), self.chance(0.25)
        """Without an if; with assignments to arguments in place of new variables."""
        self._patched = False

    # Whole programs.

    def alone(self) -> str:
        """A body that returns one expression; gives the result's type."""
        v = self.part_expression("return", "any", 0)
        if not v.mask:
            v = self.operator_of("+", v, self.argument("any") or self.name("any"))
        self.emit(c_ast.Return(v.node))
        self.result = v
        return v.type

    def worthwhile(self) -> bool:
        """Whether there are as many operators as the harvester asks for, and all arguments count for the result."""
        stack, operators = list(self.statements), 0
        while stack:
            node = stack.pop()
            operators += isinstance(node, _OPERATORS)
            stack.extend(node)
        if not self.arguments or operators < _LEAST_OPERATORS or (self._patched and self.chance(0.75)):
            return False
        return self.result.mask == (1 << len(self.arguments)) - 1

    def row(self) -> str:
        """A body of statements and a return of what they leave behind; gives the result's type."""
        table = shares.REAL_STEPS if self.real else shares.INTEGER_STEPS
        last: Value | None = None
        steps = int((shares.REAL_ROWS if self.real else shares.INTEGER_ROWS).draw(self.rng))
        for step in range(steps):
            self.eager = step == steps - 1
            kind = table.draw(self.rng)
            if self._straight and kind in ("if", "choice"):
                kind = "new"
            elif self._changes and kind in ("new", "choice"):
                kind = self.rng.choice(("change", "if", "if", "old"))
            last = _STEPS[kind](self)
        assert last is not None
        while waiting := [v for v in self.fresh if v is not last]:
            self._patched = True
            self.read(waiting[0])
            other = values.read(waiting[0])
            last = self._assigned(self.operator_of(self.rng.choice("+-*"), other, self.reading(last)))
        if not last.mask:
            last = self._assigned(self.operator_of("+", self.reading(last), self.argument("any") or self.name("any")))
        self.emit(c_ast.Return(c_ast.ID(last.node.name)))
        self.statements[:0] = self._declared
        self.result = last
        return last.type

    # Statements; each gives the pool's entry of the variable that it assigned to.

    def _declare(self, v: Value) -> Value:
        """A new variable that v is assigned to."""
        type = self.type if v.real == self.real and values.fits(v, self.type) else v.type
        if self.chance(0.15):
            type = v.type
        name = fresh_name(LOCALS, self.taken, self.rng)
        if self._declares_first:
            self._declared.append(nodes.declare(type, name))
            self.emit(nodes.assign(name, v.node))
        else:
            self.emit(nodes.declare(type, name, v.node))
        return values.variable(name, type, v)

    def _assigned(self, v: Value) -> Value:
        held = self._declare(v)
        self.pool.append(held)
        self.fresh.append(held)
        return held

    def new(self) -> Value:
        return self._assigned(self.part_expression("=", "any", 0))

    def _target(self) -> Value:
        """A variable to change: one that there is, or a new argument."""
        if self.chance(0.5) or not self.pool:
            self.argument("any")
        idle = [v for v in self.pool if v not in self.fresh] or self.pool
        return idle[-1] if self.chance(0.5) else self.rng.choice(idle)

    def _settle(self, v: Value, target: Value) -> Value:
        """v as what the target may hold."""
        if v.real and not target.real and v.dev < 3:
            v = v * self.point(self.rng.choice(("10.0", "100.0", "255.0")))
        if values.fits(v, target.type):
            return v
        low, high = SCALARS[target.type].limits
        v = integers.kept(self, self.whole(v), int(min(high, 1 << 14)))
        return v if values.fits(v, target.type) else integers.clamp_of(self, v, int(max(low, 0)), int(min(high, 1000)))

    def old(self) -> Value:
        target = self._target()
        self._assign(target)
        return target

    def change(self) -> Value:
        target = self._target()
        self.update(target, self._changed(target))
        return target

    def step(self) -> Value:
        """i++, of a whole number."""
        whole = [v for v in self.pool if not v.real and v.hi + 1 <= SCALARS[v.type].limits[1]]
        if not whole:
            return self.change()
        target = self.rng.choice(whole)
        self.emit(c_ast.UnaryOp("p++", nodes.identifier(target.node.name)))
        self.update(target, values.read(target) + 1)
        return target

    def _changed(self, target: Value) -> Value:
        """Emit a compound assignment to the target; gives what it holds then."""
        before = values.read(target)
        real = target.real
        op = (shares.REAL_CHANGES if real else shares.INTEGER_CHANGES).draw(self.rng)
        need = {"/=": "positive", "*=": "any", "|=": "nonnegative", "&=": "nonnegative"}.get(op, "any")
        shifts = op in ("<<=", ">>=")
        v = values.literal(self.rng.choice((1, 1, 2, 4))) if shifts else self.part_expression("+=", need, 1)
        if op in ("|=", "&=", "<<=", ">>=") and (before.lo < 0 or v.lo < 0 or v.real):
            op = "+="
        v = v if real else self._settle(v, target)
        after = self.operator_of(op[:-1], before, v)
        kept = isinstance(after.node, c_ast.BinaryOp) and after.node.op == op[:-1] and after.node.left is before.node
        if not kept or after.bound > LARGEST or not (real or values.fits(after, target.type)):
            v = self._settle(self.name("any"), target)
            self.emit(nodes.assign(target.node.name, v.node))
            return v
        self.emit(nodes.assign(target.node.name, v.node, op))
        after.node = before.node
        return after

    @contextmanager
    def _under(self, test: Value) -> Iterator[list[c_ast.Node]]:
        """Statements go to the list that this gives; what they assign to is known as changed or not after them."""
        before = [(v, values.read(v)) for v in self.pool]
        with self.nested() as body:
            yield body
        for v, old in before:
            if any(getattr(v, name) != getattr(old, name) for name in ("lo", "hi", "mid", "dev", "mask")):
                merged = hull(old, values.read(v))
                merged.mask |= test.mask
                self.update(v, merged)

    def _assign_under(self, test: Value, target: Value, *, nesting: bool) -> list[c_ast.Node]:
        """One or more assignments under a condition, the last to the target; perhaps under a further condition."""
        with self._under(test) as body:
            if nesting and self.chance(0.22):
                inner = self.test("if", 1)
                statements = self._assign_under(inner, target, nesting=False)
                self.emit(c_ast.If(inner.node, self._block(statements), None))
                return body
            for _ in range(int(shares.BRANCH.draw(self.rng)) - 1):
                if nesting and self.chance(0.5):
                    self.when(nesting=False)
                else:
                    self.old()
            if self.chance(0.3):
                self.update(target, self._changed(target))
            else:
                self._assign(target)
        return body

    def _assign(self, target: Value) -> None:
        v = self._settle(self.part_expression("=", "any", 1), target)
        self.emit(nodes.assign(target.node.name, v.node))
        self.update(target, v)

    def when(self, *, nesting: bool = True) -> Value:
        """An if that may change a variable."""
        test = self.test("if", 0)
        target = self._target()
        statements = self._assign_under(test, target, nesting=nesting)
        self.emit(c_ast.If(test.node, self._block(statements), None))
        return target

    def choice(self) -> Value:
        """A variable assigned on both sides of an if."""
        test = self.test("if", 0)
        type = self.type
        name = fresh_name(LOCALS, self.taken, self.rng)
        declared = nodes.declare(type, name)
        if self._declares_first:
            self._declared.append(declared)
        else:
            self.emit(declared)
        target = Value(nodes.identifier(name), type, 0.0, 1.0)
        statement, merged = self._sides(test, target, nesting=True)
        self.emit(statement)
        self.pool.append(target)
        self.update(target, merged)
        return target

    def _sides(self, test: Value, target: Value, *, nesting: bool) -> tuple[c_ast.If, Value]:
        """An if that assigns to the target on both sides, perhaps by a further if on the other; what it holds then."""
        yes, a = self._side(target)
        if nesting and self.chance(0.3):
            inner, b = self._sides(self.test("if", 1), target, nesting=False)
            no: list[c_ast.Node] = [inner]
        else:
            no, b = self._side(target)
        merged = hull(a, b)
        merged.mask |= test.mask
        return c_ast.If(test.node, self._block(yes), self._block(no)), merged

    def _side(self, target: Value) -> tuple[list[c_ast.Node], Value]:
        with self.nested() as body:
            v = self._settle(self.part_expression("=", "any", 1), target)
            self.emit(nodes.assign(target.node.name, v.node))
        return body, convert(v, target.type, explicit=False)

    def _block(self, body: list[c_ast.Node]) -> c_ast.Node:
        return body[0] if len(body) == 1 and not self._braces else c_ast.Compound(body)


_STEPS: dict[str, Callable[[PartWriter], Value]] = {
    "new": PartWriter.new,
    "old": PartWriter.old,
    "change": PartWriter.change,
    "step": PartWriter.step,
    "if": PartWriter.when,
    "choice": PartWriter.choice,
}
