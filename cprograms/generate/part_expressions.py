"""Expressions like those of people's functions: each operator and operand by the shares of its place (`shares`).

What is read first becomes an argument then, of a type of its own and with a range that suits what it is read for: above
zero where it divides, small where it counts a shift. Such a need is a key of `shares.REAL_RANGES`, or "any".
"""

from __future__ import annotations

import math
from collections.abc import Callable

from pycparser import c_ast

from cprograms.generate import integers, nodes, shares, values
from cprograms.generate.distribution import INTEGER_DOMAINS, real_domain
from cprograms.generate.values import Value, binary, convert, select, square
from cprograms.generate.writer import UnitDraft, Writer
from cprograms.program import Argument
from cprograms.types import SCALARS

_DEEPEST = 5
LARGEST = 1e8
_LARGEST_WHOLE = 1 << 29
_MOST_ARGUMENTS = 16
_GROUPS = frozenset(("compare", "logic", "not"))
_UNSIGNED = frozenset(("u32", "u64"))
_BITS = frozenset(("&", "|", "^", "~", "<<", ">>", "%"))
# What each function of math.h asks of its operand, and its Python twin.
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


class PartExpressions(Writer):
    """Writes the expressions of one part. `arguments` are those that it has read so far."""

    def __init__(self, unit: UnitDraft, names: list[str], *, real: bool) -> None:
        types = shares.REAL_TYPES if real else shares.INTEGER_TYPES
        main = types.draw(unit.rng)
        super().__init__(unit, main if (main in ("f32", "f64")) == real else "f64", [], {})
        self.arguments: list[Argument] = []
        self.eager = False
        """Whether what waits to be read is read before anything else."""
        self._names, self._types = names, types
        self._places = shares.REAL_PLACES if real else shares.INTEGER_PLACES
        domains = self.grammar.real_domain if real else self.grammar.integer_domain
        self._shared = domains.draw(self.rng) if self.chance(self.grammar.shared_domain) else ""
        self._singles = self.chance(0.3)
        self._avoided = {op for op, share in shares.AVOIDED.items() if self.chance(share)}
        """What this program has little of: people's programs are not mixtures of everything."""
        self._signless = self.type in _UNSIGNED
        """Whether no argument is negative: signed and unsigned numbers meet without casts then."""

    # Expressions.

    def part_expression(self, place: str, need: str, depth: int) -> Value:
        """What stands at a place, meeting a need: a key of `shares.REAL_RANGES`, or "any"."""
        if need in ("high", "low", "unit", "shift", "few"):
            return self.name(need)
        kind = self._kind(place)
        if depth >= _DEEPEST:
            kind = "name"
        if kind in ("name", "whole", "point"):
            return self.name(need) if kind == "name" else self._literal(place, kind, need)
        if kind == "call":
            return self._call(depth) if need == "any" and self.real else self.name(need)
        if kind in _GROUPS:
            return self._condition_of(kind, depth)
        if kind == "?":
            return self._conditional(need, depth)
        if kind == "cast":
            return self._cast(need, depth)
        if kind == "negative":
            v = self.part_expression("negative", "any", depth + 1)
            return -v if need == "any" and not isinstance(v.node, c_ast.UnaryOp) else self.name(need)
        if kind == "~":
            v = self.part_expression("~", "nonnegative", depth + 1)
            if values.promoted(v.type) != "i32":
                return v
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
            return square(self.name("any"))
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
        a = self._bits_of(op, self.part_expression(f"{op}L", left, depth + 1))
        if op in ("<<", ">>"):
            b = self._shift(op, a)
        else:
            b = self._bits_of(op, self.part_expression(f"{op}R", right, depth + 1))
        if place in ("+L", "-L") and op in "+-" and is_constant(b):
            b = self.name(right)  # people add constants last
        self._places = places
        if is_constant(a) and is_constant(b):
            a = self.name(left)
        if _same(a, b) and op != "*":
            b = self.argument(right) or self._literal(f"{op}R", "whole", right)
        return self.operator_of(op, self._bits_of(op, a), self._bits_of(op, b))

    def _bits_of(self, op: str, v: Value) -> Value:
        """v as an operand of this operator, which may ask for a whole number."""
        return self.whole(v) if op in _BITS and v.real else v

    def _shift(self, op: str, a: Value) -> Value:
        if self.chance(0.1):
            return self.name("shift")
        count = int(shares.SHIFTS.draw(self.rng))
        return values.literal(count if op == "<<" else max(1, min(count, int(math.log2(a.dev + 1)) - 1)))

    def operator_of(self, op: str, a: Value, b: Value) -> Value:
        """The operator applied, or a sum or a difference where the result would be too large or constant."""
        real = a.real or b.real
        if op == "*":
            product = a.bound * b.bound
            if 0 < product < (LARGEST if real else _LARGEST_WHOLE):
                return square(a) if _same(a, b) else a * b
            op = self.rng.choice("+-")
        if op == "/":
            if (b.lo > 0 or b.hi < 0) and (real or 2 * a.dev >= b.bound):
                return a / b
            if not real and is_constant(b) and a.dev > 3:
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
            base = self.part_expression("call", "positive", depth + 1)
            base = self.name("positive") if is_constant(base) else base
            power = self._power()
            hi = max(base.hi, 1.0) ** power.hi
            if base.lo <= 0 or hi > LARGEST:
                base, hi = self.name("unit"), 1.0
            return self.math("pow", lambda x, y: x**y, base, power, lo=0.0, hi=hi)
        if name == "atan2":
            return self.math(name, math.atan2, self.name("any"), self.name("any"), lo=-math.pi, hi=math.pi)
        need, f = _CALLS[name]
        v = self.part_expression("call", need, depth + 1)
        if not _meets(v, need) or is_constant(v):
            v = self.name(need)
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
        return self.point(self.rng.choice(("2.0", "0.5", "1.5", "2.", "0.75", "1.2", "0.333")))

    def _cast(self, need: str, depth: int) -> Value:
        code = (shares.REAL_CASTS if self.real else shares.INTEGER_CASTS).draw(self.rng)
        v = self.part_expression("cast", need, depth + 1)
        if isinstance(v.node, c_ast.Constant):
            v = self.name(need)
        if v.type == code and self.real:
            v = self.argument(need, whole=True) or v
        if v.real and code not in ("f32", "f64") and v.dev < 3:
            return v
        if not values.fits(v, code) or v.type == code:
            return v
        return convert(v, code)

    def _conditional(self, need: str, depth: int) -> Value:
        """A ternary: often the smaller or larger one of two operands, as a macro writes it."""
        if self.chance(0.45):
            a, b = self.part_expression("?T", need, depth + 2), self.part_expression("?F", need, depth + 2)
            if is_constant(a) and is_constant(b):
                a = self.name(need)
            least = self.chance(0.5)
            f = min if least else max
            result = select(values.compare("<" if least else ">", a, b), a, b)
            result.lo, result.hi = f(a.lo, b.lo), f(a.hi, b.hi)
            return result
        test = self.test("?C", depth)
        yes, no = self.part_expression("?T", need, depth + 1), self.part_expression("?F", need, depth + 1)
        return select(test, yes, no)

    def test(self, place: str, depth: int) -> Value:
        return self._condition_of(self._places[place].draw(self.rng), depth)

    def _condition_of(self, kind: str, depth: int) -> Value:
        if kind == "logic" and depth < _DEEPEST:
            a, b = self.test("logicL", depth + 1), self.test("logicR", depth + 1)
            return values.logical(self.rng.choice(("&&", "&&", "||")), a, b)
        if kind == "&":
            mask = values.literal(self.rng.choice((1, 1, 2, 4, 8)))
            return self.operator_of("&", self._few(), mask)
        if kind == "not":
            v = self._few() if self.chance(0.3) else self._condition_of("&", depth)
            return Value(c_ast.UnaryOp("!", v.node), "i32", 0, 1, 0.5, 0.5, v.mask)
        if kind in ("name", "/", "%", "call"):
            return self._few()
        return self._comparison(depth)

    def _few(self) -> Value:
        """A whole number of few values, as tests read them."""
        v = self.name("few")
        return v if not v.real else self._comparison(_DEEPEST)

    def _comparison(self, depth: int) -> Value:
        op = (shares.REAL_COMPARISONS if self.real else shares.INTEGER_COMPARISONS).draw(self.rng)
        if op in ("==", "!="):
            a = self._few()
            if isinstance(a.node, c_ast.BinaryOp):
                return a
            return values.compare(op, a, self._member(a))
        a = self.part_expression("compareL", "any", depth + 2)
        if is_constant(a):
            a = self.name("any")
        kind = self._places["compareR"].draw(self.rng)
        if kind in ("whole", "point"):
            return values.compare(op, a, self._limit(a, kind))
        b = self.name("any") if kind == "name" else self.part_expression("compareR", "any", depth + 2)
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
            return values.literal(int(usual)) if kind == "whole" else self.point(f"{usual}.0")
        at = v.mid + self.rng.uniform(-0.9, 0.9) * v.dev
        if kind == "whole" and v.dev > 1:
            return values.literal(round(at))
        return self.point(self._digits(abs(at))) if at >= 0 else -self.point(self._digits(-at))

    # Literals.

    def _literal(self, place: str, kind: str, need: str) -> Value:
        op = place[:-1]
        if kind == "point" and self.real:
            text = "1.0" if place in ("-L", "/L") and self.chance(0.4) else shares.POINTS.draw(self.rng)
            text = "2.0" if text.startswith("1.") and float(text) == 1 and place in ("*L", "*R", "/R") else text
            return self.point(self._digits(10 ** self.rng.uniform(-1.5, 3)) if text == "other" else text)
        if place in ("&R", "|R", "^R", "~"):
            text = shares.MASKS.draw(self.rng)
            number = int(text, 0)
            return Value(c_ast.Constant("int", text), "i32", number, number, number, 0.0)
        if op not in ("*", "/", "%", "<<", ">>"):
            table = shares.SUMMED_WHOLES
        else:
            table = shares.REAL_WHOLES if self.real else shares.SCALING_WHOLES
        if place in ("?F", "?T", "=", "+=") and need == "any" and self.chance(0.4):
            return values.literal(0)
        text = table.draw(self.rng)
        number = int(10 ** self.rng.uniform(0.5, 3.5)) if text == "other" else int(text)
        if text == "other" and not self.real and self.chance(0.35):
            return Value(c_ast.Constant("int", f"0x{number:x}"), "i32", number, number, number, 0.0)
        if op in ("*", "/", "%") and number == 1:
            number = 2
        return values.literal(number)

    def _digits(self, size: float) -> str:
        """The text of a real literal of about this size, of as many digits as people write."""
        return f"{size:.{shares.POINT_DIGITS.draw(self.rng)}g}"

    def point(self, text: str) -> Value:
        if "." not in text and "e" not in text:
            text += ".0"
        number = float(text)
        single = self._singles and self.type == "f32"
        node = c_ast.Constant("float" if single else "double", text + "f" * single)
        return Value(node, "f32" if single else "f64", number, number, number, 0.0)

    # Names.

    def reading(self, v: Value) -> Value:
        self.read(v)
        return values.read(v)

    def name(self, need: str) -> Value:
        """A variable that meets the need: one that waits to be read, a new argument, or one that was read before."""
        waiting = [v for v in self.fresh if _meets(v, need)]
        if waiting and (self.eager or self.chance(0.75)):
            return self.reading(self.rng.choice(waiting))
        known = [v for v in self.pool if _meets(v, need)]
        if known and (self.chance(self.grammar.part_reuse + 0.06 * len(self.arguments))):
            return self.reading(self.rng.choice(known))
        return self.argument(need) or values.literal({"high": 20, "few": 1, "shift": 2}.get(need, 1))

    def argument(self, need: str, *, whole: bool = False) -> Value | None:
        """A new argument that meets the need; None where there are enough."""
        if len(self.arguments) >= _MOST_ARGUMENTS:
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
        return self.type if code in _UNSIGNED and not self.real and not self._signless else code

    def _range_for(self, need: str, code: str) -> tuple[float, float]:
        real = code in ("f32", "f64")
        need = "nonnegative" if need == "any" and (self._signless or code in _UNSIGNED) else need
        if need != "any":
            return self.rng.choice((shares.REAL_RANGES if real else shares.INTEGER_RANGES)[need])
        if real:
            table = self.grammar.real_domain
            shared = self._shared if self.real else ""
            return real_domain(shared if shared and self.chance(0.85) else table.draw(self.rng), self.rng)
        shared = self._shared if not self.real else ""
        return INTEGER_DOMAINS[shared if shared and self.chance(0.85) else self.grammar.integer_domain.draw(self.rng)]


def is_constant(v: Value) -> bool:
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
