"""Programs like the parts of people's functions: one expression, or statements in a row that leave one value behind.

What stands where is drawn by the shares of `shares`. What is read first becomes an argument then, of a type of its own
and with a range that suits what it is read for: above zero where it divides, small where it counts a shift.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from pycparser import c_ast

from cprograms.generate import integers, nodes, shares, values
from cprograms.generate.distribution import ENTRIES, INTEGER_DOMAINS, LOCALS, Distribution, real_domain
from cprograms.generate.styles import restyle
from cprograms.generate.values import Value, binary, convert, hull, select, square
from cprograms.generate.writer import UnitDraft, Writer, fresh_name
from cprograms.program import Argument, Program, Result
from cprograms.types import SCALARS

_DEEPEST = 5
_TRIES = 30
_LEAST_OPERATORS = 3
_LARGEST = 1e8
_LARGEST_WHOLE = 1 << 29
_OPERATORS = (c_ast.BinaryOp, c_ast.UnaryOp, c_ast.TernaryOp, c_ast.FuncCall, c_ast.Cast)
_GROUPS = {"compare", "logic"}
_UNSIGNED = frozenset(("u32", "u64"))
_BITS = frozenset(("&", "|", "^", "~", "<<", ">>", "%"))
# What each function of math.h asks of its operand, its values' bounds, and its Python twin.
_CALLS: dict[str, tuple[str, Callable[[float], float]]] = {
    "sqrt": ("nonnegative", lambda x: math.sqrt(max(x, 0.0))),
    "fabs": ("any", abs),
    "cos": ("any", math.cos),
    "sin": ("any", math.sin),
    "tan": ("unit", math.tan),
    "exp": ("modest", math.exp),
    "log": ("positive", lambda x: math.log(max(x, 1e-6))),
    "log10": ("positive", lambda x: math.log10(max(x, 1e-6))),
    "floor": ("any", math.floor),
    "ceil": ("any", math.ceil),
    "asin": ("unit", math.asin),
    "acos": ("unit", math.acos),
    "atan": ("any", math.atan),
    "tanh": ("any", math.tanh),
}
_PERIODIC = {"sin": (-1.0, 1.0), "cos": (-1.0, 1.0), "fabs": (0.0, None)}


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


class PartWriter(Writer):
    """Writes one part. `arguments` are those that it has read so far; `statements` its body, in the end."""

    def __init__(self, unit: UnitDraft, names: list[str], *, real: bool) -> None:
        types = shares.REAL_TYPES if real else shares.INTEGER_TYPES
        main = types.draw(unit.rng)
        super().__init__(unit, main if (main in ("f32", "f64")) == real else "f64", [], {})
        self.arguments: list[Argument] = []
        self._names, self._types, self._is_real = names, types, real
        self._places = shares.REAL_PLACES if real else shares.INTEGER_PLACES
        domains = self.grammar.real_domain if real else self.grammar.integer_domain
        self._shared = domains.draw(self.rng) if self.chance(self.grammar.shared_domain) else ""
        self._singles = self.chance(0.3)
        self._declares_first = not self.chance(0.22)
        self._declared: list[c_ast.Node] = []
        self._braces = self.chance(0.93)
        self._straight = self.chance(0.35)
        self._avoided = {op for op in ("*", "/", "-", "+", "?", "cast", "&") if self.chance(0.25)}
        self._signless = self.type in _UNSIGNED
        """Whether no argument is negative: signed and unsigned numbers meet without casts then."""
        self._changes = self.chance(0.25)
        self._eager = self._patched = False

    # Whole programs.

    def alone(self) -> str:
        """A body that returns one expression; gives the result's type."""
        v = self._expression("return", "any", 0)
        if not v.mask:
            v = self._operator("+", v, self._argument("any") or self._name("any"))
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
        whole = not self._patched or self.chance(0.25)
        return (
            bool(self.arguments)
            and whole
            and operators >= _LEAST_OPERATORS
            and self.result.mask == (1 << len(self.arguments)) - 1
        )

    def row(self) -> str:
        """A body of statements and a return of what they leave behind; gives the result's type."""
        table = shares.REAL_STEPS if self._is_real else shares.INTEGER_STEPS
        last: Value | None = None
        steps = int((shares.REAL_ROWS if self._is_real else shares.INTEGER_ROWS).draw(self.rng))
        for step in range(steps):
            self._eager = step == steps - 1
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
            last = self._assigned(self._operator(self.rng.choice("+-*"), other, self._read(last)))
        if not last.mask:
            last = self._assigned(self._operator("+", self._read(last), self._argument("any") or self._name("any")))
        self.emit(c_ast.Return(c_ast.ID(last.node.name)))
        self.statements[:0] = self._declared
        self.result = last
        return last.type

    # Expressions.

    def _expression(self, place: str, need: str, depth: int) -> Value:
        """What stands at a place, meeting a need: a key of `shares.REAL_RANGES`, or "any"."""
        if need in ("high", "low", "unit", "shift", "few"):
            return self._name(need)
        kind = self._kind(place)
        if depth >= _DEEPEST:
            kind = "name"
        if kind in ("name", "whole", "point"):
            return self._name(need) if kind == "name" else self._literal(place, kind, need)
        if kind == "call":
            return self._call(depth) if need == "any" and self._is_real else self._name(need)
        if kind in _GROUPS or kind == "not":
            return self._condition_of(kind, depth)
        if kind == "?":
            return self._conditional(need, depth)
        if kind == "cast":
            return self._cast(need, depth)
        if kind == "negative":
            v = self._expression("negative", "any", depth + 1)
            return -v if need == "any" and not isinstance(v.node, c_ast.UnaryOp) else self._name(need)
        if kind == "~":
            v = self._expression("~", "nonnegative", depth + 1)
            return Value(c_ast.UnaryOp("~", v.node), "i32", -v.hi - 1, -v.lo - 1, -v.mid - 1, v.dev, v.mask)
        return self._binary(kind, place, need, depth)

    def _kind(self, place: str) -> str:
        """What is to stand at a place. What this program has little of is drawn again."""
        kind = self._places[place].draw(self.rng)
        for _ in range(2):
            if kind in self._avoided:
                kind = self._places[place].draw(self.rng)
        return kind

    def _binary(self, op: str, place: str, need: str, depth: int) -> Value:
        signless = need in ("positive", "nonnegative")
        if op == "*" and need == "nonnegative" and self.chance(0.6):
            return square(self._name("any"))
        left = right = need if signless and op in "+*/" else "any"
        if op == "-" and signless:
            left, right = "high", "low"
        elif op in "/%":
            right = "positive"
        if op in _BITS:
            left, right = "nonnegative", "nonnegative"
            if op in ("<<", ">>"):
                right = "shift"
            elif op == "%":
                right = "positive"
        places = self._places
        if f"{op}L" not in places:
            self._places = shares.INTEGER_PLACES
        a = self._bits_of(op, self._expression(f"{op}L", left, depth + 1))
        if op in ("<<", ">>"):
            b = self._shift(op, a)
        else:
            b = self._bits_of(op, self._expression(f"{op}R", right, depth + 1))
        if place in ("+L", "-L") and op in "+-" and _constant(b):
            b = self._name(right)  # people add constants last
        self._places = places
        if _constant(a) and _constant(b):
            a = self._name(left)
        if _same(a, b) and op != "*":
            b = self._argument(right) or self._literal(f"{op}R", "whole", right)
        return self._operator(op, self._bits_of(op, a), self._bits_of(op, b))

    def _bits_of(self, op: str, v: Value) -> Value:
        """v as an operand of this operator, which may ask for a whole number."""
        return self.whole(v) if op in _BITS and v.real else v

    def _shift(self, op: str, a: Value) -> Value:
        if self.chance(0.1):
            return self._name("shift")
        count = int(shares.SHIFTS.draw(self.rng))
        return values.literal(count if op == "<<" else max(1, min(count, int(math.log2(a.dev + 1)) - 1)))

    def _operator(self, op: str, a: Value, b: Value) -> Value:
        """The operator applied, or a sum or a difference where the result would be too large or constant."""
        real = a.real or b.real
        if op == "*":
            product = a.bound * b.bound
            if 0 < product < (_LARGEST if real else _LARGEST_WHOLE):
                return square(a) if _same(a, b) else a * b
            op = self.rng.choice("+-")
        if op == "/":
            if (b.lo > 0 or b.hi < 0) and (real or 2 * a.dev >= b.bound):
                return a / b
            if not real and _constant(b) and a.dev > 3:
                return a / max(2, int(a.dev / 2))
            op = self.rng.choice("+-")
        if op in ("&", "|", "^") and a.lo >= 0 and b.lo >= 0 and max(a.hi, b.hi) < 1 << 31:
            top = (1 << max(int(a.hi), int(b.hi), 1).bit_length()) - 1
            return binary(op, a, b, 0, min(a.hi, b.hi) if op == "&" else top)
        if op == "&" and a.lo >= 0 and max(a.hi, b.bound) < 1 << 31:
            return binary(op, a, b, 0, a.hi)
        if op == "%" and a.lo >= 0 and b.lo > 0:
            return binary(op, a, b, 0, min(a.hi, b.hi - 1))
        if op == ">>" and a.lo >= 0 and b.lo >= 0 and b.hi < 31:
            lo, hi = math.floor(a.lo * 0.5**b.hi), math.floor(a.hi * 0.5**b.lo)
            return self._shifted(op, a, b, lo, hi)
        if op == "<<" and a.lo >= 0 and b.lo >= 0 and a.hi * 2**b.hi < _LARGEST_WHOLE:
            return self._shifted(op, a, b, a.lo * 2**b.lo, a.hi * 2**b.hi)
        if not real and max(a.bound, b.bound) > 1 << 30:
            a, b = integers.kept(self, a), integers.kept(self, b)
        if op == "-" and a.lo < b.hi and not real and {a.type, b.type} & _UNSIGNED and self.chance(0.7):
            op = "+"
        return a - b if op == "-" else a + b

    def _shifted(self, op: str, a: Value, b: Value, lo: float, hi: float) -> Value:
        scale = 2.0**b.mid if op == "<<" else 2.0**-b.mid
        node = c_ast.BinaryOp(op, a.node, b.node)
        promoted = values.promoted(a.type)
        return Value(node, promoted, lo, hi, a.mid * scale, a.dev * scale, a.mask | b.mask)

    def _call(self, depth: int) -> Value:
        name = shares.REAL_CALLS.draw(self.rng)
        if name == "pow":
            base = self._expression("call", "positive", depth + 1)
            base = self._name("positive") if _constant(base) else base
            power = self._power()
            hi = max(base.hi, 1.0) ** power.hi
            if base.lo <= 0 or hi > _LARGEST:
                base, hi = self._name("unit"), 1.0
            return self.math("pow", lambda x, y: x**y, base, power, lo=0.0, hi=hi)
        if name == "atan2":
            return self.math(name, math.atan2, self._name("any"), self._name("any"), lo=-math.pi, hi=math.pi)
        need, f = _CALLS[name]
        v = self._expression("call", need, depth + 1)
        if not _meets(v, need) or _constant(v):
            v = self._name(need)
        if not _meets(v, need):
            return v
        if name in ("floor", "ceil") and v.dev < 1.5:
            return v
        if name in _PERIODIC:
            low, high = _PERIODIC[name]
            return self.math(name, f, v, lo=low, hi=v.bound if high is None else high)
        return self.math(name, f, v, lo=f(v.lo), hi=f(v.hi)) if name != "acos" else self.math(name, f, v, lo=0, hi=3.15)

    def _power(self) -> Value:
        if self.chance(0.5):
            return values.literal(self.rng.choice((2, 2, 2, 3, 4)))
        return self._point(self.rng.choice(("2.0", "0.5", "1.5", "2.", "0.75", "1.2", "0.333")))

    def _cast(self, need: str, depth: int) -> Value:
        code = (shares.REAL_CASTS if self._is_real else shares.INTEGER_CASTS).draw(self.rng)
        v = self._expression("cast", need, depth + 1)
        if isinstance(v.node, c_ast.Constant):
            v = self._name(need)
        if v.type == code and self._is_real:
            v = self._argument(need, whole=True) or v
        if v.real and code not in ("f32", "f64") and v.dev < 3:
            return v
        if not values.fits(v, code) or v.type == code:
            return v
        return convert(v, code)

    def _conditional(self, need: str, depth: int) -> Value:
        """A ternary: often the smaller or larger one of two operands, as a macro writes it."""
        if self.chance(0.45):
            a, b = self._expression("?T", need, depth + 2), self._expression("?F", need, depth + 2)
            if _constant(a) and _constant(b):
                a = self._name(need)
            least = self.chance(0.5)
            f = min if least else max
            result = select(values.compare("<" if least else ">", a, b), a, b)
            result.lo, result.hi = f(a.lo, b.lo), f(a.hi, b.hi)
            return result
        test = self._condition("?C", depth)
        yes, no = self._expression("?T", need, depth + 1), self._expression("?F", need, depth + 1)
        return select(test, yes, no)

    def _condition(self, place: str, depth: int) -> Value:
        return self._condition_of(self._places[place].draw(self.rng), depth)

    def _condition_of(self, kind: str, depth: int) -> Value:
        if kind == "logic" and depth < _DEEPEST:
            a, b = self._condition("logicL", depth + 1), self._condition("logicR", depth + 1)
            return values.logical(self.rng.choice(("&&", "&&", "||")), a, b)
        if kind == "&":
            mask = values.literal(self.rng.choice((1, 1, 2, 4, 8)))
            return self._operator("&", self._few(), mask)
        if kind == "not":
            v = self._few() if self.chance(0.3) else self._condition_of("&", depth)
            return Value(c_ast.UnaryOp("!", v.node), "i32", 0, 1, 0.5, 0.5, v.mask)
        if kind in ("name", "/", "%", "call"):
            return self._few()
        return self._comparison(depth)

    def _few(self) -> Value:
        """A whole number of few values, as tests read them."""
        v = self._name("few")
        return v if not v.real else self._comparison(_DEEPEST)

    def _comparison(self, depth: int) -> Value:
        op = (shares.REAL_COMPARISONS if self._is_real else shares.INTEGER_COMPARISONS).draw(self.rng)
        if op in ("==", "!="):
            a = self._few()
            if isinstance(a.node, c_ast.BinaryOp):
                return a
            return values.compare(op, a, self._member(a))
        a = self._expression("compareL", "any", depth + 2)
        if _constant(a):
            a = self._name("any")
        kind = self._places["compareR"].draw(self.rng)
        if kind in ("whole", "point"):
            return values.compare(op, a, self._limit(a, kind))
        b = self._name("any") if kind == "name" else self._expression("compareR", "any", depth + 2)
        if _same(a, b) or b.hi < a.lo or b.lo > a.hi:
            return values.compare(op, a, self._limit(a, "whole"))
        return values.compare(op, a, b)

    def _member(self, v: Value) -> Value:
        """A whole number that v may equal: mostly 0 or 1."""
        low, high = int(v.lo), int(v.hi)
        number = low if self.chance(0.5) else self.rng.randint(low, min(high, low + 9))
        return values.literal(number)

    def _limit(self, v: Value, kind: str) -> Value:
        """A literal that v may fall on either side of."""
        usual = shares.COMPARED_WHOLES.draw(self.rng)
        room = 0.3 * v.dev
        if usual != "other" and v.lo + room < int(usual) < v.hi - room:
            return values.literal(int(usual)) if kind == "whole" else self._point(f"{usual}.0")
        at = v.mid + self.rng.uniform(-0.9, 0.9) * v.dev
        if kind == "whole" and v.dev > 1:
            return values.literal(round(at))
        return self._point(self._digits(abs(at))) if at >= 0 else -self._point(self._digits(-at))

    # Literals.

    def _literal(self, place: str, kind: str, need: str) -> Value:
        op = place[:-1]
        if kind == "point" and self._is_real:
            text = "1.0" if place in ("-L", "/L") and self.chance(0.4) else shares.POINTS.draw(self.rng)
            text = "2.0" if text.startswith("1.") and float(text) == 1 and place in ("*L", "*R", "/R") else text
            return self._point(self._digits(10 ** self.rng.uniform(-1.5, 3)) if text == "other" else text)
        if place in ("&R", "|R", "^R", "~"):
            text = shares.MASKS.draw(self.rng)
            number = int(text, 0)
            return Value(c_ast.Constant("int", text), "i32", number, number, number, 0.0)
        if op not in ("*", "/", "%", "<<", ">>"):
            table = shares.SUMMED_WHOLES
        else:
            table = shares.REAL_WHOLES if self._is_real else shares.SCALING_WHOLES
        if place in ("?F", "?T", "=", "+=") and need == "any" and self.chance(0.4):
            return values.literal(0)
        text = table.draw(self.rng)
        number = int(10 ** self.rng.uniform(0.5, 3.5)) if text == "other" else int(text)
        if text == "other" and not self._is_real and self.chance(0.35):
            return Value(c_ast.Constant("int", f"0x{number:x}"), "i32", number, number, number, 0.0)
        if op in ("*", "/", "%") and number == 1:
            number = 2
        return values.literal(number)

    def _digits(self, size: float) -> str:
        """The text of a real literal of about this size, of as many digits as people write."""
        return f"{size:.{shares.POINT_DIGITS.draw(self.rng)}g}"

    def _point(self, text: str) -> Value:
        if "." not in text and "e" not in text:
            text += ".0"
        number = float(text)
        single = self._singles and self.type == "f32"
        node = c_ast.Constant("float" if single else "double", text + "f" * single)
        return Value(node, "f32" if single else "f64", number, number, number, 0.0)

    # Names.

    def _read(self, v: Value) -> Value:
        self.read(v)
        return values.read(v)

    def _name(self, need: str) -> Value:
        """A variable that meets the need: one that waits to be read, a new argument, or one that was read before."""
        waiting = [v for v in self.fresh if _meets(v, need)]
        if waiting and (self._eager or self.chance(0.75)):
            return self._read(self.rng.choice(waiting))
        known = [v for v in self.pool if _meets(v, need)]
        if known and (self.chance(self.grammar.part_reuse + 0.06 * len(self.arguments))):
            return self._read(self.rng.choice(known))
        return self._argument(need) or values.literal({"high": 20, "few": 1, "shift": 2}.get(need, 1))

    def _argument(self, need: str, *, whole: bool = False) -> Value | None:
        """A new argument that meets the need; None where there are enough."""
        if len(self.arguments) >= 16:
            return None
        name = next(n for n in self._names if n not in self.taken)
        self.taken.add(name)
        code = "i32" if whole else self._type_for(need)
        low, high = self._range_for(need, code)
        limits = SCALARS[code].limits
        if low < limits[0] or high > limits[1]:
            code = "i32"
        self.arguments.append(Argument(name, SCALARS[code], low, high, "pragma"))
        v = Value(nodes.identifier(name), code, low, high, mask=1 << len(self.arguments) - 1)
        self.pool.append(v)
        return values.read(v)

    def _type_for(self, need: str) -> str:
        if need in ("few", "shift"):
            return "i32" if self.chance(0.7) else shares.INTEGER_TYPES.draw(self.rng)
        code = self.type if self.chance(0.78) else self._types.draw(self.rng)
        return self.type if code in _UNSIGNED and not self._is_real and not self._signless else code

    def _range_for(self, need: str, code: str) -> tuple[float, float]:
        real = code in ("f32", "f64")
        need = "nonnegative" if need == "any" and (self._signless or code in _UNSIGNED) else need
        if need != "any":
            return self.rng.choice((shares.REAL_RANGES if real else shares.INTEGER_RANGES)[need])
        if real:
            table = self.grammar.real_domain
            shared = self._shared if self._is_real else ""
            return real_domain(shared if shared and self.chance(0.85) else table.draw(self.rng), self.rng)
        shared = self._shared if not self._is_real else ""
        return INTEGER_DOMAINS[shared if shared and self.chance(0.85) else self.grammar.integer_domain.draw(self.rng)]

    # Statements; each gives the pool's entry of the variable that it assigned to.

    def _declare(self, v: Value) -> Value:
        """A new variable that v is assigned to."""
        type = self.type if v.real == self._is_real and values.fits(v, self.type) else v.type
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
        return self._assigned(self._expression("=", "any", 0))

    def _target(self) -> Value:
        """A variable to change: one that there is, or a new argument."""
        if self.chance(0.5) or not self.pool:
            self._argument("any")
        idle = [v for v in self.pool if v not in self.fresh] or self.pool
        return idle[-1] if self.chance(0.5) else self.rng.choice(idle)

    def _settle(self, v: Value, target: Value) -> Value:
        """v as what the target may hold."""
        if v.real and not target.real and v.dev < 3:
            v = v * self._point(self.rng.choice(("10.0", "100.0", "255.0")))
        if values.fits(v, target.type):
            return v
        low, high = SCALARS[target.type].limits
        v = integers.kept(self, self.whole(v), int(min(high, 1 << 14)))
        return v if values.fits(v, target.type) else integers.clamp_of(self, v, int(max(low, 0)), int(min(high, 1000)))

    def old(self) -> Value:
        target = self._target()
        v = self._settle(self._expression("=", "any", 1), target)
        self.emit(nodes.assign(target.node.name, v.node))
        self.update(target, v)
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
        v = values.literal(self.rng.choice((1, 1, 2, 4))) if op in ("<<=", ">>=") else self._expression("+=", need, 1)
        if op in ("|=", "&=", "<<=", ">>=") and (before.lo < 0 or v.lo < 0 or v.real):
            op = "+="
        v = v if real else self._settle(v, target)
        after = self._operator(op[:-1], before, v)
        kept = isinstance(after.node, c_ast.BinaryOp) and after.node.op == op[:-1] and after.node.left is before.node
        if not kept or after.bound > _LARGEST or not (real or values.fits(after, target.type)):
            v = self._settle(self._name("any"), target)
            self.emit(nodes.assign(target.node.name, v.node))
            return v
        self.emit(nodes.assign(target.node.name, v.node, op))
        after.node = before.node
        return after

    def _body(self, target: Value, nesting: bool) -> tuple[list[c_ast.Node], Value]:
        """One or more assignments under a condition; the last is to the target. Gives what it holds then."""
        if nesting and self.chance(0.22):
            test, before = self._condition("if", 1), values.read(target)
            body, v = self._body(target, nesting=False)
            v = hull(*(convert(x, target.type, explicit=False) for x in (before, v)))
            v.mask |= test.mask
            return [c_ast.If(test.node, self._block(body), None)], v
        with self.nested() as body:
            for _ in range(int(shares.BRANCH.draw(self.rng)) - 1):
                if self._declares_first:
                    self.when(nesting=False) if nesting and self.chance(0.5) else self.old()
            if self.chance(0.3):
                v = self._changed(target)
            else:
                v = self._settle(self._expression("=", "any", 1), target)
                self.emit(nodes.assign(target.node.name, v.node))
        return body, v

    def when(self, nesting: bool = True) -> Value:
        """An if that may change a variable."""
        test = self._condition("if", 0)
        target = self._target()
        before = values.read(target)
        body, v = self._body(target, nesting)
        self.emit(c_ast.If(test.node, self._block(body), None))
        self._merge(target, test, before, v)
        return target

    def choice(self) -> Value:
        """A variable assigned on both sides of an if."""
        test = self._condition("if", 0)
        type = self.type
        name = fresh_name(LOCALS, self.taken, self.rng)
        declared = nodes.declare(type, name)
        if self._declares_first:
            self._declared.append(declared)
        else:
            self.emit(declared)
        target = Value(nodes.identifier(name), type, 0.0, 1.0)
        sides = []
        for _ in range(2):
            with self.nested() as body:
                v = self._settle(self._expression("=", "any", 1), target)
                self.emit(nodes.assign(name, v.node))
            sides.append((body, v))
        (yes, a), (no, b) = sides
        self.emit(c_ast.If(test.node, self._block(yes), self._block(no)))
        self.pool.append(target)
        self._merge(target, test, a, b)
        return target

    def _block(self, body: list[c_ast.Node]) -> c_ast.Node:
        return body[0] if len(body) == 1 and not self._braces else c_ast.Compound(body)

    def _merge(self, target: Value, test: Value, a: Value, b: Value) -> None:
        merged = hull(convert(a, target.type, explicit=False), convert(b, target.type, explicit=False))
        merged.mask |= test.mask
        self.update(target, merged)
        target.mask = merged.mask


_STEPS: dict[str, Callable[[PartWriter], Value]] = {
    "new": PartWriter.new,
    "old": PartWriter.old,
    "change": PartWriter.change,
    "step": PartWriter.step,
    "if": PartWriter.when,
    "choice": PartWriter.choice,
}


def _constant(v: Value) -> bool:
    return v.mask == 0


def _same(a: Value, b: Value) -> bool:
    """Whether both are one name."""
    return isinstance(a.node, c_ast.ID) and isinstance(b.node, c_ast.ID) and a.node.name == b.node.name


def _meets(v: Value, need: str) -> bool:
    """Whether all values of v are such as the need asks for."""
    return _MEETS[need](v)


_MEETS: dict[str, Callable[[Value], bool]] = {
    "any": lambda v: True,
    "positive": lambda v: v.lo > 0,
    "nonnegative": lambda v: v.lo >= 0,
    "high": lambda v: v.lo >= 10,
    "low": lambda v: v.lo >= 0 and v.hi <= 10,
    "unit": lambda v: v.bound <= 1,
    "modest": lambda v: v.bound <= 5,
    "shift": lambda v: not v.real and v.lo >= 0 and v.hi <= 15,
    "few": lambda v: not v.real and v.hi - v.lo <= 15,
}
