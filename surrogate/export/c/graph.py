"""A dataflow graph as a C function: every node a constant, what C leaves undefined NaN, loops as loops.

It computes what `cprograms.graph.evaluate` does, both sides of a branch too, so nothing in it may be undefined: signed
sums are those of wider integers, a divisor is never 0, an index lies inside its table. What is undefined is noted
beside the values, in variables `p…`, and only where the bounds of the values do not exclude it.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Sequence

from cprograms.graph import Graph, Node
from cprograms.ops import AFTER, PREDICATES, REPEAT
from cprograms.types import SCALARS, Scalar
from surrogate.export.c.numbers import array, constant
from surrogate.graph.intervals import bounds_of, fits, within
from surrogate.graph.loops import MOST_PASSES
from surrogate.graph.nesting import Loop, nesting

Poison = frozenset[str]
_SIGNS = {"add": "+", "sub": "-", "mul": "*", "div": "/", "mod": "%", "and": "&", "or": "|", "xor": "^"}
_COMPARED = {"lt": "<", "le": "<=", "eq": "==", "ne": "!="}


def function(name: str, graph: Graph, arguments: int) -> str:
    """The definition of `static inline void name(const double *x, double *y)`, from arguments to results, and of what
    it needs before it. `$` stands for the prefix of the file's own names.

    Raises ValueError for a graph that is not executable.
    """
    if not graph.executable:
        raise ValueError("a graph with loop or opaque nodes cannot be computed")
    writer = _Writer(name, graph, arguments)
    for node in range(len(graph.nodes)):
        writer.visit(node)
    results = [writer.result(k, root) for k, root in enumerate(graph.roots)]
    head = f"static inline void {name}(const double *x, double *y) {{\n    (void)x;"
    body = textwrap.indent("\n".join([*writer.lines[None], *results]), "    ")
    return "\n".join([*writer.definitions, head, body, "}"])


def _unsigned(type: Scalar) -> str:
    return SCALARS[f"u{max(type.bits, 32)}"].name


def _whole_range(value: str, type: Scalar) -> str:
    """C that says whether a floating value truncates to one of an integer type; false of NaN."""
    low, high = type.limits
    if type.bits == 64:
        return f"{value} >= {'0.0' if low == 0 else '-9223372036854775808.0'} && {value} < {float(high)!r}"
    return f"{value} > {float(low) - 1!r} && {value} < {float(high) + 1!r}"


class _Writer:
    """Writes one node after the other. `lines` are those of each loop's body, None of what is in none."""

    def __init__(self, name: str, graph: Graph, arguments: int) -> None:
        self._name, self._graph, self._nodes = name, graph, graph.nodes
        self._bounds = bounds_of(graph, arguments)
        self._nesting = nesting(graph)
        self.lines: dict[int | None, list[str]] = defaultdict(list)
        self.definitions = self._tables()
        self._read: dict[int | None, set[str]] = defaultdict(set)  # names that a loop's body reads
        self._home: dict[str, int] = {}  # of names of a loop's body
        self._text: list[str] = []  # of each node: a name, or a number
        self._poison: list[Poison] = []
        self._count = 0

    def result(self, place: int, root: int) -> str:
        undefined = self._any(self._poison[root])
        value = f"(double){self._text[root]}"
        return f"y[{place}] = {f'{undefined} ? NAN : {value}' if undefined else value};"

    def _tables(self) -> list[str]:
        types = {int(n.value): n.type for n in self._nodes if n.op == "lookup"}
        return [
            array(f"{t.name} {self._name}_table{k}[]", (constant(v, t) for v in self._graph.tables[k].tolist()))
            for k, t in sorted(types.items())
        ]

    # --- Names ---

    def _put(self, type: str, name: str, text: str, reads: Iterable[str]) -> str:
        """Define a name in the innermost loop that it reads something of."""
        reads = [r for r in reads if r.isidentifier()]
        loop = self._innermost(reads)
        self.lines[loop].append(f"const {type} {name} = {text};")
        self._note(loop, name, reads)
        return name

    def _note(self, loop: int | None, name: str, reads: Iterable[str]) -> None:
        self._read[loop] |= {*reads}
        if loop is not None:
            self._home[name] = loop

    def _innermost(self, names: Iterable[str]) -> int | None:
        loops = [self._home[n] for n in names if n in self._home]
        return max(loops, key=lambda loop: self._nesting.depth[loop], default=None)

    def _flag(self, text: str, reads: Iterable[str]) -> str:
        """A new name of what says where something is undefined."""
        self._count += 1
        return self._put("int", f"p{self._count}", text, reads)

    @staticmethod
    def _any(poison: Poison) -> str:
        joined = " || ".join(sorted(poison))
        return f"({joined})" if len(poison) > 1 else joined

    # --- Nodes ---

    def visit(self, node: int) -> None:
        n = self._nodes[node]
        self._poison.append(frozenset().union(*(self._poison[c] for c in n.children)))
        self._text.append(f"v{node}")
        if n.op == "const":
            self._text[node] = constant(n.value, n.type)
        elif n.op == "carry":
            self._poison[node] = frozenset()  # what poisons a variable in one pass poisons the loop
            self._home[f"v{node}"] = self._nesting.home[node]
        elif n.op == REPEAT:
            self._repeat(node, self._nesting.loops[node])
        elif n.op == AFTER:
            loop = n.children[0]
            self._define(node, f"v{self._nesting.loops[loop].carried[int(n.value)]}", [f"p_loop{loop}"])
        elif n.op == "arg":
            self._argument(node, n)
        elif n.op == "sel":
            self._select(node, n)
        else:
            given = [self._text[c] for c in n.children]
            text, undefined = self._value(n, given)
            if undefined:
                trap = self._flag(undefined, given)
                self._poison[node] |= {trap}
                text, given = text.replace("<trap>", trap), [*given, trap]
            self._define(node, text, given)

    def _define(self, node: int, text: str, reads: Iterable[str]) -> None:
        self._put(self._nodes[node].type.name, f"v{node}", text, reads)

    def _argument(self, node: int, n: Node) -> None:
        given = f"x[{int(n.value)}]"
        if n.type.kind == "bool":
            self._define(node, f"{given} != 0", [])
        elif not n.type.is_integer:
            self._define(node, given if n.type.bits == 64 else f"(float){given}", [])
        else:
            trap = self._flag(f"!({_whole_range(given, n.type)})", [])
            self._poison[node] |= {trap}
            self._define(node, f"{trap} ? 0 : ({n.type.name}){given}", [trap])

    def _select(self, node: int, n: Node) -> None:
        """A select is undefined where its condition or the branch taken is."""
        condition, yes, no = (self._text[c] for c in n.children)
        of_condition, of_yes, of_no = (self._poison[c] for c in n.children)
        shared = of_yes & of_no
        self._poison[node] = of_condition | shared
        if of_yes != of_no:
            first, second = (self._any(p - shared) or "0" for p in (of_yes, of_no))
            reads = [condition, *(of_yes | of_no) - shared]
            self._poison[node] |= {self._flag(f"{condition} ? {first} : {second}", reads)}
        self._define(node, f"{condition} ? {yes} : {no}", [condition, yes, no])

    def _repeat(self, node: int, loop: Loop) -> None:
        """A loop: its variables before it, and passes until none follows, one is undefined, or they are too many."""
        entered = self._text[loop.entered]
        before = [self._text[self._nodes[c].children[0]] for c in loop.carried]
        poison = frozenset().union(*(self._poison[c] for c in (loop.again, *loop.following)))
        following = [self._text[c] for c in loop.following]
        again, trap = self._text[loop.again], f"p_loop{node}"
        mine = {name for name, home in self._home.items() if home == node}
        reads = {entered, *before, *following, again, *poison, *self._read[node]} - mine
        around = self._innermost(reads)
        names = [f"v{c}" for c in loop.carried]
        types = [self._nodes[c].type.name for c in loop.carried]
        variables = list(zip(types, names, before, following, strict=True))
        body = [
            *self.lines[node],
            *(f"const {type} next_{name} = {value};" for type, name, _, value in variables),
            f"const int again = {again} != 0;",
            *([f"{trap} = {self._any(poison)};"] if poison else []),
            *(f"{name} = next_{name};" for name in names),
            *([f"if ({trap}) break;"] if poison else []),
            "if (!again) break;",
            f"if (++passes == {MOST_PASSES}) {{ {trap} = 1; break; }}",
        ]
        self.lines[around] += [
            *(f"{type} {name} = {value};" for type, name, value, _ in variables),
            f"int {trap} = 0;",
            f"if ({entered}) for (int passes = 0;;) {{",
            *(f"    {line}" for line in body),
            "}",
        ]
        for name in [trap, *names]:
            self._home.pop(name, None)
            self._note(around, name, [r for r in reads if r.isidentifier()])
        self._poison[node] = frozenset({trap}).union(
            self._poison[loop.entered], *(self._poison[self._nodes[c].children[0]] for c in loop.carried)
        )

    # --- Operators: their C, and where it is undefined, or "" ---

    def _value(self, n: Node, given: Sequence[str]) -> tuple[str, str]:
        a, b = given[0], given[-1]
        if n.op in _COMPARED:
            return f"{a} {_COMPARED[n.op]} {b}", ""
        if n.op in ("min", "max"):
            return f"{a} {'<' if n.op == 'min' else '>'} {b} ? {a} : {b}", ""
        if n.op == "cast":
            return self._cast(n, a)
        if n.op == "bitcast":
            return self._bitcast(n, a), ""
        if n.op == "lookup":
            return self._lookup(n, a)
        if n.op in PREDICATES:
            return f"{n.op}({a}) != 0", ""
        if not n.type.is_integer:
            return self._floating(n, given), ""
        if n.op in ("shl", "shr"):
            return self._shift(n, a, b)
        if n.op in ("div", "mod"):
            return self._divide(n, a, b)
        if n.op in ("and", "or", "xor"):
            return f"({n.type.name})({a} {_SIGNS[n.op]} {b})", ""
        if n.op == "not":
            return f"({n.type.name})~{a}", ""
        return self._arithmetic(n, a, b)

    @staticmethod
    def _floating(n: Node, given: Sequence[str]) -> str:
        if n.op in _SIGNS:
            return f"{given[0]} {_SIGNS[n.op]} {given[1]}"
        if n.op == "neg":
            return f"-{given[0]}"
        name = "fabs" if n.op == "abs" else n.op
        return f"{name}{'f' if n.type.bits == 32 else ''}({', '.join(given)})"

    def _cast(self, n: Node, a: str) -> tuple[str, str]:
        source = self._nodes[n.children[0]].type
        if n.type.kind == "bool":
            return f"{a} != 0", ""
        plain = f"({n.type.name}){a}"
        if not n.type.is_integer or source.is_integer:
            return plain, ""
        if n.type.bits < 64 and within(self._bounds.of(n.children[0]), *n.type.limits):
            return plain, ""
        return f"<trap> ? 0 : {plain}", f"!({_whole_range(a, n.type)})"

    def _bitcast(self, n: Node, a: str) -> str:
        source = self._nodes[n.children[0]].type
        name = f"$bits_{source.code}_{n.type.code}"
        text = (
            f"#ifndef DEFINED_{name}\n#define DEFINED_{name}\n"
            f"static inline {n.type.name} {name}({source.name} from) {{\n"
            f"    union {{ {source.name} from; {n.type.name} to; }} bits;\n"
            "    bits.from = from;\n    return bits.to;\n}\n#endif"
        )
        if text not in self.definitions:
            self.definitions.append(text)
        return f"{name}({a})"

    def _lookup(self, n: Node, index: str) -> tuple[str, str]:
        name, size = f"{self._name}_table{int(n.value)}", len(self._graph.tables[int(n.value)])
        if within(self._bounds.of(n.children[0]), 0, size - 1):
            return f"{name}[{index}]", ""
        negative = f"{index} < 0 || " if self._nodes[n.children[0]].type.kind == "int" else ""
        return f"{name}[<trap> ? 0 : {index}]", f"{negative}{index} >= {size}"

    def _shift(self, n: Node, a: str, count: str) -> tuple[str, str]:
        counted = self._nodes[n.children[1]].type
        safe = within(self._bounds.of(n.children[1]), 0, n.type.bits - 1)
        by = count if safe else f"(<trap> ? 0 : {count})"
        negative = f"{count} < 0 || " if counted.kind == "int" else ""
        trap = "" if safe else f"{negative}{count} >= {n.type.bits}"
        if n.op == "shr":
            return f"({n.type.name})({a} >> {by})", trap
        return f"({n.type.name})(({_unsigned(n.type)}){a} << {by})", trap

    def _divide(self, n: Node, a: str, b: str) -> tuple[str, str]:
        of_a, of_b = (self._bounds.of(c) for c in n.children)
        low = n.type.limits[0]
        traps = []
        if of_b is None or of_b[0] <= 0 <= of_b[1]:
            traps.append(f"{b} == 0")
        if n.type.kind == "int" and not (within(of_a, low + 1, -low) or within(of_b, 0, -low)):
            traps.append(f"({a} == {constant(int(low), n.type)} && {b} == -1)")
        quotient = f"({n.type.name})({a} {_SIGNS[n.op]} {b})"
        return (f"<trap> ? 0 : {quotient}", " || ".join(traps)) if traps else (quotient, "")

    def _arithmetic(self, n: Node, a: str, b: str) -> tuple[str, str]:
        """Sums, products and signs of integers."""
        exact = fits(self._bounds, n)
        unary = n.op in ("neg", "abs")
        if unary and n.type.kind == "int" and not exact:
            least = constant(int(n.type.limits[0]), n.type)
            return self._signed(n.op, n.type, f"(<trap> ? 0 : {a})"), f"{a} == {least}"
        if unary:
            return self._signed(n.op, n.type, a), ""
        sign = _SIGNS[n.op]
        if exact:
            return f"({n.type.name})({a} {sign} {b})", ""
        unsigned = f"(({_unsigned(n.type)}){a} {sign} ({_unsigned(n.type)}){b})"
        if n.type.kind != "int":
            return f"({n.type.name}){unsigned}", ""
        value = f"({n.type.name}){unsigned}"
        if n.type.bits < 64:
            wide = f"((long long){a} {sign} (long long){b})"
            low, high = (constant(int(end), n.type) for end in n.type.limits)
            return value, f"{wide} < {low} || {wide} > {high}"
        if n.op == "mul":  # a double is exact enough to tell an overflow from a value within 2^10 of the limit
            return value, f"fabs((double){a} * (double){b} - (double){value}) > 4294967296.0"
        flipped = f"({a} ^ {b if n.op == 'sub' else value}) & ({a if n.op == 'sub' else b} ^ {value})"
        return value, f"({flipped}) < 0"

    @staticmethod
    def _signed(op: str, type: Scalar, a: str) -> str:
        minus = f"({type.name})-{a}" if type.kind == "int" else f"({type.name})(0u - {a})"
        return minus if op == "neg" else a if type.kind != "int" else f"{a} < 0 ? {minus} : {a}"
