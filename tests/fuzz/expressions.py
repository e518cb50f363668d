"""Random expressions: each knows bounds of its value, so that what would be undefined is mended or not written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random

from tests.fuzz.values import (
    BOOL,
    DOUBLE,
    FLOAT,
    INT,
    INTEGERS,
    LLONG,
    LONG,
    SUFFIXES,
    UINT,
    ULLONG,
    ULONG,
    UNSIGNED,
    WILD,
    Bounds,
    Type,
    common,
    converted,
    inside,
    promoted,
    result,
)

_LEVELS = {
    **dict.fromkeys("*/%", 13),
    **dict.fromkeys("+-", 12),
    **dict.fromkeys(("<<", ">>"), 11),
    **dict.fromkeys(("<", "<=", ">", ">="), 10),
    **dict.fromkeys(("==", "!="), 9),
    **{"&": 8, "^": 7, "|": 6, "&&": 5, "||": 4},
}
_PRIMARY, _UNARY, _TERNARY, _ASSIGNMENT, _COMMA = 15, 14, 3, 2, 1
_REAL = (
    *("sqrt", "sqrt", "fabs", "fabs", "floor", "ceil", "trunc", "round", "rint", "nearbyint", "fmin", "fmax"),
    *("copysign", "fmod", "fdim", "remainder", "fma"),
)
"""What gives the same bits everywhere."""
_NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Expression:
    """`level` is the precedence of its outermost operator; `reads` and `writes` name the variables that it touches."""

    text: str
    type: Type
    bounds: Bounds
    level: int = _PRIMARY
    reads: frozenset[str] = _NOTHING
    writes: frozenset[str] = _NOTHING

    def at(self, level: int) -> str:
        return self.text if self.level >= level else f"({self.text})"

    @property
    def wild(self) -> bool:
        return self.type.floating and self.bounds == WILD


@dataclass(frozen=True)
class Struct:
    """Fields by name; what a field may hold is part of the type, so that any value of the type keeps to it."""

    name: str
    fields: tuple[tuple[str, Scalar | Struct | Array], ...]


@dataclass(frozen=True)
class Scalar:
    """A type, its bounds for the objects that have them, and what it is called there."""

    type: Type
    bounds: Bounds
    name: str


@dataclass(frozen=True)
class Array:
    element: Scalar | Struct
    lengths: tuple[int, ...]


Shape = Scalar | Struct | Array


@dataclass(frozen=True)
class Variable:
    """An object by name; `writable` says whether expressions may assign to it."""

    name: str
    shape: Shape
    writable: bool = True


@dataclass(frozen=True)
class Helper:
    name: str
    parameters: tuple[Scalar | Struct, ...]
    result: Scalar | Struct


@dataclass
class Scope:
    """What can be named: variables by block, the innermost last; helpers; enumerators; features that were used."""

    blocks: list[list[Variable]] = field(default_factory=lambda: [[]])
    helpers: list[Helper] = field(default_factory=list)
    enumerators: list[tuple[str, int]] = field(default_factory=list)
    prototypes: set[str] = field(default_factory=set)
    inexact: bool = False
    """Whether the graph may round in another way than C: it has no fused multiplication."""

    @property
    def variables(self) -> list[Variable]:
        return [v for block in self.blocks for v in block]


class Expressions:
    """Writes expressions over what a scope holds."""

    def __init__(self, random: Random, scope: Scope):
        self.random, self.scope = random, scope
        self._kinds: list[tuple[int, Callable[[int], Expression | None]]] = [
            (30, self._arithmetic),
            (10, self._bitwise),
            (7, self._shift),
            (9, self._comparison),
            (7, self._logic),
            (8, self._unary),
            (9, self._cast),
            (8, self._ternary),
            (8, self._math),
            (7, self._call),
            (4, self._effect),
            (2, self._comma),
            (3, self._guarded_division),
        ]

    # Leaves

    def literal(self, type: Type, bounds: Bounds) -> Expression:
        """A literal of a type (of one to which it promotes), or a negated one, within bounds."""
        if type.floating:
            return self._floating_literal(type, bounds)
        spelled = promoted(type)
        # A minus before an unsigned literal gives another number.
        low, high = int(max(bounds[0], -(2**62) if spelled.signed else 0)), int(min(bounds[1], 2**63 - 1))
        near = [v for v in (0, 1, 2, 3, 5, 7, 10, 31, 100, 255, -1, -2, -8) if low <= v <= high]
        value = self.random.choice(near) if near and self.random.random() < 0.7 else self.random.randint(low, high)
        size = abs(value)
        if not inside((size, size), spelled.bounds):
            value = size = 1
        forms = [str(size), str(size), hex(size)] + ([f"'{chr(size)}'"] if self._is_letter(size, spelled) else [])
        text = self.random.choice(forms)
        text += "" if text.startswith("'") else SUFFIXES[spelled]
        sign = "-" if value < 0 else ""
        return Expression(sign + text, spelled, (value, value), _UNARY if sign else _PRIMARY)

    @staticmethod
    def _is_letter(size: int, type: Type) -> bool:
        return type == INT and 48 <= size < 123 and chr(size).isalnum()

    def _floating_literal(self, type: Type, bounds: Bounds) -> Expression:
        low, high = max(bounds[0], -1e3), min(bounds[1], 1e3)
        value = self.random.choice([0.0, 1.0, 0.5, 2.0, -1.0, 0.1, 3.25, -0.75, self.random.uniform(low, high)])
        if not low <= value <= high:
            value = self.random.uniform(low, high)
        size = abs(value)
        text = self.random.choice([repr(size), f"{size:.3e}", size.hex()])
        exact = float.fromhex(text) if text.startswith("0x") else float(text)
        if exact > max(abs(low), abs(high)):
            text = repr(size)
        sign = "-" if value < 0 else ""
        end = self.random.choice("fF") if type == FLOAT else ""
        slack = size * 1e-2
        found = Expression(sign + text + end, type, (value - slack, value + slack), _UNARY if sign else _PRIMARY)
        return found if inside(found.bounds, bounds) else replace(found, text=f"{sign}{size!r}{end}", bounds=bounds)

    def places(self, writable: bool) -> list[Expression]:
        """One scalar of each variable: itself, a field, an element."""
        found = (self._place(Expression(v.name, INT, (0, 0), reads=frozenset([v.name])), v.shape)
                 for v in self.scope.variables if v.writable or not writable)  # fmt: skip
        return [place for place in found if place is not None]

    def _place(self, base: Expression, shape: Shape) -> Expression | None:
        match shape:
            case Scalar(type, bounds):
                return replace(base, type=type, bounds=bounds)
            case Struct(_, fields):
                name, inner = self.random.choice(fields)
                return self._place(replace(base, text=f"{base.at(_PRIMARY)}.{name}", level=_PRIMARY), inner)
            case Array(element, lengths):
                for length in lengths:
                    index = self._index(length)
                    if index.reads & base.writes:
                        index = self.literal(INT, (0, length - 1))
                    base = replace(base, text=f"{base.text}[{index.text}]", reads=base.reads | index.reads)
                return self._place(base, element)

    def _index(self, length: int) -> Expression:
        """An index without effects that is always within the length."""
        counters = [p for p in self._scalars() if not p.type.floating and inside(p.bounds, (0, length - 1))]
        if counters and self.random.random() < 0.6:
            return self.random.choice(counters)
        pure = [p for p in self._scalars() if not p.type.floating]
        if pure and self.random.random() < 0.6:
            return self.within(self.random.choice(pure), (0, length - 1))
        return self.literal(INT, (0, length - 1))

    def _scalars(self) -> list[Expression]:
        return [
            Expression(v.name, v.shape.type, v.shape.bounds, reads=frozenset([v.name]))
            for v in self.scope.variables
            if isinstance(v.shape, Scalar)
        ]

    def leaf(self) -> Expression:
        chance = self.random.random()
        if chance < 0.7 and (places := self.places(writable=False)):
            return self.random.choice(places)
        if chance < 0.75 and self.scope.enumerators:
            name, value = self.random.choice(self.scope.enumerators)
            return Expression(name, INT, (value, value))
        if chance < 0.78:
            return self._sizeof()
        type = self.random.choice([INT, INT, INT, UINT, LONG, ULONG, LLONG, ULLONG, FLOAT, DOUBLE, DOUBLE])
        return self.literal(type, type.bounds if type.floating else (-100, 1000))

    def _sizeof(self) -> Expression:
        arrays = [v for v in self.scope.variables if isinstance(v.shape, Array)]
        if arrays and self.random.random() < 0.5:
            array = self.random.choice(arrays)
            assert isinstance(array.shape, Array)
            length = array.shape.lengths[0]
            return Expression(f"sizeof({array.name}) / sizeof({array.name}[0])", ULONG, (length, length), 13)
        type = self.random.choice([*INTEGERS, FLOAT, DOUBLE])
        operand = f"({self.random.choice(type.spellings)})"
        if self.random.random() < 0.5:
            inner = self.expression(1)  # not evaluated, its effects included
            type = promoted(inner.type)
            operand = f"(+{inner.at(_UNARY)})" if inner.text[0] not in "+-" else f"(0 ? {inner.at(4)} : 0)"
            type = promoted(inner.type) if operand.startswith("(+") else common(inner.type, INT)
        return Expression(f"sizeof{operand}", ULONG, (type.bits // 8,) * 2, _UNARY)

    # Operators

    def expression(self, depth: int) -> Expression:
        if depth <= 0 or self.random.random() < 0.2:
            return self.leaf()
        weights, kinds = zip(*self._kinds, strict=True)
        found = self.random.choices(kinds, weights)[0](depth - 1)
        if found is None:
            return self.leaf()
        return replace(found, text=f"({found.text})", level=_PRIMARY) if self.random.random() < 0.1 else found

    def integer(self, depth: int) -> Expression:
        found = self.expression(depth)
        return self._truncated(found, INT) if found.type.floating else found

    def _join(self, op: str, a: Expression, b: Expression, type: Type, bounds: Bounds) -> Expression:
        level = _LEVELS[op]
        text = f"{a.at(level)} {op} {b.at(level + 1)}"
        return Expression(text, type, bounds, level, a.reads | b.reads, a.writes | b.writes)

    @staticmethod
    def _clash(a: Expression, b: Expression) -> bool:
        """Whether the order in which the two are evaluated would matter."""
        return bool(a.writes & (b.reads | b.writes) or b.writes & a.reads)

    def _beside(self, a: Expression, make: Callable[[], Expression]) -> Expression:
        """Another operand, whose evaluation may come before or after that of `a`."""
        b = make()
        return self.literal(INT, (1, 9)) if self._clash(a, b) else b

    def _binary(self, op: str, a: Expression, b: Expression) -> Expression | None:
        """None where the operation might be undefined."""
        if op in ("<<", ">>"):
            type, count = promoted(a.type), b.bounds
        else:
            type = common(a.type, b.type)
            count = converted(b.bounds, b.type, type) or type.bounds
        left = converted(a.bounds, a.type, type) or type.bounds
        bounds = result(op, left, count, type)
        return None if bounds is None else self._join(op, a, b, type, bounds)

    def _arithmetic(self, depth: int) -> Expression | None:
        op = self.random.choice("++--**/%")
        a = self.integer(depth) if op == "%" else self.expression(depth)
        b = self._beside(a, lambda: self.integer(depth) if op == "%" else self.expression(depth))
        if op == "%" and b.type.floating:
            return None
        return self.combined(op, a, b)

    def combined(self, op: str, a: Expression, b: Expression) -> Expression | None:
        """`a op b`, changed where it would be undefined; None where that does not work."""
        return None if self._clash(a, b) else self._binary(op, a, b) or self._mended(op, a, b)

    def _mended(self, op: str, a: Expression, b: Expression) -> Expression | None:
        """The operation on operands that are changed so that it is defined."""
        if op in "/%":
            return self._binary(op, a, self._positive(b))
        ways = ["unsigned", "small", "wide"]
        self.random.shuffle(ways)
        for way in ways:
            if way == "unsigned":
                left = self._cast_to(a, UNSIGNED[common(a.type, b.type).rank])
                found = self._binary(op, left, b)
            elif way == "small":
                found = self._binary(op, self.within(a, (-1000, 1000)), self.within(b, (-1000, 1000)))
            else:
                found = self._binary(op, self._cast_to(a, LLONG), b)
            if found is not None:
                return found
        return None

    def _positive(self, e: Expression) -> Expression:
        """An integer from 1 up."""
        if e.bounds[0] > 0:
            return e
        most = self.random.choice([1, 3, 7, 15, 127])
        found = self._binary("+", self.within(e, (0, most)), self.literal(INT, (1, 5)))
        assert found is not None
        return found

    def _bitwise(self, depth: int) -> Expression | None:
        a = self.integer(depth)
        b = self._beside(a, lambda: self.integer(depth))
        return self._binary(self.random.choice("&|^"), a, b)

    def _shift(self, depth: int) -> Expression | None:
        op, a = self.random.choice(["<<", ">>"]), self.integer(depth)
        most = self.random.choice([1, 3, 7, 15, promoted(a.type).bits - 1])
        b = self.within(self._beside(a, lambda: self.integer(depth)), (0, most))
        found = self._binary(op, a, b)
        if found is None:
            a = self.within(a, (0, 255)) if self.random.random() < 0.5 else self._cast_to(a, UINT)
            b = self.within(b, (0, 15))
            found = self._binary(op, a, b)
        return found

    def _comparison(self, depth: int) -> Expression:
        a = self.expression(depth)
        b = self._beside(a, lambda: self.expression(depth))
        return self._join(self.random.choice(["<", "<=", ">", ">=", "==", "!="]), a, b, INT, (0, 1))

    def condition(self, depth: int) -> Expression:
        make = self.random.choice([self._comparison, self._comparison, self._comparison, self._logic, self.expression])
        return make(depth)

    def _logic(self, depth: int) -> Expression:
        # The right side comes after the left one, if at all.
        return self._join(self.random.choice(["&&", "||"]), self.condition(depth), self.condition(depth), INT, (0, 1))

    def _unary(self, depth: int) -> Expression | None:
        op = self.random.choice("--+~!!")
        e = self.integer(depth) if op == "~" else self.expression(depth)
        if op == "!":
            return self._prefixed("!", e, INT, (0, 1))
        type = promoted(e.type)
        bounds = converted(e.bounds, e.type, type) or type.bounds
        if op == "-":
            found = result("-", (0, 0), bounds, type)
            return None if found is None else self._prefixed("-", e, type, found)
        if op == "~":
            bounds = (-1 - bounds[1], -1 - bounds[0]) if type.signed else type.bounds
        return self._prefixed(op, e, type, bounds)

    @staticmethod
    def _prefixed(op: str, e: Expression, type: Type, bounds: Bounds) -> Expression:
        text = e.at(_UNARY)
        return replace(e, text=op + (f"({text})" if text[0] in "+-&" else text), type=type, bounds=bounds, level=_UNARY)

    def _cast(self, depth: int) -> Expression:
        e = self.expression(depth)
        type = self.random.choice([*INTEGERS, FLOAT, DOUBLE, DOUBLE])
        return self._truncated(e, type) if e.type.floating and not type.floating else self._cast_to(e, type)

    def _cast_to(self, e: Expression, type: Type) -> Expression:
        bounds = converted(e.bounds, e.type, type)
        assert bounds is not None
        text = f"({self.random.choice(type.spellings)}){e.at(_UNARY)}"
        return replace(e, text=text, type=type, bounds=bounds, level=_UNARY)

    def _truncated(self, e: Expression, type: Type) -> Expression:
        """A floating value as an integer one, clamped where it might not fit."""
        if type != BOOL and converted(e.bounds, e.type, type) is None:
            e = self._clamped(e, (max(type.bounds[0], -1000), min(type.bounds[1], 1000)))
        return self._cast_to(e, type)

    def _clamped(self, e: Expression, bounds: Bounds) -> Expression:
        """A number within bounds, which is one even of a NaN. Zeros as bounds would leave the result's sign open."""
        low, high = (b or end for b, end in zip(bounds, (0.5, -0.5), strict=True))
        if low > high:
            return self.literal(DOUBLE, bounds)
        self.scope.prototypes |= {"double fmin(double, double);", "double fmax(double, double);"}
        text = f"fmin(fmax({e.at(_ASSIGNMENT)}, {float(low)!r}), {float(high)!r})"
        return replace(e, text=text, type=DOUBLE, bounds=(low, high), level=_PRIMARY)

    def _ternary(self, depth: int) -> Expression:
        test, yes, no = self.condition(depth), self.expression(depth), self.expression(depth)
        type = common(yes.type, no.type)
        ends = [converted(e.bounds, e.type, type) or type.bounds for e in (yes, no)]
        bounds = min(e[0] for e in ends), max(e[1] for e in ends)
        text = f"{test.at(4)} ? {yes.at(_TERNARY)} : {no.at(_TERNARY)}"
        return self._of(text, type, bounds, _TERNARY, [test, yes, no])

    @staticmethod
    def _of(text: str, type: Type, bounds: Bounds, level: int, parts: Sequence[Expression]) -> Expression:
        reads = frozenset(name for e in parts for name in e.reads)
        return Expression(text, type, bounds, level, reads, frozenset(name for e in parts for name in e.writes))

    def _guarded_division(self, depth: int) -> Expression | None:
        divisors = [p for p in self._scalars() if not p.type.floating and p.bounds[1] >= 1 and p.type != BOOL]
        if not divisors:
            return None
        divisor = self.random.choice(divisors)
        a = self._beside(divisor, lambda: self.integer(depth))
        known = replace(divisor, bounds=(max(1, divisor.bounds[0]), divisor.bounds[1]))
        quotient = self._binary(self.random.choice("/%"), a, known)
        if quotient is None:
            return None
        other = self.literal(INT, (-9, 9))
        type = common(quotient.type, INT)
        bounds = type.bounds if other.bounds[0] < 0 else (min(quotient.bounds[0], 0), max(quotient.bounds[1], 9))
        text = f"{divisor.text} > 0 ? {quotient.at(_TERNARY)} : {other.text}"
        return self._of(text, type, bounds, _TERNARY, [divisor, quotient])

    def _comma(self, depth: int) -> Expression:
        first, second = self.expression(depth), self.expression(depth)
        text = f"({first.at(_ASSIGNMENT)}, {second.at(_ASSIGNMENT)})"
        return self._of(text, second.type, second.bounds, _PRIMARY, [first, second])

    def _effect(self, depth: int) -> Expression | None:
        """An assignment or a step inside an expression."""
        targets = self.places(writable=True)
        if not targets:
            return None
        target = self.random.choice(targets)
        return self.step(target) if self.random.random() < 0.5 else self.assignment(target, depth)

    def assignment(self, target: Expression, depth: int) -> Expression:
        """`target = …` or `target op= …`, where that keeps to the target's bounds."""
        op = self.random.choice(["", "", "", *"+-*/%&|^", "<<", ">>", "+", "-"])
        e = self.integer(depth) if op in ("%", "&", "|", "^", "<<", ">>") else self.expression(depth)
        if e.writes & target.reads or e.reads & (target.writes):
            e = self.literal(INT, (1, 5))
        if op in ("<<", ">>"):
            e = self.within(e, (0, 7))
        if op and not (target.type.floating and op in ("%", "&", "|", "^", "<<", ">>")):
            value = self._binary(op, target, e)
            bounds = None if value is None else converted(value.bounds, value.type, target.type)
            if bounds is not None and inside(bounds, target.bounds):
                return self._assigned(target, f"{op}=", e)
        return self._assigned(target, "=", self.fitted(e, Scalar(target.type, target.bounds, "")))

    def _assigned(self, target: Expression, op: str, e: Expression) -> Expression:
        base = target.text.partition(".")[0].partition("[")[0]
        text = f"{target.text} {op} {e.at(_ASSIGNMENT)}"
        return Expression(
            text, target.type, target.bounds, _ASSIGNMENT, target.reads | e.reads, e.writes | frozenset([base])
        )

    def step(self, target: Expression) -> Expression | None:
        """`++` or `--`, before or after, where that keeps to the target's bounds."""
        sign = self.random.choice("+-")
        if target.type == BOOL:
            bounds: Bounds | None = (0, 1)
        else:
            value = self._binary(sign, target, Expression("1", INT, (1, 1)))
            bounds = None if value is None else converted(value.bounds, value.type, target.type)
        if bounds is None or not inside(bounds, target.bounds):
            return None
        before = self.random.random() < 0.5
        text = f"{2 * sign}{target.text}" if before else f"{target.text}{2 * sign}"
        base = target.text.partition(".")[0].partition("[")[0]
        return replace(target, text=text, level=_UNARY if before else _PRIMARY, writes=frozenset([base]))

    # Calls

    def _call(self, depth: int) -> Expression | None:
        if not self.scope.helpers:
            return None
        helper = self.random.choice(self.scope.helpers[-4:])
        call = self.called(helper, depth)
        return self._place(call, helper.result)

    def called(self, helper: Helper, depth: int) -> Expression:
        """A call; its type is not set where the helper gives a struct."""
        given: list[Expression] = []
        for parameter in helper.parameters:
            e = self.value(parameter, depth)
            given.append(self.plain(parameter) if any(self._clash(e, other) for other in given) else e)
        text = f"{helper.name}({', '.join(e.at(_ASSIGNMENT) for e in given)})"
        found = self._of(text, INT, (0, 0), _PRIMARY, given)
        if isinstance(helper.result, Scalar):
            return replace(found, type=helper.result.type, bounds=helper.result.bounds)
        return found

    def value(self, shape: Scalar | Struct, depth: int) -> Expression:
        """An expression for an object of a shape; of a struct it has the text only."""
        if isinstance(shape, Scalar):
            return self.fitted(self.expression(depth), shape)
        same = [v for v in self.scope.variables if v.shape == shape]
        chance = self.random.random()
        if same and chance < 0.5:
            name = self.random.choice(same).name
            return Expression(name, INT, (0, 0), reads=frozenset([name]))
        makers = [h for h in self.scope.helpers if h.result == shape]
        if makers and chance < 0.7 and depth > 0:
            return self.called(self.random.choice(makers), depth - 1)
        if same and chance < 0.8:
            test, name = self.condition(0), self.random.choice(same).name
            other = self.compound(shape, depth)
            text = f"{test.at(4)} ? {name} : {other.text}"
            return self._of(
                text, INT, (0, 0), _TERNARY, [test, other, Expression(name, INT, (0, 0), reads=frozenset([name]))]
            )
        return self.compound(shape, depth)

    def plain(self, shape: Scalar | Struct) -> Expression:
        """A value that depends on nothing."""
        if isinstance(shape, Struct):
            return Expression(f"(struct {shape.name}){{0}}", INT, (0, 0))
        return self.literal(shape.type, shape.bounds)

    def compound(self, shape: Struct, depth: int) -> Expression:
        text, parts = self.initialiser(shape, depth)
        return self._of(f"(struct {shape.name}){text}", INT, (0, 0), _PRIMARY, parts)

    def initialiser(self, shape: Shape, depth: int, constant: bool = False) -> tuple[str, list[Expression]]:
        """What follows `=` in a declaration. The values of a list may be evaluated in any order."""
        parts: list[Expression] = []
        return self._initialiser(shape, depth, constant, parts), parts

    def _initialiser(self, shape: Shape, depth: int, constant: bool, parts: list[Expression]) -> str:
        if isinstance(shape, Scalar):
            e = self.literal(shape.type, shape.bounds) if constant else self.value(shape, depth)
            if e.writes or any(self._clash(e, other) for other in parts):
                e = self.plain(shape)
            parts.append(e)
            return e.at(_ASSIGNMENT)
        if isinstance(shape, Struct):
            items = [(f".{name} = ", inner) for name, inner in shape.fields]
        else:
            length, *rest = shape.lengths
            inner_shape = Array(shape.element, tuple(rest)) if rest else shape.element
            items = [(f"[{k}] = ", inner_shape) for k in range(length)]
        given = items if self.random.random() < 0.6 else items[: self.random.randint(1, len(items))]
        named = self.random.random() < 0.25
        if named:
            given = self.random.sample(given, len(given))
        texts = [(label if named else "") + self._initialiser(inner, depth, constant, parts) for label, inner in given]
        return f"{{{', '.join(texts)}}}"

    def _math(self, depth: int) -> Expression | None:
        e = self.expression(depth)
        kind = self.random.choice(["float", "float", "float", "bits", "whole"])
        if kind == "bits":
            return self._bits(self._truncated(e, INT) if e.type.floating else e)
        if kind == "whole":
            return self._whole(e)
        return self._real(e)

    def _function(self, name: str, type: Type, arguments: list[Expression], bounds: Bounds) -> Expression:
        end = "f" if type == FLOAT else ""
        parameters = ", ".join([type.name] * len(arguments))
        self.scope.prototypes.add(f"{type.name} {name}{end}({parameters});")
        text = f"{name}{end}({', '.join(a.at(_ASSIGNMENT) for a in arguments)})"
        return self._of(text, type, bounds, _PRIMARY, arguments)

    def _real(self, e: Expression) -> Expression:
        """A function that IEEE 754 defines to the last bit."""
        type = FLOAT if e.type == FLOAT and self.random.random() < 0.8 else DOUBLE
        bounds = converted(e.bounds, e.type, type) or WILD
        low, high = bounds
        size = max(abs(low), abs(high))
        constant = self.literal(type, (0.25, 9.0))
        name = self.random.choice(_REAL)
        match name:
            case "sqrt":
                return self._function(
                    name, type, [e], (0, math.sqrt(high) * 1.001) if 0 <= low < high < math.inf else WILD
                )
            case "fabs":
                return self._function(name, type, [e], WILD if bounds == WILD else (0, size))
            case "floor" | "ceil" | "trunc" | "round" | "rint" | "nearbyint":
                wide = WILD if bounds == WILD else (low - 1, high + 1)
                return self._function(name, type, [e], wide)
            case "fmin" | "fmax":
                arguments = self.random.sample([e, constant], 2)
                return self._function(name, type, arguments, WILD if bounds == WILD else (min(low, 0), max(high, 9.5)))
            case "copysign":
                # The sign of a NaN is not defined.
                sign = self._beside(e, lambda: self.leaf())
                sign = constant if sign.wild else sign
                return self._function(name, type, [e, sign], WILD if bounds == WILD else (-size, size))
            case "fmod" | "remainder":
                return self._function(name, type, [e, constant], WILD if bounds == WILD else (-9.5, 9.5))
            case "fdim":
                return self._function(name, type, [e, constant], WILD if bounds == WILD else (0, size + 9.5))
        self.scope.inexact = True
        second = self._beside(e, lambda: self.leaf())
        return self._function("fma", type, [e, second, constant], WILD)

    def _whole(self, e: Expression) -> Expression:
        """A function of a floating value that gives an integer."""
        test = self.random.choice(["isnan", "isinf", "isfinite", "signbit", "lround", "lrint", "llround"])
        if test.startswith("l"):
            e = e if inside(e.bounds, (-1e9, 1e9)) else self._clamped(e, (-1e6, 1e6))
            type = LLONG if test == "llround" else LONG
            self.scope.prototypes.add(f"{type.name} {test}(double);")
            return self._of(f"{test}({e.at(_ASSIGNMENT)})", type, (-(2**31), 2**31), _PRIMARY, [e])
        if not e.type.floating:
            e = self._cast_to(e, DOUBLE)
        if test == "signbit" and e.wild:
            test = "isnan"
        return self._of(f"!!__builtin_{test}({e.at(_ASSIGNMENT)})", INT, (0, 1), _UNARY, [e])

    def _bits(self, e: Expression) -> Expression:
        name = self.random.choice(["popcount", "popcountll", "clz", "clzll", "ctz", "ctzll", "abs", "llabs"])
        if name == "abs":
            e = self.within(e, (-(2**31) + 1, 2**31 - 1))
            self.scope.prototypes.add("int abs(int);")
            return self._of(f"abs({e.at(_ASSIGNMENT)})", INT, (0, 2**31 - 1), _PRIMARY, [e])
        if name == "llabs":
            e = self.within(e, (-(2**62), 2**62))
            self.scope.prototypes.add("long long llabs(long long);")
            return self._of(f"llabs({e.at(_ASSIGNMENT)})", LLONG, (0, 2**62), _PRIMARY, [e])
        wide = ULLONG if name.endswith("ll") else UINT
        if not name.startswith("popcount"):
            # Of no bit at all it is undefined.
            one = Expression("1", INT, (1, 1))
            e = self._join("|", self._cast_to(e, wide), one, wide, wide.bounds)
        return self._of(f"__builtin_{name}({e.at(_ASSIGNMENT)})", INT, (0, 64), _PRIMARY, [e])

    # Fitting

    def fitted(self, e: Expression, shape: Scalar) -> Expression:
        """An expression that an object of the shape can be given."""
        type, bounds = shape.type, shape.bounds
        if type == BOOL:
            return e
        if type.floating:
            ends = converted(e.bounds, e.type, type) or WILD
            return e if inside(ends, bounds) else self._clamped(e, (bounds[0] * 0.9, bounds[1] * 0.9))
        if e.type.floating:
            ends = converted(e.bounds, e.type, type)
            fits = ends is not None and inside(ends, bounds)
            return e if fits else self._clamped(e, (max(bounds[0], -1e6), min(bounds[1], 1e6)))
        ends = converted(e.bounds, e.type, type)
        assert ends is not None
        return e if inside(ends, bounds) else self.within(e, bounds)

    def within(self, e: Expression, bounds: Bounds) -> Expression:
        """An integer expression made to keep within bounds, which hold 0."""
        if e.type.floating:
            e = self._truncated(e, INT)
        if inside(e.bounds, bounds):
            return e
        low, high = int(bounds[0]), int(bounds[1])
        if high <= 0:
            zero = Expression("0", INT, (0, 0))
            return self._join("*", e, zero, promoted(e.type), (0, 0)) if e.bounds[0] > -(2**31) else zero
        lowest = 0 if e.bounds[0] >= 0 else min(high, -low)
        if lowest or e.bounds[0] >= 0:
            modulus = self._sized(min(high, lowest or high) + 1)
            found = self._binary("%", e, modulus) if self.random.random() < 0.5 else None
            if found is not None and inside(found.bounds, bounds):
                return found
        mask = self._sized(2 ** (high + 1).bit_length() // 2 - 1)
        found = self._binary("&", e, mask)
        assert found is not None
        return replace(found, bounds=(0, mask.bounds[1]))

    @staticmethod
    def _sized(value: int) -> Expression:
        """A literal of the first type that holds it."""
        type = next(t for t in (INT, LONG, ULONG) if value <= t.bounds[1])
        return Expression(f"{value}{SUFFIXES[type]}", type, (value, value))
