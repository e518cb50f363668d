"""Intervals of a graph's nodes over the program's domain: what proves that a loop ends and that an index is inside."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from cprograms.budget import tick
from cprograms.graph import Graph, GraphBuilder, Node
from cprograms.libm import OPERATORS, Interval, Rule
from cprograms.ops import PREDICATES
from cprograms.types import Scalar


class Bounds:
    """Interval arithmetic over the nodes of a graph, or of a builder as they are added; `domain` is [arguments, 2].

    Rounding to nearest is monotonic, so ends that are computed in the node's own precision enclose all values. Signed
    overflow is undefined, so a signed interval is cut off at its type's limits.
    """

    def __init__(self, graph: GraphBuilder | Graph, domain: np.ndarray) -> None:
        self._nodes: Sequence[Node] = graph.nodes
        self._tables: Sequence[np.ndarray] = graph.tables
        self._domain = domain
        self._known: list[Interval | None] = []

    def of(self, node: int) -> Interval | None:
        """The interval of a node's values, or None where they may be NaN, infinite or anything."""
        while len(self._known) <= node:
            tick(10)
            n = self._nodes[len(self._known)]
            self._known.append(_held(self._raw(n), n))
        return self._known[node]

    def assume(self, node: int, interval: Interval) -> None:
        """Take a node's values to lie in an interval: what was found out about others before stays as it is."""
        self.of(node)
        self._known[node] = interval

    def truth(self, node: int) -> bool | None:
        """Whether the node is non-zero on the whole domain (True), nowhere (False), or neither is known (None)."""
        interval = self.of(node)
        if interval is None:
            return None
        if interval == (0, 0):
            return False
        return True if interval[0] > 0 or interval[1] < 0 else None

    def _raw(self, node: Node) -> Interval | None:
        if node.op == "const":
            return node.value, node.value
        if node.op == "arg":
            low, high = (node.type.dtype.type(v).item() for v in self._domain[int(node.value)])
            return low, high
        children = [self._known[c] for c in node.children]
        if node.op == "sel":
            return self._select(children)
        if node.op == "lookup":
            table = self._tables[int(node.value)]
            return (table.min().item(), table.max().item()) if np.isfinite(table).all() else None
        if node.op == "cast":
            return self._cast(children[0], self._nodes[node.children[0]].type, node.type)
        rule = _RULES.get(node.op)
        if rule is not None and None not in children:
            found = rule(*children, node.type.is_integer)
            if found is not None:
                return found
        return (0, 1) if node.op in PREDICATES else None

    def _cast(self, interval: Interval | None, source: Scalar, target: Scalar) -> Interval | None:
        if interval is None or not target.is_integer:
            return interval
        if target.kind == "bool":
            return _decided(interval[0] > 0 or interval[1] < 0, interval == (0, 0))
        low, high = math.trunc(interval[0]), math.trunc(interval[1])
        wraps = source.is_integer and not target.limits[0] <= low <= high <= target.limits[1]
        return None if wraps else (low, high)

    def _select(self, children: list[Interval | None]) -> Interval | None:
        condition, yes, no = children
        if condition is not None and condition == (0, 0):
            return no
        if condition is not None and (condition[0] > 0 or condition[1] < 0):
            return yes
        return None if yes is None or no is None else (min(yes[0], no[0]), max(yes[1], no[1]))


def _held(interval: Interval | None, node: Node) -> Interval | None:
    """The interval as values of the node's type hold it."""
    type = node.type
    if type.kind == "float":
        return None if interval is None else _rounded(interval, type)
    least, greatest = type.limits
    if interval is None:
        return least, greatest
    low, high = interval
    if low >= least and high <= greatest:
        return low, high
    # What overflows is undefined, but of a shift, which wraps.
    cut_off = type.kind == "int" and node.op != "shl" and low <= greatest and high >= least
    return (max(low, least), min(high, greatest)) if cut_off else (least, greatest)


