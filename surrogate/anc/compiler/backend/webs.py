"""Uses of a register that have nothing to do with each other get registers of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from surrogate.anc.compiler.backend.flow import liveness, predecessors, registers, reverse_postorder
from surrogate.anc.compiler.backend.sets import EMPTY, bits, holds
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
    defined,
    used,
)


def define_all(function: Function) -> Function:
    """Registers that may be looked at before they are written, which hold zero, say so: `Move r, 0` at the entry."""
    block = function.blocks[0]
    live = liveness(function).before[0]
    zeros: list[Statement] = [Move(register, Constant(0)) for register in registers(function) if holds(live, register)]
    return Function({**function.blocks, 0: Block(zeros + block.body, block.end)}) if zeros else function


def split_webs(function: Function) -> Function:
    """Every definition gets its own register, but definitions that reach a common use share theirs."""
    function = define_all(function)
    reaching = _Reaching(function)
    parent = list(range(reaching.count))

    def find(definition: int) -> int:
        while parent[definition] != definition:
            parent[definition] = definition = parent[parent[definition]]
        return definition

    joined = set()
    for number, block in function.blocks.items():
        for node, before in reaching.along(number, block):
            for register in used(node):
                together = before[register]
                if together & (together - 1) and together not in joined:
                    joined.add(together)
                    first, *others = bits(together)
                    for other in others:
                        parent[find(other)] = find(first)
    return _renamed(function, reaching, find)


class _Reaching:
    """The definitions, by number in the order of block and place, that may have given each register its value."""

    def __init__(self, function: Function) -> None:
        places = [
            (number, index)
            for number, block in sorted(function.blocks.items())
            for index, statement in enumerate(block.body)
            if not isinstance(statement, Write)
        ]
        self.count = len(places)
        self.number = {place: number for number, place in enumerate(places)}
        self._of: dict[Register, int] = {}
        """All definitions of a register."""
        for number, index in places:
            out = defined(function.blocks[number].body[index])
            assert out is not None
            self._of[out] = self._of.get(out, EMPTY) | 1 << self.number[number, index]
        self._entry = self._solved(function)

    def _solved(self, function: Function) -> dict[int, int]:
        """The set of definitions that reach the start of each block."""
        entry, leaving = dict.fromkeys(function.blocks, EMPTY), dict.fromkeys(function.blocks, EMPTY)
        effects = {number: self._effect(number, block) for number, block in function.blocks.items()}
        before, order = predecessors(function), reverse_postorder(function)
        changed = True
        while changed:
            changed = False
            for number in order:
                here = EMPTY
                for name in before[number]:
                    here |= leaving[name]
                entry[number] = here
                keeps, gives = effects[number]
                here = here & ~keeps | gives
                changed |= here != leaving[number]
                leaving[number] = here
        return entry

    def _effect(self, number: int, block: Block) -> tuple[int, int]:
        """The definitions of what the block sets, and of them those that leave it."""
        last = {defined(s): self.number[number, i] for i, s in enumerate(block.body) if not isinstance(s, Write)}
        all_, gives = EMPTY, EMPTY
        for register, definition in last.items():
            assert register is not None
            all_ |= self._of[register]
            gives |= 1 << definition
        return all_, gives

    def along(self, number: int, block: Block) -> Iterator[tuple[Statement | End, Mapping[Register, int]]]:
        """The statements of a block and its end, each with the definitions that reach it of what it looks at."""
        entry, here = self._entry[number], dict[Register, int]()
        for index, node in enumerate((*block.body, block.end)):
            for register in used(node):
                if register not in here:
                    here[register] = entry & self._of[register]
            yield node, here
            if isinstance(node, Move | Compute):
                here[node.out] = 1 << self.number[number, index]


def _renamed(function: Function, reaching: _Reaching, find: Callable[[int], int]) -> Function:
    webs: dict[int, Register] = {}

    def web(definition: int, old: Register) -> Register:
        return webs.setdefault(find(definition), Register(len(webs), old.name))

    blocks = {}
    for number, block in function.blocks.items():
        body: list[Statement] = []
        end = block.end
        for node, before in reaching.along(number, block):

            def name(value: Value, before: Mapping[Register, int] = before) -> Value:
                return web(next(bits(before[value])), value) if isinstance(value, Register) else value

            match node:
                case Move(out, value):
                    value = name(value)
                    body.append(Move(web(reaching.number[number, len(body)], out), value))
                case Compute(op, out, a, b):
                    a, b = name(a), None if b is None else name(b)
                    body.append(Compute(op, web(reaching.number[number, len(body)], out), a, b))
                case Write(address, value):
                    body.append(Write(name(address), name(value)))
                case Branch(test, zero, other):
                    end = Branch(name(test), zero, other)
        blocks[number] = Block(body, end)
    return Function(blocks)
