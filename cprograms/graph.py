"""The dataflow graph of a program: hash-consed nodes in post-order, and their evaluation."""

from __future__ import annotations

import hashlib
import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from cprograms.budget import tick
from cprograms.ops import AFTER, COMMUTATIVE, PREDICATES, REPEAT, UNEVALUABLE, apply
from cprograms.types import INT, SCALARS, Scalar


@dataclass(frozen=True)
class Node:
    """`value` is a constant's number, an argument's index, a carried variable's index or a table's index; else 0."""

    op: str
    type: Scalar
    children: tuple[int, ...] = ()
    value: int | float = 0


@dataclass(frozen=True, eq=False)
class Graph:
    """A program as dataflow. Children come before their parents; `roots` are the results, in order."""

    nodes: tuple[Node, ...]
    roots: tuple[int, ...]
    tables: tuple[np.ndarray, ...] = ()

    @property
    def exact(self) -> bool:
        """False where a loop or a piece of code is not followed: such a graph describes, but cannot be evaluated."""
        return not any(n.op in UNEVALUABLE for n in self.nodes)

    @property
    def executable(self) -> bool:
        """Whether it can be computed, with its loops: it is exact, or was lowered to be executed."""
        return not any(n.op in ("loop", "opaque") for n in self.nodes)

    @property
    def arguments(self) -> list[int]:
        """The places of the arguments that it reads, in order."""
        return sorted({int(n.value) for n in self.nodes if n.op == "arg"})

    def skeleton(self) -> str:
        """A hash of the shape: operators, types and edges; constants and tables masked, arguments in order of use."""
        ranks: dict[int | float, int] = {}
        parts = []
        for n in self.nodes:
            mark = ranks.setdefault(n.value, len(ranks)) if n.op == "arg" else n.value if n.op == "carry" else ""
            parts.append(f"{n.op}:{n.type.code}:{n.children}:{mark}")
        return hashlib.sha256(f"{';'.join(parts)}>{self.roots}".encode()).hexdigest()[:16]

    def result(self, k: int) -> Graph:
        """The graph of the k-th result alone."""
        return self if len(self.roots) == 1 else self.of([self.roots[k]])

    def beside(self, other: Graph) -> Graph:
        """Both graphs as one: the roots of this one, then those of the other."""
        nodes, tables = len(self.nodes), len(self.tables)
        moved = [
            Node(n.op, n.type, tuple(c + nodes for c in n.children), n.value + tables * (n.op == "lookup"))
            for n in other.nodes
        ]
        roots = (*self.roots, *(root + nodes for root in other.roots))
        return Graph((*self.nodes, *moved), roots, (*self.tables, *other.tables))

    def of(self, roots: Sequence[int]) -> Graph:
        """The graph of what some nodes need, with them as its roots; a node twice is two roots."""
        return _reachable(self.nodes, roots, self.tables)

    def needed(self, roots: Sequence[int]) -> list[int]:
        """The nodes that some nodes need, in the order in which `of` has them."""
        return list(_post_order(self.nodes, roots))


def _reachable(nodes: Sequence[Node], roots: Sequence[int], tables: tuple[np.ndarray, ...]) -> Graph:
    """The graph of what the roots need, in post-order from them."""
    order = _post_order(nodes, roots)
    kept = (Node(n.op, n.type, tuple(order[c] for c in n.children), n.value) for n in map(nodes.__getitem__, order))
    return Graph(tuple(kept), tuple(order[r] for r in roots), tables)


def _post_order(nodes: Sequence[Node], roots: Sequence[int]) -> dict[int, int]:
    """The places of what the roots need, in post-order; without recursion, which deep graphs would exceed."""
    order: dict[int, int] = {}
    stack = [(r, False) for r in reversed(roots)]
    while stack:
        i, done = stack.pop()
        if i in order:
            continue
        if done:
            order[i] = len(order)
        else:
            stack.append((i, True))
            stack.extend((c, False) for c in reversed(nodes[i].children) if c not in order)
    return order