def _rounded(interval: Interval, type: Scalar) -> Interval | None:
    """The interval in a floating type's precision; None where an end is infinite there."""
    if type.bits == 64:
        low, high = float(interval[0]), float(interval[1])
    else:
        with np.errstate(all="ignore"):
            low, high = (type.dtype.type(end).item() for end in interval)
    return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def _corners(compute: Callable[[float, float], float]) -> Callable[..., Interval | None]:
    def rule(a: Interval, b: Interval, whole: bool) -> Interval | None:
        try:
            values = [compute(x, y) for x in a for y in b]
        except OverflowError:
            return None
        return None if any(v != v for v in values) else (min(values), max(values))

    return rule


def _quotient(a: Interval, b: Interval, whole: bool) -> Interval | None:
    if whole:
        # A zero divisor is undefined: the nearest others bound the quotient.
        ends = {e for e in (*b, -1, 1) if e and b[0] <= e <= b[1]}
        values = [abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1) for x in a for y in ends]
        return (min(values), max(values)) if values else None
    if b[0] <= 0 <= b[1]:
        return None
    values = [x / y for x in a for y in b]
    return min(values), max(values)


def _remainder(a: Interval, b: Interval, whole: bool) -> Interval | None:
    most = max(abs(b[0]), abs(b[1])) - 1
    return -min(max(-a[0], 0), most) if a[0] < 0 else 0, min(max(a[1], 0), most)


def _mask(a: Interval, b: Interval, whole: bool) -> Interval | None:
    """Bits that are set in both: no more than in one that is not negative."""
    ceilings = [i[1] for i in (a, b) if i[0] >= 0]
    return (0, min(ceilings)) if ceilings else None


def _union(a: Interval, b: Interval, whole: bool) -> Interval | None:
    """Bits that are set in one: no more bits than the longer of two numbers that are not negative."""
    return (0, 2 ** int(max(a[1], b[1])).bit_length() - 1) if min(a[0], b[0]) >= 0 else None


def _shift_right(a: Interval, b: Interval, whole: bool) -> Interval | None:
    if not 0 <= b[0] <= b[1] < 64:
        return None
    values = [int(x) >> int(y) for x in a for y in b]
    return min(values), max(values)


def _shift_left(a: Interval, b: Interval, whole: bool) -> Interval | None:
    if not 0 <= b[0] <= b[1] < 64:
        return None
    values = [int(x) << int(y) for x in a for y in b]
    return min(values), max(values)


def _magnitude(a: Interval, whole: bool) -> Interval | None:
    if a[0] >= 0 or a[1] <= 0:
        return min(abs(a[0]), abs(a[1])), max(abs(a[0]), abs(a[1]))
    return 0, max(-a[0], a[1])


def _decided(yes: bool, no: bool) -> Interval | None:
    return (1, 1) if yes else (0, 0) if no else None


def _of_any_type(rule: Rule) -> Callable[..., Interval | None]:
    return lambda *operands_and_whole: rule(*operands_and_whole[:-1])


_RULES: dict[str, Callable[..., Interval | None]] = {
    "add": lambda a, b, whole: (a[0] + b[0], a[1] + b[1]),
    "sub": lambda a, b, whole: (a[0] - b[1], a[1] - b[0]),
    "mul": _corners(lambda x, y: x * y),
    "div": _quotient,
    "mod": _remainder,
    "neg": lambda a, whole: (-a[1], -a[0]),
    "not": lambda a, whole: (~int(a[1]), ~int(a[0])),
    "abs": _magnitude,
    "min": lambda a, b, whole: (min(a[0], b[0]), min(a[1], b[1])),
    "max": lambda a, b, whole: (max(a[0], b[0]), max(a[1], b[1])),
    "and": _mask,
    "or": _union,
    "xor": _union,
    "shl": _shift_left,
    "shr": _shift_right,
    "lt": lambda a, b, whole: _decided(a[1] < b[0], a[0] >= b[1]),
    "le": lambda a, b, whole: _decided(a[1] <= b[0], a[0] > b[1]),
    "eq": lambda a, b, whole: _decided(a[0] == a[1] == b[0] == b[1], a[1] < b[0] or a[0] > b[1]),
    "ne": lambda a, b, whole: _decided(a[1] < b[0] or a[0] > b[1], a[0] == a[1] == b[0] == b[1]),
    **{name: _of_any_type(o.interval) for name, o in OPERATORS.items() if o.interval is not None},
}
