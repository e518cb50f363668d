"""A dataflow graph in ONNX, a column a value: what C leaves undefined becomes NaN.

Integers of at most 32 bits are int64, comparisons are truth values. ONNX has no 64-bit integers that wrap as C's do, no
bits of floating numbers, and no loop whose passes differ from row to row: such graphs are refused before anything is
written, as are functions that runtimes lack in double precision.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from cprograms.diagnostics import UsageError
from cprograms.graph import Graph, Node
from cprograms.ops import PREDICATES
from cprograms.types import Scalar
from surrogate.export.onnx.building import Builder
from surrogate.graph.intervals import bounds_of, fits, within

Poison = frozenset[str]
_ARITHMETIC = {"add": "Add", "sub": "Sub", "mul": "Mul", "div": "Div", "neg": "Neg", "abs": "Abs"}
_COMPARED = {"lt": "Less", "le": "LessOrEqual", "eq": "Equal", "ne": "Equal"}
_BITS = {"and": "BitwiseAnd", "or": "BitwiseOr", "xor": "BitwiseXor"}
_FLAGS = {"and": "And", "or": "Or", "xor": "Xor"}
_DIRECT = {
    "sqrt": "Sqrt", "exp": "Exp", "log": "Log", "pow": "Pow", "sin": "Sin", "cos": "Cos", "tanh": "Tanh",
    "floor": "Floor", "ceil": "Ceil", "rint": "Round",
}  # fmt: skip


def results(b: Builder, graph: Graph, columns: Sequence[str]) -> list[str]:
    """Each root [n], float64, of the arguments' columns [n]. Raises UsageError for what ONNX cannot hold."""
    _ensure_held(graph)
    writer = _Writer(b, graph, columns)
    for node in range(len(graph.nodes)):
        writer.visit(node)
    return [writer.result(root) for root in graph.roots]


def _ensure_held(graph: Graph) -> None:
    for n in graph.nodes:
        if n.op in ("repeat", "after", "carry"):
            raise UsageError("ONNX cannot hold a loop whose passes differ from row to row: export C instead")
        if n.type.is_integer and n.type.bits == 64:
            raise UsageError(f"ONNX cannot hold the program's '{n.type.name}': export C instead")
        known = {*_ARITHMETIC, *_COMPARED, *_BITS, *_DIRECT, *_COMPOSED}
        known |= {"const", "arg", "sel", "cast", "lookup", "min", "max", "mod", "not", "shl", "shr", "isnan", "isinf"}
        if n.op not in known:
            what = "bits of floating numbers" if n.op == "bitcast" else f"'{n.op}' in double precision"
            raise UsageError(f"ONNX cannot hold the program's {what}: export C instead")


