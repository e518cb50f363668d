"""Registers: every value, constant and jump target gets a register of the machine, as few as a greedy colouring needs.

Constants and jump targets live from the start of the program to their last use, in the initial value of a register that
later values may take over. Two things may share a register unless one is written while the other is live; having the
same initial value is no conflict. A zero that nobody wants goes to a register that is dead or holds zero at that point.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from surrogate.anc.compiler.backend.linear import Label, LinearCode, Operand
from surrogate.anc.compiler.backend.sets import bits
from surrogate.anc.compiler.ir import Constant, Register
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import GIVES_ZERO, Instruction

_Node = Register | Constant
"""What wants a register."""
_Places = tuple[int | None, int | None, int | None]
"""The registers of a line's two arguments and of its output."""
Flags = npt.NDArray[np.bool_]


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
    nodes = _Nodes(code)
    before, after = code.live(nodes.number)
    live = _matrix(after, len(nodes))
    initial = nodes.initial_values(before)
    colours = _colour(_interference(code, nodes, live, initial))
    spare = live & ~_matrix(_zeros_after(code, nodes), len(nodes))
    rows = []
    for index, line in enumerate(code.lines):
        a, b, out = (None if v is None else int(colours[nodes.number[v]]) for v in (line.a, line.b, line.out))
        rows.append((a, b, _spare(colours[spare[index]]) if line.has_free_zero else out))
    program = _assembly(code, rows, {int(colours[node]): value for node, value in initial.items()}, memory_size)
    if max_registers is not None and len(program.registers) > max_registers:
        raise DoesNotFitError("registers", len(program.registers), max_registers)
    return program


class _Nodes:
    """What wants a register: constants by value, jump targets among them, then registers, in order and numbered."""

    def __init__(self, code: LinearCode) -> None:
        self._initial = code.initial
        values = {value for line in code.lines for value in (line.a, line.b, line.out) if value is not None}
        operands = {value: _node(code, value) for value in values}
        self.nodes: list[_Node] = sorted(set(operands.values()), key=_order)
        place = {node: number for number, node in enumerate(self.nodes)}
        self.number: dict[Operand, int] = {value: place[node] for value, node in operands.items()}

    def __len__(self) -> int:
        return len(self.nodes)

    def initial_values(self, live: int) -> dict[int, int]:
        """The value that each node starts with that is looked at before anything writes it."""
        return {number: self._starts_with(self.nodes[number]) for number in bits(live)}

    def start_as_zero(self) -> int:
        """Those that start as zero, if they start with anything."""
        return sum(1 << number for number, node in enumerate(self.nodes) if self._starts_with(node) == 0)

    def _starts_with(self, node: _Node) -> int:
        return node.value if isinstance(node, Constant) else self._initial.get(node, 0)


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


def _order(node: _Node) -> tuple[int, int]:
    return (0, node.value) if isinstance(node, Constant) else (1, node.number)


def _matrix(sets: list[int], width: int) -> Flags:
    """Sets of numbers below `width` as rows [len(sets), width]."""
    size = (width + 7) // 8
    content = np.frombuffer(b"".join(numbers.to_bytes(size, "little") for numbers in sets), dtype=np.uint8)
    return np.unpackbits(content.reshape(len(sets), size), axis=1, count=width, bitorder="little").view(bool)


def _interference(code: LinearCode, nodes: _Nodes, live: Flags, initial: dict[int, int]) -> Flags:
    """Which nodes cannot share a register [N, N]: one is written while the other is live, or both start with others."""
    graph = np.zeros((len(nodes), len(nodes)), dtype=bool)
    starting, values = np.array(list(initial), dtype=int), np.array(list(initial.values()))
    graph[np.ix_(starting, starting)] = values[:, None] != values[None]
    for index, line in enumerate(code.lines):
        if line.out is not None:
            graph[nodes.number[line.out]] |= live[index]
    graph |= graph.T
    np.fill_diagonal(graph, False)
    return graph


def _colour(graph: Flags) -> npt.NDArray[np.int64]:
    """A colouring of the graph: always the node next whose neighbours have the most colours (Brélaz 1979)."""
    count = len(graph)
    colours = np.full(count, -1)
    taken = np.zeros((count, 8), dtype=bool)  # by colour, as many as are in use
    urgency = graph.sum(axis=1)  # (colours around, neighbours) as one number
    for _ in range(count):
        node = int(urgency.argmax())
        around = taken[node]
        colour = int(around.argmin())
        if around[colour]:
            colour = len(around)
            taken = np.concatenate((taken, np.zeros_like(taken)), axis=1)
        colours[node] = colour
        urgency[node] = -1
        closer = graph[node] & ~taken[:, colour] & (colours < 0)
        taken[closer, colour] = True
        urgency[closer] += count
    return colours


def _spare(taken: npt.NDArray[np.int64]) -> int:
    """The first register whose value may become zero, where these are needed."""
    free = np.ones(len(taken) + 1, dtype=bool)
    free[taken[taken < len(free)]] = False
    return int(free.argmax())


def _zeros_after(code: LinearCode, nodes: _Nodes) -> list[int]:
    """The set of what is sure to hold zero after each line."""
    everything = (1 << len(nodes)) - 1
    preceding = code.preceding()
    after = [everything] * len(code.lines)
    start = nodes.start_as_zero()
    changed = True
    while changed:
        changed = False
        for index, line in enumerate(code.lines):
            zeros = start if index == 0 else everything
            for place in preceding[index]:
                zeros &= after[place]
            if line.out is not None:
                own = 1 << nodes.number[line.out]
                zeros = zeros | own if line.op in GIVES_ZERO else zeros & ~own
            changed |= zeros != after[index]
            after[index] = zeros
    return after
