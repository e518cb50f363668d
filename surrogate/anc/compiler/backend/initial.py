"""Constants that a register holds from the start: assignments that are the first of their register on every way."""

from __future__ import annotations

from surrogate.anc.compiler.backend.flow import Liveness, liveness, predecessors
from surrogate.anc.compiler.ir import Block, Constant, Function, Move, Register, Statement, defined, used


def start_values(block: Block) -> list[Move]:
    """The constant assignments that the entry block begins with; they are initial values and cost nothing."""
    found: list[Move] = []
    for statement in block.body:
        if not (isinstance(statement, Move) and isinstance(statement.value, Constant)):
            break
        found.append(statement)
    return found


def hoist_initial(function: Function) -> Function:
    """Moves assignments of constants to the start of the entry block where nothing before them sees the register."""
    function = _sort_entry(function)
    while (place := _candidate(function)) is not None:
        number, index = place
        blocks = {n: Block(list(block.body), block.end) for n, block in function.blocks.items()}
        statement = blocks[number].body.pop(index)
        blocks[0].body.insert(0, statement)
        function = Function(blocks)
    return function


def _sort_entry(function: Function) -> Function:
    """Puts the entry block's own constant assignments first where nothing in front of them sees the register."""
    first: list[Statement] = []
    rest: list[Statement] = []
    seen: set[Register] = set()
    for statement in function.blocks[0].body:
        constant = isinstance(statement, Move) and isinstance(statement.value, Constant)
        out = defined(statement)
        if constant and out not in seen:
            first.append(statement)
        else:
            rest.append(statement)
        seen.update(used(statement), () if out is None else (out,))
    return Function({**function.blocks, 0: Block(first + rest, function.blocks[0].end)})


def _candidate(function: Function) -> tuple[int, int] | None:
    before = predecessors(function)
    live = liveness(function)
    for number, block in function.blocks.items():
        for index, statement in enumerate(block.body):
            if isinstance(statement, Move) and isinstance(statement.value, Constant):
                at_start = number == 0 and index < len(start_values(block))
                if not at_start and _first_on_every_way(function, before, live, number, index, statement.out):
                    return number, index
    return None


def _first_on_every_way(
    function: Function, before: dict[int, list[int]], live: Liveness, number: int, index: int, register: Register
) -> bool:
    """Whether no statement sees or sets the register on any way from the entry to statement `index` of the block."""

    def idle(statements: list[Statement]) -> bool:
        return all(register not in used(s) and register != defined(s) for s in statements)

    def idle_block(name: int) -> bool:
        block = function.blocks[name]
        return idle(block.body) and register not in used(block.end)

    if register in live.before[0] or not idle(function.blocks[number].body[:index]):
        return False
    passed: set[int] = set()
    todo = [number]
    while todo:
        for name in before[todo.pop()]:
            if name not in passed:
                passed.add(name)
                todo.append(name)
    return number not in passed and all(map(idle_block, passed))
