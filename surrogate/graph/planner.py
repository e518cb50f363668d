"""From a graph to the plan of its steps.

`Planner` walks through the nodes and emits steps. A node has a register for each kind in which it is needed (see
`surrogate.graph.operators`), and a set of registers that say where undefined behaviour poisons it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from cprograms.graph import Graph, Node
from cprograms.ops import AFTER, PREDICATES, REPEAT
from cprograms.types import Scalar
from surrogate.graph import operators as o
from surrogate.graph.intervals import bounds_of, fits, within
from surrogate.graph.loops import Repeat
from surrogate.graph.nesting import nesting
from surrogate.graph.operators import Compute, Kind
from surrogate.graph.plan import Plan, Result, Step, follow, over_registers

Poison = frozenset[int]
CLEAN: Poison = frozenset()
_LINEAR = frozenset("add sub neg sel cast min max floor ceil trunc round rint".split())
"""Their derivatives are finite whatever their operands are, so that they need not be kept silent."""
_CONVERSIONS: dict[tuple[Kind, Kind], Compute] = {
    ("flag", "whole"): torch.Tensor.long,
    ("flag", "real"): torch.Tensor.double,
    ("whole", "real"): torch.Tensor.double,
    ("real", "whole"): torch.Tensor.long,
    ("whole", "flag"): lambda v: torch.ne(v, 0),
    ("real", "flag"): lambda v: torch.ne(v, 0),
}


class _Emission(NamedTuple):
    """A step before it is known what is dead after it; a loop computes with all registers, and writes more."""

    out: int
    compute: Compute | Repeat
    reads: tuple[int, ...]
    silent: bool
    writes: tuple[int, ...] = ()


class Planner:
    """Emits the steps of a graph. `learnable` are constant nodes; `smooth` is the temperature of selects, if any."""

    def __init__(self, graph: Graph, arguments: int, learnable: Sequence[int], smooth: float | None) -> None:
        self._graph, self._nodes, self._smooth = graph, graph.nodes, smooth
        self._bounds = bounds_of(graph, arguments, learnable)
        self._branches = _in_branches(graph)
        self._size = arguments + len(learnable)
        self._numbers: dict[tuple[str, Kind], tuple[int, Tensor]] = {}
        self._nesting = nesting(graph)
        self._emitted: dict[int | None, list[_Emission]] = {None: []}  # by the loop whose body they are in
        self._loop: dict[int, int] = {}  # of registers that are computed in one
        self._kinds: list[Kind | None] = []  # None of a constant, which is of every kind
        self._steep: list[bool] = []  # whether a gradient may flow through an integer
        self._poison: list[Poison] = []
        self._same: dict[int, int] = {}  # nodes that hold what another one holds
        self._at: dict[tuple[int, Kind], int] = {(c, "f64"): arguments + k for k, c in enumerate(learnable)}
        self._any: dict[Poison, int] = {}
        self._left: dict[int, list[int]] = {}  # the registers of a loop's variables after it
        self._weights: dict[int, int | None] = {}
        self._silent = False  # whether what is emitted now lies in a branch

    def plan(self) -> Plan:
        for node in range(len(self._nodes)):
            self._visit(node)
        results = [self._result(root) for root in self._graph.roots]
        steps = self._steps(None, {register for result in results for register in result if register is not None})
        return Plan(self._size, list(self._numbers.values()), steps, results)

    def _steps(self, loop: int | None, kept: set[int]) -> list[Step]:
        """The steps of a loop's body, or of what is in none; `kept` are the registers that are read after them."""
        emitted = self._emitted[loop]
        last = {register: k for k, e in enumerate(emitted) for register in e.reads}
        mine = {register for e in emitted for register in (e.out, *e.writes)} - kept
        steps = []
        for k, e in enumerate(emitted):
            dead = tuple(sorted({r for r in e.reads if last[r] == k and r in mine}))
            run = e.compute if isinstance(e.compute, Repeat) else over_registers(e.compute, e.reads)
            steps.append(Step(e.out, run, e.reads, dead, e.silent))
        return steps

    # --- Registers ---

    def _emit(self, compute: Compute, *reads: int) -> int:
        """A step of the innermost loop that it reads something of; returns its register."""
        loop = self._innermost(reads)
        self._emitted[loop].append(_Emission(self._size, compute, reads, self._silent))
        return self._new(loop)

    def _new(self, loop: int | None) -> int:
        if loop is not None:
            self._loop[self._size] = loop
        self._size += 1
        return self._size - 1

    def _innermost(self, registers: Iterable[int]) -> int | None:
        loops = [self._loop[r] for r in registers if r in self._loop]
        return max(loops, key=lambda loop: self._nesting.depth[loop], default=None)

    def _number(self, value: float, kind: Kind) -> int:
        key = (repr(value), kind)
        if key not in self._numbers:
            if kind == "whole" and value >= 2**63:
                value -= 2**64  # the bits of an unsigned number
            self._numbers[key] = (self._size, torch.tensor(value, dtype=o.DTYPES[kind]))
            self._size += 1
        return self._numbers[key][0]

    def _fetch(self, node: int, kind: Kind) -> int:
        """The register of a node's values in one kind."""
        node = self._same.get(node, node)
        if (node, kind) not in self._at:
            n, source = self._nodes[node], self._kinds[node]
            if source is not None:
                found = self._emit(_CONVERSIONS[source, kind], self._at[node, source])
            elif (node, "f64") in self._at:  # a learnable one, of type float
                found = self._emit(torch.Tensor.float, self._at[node, "f64"])
            else:
                found = self._number(n.value, kind)
            self._at[node, kind] = found
        return self._at[node, kind]

    def _union(self, poison: Poison) -> int | None:
        """The register of where any of these registers poisons."""
        if not poison:
            return None
        if poison not in self._any:
            first, *others = sorted(poison)
            for other in others:
                first = self._emit(torch.bitwise_or, first, other)
            self._any[poison] = first
        return self._any[poison]

    # --- Nodes ---

    def _visit(self, node: int) -> None:
        n = self._nodes[node]
        self._silent = node in self._branches and n.op not in _LINEAR
        self._kinds.append(None)
        self._steep.append(False)
        self._poison.append(CLEAN.union(*(self._poison[c] for c in n.children)))
        if n.op == "const":
            return
        if n.op == "arg":
            self._argument(node, n)
        elif n.op == "carry":
            self._carry(node, n)
        elif n.op == REPEAT:
            self._repeat(node)
        elif n.op == AFTER:
            loop, number = n.children[0], int(n.value)
            carry = self._nesting.loops[loop].carried[number]
            self._set(node, self._kind(carry), self._left[loop][number], steep=self._steep[carry])
        elif n.op in o.COMPARED:
            self._set(node, "flag", self._compare(n))
        elif n.op == "sel":
            self._select(node, n)
        elif n.op == "cast":
            self._cast(node, n, *n.children)
        elif n.op == "bitcast":
            self._bitcast(node, n, *n.children)
        elif n.op == "lookup":
            self._lookup(node, n)
        elif n.op in o.MATH:
            self._math(node, n)
        elif not n.type.is_integer:
            kind = _floating(n.type)
            self._set(node, kind, self._emit(o.FLOATING[n.op], *(self._fetch(c, kind) for c in n.children)))
        else:
            self._integer(node, n)

    def _set(self, node: int, kind: Kind, register: int, trap: int | None = None, steep: bool = False) -> None:
        self._kinds[node], self._at[node, kind], self._steep[node] = kind, register, steep
        if trap is not None:
            self._poison[node] |= {trap}

    def _hold_same(self, node: int, other: int) -> None:
        other = self._same.get(other, other)
        self._same[node], self._kinds[node], self._steep[node] = other, self._kinds[other], self._steep[other]

    def _argument(self, node: int, n: Node) -> None:
        column = int(n.value)
        if not n.type.is_integer:
            kind = _floating(n.type)
            self._set(node, kind, column if kind == "f64" else self._emit(torch.Tensor.float, column))
        elif n.type.code == "bool":
            self._set(node, "flag", self._emit(lambda v: torch.ne(v, 0), column))
        elif n.type.bits == 64:
            self._to_wide(node, n, column)
        else:
            value = self._emit(o.truncated, column)
            self._set(node, "real", value, self._emit(o.outside(*n.type.limits), value), steep=True)

    # --- Loops ---

    def _carry(self, node: int, n: Node) -> None:
        loop = self._nesting.home[node]
        self._emitted.setdefault(loop, [])
        kind: Kind = "flag" if n.type.code == "bool" else "real"
        if n.type.bits == 64 or not n.type.is_integer:
            kind = "whole" if n.type.is_integer else _floating(n.type)
        self._poison[node] = CLEAN  # what poisons a variable in one pass poisons the loop
        self._set(node, kind, self._new(loop), steep=kind == "real")

    def _kind(self, node: int) -> Kind:
        kind = self._kinds[node]
        assert kind is not None
        return kind

    def _repeat(self, node: int) -> None:
        loop = self._nesting.loops[node]
        kinds = [self._kind(c) for c in loop.carried]
        first = [self._nodes[c].children[0] for c in loop.carried]
        following = [self._fetch(f, kind) for f, kind in zip(loop.following, kinds, strict=True)]
        again = self._fetch(loop.again, "flag")
        poison = self._union(CLEAN.union(*(self._poison[c] for c in (loop.again, *loop.following))))
        entered = self._fetch(loop.entered, "flag")
        before = [self._fetch(f, kind) for f, kind in zip(first, kinds, strict=True)]
        carried = [self._at[c, kind] for c, kind in zip(loop.carried, kinds, strict=True)]
        kept = {*following, again, *([] if poison is None else [poison])}
        body = self._steps(node, kept)
        mine = {register for e in self._emitted[node] for register in (e.out, *e.writes)} | {*carried}
        read = sorted({r for r in {*kept, *(r for e in self._emitted[node] for r in e.reads)} if r not in mine})
        around = self._innermost([entered, *before, *read])
        left = [self._new(around) for _ in carried]
        repeat = Repeat(
            lambda r: follow(body, r), entered, tuple(before), tuple(carried), tuple(following), again, poison,
            tuple(read), tuple(left),
        )  # fmt: skip
        reads = tuple(dict.fromkeys([entered, *before, *read]))
        trap = self._new(around)
        self._emitted[around].append(_Emission(trap, repeat, reads, False, tuple(left)))
        self._left[node] = left
        self._poison[node] = CLEAN.union({trap}, self._poison[loop.entered], *(self._poison[f] for f in first))

    def _math(self, node: int, n: Node) -> None:
        kind = _floating(self._nodes[n.children[0]].type)
        exponent = _whole_exponent(self._nodes, n)
        if exponent is not None:
            value = self._emit(lambda x: torch.pow(x, exponent), self._fetch(n.children[0], kind))
        else:
            value = self._emit(o.MATH[n.op], *(self._fetch(c, kind) for c in n.children))
        self._set(node, "flag" if n.op in PREDICATES else kind, value)

    def _lookup(self, node: int, n: Node) -> None:
        table, index = self._graph.tables[int(n.value)], n.children[0]
        at = self._fetch(index, "whole")
        kind: Kind = _floating(n.type) if not n.type.is_integer else "flag" if n.type.code == "bool" else "real"
        if n.type.bits == 64 and n.type.is_integer:
            kind, table = "whole", table.view(np.int64)
        value = self._emit(o.entry(torch.from_numpy(table.copy()).to(o.DTYPES[kind])), at)
        inside = within(self._bounds.of(index), 0, len(table) - 1)
        self._set(node, kind, value, None if inside else self._emit(o.outside(0, len(table) - 1), at))

    # --- Conditions ---

    def _compare(self, n: Node) -> int:
        a, b = n.children
        type = self._nodes[a].type
        if not type.is_integer:
            kind = _floating(type)
            return self._emit(o.COMPARED[n.op], self._fetch(a, kind), self._fetch(b, kind))
        if type.code == "u64" and n.op in ("lt", "le"):
            return self._emit(o.unsigned_compared(n.op), self._fetch(a, "whole"), self._fetch(b, "whole"))
        kind = self._common(n.children, flags=True)
        for flag, other in ((a, b), (b, a)):
            number = self._number_of(other)
            if kind == "flag" and n.op in ("eq", "ne") and number is not None:
                same = (n.op == "eq") == bool(number)
                return self._fetch(flag, "flag") if same else self._emit(torch.bitwise_not, self._fetch(flag, "flag"))
        return self._emit(o.COMPARED[n.op], self._fetch(a, kind), self._fetch(b, kind))

    def _number_of(self, node: int) -> float | None:
        n = self._nodes[node]
        return n.value if n.op == "const" else None

    def _common(self, nodes: Sequence[int], flags: bool = False) -> Kind:
        """The kind in which integers are computed with. Flags stay flags only where they may."""
        if any(self._nodes[c].type.bits == 64 for c in nodes):
            return "whole"
        kinds = {self._kinds[c] for c in nodes} - {None}
        numbers = [number for c in nodes if (number := self._number_of(c)) is not None]
        if flags and kinds <= {"flag"} and all(number in (0, 1) for number in numbers):
            return "flag"
        return "whole" if "whole" in kinds and "real" not in kinds else "real"

    def _select(self, node: int, n: Node) -> None:
        condition, yes, no = n.children
        flag = self._fetch(condition, "flag")
        self._poison[node] = self._selected_poison(flag, *(self._poison[c] for c in n.children))
        if not n.type.is_integer:
            kind = _floating(n.type)
            sides = self._fetch(yes, kind), self._fetch(no, kind)
            weight = None if self._smooth is None else self._weight(condition)
            if weight is None:
                self._set(node, kind, self._emit(torch.where, flag, *sides))
            else:
                self._set(node, kind, self._blend(weight, flag, sides, (yes, no)))
            return
        kind = self._common((yes, no), flags=True)
        value = self._selected_flag(flag, yes, no) if kind == "flag" else None
        if value is None:
            value = self._emit(torch.where, flag, self._fetch(yes, kind), self._fetch(no, kind))
        self._set(node, kind, value, steep=self._steep[yes] or self._steep[no])

    def _selected_flag(self, flag: int, yes: int, no: int) -> int | None:
        """`a && b` and the like, where one side is constant."""
        first, second = self._number_of(yes), self._number_of(no)
        if second == 0:
            return self._emit(torch.bitwise_and, flag, self._fetch(yes, "flag"))
        if first == 1:
            return self._emit(torch.bitwise_or, flag, self._fetch(no, "flag"))
        if first == 0:
            return self._emit(lambda c, f: torch.bitwise_and(torch.bitwise_not(c), f), flag, self._fetch(no, "flag"))
        return None

    def _selected_poison(self, flag: int, condition: Poison, yes: Poison, no: Poison) -> Poison:
        """A select is poisoned by its condition and by the branch taken."""
        shared = yes & no
        first, second = self._union(yes - shared), self._union(no - shared)
        if first is None and second is None:
            return condition | shared
        if second is None and first is not None:
            taken = self._emit(torch.bitwise_and, flag, first)
        elif first is None and second is not None:
            taken = self._emit(lambda c, p: torch.bitwise_and(torch.bitwise_not(c), p), flag, second)
        else:
            assert first is not None
            assert second is not None
            taken = self._emit(torch.where, flag, first, second)
        return condition | shared | {taken}

    # --- Smooth selects ---

    def _weight(self, node: int) -> int | None:
        """The register of how far a condition holds, 0 … 1, float64; None where it is as hard as without `smooth`."""
        node = self._same.get(node, node)
        if node not in self._weights:
            self._weights[node] = self._softened(self._nodes[node])
        return self._weights[node]

    def _softened(self, n: Node) -> int | None:
        if n.op in ("lt", "le"):
            type, temperature = self._nodes[n.children[0]].type, self._smooth
            if type.code == "u64" or temperature is None:
                return None
            kind: Kind = "real" if type.is_integer else _floating(type)
            a, b = (self._fetch(c, kind) for c in n.children)
            return self._emit(lambda a, b: torch.sigmoid((b - a).double() / temperature), a, b)
        if n.op in ("eq", "ne"):
            for flag, other in (n.children, n.children[::-1]):
                if self._kinds[flag] == "flag" and self._number_of(other) in (0, 1):
                    weight, same = self._weight(flag), (n.op == "eq") == bool(self._number_of(other))
                    return weight if weight is None or same else self._emit(lambda w: 1 - w, weight)
            return None
        if n.op in ("and", "or", "sel") and all(self._kinds[c] in (None, "flag") for c in n.children):
            return self._combined(n)
        return None

    def _combined(self, n: Node) -> int | None:
        soft = [self._weight(c) if self._kinds[c] == "flag" else None for c in n.children]
        if all(w is None for w in soft):
            return None
        weights = [self._fetch(c, "real") if w is None else w for c, w in zip(n.children, soft, strict=True)]
        if n.op == "and":
            return self._emit(torch.mul, *weights)
        if n.op == "or":
            return self._emit(lambda a, b: a + b - a * b, *weights)
        return self._emit(lambda c, yes, no: c * yes + (1 - c) * no, *weights)

    def _blend(self, weight: int, flag: int, sides: tuple[int, int], nodes: tuple[int, int]) -> int:
        """Both sides by weight, but where one is not finite or undefined the one that C takes."""
        undefined = self._union(self._poison[nodes[0]] | self._poison[nodes[1]])

        def compute(w: Tensor, c: Tensor, yes: Tensor, no: Tensor, *poison: Tensor) -> Tensor:
            usable = torch.isfinite(yes) & torch.isfinite(no)
            for mask in poison:
                usable = usable & ~mask
            mixed = no + w.to(no.dtype) * (yes - no)
            return torch.where(usable, mixed, torch.where(c, yes, no))

        self._silent = True
        return self._emit(compute, weight, flag, *sides, *([] if undefined is None else [undefined]))

    # --- Conversions ---

    def _cast(self, node: int, n: Node, child: int) -> None:
        source, target = self._nodes[child].type, n.type
        if not target.is_integer:
            self._set(node, _floating(target), self._to_floating(child, source, _floating(target)))
        elif target.code == "bool":
            kind = _floating(source) if not source.is_integer else None
            if kind is not None:
                self._set(node, "flag", self._emit(lambda v: torch.ne(v, 0), self._fetch(child, kind)))
            else:
                self._set(node, "flag", self._fetch(child, "flag"))
        elif not source.is_integer:
            self._truncate(node, n, child)
        elif self._kinds[child] == "flag" and target.bits < 64:
            self._hold_same(node, child)
        elif target.bits == 64:
            self._set(node, "whole", self._fetch(child, "whole"))
        else:
            self._narrow(node, n, child)

    def _bitcast(self, node: int, n: Node, child: int) -> None:
        source = self._nodes[child].type
        if n.type.is_integer:
            bits = self._emit(o.bits_of(n.type.bits, n.type.kind == "int"), self._fetch(child, _floating(source)))
            self._set(node, "whole", bits)
        else:
            self._set(node, _floating(n.type), self._emit(o.of_bits(n.type.bits), self._fetch(child, "whole")))

    def _to_floating(self, child: int, source: Scalar, kind: Kind) -> int:
        dtype = o.DTYPES[kind]
        if not source.is_integer:
            return self._emit(lambda v: v.to(dtype), self._fetch(child, _floating(source)))
        held = self._kinds[child] or "whole"
        if source.code == "u64":
            return self._emit(o.unsigned_to_floating(dtype), self._fetch(child, "whole"))
        if held == "real":
            return self._emit(lambda v: o.known_sign(v).to(dtype), self._fetch(child, "real"))
        return self._emit(lambda v: v.to(dtype), self._fetch(child, held))

    def _truncate(self, node: int, n: Node, child: int) -> None:
        """A floating number as an integer."""
        kind = _floating(self._nodes[child].type)
        given = self._fetch(child, kind)
        if n.type.bits == 64:
            self._to_wide(node, n, given)
            return
        value = self._emit(lambda v: o.towards_zero(v.double()), given)
        inside = within(self._bounds.of(child), *n.type.limits)
        self._set(node, "real", value, None if inside else self._emit(o.outside(*n.type.limits), value))

    def _to_wide(self, node: int, n: Node, given: int) -> None:
        """A floating number as an integer of 64 bits."""
        value = self._emit(lambda v: o.towards_zero(v.detach().double()), given)
        low, end = (0.0, 2.0**64) if n.type.kind == "uint" else (-(2.0**63), 2.0**63)
        trap = self._emit(o.beyond(low, end), value)
        whole = self._emit(o.floating_to_unsigned if n.type.kind == "uint" else torch.Tensor.long, value)
        self._set(node, "whole", whole, trap)

    def _narrow(self, node: int, n: Node, child: int) -> None:
        """An integer as one of at most 32 bits: modulo 2^bits."""
        low, high = n.type.limits
        if within(self._bounds.of(child), low, high):  # so the bits of a 64-bit number are the number
            self._hold_same(node, child)
            return
        kind = self._kinds[child] or "whole"
        wrap = o.wrap_real(low, n.type.bits) if kind == "real" else o.wrap_whole(int(low), n.type.bits)
        self._set(node, kind, self._emit(wrap, self._fetch(child, kind)), steep=self._steep[child])

    def _result(self, root: int) -> Result:
        type = self._nodes[root].type
        held: Kind = self._kinds[root] or (_floating(type) if not type.is_integer else "whole")
        value = self._fetch(root, held)
        if held != "f64":
            value = self._to_floating(root, type, "f64")
        return Result(value, self._union(self._poison[root]))

    # --- Integers ---

    def _integer(self, node: int, n: Node) -> None:
        if n.op in ("shl", "shr"):
            self._shift(node, n)
        elif n.op in ("and", "or", "xor", "not"):
            self._bits(node, n)
        elif n.type.bits == 64:
            self._wide(node, n)
        elif n.op in ("div", "mod"):
            self._divide(node, n)
        else:
            self._arithmetic(node, n)

    def _bits(self, node: int, n: Node) -> None:
        kind: Kind = self._common(n.children, flags=n.op != "not")
        kind = "flag" if kind == "flag" else "whole"
        value = self._emit(o.BITS[n.op], *(self._fetch(c, kind) for c in n.children))
        if n.op == "not" and n.type.kind == "uint" and n.type.bits < 64:
            value = self._emit(o.wrap_whole(0, n.type.bits), value)
        self._set(node, kind, value)

    def _shift(self, node: int, n: Node) -> None:
        a, count = (self._fetch(c, "whole") for c in n.children)
        bits = n.type.bits
        if n.op == "shr":
            value = self._emit(o.right_unsigned if n.type.code == "u64" else o.right, a, count)
        else:
            value = self._emit(o.left, a, count)
            if bits < 64 and not fits(self._bounds, n):
                value = self._emit(o.wrap_whole(int(n.type.limits[0]), bits), value)
        self._set(node, "whole", value)
        if not within(self._bounds.of(n.children[1]), 0, bits - 1):
            self._poison[node] |= {self._emit(o.outside(0, bits - 1), count)}

    def _divide(self, node: int, n: Node) -> None:
        a, b = (self._fetch(c, "real") for c in n.children)
        compute: Compute = o.quotient if n.op == "div" else o.modulo
        steep = n.op == "mod" and any(self._steep[c] for c in n.children)
        self._set(node, "real", self._emit(compute, a, b), steep=steep)
        numerator, divisor = (self._bounds.of(c) for c in n.children)
        if divisor is None or divisor[0] <= 0 <= divisor[1]:
            self._poison[node] |= {self._emit(lambda b: torch.eq(b, 0), b)}
        low = n.type.limits[0]
        if n.type.kind == "int" and not (within(numerator, low + 1, -low) or within(divisor, 0, -low)):
            self._poison[node] |= {self._emit(lambda a, b: (a == low) & (b == -1), a, b)}

    def _arithmetic(self, node: int, n: Node) -> None:
        """Sums, products, signs and extrema of at most 32 bits."""
        steep = any(self._steep[c] for c in n.children)
        kind, exact = self._common(n.children), fits(self._bounds, n)
        if n.op in ("min", "max"):
            compute: Compute = o.smaller if n.op == "min" else o.larger
            self._set(node, kind, self._emit(compute, *(self._fetch(c, kind) for c in n.children)), steep=steep)
            return
        product = n.op == "mul" and n.type.kind != "int" and not exact
        if product and not steep:
            kind = "whole"
        reads = [self._fetch(c, kind) for c in n.children]
        if product and kind == "real":
            self._set(node, kind, self._emit(o.wrapped_product(n.type.bits), *reads), steep=steep)
            return
        value, trap = self._emit(o.FLOATING[n.op], *reads), None
        low, high = n.type.limits
        if not exact and n.type.kind == "int":
            trap = self._emit(o.outside(low, high), value)
        elif not exact:
            wrap = o.wrap_real(low, n.type.bits) if kind == "real" else o.wrap_whole(int(low), n.type.bits)
            value = self._emit(wrap, value)
        self._set(node, kind, value, trap, steep)

    def _wide(self, node: int, n: Node) -> None:
        """Arithmetic of 64 bits."""
        signed = n.type.kind == "int"
        reads = [self._fetch(c, "whole") for c in n.children]
        if n.op in ("min", "max"):
            less = torch.lt if signed else o.unsigned_compared("lt")
            order = slice(None) if n.op == "min" else slice(None, None, -1)
            chosen = self._emit(less, *reads[order])
            self._set(node, "whole", self._emit(torch.where, chosen, *reads))
        elif n.op in ("div", "mod"):
            trap = self._emit(o.signed_division_trap if signed else lambda a, b: torch.eq(b, 0), *reads)
            self._set(node, "whole", self._emit(_WIDE_DIVISION[n.op, signed], *reads), trap)
        elif n.op in ("neg", "abs"):
            trap_ = self._emit(lambda a: torch.eq(a, o.LEAST), *reads) if signed else None
            self._set(node, "whole", self._emit(o.FLOATING[n.op], *reads), trap_)
        else:
            value = self._emit(o.FLOATING[n.op], *reads)
            self._set(node, "whole", value, self._emit(o.signed_overflow(n.op), *reads, value) if signed else None)


_WIDE_DIVISION = {
    ("div", True): o.signed_quotient,
    ("mod", True): o.signed_modulo,
    ("div", False): o.unsigned_quotient,
    ("mod", False): o.unsigned_modulo,
}


def _floating(type: Scalar) -> Kind:
    return "f64" if type.bits == 64 else "f32"


def _whole_exponent(nodes: Sequence[Node], n: Node) -> float | None:
    """The exponent of a power where it is a whole number: part of the program's shape, and not learnable."""
    exponent = nodes[n.children[1]] if n.op == "pow" else None
    if exponent is None or exponent.op != "const" or not float(exponent.value).is_integer():
        return None
    return float(exponent.value)


def _in_branches(graph: Graph) -> set[int]:
    """The nodes that a select or an extremum may ignore: they, or what they are computed into."""
    found: set[int] = set()
    for k in range(len(graph.nodes) - 1, -1, -1):
        n = graph.nodes[k]
        if n.op in ("sel", "min", "max", "fmin", "fmax") or k in found:
            found.update(n.children[1:] if n.op == "sel" and k not in found else n.children)
    return found
