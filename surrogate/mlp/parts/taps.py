"""Taps: inner nodes of the dataflow graph whose exact values a network reads beside the arguments.

A *gate* is a tap that jumps: a comparison, the side of a min, max or abs that is taken, a rounding, a modulo or a bit
result. The others are cheap nodes, a few operators above the arguments: products, ratios, a sine of an argument. A
smooth network spends its error on jumps and on products; with taps it need not.

Shapes: n rows, A arguments, T taps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from torch import Tensor, nn

from cprograms.diagnostics import UsageError
from cprograms.graph import Graph, Node, evaluate
from cprograms.ops import INDEX, OPS, PREDICATES, UNEVALUABLE
from cprograms.program import Program
from cprograms.sampling import sample
from cprograms.types import INT, Scalar
from surrogate.graph.module import GraphModule

Kind = Literal["flag", "step", "node"]
"""Gates are flags, 0 or 1, and steps, which have more values."""
KINDS: tuple[Kind, ...] = get_args(Kind)
Choice = Literal["none", "gates"] | int
"""Which taps a compile may take: none, gates alone, or at most so many of all kinds."""

MOST, MOST_OPERATORS = 24, 3
"""Taps, unless there are more results, and the operators that one may need."""
POINTS = 512
"""Points of the domain that say how a tap is spread; the graph is evaluated there, the program is not run."""
DEFINED = 0.5
"""A tap must have a value at this share of them."""
LIMIT = 8.0
"""A scaled tap stays within ± this: one of heavy tails must not drown the others."""

_ROUNDING = frozenset("floor ceil trunc round rint fmod remainder lookup".split())
_SIDES = frozenset("min max fmin fmax".split())
_BITS = frozenset(op.name for op in OPS if op.group == "bit")


def most_taps(program: Program) -> int:
    """As each result may be rounded, as many as there are results."""
    return max(MOST, len(program.results))


def tap_choice(given: str | int | None, most: int) -> Choice:
    """What a user asks for. Raises UsageError for anything else than "none", "gates", a number or None, the default."""
    if given is None:
        return most
    if given == "none":
        return "none"
    if given == "gates":
        return "gates"
    try:
        count = int(given)
    except ValueError:
        raise UsageError(f"taps are none, gates or a number of them, not {given!r}") from None
    if not 0 <= count <= most:
        raise UsageError(f"there are from 0 to {most} taps, not {count}")
    return count


class _Found(NamedTuple):
    """A candidate: its node, in `nodes` of `_Candidates`."""

    kind: Kind
    node: int


class Taps(nn.Module):
    """The small sub-program that computes taps, and their scaling: C units [n, A] -> [n, T] float64.

    Flags are ±1; the others are centred and scaled by their spread over the domain. Where the program's behaviour is
    undefined, or not finite, a tap is 0. Differentiable where the program is; the derivative of a gate is 0.
    """

    mid: Tensor
    reach: Tensor

    def __init__(self, arguments: int, graph: Graph, kinds: Sequence[Kind]):
        super().__init__()
        if len(kinds) != len(graph.roots):
            raise ValueError(f"{len(kinds)} kinds of {len(graph.roots)} taps")
        self.arguments, self.graph, self.kinds = arguments, graph, tuple(kinds)
        names = [f"argument {k + 1}" for k in range(arguments)]
        self.program = GraphModule(graph, names).requires_grad_(False)
        self.register_buffer("mid", torch.full((len(kinds),), 0.5, dtype=torch.float64))
        self.register_buffer("reach", torch.full((len(kinds),), 0.5, dtype=torch.float64))

    def __len__(self) -> int:
        return len(self.kinds)

    def forward(self, x: Tensor) -> Tensor:
        """[n, A] float64 -> [n, T]."""
        scaled = (self.program(x) - self.mid) / self.reach
        return torch.nan_to_num(scaled, nan=0.0).clamp(-LIMIT, LIMIT)

    def of(self, places: Sequence[int]) -> Taps:
        """Some of the taps, in this order."""
        graph = self.graph.of([self.graph.roots[k] for k in places])
        chosen = Taps(self.arguments, graph, [self.kinds[k] for k in places])
        chosen.mid.copy_(self.mid[list(places)])
        chosen.reach.copy_(self.reach[list(places)])
        return chosen

    def with_more(self, other: Taps | None) -> Taps:
        """These taps, then those of another that are not among them."""
        if other is None:
            return self
        own = [self.graph.of([root]).nodes for root in self.graph.roots]
        new = [k for k, root in enumerate(other.graph.roots) if other.graph.of([root]).nodes not in own]
        if not new:
            return self
        more = other.of(new)
        joined = Taps(self.arguments, self.graph.beside(more.graph), [*self.kinds, *more.kinds])
        joined.mid.copy_(torch.cat([self.mid, more.mid]))
        joined.reach.copy_(torch.cat([self.reach, more.reach]))
        return joined

    @property
    def gates(self) -> list[int]:
        """The places of those that jump."""
        return [k for k, kind in enumerate(self.kinds) if kind != "node"]

    @property
    def flags(self) -> list[int]:
        """The places of those that are ±1."""
        return [k for k, kind in enumerate(self.kinds) if kind == "flag"]

    @property
    def operators(self) -> int:
        """How many operators the taps compute: of the program, and the comparisons that say which side is taken."""
        return operator_count(self.graph)

    @property
    def ranges(self) -> np.ndarray:
        """What each lies between, but for values far out: float64 [T, 2], in C units."""
        return torch.stack([self.mid - self.reach, self.mid + self.reach], dim=1).numpy()


def operator_count(graph: Graph) -> int:
    """The nodes of a graph that compute something."""
    return sum(OPS[INDEX[n.op]].arity > 0 for n in graph.nodes)


def find_taps(program: Program, lowered: Graph, choice: Choice | None = None) -> Taps | None:
    """The taps of a program, None where it has none: distinct ones that vary on the domain, gates first.

    The default is as many of all kinds as there may be. Whether one varies, and like no other, the graph says, which is
    evaluated at points of the domain; the program is not run.
    """
    if choice == "none" or choice == 0:
        return None
    candidates, x = _Candidates(lowered), sample(program, POINTS, 0, "sobol")
    found = candidates.gates(x) + (candidates.cheap() if choice != "gates" else [])
    if not found:
        return None
    everything = Graph(tuple(candidates.nodes), (), lowered.tables).of([f.node for f in found])
    values = evaluate(everything, x)  # [POINTS, found]
    most = choice if isinstance(choice, int) else most_taps(program)
    kept, spreads = _distinct(values, [f.kind for f in found], most)
    if not kept:
        return None
    graph = everything.of([everything.roots[k] for k in kept])
    taps = Taps(len(program.arguments), graph, [found[k].kind for k in kept])
    taps.mid.copy_(torch.tensor([mid for mid, _ in spreads], dtype=torch.float64))
    taps.reach.copy_(torch.tensor([reach for _, reach in spreads], dtype=torch.float64))
    return taps


def reading_taps(program: Program, lowered: Graph, taps: Taps) -> Graph:
    """The graph that reads taps as arguments: tap k is argument A + k, in C units.

    What has the values of a tap at points of the domain, or of a flag's contrary, is told by it, and a gate that does
    not vary there is that constant: such nodes were left out when the taps were found.
    """
    candidates, x = _Candidates(lowered), sample(program, POINTS, 0, "sobol")
    found = [*candidates.gates(x), *(candidates.cheap() if "node" in taps.kinds else [])]
    everything = Graph(tuple(candidates.nodes), (), lowered.tables).of([f.node for f in found]).beside(taps.graph)
    values = evaluate(everything, x)  # [POINTS, found + T]
    told = {column.tobytes(): (k, False) for k, column in enumerate(values[:, len(found) :].T)}
    told |= {
        (1 - column).tobytes(): (k, True)
        for k, column in enumerate(values[:, len(found) :].T)
        if taps.kinds[k] == "flag"
    }
    rebuilt = _Rebuilt(candidates)
    for f, column in zip(found, values.T, strict=False):
        if column.tobytes() in told:
            place, contrary = told[column.tobytes()]
            rebuilt.read(f.node, len(program.arguments) + place, contrary)
        elif f.kind == "flag" and np.ptp(column) == 0:
            rebuilt.fix(f.node, int(column[0]))
    return rebuilt.graph()


class _Candidates:
    """What of a graph may be a tap. `nodes` are the graph's, then what stands for some of them.

    `sides` has the comparison of each node that takes one of two, `conditions` that of a number which a select tests,
    `reciprocals` that of a quotient's divisor, where the quotient itself is not cheap.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.nodes: list[Node] = list(graph.nodes)
        self.sides: dict[int, int] = {}
        self.conditions: dict[int, int] = {}
        self.reciprocals: dict[int, int] = {}
        self.evaluable = self._evaluable()

    def gates(self, x: np.ndarray) -> list[_Found]:
        """A cast to a narrower integer is one where it changes a number at inputs x [n, A]."""
        conditions = {n.children[0] for n in self.graph.nodes if n.op == "sel"}
        cut = self._cut(x)
        found = []
        for i, n in enumerate(self.graph.nodes):
            if not self.evaluable[i]:
                continue
            if n.op in PREDICATES:
                found.append(_Found("flag", i))
            elif i in conditions:
                self.conditions[i] = self._added("ne", i, self._zero(n))
                found.append(_Found("flag", self.conditions[i]))
            elif n.op in _SIDES or n.op == "abs":
                self.sides[i] = self._added("lt", *(n.children if n.op in _SIDES else (*n.children, self._zero(n))))
                found.append(_Found("flag", self.sides[i]))
            elif self._steps(n) or i in cut:
                found.append(_Found("step", i))
        return found

    def cheap(self) -> list[_Found]:
        """Nodes of few operators that are neither gates nor linear in the arguments, which a layer computes anyway.

        A quotient that has too many is its dividend times the reciprocal of its divisor.
        """
        linear: list[bool] = []
        below: list[frozenset[int] | None] = []  # the operators of a node, None where they are too many
        reads: list[frozenset[int]] = []  # one or two of the arguments of a node
        found = []
        for i, n in enumerate(self.graph.nodes):
            linear.append(self._linear(n, linear))
            below.append(_union(i, n, [below[c] for c in n.children]))
            own = [int(n.value)] if n.op == "arg" else [k for c in n.children for k in reads[c]]
            reads.append(frozenset(own[:1] + [k for k in own if k != own[0]][:1]))
            if linear[i] and len(reads[i]) == 1:
                below[i] = _folded(i, n, below[i])
            if not self.evaluable[i] or linear[i]:
                continue
            if self._smooth(below[i]):
                found.append(_Found("node", i))
            elif n.op == "div" and not n.type.is_integer and self._smooth(below[n.children[1]], 1):
                self.reciprocals[i] = self._added("div", self._one(n), n.children[1], type=n.type)
                found.append(_Found("node", self.reciprocals[i]))
        return found

    def _smooth(self, operators: frozenset[int] | None, more: int = 0) -> bool:
        """Whether so few operators, and some more, are cheap and none of them jumps."""
        if operators is None or len(operators) + more > MOST_OPERATORS:
            return False
        return not any(self._jumps(self.graph.nodes[k]) for k in operators)

    def _cut(self, x: np.ndarray) -> set[int]:
        casts = [
            (i, n.children[0])
            for i, n in enumerate(self.graph.nodes)
            if n.op == "cast" and self.evaluable[i] and _narrower(n.type, self.graph.nodes[n.children[0]].type)
        ]
        if not casts:
            return set()
        values = evaluate(self.graph.of([k for pair in casts for k in pair]), x)
        return {
            i for (i, _), k in zip(casts, range(0, values.shape[1], 2), strict=True) if _differ(*values[:, k : k + 2].T)
        }

    def _evaluable(self) -> list[bool]:
        known: list[bool] = []
        for n in self.graph.nodes:
            known.append(n.op not in UNEVALUABLE and all(known[c] for c in n.children))
        return known

    def _steps(self, n: Node) -> bool:
        if n.op in _ROUNDING or n.op in _BITS:
            return True
        if n.op == "cast":
            return n.type.is_integer and not self.graph.nodes[n.children[0]].type.is_integer
        return n.op in ("div", "mod") and n.type.is_integer

    def _jumps(self, n: Node) -> bool:
        return n.op in PREDICATES or n.op == "sel" or self._steps(n)

    def _linear(self, n: Node, known: Sequence[bool]) -> bool:
        if not n.children:
            return True
        if self._jumps(n) or n.op not in ("add", "sub", "neg", "mul", "div", "cast"):
            return False
        constants = [self.graph.nodes[c].op == "const" for c in n.children]
        factors = {"mul": any(constants), "div": constants[-1]}.get(n.op, True)
        return factors and all(known[c] for c in n.children)

    def _added(self, op: str, left: int, right: int, *, type: Scalar = INT) -> int:
        self.nodes.append(Node(op, type, (left, right)))
        return len(self.nodes) - 1

    def _one(self, n: Node) -> int:
        self.nodes.append(Node("const", n.type, (), 1.0))
        return len(self.nodes) - 1

    def _zero(self, n: Node) -> int:
        self.nodes.append(Node("const", n.type, (), 0 if n.type.is_integer else 0.0))
        return len(self.nodes) - 1