class _Writer:
    def __init__(self, b: Builder, graph: Graph, columns: Sequence[str]) -> None:
        self._b, self._graph, self._nodes, self._columns = b, graph, graph.nodes, columns
        self._bounds = bounds_of(graph, len(columns))
        self._at: dict[tuple[int, str], str] = {}
        self._kind: list[str] = []
        self._poison: list[Poison] = []

    def result(self, root: int) -> str:
        value = self._fetch(root, "f64")
        if self._nodes[root].op == "const":
            value = self._b.add("Expand", value, self._b.add("Shape", self._columns[0]))
        if poison := self._any(self._poison[root]):
            value = self._b.add("Where", poison, self._b.constant(math.nan), value)
        return value

    def visit(self, node: int) -> None:
        n = self._nodes[node]
        self._poison.append(frozenset().union(*(self._poison[c] for c in n.children)))
        self._kind.append(_kind(n.type))
        if n.op == "const":
            self._at[node, self._kind[node]] = self._b.constant(n.value, self._kind[node])
            return
        value, trap = self._value(node, n)
        if trap:
            self._poison[node] |= {trap}
        self._at[node, self._kind[node]] = value

    def _fetch(self, node: int, kind: str) -> str:
        if (node, kind) not in self._at:
            n = self._nodes[node]
            if n.op == "const":
                self._at[node, kind] = self._b.constant(n.value, kind)
            else:
                self._at[node, kind] = self._b.cast(self._at[node, self._kind[node]], kind)
        return self._at[node, kind]

    def _any(self, poison: Poison) -> str:
        found = ""
        for one in sorted(poison):
            found = self._b.add("Or", found, one) if found else one
        return found

    # --- A node: its value, and where it is undefined, or "" ---

    def _value(self, node: int, n: Node) -> tuple[str, str]:
        b = self._b
        if n.op == "arg":
            return self._argument(n)
        if n.op == "sel":
            return self._select(node, n), ""
        if n.op in _COMPARED:
            self._kind[node] = "flag"
            kind = _kind(self._nodes[n.children[0]].type)
            found = b.add(_COMPARED[n.op], *(self._fetch(c, kind) for c in n.children))
            return (b.add("Not", found) if n.op == "ne" else found), ""
        if n.op in PREDICATES:
            self._kind[node] = "flag"
            (child,) = n.children
            return b.add("IsNaN" if n.op == "isnan" else "IsInf", self._fetch(child, self._kind[child])), ""
        if n.op == "cast":
            return self._cast(n, n.children[0])
        if n.op == "lookup":
            return self._lookup(n)
        if n.op in _FLAGS and all(self._kind[c] == "flag" for c in n.children):
            self._kind[node] = "flag"
            return b.add(_FLAGS[n.op], *(self._fetch(c, "flag") for c in n.children)), ""
        given = [self._fetch(c, _kind(n.type)) for c in n.children]
        if n.op in ("min", "max"):
            less = given if n.op == "min" else given[::-1]
            return b.add("Where", b.add("Less", *less), *given), ""
        return self._floating(n, given) if not n.type.is_integer else self._integer(n, given)

    def _argument(self, n: Node) -> tuple[str, str]:
        b, column = self._b, self._columns[int(n.value)]
        if n.type.kind == "bool":
            return b.add("Not", b.add("Equal", column, b.constant(0.0))), ""
        if not n.type.is_integer:
            return (column if n.type.bits == 64 else b.cast(column, "f32")), ""
        return self._truncated(column, n.type, "f64")

    def _truncated(self, value: str, type: Scalar, kind: str) -> tuple[str, str]:
        """A floating value as an integer, undefined where it does not fit."""
        b = self._b
        low, high = (b.constant(float(end), kind) for end in (type.limits[0] - 1, type.limits[1] + 1))
        trap = b.add("Not", b.add("And", b.add("Greater", value, low), b.add("Less", value, high)))
        return b.cast(b.add("Where", trap, b.constant(0.0, kind), value), "int"), trap

    def _select(self, node: int, n: Node) -> str:
        b, (condition, yes, no) = self._b, n.children
        flag = self._fetch(condition, "flag")
        of_yes, of_no = self._poison[yes], self._poison[no]
        shared = of_yes & of_no
        self._poison[node] = self._poison[condition] | shared
        first, second = self._any(of_yes - shared), self._any(of_no - shared)
        never = b.constant(False, "flag")
        if first or second:
            self._poison[node] |= {b.choose(flag, first or never, second or never)}
        if all(self._kind[c] == "flag" for c in (yes, no)):
            self._kind[node] = "flag"
        kind = self._kind[node]
        sides = self._fetch(yes, kind), self._fetch(no, kind)
        return b.choose(flag, *sides) if kind == "flag" else b.add("Where", flag, *sides)

    def _cast(self, n: Node, child: int) -> tuple[str, str]:
        b, source = self._b, self._nodes[child].type
        if n.type.kind == "bool":
            if self._kind[child] == "flag":
                return self._fetch(child, "flag"), ""
            value = self._fetch(child, self._kind[child])
            return b.add("Not", b.add("Equal", value, b.constant(0, self._kind[child]))), ""
        if not n.type.is_integer:
            return self._fetch(child, _kind(n.type)), ""
        if not source.is_integer:
            return self._truncated(self._fetch(child, _kind(source)), n.type, _kind(source))
        value = self._fetch(child, "int")
        if within(self._bounds.of(child), *n.type.limits) or self._kind[child] == "flag":
            return value, ""
        return self._wrapped(value, n.type), ""

    def _wrapped(self, value: str, type: Scalar) -> str:
        """Modulo 2^bits."""
        b, mask, low = self._b, self._b.constant((1 << type.bits) - 1, "int"), int(type.limits[0])
        if low == 0:
            return b.add("BitwiseAnd", value, mask)
        moved = b.add("BitwiseAnd", b.add("Sub", value, b.constant(low, "int")), mask)
        return b.add("Add", moved, b.constant(low, "int"))

    def _lookup(self, n: Node) -> tuple[str, str]:
        b, table = self._b, self._graph.tables[int(n.value)]
        index, trap = self._fetch(n.children[0], "int"), ""
        if not within(self._bounds.of(n.children[0]), 0, len(table) - 1):
            trap = self._outside(index, 0, len(table) - 1)
            index = b.add("Where", trap, b.constant(0, "int"), index)
        return b.add("Gather", b.constant(table, _kind(n.type)), index), trap

    def _outside(self, value: str, low: int, high: int) -> str:
        b = self._b
        below, above = b.add("Less", value, b.constant(low, "int")), b.add("Greater", value, b.constant(high, "int"))
        return b.add("Or", below, above)

    def _floating(self, n: Node, given: Sequence[str]) -> tuple[str, str]:
        if n.op in _COMPOSED:
            return _COMPOSED[n.op](_Terms(self._b, _kind(n.type)), *given), ""
        return self._b.add((_ARITHMETIC | _DIRECT)[n.op], *given), ""

    def _integer(self, n: Node, given: Sequence[str]) -> tuple[str, str]:
        b, low, high = self._b, int(n.type.limits[0]), int(n.type.limits[1])
        if n.op in _BITS:
            return b.add(_BITS[n.op], *given), ""
        if n.op == "not":
            return b.add("Sub", b.constant(-1 if low else high, "int"), *given), ""
        if n.op in ("shl", "shr"):
            return self._shift(n, *given)
        if n.op in ("div", "mod"):
            return self._divide(n, *given)
        value = b.add(_ARITHMETIC[n.op], *given)
        if fits(self._bounds, n):
            return value, ""
        return (value, self._outside(value, low, high)) if n.type.kind == "int" else (self._wrapped(value, n.type), "")

    def _divide(self, n: Node, dividend: str, divisor: str) -> tuple[str, str]:
        """C's quotient is truncated, as ONNX's of integers is; its remainder has the dividend's sign."""
        b, of_divisor = self._b, self._bounds.of(n.children[1])
        trap = ""
        if of_divisor is None or of_divisor[0] <= 0 <= of_divisor[1]:
            trap = b.add("Equal", divisor, b.constant(0, "int"))
            divisor = b.add("Where", trap, b.constant(1, "int"), divisor)
        quotient = b.add("Div", dividend, divisor)
        least = int(n.type.limits[0])
        if least and not (within(self._bounds.of(n.children[0]), least + 1, -least) or within(of_divisor, 0, -least)):
            over = b.add("Greater", quotient, b.constant(-least - 1, "int"))
            trap = b.add("Or", trap, over) if trap else over
        return (quotient if n.op == "div" else b.add("Mod", dividend, divisor, fmod=1)), trap

    def _shift(self, n: Node, value: str, count: str) -> tuple[str, str]:
        b, trap = self._b, ""
        if not within(self._bounds.of(n.children[1]), 0, n.type.bits - 1):
            trap = self._outside(count, 0, n.type.bits - 1)
            count = b.add("Where", trap, b.constant(0, "int"), count)
        power = b.add("Gather", b.constant([1 << k for k in range(32)], "int"), count)
        if n.op == "shl":
            return self._wrapped(b.add("Mul", value, power), n.type), trap
        # ONNX's Mod has the divisor's sign, so that what is left divides evenly: the quotient is rounded down.
        return b.add("Div", b.add("Sub", value, b.add("Mod", value, power)), power), trap


