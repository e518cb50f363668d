"""A whole function: statements until everything is used, then the return."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pycparser import c_ast

from cprograms.generate import guards, integers, nodes, values
from cprograms.generate.integers import INTEGER
from cprograms.generate.real import REAL
from cprograms.generate.values import Value, compare, convert, hull
from cprograms.generate.writer import UnitDraft, Writer, fresh_name
from cprograms.types import SCALARS

Statement = Callable[["FunctionWriter"], None]


class FunctionWriter(Writer):
    """Writes one function. `result` is the type code that it returns, `body` how an integer result comes about.

    `kinds` are the statements that it draws from: they are given, since some of them write helper functions themselves.
    `depth` is 0 for the entry and 1 for its helpers.
    """

    def __init__(
        self,
        unit: UnitDraft,
        type: str,
        parameters: list[Value],
        kinds: Mapping[str, Statement],
        *,
        result: str,
        body: str = "",
        struct: bool = False,
        depth: int = 0,
    ) -> None:
        super().__init__(unit, type, parameters, REAL if type in ("f32", "f64") else INTEGER)
        self.parameters, self.struct, self.depth = parameters, struct, depth
        self._kinds, self._result, self._body = kinds, result, body
        self._early: list[Value] = []

    def child(self, parameters: list[Value]) -> FunctionWriter:
        """The writer of a helper function, of the type of this function's arithmetic."""
        return FunctionWriter(self.unit, self.type, parameters, self._kinds, result=self.type, depth=self.depth + 1)

    def develop(self, statements: int, leave: int) -> None:
        """Write so many statements, then gather until at most `leave` values wait to be used."""
        for _ in range(statements):
            self._kinds[self.grammar.statement.draw(self.rng)](self)
        while len(self.fresh) > leave:
            before = len(self.fresh)
            self.local(self.idiom(many=True))
            if len(self.fresh) >= before:
                self.local(self.gathered(before))

    def gathered(self, most: int) -> Value:
        """The fresh values, up to so many, joined into one expression."""
        parts = self.gather(1, most)
        total = parts[0]
        for v in parts[1:]:
            total = self.join(total, v)
        return total

    def join(self, a: Value, b: Value) -> Value:
        kind = self.rng.random()
        if not self.real:
            total = a + b if kind < 0.5 else a - b
            return integers.kept(self, total)
        a, b = guards.balance(self, a, b)
        if kind < 0.15 and a.bound * b.bound < 1e4:
            return self.real_of(a) * b
        if kind < 0.25:
            return guards.extreme_of(self, self.real_of(a), b)
        return self.real_of(a) + b if kind < 0.65 else self.real_of(a) - b

    def write(self, statements: int) -> Value:
        """Write the whole body; returns what is known of the result."""
        self.terse = statements == 0 and self.chance(self.grammar.terse)
        self.develop(statements, 16 if self.terse else self.rng.choice((2, 3, 4, 5)))
        v = self.finish(self.last())
        self.statements += self.ending(v)
        for early in self._early:
            v = hull(v, early)
        return v

    def write_struct(self, statements: int, tag: str, fields: list[str]) -> None:
        """Write the whole body of a function that returns a struct of one type."""
        self.develop(statements, self.rng.choice((3, 4, 6)))
        form = self.rng.random()
        name = fresh_name(["out", "res", "o"], self.taken, self.rng)
        if form < 0.5:
            self.emit(nodes.struct_variable(tag, name))
        parts = []
        for i, field in enumerate(fields):
            v = self.last() if i == len(fields) - 1 else self.idiom(many=False)
            v = self.finish(v)
            if form < 0.5:
                place = c_ast.StructRef(nodes.identifier(name), ".", nodes.identifier(field))
                self.emit(c_ast.Assignment("=", place, v.node))
            parts.append(v.node)
        if form < 0.5:
            self.emit(c_ast.Return(nodes.identifier(name)))
        elif form < 0.8:
            self.emit(c_ast.Return(nodes.struct_literal(tag, parts)))
        else:
            self.emit(nodes.struct_variable(tag, name, c_ast.InitList(parts)))
            self.emit(c_ast.Return(nodes.identifier(name)))

    def last(self) -> Value:
        """An expression of all that is still fresh."""
        if len(self.fresh) == 1 and self.statements and self.chance(0.4):
            return self.gather(1, 1)[0]
        v = self.idiom()
        while self.fresh:
            v = self.join(v, self.gathered(3))
        return v

    def finish(self, v: Value) -> Value:
        """The value in the form that the function returns."""
        if self._result in ("f32", "f64"):
            v = self.tame(v, 1e5) if self.real else self.real_of(v)
            return convert(v, self._result, explicit=self.chance(0.1))
        if self._body == "test":
            return compare(self.rng.choice("<>"), v, self.threshold(v))
        if v.real:
            return self._rounded(v)
        return self._integer(v)

    def _rounded(self, v: Value) -> Value:
        if v.dev < 3 or v.bound > 1e5:
            v = self.fit(v, self.rng.choice((20.0, 100.0, 255.0)))
        low, high = SCALARS[self._result].limits
        low, high = (-1e6, 1e6) if low < 0 and high > 1e6 else (float(low), min(float(high), 1e6))
        if low == 0 and v.mid < v.dev and self.chance(0.7):
            raised = float(f"{v.dev * 1.5 - v.mid:.2g}")
            v = guards.absolute_of(self, v) if self.chance(0.5) else v + self.constant(raised)
        if v.lo <= low - 1 or v.hi >= high + 1 or (low == 0 and v.lo < 0):
            v = guards.clamp_of(self, v, low, high)
        if self.chance(0.3) and v.lo >= 0 and v.hi + 0.5 < high:
            v = v + self.constant(0.5)
        return convert(v, self._result, explicit=self.chance(0.8))

    def _integer(self, v: Value) -> Value:
        v = integers.kept(self, v)
        if values.fits(v, self._result):
            return convert(v, self._result, explicit=self.chance(0.15))
        low, high = SCALARS[self._result].limits
        if low == 0 and self.chance(0.3):
            v = integers.magnitude(self, v)
        if high < 1000 and self.chance(0.7):
            v = integers.kept(self, v, int(high))
        if values.fits(v, self._result):
            return convert(v, self._result, explicit=False)
        return convert(integers.clamp_of(self, v, int(low), int(min(high, 10000))), self._result, explicit=False)

    def ending(self, v: Value) -> list[c_ast.Node]:
        return [c_ast.Return(v.node)]

    def returned(self, v: Value, test: Value) -> None:
        """Take note of an early return."""
        v.mask |= test.mask
        self._early.append(v)
