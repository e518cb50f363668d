"""Copies go: the two registers of a copy become one where their values are never needed at the same time."""

from __future__ import annotations

from collections.abc import Callable

from surrogate.anc.backend.flow import defined, frequencies, live_after, liveness, registers, renamed
from surrogate.anc.ir import Block, Function, Move, Register

Graph = dict[Register, set[Register]]


def interference(function: Function) -> Graph:
    """Which registers cannot be one: one is written while the other is live and not the source of the copy."""
    graph: Graph = {register: set() for register in registers(function)}
    live = liveness(function)
    for number, block in function.blocks.items():
        for statement, after in zip(block.body, live_after(block, live.after[number]), strict=True):
            out = defined(statement)
            if out is None:
                continue
            source = statement.value if isinstance(statement, Move) else None
            for other in after:
                if other not in (out, source):
                    graph[out].add(other)
                    graph[other].add(out)
    return graph


def coalesce(function: Function) -> Function:
    """The function with as few copies as a greedy choice, the most frequent first, leaves."""
    graph = interference(function)
    names: dict[Register, Register] = {}

    def find(register: Register) -> Register:
        while register in names:
            register = names[register]
        return register

    for out, value in _copies(function):
        out, value = find(out), find(value)
        if out != value and value not in graph[out]:
            names[value] = out
            for other in graph.pop(value):
                graph[other].discard(value)
                graph[other].add(out)
                graph[out].add(other)
    return _without_copies_to_itself(function, find)


def _copies(function: Function) -> list[tuple[Register, Register]]:
    often = frequencies(function)
    numbers = sorted((number for number in function.blocks if number in often), key=lambda n: -often[n])
    return [
        (statement.out, statement.value)
        for number in numbers
        for statement in function.blocks[number].body
        if isinstance(statement, Move) and isinstance(statement.value, Register)
    ]


def _without_copies_to_itself(function: Function, name: Callable[[Register], Register]) -> Function:
    function = renamed(function, name)
    return Function(
        {
            number: Block([s for s in block.body if not (isinstance(s, Move) and s.out == s.value)], block.end)
            for number, block in function.blocks.items()
        }
    )