def _kind(type: Scalar) -> str:
    if type.is_integer:
        return "flag" if type.kind == "bool" else "int"
    return "f64" if type.bits == 64 else "f32"


# --- Functions that are made of others, as runtimes have these in double precision ---


class _Terms:
    """Nodes over floating values of one kind."""

    def __init__(self, b: Builder, kind: str) -> None:
        self.b, self._kind = b, kind

    def number(self, value: float) -> str:
        return self.b.constant(value, self._kind)

    def __call__(self, op: str, *given: str | float) -> str:
        return self.b.add(op, *(g if isinstance(g, str) else self.number(g) for g in given))

    def remainder(self, x: str, y: str) -> str:
        return self.b.add("Mod", x, y, fmod=1)

    def like(self, size: str, x: str) -> str:
        """A size with the sign of x."""
        return self("Where", self("Less", x, 0.0), self("Neg", size), size)


def _cbrt(t: _Terms, x: str) -> str:
    root = t("Pow", t("Abs", x), 1 / 3)
    return t.like(root, x)


def _round(t: _Terms, x: str) -> str:
    below_half = float(np.nextafter(0.5, 0)) if t._kind == "f64" else 0.5 - 2.0**-25
    return t.like(t("Floor", t("Add", t("Abs", x), below_half)), x)


