"""Uses of a register that have nothing to do with each other get registers of their own."""

from __future__ import annotations

from collections.abc import Callable

from surrogate.anc.compiler.backend.flow import liveness, predecessors, registers
from surrogate.anc.compiler.ir import (
    Block,
    Branch,
    Compute,
    Constant,
    End,
    Function,
    Move,
    Register,
    Statement,
    Value,
    Write,
    used,
    with_operands,
)

Place = tuple[int, int]
Reaching = dict[Register, frozenset[Place]]


def define_all(function: Function) -> Function:
    """Registers that may be looked at before they are written, which hold zero, say so: `Move r, 0` at the entry."""
    block = function.blocks[0]
    live = liveness(function).before[0]
    zeros: list[Statement] = [Move(register, Constant(0)) for register in registers(function) if register in live]
    return Function({**function.blocks, 0: Block(zeros + block.body, block.end)})


def split_webs(function: Function) -> Function:
    """Every definition gets its own register, but definitions that reach a common use share theirs."""
    function = define_all(function)
    parent: dict[Place, Place] = {}

    def find(place: Place) -> Place:
        while parent.setdefault(place, place) != place:
            place = parent[place]
        return place

    entry = _reaching(function)
    for number, block in function.blocks.items():
        reaching = dict(entry[number])
        for index, node in enumerate((*block.body, block.end)):
            for register in used(node):
                first, *others = sorted(reaching[register])
                for place in others:
                    parent[find(place)] = find(first)
            _define(reaching, node, (number, index))
    return _rename(function, entry, find)


def _define(reaching: Reaching, node: Statement | End, place: Place) -> None:
    if isinstance(node, Move | Compute):
        reaching[node.out] = frozenset([place])


def _reaching(function: Function) -> dict[int, Reaching]:
    """The definitions that may have given each register its value, at the start of each block."""
    before = predecessors(function)
    entry: dict[int, Reaching] = {number: {} for number in function.blocks}
    leaving: dict[int, Reaching] = {number: {} for number in function.blocks}
    changed = True
    while changed:
        changed = False
        for number, block in function.blocks.items():
            joined: dict[Register, frozenset[Place]] = {}
            for name in before[number]:
                for register, places in leaving[name].items():
                    joined[register] = joined.get(register, frozenset()) | places
            entry[number] = joined
            out = dict(joined)
            for index, statement in enumerate(block.body):
                _define(out, statement, (number, index))
            changed |= out != leaving[number]
            leaving[number] = out
    return entry


def _rename(function: Function, entry: dict[int, Reaching], find: Callable[[Place], Place]) -> Function:
    webs: dict[Place, Register] = {}

    def web(place: Place, old: Register) -> Register:
        return webs.setdefault(find(place), Register(len(webs), old.name))

    blocks = {}
    for number, block in function.blocks.items():
        reaching = dict(entry[number])

        def name(value: Value, reaching: Reaching = reaching) -> Value:
            return web(min(reaching[value]), value) if isinstance(value, Register) else value

        body = []
        for index, statement in enumerate(block.body):
            new = with_operands(statement, name)
            _define(reaching, statement, (number, index))
            if not isinstance(new, Write):
                out = web((number, index), new.out)
                new = Move(out, new.value) if isinstance(new, Move) else Compute(new.op, out, new.a, new.b)
            body.append(new)
        end = block.end
        blocks[number] = Block(body, Branch(name(end.test), end.zero, end.other) if isinstance(end, Branch) else end)
    return Function(blocks)
