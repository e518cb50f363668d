"""The flow graph made simple: no dead, empty or needlessly split blocks; one block that halts."""

from __future__ import annotations

from surrogate.anc.compiler.backend.flow import predecessors, retargeted, reverse_postorder
from surrogate.anc.compiler.ir import Block, Branch, Constant, End, Function, Goto, Halt, Statement, successors


def clean(function: Function) -> Function:
    """The same function in fewer blocks. Its entry has no predecessors, and its only Halt is a block without a body."""
    function = fold_branches(function)
    function = one_halt(skip_empty(function))
    function = fold_branches(merge_equal(function))
    return merge_chains(own_entry(function))


def fold_branches(function: Function) -> Function:
    """Branches on constants and branches to one place become jumps; blocks that nothing reaches go."""
    blocks = {}
    for number, block in function.blocks.items():
        end = block.end
        match end:
            case Branch(Constant(value), zero, other):
                end = Goto(zero if value == 0 else other)
            case Branch(_, zero, other) if zero == other:
                end = Goto(zero)
        blocks[number] = Block(list(block.body), end)
    reached = reverse_postorder(Function(blocks))
    return Function({number: blocks[number] for number in reached})


def skip_empty(function: Function) -> Function:
    """Jumps to a block that only jumps go where it goes."""

    def final(number: int) -> int:
        passed = set()
        while number not in passed:
            passed.add(number)
            block = function.blocks[number]
            if block.body or not isinstance(block.end, Goto):
                break
            number = block.end.target
        return number

    return retargeted(function, {number: final(number) for number in function.blocks})


def one_halt(function: Function) -> Function:
    """Every block that halts goes to one block that does nothing else."""
    blocks = dict(function.blocks)
    halting = [number for number, block in blocks.items() if isinstance(block.end, Halt)]
    if not halting:
        return function
    stop = next((number for number in halting if not blocks[number].body and number != 0), max(blocks) + 1)
    for number in halting:
        blocks[number] = Block(list(blocks[number].body), Goto(stop))
    blocks[stop] = Block()
    return Function(blocks)


def merge_equal(function: Function) -> Function:
    """Blocks that do the same and go on alike become one (but the entry, which stays first)."""
    while True:
        first: dict[tuple[Statement | End, ...], int] = {}
        same = {}
        for number, block in function.blocks.items():
            if number != 0:
                keep = first.setdefault((*block.body, block.end), number)
                if keep != number:
                    same[number] = keep
        if not same:
            return function
        kept = {number: block for number, block in function.blocks.items() if number not in same}
        function = retargeted(Function(kept), same)


def own_entry(function: Function) -> Function:
    """The entry runs once: where something jumps to it, an empty block in front of it is the entry."""
    if not predecessors(function)[0]:
        return function
    moved = max(function.blocks) + 1
    blocks = retargeted(function, {0: moved}).blocks
    return Function({0: Block([], Goto(moved)), moved: blocks.pop(0)} | blocks)


def merge_chains(function: Function) -> Function:
    """A block that only one other jumps to, and that always, joins it; the halting block stays by itself."""
    blocks = {number: Block(list(block.body), block.end) for number, block in function.blocks.items()}
    before = predecessors(function)
    for number in reverse_postorder(function):
        while number in blocks and isinstance(end := blocks[number].end, Goto):
            following = end.target
            if before[following] != [number] or following == number or isinstance(blocks[following].end, Halt):
                break
            joined = blocks.pop(following)
            blocks[number] = Block(blocks[number].body + joined.body, joined.end)
            for after in successors(joined.end):
                before[after] = [number if name == following else name for name in before[after]]
    return Function(blocks)
