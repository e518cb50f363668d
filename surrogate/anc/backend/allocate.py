"""Registers: every value, constant and jump target gets a register of the machine, as few as a greedy colouring needs.

Constants and jump targets live from the start of the program to their last use, in the initial value of a register that
later values may take over. Two things may share a register unless one is written while the other is live; having the
same initial value is no conflict. A zero that nobody wants goes to a register that is dead or holds zero at that point.
"""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.anc.assembly import Assembly
from surrogate.anc.backend.code import Code, Label, Operand
from surrogate.anc.instructions import GIVES_ZERO, Instruction
from surrogate.anc.ir import Constant, Register

Node = Register | Constant
Graph = dict[Node, set[Node]]


@dataclass(frozen=True)
class DoesNotFitError(Exception):
    """A program that needs more `what` ("lines" of the memory, or "registers") than it is allowed."""

    what: str
    needed: int
    allowed: int

    def __str__(self) -> str:
        return f"the program needs {self.needed} {self.what}, and has {self.allowed}"


def allocate(code: Code, memory_size: int, max_registers: int | None = None) -> Assembly:
    """The program that the code spells. Raises DoesNotFitError where lines or registers do not suffice."""
    if len(code.lines) > memory_size:
        raise DoesNotFitError("lines", len(code.lines), memory_size)
    nodes = [tuple(_node(code, value) for value in (line.a, line.b, line.out)) for line in code.lines]
    live = [frozenset(_node(code, value) for value in after) for after in code.live_after()]
    initial = _initial_values(code, nodes, live)
    colours = _colour(_conflicts(nodes, live, initial))
    outs = [
        _spare(colours, live[index], _zeros_after(code)[index]) if line.has_free_zero else colours.get(nodes[index][2])
        for index, line in enumerate(code.lines)
    ]
    places = [(colours.get(a), colours.get(b), out) for (a, b, _), out in zip(nodes, outs, strict=True)]
    return _assembly(
        code, places, {colours[node]: value for node, value in initial.items()}, memory_size, max_registers
    )


def _assembly(code: Code, places: list, initial: dict[int, int], memory_size: int, limit: int | None) -> Assembly:
    """The program, its registers numbered in the order in which it looks at them."""
    seen = [place for line in places for place in line if place is not None]
    number: dict[int | None, int | None] = {place: i for i, place in enumerate(dict.fromkeys(seen))}
    if limit is not None and len(number) > limit:
        raise DoesNotFitError("registers", len(number), limit)
    registers = tuple(initial.get(place) for place in number if place is not None) or (None,)
    instructions = [
        Instruction(line.op, *(number.get(place) for place in of_line))
        for line, of_line in zip(code.lines, places, strict=True)
    ]
    return Assembly(memory_size, registers, tuple(instructions))


def _node(code: Code, value: Operand | None) -> Node | None:
    """Jump targets are constants by now."""
    return Constant(code.labels[value.number]) if isinstance(value, Label) else value


def _initial_values(code: Code, nodes: list, live: list[frozenset]) -> dict[Node, int]:
    """The value that each node which is looked at before anything writes it starts with."""
    a, b, out = nodes[0]
    before = {node for node in (a, b, *live[0]) if node is not None and (node != out or node in (a, b))}
    return {node: node.value if isinstance(node, Constant) else code.initial.get(node, 0) for node in _sorted(before)}


def _sorted(nodes) -> list[Node]:
    return sorted(nodes, key=lambda node: (node.value, 0) if isinstance(node, Constant) else (node.number, 1))


def _conflicts(nodes: list, live: list[frozenset], initial: dict[Node, int]) -> Graph:
    graph: Graph = {node: set() for line in nodes for node in line if node is not None}

    def conflict(one: Node, other: Node) -> None:
        graph[one].add(other)
        graph[other].add(one)

    for one, value in initial.items():
        for other, different in initial.items():
            if value != different:
                conflict(one, other)
    for (_, _, out), after in zip(nodes, live, strict=True):
        if out is not None:
            for other in after - {out}:
                conflict(out, other)
    return graph


def _colour(graph: Graph) -> dict[Node, int]:
    """A colouring of the graph: always the node next whose neighbours have the most colours (Brélaz 1979)."""
    colours: dict[Node, int] = {}
    order = _sorted(graph)
    while len(colours) < len(graph):
        taken = {node: {colours[n] for n in graph[node] if n in colours} for node in order if node not in colours}
        node = max(taken, key=lambda node: (len(taken[node]), len(graph[node])))
        colours[node] = next(c for c in range(len(graph)) if c not in taken[node])
    return colours


def _spare(colours: dict[Node, int], live: frozenset, zeros: frozenset) -> int:
    """A register that a zero may go to: one whose value is not needed, or is zero."""
    taken = {colours[node] for node in live - zeros}
    return next(colour for colour in range(len(colours) + 1) if colour not in taken)


def _zeros_after(code: Code) -> list[frozenset[Operand]]:
    """What is sure to hold zero after each line."""
    zero = Constant(0)
    everything = frozenset({line.out for line in code.lines if line.out is not None} | {*code.initial, zero})
    preceding = code.preceding()
    after = [everything] * len(code.lines)
    start = frozenset(node for node in everything if code.initial.get(node, 0) == 0)
    changed = True
    while changed:
        changed = False
        for index, line in enumerate(code.lines):
            ways = [after[place] for place in preceding[index]] + ([start] if index == 0 else [])
            zeros = frozenset.intersection(*ways) if ways else everything
            zeros = zeros | {line.out} if line.op in GIVES_ZERO and line.out is not None else zeros - {line.out}
            changed |= zeros != after[index]
            after[index] = zeros
    return after
