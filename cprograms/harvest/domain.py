"""Where a function's arguments probably live: guessed from their types and from what the code does with them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain

from pycparser import c_ast

from cprograms.declarations import Unsupported
from cprograms.harvest.enums import declared, enum_range
from cprograms.libm import called
from cprograms.literals import literal
from cprograms.names import element
from cprograms.program import Argument, Program
from cprograms.trees import walk
from cprograms.types import Array

_COMPARISONS = ("<", ">", "<=", ">=", "==", "!=")
_DOMAINS = {name: function.domain for name, function, _ in called() if function.domain is not None}
_LARGEST_MARK = 1e6
_SHIFT = 15
_TABLE = 1 << 20


@dataclass(frozen=True)
class Default:
    """The range of arguments of which the code says nothing, by the kind of their type."""

    real: tuple[float, float]
    signed: tuple[int, int]
    unsigned: tuple[int, int]
    byte: tuple[int, int]


DEFAULTS = (
    Default((-4.0, 4.0), (-100, 100), (0, 200), (0, 255)),
    Default((0.1, 4.0), (1, 50), (1, 50), (1, 64)),
    Default((0.0, 1.0), (0, 255), (0, 255), (0, 15)),
    Default((-100.0, 100.0), (-20000, 20000), (0, 40000), (32, 126)),
)
"""The likeliest first; a function is tried on each until one suits it."""


@dataclass
class _Facts:
    """What the code says of one argument, or an array of them. `marks` are the literals that it is compared with,
    `choices` the least and the greatest constant of its enum.
    """

    marks: list[float] = field(default_factory=list)
    positive: bool = False
    unit: bool = False
    angle: bool = False
    small: bool = False
    shift: bool = False
    length: int = 0
    shifted: int = 0
    choices: tuple[int, int] | None = None


_Note = tuple[str, Callable[[_Facts], None]]
"""A variable, and what to note of it."""


def infer(program: Program) -> Iterator[tuple[Argument, ...]]:
    """The program's arguments with a guessed range each, once for each of `DEFAULTS`; origin "inferred".

    The elements of an array have one range.
    """
    facts = _collect(program)
    for default in DEFAULTS:
        yield tuple(_ranged(a, facts[element(a.name)[0]], default) for a in program.arguments)


def _collect(program: Program) -> dict[str, _Facts]:
    """Of each argument, those of an array under its name without indices."""
    facts: dict[str, _Facts] = defaultdict(_Facts)
    extents = {p.name: p.type.length for p in program.parameters if isinstance(p.type, Array) and p.type.length > 1}
    lengths = _table_lengths(program.unit) | extents
    names = {element(a.name)[0] for a in program.arguments}
    for function in program.unit.ext:
        if isinstance(function, c_ast.FuncDef) and function.decl.name == program.entry:
            known = declared(program.unit)
            for parameter in function.decl.type.args.params if function.decl.type.args else []:
                facts[getattr(parameter, "name", None) or ""].choices = enum_range(parameter, known)
            for node in walk(function.body):
                notes = chain(_notes(node, lengths), _bound_notes(node, min(extents.values(), default=0)))
                for name, note in notes:
                    if name in names:
                        note(facts[name])
    return facts


def _notes(node: c_ast.Node, lengths: dict[str, int]) -> Iterator[_Note]:
    if isinstance(node, c_ast.BinaryOp):
        yield from _operator_notes(node)
    elif isinstance(node, c_ast.Assignment) and node.op in ("/=", "%="):
        yield from _noted(node.rvalue, "positive", True)
    elif isinstance(node, c_ast.FuncCall) and isinstance(node.name, c_ast.ID) and node.args is not None:
        yield from _call_notes(node.name.name, node.args.exprs)
    elif isinstance(node, c_ast.ArrayRef) and isinstance(node.name, c_ast.ID) and node.name.name in lengths:
        yield from _noted(node.subscript, "length", lengths[node.name.name])
    elif isinstance(node, c_ast.Switch):
        for case in walk(node.stmt):
            if isinstance(case, c_ast.Case):
                yield from _mark(node.cond, case.expr)


def _bound_notes(node: c_ast.Node, extent: int) -> Iterator[_Note]:
    """What a loop counts up to is at most the extent of the shortest array, where there are arrays."""
    condition = node.cond if extent and isinstance(node, c_ast.For | c_ast.While | c_ast.DoWhile) else None
    for part in walk(condition) if condition is not None else ():
        if isinstance(part, c_ast.BinaryOp) and part.op in ("<", "<=", "!="):
            yield from _noted(part.right, "length", extent + (part.op != "<="))


def _operator_notes(node: c_ast.BinaryOp) -> Iterator[_Note]:
    if node.op in _COMPARISONS:
        yield from _mark(node.left, node.right)
        yield from _mark(node.right, node.left)
    elif node.op in ("/", "%"):
        yield from _noted(node.right, "positive", True)
    elif node.op in ("<<", ">>"):
        yield from _noted(node.right, "shift", True)
        if node.op == ">>" and (by := _value(node.right)) is not None:
            yield from _noted(node.left, "shifted", int(by))


def _call_notes(name: str, arguments: list[c_ast.Node]) -> Iterator[_Note]:
    if name in _DOMAINS and arguments:
        yield from _noted(arguments[0], _DOMAINS[name], True)


def _noted(node: c_ast.Node, fact: str, value: object) -> Iterator[_Note]:
    found = _scaled(node)
    if found is not None:
        yield found[0], lambda facts: setattr(facts, fact, value)


def _mark(variable: c_ast.Node, mark: c_ast.Node) -> Iterator[_Note]:
    found, value = _scaled(variable), _value(mark)
    if found is not None and value is not None:
        name, factor = found
        place = value / factor
        if abs(place) <= _LARGEST_MARK:
            yield name, lambda facts: facts.marks.append(place)


def _place(node: c_ast.Node) -> str | None:
    """The name of a variable, a field or an array's element, without indices: `s.w` for `s->w[2]` and `(*s).w`."""
    if isinstance(node, c_ast.ID):
        return str(node.name)
    if isinstance(node, c_ast.ArrayRef):
        return _place(node.name)
    if isinstance(node, c_ast.StructRef):
        outer = _place(node.name)
        return outer and f"{outer}.{node.field.name}"
    if isinstance(node, c_ast.UnaryOp) and node.op == "*":
        inner = node.expr
        return _place(inner.left if isinstance(inner, c_ast.BinaryOp) and inner.op in ("+", "-") else inner)
    return None


