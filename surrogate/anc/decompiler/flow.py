"""Control flow of an assembly: which lines can be reached, what registers hold there, and the basic blocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import combinations

from surrogate.anc.decompiler.code import (
    ENTRY,
    AllOf,
    AnyOf,
    Assign,
    Block,
    Branch,
    Computed,
    Condition,
    Constant,
    End,
    Expression,
    Goto,
    Halt,
    IsZero,
    Operation,
    Register,
    Statement,
    Store,
    end_condition,
    reads,
    successors,
)
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import GIVES_ZERO, Instruction, Op, evaluate

Known = tuple[int | None, ...]  # the value of each register where it is the same however the line is reached


@dataclass(frozen=True)
class MixedJump:
    """A JEZ that looks at several registers: {register: weight} for what is tested and for where it goes (type 2)."""

    test: Mapping[int, float]
    target: Mapping[int, float]


@dataclass(frozen=True)
class Reading:
    """What is decompiled: an assembly, its first line, the jumps that are mixtures, lines that are never reached."""

    assembly: Assembly
    start: int = 0
    jumps: Mapping[int, MixedJump] = field(default_factory=dict)
    unreached: frozenset[int] = frozenset()

    def at(self, line: int) -> Instruction:
        """The instruction of any line of the memory; those after the last one stop, those never reached may as well."""
        inside = line < len(self.assembly) and line not in self.unreached
        return self.assembly.instructions[line] if inside else Instruction(Op.STOP)

    def jump(self, line: int) -> MixedJump:
        tested, target = self.at(line).arguments
        return self.jumps.get(line) or MixedJump({tested: 1.0}, {target: 1.0})


def known_registers(reading: Reading) -> dict[int, Known]:
    """For each line that control flow can reach, what is known of the registers before it."""
    found: dict[int, Known] = {reading.start: tuple(value or 0 for value in reading.assembly.registers)}
    waiting = [reading.start]
    while waiting:
        line = waiting.pop()
        after = _after(reading, line, found[line])
        for target in _targets(reading, line, found[line]):
            met = tuple(a if a == b else None for a, b in zip(found.get(target, after), after, strict=True))
            if found.get(target) != met:
                found[target] = met
                waiting.append(target)
    return found


def blocks_of(reading: Reading, only_lines: bool = False) -> dict[int, Block]:
    """The basic blocks of the lines that can be reached, by their first line; block ENTRY comes before them.

    Blocks that are no lines may be added, with higher numbers, unless `only_lines`.
    """
    known = known_registers(reading)
    blocks = {line: Block(_body(reading, line, at), end_of(reading, line, at)) for line, at in known.items()}
    blocks[ENTRY] = Block([], Goto(reading.start))
    _write_zeros(reading, blocks, only_lines)
    merge_chains(blocks)
    return blocks


def live_before(blocks: Mapping[int, Block]) -> dict[int, frozenset[int]]:
    """The registers whose values are still needed at the start of each block."""
    live = {b: frozenset[int]() for b in blocks}
    changed = True
    while changed:
        changed = False
        for b, block in blocks.items():
            needed = live_through(block, live_after(block, live))
            changed |= needed != live[b]
            live[b] = needed
    return live


def live_after(block: Block, live: Mapping[int, frozenset[int]]) -> frozenset[int]:
    """The registers whose values are still needed after a block, by those needed before each."""
    return frozenset[int]().union(*(live[s] for s in successors(block.end)))


def live_through(block: Block, needed: frozenset[int]) -> frozenset[int]:
    """What is needed before a block of which `needed` is needed after."""
    if isinstance(block.end, Computed):
        needed = needed - {block.end.zeroed}
    needed = needed.union(*(reads(part) for part in end_condition(block.end)))
    for statement in reversed(block.body):
        if isinstance(statement, Assign):
            needed = needed - {statement.register}
        needed = needed.union(reads(statement))
    return needed


def _after(reading: Reading, line: int, known: Known) -> Known:
    i = reading.at(line)
    if i.out is None:
        return known
    body = _value(i, known, reading.assembly.memory_size)
    value = body.value if isinstance(body, Constant) else None
    return (*known[: i.out], value, *known[i.out + 1 :])


def _value(i: Instruction, known: Known, memory_size: int) -> Expression:
    """What an instruction gives, as an expression; operands whose values are known are constants."""
    if i.op in GIVES_ZERO:
        return Constant(0)
    operands = tuple(_operand(r, known) for r in i.arguments)
    if i.op is Op.READ:
        return Operation(i.op, operands)
    values = [operand.value for operand in operands if isinstance(operand, Constant)]
    if len(values) == len(operands):
        a, b = (*values, 0, 0)[:2]
        return Constant(evaluate(i.op, a, b, memory_size))
    if i.op in (Op.INC, Op.DEC):
        return Operation(Op.ADD if i.op is Op.INC else Op.SUB, (*operands, Constant(1)))
    return _unless_trivial(i.op, operands)


def _unless_trivial(op: Op, operands: tuple[Expression, ...]) -> Expression:
    """The operation, or the operand that it always gives."""
    if op.row.idempotent and operands[0] == operands[1]:
        return operands[0]
    if op in (Op.ADD, Op.SUB) and operands[1] == Constant(0):
        return operands[0]
    return operands[1] if op is Op.ADD and operands[0] == Constant(0) else Operation(op, operands)


def _operand(register: int, known: Known) -> Expression:
    value = known[register]
    return Register(register) if value is None else Constant(value)


def _targets(reading: Reading, line: int, known: Known) -> list[int]:
    """The lines that may follow."""
    return list(successors(end_of(reading, line, known)))


def _body(reading: Reading, line: int, known: Known) -> list[Statement]:
    i = reading.at(line)
    body: list[Statement] = []
    if i.op is Op.WRITE:
        address, value = (_operand(r, known) for r in i.arguments)
        body.append(Store(address, value))
    if i.out is not None and i.op is not Op.JEZ:
        body.append(Assign(i.out, _value(i, known, reading.assembly.memory_size)))
    return body


def end_of(reading: Reading, line: int, known: Known) -> End:
    op, size = reading.at(line).op, reading.assembly.memory_size
    following = (line + 1) % size
    if op is Op.STOP:
        return Halt()
    if op is not Op.JEZ:
        return Goto(following)
    jump = reading.jump(line)
    test = _majority(jump.test, known)
    if isinstance(test, bool):
        return _goto(jump.target, known, size, None, following) if test else Goto(following)
    return _goto(jump.target, known, size, test, following)


def _goto(weights: Mapping[int, float], known: Known, size: int, test: Condition | None, following: int) -> End:
    """The jump to the value that most of the registers hold, where the test holds."""
    masses: dict[int | None, float] = {}
    for register, weight in weights.items():
        masses[known[register]] = masses.get(known[register], 0.0) + weight
    target = max(masses, key=lambda value: masses[value])
    if target is not None:
        return Goto(target) if test is None else Branch(test, target, following)
    heaviest = max(weights, key=lambda register: weights[register])
    return Computed(test or IsZero(Constant(0)), Register(heaviest), tuple(range(size)), following)


def _majority(weights: Mapping[int, float], known: Known) -> Condition | bool:
    """That the registers which are zero weigh more than a half: an `or` of the least sets that do."""
    sure = sum(weight for register, weight in weights.items() if known[register] == 0)
    unknown = {register: weight for register, weight in weights.items() if known[register] is None}
    half = sum(weights.values()) / 2
    if sure > half or sure + sum(unknown.values()) <= half:
        return sure > half
    enough: list[frozenset[int]] = []
    for size in range(1, len(unknown) + 1):
        for chosen in map(frozenset, combinations(sorted(unknown), size)):
            if sure + sum(unknown[r] for r in chosen) > half and not any(smaller <= chosen for smaller in enough):
                enough.append(chosen)
    cases = tuple(_all(tuple(IsZero(Register(r)) for r in sorted(chosen))) for chosen in enough)
    return cases[0] if len(cases) == 1 else AnyOf(cases)


def _all(conditions: tuple[Condition, ...]) -> Condition:
    return conditions[0] if len(conditions) == 1 else AllOf(conditions)


def _write_zeros(reading: Reading, blocks: dict[int, Block], only_lines: bool) -> None:
    """A JEZ writes a zero to its output register, after it has looked at its arguments: on each way out."""
    for line in [b for b in blocks if b != ENTRY]:
        i = reading.at(line)
        end = blocks[line].end
        if i.op is not Op.JEZ or i.out is None:
            continue
        zero = Assign(i.out, Constant(0))
        if i.out not in {r for part in end_condition(end) for r in reads(part)}:
            blocks[line].body.append(zero)
        elif isinstance(end, Branch) and only_lines:
            blocks[line].end = Computed(end.test, Constant(end.yes), (end.yes,), end.no, zeroed=i.out)
        elif isinstance(end, Branch):
            yes, no = (_new_block(blocks, Block([zero], Goto(target))) for target in (end.yes, end.no))
            blocks[line].end = Branch(end.test, yes, no)
        elif isinstance(end, Computed):
            blocks[line].end = replace(end, zeroed=i.out)


def _new_block(blocks: dict[int, Block], block: Block) -> int:
    number = max(blocks) + 1
    blocks[number] = block
    return number


def merge_chains(blocks: dict[int, Block]) -> None:
    """A block that only one block goes to, and always, becomes a part of that one."""
    for b in sorted(blocks):
        while b in blocks and isinstance(goto := blocks[b].end, Goto):
            following = goto.target
            into = sum(successors(other.end).count(following) for other in blocks.values())
            if following == b or into > 1:
                break
            merged = blocks.pop(following)
            blocks[b] = Block(blocks[b].body + merged.body, merged.end)
