"""Registers: every value, constant and jump target gets a register of the machine, as few as a greedy colouring needs.

Constants and jump targets live from the start of the program to their last use, in the initial value of a register that
later values may take over. Two things may share a register unless one is written while the other is live; having the
same initial value is no conflict. A zero that nobody wants goes to a register that is dead or holds zero at that point.
"""

from __future__ import annotations

from dataclasses import dataclass

from surrogate.anc.compiler.backend.linear import Label, LinearCode, Operand
from surrogate.anc.compiler.ir import Constant, Register
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import GIVES_ZERO, Instruction

_Node = Register | Constant
"""What wants a register."""
_InterferenceGraph = dict[_Node, set[_Node]]
_Places = tuple[int | None, int | None, int | None]
"""The registers of a line's two arguments and of its output."""


@dataclass(frozen=True)
class DoesNotFitError(Exception):
    """A program that needs more `what` ("lines" of the memory, or "registers") than it is allowed."""

    what: str
    needed: int
    allowed: int

    def __str__(self) -> str:
        return f"the program needs {self.needed} {self.what}, and has {self.allowed}"


def allocate(code: LinearCode, memory_size: int, max_registers: int | None = None) -> Assembly:
    """The program that the code spells. Raises DoesNotFitError where lines or registers do not suffice."""
    if len(code.lines) > memory_size:
        raise DoesNotFitError("lines", len(code.lines), memory_size)
    live = [frozenset(_node(code, value) for value in after) for after in code.live_after()]
    initial = _initial_values(code)
    colours = _colour(_interference(code, live, initial))
    rows = []
    for line, after, zeros in zip(code.lines, live, _zeros_after(code), strict=True):
        a, b, out = (None if value is None else colours[_node(code, value)] for value in (line.a, line.b, line.out))
        rows.append((a, b, _spare(colours, after - zeros) if line.has_free_zero else out))
    program = _assembly(code, rows, {colours[node]: value for node, value in initial.items()}, memory_size)
    if max_registers is not None and len(program.registers) > max_registers:
        raise DoesNotFitError("registers", len(program.registers), max_registers)
    return program


def _assembly(code: LinearCode, rows: list[_Places], initial: dict[int, int], memory_size: int) -> Assembly:
    """The program, its registers numbered in the order in which it looks at them."""
    seen = dict.fromkeys(place for row in rows for place in row if place is not None)
    number: dict[int | None, int] = {place: i for i, place in enumerate(seen)}
    # The machine has at least one register.
    registers = tuple(initial.get(place) for place in seen) or (None,)
    instructions = [
        Instruction(line.op, *(number.get(place) for place in row)) for line, row in zip(code.lines, rows, strict=True)
    ]
    return Assembly(memory_size, registers, tuple(instructions))


def _node(code: LinearCode, value: Operand) -> _Node:
    """Jump targets are constants by now."""
    return Constant(code.labels[value.number]) if isinstance(value, Label) else value


def _initial_values(code: LinearCode) -> dict[_Node, int]:
    """The value that each node which is looked at before anything writes it starts with."""
    nodes = sorted({_node(code, value) for value in code.live_before()}, key=_order)
    return {node: node.value if isinstance(node, Constant) else code.initial.get(node, 0) for node in nodes}


def _order(node: _Node) -> tuple[int, int]:
    return (0, node.value) if isinstance(node, Constant) else (1, node.number)


def _interference(code: LinearCode, live: list[frozenset[_Node]], initial: dict[_Node, int]) -> _InterferenceGraph:
    """Which nodes cannot share a register: one is written while the other is live, or both start with other values."""
    values = [value for line in code.lines for value in (line.a, line.b, line.out) if value is not None]
    graph: _InterferenceGraph = {_node(code, value): set() for value in values}

    def interfere(one: _Node, other: _Node) -> None:
        graph[one].add(other)
        graph[other].add(one)

    for one, value in initial.items():
        for other, different in initial.items():
            if value != different:
                interfere(one, other)
    for line, after in zip(code.lines, live, strict=True):
        if line.out is not None:
            for other in after - {line.out}:
                interfere(line.out, other)
    return graph


def _colour(graph: _InterferenceGraph) -> dict[_Node, int]:
    """A colouring of the graph: always the node next whose neighbours have the most colours (Brélaz 1979)."""
    colours: dict[_Node, int] = {}
    taken: dict[_Node, set[int]] = {node: set() for node in sorted(graph, key=_order)}
    while taken:
        node = max(taken, key=lambda node: (len(taken[node]), len(graph[node])))
        around = taken.pop(node)
        colours[node] = next(c for c in range(len(graph)) if c not in around)
        for neighbour in graph[node] & taken.keys():
            taken[neighbour].add(colours[node])
    return colours


def _spare(colours: dict[_Node, int], needed: frozenset[_Node]) -> int:
    """A register whose value may become zero."""
    taken = {colours[node] for node in needed}
    return next(colour for colour in range(len(colours) + 1) if colour not in taken)


def _zeros_after(code: LinearCode) -> list[frozenset[_Node]]:
    """What is sure to hold zero after each line."""
    zero = Constant(0)
    outs = (line.out for line in code.lines if line.out is not None)
    everything: frozenset[_Node] = frozenset([*outs, *code.initial, zero])
    preceding = code.preceding()
    after = [everything] * len(code.lines)
    start = frozenset(node for node in everything if isinstance(node, Constant) or code.initial.get(node, 0) == 0)
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