class _Rebuilt:
    """The graph of candidates, some of which are read or known instead of computed."""

    def __init__(self, candidates: _Candidates) -> None:
        self._candidates = candidates
        self._nodes: list[Node] = []
        self._told: dict[int, int] = {}  # candidates and the nodes that stand for them

    def read(self, node: int, argument: int, contrary: bool) -> None:
        """It is an argument, or what is left of it to one."""
        type = self._candidates.nodes[node].type
        found = self._add(Node("arg", type, (), argument))
        self._told[node] = self._add(Node("sub", type, (self._constant(type, 1), found))) if contrary else found

    def fix(self, node: int, value: int) -> None:
        self._told[node] = self._constant(self._candidates.nodes[node].type, value)

    def graph(self) -> Graph:
        own = self._candidates.graph
        places: list[int] = []
        for i, n in enumerate(own.nodes):
            places.append(self._told[i] if i in self._told else self._add(self._rewritten(i, n, places)))
        return Graph(tuple(self._nodes), (), own.tables).of([places[root] for root in own.roots])

    def _rewritten(self, i: int, n: Node, places: Sequence[int]) -> Node:
        """A node over what stands for its children; one that takes a side becomes a select."""
        children = tuple(places[c] for c in n.children)
        if n.op == "sel":
            condition = self._told.get(self._candidates.conditions.get(n.children[0], -1), children[0])
            return replace(n, children=(condition, *children[1:]))
        reciprocal = self._told.get(self._candidates.reciprocals.get(i, -1))
        if reciprocal is not None:
            return Node("mul", n.type, (children[0], reciprocal))
        side = self._told.get(self._candidates.sides.get(i, -1))
        if side is None:
            return replace(n, children=children)
        if n.op == "abs":
            return Node("sel", n.type, (side, self._add(Node("neg", n.type, children)), *children))
        return Node("sel", n.type, (side, *(children if "min" in n.op else reversed(children))))

    def _constant(self, type: Scalar, value: int) -> int:
        return self._add(Node("const", type, (), value if type.is_integer else float(value)))

    def _add(self, node: Node) -> int:
        self._nodes.append(node)
        return len(self._nodes) - 1


