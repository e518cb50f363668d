"""C text of decompiled blocks, in the subset that the exact target compiles: without goto."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import assert_never

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
    Expression,
    Goto,
    Halt,
    IsZero,
    Not,
    Operation,
    Register,
    Statement,
    Store,
    end_condition,
    nodes,
    reads,
)
from surrogate.anc.decompiler.flow import Reading, live_before
from surrogate.anc.decompiler.simplify import simplified
from surrogate.anc.decompiler.structure import (
    Before,
    Forever,
    If,
    Jump,
    Part,
    Return,
    Sequence,
    Unstructured,
    structure,
)
from surrogate.anc.machine.assembly import Assembly
from surrogate.anc.machine.instructions import Op

INDENT = "    "
MOST_COPIED, MOST_COPIED_IN_ALL = 10, 500  # lines
SUMS = (Op.ADD, Op.SUB)
Lines = list[str]


def function_texts(reading: Reading, name: str) -> Iterator[str]:
    """Functions `void name(int *mem)` that leave the tape as the program does, in a memory of its size.

    The first one reads best; the other, if there is one, takes fewer instructions where that one copies code.
    """
    for blocks, body in _bodies(reading):
        lines = ["{", *_indented(_declarations(reading.assembly, blocks) + body), "}", ""]
        yield "\n".join([f"void {name}(int *mem)", *lines])


def _bodies(reading: Reading) -> Iterator[tuple[Mapping[int, Block], Lines]]:
    blocks = simplified(reading)
    for copying in (False, True):
        with suppress(Unstructured, RecursionError):
            lines = _Renderer(copying).sequence(structure(blocks), _Place(following=None))
            yield blocks, lines[:-1] if lines and lines[-1] == "return;" else lines
            break
    # The cases of a switch are different modulo M only where they are lines.
    blocks = simplified(reading, only_lines=True)
    yield blocks, _switch_lines(blocks)


def _declarations(assembly: Assembly, blocks: Mapping[int, Block]) -> Lines:
    """The registers that occur, with their initial values where these are looked at."""
    all_nodes = [n for block in blocks.values() for s in (*block.body, *end_condition(block.end)) for n in nodes(s)]
    used = {n.number for n in all_nodes if isinstance(n, Register)}
    used |= {n.register for n in all_nodes if isinstance(n, Assign)}
    ends = [block.end for block in blocks.values() if isinstance(block.end, Computed)]
    used |= {end.zeroed for end in ends if end.zeroed is not None}
    needed = live_before(blocks)[ENTRY]
    return [f"int r{r}{f' = {assembly.registers[r] or 0}' if r in needed else ''};" for r in sorted(used)]


@dataclass(frozen=True)
class _Place:
    """Where a sequence stands: the blocks that its end, a `break` and a `continue` go to; None is nowhere."""

    following: int | None
    broken: int | None = None
    continued: int | None = None


class _Renderer:
    """Writes sequences as C; each method raises Unstructured where a jump would have to leave several loops."""

    def __init__(self, copying: bool) -> None:
        """Where `copying`, the code at the target of a jump that cannot be written is copied to it, if it is short."""
        self.copying, self.copied = copying, 0
        self.tails: dict[int, Sequence] = {}
        # A part may be tried at several places, and parts are nested: without a memory the tries would multiply.
        self.tried: dict[tuple[int, _Place], Lines | None] = {}

    def sequence(self, parts: Sequence, place: _Place) -> Lines:
        lines: Lines = []
        for i, part in enumerate(parts):
            if isinstance(part, Before):
                self.tails[part.following] = parts[i + 1 :]
            lines += self.part(part, place)
            if lines and _leaves(lines):
                break  # what follows was copied to where it is reached from
        return lines

    def part(self, part: Part, place: _Place) -> Lines:
        match part:
            case If(test, yes, no):
                return _if(test, self.sequence(yes, place), self.sequence(no, place))
            case Forever():
                forms = (self.while_, self.do_, self.ever)
                return self.first_of(part, place, [partial(form, part, place) for form in forms])
            case Before():
                return self.first_of(part, place, [partial(form, part, place) for form in (self.plain, self.breakable)])
            case Jump(target):
                return self.jump(target, place)
            case Return():
                return ["return;"]
            case Assign() | Store():
                return [_statement(part)]
            case _:
                assert_never(part)

    def jump(self, target: int, place: _Place) -> Lines:
        for text, reached in (("", place.following), ("break;", place.broken), ("continue;", place.continued)):
            if target == reached:
                return [text] if text else []
        if self.copying and target in self.tails:
            lines = self.sequence(self.tails[target], place)
            self.copied += len(lines)
            if len(lines) <= MOST_COPIED and self.copied <= MOST_COPIED_IN_ALL:
                return lines
        raise Unstructured

    def first_of(self, part: Part, place: _Place, forms: Iterable[Callable[[], Lines]]) -> Lines:
        """The first form of a part that its jumps allow."""
        key = (id(part), place)
        if key not in self.tried:
            self.tried[key] = None
            for form in forms:
                with suppress(Unstructured):
                    self.tried[key] = form()
                    break
        lines = self.tried[key]
        if lines is None:
            raise Unstructured
        return lines

    def plain(self, part: Before, place: _Place) -> Lines:
        return self.sequence(part.body, replace(place, following=part.following))

    def breakable(self, part: Before, place: _Place) -> Lines:
        """In a `do` that `break` leaves."""
        inside = self.sequence(part.body, _Place(part.following, part.following))
        return ["do {", *_indented(inside), "} while (0);"]

    def while_(self, loop: Forever, place: _Place) -> Lines:
        """`while (test)`: the body is a test of which one side leaves."""
        first = loop.body[0]
        if isinstance(first, If):
            for test, inside, outside in ((first.test, first.yes, first.no), (Not(first.test), first.no, first.yes)):
                with suppress(Unstructured):
                    after = self.sequence(outside, place)
                    # Whatever is written after the loop, only the test may lead there.
                    body = self.sequence(inside, _Place(loop.header, None if after else place.following, loop.header))
                    return [f"while ({condition(test)}) {{", *_indented(body), "}", *after]
        raise Unstructured

    def do_(self, loop: Forever, place: _Place) -> Lines:
        """`do ... while (test)`: the body ends with a test of which one side goes back."""
        last, again = loop.body[-1], (Jump(loop.header),)
        if not isinstance(last, If) or again not in (last.yes, last.no):
            raise Unstructured
        test, outside = (last.test, last.no) if last.yes == again else (Not(last.test), last.yes)
        after = self.sequence(outside, place)
        body = self.sequence(loop.body[:-1], _Place(None, None if after else place.following))
        return ["do {", *_indented(body), f"}} while ({condition(test)});", *after]

    def ever(self, loop: Forever, place: _Place) -> Lines:
        body = self.sequence(loop.body, _Place(loop.header, place.following, loop.header))
        return ["while (1) {", *_indented(body), "}"]


def _statement(statement: Statement) -> str:
    match statement:
        case Store(address, value):
            return f"mem[{expression(address)}] = {expression(value)};"
        case Assign(register, value):
            return _assignment(register, value)
        case _:
            assert_never(statement)


def _if(test: Condition, yes: Lines, no: Lines) -> Lines:
    if not yes and not no:
        return []
    if not yes:
        return _if(Not(test), no, [])
    if not no:
        return [f"if ({condition(test)}) {{", *_indented(yes), "}"]
    if _leaves(no) and not _leaves(yes):
        return [f"if ({condition(Not(test))}) {{", *_indented(no), "}", *yes]
    if _leaves(yes):
        return [f"if ({condition(test)}) {{", *_indented(yes), "}", *no]
    if no[0].startswith("if (") and all(line.startswith((" ", "}")) for line in no[1:]):
        return [f"if ({condition(test)}) {{", *_indented(yes), f"}} else {no[0]}", *no[1:]]
    return [f"if ({condition(test)}) {{", *_indented(yes), "} else {", *_indented(no), "}"]


def _leaves(lines: Lines) -> bool:
    return lines[-1] in ("return;", "break;", "continue;")


def _switch_lines(blocks: Mapping[int, Block]) -> Lines:
    """Any control flow at all, as a `switch` over the line in a loop."""
    entry = _case(blocks[ENTRY])[:-1]  # without its `break` or `return`
    if len(blocks) == 1:
        return entry
    lines = ["int line;", *entry, "while (1) {", f"{INDENT}switch (line) {{"]
    for b in sorted(blocks):
        if b != ENTRY:
            lines += [f"{INDENT}case {b}:", *_indented(_indented(_case(blocks[b])))]
    return [*lines, f"{INDENT}}}", "}"]


def _case(block: Block) -> Lines:
    return [*map(_statement, block.body), *_switch_end(block)]


def _switch_end(block: Block) -> Lines:
    match block.end:
        case Goto(target):
            return [f"line = {target};", "break;"]
        case Branch(test, yes, no):
            return [*_if(test, [f"line = {yes};"], [f"line = {no};"]), "break;"]
        case Computed(test, line, _, no, zeroed):
            zero = [] if zeroed is None else [f"r{zeroed} = 0;"]
            return [*_if(test, [f"line = {expression(line)};"], [f"line = {no};"]), *zero, "break;"]
        case Halt():
            return ["return;"]
        case _:
            assert_never(block.end)


def _assignment(register: int, value: Expression) -> str:
    match value:
        case Operation(Op.ADD | Op.SUB as op, (Register(r), Constant(1))) if r == register:
            return f"r{register}{'--' if op is Op.SUB else '++'};"
        case Operation(Op.ADD | Op.SUB as op, (Register(r), operand)) if r == register and r not in reads(operand):
            return f"r{register} {'-' if op is Op.SUB else '+'}= {expression(operand)};"
    return f"r{register} = {expression(value)};"


def expression(e: Expression) -> str:
    """C for an expression."""
    match e:
        case Constant(value):
            return str(value)
        case Register(number):
            return f"r{number}"
        case Operation(op, operands):
            texts = (_operand(op, place, operand) for place, operand in enumerate(operands))
            return op.row.c.format(**dict(zip("ab", texts, strict=False)))
        case _:
            assert_never(e)


def _operand(op: Op, place: int, e: Expression) -> str:
    """An operand in brackets where it needs them: in sums, other sums do not but on the right of a minus."""
    sums = op in SUMS and isinstance(e, Operation) and e.op in SUMS and (op, place) != (Op.SUB, 1)
    return expression(e) if op is Op.READ or sums else _in_brackets(e)


def _in_brackets(e: Expression) -> str:
    return f"({expression(e)})" if isinstance(e, Operation) and e.op is not Op.READ else expression(e)


def condition(c: Condition, negated: bool = False) -> str:
    """C for a condition, or for its negation."""
    match c:
        case Not(inner):
            return condition(inner, not negated)
        case IsZero(value):
            return _comparison(value, negated)
        case AllOf(parts) | AnyOf(parts):
            conjunction = isinstance(c, AllOf) != negated
            texts = [condition(p, negated) for p in parts]
            mixed = [isinstance(_inner(p), AllOf | AnyOf) for p in parts]
            return (" && " if conjunction else " || ").join(
                f"({t})" if m else t for t, m in zip(texts, mixed, strict=True)
            )
        case _:
            assert_never(c)


def _inner(c: Condition) -> Condition:
    return _inner(c.inner) if isinstance(c, Not) else c


def _comparison(value: Expression, negated: bool) -> str:
    """value == 0, or != 0 where negated; the difference of a minimum and one of its operands is a comparison."""
    match value:
        case Operation(Op.SUB, (Operation(Op.MIN | Op.MAX as op, (a, b)), c)) | Operation(
            Op.SUB, (c, Operation(Op.MIN | Op.MAX as op, (a, b)))
        ) if c in (a, b):
            other = b if c == a else a
            low, high = (other, c) if op is Op.MAX else (c, other)
            # c is the extreme: low <= high
            return f"{expression(low)} {'>' if negated else '<='} {expression(high)}"
        case Operation(Op.SUB, (left, right)):
            return f"{expression(left)} {'!=' if negated else '=='} {expression(right)}"
    sums = isinstance(value, Operation) and value.op in SUMS
    text = expression(value) if sums else _in_brackets(value)
    return f"{text} {'!=' if negated else '=='} 0"


def _indented(lines: Lines) -> Lines:
    return [INDENT + line for line in lines]