def _asinh(t: _Terms, x: str) -> str:
    size = t("Abs", x)
    return t.like(t("Log", t("Add", size, t("Sqrt", t("Add", t("Mul", x, x), 1.0)))), x)


def _hypot(t: _Terms, x: str, y: str) -> str:
    return t("Sqrt", t("Add", t("Mul", x, x), t("Mul", y, y)))


def _fmin(t: _Terms, x: str, y: str) -> str:
    return t("Where", t("Or", t("Less", x, y), t("IsNaN", y)), x, y)


def _fmax(t: _Terms, x: str, y: str) -> str:
    return t("Where", t("Or", t("Less", y, x), t("IsNaN", y)), x, y)


def _fdim(t: _Terms, x: str, y: str) -> str:
    return t("Where", t("LessOrEqual", x, y), 0.0, t("Sub", x, y))


_COMPOSED: dict[str, Callable[..., str]] = {
    "exp2": lambda t, x: t("Pow", 2.0, x),
    "expm1": lambda t, x: t("Sub", t("Exp", x), 1.0),
    "log1p": lambda t, x: t("Log", t("Add", x, 1.0)),
    "log2": lambda t, x: t("Mul", t("Log", x), 1 / math.log(2)),
    "log10": lambda t, x: t("Mul", t("Log", x), 1 / math.log(10)),
    "tan": lambda t, x: t("Div", t("Sin", x), t("Cos", x)),
    "sinh": lambda t, x: t("Mul", t("Sub", t("Exp", x), t("Exp", t("Neg", x))), 0.5),
    "cosh": lambda t, x: t("Mul", t("Add", t("Exp", x), t("Exp", t("Neg", x))), 0.5),
    "acosh": lambda t, x: t("Log", t("Add", x, t("Sqrt", t("Sub", t("Mul", x, x), 1.0)))),
    "atanh": lambda t, x: t("Mul", t("Log", t("Div", t("Add", x, 1.0), t("Sub", 1.0, x))), 0.5),
    "asinh": _asinh,
    "cbrt": _cbrt,
    "hypot": _hypot,
    "trunc": lambda t, x: t.like(t("Floor", t("Abs", x)), x),
    "round": _round,
    "fmod": lambda t, x, y: t.remainder(x, y),
    "fmin": _fmin,
    "fmax": _fmax,
    "fdim": _fdim,
    "copysign": lambda t, x, y: t.like(t("Abs", x), y),
}
