"""Copies go: the two registers of a copy become one where their values are never needed at the same time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeGuard

from surrogate.anc.compiler.backend.analysis import Analyses
from surrogate.anc.compiler.backend.arithmetic import simplify
from surrogate.anc.compiler.backend.facts import learn
from surrogate.anc.compiler.backend.flow import live_after, liveness, registers, renamed
from surrogate.anc.compiler.backend.loops import Expected
from surrogate.anc.compiler.backend.sets import EMPTY, bits, holds, set_of
from surrogate.anc.compiler.ir import Block, Constant, Function, Move, Register, Statement, defined, used

InterferenceGraph = dict[int, int]
"""For the number of each register, the set of those that it cannot be one with."""


def interference(function: Function) -> InterferenceGraph:
    """Which registers cannot be one: one is written while the other is live and not the source of the copy."""
    graph: InterferenceGraph = {register.number: EMPTY for register in registers(function)}
    live = liveness(function)
    for number, block in function.blocks.items():
        for statement, after in zip(block.body, live_after(block, live.after[number]), strict=True):
            out = defined(statement)
            if out is None:
                continue
            after &= ~(1 << out.number)
            if is_copy(statement):
                after &= ~set_of(used(statement))
            graph[out.number] |= after
    for number, others in list(graph.items()):
        for other in bits(others):
            graph[other] |= 1 << number
    return graph


def is_copy(statement: Statement) -> TypeGuard[Move]:
    return isinstance(statement, Move) and isinstance(statement.value, Register)


def can_go(function: Function, copy: Move) -> bool:
    """Whether the two registers of a copy can be one."""
    assert isinstance(copy.value, Register)
    return not holds(interference(function)[copy.out.number], copy.value)


def constants_as_copies(function: Function, analyses: Analyses) -> Function:
    """`x = 0` becomes `x = y` where y is zero and x is a copy of y elsewhere, if they can then be one register.

    The same with other constants; y is, for one, the test of the branch that leads here.
    """
    while (changed := next(_one_as_copy(function, analyses), None)) is not None:
        function = changed
    return function


def _one_as_copy(function: Function, analyses: Analyses) -> Iterator[Function]:
    """The functions in which one such constant has become a copy."""
    related = {pair for out, value in _copies(function) for pair in ((out, value), (value, out))}
    if not related:
        return
    for number, index, out, same in _assigned_constants(function, analyses):
        for register in same:
            if (out, register) in related:
                blocks = {n: Block(list(block.body), block.end) for n, block in function.blocks.items()}
                copy = blocks[number].body[index] = Move(out, register)
                if can_go(Function(blocks), copy):
                    yield Function(blocks)


def _assigned_constants(function: Function, analyses: Analyses) -> Iterator[tuple[int, int, Register, list[Register]]]:
    """Where a register is set to a constant: the block and place, the register, and those that hold the same there."""
    for number, entry in analyses.of(function).entry.items():
        facts = entry.copy()
        for index, statement in enumerate(function.blocks[number].body):
            if isinstance(statement, Move) and isinstance(statement.value, Constant):
                yield number, index, statement.out, facts.copies(statement.value)
            learn(facts, statement, simplify)


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
        if out != value and not holds(graph[out.number], value):
            names[value] = out
            others = graph.pop(value.number)
            graph[out.number] |= others
            for other in bits(others):
                graph[other] = graph[other] & ~(1 << value.number) | 1 << out.number
    return _without_copies_to_itself(function, find)


def _copies(function: Function) -> list[tuple[Register, Register]]:
    often = Expected(function).often
    numbers = sorted((number for number in function.blocks if number in often), key=lambda n: -often[n])
    statements = [statement for number in numbers for statement in function.blocks[number].body]
    return [(s.out, s.value) for s in statements if isinstance(s, Move) and isinstance(s.value, Register)]


def _without_copies_to_itself(function: Function, name: Callable[[Register], Register]) -> Function:
    function = renamed(function, name)
    return Function(
        {
            number: Block([s for s in block.body if not (isinstance(s, Move) and s.out == s.value)], block.end)
            for number, block in function.blocks.items()
        }
    )
