"""Writing a function: names, scopes, operands, declarations, and which values still wait to be used."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from random import Random

from pycparser import c_ast

from cprograms.generate import nodes, values
from cprograms.generate.distribution import CONSTANTS, LOCALS, TABLES, Distribution
from cprograms.generate.values import Value, convert, literal, moments

Idiom = Callable[["Writer"], Value]

_USUAL = sorted(
    {
        *(d * 10.0**k for d in (1, 2, 5) for k in range(-4, 5)),
        *(
            0.25,
            0.75,
            1.5,
            2.5,
            3.0,
            4.0,
            6.0,
            8.0,
            12.0,
            16.0,
            24.0,
            32.0,
            60.0,
            64.0,
            128.0,
            180.0,
            255.0,
            256.0,
            360.0,
        ),
        *(0.125, 0.9, 0.99, 0.3, 0.6, 0.7, 0.8, 0.4, 1.2),
    }
)
"""Real numbers that code is full of."""


class UnitDraft:
    """What the functions of one program share: choices, helpers, tables, prototypes and global names."""

    def __init__(self, rng: Random, grammar: Distribution) -> None:
        self.rng, self.grammar = rng, grammar
        self.names: set[str] = set()
        self.prototypes: dict[str, c_ast.Decl] = {}
        self.globals: list[c_ast.Node] = []
        self.helpers: list[c_ast.Node] = []

    def name(self, choices: list[str]) -> str:
        """A global name that is new to the unit."""
        return fresh_name(choices, self.names, self.rng)


def fresh_name(choices: list[str], taken: set[str], rng: Random) -> str:
    """One of the choices, with a number where it is taken, which it then is."""
    name = stem = rng.choice(choices)
    number = 2
    while name in taken:
        name, number = f"{stem}_{number}", number + 1
    taken.add(name)
    return name


class Writer:
    """One function under construction. `idioms` are the expressions that it is made of.

    `pool` holds its variables; `fresh` those of them that nothing has read since they were assigned. `type` is the type
    code that its arithmetic mostly has.
    """

    def __init__(self, unit: UnitDraft, type: str, parameters: list[Value], idioms: Mapping[str, Idiom]) -> None:
        self.unit, self.type, self._idioms = unit, type, idioms
        self.rng, self.grammar = unit.rng, unit.grammar
        self.pool = list(parameters)
        self.fresh = list(parameters)
        self.taken = {p.node.name for p in parameters}
        self.statements: list[c_ast.Node] = []
        self.plain = self.chance(self.grammar.plain)
        """Whether expressions have few constants."""
        self.terse = False
        """Whether short expressions are repeated, rather than named."""
        self._nesting = 0

    @property
    def real(self) -> bool:
        return self.type in ("f32", "f64")

    # Randomness.

    def chance(self, p: float) -> bool:
        return self.rng.random() < p

    def number(self, low: float, high: float) -> float:
        """A real constant in [low, high]: mostly a usual one, else one of a few digits."""
        usual = _USUAL[bisect_left(_USUAL, low) : bisect_right(_USUAL, high)]
        if usual and self.chance(self.grammar.usual_number):
            return self.rng.choice(usual)
        x = self.rng.uniform(low, high)
        rounded = float(f"{x:.{self.grammar.digits.draw(self.rng)}g}")
        return rounded if low <= rounded <= high else x

    def near(self, x: float) -> float:
        """A constant that people would write for about x: usual, or of a few digits."""
        if not self.chance(self.grammar.usual_number):
            return float(f"{x:.{self.grammar.digits.draw(self.rng)}g}")
        size = abs(x)
        at = bisect_left(_USUAL, size)
        around = [u for u in _USUAL[max(at - 1, 0) : at + 1] if 0.6 * size <= u <= 1.5 * size]
        chosen = min(around, key=lambda u: abs(u - size)) if around else float(f"{size:.1g}")
        return math.copysign(chosen, x)

    def sign(self) -> int:
        return self.rng.choice((-1, 1))

    def constant(self, number: float | int) -> Value:
        """A literal of the function's type, sometimes behind a named constant."""
        type = self.type
        if isinstance(number, float) and type == "f32" and self.chance(self.grammar.double_in_float):
            type = "f64"
        v = literal(number, type)
        if not self.chance(self.grammar.named_constant):
            return v
        name = fresh_name(CONSTANTS, self.taken, self.rng)
        self.statements.append(nodes.declare(v.type, name, v.node, const=True))
        return values.variable(name, v.type, v)

    # Operands.

    def pick(self, real: bool | None = None) -> Value:
        """A variable, mostly one that nothing has read yet. `real` asks for a floating type or an integer one."""
        pool = self.fresh if self.fresh and self.chance(0.85) else self.pool
        if real is not None:
            pool = [v for v in pool if v.real == real] or [v for v in self.pool if v.real == real]
            if not pool:
                return self.real_of(self.pick()) if real else self.whole(self.pick())
        v = self.rng.choice(pool)
        self.read(v)
        return values.read(v)

    def read(self, v: Value) -> None:
        if v in self.fresh:
            self.fresh.remove(v)

    def gather(self, least: int, most: int) -> list[Value]:
        """Between `least` and `most` variables, the fresh ones first and in order."""
        wanted = max(least, min(most, len(self.fresh)))
        chosen = self.fresh[:wanted]
        del self.fresh[:wanted]
        others = [v for v in self.pool if v not in chosen]
        self.rng.shuffle(others)
        chosen += others[: wanted - len(chosen)]
        while len(chosen) < wanted:
            chosen.append(self._variant())
        return [values.read(v) for v in chosen]

    def _variant(self) -> Value:
        """A new variable worked out from one that there is."""
        v = self.rng.choice(self.pool)
        if not self.real:
            return self.local(v + self.rng.randint(1, max(2, int(v.dev))), waiting=False)
        scaled = self.tame(v) * self.constant(self.number(0.2, 2))
        return self.local(scaled + self.constant(self.number(0.1, 2)), waiting=False)

    def even(self, chosen: list[Value]) -> list[Value]:
        """Real variables of about one size: those far from the most spread one's are scaled to it."""
        size = max(v.dev for v in chosen) or 1.0
        if size > 1e3:
            size = 10.0
        return [
            v if size / 6 < v.dev < 6 * size or self.chance(0.1) else self.atom(self.fit(v, 1.8 * size)) for v in chosen
        ]

    def operand(self) -> Value:
        """A variable, or sometimes an expression."""
        if self._nesting < 2 and self.chance(self.grammar.nested):
            return self.idiom()
        return self.pick(None if self.real else False)

    def pair(self) -> tuple[Value, Value]:
        """Two operands that are not the same variable, as long as there are two."""
        a, b = self.operand(), self.operand()
        for _ in range(3):
            if not (isinstance(b.node, c_ast.ID) and isinstance(a.node, c_ast.ID) and a.node.name == b.node.name):
                return a, b
            b = self.pick(None if self.real else False) if len(self.pool) > 1 else self.idiom(many=False)
        return a, self.constant(self.near(a.mid + a.dev) if self.real else round(a.mid + a.dev))

    def idiom(self, many: bool | None = None) -> Value:
        """An expression by one of the grammar's idioms."""
        g = self.grammar
        if many is None:
            many = len(self.fresh) >= 3 and self.chance(g.gather if len(self.fresh) > 4 else g.gather / 3)
        real, integer = (g.real_many, g.integer_many) if many else (g.real_few, g.integer_few)
        if self.plain:
            real, integer = g.real_plain, g.integer_plain
        self._nesting += 1
        value = self._idioms[(real if self.real else integer).draw(self.rng)](self)
        self._nesting -= 1
        return value

    def atom(self, v: Value) -> Value:
        """`v` as something that may be repeated: a compound expression is given a name first, if it is not short."""
        if v.simple or (self.terse and _short(v.node)):
            return v
        return self.local(v, waiting=False)

    # Statements.

    def emit(self, statement: c_ast.Node) -> None:
        self.statements.append(statement)

    def local(self, v: Value, *, type: str | None = None, waiting: bool = True, const: bool | None = None) -> Value:
        """Declare a variable that holds `v`. `waiting`: it is fresh, for later statements to read."""
        type = type or (self.type if v.real == self.real and values.fits(v, self.type) else v.type)
        if type == "f32" and v.real and self.type == "f64":
            type = "f64"
        name = fresh_name(LOCALS, self.taken, self.rng)
        constant = self.chance(0.05) if const is None else const
        self.emit(nodes.declare(type, name, v.node, const=constant))
        result = values.variable(name, type, v)
        held = ConstValue(result) if constant else result
        self.pool.append(held)
        if waiting:
            self.fresh.append(held)
        return values.read(held)

    def held(self, v: Value, type: str | None = None) -> Value:
        """Declare a variable to be assigned to later, not fresh yet; unlike `local`, gives the pool's own entry."""
        self.local(v, type=type, waiting=False, const=False)
        return self.pool[-1]

    def mutable(self) -> Value | None:
        """A variable that may be assigned to, of the function's kind; None where there is none."""
        candidates = [v for v in self.pool if v.real == self.real and not isinstance(v, ConstValue)]
        return self.rng.choice(candidates[-4:]) if candidates else None

    def update(self, v: Value, new: Value) -> None:
        """From here on, the variable `v` is known to be as `new`."""
        held = convert(new, v.type, explicit=False)
        v.lo, v.hi, v.mid, v.dev, v.mask = held.lo, held.hi, held.mid, held.dev, held.mask
        if v not in self.fresh:
            self.fresh.append(v)

    @contextmanager
    def nested(self) -> Iterator[list[c_ast.Node]]:
        """Statements go to the list that this gives; what they declare ends with it."""
        outer, pool = self.statements, list(self.pool)
        self.statements = []
        try:
            yield self.statements
        finally:
            known = set(map(id, pool))
            self.pool = pool
            # What the inner statements read is read; what they declared is gone.
            self.fresh = [v for v in self.fresh if id(v) in known]
            self.statements = outer

    def table(self, entries: list[float] | list[int], type: str) -> str:
        """Declare a constant table, local or global; returns its name."""
        literals = c_ast.InitList([literal(e, type).node for e in entries])
        if self.chance(0.5):
            name = self.unit.name(TABLES)
            self.taken.add(name)
            self.unit.globals.append(nodes.declare(type, name, literals, const=True, length=len(entries), static=True))
        else:
            name = fresh_name(TABLES, self.taken, self.rng)
            self.emit(nodes.declare(type, name, literals, const=True, length=len(entries), static=self.chance(0.3)))
        return name

    # Conversions.

    def real_of(self, v: Value) -> Value:
        return v if v.real else convert(v, self.type if self.real else "f64")

    def whole(self, v: Value) -> Value:
        """An integer from any value; a real one is brought into a usual range, then truncated."""
        if not v.real:
            return v
        return convert(self.fit(v, float(self.rng.choice((8, 20, 100)))), "i32")

    def fit(self, v: Value, bound: float) -> Value:
        """`v` scaled by a constant so that most of its values use, and few exceed, [-bound, bound]."""
        size = min(v.bound, abs(v.mid) + 1.8 * v.dev) or 1.0
        bound = bound or 1.0
        room = 4 if self.plain else 1
        if bound / (12 * room) <= size <= bound * 1.5 * room and v.bound <= 4 * bound * room:
            return v
        scale = bound / size
        if not v.real:
            if 0.45 < scale < 3:
                return v
            v = self.real_of(v) if scale < 1 and self.chance(0.5) else v
        if scale < 0.5 and self.chance(0.6):
            return v / self.constant(self.near(1 / scale))
        return v * self.constant(self.near(scale))

    def tame(self, v: Value, bound: float = 1e4) -> Value:
        """`v`, scaled down where it could exceed `bound` by far."""
        return v if v.bound <= bound * 10 else self.fit(v, bound)

    def unit_interval(self, v: Value) -> Value:
        """`v` mapped into about [0, 1]."""
        if v.lo >= 0 and v.hi <= 1:
            return v
        if v.lo >= 0 and v.mid + 2 * v.dev > v.hi / 4:
            return v / self.constant(float(f"{v.hi:.3g}")) if v.hi > 2 else v * self.constant(float(f"{1 / v.hi:.2g}"))
        if v.dev > 0.12 * (v.hi - v.lo) and self.chance(0.6):
            low, high = float(f"{v.lo:.3g}"), float(f"{v.hi:.3g}")
            if low < high:
                return (v - self.constant(low)) / self.constant(float(f"{high - low:.4g}"))
        x = self.fit(v, 2.0)
        return self.constant(0.5) + self.constant(0.5) * self.math("tanh", math.tanh, x, lo=-1, hi=1)

    def math(self, name: str, f: Callable[..., float], *operands: Value, lo: float, hi: float) -> Value:
        """A call of math.h's `name`, whose values lie in [lo, hi]; f is its Python twin."""
        single = all(v.type != "f64" for v in operands) and self.type == "f32"
        single = single and not self.chance(self.grammar.double_in_float)
        type = "f32" if single else "f64"
        spelled = name + "f" if single else name
        if spelled not in self.unit.prototypes:
            self.unit.prototypes[spelled] = nodes.prototype(spelled, type, len(operands))
        a = operands[0]
        if len(operands) == 1:
            mid, dev = moments(f, a)
        else:
            mid, dev = (lo + hi) / 2, (hi - lo) / 4
        node = nodes.call(spelled, *(v.node for v in operands))
        return Value(node, type, lo, hi, mid, dev, values.mask_of(operands))

    # Conditions.

    def condition(self, v: Value | None = None) -> Value:
        """A test that is neither always nor never true, as far as one knows."""
        if v is None and self.chance(0.12):
            return values.logical(self.rng.choice(("&&", "&&", "||")), self._test(self.pick()), self._test(self.pick()))
        return self._test(self.pick() if v is None else v)

    def _test(self, v: Value) -> Value:
        rng = self.rng
        if not v.real and self.chance(0.25) and v.hi - v.lo > 3:
            return self._parity(v)
        if not v.real and 1 <= v.hi - v.lo <= 15 and self.chance(0.4):
            return values.compare(rng.choice(("==", "==", "!=")), v, literal(rng.randint(int(v.lo), int(v.hi))))
        others = [o for o in self.pool if o.mask != v.mask and abs(o.mid - v.mid) < 1.2 * (o.dev + v.dev)]
        if others and self.chance(0.35):
            other = rng.choice(others)
            self.read(other)
            return values.compare(rng.choice(("<", ">", "<=", ">=")), v, values.read(other))
        return values.compare(rng.choice(("<", ">", ">", "<", "<=", ">=")), v, self.threshold(v))

    def _parity(self, v: Value) -> Value:
        modulus = self.rng.choice((2, 2, 3, 4))
        rest = values.binary("%", v, literal(modulus), 0, modulus - 1)
        if self.chance(0.3):
            rest = values.binary("&", v, literal(self.rng.choice((1, 2, 4))), 0, 4)
        return values.compare(self.rng.choice(("==", "!=")), rest, literal(0))

    def threshold(self, v: Value) -> Value:
        """A constant that v may fall on either side of."""
        at = v.mid + self.rng.uniform(-0.9, 0.9) * v.dev
        if v.lo < 0 < v.hi and abs(v.mid) < v.dev and self.chance(0.4):
            at = 0.0
        if not v.real:
            return literal(round(at))
        return self.constant(self.near(at) if at else 0.0)


def _short(node: c_ast.Node) -> bool:
    """Whether this is an operator or a call over names, literals and at most two further operators or calls."""
    budget, stack = 3, [node]
    while stack:
        n = stack.pop()
        if isinstance(n, c_ast.BinaryOp | c_ast.UnaryOp):
            budget -= 1
            stack.extend(n)
        elif isinstance(n, c_ast.FuncCall):
            budget -= 1
            stack.extend(n.args.exprs)
        elif not isinstance(n, c_ast.ID | c_ast.Constant):
            return False
    return budget >= 0


class ConstValue(Value):
    """A variable declared const."""

    __slots__ = ()

    def __init__(self, v: Value):
        super().__init__(v.node, v.type, v.lo, v.hi, v.mid, v.dev, v.mask)