def _union(place: int, n: Node, below: Sequence[frozenset[int] | None]) -> frozenset[int] | None:
    """The operators that a node needs, itself included; None where they are more than `MOST_OPERATORS`.

    A conversion to a floating type is none.
    """
    known = [b for b in below if b is not None]
    if len(known) < len(below):
        return None
    counts = bool(n.children) and not (n.op == "cast" and not n.type.is_integer)
    operators = frozenset([place] if counts else []).union(*known)
    return operators if len(operators) <= MOST_OPERATORS else None


def _folded(place: int, n: Node, operators: frozenset[int] | None) -> frozenset[int]:
    """Those of what is linear in one argument: a product and a sum at most, as its constants are folded."""
    return operators if operators is not None and len(operators) <= 2 else frozenset([place, n.children[0]])


def _narrower(type: Scalar, source: Scalar) -> bool:
    """Whether an integer of the source may be another one in a type."""
    if not (type.is_integer and source.is_integer) or type.code == "bool":
        return False
    return type.limits[0] > source.limits[0] or type.limits[1] < source.limits[1]


def _differ(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((np.isfinite(a) & np.isfinite(b) & (a != b)).any())


@np.errstate(all="ignore")
def _distinct(values: np.ndarray, kinds: Sequence[Kind], most: int) -> tuple[list[int], list[tuple[float, float]]]:
    """The first columns [n, candidates] that vary and are like no earlier one, and the middle and reach of each."""
    kept: list[int] = []
    spreads: list[tuple[float, float]] = []
    seen: list[np.ndarray] = []
    for k, kind in enumerate(kinds):
        if len(kept) == most:
            break
        column = values[:, k]
        finite = np.isfinite(column)
        if finite.mean() < DEFINED or column[finite].min() == column[finite].max():
            continue
        mid, reach = (0.5, 0.5) if kind == "flag" else _spread(column[finite])
        scaled = np.where(finite, (column - mid) / reach, 0)
        if not 0 < reach < np.inf or np.ptp(scaled) < 1e-9:
            continue
        if any(min(np.abs(scaled - s).max(), np.abs(scaled + s).max()) < 1e-6 for s in seen):
            continue
        kept.append(k)
        spreads.append((mid, reach))
        seen.append(scaled)
    return kept, spreads


def _spread(values: np.ndarray) -> tuple[float, float]:
    """Middle and reach that take values to [-1, 1], or the bulk of them where a few lie far out."""
    low, high = float(values.min()), float(values.max())
    mid, reach = low / 2 + high / 2, high / 2 - low / 2
    centre = float(np.median(values))
    bulk = 3 * float(np.quantile(np.abs(values - centre), 0.9))
    return (centre, bulk) if 0 < bulk < reach / 2 else (mid, reach)