def _scaled(node: c_ast.Node) -> tuple[str, float] | None:
    """A variable and its factor, for `x`, `(T)x`, `-x`, `k * x`, `x / k`, `fabs(x)`."""
    if (place := _place(node)) is not None:
        return place, 1.0
    if isinstance(node, c_ast.Cast):
        return _scaled(node.expr)
    if isinstance(node, c_ast.UnaryOp) and node.op in ("-", "+"):
        found = _scaled(node.expr)
        return found and (found[0], -found[1] if node.op == "-" else found[1])
    if isinstance(node, c_ast.FuncCall) and getattr(node.name, "name", "") in ("fabs", "fabsf", "abs") and node.args:
        return _scaled(node.args.exprs[0])
    if isinstance(node, c_ast.BinaryOp) and node.op in ("*", "/"):
        for variable, constant in ((node.left, node.right), (node.right, node.left)):
            found, factor = _scaled(variable), _value(constant)
            if found is not None and factor and (node.op == "*" or variable is node.left):
                return found[0], found[1] * (factor if node.op == "*" else 1 / factor)
    return None


def _value(node: c_ast.Node) -> float | None:
    """A number that is written out."""
    if isinstance(node, c_ast.UnaryOp) and node.op in ("-", "+"):
        value = _value(node.expr)
        return value if value is None or node.op == "+" else -value
    if isinstance(node, c_ast.Cast):
        return _value(node.expr)
    if isinstance(node, c_ast.Constant) and node.type != "string":
        try:
            value = float(literal(node)[0])
        except (Unsupported, ValueError, OverflowError):
            return None
        return value if math.isfinite(value) else None
    return None


def _table_lengths(unit: c_ast.FileAST) -> dict[str, int]:
    found = {}
    for node in walk(unit):
        dim = node.type.dim if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.ArrayDecl) else None
        length = _value(dim) if dim is not None else None
        if length and 1 <= length <= _TABLE:
            found[node.name] = int(length)
    return found


def _ranged(argument: Argument, facts: _Facts, default: Default) -> Argument:
    low, high = (_integers if argument.type.is_integer else _reals)(argument, facts, default)
    least, greatest = argument.type.limits
    if high < least or low > greatest:  # as where an unsigned argument is compared with -1
        low, high = default.unsigned
    low, high = max(low, least), min(high, greatest)
    if argument.type.is_integer:
        low, high = math.floor(low), math.ceil(high)
    return replace(argument, low=min(low, high), high=high, origin="inferred")


def _reals(_argument: Argument, facts: _Facts, default: Default) -> tuple[float, float]:
    if facts.unit:
        return -1.0, 1.0
    low, high = default.real
    if facts.marks:
        low, high = _around(facts.marks)
    elif facts.angle:
        low, high = -3.2, 3.2
    elif facts.small:
        low, high = max(low, -5.0), min(high, 5.0)
    if facts.positive and low <= 0:
        high = high if high > 0 else 4.0
        low = _short(high / 100)
    return _short(low), _short(high)


def _integers(argument: Argument, facts: _Facts, default: Default) -> tuple[float, float]:
    if facts.choices:
        return facts.choices
    if facts.length:
        return 0, facts.length - 1
    if facts.shift:
        return 0, _SHIFT
    if argument.type.bits <= 8:
        low, high = argument.type.limits if argument.type.bits == 1 else default.byte
        low, high = (low, min(high, 127)) if argument.type.kind == "int" else (low, high)
    else:
        low, high = default.signed if argument.type.kind == "int" else default.unsigned
    if facts.marks:
        low, high = _around(facts.marks)
    if facts.shifted:
        high = max(high, 1 << min(facts.shifted + 8, 40))
    if facts.positive and low <= 0:
        low, high = 1, max(high, 10)
    return low, high


def _around(marks: list[float]) -> tuple[float, float]:
    """A range in which all the marks lie inside, and a good part on either side of them."""
    low, high = min(marks), max(marks)
    margin = max(high - low, abs(high), abs(low), 1.0) / 2
    return low - margin, high + margin


def _short(value: float) -> float:
    return float(f"{value:.4g}")