# Folded in Python, for speed, where its numbers agree with C's: loop counters are made of these.
_PLAIN: dict[str, Callable[..., int | float]] = {"add": operator.add, "sub": operator.sub, "mul": operator.mul}
_OVERFLOWING = frozenset("add sub mul neg abs".split())
_COMPARED: dict[str, Callable[..., bool]] = {"lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne}


class GraphBuilder:
    """Adds nodes one by one, folding constants, sharing equal nodes and rewriting a few shapes to their plain form.

    Where signed integers are to wrap (`wraps`), their sums, differences and products are those of unsigned ones.
    """

    def __init__(self, wraps: bool = False) -> None:
        self._wraps = wraps
        self.nodes: list[Node] = []
        self.tables: list[np.ndarray] = []
        self.operators = 0  # nodes that are not constants
        self._known: dict[tuple[str, str, tuple[int, ...], str], int] = {}
        self._flags: set[int] = set()  # nodes that are 0 or 1

    def constant(self, value: int | float, type: Scalar) -> int:
        """The node of a number, rounded to the type; an integer must be one that the type holds."""
        number = int(value) if type.is_integer else float(value if type.bits == 64 else type.dtype.type(value))
        node = self._intern(Node("const", type, (), number))
        if number in (0, 1):
            self._flags.add(node)
        return node

    def argument(self, index: int, type: Scalar) -> int:
        return self._intern(Node("arg", type, (), index))

    def carry(self, index: int, type: Scalar, before: int) -> int:
        return self._intern(Node("carry", type, (before,), index))

    def repeat(self, entered: int, again: int, following: Sequence[int], carried: Sequence[int]) -> list[int]:
        """A loop that is computed; returns each carried variable after it. See `cprograms.ops.REPEAT`."""
        loop = self._intern(Node(REPEAT, INT, (entered, again, *following, *carried)))
        return [self._intern(Node(AFTER, self.nodes[c].type, (loop,), k)) for k, c in enumerate(carried)]

    def lookup(self, table: np.ndarray, type: Scalar, index: int) -> int:
        """The entry of `table`, undefined where the index is outside; `table` has the type's dtype."""
        known = next((k for k, t in enumerate(self.tables) if t.dtype == table.dtype and np.array_equal(t, table)), -1)
        if known < 0:
            known = len(self.tables)
            self.tables.append(table)
        ends = (self.constant(table.min(), type), self.constant(table.max(), type))
        return self._intern(Node("lookup", type, (index, *ends), known))

    def number(self, node: int) -> int | float | None:
        """The node's constant, or None where it is not one."""
        n = self.nodes[node]
        return n.value if n.op == "const" else None

    def add(self, op: str, type: Scalar, *children: int) -> int:
        """Add an operator over existing nodes; returns the node that stands for it, which may be an older one."""
        if self._wraps and type.kind == "int" and op in _OVERFLOWING:
            return self._wrapped(op, type, children)
        if op in COMMUTATIVE:
            children = tuple(sorted(children))
        simpler = self._simplify(op, type, children)
        if simpler is not None:
            return simpler
        folded = self._fold(op, type, children)
        if folded is not None:
            return folded
        node = self._intern(Node(op, type, children))
        if op in PREDICATES or (op in ("sel", "and", "or") and self._flags.issuperset(children[-2:])):
            self._flags.add(node)
        return node

    def _wrapped(self, op: str, type: Scalar, children: tuple[int, ...]) -> int:
        if op == "abs":
            (x,) = children
            negative = self.add("lt", type, x, self.constant(0, type))
            return self.add("sel", type, negative, self.add("neg", type, x), x)
        unsigned = SCALARS[f"u{type.bits}"]
        return self.cast(self.add(op, unsigned, *(self.cast(c, unsigned) for c in children)), type)

    def cast(self, node: int, type: Scalar) -> int:
        return node if self.nodes[node].type.code == type.code else self.add("cast", type, node)

    def finish(self, roots: list[int]) -> Graph:
        """The graph of what the roots need, renumbered in post-order from the roots."""
        return _reachable(self.nodes, roots, tuple(self.tables))

    def _intern(self, node: Node) -> int:
        # repr tells -0.0 from 0.0 and keeps NaN equal to itself.
        tick(10)
        key = (node.op, node.type.code, node.children, repr(node.value))
        if key not in self._known:
            self._known[key] = len(self.nodes)
            self.operators += node.op != "const"
            self.nodes.append(node)
        return self._known[key]

    def _fold(self, op: str, type: Scalar, children: tuple[int, ...]) -> int | None:
        numbers = [self.number(c) for c in children]
        if None in numbers or op in UNEVALUABLE:
            return None
        if op in _COMPARED:
            return self.constant(int(_COMPARED[op](*numbers)), type)
        if op in _PLAIN and type.code in ("i32", "f64"):
            value = _PLAIN[op](*numbers)
            if type.is_integer and not -(2**31) <= value < 2**31:
                return None
            return self.constant(value, type)
        args = [np.asarray(v, dtype=self.nodes[c].type.dtype) for v, c in zip(numbers, children, strict=True)]
        with np.errstate(all="ignore"):
            found, trap = apply(op, type, args)
        return None if trap is not None and np.any(trap) else self.constant(np.asarray(found).item(), type)

    def _simplify(self, op: str, type: Scalar, c: tuple[int, ...]) -> int | None:
        if op == "sel":
            return self._simplify_select(type, *c)
        if op in ("eq", "ne"):
            return self._simplify_equality(op, type, *c)
        if len(c) != 2:
            return None
        left, right = self.number(c[0]), self.number(c[1])
        if left is None and right is None:
            return None
        if right == 0 and op in ("add", "sub", "or", "xor", "shl", "shr"):
            return c[0]
        if left == 0 and op in ("add", "or", "xor"):
            return c[1]
        if right == 1 and op in ("mul", "div"):
            return c[0]
        if left == 1 and op == "mul":
            return c[1]
        if op == "mul" and type.is_integer and 0 in (left, right):
            return self.constant(0, type)
        if op in ("add", "sub") and type.is_integer:
            return self._stepped(op, type, *(c if left is None or op == "sub" else c[::-1]))
        return None

    def _stepped(self, op: str, type: Scalar, node: int, by: int) -> int | None:
        """Two constant steps in one direction are one: that overflows where the two do. `node` may be the constant."""
        inner = self.nodes[node]
        if inner.op != op or self.number(by) is None:
            return None
        first, second = inner.children if self.number(inner.children[0]) is None else inner.children[::-1]
        step, more = self.number(second), self.number(by)
        if step is None or more is None or (op == "sub" and second != inner.children[1]):
            return None
        total = step + more
        if (step < 0) != (more < 0) or not type.limits[0] <= total <= type.limits[1]:
            return None
        return self.add(op, type, first, self.constant(total, type))

    def _simplify_equality(self, op: str, type: Scalar, a: int, b: int) -> int | None:
        """A 0 or 1 compared with 0 or 1 is itself or its opposite."""
        flag, number = (a, self.number(b)) if self.number(a) is None else (b, self.number(a))
        n = self.nodes[flag]
        if number not in (0, 1) or flag not in self._flags or n.type != type:
            return None
        if (number == 0) == (op == "ne"):
            return flag
        if n.op in ("eq", "ne"):
            return self.add("ne" if n.op == "eq" else "eq", type, *n.children)
        if n.op in ("lt", "le") and self.nodes[n.children[0]].type.is_integer:
            # Not so for floating types: with a NaN, both a < b and b <= a are false.
            return self.add("le" if n.op == "lt" else "lt", type, *reversed(n.children))
        return None if (number, op) == (0, "eq") else self.add("eq", type, flag, self.constant(0, type))

    def _simplify_select(self, type: Scalar, condition: int, yes: int, no: int) -> int | None:
        known = self.number(condition)
        if known is not None:
            return yes if known else no
        if yes == no:
            return yes
        test = self.nodes[condition]
        if test.op in ("eq", "ne"):
            compared = self._compared_with_zero(test)
            if compared is not None:
                return self.add("sel", type, compared, *((yes, no) if test.op == "ne" else (no, yes)))
        if condition in self._flags and test.type == type:
            if (self.number(yes), self.number(no)) == (1, 0):
                return condition
            if (self.number(yes), self.number(no)) == (0, 1):
                return self.add("eq", type, condition, no if self.number(no) == 0 else yes)
        for side, (first, second) in enumerate(((yes, no), (no, yes))):
            inner = self.nodes[first]
            if inner.op == "sel" and inner.children[0] == condition:
                # The same condition again: its other side is never taken.
                kept = inner.children[1 + side]
                return self.add("sel", type, condition, *((kept, second) if side == 0 else (second, kept)))
        if test.op not in ("lt", "le"):
            return None
        for simpler in (self._extremum, self._clamp):
            if (found := simpler(test, type, yes, no)) is not None:
                return found
        return self._cast_after(condition, test, type, yes, no)

    def _compared_with_zero(self, test: Node) -> int | None:
        """What an eq or ne node compares with zero, where that can be a condition itself."""
        for other, zero in (test.children, test.children[::-1]):
            if self.number(zero) == 0 and self.nodes[other].type.is_integer:
                return other
        return None

    def _extremum(self, test: Node, type: Scalar, yes: int, no: int) -> int | None:
        """The C idioms of min, max and abs, exact for every input, NaN too, but for the sign of a zero."""
        a, b = test.children
        if (yes, no) == (a, b):
            return self.add("min", type, a, b)
        if (yes, no) == (b, a):
            return self.add("max", type, b, a)
        if self.number(b) == 0 and no == a and self._negated(yes) == a:
            return self.add("abs", type, a)
        if self.number(a) == 0 and yes == b and self._negated(no) == b:
            return self.add("abs", type, b)
        return None

    def _clamp(self, test: Node, type: Scalar, yes: int, no: int) -> int | None:
        """`v < low ? low : min(v, high)` is `max(low, min(v, high))` where low <= high, and so in all ways to write it.

        Its spread is then that of a clamp, where a select's would hold values beyond the bounds.
        """
        a, b = test.children
        for bound, other in ((yes, no), (no, yes)):
            v = b if bound == a else a
            inner = self.nodes[other]
            # The comparison's smaller side: `v < bound` on the way to the bound, or `bound < v` on the way from it.
            op, wanted = ("max", "min") if (bound == b) == (bound == yes) else ("min", "max")
            if bound not in (a, b) or inner.op != wanted or v not in inner.children:
                continue
            # With a NaN the select takes `no`, as an extremum takes its second operand.
            if bound == no and not inner.type.is_integer and inner.children[1] != v:
                continue
            end, far = self.number(bound), self.number(inner.children[inner.children[0] == v])
            if end is not None and far is not None and (end <= far if op == "max" else end >= far):
                return self.add(op, type, yes, no)
        return None

    def _cast_after(self, condition: int, test: Node, type: Scalar, yes: int, no: int) -> int | None:
        """`v < 0 ? 0 : (T)v` is `(T)(v < 0 ? 0 : v)`: the select may then be an extremum, as of a result that is
        converted in each `return`."""
        for side, other in ((yes, no), (no, yes)):
            inner = self.nodes[side]
            number = self.number(other)
            if inner.op != "cast" or number is None:
                continue
            (v,) = inner.children
            source = self.nodes[v]
            compared = v in test.children or (source.op in ("min", "max") and set(source.children) & set(test.children))
            if compared and self._holds(source.type, number):
                constant = self.constant(number, source.type)
                sides = (v, constant) if side == yes else (constant, v)
                return self.add("cast", type, self.add("sel", source.type, condition, *sides))
        return None

    @staticmethod
    def _holds(type: Scalar, number: int | float) -> bool:
        """Whether a type holds a number exactly."""
        if str(number) == "-0.0" or not np.isfinite(number):
            return False
        if type.is_integer:
            return number == int(number) and type.limits[0] <= number <= type.limits[1]
        return bool(type.dtype.type(number) == number)

    def _negated(self, node: int) -> int | None:
        n = self.nodes[node]
        return n.children[0] if n.op == "neg" else None


def evaluate_nodes(graph: Graph, rows: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray | None]]:
    """Every node's values on the rows, and where each is poisoned by undefined behaviour.

    `rows` is float64 [n, arguments], already of the arguments' types. Returns two lists, a node each: values [n] or []
    (of a constant), and bool masks of the same shapes, or None where no row is poisoned. A select is poisoned by its
    condition and by the branch taken only.

    Raises ValueError for a graph that is not exact.
    """
    if not graph.exact:
        raise ValueError("a graph with loop or opaque nodes cannot be evaluated")
    values: list[np.ndarray] = []
    poisons: list[np.ndarray | None] = []
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            if node.op == "const":
                value, trap = np.asarray(node.value, dtype=node.type.dtype), None
            elif node.op == "arg":
                value, trap = rows[:, int(node.value)].astype(node.type.dtype), None
            else:
                table = graph.tables[int(node.value)] if node.op == "lookup" else None
                value, trap = apply(node.op, node.type, [values[c] for c in node.children], table)
            values.append(value)
            poisons.append(_poison(node, trap, values, poisons))
    return values, poisons


def _poison(
    node: Node, trap: np.ndarray | None, values: Sequence[np.ndarray], poisons: Sequence[np.ndarray | None]
) -> np.ndarray | None:
    inherited = [poisons[c] for c in node.children]
    if node.op == "sel":
        condition, yes, no = inherited
        if yes is not None or no is not None:
            taken = np.where(values[node.children[0]] != 0, False if yes is None else yes, False if no is None else no)
            inherited = [condition, taken]
    masks = [m for m in [trap, *inherited] if m is not None and m.any()]
    if not masks:
        return None
    return np.asarray(np.logical_or.reduce(np.broadcast_arrays(*masks))) if len(masks) > 1 else masks[0]


def evaluate(graph: Graph, rows: np.ndarray) -> np.ndarray:
    """The results on the rows: float64 [n, results], NaN where the program's behaviour is undefined."""
    values, poisons = evaluate_nodes(graph, rows)
    out = np.empty((len(rows), len(graph.roots)))
    for k, root in enumerate(graph.roots):
        out[:, k] = values[root]
        poison = poisons[root]
        if poison is not None:
            out[np.broadcast_to(poison, len(rows)), k] = np.nan
    return out
